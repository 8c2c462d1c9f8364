"""The propagation of uncertainty: semirings agree, semantics agree on codes, polynomials are those
of the literature's definitions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput
from singularity_lab.programs import program
from singularity_lab.programs.machines.machines import Case, Program
from singularity_lab.programs.machines.turing import TuringMachine
from singularity_lab.programs.uncertainty.noisy import (
    coordinates,
    error_polynomials,
    expected_error,
    laws,
    squared_error,
    wrong_runs,
)
from singularity_lab.programs.uncertainty.semirings import (
    MonomialIdeals,
    Numbers,
)

INPUTS = ("A", "B", "AB", "BA")
SEMANTICS = ("exact", "naive", "staged")
Q = Numbers(Fraction(0), Fraction(1))


@st.composite
def turing_programs(draw: st.DrawFn, longest: int = 3, moves: int = 3) -> Program:
    """A random two-symbol, two-state machine judged on what it computes itself."""
    sets = [("S", "R"), ("L", "R"), ("S", "L", "R")]
    moves = draw(st.sampled_from([s for s in sets if len(s) <= moves]))
    machine = TuringMachine(
        ("B", "A"), ("r", "a"), moves, reads=draw(st.sampled_from(["state", "symbol"]))
    )
    code = {c.name: draw(st.sampled_from(c.options)) for c in machine.choices}
    steps = draw(st.integers(1, longest))
    draft = Program("random", machine, code, tuple(Case(x, "r") for x in INPUTS), steps)
    cases = tuple(Case(x, draft.run(x)) for x in INPUTS)
    return Program("random", machine, code, cases, steps)


def random_point(p, draw):
    """Rational probabilities for all choices."""
    found = {}
    for c in p.machine.choices:
        weights = [draw(st.integers(0, 4)) for _ in c.options]
        weights[draw(st.integers(0, len(weights) - 1))] += 1
        found |= {
            (c.name, o): Fraction(w, sum(weights)) for o, w in zip(c.options, weights, strict=True)
        }
    return found


@settings(max_examples=25)
@given(turing_programs(), st.sampled_from(SEMANTICS), st.data())
def test_laws_are_probabilities(p, semantics, data):
    if semantics == "staged" and "S" not in p.machine.moves and p.machine.reads == "symbol":
        return
    point = random_point(p, data.draw)
    for law in laws(Q, point, p, semantics=semantics):
        assert sum(law.values()) == 1
        assert min(law.values()) >= 0


@settings(max_examples=25)
@given(turing_programs())
def test_the_semantics_agree_on_codes(p):
    vertex = {
        (c.name, o): Fraction(int(p.code[c.name] == o))
        for c in p.machine.choices
        for o in c.options
    }
    for semantics in SEMANTICS:
        for case, law in zip(p.cases, laws(Q, vertex, p, semantics=semantics), strict=True):
            assert law[case.target] == 1


@settings(max_examples=10)
@given(turing_programs(), st.data())
def test_the_exact_law_is_the_sum_over_all_runs_on_the_whole_tape(p, data):
    """Brute force: every sequence of table draws, on the whole tape."""
    point = random_point(p, data.draw)
    machine, value, steps = p.machine, "AB", min(p.steps, 2)
    found: dict[str, Fraction] = {}

    def walk(t, tape, head, q, weight):
        if t == steps:
            out = q if machine.reads == "state" else tape.get(head, machine.symbols[0])
            found[out] = found.get(out, Fraction(0)) + weight
            return
        e = machine.entry(tape.get(head, machine.symbols[0]), q)
        for w, s, d in product(machine.symbols, machine.states, machine.moves):
            step = point[f"w_{e}", w] * point[f"q_{e}", s] * point[f"d_{e}", d]
            if step:
                shift = {"L": -1, "S": 0, "R": 1}[d]
                walk(t + 1, {**tape, head: w}, head + shift, s, weight * step)

    walk(0, dict(enumerate(value)), 0, machine.start_state, Fraction(1))
    law = laws(Q, point, p, steps)[2]
    assert {k: v for k, v in law.items() if v} == {k: v for k, v in found.items() if v}


def test_naive_step_by_the_formula():
    """One step of Y' = C_S Ỹ + C_L Ỹ(u−1) + C_R Ỹ(u+1), S' = B, written out for the state."""
    p = program("detectA-2")
    point = {(c.name, o): Fraction(1 + i, sum(range(1, 1 + len(c.options))))
             for c in p.machine.choices for i, o in enumerate(c.options)}  # fmt: skip
    (law,) = [laws(Q, point, p, 1, "naive")[0]]
    assert law == {q: point["q_Ar", q] for q in "ra"}


def test_staged_by_the_definition():
    """Two states possible after one step; the second step weighs by the last match."""
    p = program("detectA-mini")
    half = Fraction(1, 2)
    point = {(c.name, o): half for c in p.machine.choices for o in c.options}
    # After one step: state and symbol under the head uniform and independent: λ_i = 1/4 each.
    # μ_i = 1/4 (3/4)^(number of later entries); idle (3/4)^4 keeps the (uniform) state.
    assert laws(Q, point, p, 2, "staged")[1] == {"r": half, "a": half}
    accept = {e: Fraction(i + 1, 5) for i, e in enumerate(["Br", "Ba", "Ar", "Aa"])}
    skew = point | {(f"q_{e}", "a"): x for e, x in accept.items()}
    skew |= {(f"q_{e}", "r"): 1 - x for e, x in accept.items()}
    # input AB: the first step reads (A, r) only, with the state a at 3/5; the symbol stays at
    # 1/2 A by writing, 1/2 by moving right onto B: Y0(A) = 1/4, as move and write are marginals.
    s, y = {"r": Fraction(2, 5), "a": Fraction(3, 5)}, {"A": Fraction(1, 4), "B": Fraction(3, 4)}
    lam = [y[e[0]] * s[e[1]] for e in ("Br", "Ba", "Ar", "Aa")]
    expected, rest = Fraction(0), Fraction(1)
    for i in reversed(range(4)):
        expected += lam[i] * rest * Fraction(i + 1, 5)
        rest *= 1 - lam[i]
    expected += rest * s["a"]
    assert laws(Q, skew, p, 2, "staged")[1]["a"] == expected


@pytest.mark.parametrize(
    ("name", "steps", "terms_e", "terms_h"),
    [
        ("detectA-mini", 2, 37, 308),
        ("detectA-mini", 3, 464, 28211),
        ("detectA-2", 2, 99, None),
        ("detectA-2", 3, 3984, None),
        ("parityCheck-copy-2", 2, 80, 1120),
    ],
)
def test_sizes_of_the_polynomials(name, steps, terms_e, terms_h):
    """Terms counted when the machines were first worked out by hand."""
    assert len(list(expected_error(program(name), steps).terms())) == terms_e
    if terms_h:
        assert len(list(squared_error(program(name), steps).terms())) == terms_h


def test_squared_error_is_twice_the_square_for_two_outputs():
    p = program("detectA-mini")
    by_parts = sum((e * e for e in error_polynomials(p, 2)), start=expected_error(p, 2) * 0)
    assert squared_error(p, 2) == by_parts * Fraction(2, 4)


@settings(max_examples=12)
@given(turing_programs(longest=2, moves=2), st.sampled_from(SEMANTICS))
def test_formula_ideals_and_polynomials_have_one_support(p, semantics):
    """The minimal monomials of E, from the polynomial with all its cancellation, are those of the
    semiring of monomial ideals: the theorem's first half."""
    formula = wrong_runs(p, semantics=semantics)
    names = coordinates(p)
    ring = MonomialIdeals(len(names))
    values = {(c.name, p.code[c.name]): ring.one for c in p.free}
    values |= {leaf: ring.variable(i) for i, leaf in enumerate(names.values())}
    for ideal, e in zip(
        formula.evaluate(ring, values), error_polynomials(p, semantics=semantics), strict=True
    ):
        support = [ring.pack(a) for a, c in e.terms() if any(a)]
        assert ring.minimal(support) == ideal


def test_tensors_propagate_and_differentiate():
    torch = pytest.importorskip("torch")
    p = program("detectA-mini")
    names = coordinates(p)
    eps = (
        torch.rand(5, len(names), dtype=torch.float64, generator=torch.manual_seed(0)) / 4
    ).requires_grad_()
    values = {leaf: eps[:, i] for i, leaf in enumerate(names.values())}
    for c in p.free:
        values[c.name, p.code[c.name]] = 1 - sum(
            values[c.name, o] for o in c.options if o != p.code[c.name]
        )
    zero, one = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    wrong = wrong_runs(p, 2).evaluate(Numbers(zero, one), values)
    exact = error_polynomials(p, 2)
    for w, e in zip(wrong, exact, strict=True):
        expected = [float(e([Fraction(float(x)) for x in row])) for row in eps.detach()]
        np.testing.assert_allclose(w.detach().numpy(), expected, rtol=1e-12)
    sum(wrong).sum().backward()
    point = [Fraction(float(x)) for x in eps.detach()[0]]
    derivative = [sum(float(e.derivative(v)(point)) for e in exact) for v in exact[0].variables]
    np.testing.assert_allclose(eps.grad[0].numpy(), derivative, rtol=1e-10, atol=1e-12)


def test_semantics_that_a_machine_lacks_are_refused():
    with pytest.raises(BadInput, match="a circuit has exact, naive; received 'staged'"):
        wrong_runs(program("xor-lookup"), semantics="staged")


def test_naive_circuits_are_products_of_marginals():
    """XOR of a wire with itself: always 0, but its marginals do not know that."""
    from singularity_lab.programs import parse_program

    p = parse_program(
        "circuit c\ninputs x\ntable G 1\ntable X 2\ngate a = G x\ngate b = X a a\noutput b\n"
        "truth G 01\ntruth X 0110\nfreeze eps_X_*\ninput all -> code\n"
    )
    assert all(e.is_zero for e in error_polynomials(p, semantics="exact"))
    naive = error_polynomials(p, semantics="naive")
    eps = naive[0].variables[0]
    assert str(naive[0]) == f"-2*{eps}^2 + 2*{eps}"
