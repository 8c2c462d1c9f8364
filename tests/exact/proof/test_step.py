"""The records of the theorems: what is read from a certificate, and what is written back."""

import ast
import gzip
import importlib
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

import singularity_lab
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.store import shipped
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.step import STEPS, Step, Verdict, read
from singularity_lab.exact.proof.verify import verify


def written(script):
    """A script read and written again, its steps one by one (it may be a thousand deep)."""
    root = [script]
    todo = [(root, 0)]
    while todo:
        holder, at = todo.pop()
        if holder[at] is None:
            continue
        step = read(holder[at]).encode()
        holder[at] = step
        if "then" in step:
            todo.append((step, "then"))
        if "cases" in step:
            step["cases"] = list(step["cases"])
            todo += [(step["cases"], i) for i in range(len(step["cases"]))]
        if "lemma" in step:
            step["lemma"] = dict(step["lemma"])
            todo.append((step["lemma"], "proof"))
    return root[0]


LATER = {
    "rank",
    "squares",
    "interval",
    "point",
    "saddle",
    "product",
    "nakayama",
    "dominant",
    "functions",
    "slice",
}  # not of germs, or younger


def test_every_proof_on_file_is_read_and_written_back_byte_for_byte():
    files = shipped().files()
    assert len(files) >= 1212
    met = set()
    for path in files:
        with gzip.open(path) as file:
            for document in json.load(file)["certificates"]:
                text = json.dumps(document["proof"])
                met.update(step["op"] for step in Certificate.from_json(document).steps())
                assert json.dumps(written(document["proof"])) == text, path.name
    assert met >= set(STEPS) - {"roots", "open", "zero", *LATER}, set(STEPS) - met


def by_one(step, value="1/2", of="x"):
    verify(Certificate(LocalProblem.build(of), "upper", RLCT(Fraction(value), 1), step))


LEAF = {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "1"]]}
BAD = {
    "unknown field": {**LEAF, "primary": {}},
    "index as text": {**LEAF, "dual": [["0", "1"]]},
    "a list for a dict": {**LEAF, "primal": ["1"]},
    "a float": {**LEAF, "primal": {"x": 1.0}},
    "true for an index": {**LEAF, "dual": [[False, "1"]]},
    "no op": {"primal": {}},
    "an op that is no name": {"op": ["monomial"]},
    "an unknown op": {"op": "monomials"},
    "an id as text": {**LEAF, "id": "1"},
    "no step": ["monomial"],
    "nothing": None,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_malformed_is_refused_where_it_stands(bad):
    by_one(LEAF)
    scale = {"op": "change", "var": "x", "num": "2*x", "den": "1"}
    by_one({**scale, "then": LEAF})
    with pytest.raises(CertificateError) as error:
        by_one({**scale, "then": {"op": "both", "cases": [LEAF, bad]}} if bad else {**scale})
    itself = isinstance(bad, dict)  # else the step before holds no step there
    assert error.value.where == ("proof.change.1" if itself else "proof.change")


OPERATIONS = [["addd", 0, 1, "1"], ["add", 0, 1], ["div", 0, "1", "1"], ["split", -0.5], ["mul"], 7]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_operation_on_generators_has_its_own_shape(operation):
    with pytest.raises(CertificateError, match="malformed step"):
        by_one({"op": "generators", "do": [operation], "then": LEAF})


@pytest.mark.parametrize("moves", [900, 2_500])
def test_a_script_may_be_thousands_of_moves_deep(moves):
    step = LEAF
    for i in range(moves):
        step = {"op": "change", "var": "x", "num": "-x", "den": "1", "then": step, "id": i}
    by_one(step)


def test_a_script_may_be_hundreds_of_branches_deep():
    step = LEAF
    for _ in range(300):
        step = {"op": "subideal", "keep": [0], "cases": [step]}
    by_one(step)


@pytest.mark.parametrize("record", STEPS.values(), ids=STEPS)
def test_every_record_states_its_theorem(record):
    assert record.__doc__.strip().endswith((".", ")"))
    assert record.__struct_config__.tag == record.__name__.lower()
    assert record.__struct_config__.frozen
    assert "words" in vars(record)
    assert "replay" in vars(record)
    assert len(STEPS) >= 24


def test_the_table_of_steps_is_that_of_the_records(monkeypatch):
    docs = Path(__file__).resolve().parents[3] / "docs"
    monkeypatch.syspath_prepend(str(docs))
    tables = importlib.import_module("step_tables")
    text = (docs / "engine.md").read_text(encoding="utf-8")
    assert tables.page(text) == text, "run python docs/step_tables.py"
    assert all(f"\n| `{op}` | " in text for op in STEPS)


def test_steps_are_made_as_records():
    """No module outside the proof spells a step as a dictionary."""
    package = Path(singularity_lab.__file__).parent
    files = [f for f in package.rglob("*.py") if "proof" not in f.parts]
    assert len(files) > 200
    sources = {file: file.read_text(encoding="utf-8") for file in files}
    for file in (f for f, source in sources.items() if re.search("""["']op["']""", source)):
        for node in ast.walk(ast.parse(sources[file])):
            if isinstance(node, ast.Dict):
                said = {
                    getattr(k, "value", None): v
                    for k, v in zip(node.keys, node.values, strict=True)
                }
                # a chain of reductions of functions stands around a script and is no step of it
                assert getattr(said.get("op"), "value", "analytic") == "analytic", file


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict(empty=True), "the stratum does not meet {K = 0}"),
        (Verdict(RLCT(Fraction(1, 2), 2), RLCT(Fraction(1, 2), 2)), "(lambda, m) = (1/2, 2)"),
        (Verdict(RLCT(Fraction(1, 2), 2), None, why=("why",)), "lambda >= 1/2; why"),
        (Verdict(None, RLCT(Fraction(1, 2), 2)), "lambda <= 1/2"),
        (Verdict(), "nothing"),
    ],
)
def test_verdicts_in_words(verdict, words):
    assert str(verdict) == f"verified: {words}"
    assert verdict._repr_html_().startswith("<div>verified: ")


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_a_line_of_words(name):
    fields = STEPS[name].__struct_fields__
    assert STEPS[name].words is not Step.words
    assert "op" not in fields
