"""λ of codes: cutting planes against enumeration and the engine, laws, runs, certificates."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.linear import covering_lp
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, Undecided
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify
from singularity_lab.programs import (
    Case,
    Program,
    ProgramChart,
    SyndromeProgram,
    hitting_number,
    program,
    program_names,
)
from singularity_lab.programs.answers import own_truth, program_rlct
from singularity_lab.programs.check import check_program
from singularity_lab.programs.machines.turing import TuringMachine
from singularity_lab.programs.program_certificate import (
    digest,
    program_certificate,
    syndrome_problem,
)
from singularity_lab.programs.trace import program_trace
from singularity_lab.programs.uncertainty.noisy import expected_error

SMALL = [n for n in program_names() if program(n).dimension <= 16 and len(program(n).cases) <= 16]
SEMANTICS = ("exact", "naive", "staged")


def pair(found):
    return found.value, found.multiplicity


@st.composite
def solved_machines(draw: st.DrawFn) -> Program:
    """A random machine judged on what it computes: its code is a solution."""
    machine = TuringMachine(("B", "A"), ("r", "a"), ("S", "L", "R"))
    code = {c.name: draw(st.sampled_from(c.options)) for c in machine.choices}
    steps = draw(st.integers(1, 3))
    draft = Program("random", machine, code, tuple(Case(x, "r") for x in ("A", "B", "AB")), steps)
    return Program(
        "random", machine, code, tuple(Case(x, draft.run(x)) for x in ("A", "B", "AB")), steps
    )


@settings(max_examples=25)
@given(solved_machines(), st.sampled_from(SEMANTICS))
def test_cutting_planes_find_what_enumeration_finds(p, semantics):
    sp = SyndromeProgram(p, semantics=semantics)
    solved = sp.solve()
    assert pair(solved) == pair(sp.enumerated())
    assert check_program(program_certificate(sp, solved)).value == solved.value
    verify(program_rlct(p, semantics=semantics).certificate)


@settings(max_examples=10)
@given(solved_machines())
def test_every_minimal_syndrome_replays_to_a_wrong_run(p):
    sp = SyndromeProgram(p)
    for syndrome in sp.syndromes():
        traced = sp.trace(syndrome)
        case = p.cases[traced.case]
        assert p.replay(case.value, traced.run) != case.target
        counts = dict.fromkeys(sp.leaves, 0)
        for step in traced.run:
            if step in counts:
                counts[step] += 1
        assert tuple(counts.values()) == syndrome.exponent
        # and on the whole tape, by another simulation
        wrong, t = {}, 0
        for choice, option in traced.run:
            wrong[t, choice] = option
            t += choice.startswith("q_")
        assert p.machine.simulate(case.value, p.steps, p.code, wrong) != case.target


@pytest.mark.parametrize(
    "name",
    ["xor-4nand-shared", "xor-two-minterms", "identity-tmr", "or-demorgan", "detectA-mini-retry"],
)
def test_the_engine_agrees(name):
    """The chart tree and the Newton polyhedron against the linear program."""
    r = program_rlct(name)
    answer = rlct(syndrome_problem(SyndromeProgram(program(name)), r.syndromes), budget=30)
    assert (answer.value, answer.multiplicity) == (r.lambda_E, r.multiplicity)


@pytest.mark.parametrize("name", SMALL)
def test_small_programs_have_both_certificates(name):
    r = program_rlct(name)
    verdict = verify(r.certificate)
    assert verdict.lower == verdict.upper
    assert verdict.lower.value == r.lambda_E == 2 * r.lambda_H
    assert check_program(json.dumps(r.program_certificate)) == verdict.lower


def test_one_function_many_values():
    """One function has codes of several λ, in each group of its constructions."""
    value = {
        n: hitting_number(program(n)).value
        for n in program_names()
        if program(n).machine.kind == "circuit"
    }
    assert [value[n] for n in ("xor-lookup", "xor-4nand-shared", "xor-4nand-separate")] == [
        4,
        Fraction(7, 2),
        13,
    ]
    assert [value[n] for n in ("parity3-automaton", "parity3-lookup")] == [4, 8]
    assert hitting_number(program("parity3-branching")).value == 10
    assert [value[n] for n in ("identity-tmr-frozen", "identity-direct")] == [1, 2]
    assert hitting_number(program("register-copy")).value == Fraction(43, 3)
    assert hitting_number(program("register-copy-swapped")).value == Fraction(27, 2)
    groups: dict[str, set] = {}
    for n in program_names():
        p = program(n)
        if p.dimension <= 40:
            groups.setdefault(p.function, set()).add(hitting_number(p).value)
    assert sum(len(values) >= 2 for values in groups.values()) >= 10


def test_redundancy_divides_and_repetition_multiplies():
    """k-fold majority of one shared wire with a perfect voter: λ = 2/((k+1)/2)."""
    assert hitting_number(program("identity-tmr-frozen")).value == Fraction(2, 2)
    assert hitting_number(program("identity-5mr-frozen")).value == Fraction(2, 3)
    assert hitting_number(program("identity-tmr-separate-frozen")).value == 3


@pytest.mark.parametrize("name", ["detectA-mini-retry", "xor-4nand-shared", "register-copy"])
@pytest.mark.parametrize("alpha", ["1/3", "1/2", "2"])
def test_a_dirichlet_prior_scales(name, alpha):
    """Equal exponents: λ(α) = α·λ(1), the same m; the amplitude chart is α = 1/2."""
    one, other = (
        hitting_number(program(name)),
        hitting_number(program(name), chart=f"corner:{alpha}"),
    )
    assert pair(other) == (Fraction(alpha) * one.value, one.multiplicity)
    if alpha == "1/2":
        r = program_rlct(name, chart="amplitude")
        assert (r.lambda_E, r.multiplicity) == pair(other)


@pytest.mark.parametrize("name", ["identity-direct", "xor-4nand-shared", "and3-tree-separate"])
def test_weights_of_inputs_do_not_matter(name):
    p = program(name)
    weighted = Program(
        name, p.machine, p.code,
        tuple(Case(c.value, c.target, Fraction(i + 1, 7)) for i, c in enumerate(p.cases)), p.steps,
    )  # fmt: skip
    assert pair(hitting_number(weighted)) == pair(hitting_number(p))


def test_fewer_inputs_can_only_lower_lambda():
    p = program("detectA-2")
    for drop in range(len(p.cases)):
        fewer = Program("f", p.machine, p.code, p.cases[:drop] + p.cases[drop + 1 :], p.steps)
        assert hitting_number(fewer).value <= hitting_number(p).value


def test_freezing_an_entry_removes_its_errors():
    p = program("xor-4nand-shared")
    frozen = Program("f", p.machine, p.code, p.cases, p.steps, frozenset({"eps_N_00"}))
    assert frozen.dimension == 3
    assert hitting_number(frozen).value == 3


@pytest.mark.parametrize(
    ("name", "steps", "semantics"),
    [
        ("detectA-3", 4, "exact"), ("detectA-3", 4, "naive"), ("detectA-3", 4, "staged"),
        ("parityCheck-copy-2", 3, "exact"), ("register-copy-3", 10, "exact"),
        ("count-mod3", 4, "exact"),
    ],
)  # fmt: skip
def test_larger_machines_are_proved_from_their_text(name, steps, semantics):
    sp = SyndromeProgram(program(name), steps, semantics)
    found = sp.solve()
    assert check_program(program_certificate(sp, found)).value == found.value


@pytest.mark.slow
def test_an_interpreter_with_240_parameters():
    r = program_rlct("interpreter-2", 3)
    assert r.program.dimension == 240
    assert check_program(r.program_certificate).value == r.lambda_E
    assert r.certificate is not None


def altered():
    """A certificate with one number or word changed, and what the check must say."""
    sp = SyndromeProgram(program("detectA-mini-retry"))
    good = program_certificate(sp, sp.solve())
    first = next(i for i, row in enumerate(good["dual"]) if len(row["run"]) > 1)

    def change(path, value):
        bad = copy.deepcopy(good)
        place = bad
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return bad

    weight = next(iter(good["primal"]))
    return [
        (change(["claim", "lambda_E"], "6"), "lambda_E is 13/2"),
        (change(["claim", "lambda_H"], "6"), "lambda_H is 13/4"),
        (change(["claim", "multiplicity"], 2), "multiplicity is 1"),
        (change(["primal", weight], "0"), "some wrong run costs"),
        (change(["primal", weight], "2"), "differ"),
        (change(["dual", 0, "y"], "2"), "the packing uses 2 > 1"),
        (change(["dual", 0, "y"], "1/2"), "differ"),
        (change(["dual", first, "run", 0, 1], "X"), "is not possible"),
        (change(["dual", first, "input"], "ABBA"), "is no input"),
        (change(["dual", 0, "syndrome"], {"d_Ar_R": 3}), "another syndrome"),
        (change(["chart"], "corner:1/2"), "packing uses"),
        (change(["chart"], "open"), "there is no field 'primal'"),
        (change(["steps"], 3), "some wrong run costs"),
        (change(["semantics"], "quantum"), "semantics"),
        (change(["version"], 2), "version"),
        (change(["program"], "turing x"), "malformed"),
    ]


@pytest.mark.parametrize(("document", "message"), altered(), ids=[m for _, m in altered()])
def test_an_altered_program_certificate_is_rejected(document, message):
    document = document | {"digest": digest(document)}  # it is the mathematics that rejects
    with pytest.raises(CertificateError, match=message):
        check_program(document)


def test_a_hidden_cut_of_the_optimal_face_is_found():
    """detectA-mini, staged, T = 2: λ = 5 and m = 2. A packing that leaves one syndrome out has the
    same value, but its flat is larger, m = 3; the check finds the wrong run that cuts it."""
    sp = SyndromeProgram(program("detectA-mini"), 2, "staged")
    found, every = sp.solve(), sp.syndromes()
    assert pair(found) == (5, 2)
    false = []
    for left_out in every:
        rows = [s for s in every if s != left_out]
        weaker = covering_lp(sp.costs, [s.exponent for s in rows])
        if weaker.value == 5 and weaker.face_dimension > found.face:
            dual = tuple((s, y) for s, y in zip(rows, weaker.dual, strict=True) if y)
            false.append(replace(found, dual=dual, face=weaker.face_dimension))
    assert false
    for claim in false:
        with pytest.raises(CertificateError, match="a wrong run cuts it"):
            check_program(program_certificate(sp, claim))


def test_what_is_no_solution_is_out_of_scope():
    with pytest.raises(OutOfScope, match="no solution; on input 'BB'"):
        program_rlct("detectA-mini", 2, code={"q_Br": "a"})
    p = program("xor-lookup")
    frozen = Program("f", p.machine, p.code, p.cases, 1, frozenset({"eps_*"}))
    with pytest.raises(OutOfScope, match="no run is wrong"):
        program_rlct(frozen)
    naive = SyndromeProgram(program("detectA-mini"), 2, "naive")
    with pytest.raises(OutOfScope, match="only the exact one"):
        naive.trace((1,) + (0,) * 11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ProgramChart.parse("sphere"), "corner, amplitude or open"),
        (lambda: ProgramChart.parse("corner:0"), "alpha > 0"),
        (lambda: ProgramChart.parse("corner:x"), "corner:ALPHA with a rational"),
        (lambda: ProgramChart.parse("open:2"), "only corner takes a parameter"),
        (lambda: program_rlct("detectA-mini", support={"zz": {"a"}}), "unknown choice 'zz'"),
        (lambda: program_rlct("detectA-mini", support={"q_Br": set()}), "q_Br needs some of r, a"),
        (
            lambda: program_rlct("detectA-mini", chart="open", support={"q_Br": {"r", "a"}}),
            "faces need",
        ),
        (lambda: program_rlct("x.txt"), "there is no file"),
    ],
)
def test_wrong_questions_are_named(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def test_limits_stop_the_search():
    sp = SyndromeProgram(program("detectA-3"), 4, "staged")
    with pytest.raises(Undecided, match="more than 20"):
        sp.syndromes(limit=20)
    with pytest.raises(Undecided, match="not solved in 1 rounds"):
        sp.solve(limit=1)


def test_traces_tell_the_story():
    (square,) = [t for t in program_trace("detectA-mini-retry", 2) if "^2" in t.syndrome]
    assert str(square) == (
        "q_Ar_r^2: on input AB it gives r, not a\n"
        "  step 1, A in r: next state r (not a), then S; writes A\n"
        "  step 2, A in r: next state r (not a)"
    )


# -- traces in the semantics of marginals ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "steps", "semantics"),
    [("detectA-mini-retry", 2, "naive"), ("detectA-mini-retry", 2, "staged"),
     ("detectA-mini", 3, "naive"), ("xor-4nand-shared", None, "naive")],
)  # fmt: skip
def test_marginals_are_traced_to_wrong_steps(name, steps, semantics):
    """Each syndrome comes from wrong answers at certain steps, on an input: allowed there and
    nowhere else, they make the wrong output possible. Where no step can use an
    answer twice, which a Boolean does not count, none of them can be spared."""
    sp = SyndromeProgram(program(name), steps, semantics)
    for syndrome in sp.syndromes():
        case, output, wrong = sp.derive(syndrome)
        assert output != sp.program.cases[case].target
        assert {(c, o) for _, c, o in wrong} == {
            leaf for leaf, e in zip(sp.leaves, syndrome.exponent, strict=True) if e
        }
        assert sp.possible(case, output, wrong)
        assert not sp.possible(case, output, ())
        for i in range(len(wrong) if semantics == "naive" and steps != 3 else 0):
            assert not sp.possible(case, output, wrong[:i] + wrong[i + 1 :])


def test_the_trace_names_the_wrong_step_in_every_semantics():
    from singularity_lab.programs.trace import program_trace

    square = {}
    for semantics in ("exact", "naive", "staged"):
        traces = program_trace("detectA-mini-retry", 2, semantics)
        square[semantics] = next(t for t in traces if t.syndrome == "q_Ar_r^2")
        assert all(t.output != t.target for t in traces)
    twice = ((1, "q_Ar", "r"), (2, "q_Ar", "r"))
    assert square["exact"].wrong == square["naive"].wrong == twice
    # last match wins: the entry is used twice within one step
    assert square["staged"].wrong == ((1, "q_Ar", "r"),)
    assert square["naive"].steps[1] == "step 2, A in r: next state r (not a)"
    gates = program_trace("xor-4nand-shared", semantics="naive")[-1]
    assert gates.wrong == ((1, "eps_N_00", "0"), (2, "eps_N_00", "0"))
    assert gates.steps[0] == "gate a: eps_N_00 = 0 (not 1)"
    with pytest.raises(OutOfScope, match="use trace"):
        SyndromeProgram(program("xor-lookup")).derive((1, 0, 0, 0))


def test_an_own_truth_is_that_of_the_expected_error_of_what_is_done():
    """At codes that do not solve the task: λ of E = Σ e_x against their own outputs by the engine,
    E expanded, is the covering program's; at codes that do, it is the task's."""
    p = program("xor-lookup")
    seen = 0
    for code in p.every_code():
        try:
            found = program_rlct(p, code=code, truth="own")
        except OutOfScope:
            continue
        own = own_truth(p, p.steps, "exact", p.vertex(code)).at(code)
        e = expected_error(own)
        proved = rlct(e, convention="loss", nonnegative=e.variables)
        assert (found.lambda_E, found.multiplicity) == (proved.value, proved.multiplicity)
        if p.solves(code):
            assert found.lambda_E == program_rlct(p, code=code).lambda_E
        seen += not p.solves(code)
    assert seen
    with pytest.raises(BadInput, match="truth"):
        program_rlct(p, truth="mine")


def test_a_face_that_tosses_a_coin_has_no_own_output():
    p = program("xor-lookup")
    choice = p.free[0]
    with pytest.raises(OutOfScope, match="runs of the face give"):
        program_rlct(p, support={choice.name: frozenset(choice.options)}, truth="own")
