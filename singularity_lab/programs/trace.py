"""A trace of a program: which syndromes contribute to λ, told line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from singularity_lab.errors import CertificateError
from singularity_lab.programs.by_name import find_program
from singularity_lab.programs.machines.circuits import Circuit
from singularity_lab.programs.machines.machines import Code, Program, Support, choose_steps
from singularity_lab.programs.machines.turing import TuringMachine
from singularity_lab.programs.program_certificate import EXPLICIT_LIMIT
from singularity_lab.programs.syndromes import Syndrome, SyndromeProgram

# -- traces -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trace:
    """A syndrome with the run that it comes from: which wrong step, on which input.

    run: all questions and answers, in the exact semantics; the semantics of marginals have no runs,
    and it is empty. wrong: the wrong answers alone, each with the step (or the gate, counted from
    1) at which it is given.
    """

    syndrome: str
    input: str
    target: str
    output: str
    steps: tuple[str, ...]
    run: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[int, str, str], ...] = ()

    def __str__(self) -> str:
        head = f"{self.syndrome}: on input {self.input or 'the empty word'} it gives {self.output}"
        return "\n".join([f"{head}, not {self.target}", *(f"  {s}" for s in self.steps)])


def program_trace(
    source: str | Program | Path,
    steps: int | None = None,
    semantics: str = "exact",
    *,
    code: Code | None = None,
    support: Support | None = None,
    limit: int = EXPLICIT_LIMIT,
) -> list[Trace]:
    """Return every minimal syndrome of a program with the wrong steps and the inputs that it comes
    from.

    exact: a wrong run, which is replayed on the machine. naive, staged: wrong answers at certain
    steps (gates), replayed by a Boolean propagation: with these allowed at these steps, and nothing
    else, the wrong output is possible. Several may come from one step, since marginals forget that
    symbol and state belong together: a wrong output without a wrong run.

    >>> print(program_trace("detectA-mini-retry", 2)[-1])
    q_Ar_r^2: on input AB it gives r, not a
      step 1, A in r: next state r (not a), then S; writes A
      step 2, A in r: next state r (not a)
    """
    p = find_program(source)
    full = {**(p.vertex(code) if code else {}), **(support or {})}
    free = {c.name for c in p.free}
    steps = choose_steps(p, steps)
    sp = SyndromeProgram(p, steps, semantics, {n: o for n, o in full.items() if n in free})
    found = []
    for syndrome in sp.syndromes(limit):
        if semantics != "exact":
            found.append(_derived(sp, syndrome))
            continue
        traced = sp.trace(syndrome)
        case = p.cases[traced.case]
        found.append(
            Trace(
                sp.text(traced),
                case.value,
                case.target,
                p.replay(case.value, traced.run, sp.steps),
                tuple(_tell(p, sp.support, traced.run)),
                traced.run,
                tuple(_wrong(p, sp.support, traced.run)),
            )
        )
    return found


def _wrong(
    p: Program, support: Mapping[str, frozenset[str]], run: Sequence[tuple[str, str]]
) -> Iterator[tuple[int, str, str]]:
    """The answers of a run outside the support; a Turing machine asks at most three at a step."""
    number = 1
    for position, (choice, taken) in enumerate(run, start=1):
        turing = isinstance(p.machine, TuringMachine)
        if taken not in support[choice]:
            yield (number if turing else position), choice, taken
        number += turing and choice[0] == "q"


def _derived(sp: SyndromeProgram, syndrome: Syndrome) -> Trace:
    """A trace in a semantics of marginals."""
    p = sp.program
    case_number, output, wrong = sp.derive(syndrome)
    case = p.cases[case_number]
    if not sp.possible(case_number, output, wrong):
        raise CertificateError(f"trace: {sp.text(syndrome)} does not give {output!r} when replayed")
    lines = []
    for step, choice, taken in wrong:
        allowed = " or ".join(sorted(sp.support[choice]))
        if isinstance(p.machine, TuringMachine):
            entries = {p.machine.entry(s, q): (s, q) for s, q in p.machine.entries}
            symbol, state = entries[choice[2:]]
            what = {"w": "writes", "q": "next state", "d": "moves"}[choice[0]]
            lines.append(f"step {step}, {symbol} in {state}: {what} {taken} (not {allowed})")
        else:
            wire = p.machine.gates[step - 1].wire if isinstance(p.machine, Circuit) else step
            lines.append(f"gate {wire}: {choice} = {taken} (not {allowed})")
    return Trace(sp.text(syndrome), case.value, case.target, output, tuple(lines), (), wrong)


def _tell(
    p: Program, support: Mapping[str, frozenset[str]], run: Sequence[tuple[str, str]]
) -> list[str]:
    def option(choice: str, taken: str) -> str:
        allowed = support[choice]
        return taken if taken in allowed else f"{taken} (not {' or '.join(sorted(allowed))})"

    if not isinstance(p.machine, TuringMachine):
        return [f"{choice} = {option(choice, taken)}" for choice, taken in run]
    entries = {p.machine.entry(s, q): (s, q) for s, q in p.machine.entries}
    lines, parts, number = [], dict[str, str](), 1
    for choice, taken in run:
        kind, entry = choice[0], choice[2:]
        parts[kind] = option(choice, taken)
        if kind == "q":
            symbol, state = entries[entry]
            line = f"step {number}, {symbol} in {state}: next state {parts['q']}"
            line += f", then {parts['d']}" if "d" in parts else ""
            line += f"; writes {parts['w']}" if "w" in parts else ""
            lines.append(line)
            parts, number = {}, number + 1
    return lines
