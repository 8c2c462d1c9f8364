"""Noisy programs: one propagation of uncertainty, in every semiring; the three semantics.

p assigns to each (choice, option) an element of a commutative semiring. The output law of an input
is a family of elements, one for each output, in one of three senses (docs/programs.md), which agree
on codes and differ elsewhere:

- ``exact``: the Markov chain on configurations;
- ``naive``: a product of marginals. For a Turing machine with λ_{σq} = Y₀(σ)S(q): A = Σ λw,
  B = Σ λs, C = Σ λd; Y'_u = C_S Ỹ_u + C_L Ỹ_{u−1} + C_R Ỹ_{u+1} with Ỹ = Y but Ỹ₀ = A; S' = B;
- ``staged``: the machine that scans its code tape, last match wins: μ_i = λ_i ∏_{j>i}(1 − λ_j);
  the mass ∏(1 − λ_j) leaves symbol and state unchanged and stays (Clift, Murfet, Wallbridge 2021).

No step subtracts: 1 − λ_j is written as the sum of the other λ's. This is what makes E a sum of
monomials up to constants near a code (docs/programs.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from singularity_lab.algebra.polynomial import Polynomial, unit
from singularity_lab.algebra.rings import ring
from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.circuits import CONSTANTS, Circuit
from singularity_lab.programs.machines.machines import Code, Program, check_steps
from singularity_lab.programs.machines.turing import MOVES, TuringMachine
from singularity_lab.programs.uncertainty.arithmetic import Formula, LeafSymbol, Recorder
from singularity_lab.programs.uncertainty.semirings import Expansion, Semiring, total

Semantics = Literal["exact", "naive", "staged"]
OutputLaw = dict[str, Any]  # output -> element; absent: zero
SEMANTICS = ("exact", "naive", "staged")


@dataclass(frozen=True)
class Timed:
    """Elements that depend on the step: ``at(t)`` is the mapping of step t = 1, 2, … (of a Turing
    machine), of gate number t (of a circuit). For the semantics of marginals."""

    at: Callable[[int], Mapping[LeafSymbol, Any]]


def check_semantics(program: Program, semantics: str) -> str:
    """Raises BadInput for a semantics that the machine does not have."""
    if semantics not in program.machine.semantics:
        raise BadInput(
            f"semantics: a {program.machine.kind} has {', '.join(program.machine.semantics)}; "
            f"received {semantics!r}"
        )
    return semantics


def laws(
    semiring: Semiring[Any],
    p: Mapping[LeafSymbol, Any] | Timed,
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
) -> list[OutputLaw]:
    """The output law of each input of a program, in any commutative semiring.

    p: the element of each (choice, option), frozen choices included; an option whose element is
    the semiring's zero may be left out. Returns one {output: element} for each case.

    Raises BadInput where the propagation is larger than
    :mod:`singularity_lab.programs.program_limits` allows.

    >>> from singularity_lab.programs import program
    >>> from singularity_lab.programs.uncertainty.semirings import Numbers
    >>> xor = program("xor-lookup")
    >>> half = {(c.name, o): Fraction(1, 2) for c in xor.machine.choices for o in c.options}
    >>> laws(Numbers(Fraction(0), Fraction(1)), half, xor)[0]
    {'0': Fraction(1, 2), '1': Fraction(1, 2)}
    """
    check_semantics(program, semantics)
    steps = program.steps if steps is None else check_steps(steps)
    if semantics == "exact":
        if isinstance(p, Timed):
            raise BadInput("p: elements that depend on the step need a semantics of marginals")
        law = _exact(semiring, p, program, _most(program, steps))
        return [dict(law(program.machine.start(c.value, steps))) for c in program.cases]
    machine = program.machine
    program_limits.at_most(
        program_limits.TERMS, _terms(program, steps, semantics), "steps: sums and products"
    )
    if isinstance(machine, TuringMachine):
        return [_turing(semiring, p, machine, c.value, steps, semantics) for c in program.cases]
    if isinstance(machine, Circuit):
        return [_wires(semiring, p, machine, c.value) for c in program.cases]
    raise BadInput(f"semantics: {semantics!r} is not written for a {machine.kind}")


def _terms(program: Program, steps: int, semantics: str) -> int:
    """The number of sums and products of a propagation of marginals, nearly."""
    machine, each = program.machine, 0
    if isinstance(machine, TuringMachine):
        s, q, d = len(machine.symbols), len(machine.states), len(machine.moves)
        each = steps * s * q * (s + q + d + (s * q if semantics == "staged" else 0))
        each += steps * (steps + 2) * s * d
    elif isinstance(machine, Circuit):
        each = sum((len(g.inputs) + 4) * 2 ** len(g.inputs) for g in machine.gates)
        each += len(machine.outputs) * 2 ** len(machine.outputs)
    return each * len(program.cases)


def _most(program: Program, steps: int) -> int:
    """How many configurations are followed: fewer where each holds a long piece of a tape."""
    cells = 2 * steps if isinstance(program.machine, TuringMachine) else 0
    return program_limits.CONFIGURATIONS * 25 // max(25, cells)


def _exact(
    semiring: Semiring[Any], p: Mapping[LeafSymbol, Any], program: Program, most: int
) -> Callable[[Any], OutputLaw]:
    """law(state) = Σ over options p(option) · law(next state), each state once."""
    machine = program.machine
    options = {c.name: c.options for c in machine.choices}
    known: dict[Any, OutputLaw] = {}
    terms = 0

    def law(start: Any) -> OutputLaw:
        nonlocal terms
        stack = [start]
        while stack:
            state = stack[-1]
            if state in known:
                stack.pop()
                continue
            choice = machine.query(state)
            if choice is None:
                known[state] = {machine.output(state): semiring.one}
                stack.pop()
                continue
            after = {o: machine.answer(state, o) for o in options[choice] if (choice, o) in p}
            waiting = [s for s in after.values() if s not in known]
            if waiting:
                stack += waiting
                continue
            if len(known) >= most or terms > program_limits.TERMS:
                raise BadInput(
                    f"steps: {program.name} has more than {most} configurations "
                    "or outputs within its steps; fewer steps, inputs or options are needed"
                )
            found: OutputLaw = {}
            for option, following in after.items():
                terms += len(known[following])
                weight = p[choice, option]
                for output, element in known[following].items():
                    term = semiring.mul(weight, element)
                    found[output] = semiring.add(found[output], term) if output in found else term
            known[state] = found
            stack.pop()
        return known[start]

    return law


def _turing(
    semiring: Semiring[Any],
    p: Mapping[LeafSymbol, Any] | Timed,
    machine: TuringMachine,
    value: str,
    steps: int,
    semantics: str,
) -> OutputLaw:
    """Products of marginals: naive and staged, for a Turing machine."""
    add, mul, zero = semiring.add, semiring.mul, semiring.zero

    def mix(weights: Mapping[Any, Any], parts: Mapping[Any, OutputLaw]) -> OutputLaw:
        """Σ weight · part, output by output."""
        found: OutputLaw = {}
        for key, weight in weights.items():
            for name, element in parts[key].items():
                term = mul(weight, element)
                found[name] = add(found[name], term) if name in found else term
        return found

    def table(
        p: Mapping[LeafSymbol, Any], kind: str, options: Iterable[str]
    ) -> dict[tuple[str, str], OutputLaw]:
        return {
            (s, q): {
                o: p[f"{kind}_{machine.entry(s, q)}", o]
                for o in options
                if (f"{kind}_{machine.entry(s, q)}", o) in p
            }
            for s, q in machine.entries
        }

    def tables(p: Mapping[LeafSymbol, Any]) -> tuple[dict[tuple[str, str], OutputLaw], ...]:
        kinds = (("w", machine.symbols), ("q", machine.states), ("d", machine.moves))
        return tuple(table(p, kind, options) for kind, options in kinds)

    if not isinstance(p, Timed):
        write, follow, shift = tables(p)
    radius = steps + machine.margin
    cells = {
        u: {letter: semiring.one}
        for u, letter in enumerate(machine.window(value, radius), start=-radius)
    }
    state: OutputLaw = {machine.start_state: semiring.one}
    for left in range(steps, 0, -1):
        if isinstance(p, Timed):
            write, follow, shift = tables(p.at(steps - left + 1))
        match = {
            (s, q): mul(cells[0][s], state[q])
            for s, q in machine.entries
            if s in cells[0] and q in state
        }
        idle = None
        if semantics == "staged":
            match, idle = _last_match(semiring, machine, match)
        written, state_after, move = mix(match, write), mix(match, follow), mix(match, shift)
        if idle is not None:
            written = mix({0: semiring.one, 1: idle}, {0: written, 1: cells[0]})
            state_after = mix({0: semiring.one, 1: idle}, {0: state_after, 1: state})
            move = mix({0: semiring.one, 1: idle}, {0: move, 1: {"S": semiring.one}})
        state = state_after
        radius = left - 1 + machine.margin
        before = {**cells, 0: written} if cells else {}
        cells = {
            u: mix(move, {d: before[u + MOVES[d]] for d in move})
            for u in range(-radius, radius + 1)
        }
    law = state if machine.reads == "state" else cells[0]
    return {output: element for output, element in law.items() if element is not zero}


def _last_match(
    semiring: Semiring[Any], machine: TuringMachine, match: Mapping[tuple[str, str], Any]
) -> tuple[dict[tuple[str, str], Any], Any]:
    """μ_i = λ_i ∏_{j>i} (1 − λ_j) and ∏ (1 − λ_j), where 1 − λ_j = Σ_{i≠j} λ_i."""
    tail = semiring.one
    found = {}
    for entry in reversed(machine.code_tape):
        if entry not in match:
            continue
        found[entry] = semiring.mul(match[entry], tail)
        others = total(semiring, (x for e, x in match.items() if e != entry))
        tail = semiring.mul(tail, others)
    return found, tail


def _wires(
    semiring: Semiring[Any], p: Mapping[LeafSymbol, Any] | Timed, machine: Circuit, value: str
) -> OutputLaw:
    """Products of marginals: naive, for a circuit; the output word by its marginals."""
    from itertools import product

    wires: dict[str, OutputLaw] = {w: {b: semiring.one} for w, b in CONSTANTS.items()}
    wires |= {w: {b: semiring.one} for w, b in machine.bits(value).items()}
    for number, gate in enumerate(machine.gates, start=1):
        law: OutputLaw = {}
        here = p.at(number) if isinstance(p, Timed) else p
        for row in product("01", repeat=len(gate.inputs)):
            weight = semiring.one
            for wire, bit in zip(gate.inputs, row, strict=True):
                weight = semiring.mul(weight, wires[wire].get(bit, semiring.zero))
            choice = f"eps_{gate.table}_{''.join(row)}"
            for bit in "01":
                if (choice, bit) in here:
                    term = semiring.mul(weight, here[choice, bit])
                    law[bit] = semiring.add(law[bit], term) if bit in law else term
        wires[gate.wire] = law
    words: OutputLaw = {}
    for row in product("01", repeat=len(machine.outputs)):
        weight = semiring.one
        for wire, bit in zip(machine.outputs, row, strict=True):
            weight = semiring.mul(weight, wires[wire].get(bit, semiring.zero))
        words["".join(row)] = weight
    return words


# -- the formula, and its polynomials -------------------------------------------------------------


def wrong_runs(program: Program, steps: int | None = None, semantics: str = "exact") -> Formula:
    """One formula for each case: the probability of a wrong output, without subtraction.

    Its leaves are all (choice, option) of free choices; frozen choices stand at the code.

    >>> from singularity_lab.programs import program
    >>> f = wrong_runs(program("xor-lookup"))
    >>> len(f.roots), len(f.leaves)
    (4, 4)
    """
    recorder = Recorder()
    free = {c.name for c in program.free}
    p: dict[LeafSymbol, int] = {}
    for c in program.machine.choices:
        if c.name in free:
            p |= {(c.name, o): recorder.leaf(c.name, o) for o in c.options}
        else:
            p[c.name, program.code[c.name]] = recorder.one
    roots = []
    for case, law in zip(program.cases, laws(recorder, p, program, steps, semantics), strict=True):
        wrong = [e for output, e in sorted(law.items()) if output != case.target]
        roots.append(total(recorder, wrong))
    return recorder.formula(roots)


def output_laws(
    program: Program, steps: int | None = None, semantics: str = "exact"
) -> tuple[Formula, tuple[tuple[int, str], ...]]:
    """One formula for the probability of each output on each input, and the names of its roots:
    (number of the case, output).

    >>> from singularity_lab.programs import program
    >>> output_laws(program("not-lookup"))[1]
    ((0, '0'), (0, '1'), (1, '0'), (1, '1'))
    """
    recorder = Recorder()
    free = {c.name for c in program.free}
    p = {
        (c.name, o): recorder.leaf(c.name, o) if c.name in free else recorder.one
        for c in program.machine.choices
        for o in (c.options if c.name in free else (program.code[c.name],))
    }
    found = laws(recorder, p, program, steps, semantics)
    names = [(i, y) for i, law in enumerate(found) for y in sorted(law)]
    return recorder.formula([found[i][y] for i, y in names]), tuple(names)


def coordinates(program: Program, code: Code | None = None) -> dict[str, LeafSymbol]:
    """Error coordinates ε at a code: the options that it does not take, by variable name."""
    at = {**program.code, **(code or {})}
    return {c.variable(o): (c.name, o) for c in program.free for o in c.options if o != at[c.name]}


def error_polynomials(
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
    code: Code | None = None,
    products: int = program_limits.PRODUCTS,
) -> list[Polynomial]:
    """e_x in the error coordinates at a code, one for each input; the code's own probability is
    1 − Σε.

    products: of terms that are made at most; raises BadInput beyond.

    >>> from singularity_lab.programs import program
    >>> print(*error_polynomials(program("xor-lookup")))
    eps_X_00 eps_X_01 eps_X_10 eps_X_11
    """
    names = coordinates(program, code)
    variables = tuple(names)
    context = ring(variables)
    one = context.constant(1)
    p: dict[LeafSymbol, Any] = {
        leaf: context.from_dict({unit(i, len(variables)): 1})
        for i, leaf in enumerate(names.values())
    }
    at = {**program.code, **(code or {})}
    for c in program.free:
        p[c.name, at[c.name]] = one - sum(
            (p[c.name, o] for o in c.options if o != at[c.name]), context.constant(0)
        )
    formula = wrong_runs(program, steps, semantics)
    numbers = Expansion(context.constant(0), one, products)
    return [Polynomial(variables, e) for e in formula.evaluate(numbers, p)]


def expected_error(
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
    code: Code | None = None,
) -> Polynomial:
    """E = Σ q(x) e_x with the weights of the cases normalised to Σ q = 1."""
    parts = error_polynomials(program, steps, semantics, code)
    mass = sum((c.weight for c in program.cases), Fraction(0))
    result = Polynomial.constant(0, parts[0].variables)
    for case, part in zip(program.cases, parts, strict=True):
        result = result + part * (case.weight / mass)
    return result


def squared_error(
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
    code: Code | None = None,
    products: int = program_limits.PRODUCTS,
) -> Polynomial:
    """H = Σ q(x) Σ_y (f_x(w)_y − [y = y*(x)])²: the loss of squared error, which is of order E².

    products: of terms that are made at most; raises BadInput beyond.
    """
    names = coordinates(program, code)
    variables = tuple(names)
    context = ring(variables)
    at = {**program.code, **(code or {})}
    one = context.constant(1)
    p: dict[LeafSymbol, Any] = {
        leaf: context.from_dict({unit(i, len(variables)): 1})
        for i, leaf in enumerate(names.values())
    }
    free = {c.name for c in program.free}
    for c in program.machine.choices:
        rest = [p[c.name, o] for o in c.options if o != at[c.name]] if c.name in free else []
        p[c.name, at[c.name]] = one - sum(rest, context.constant(0))
    mass = sum((c.weight for c in program.cases), Fraction(0))
    result = Polynomial.constant(0, variables)
    numbers = Expansion(context.constant(0), one, products)
    for case, law in zip(program.cases, laws(numbers, p, program, steps, semantics), strict=True):
        for output, element in law.items():
            f = Polynomial(variables, element)
            miss = f - 1 if output == case.target else f
            square = Polynomial(variables, numbers.mul(miss.flint, miss.flint))
            result = result + square * (case.weight / mass)
    return result
