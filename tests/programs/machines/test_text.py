"""Programs as text: one spelling, and the line that does not fit."""

from __future__ import annotations

import re

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs import parse_program, program, program_names
from singularity_lab.programs.machines.machines import Case, Program
from singularity_lab.programs.machines.straightline import parse_real_program


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


@pytest.mark.parametrize("name", program_names())
def test_text_and_object_say_the_same(name):
    p = program(name)
    q = parse_program(p.to_text())
    assert (q.machine, dict(q.code), q.cases, q.steps, q.frozen, q.function) == (
        p.machine,
        dict(p.code),
        p.cases,
        p.steps,
        p.frozen,
        p.function,
    )


TEXTS = [
    ("", "the text is empty"),
    ("lambda x", "line 1: a program opens with one of"),
    ("turing t\nsymbols B A\ninput A -> r", "a line 'states …' is needed"),
    ("turing t\nsymbols B A\nstates r a\ncolour red\n", "line 4: unknown word 'colour'"),
    ("turing t\nsymbols B A\nsymbols B A\n", "line 3: 'symbols' is given twice"),
    ("turing t\nsymbols B A\nstates r a\nB r: B r\ninput A -> r", "line 4: 'σ q: write next move'"),
    ("turing t\nsymbols B A\nstates r a\nC r: B r S\ninput A -> r", "no entry for C r"),
    ("turing t\nsymbols B A\nstates r a\nB r: B x S\ninput A -> r", "q_Br has the options r, a"),
    ("turing t\nsymbols B A\nstates r a\n", "a line 'input VALUE -> OUTPUT'"),
    ("turing t\nsymbols B A\nstates r a\ninput A r\n", "line 4: 'input VALUE -> OUTPUT"),
    ("turing t\nsymbols B A\nstates r a\ninput A -> r weight x\n", "line 4: the weight 'x'"),
    ("turing t\nsymbols B A\nstates r a\nsteps two\ninput A -> r", "'steps' needs one integer"),
    ("turing t\nsymbols B A\nstates r a\nfreeze z_*\ninput A -> r", "'z_*' matches no choice"),
    ("turing t\nsymbols B A\nstates r a\ninput A -> r\ninput A -> a", "'A' is given twice"),
    ("circuit c\ninputs x\ntable N 1\ngate y = N x\noutput y\ninput 0 -> 1", "no option is given"),
    ("circuit c\ninputs x\nx: y\noutput x\ninput 0 -> 1", "line 3: a circuit has no rules"),
    (
        "register r\nregisters 2\nlength 2\ninstructions NOP\ncode NOP\ninput 0 -> 0",
        "2 instructions",
    ),
    ("automaton a\nletters 0 1\nstates e o\ne 0 -> e e\ninput 0 -> e", "line 4: 'q a -> next'"),
]


@pytest.mark.parametrize(("text", "message"), TEXTS, ids=[m for _, m in TEXTS])
def test_texts_that_cannot_be_read_name_the_line(text, message):
    with pytest.raises(BadInput, match=re.escape(message)):
        parse_program(text)
