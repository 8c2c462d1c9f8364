"""What is printed was recomputed; a question has one spelling; sizes are limited; texts are read
line by line; H counts wrong runs; budgets hold."""

from __future__ import annotations

import copy
import json
import re
import time
from fractions import Fraction

import pytest

from singularity_lab.algebra.simplex import rank
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, Undecided
from singularity_lab.programs import (
    SyndromeProgram,
    error_polynomials,
    parse_program,
    program,
    program_limits,
    program_names,
    squared_error,
)
from singularity_lab.programs.answers import program_census, program_rlct
from singularity_lab.programs.check import check_program, replay_program
from singularity_lab.programs.machines.machines import Case, Program
from singularity_lab.programs.machines.straightline import parse_real_program
from singularity_lab.programs.machines.turing import TuringMachine
from singularity_lab.programs.potential import potential
from singularity_lab.programs.program_certificate import digest
from singularity_lab.programs.syndromes import ProgramChart
from singularity_lab.programs.trace import program_trace
from singularity_lab.programs.uncertainty.noisy import coordinates
from singularity_lab.programs.uncertainty.semirings import MonomialIdeals

ASKED = [
    ("xor-4nand-shared", None, "exact", "corner"),
    ("detectA-mini-retry", 2, "staged", "corner"),
    ("detectA-mini", 2, "exact", "open"),
    ("coin-xor-2", None, "exact", "open"),
]


@pytest.fixture(scope="module", params=ASKED, ids=lambda q: "-".join(map(str, q)))
def answer(request):
    return json.loads(json.dumps(program_rlct(*request.param).to_json()))


# -- claims and answers


@pytest.mark.parametrize(
    "change",
    [
        {"lambda": "1/2", "verified": "of all programs"},
        {"verified": False},
        {"kind": "lower"},
        {"lambda_H": "10/4"},
        {"lambda_H": " 5/2 "},
        {"lambda_H": 2},
        {"lambda_H": True},
        {"lambda_H": "2.5"},
        {"multiplicity": True},
        {"multiplicity": 1.0},
        {"multiplicity": "1"},
        {"lambda_E": "1/2, verified"},
    ],
    ids=str,
)
def test_a_claim_has_no_other_fields_and_no_other_numbers(answer, change):
    proof = copy.deepcopy(answer["program_certificate"])
    proof["claim"] |= change
    with pytest.raises(CertificateError, match="claim"):
        check_program(proof)


def test_numbers_of_a_proof_have_one_form():
    proof = program_rlct("xor-4nand-shared").program_certificate
    for value in ("2/2", " 1", "1.0", True, 1, "1e0", "+1", "01"):
        changed = copy.deepcopy(proof)
        changed["primal"] = dict.fromkeys(changed["primal"], value)
        with pytest.raises(CertificateError, match="primal"):
            check_program(changed)
        changed = copy.deepcopy(proof)
        changed["dual"][0]["y"] = value if value != "1.0" else "1.00"
        with pytest.raises(CertificateError):
            check_program(changed)


def test_what_is_told_was_recomputed(answer):
    claim, about = replay_program(answer)
    proof = answer["program_certificate"]
    assert claim == proof["claim"]
    assert set(claim) == {"lambda_E", "lambda_H", "multiplicity"}
    assert proof["digest"] in about
    assert answer["program_digest"][:16] in about
    assert answer["place"] in about


def test_every_field_of_an_answer_is_compared(answer):
    """A changed, an extra and a missing field each; what is not proved is how and how fast."""
    free = {"method", "seconds"}
    for key, value in answer.items():
        changed = copy.deepcopy(answer)
        changed[key] = {"x": 1} if value != {"x": 1} else None
        with pytest.raises(CertificateError):
            replay_program(changed)
        del changed[key]
        with pytest.raises(CertificateError):
            replay_program(changed)
        if key in free:
            continue
        other = {str: "y", int: -7, type(None): 3, dict: {"z": "1"}, list: [1]}[type(value)]
        with pytest.raises(CertificateError):
            replay_program(answer | {key: other})
    with pytest.raises(CertificateError, match="no field 'verified'"):
        replay_program(answer | {"verified": True})


def test_the_subject_is_no_text_of_the_user():
    """Comments and free names carry no claim; a false use of a library's name is told."""
    with pytest.raises(BadInput, match="line 1: name: one word"):
        parse_program("turing interpreter-3, all codes\nsymbols B A\nstates r a\ninput A -> r")
    text = program("xor-lookup").to_text()
    result = program_rlct(parse_program("# circuit interpreter-3, all codes\n" + text))
    assert result.program_certificate == program_rlct("xor-lookup").program_certificate
    proof = copy.deepcopy(result.program_certificate)
    proof["program"] = "# interpreter-3, all codes\n" + proof["program"]
    proof["digest"] = digest(proof)
    with pytest.raises(CertificateError, match="one spelling"):
        check_program(proof)
    borrowed = program("xor-4nand-shared").to_text().replace("xor-4nand-shared", "xor-lookup")
    _, about = replay_program(program_rlct(parse_program(borrowed)).program_certificate)
    assert "not the library's program of this name" in about


def test_code_or_face_is_told():
    told = {}
    for name, more in {
        "at its code": {},
        "at the code with w_Aa=B": {"code": {"w_Aa": "B"}},
        "on the face w_Aa=A,B": {"support": {"w_Aa": frozenset("AB")}},
    }.items():
        result = program_rlct("detectA-mini", 2, **more)
        told[name] = replay_program(result.program_certificate)[1]
        assert name in told[name]
        assert name in str(result)
    assert len(set(told.values())) == 3


# -- one spelling


def test_a_question_has_one_digest():
    for text in ("corner:", "corner: 1", "corner:1 ", "corner:1e0", "amplitude:", "open:1", "x"):
        with pytest.raises(BadInput, match="chart"):
            ProgramChart.parse(text)
    assert str(ProgramChart.parse("corner:2/2")) == "corner"
    proof = program_rlct("xor-lookup").program_certificate
    assert program_rlct("xor-lookup", chart="corner:2/2").program_certificate == proof
    for change in (
        {"chart": "corner:1"},
        {"chart": "corner:2/2"},
        {"steps": 1},
        {"steps": 9},
        {"support": {"eps_X_00": ["0"]}},
        {"support": []},
        {"program": proof["program"] + "\n"},
        {"program": proof["program"].replace("truth X", "truth  X")},
        {"program": proof["program"].replace("input 00", "input 0 0")},
    ):
        changed = copy.deepcopy(proof) | change
        changed["digest"] = digest(changed)
        with pytest.raises(CertificateError):
            check_program(changed)
    for call in (program_rlct, program_trace, program_census):
        with pytest.raises(BadInput, match="steps: a circuit runs to its end"):
            call("xor-lookup", 9)
    with pytest.raises(BadInput, match="line 3: unknown word 'steps'"):
        parse_program("circuit c\ninputs x\nsteps 2\noutput x\ninput all -> code")


@pytest.mark.parametrize("name", program_names())
def test_texts_of_the_library_are_in_their_one_spelling(name):
    text = program(name).to_text()
    assert parse_program(text).to_text() == text
    spaced = "\n".join("\t" + line.replace(" ", " \t ") + "  # x" for line in text.splitlines())
    assert parse_program(spaced.replace("\n", "\r\n")).to_text() == text


def test_inputs_that_are_spelled_otherwise_are_the_same():
    head = "register r\nregisters 2\nlength 1\ninstructions NOP\ncode NOP\n"
    with pytest.raises(BadInput, match="line 7: the input '2,0' is given twice"):
        parse_program(head + "input 2 -> 0\ninput 2, 0 -> 0")
    with pytest.raises(BadInput, match="line 5: the input 'AB' is given twice"):
        parse_program("turing t\nsymbols B A\nstates r\ninput AB -> r\ninput A,B -> r")


# -- limits


@pytest.mark.parametrize("steps", [1001, 10**9, 10**30, 10**4000])
def test_steps_are_limited_before_anything_is_built(steps):
    started = time.process_time()
    proof = program_rlct("detectA-mini", 2).program_certificate
    changed = copy.deepcopy(proof) | {"steps": steps}
    changed["digest"] = "" if steps == 10**4000 else digest(changed)
    with pytest.raises(CertificateError):
        check_program(changed)
    with pytest.raises(BadInput, match="steps: at most 1000"):
        program_rlct("detectA-mini", steps)
    assert time.process_time() - started < 2


LARGE = [
    ("circuit c\ninputs x\ntable N 40\noutput x\ninput all -> code", "line 3: table N: inputs: at"),
    ("circuit c\ninputs x\ntable N 999999999999\noutput x\ninput 0 -> 0", "line 3: 'table NAME"),
    ("circuit c\ninputs " + " ".join(f"x{i}" for i in range(60)) + "\noutput x1\n"
     "input all -> code", "line 4: input all: inputs: at most"),
    ("register r\nregisters 999999999\nlength 1\ninstructions NOP\ninput 0 -> 0", "line 2: reg"),
    ("register r\nregisters 1\nreads 1\nlength 999999999\ninstructions NOP\ninput 0 -> 0",
     "line 4: len"),
    ("register r\nregisters 1\nreads 1\nlength 1\ntop 999999999\ninstructions NOP\ninput 0 -> 0",
     "line 5: top"),
    ("turing t\nsymbols " + " ".join(f"x{i}" for i in range(900)) + "\nstates r\ninput x1 -> r",
     "line 2: symbols: at most"),
    ("turing t\nsymbols " + " ".join(f"x{i}" for i in range(190)) + "\nstates "
     + " ".join(f"q{i}" for i in range(190)) + "\ninput x1 -> q1", "line 2: symbols and states"),
    ("turing t\nsymbols B A\nstates r\nsteps 999999999\ninput A -> r", "line 4: steps: at most"),
    ("turing t\nsymbols B A\nstates r\ninput " + "A" * 2000 + " -> r", "line 4: input: letters"),
    ("turing t\n" + "#" * 300_000, "characters"),
    ("branching b\nwidths 1 99999999\nexits 2\nreads 0 0\ninput 0 -> 0", "line 2: widths"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), LARGE, ids=[m for _, m in LARGE])
def test_sizes_are_limited_with_one_line(text, message):
    with pytest.raises(BadInput, match=re.escape(message)) as caught:
        parse_program(text)
    assert len(str(caught.value)) < 300


def test_propagations_are_limited(monkeypatch):
    with pytest.raises(BadInput, match="sums and products: at most"):
        program_rlct("detectA-3", 900, "staged")
    monkeypatch.setattr(program_limits, "CONFIGURATIONS", 100)
    with pytest.raises(BadInput, match="more than 100 configurations"):
        program_rlct("detectA-3", 6)


def test_straight_lines_are_limited():
    squares = "\n".join(f"t{i + 1} = t{i}^2" for i in range(60))
    text = f"straight-line s\nparameters a\ninputs x\nt0 = a*x\n{squares}\noutput t60\ntarget 0\n"
    with pytest.raises(BadInput, match="line 1: statement t7 = …: degree: at most 200"):
        parse_real_program(text)


def test_exponents_that_do_not_fit_a_byte_are_undecided():
    """They would run into the next variable's."""
    ring = MonomialIdeals(2)
    x = ring.variable(0)
    power = x
    for _ in range(6):
        power = ring.mul(power, power)
    with pytest.raises(Undecided, match="above 127"):
        ring.mul(power, power)


# -- texts

T = "turing t\nsymbols B A\nstates r a\n"
C = "circuit c\ninputs x\ntable N 1\ngate y = N x\noutput y\n"
A = "automaton a\nletters 0 1\nstates e o\n"
SILENT = [
    (C + "truth N 10\ntruth N 01\ninput all -> code", "line 7: eps_N_0 is set in line 6"),
    (C + "truth N 10\nset eps_N_0 0\ninput all -> code", "line 7: eps_N_0 is set in line 6"),
    (C + "truth M 10\ninput all -> code", "line 6: there is no table 'M'"),
    (C + "truth N 1\ninput all -> code", "line 6: table N: 2^k bits are needed for k = 1"),
    (C + "table N 2\ntruth N 10\ninput all -> code", "line 6: the table N is given twice"),
    (C + "gate y = N x\ntruth N 10\ninput all -> code", "line 6: gate y: the wire is defined"),
    (C + "truth N 10\ninput all -> code\ninput 0 -> 0", "line 8: the input '0' is given twice"),
    (C + "truth N 10\ninput 0 -> code", "line 7: the circuit cannot give the output 'code'"),
    (C + "truth N 10\ninput 0 -> 00", "line 7: the circuit cannot give the output '00'"),
    (C + "x y: x y S\ninput 0 -> 0", "line 6: a circuit has no rules"),
    (C + "e 0 -> e\ninput 0 -> 0", "line 6: a circuit has no rules"),
    (A + "e 0 -> e\ne 0 -> o\ninput 0 -> e", "line 5: there are two rows for e 0"),
    (A + "e 2 -> e\ninput 0 -> e", "line 4: there is no entry for e 2"),
    (A + "e 0 -> e\nset n_e0 o\ninput 0 -> e", "line 5: n_e0 is set in line 4"),
    (A + "accepting e e\ninput 0 -> 1", "line 4: accepting: each may appear once"),
    (A + "accepting\ninput 0 -> 1", "line 4: accepting: at least one is needed"),
    (A + "accepting e\ne 0 -> e\ne 1 -> o\no 0 -> o\no 1 -> e\ninput 0 -> e",
     "line 9: the automaton cannot give"),
    (T + "truth N 10\ninput A -> r", "line 4: unknown word 'truth'"),
    (T + "gate y = N x\ninput A -> r", "line 4: unknown word 'gate'"),
    (T + "table N 2\ninput A -> r", "line 4: unknown word 'table'"),
    (T + "B r -> r\ninput A -> r", "line 4: a turing has no rules of this form"),
    (T + "B r: B r S\nset w_Br A\ninput A -> r", "line 5: w_Br is set in line 4"),
    (T + "set w_Br A\nset w_Br A\ninput A -> r", "line 5: w_Br is set in line 4"),
    (T + "set w_Xr A\ninput A -> r", "line 4: unknown choice 'w_Xr'"),
    (T + "set w_Br X\ninput A -> r", "line 4: w_Br has the options B, A"),
    (T + "B r: B x S\ninput A -> r", "line 4: q_Br has the options r, a"),
    (T + "freeze z_*\ninput A -> r", "line 4: frozen: 'z_*' matches no choice"),
    (T + "input A -> B", "line 4: the turing cannot give the output 'B'"),
    (T + "reads symbol\ninput A -> r", "line 5: the turing cannot give the output 'r'"),
    (T + "input -> r", "line 4: 'input VALUE -> OUTPUT"),
    (T + "input A -> r weight 0", "line 4: input 'A': a weight > 0"),
    (T + "input A -> r weight 1e9", "line 4: the weight '1e9' is no rational"),
    (T + "input A -> r weight 1/0", "line 4: the weight '1/0' is no rational"),
    (T + "input X -> r", "line 4: input: 'X' in 'X'"),
    (T + "steps ²\ninput A -> r", "line 4: 'steps' needs one integer"),
    (T + "steps ٣\ninput A -> r", "line 4: 'steps' needs one integer"),
    (T + "steps 1 2\ninput A -> r", "line 4: 'steps' needs one integer"),
    (T + "start r a\ninput A -> r", "line 4: 'start' needs one word"),
    (T + "start b\ninput A -> r", "line 4: start: 'b' is not a state"),
    (T + "moves U\ninput A -> r", "line 4: moves: L, S and R"),
    (T + "tape Br Ba\ninput A -> r", "line 4: tape: each of Br Ba Ar Aa"),
    ("turing t\nsymbols # 1\nstates r\ninput 1 -> r", "line 2: symbols: at least one is needed"),
    ("turing t\nsymbols B set\nstates r\ninput B -> r", "line 2: symbols: 'set' is a word"),
    ("\n\nturing t\nstates r\n", "line 3: turing t: a line 'symbols …' is needed"),
    (T, "line 1: turing t: a line 'input VALUE -> OUTPUT' is needed"),
    ("branching b\nwidths 1 x\nexits 2\nreads 0 0\n", "line 2: 'widths' needs integers"),
    ("branching b\nwidths 1 2\nexits 2\nreads 0 1\ntruth X 1\n", "line 5: unknown word 'truth'"),
    ("register r\nregisters 2\nlength 1\ninstructions NOP\ncode NOP\ninput 0 -> 9",
     "line 6: the register cannot give the output '9'"),
    ("register r\nregisters 2\nlength 1\ninstructions NOP\ncode NOP\nset line0 NOP\ninput 0 -> 0",
     "line 6: line0 is set in line 5"),
    ("register r\nregisters 2\nlength 1\ninstructions NOP\ncode NOP\ninput ² -> 0",
     "line 6: input: counters"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), SILENT, ids=[f"{i}" for i in range(len(SILENT))])
def test_nothing_is_overridden_or_ignored(text, message):
    with pytest.raises(BadInput, match=re.escape(message)):
        parse_program(text)


REAL = [
    ("probabilistic p\nparameters a\noutcome 0: 1/2\noutcome 1: 1/2\nat a = 1\nat a = 2",
     "line 6: at a is given twice"),
    ("probabilistic p\nparameters a\noutcome 0: 1/2\noutcome 0: 1/2", "line 4: 'outcome NAME"),
    ("probabilistic p\nparameters a\noutcome 0: 1/2 +", "line 3: "),
    ("probabilistic p\nparameters a\noutcome 0: 1/3\noutcome 1: 1/3", "line 1: law: the prob"),
    ("probabilistic p\nparameters a\noutcome 0: 1\nat a = 1e9999999", "line 4: 'at NAME"),
    ("probabilistic p\nparameters a a\noutcome 0: 1", "line 2: "),
    ("probabilistic p, all\nparameters a\noutcome 0: 1", "line 1: name: one word"),
    ("straight-line s\nparameters a\ny = a\ny = 2*a\noutput y\ntarget 0", "line 4: the name 'y'"),
    ("straight-line s\nparameters a\ny = a*b\noutput y\ntarget 0", "line 3: "),
    ("straight-line s\nparameters a\ny = a\noutput z\ntarget 0", "line 4: output: no name 'z'"),
    ("straight-line s\nparameters a\ny = a\noutput y\ntarget q", "line 5: "),
    ("straight-line s\nparameters a\ny = a\noutput y\ntarget 1", "line 1: at: the program does"),
    ("straight-line s\nparameters a\ninputs a\ny = a\noutput y\ntarget 0", "line 3: inputs"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REAL, ids=[f"{i}" for i in range(len(REAL))])
def test_real_texts_name_the_line_too(text, message):
    with pytest.raises(BadInput, match=re.escape(message)):
        parse_real_program(text)


def test_tabs_are_blanks_and_the_empty_word_is_written():
    p = parse_program(
        "turing\tt\nsymbols\tB\tA\nstates\tr a\nA\tr:\tA\ta\tS\nsteps\t1\ninput\t()\t->\tr\n"
        "input A -> a"
    )
    assert p.name == "t"
    assert [c.value for c in p.cases] == ["", "A"]
    assert "input () -> r" in p.to_text()
    shift = program("shift-transducer-1")
    q = Program("s", shift.machine, shift.code, (Case("", ""), *shift.cases))
    assert "input () -> ()" in q.to_text()
    assert parse_program(q.to_text()).cases == q.cases


# -- the order of the code tape


def test_the_order_of_the_code_tape_decides_the_staged_semantics():
    """Another order: another law off the codes, the same at codes, and none in other semantics."""
    head, rest = program("detectA-mini-retry").to_text().split("reads state\n")
    text = head + "reads state\ntape Aa Ar Ba Br\n" + rest
    p = parse_program(text)
    assert p.to_text() == text
    assert p.machine.choices == program("detectA-mini-retry").machine.choices
    for semantics in ("exact", "naive"):
        assert program_rlct(p, semantics=semantics).lambda_E == Fraction(13, 2)
    old = error_polynomials(program("detectA-mini-retry"), semantics="staged")
    assert error_polynomials(p, semantics="staged") != old
    default = TuringMachine(("B", "A"), ("r", "a"), ("S", "R"), tape=("Br", "Ba", "Ar", "Aa"))
    assert "tape" not in "".join(default.lines())


# -- H


@pytest.mark.parametrize(
    ("name", "steps", "semantics"),
    [
        ("detectA-mini", 2, "exact"),
        ("detectA-mini-retry", 2, "exact"),
        ("detectA-mini", 2, "naive"),
        ("detectA-mini-overwrite", 2, "staged"),
        ("xor-4nand-shared", None, "exact"),
        ("identity-tmr", None, "naive"),
        ("parity-automaton-2", None, "exact"),
    ],
)
def test_the_hessian_is_that_of_the_expanded_potential(name, steps, semantics):
    p = program(name)
    found = potential(p, steps, semantics)
    h = squared_error(p, steps, semantics)
    zero = [0] * len(found.variables)
    second = [[h.derivative(a).derivative(b)(zero) for b in h.variables] for a in h.variables]
    assert [list(row) for row in found.hessian] == second
    assert found.rank == rank(second)
    degrees = [sum(a) for a, _ in h.terms()]
    assert min(degrees) >= 2
    assert found.quadratic == type(h).from_terms(
        {a: c for a, c in h.terms() if sum(a) == 2}, h.variables
    )


def wrong_runs_by_hand(p, case, steps):
    """{syndrome: number of wrong runs} on an input, by walking through all runs."""
    counts, code = {}, p.code
    options = {c.name: c.options for c in p.machine.choices}

    def walk(state, errors):
        choice = p.machine.query(state)
        if choice is None:
            if p.machine.output(state) != case.target:
                key = tuple(sorted(errors))
                counts[key] = counts.get(key, 0) + 1
            return
        for option in options[choice]:
            more = errors if option == code[choice] else (*errors, (choice, option))
            walk(p.machine.answer(state, option), more)

    walk(p.machine.start(case.value, steps), ())
    return counts


@pytest.mark.parametrize("name", ["detectA-mini", "detectA-mini-retry", "xor-4nand-shared"])
def test_coefficients_of_minimal_syndromes_count_wrong_runs(name):
    p = program(name)
    found = potential(p)
    sp = SyndromeProgram(p)
    assert [s for s, _, _ in found.syndromes] == [sp.text(s) for s in sp.syndromes()]
    names = coordinates(p)
    by_hand = {c.value: wrong_runs_by_hand(p, c, p.steps) for c in p.cases}
    mass = sum(c.weight for c in p.cases)
    for text, coefficient, runs in found.syndromes:
        key = []
        for factor in text.split("*"):
            n, _, e = factor.partition("^")
            key += [names[n]] * int(e or 1)
        key = tuple(sorted(key))
        counted = {x: k[key] for x, k in by_hand.items() if key in k}
        assert dict(runs) == counted
        assert coefficient == sum(c.weight * counted.get(c.value, 0) for c in p.cases) / mass


def test_the_two_charts_of_the_small_detect_a_differ():
    for chart, value in (("corner", (Fraction(5, 2), 1)), ("open", (Fraction(2), 2))):
        r = program_rlct("detectA-mini", 2, chart=chart)
        assert (r.lambda_H, r.multiplicity) == value
    with pytest.raises(OutOfScope, match="no solution"):
        potential(program("detectA-mini").at({"q_Br": "a"}))


def test_single_errors_are_seen_where_they_are_syndromes():
    """On all inputs of a larger machine, where nothing is expanded."""
    p = program("detectA-3")
    found = potential(p, expand=False)
    single = {
        s for s in map(SyndromeProgram(p).text, SyndromeProgram(p).syndromes()) if "*" not in s
    }
    assert set(found.directions) == {s for s in single if "^" not in s}
    assert found.polynomial is None


# -- time


@pytest.mark.parametrize(
    ("name", "steps", "semantics", "chart"),
    [
        ("interpreter-3", 4, "staged", "corner"),
        ("detectA-3", 10, "exact", "corner"),
        ("detectA-2", 3, "exact", "open"),
    ],
)
def test_a_budget_holds_and_leaves_bounds(name, steps, semantics, chart):
    started = time.monotonic()
    with pytest.raises(Undecided) as caught:
        program_rlct(name, steps, semantics, chart, budget=0.6)
    assert time.monotonic() - started < 1.2 * 0.6 + 2
    bounds = caught.value.bounds
    assert bounds.upper is not None
    assert len(str(caught.value)) < 500
    document = bounds.to_json()
    assert (document["status"], document["lambda_E"]) == ("bounds", None)
    with pytest.raises(CertificateError, match="there is none"):
        replay_program(document)


@pytest.mark.parametrize("budget", [0.01, 0.05, 0.2])
def test_an_open_chart_is_bounded_however_little_time_its_germ_leaves(budget):
    with pytest.raises(Undecided) as caught:
        program_rlct("detectA-2", 3, chart="open", budget=budget)
    assert caught.value.bounds.upper is not None
    assert caught.value.bounds.to_json()["status"] == "bounds"


def test_bounds_contain_the_value():
    sp = SyndromeProgram(program("detectA-3"), 4, "staged")
    assert sp.lower <= 10 <= sp.upper
    assert sp.solve().value == 10
    assert sp.lower == 10 == sp.upper


def test_staged_detect_a_is_as_fast_as_its_solver():
    started = time.process_time()
    result = program_rlct("detectA-3", semantics="staged")
    assert (result.lambda_E, result.multiplicity) == (10, 1)
    assert time.process_time() - started < 5


def test_words_are_all_read(request):
    """The grammar on the page names every word that the parser knows."""
    from singularity_lab.programs.machines.text import GRAMMAR

    page = request.getfixturevalue("repository") / "docs" / "programs.md"
    text = page.read_text(encoding="utf-8")
    for kind, (single, repeated, _) in GRAMMAR.items():
        for word in (kind, *single, *repeated, "set", "freeze", "function", "input"):
            assert f"`{word}" in text, word
    blocks = re.findall(r"(?:^    .*\n|^\n)+", text, re.M)
    read = 0
    for block in blocks:
        inside = "\n".join(line[4:] for line in block.splitlines()).strip()
        if inside.split(" ")[0] in GRAMMAR:
            parse_program(inside)
            read += 1
        elif inside.split(" ")[0] in ("straight-line", "probabilistic"):
            parse_real_program(inside)
            read += 1
    assert read == 7
