"""``singlab verify`` replays at least one certificate, and an answer says what its certificate
proves."""

from __future__ import annotations

import copy
import gzip
import json
import time

import pytest
from terminal import answer, run

from singularity_lab.catalog.truth import ground_truth


def verify(document, *more):
    text = document if isinstance(document, str) else json.dumps(document)
    return run("verify", "-", *more, stdin=text)


@pytest.fixture(scope="module")
def cusp():
    return answer("rlct", "x^2-y^3", "--at", "x=0", "--prior", "y=1")[1]


@pytest.fixture(scope="module")
def bounds():
    """An answer with bounds, of a germ that is not decided in this time."""
    words = ("x^2*y+y^4+x*z^5*w+w^7+x^3*u^2-z^3*u^5", "x*y*z*w-u^5+x^3-w^4*y^2")
    code, found = answer("rlct", *words, "--budget", "0.05")
    assert code == 3
    return found


NOTHING = [
    "5",
    "null",
    '"x"',
    "[]",
    '[{"certificate": {}}]',
    "{}",
    '{"certificate": {}}',
    '{"certificate": null}',
    '{"certificate": []}',
    '{"certificate": 5}',
    '{"certificate": {"a": 1}}',
    '{"certificate": {"exact": []}}',
    '{"certificates": []}',
    '{"certificates": ["a5"]}',
    '{"result": {}}',
    '{"result": 5}',
    '{"program_certificate": 5}',
    '{"program_certificate": {}}',
    '{"program": 1, "digest": 2}',
    "[" * 10**5,
    '{"certificate":' * 10**5,
    '{"format": "singularity-lab-certificate"}',
    '{"lambda": ' + "9" * 5000 + "}",
    '{"lambda": NaN}',
    '{"lambda": "1", "lambda": "2"}',
]


@pytest.mark.parametrize("text", NOTHING, ids=lambda t: t[:30])
def test_what_holds_no_certificate_is_one_line_and_exit_code_2(text):
    code, out, err = verify(text)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert len(err) < 400


def test_each_part_of_a_certificate_may_be_anything(cusp):
    """Whatever stands in the place of a part: one line, no traceback, and nothing is proved."""
    for key in cusp["certificate"]:
        for junk in (None, 5, "x", [], {}, [[[]]], {"a": {}}, -1, True, "1e999"):
            if junk == cusp["certificate"][key]:
                continue
            code, out, err = verify(cusp["certificate"] | {key: junk})
            assert (code, out, err.count("\n")) == (2, "", 1), (key, junk)


STATED = [
    ("lambda", "7"),
    ("lambda", None),
    ("lambda", 0.41),
    ("lambda", "x"),
    ("multiplicity", 2),
    ("multiplicity", "1"),
    ("multiplicity", None),
    ("lower", None),
    ("lower", {"lambda": "1/3", "multiplicity": 1}),
    ("upper", {"lambda": "2/3", "multiplicity": 3}),
    ("upper", 5),
    ("status", "bounds"),
    ("status", "error"),
    ("loss", "K = (x)^2 at the origin"),
    ("loss", "K = (x^2 - y^4)^2 at the origin, prior |y|^1"),
    ("loss", "K = (x^2 - y^3)^2 at the origin"),
    ("loss", "K = (x^2 - y^3)^2 at x = 1, prior |y|^1"),
    ("loss", "K = __import__('os') at the origin, prior |y|^1"),
    ("loss", 5),
    ("generators", ["x^2 - y^4"]),
    ("ideal", ["x"]),
    ("variables", ["y", "x"]),
    ("vars", "y x"),
    ("point", {"x": "1"}),
    ("point", ["0", "1"]),
    ("point", 5),
    ("prior", {}),
    ("prior", {"y": "2"}),
    ("box", {"x": ["0", None]}),
    ("nonnegative", ["x"]),
    ("convention", "loss"),
    ("text", "lambda = 7, m = 1 for K"),
    ("problem", 7),
]


@pytest.mark.parametrize(("field", "value"), STATED, ids=str)
def test_an_answer_that_states_something_else_is_refused_naming_the_field(field, value, cusp):
    if field == "problem":
        value = copy.deepcopy(cusp["certificate"]["problem"]) | {"point": {"x": "1"}}
    code, out, err = verify(cusp | {field: value})
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: the certificate is rejected: ")
    assert field in err.partition(" states ")[0] or field in err
    data = json.loads(verify(cusp | {field: value}, "--json")[1])
    assert data["verified"] is False
    assert data["where"].startswith(field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lambda", "2/4"),
        ("loss", "K = (x^2 - y^3)^2 at the origin, prior |y|^1"),
        ("loss", "K = (y^3 - x^2)^2 at the origin, prior |y|^1"),
        ("generators", ["-y^3 + x*x"]),
        ("point", {}),
        ("point", [0, "0"]),
        ("prior", {"y": 1}),
        ("vars", "x y"),
        ("id", "anything"),
    ],
    ids=str,
)
def test_the_same_said_in_other_words_is_the_same(field, value, cusp):
    assert cusp["lambda"] == "1/2"
    code, out, err = verify(cusp | {field: value})
    assert (code, err) == (0, "")
    assert out.startswith("proved: (lambda, m) = (1/2, 1)")


def test_bounds_are_compared_too(bounds):
    code, out, _ = verify(bounds)
    assert (code, out.count("proved: ")) == (0, 2)
    for side in ("lower", "upper"):
        for edit in ({"lambda": "3/7"}, {"multiplicity": 77}):
            code, _, err = verify(bounds | {side: bounds[side] | edit})
            assert code == 2
            assert f"{side}.{next(iter(edit))}" in err
    assert verify(bounds | {"lambda": "1/2"})[0] == 2
    assert verify(bounds | {"status": "exact"})[0] == 2
    both = bounds["certificate"]
    swapped = {"lower": both["upper"], "upper": both["lower"]}
    assert "certificate.lower" in verify(bounds | {"certificate": swapped})[2]


def test_certificates_of_two_problems_are_no_answer(cusp):
    other = answer("rlct", "x*y")[1]["certificate"]
    code, _, err = verify({"certificates": [cusp["certificate"], other]})
    assert code == 2
    assert "different problems" in err


def test_lines_of_a_batch_explanations_and_stores_are_verified(tmp_path):
    items = json.dumps([{"id": "a", "generators": ["x^2-y^3"]}])
    line = json.loads(run("rlct", "--batch", "-", "--json", stdin=items)[1])
    assert verify(line)[0] == 0
    assert verify(line | {"multiplicity": 3})[0] == 2
    told = answer("explain", "x^2*y^4")[1]
    assert verify(told)[0] == 0
    told["result"]["lambda"] = "1"
    assert "lambda" in verify(told)[2]
    ground_truth("nc-1-1", 5, cache=tmp_path)
    (file,) = tmp_path.rglob("*.json.gz")
    assert verify(gzip.decompress(file.read_bytes()).decode())[0] == 0


LOSSES = ["-x^2", "x^2 - y^3", "x^2 - y^2", "-x^2 - y^4", "(y - x^2)*(y - 2*x^2)", "x^3"]


@pytest.mark.parametrize("f", LOSSES)
def test_what_is_negative_somewhere_is_no_loss(f):
    """|f| has a certificate under two-sided; as a loss K >= 0 the same document is refused."""
    code, found = answer("rlct", f, "--as", "two-sided")
    assert (code, found["loss"]) == (0, f"K = |{f}| at the origin")
    assert verify(found)[0] == 0
    certificate = copy.deepcopy(found["certificate"])
    certificate["problem"]["convention"] = "loss"
    code, out, err = verify(certificate)
    assert (code, out) == (2, "")
    assert "nonnegative: K < 0 on the arc" in err
    code, _, err = run("rlct", f, "--as", "loss")
    assert code == 2
    assert "two-sided" in err


def test_a_loss_that_is_negative_on_its_domain_alone_is_refused():
    code, found = answer("rlct", "x^2*(x+1)", "--as", "loss", "--over", "x=0:1")
    assert (code, found["lambda"]) == (0, "1/2")
    certificate = copy.deepcopy(found["certificate"])
    certificate["problem"]["over"]["x"] = ["-2", "1"]
    code, _, err = verify(certificate)
    assert code == 2
    assert "K < 0 at x = " in err


@pytest.mark.parametrize("f", ["x^2 + y^4", "(x - y)^2", "x^2*(y^2 + z^2)", "x^4 - x^2*y^3 + y^6"])
def test_a_loss_is_not_refused(f):
    assert verify(answer("rlct", f, "--as", "loss")[1])[0] == 0


def test_verification_has_a_budget(cusp):
    code, out, err = verify(cusp, "--budget", "0.000001", "--json")
    assert (code, json.loads(out)["verified"]) == (3, False)
    assert err == "error: not verified within 1e-06 CPU seconds: nothing is known of the claim\n"
    assert verify(cusp, "--budget", "0")[0] == 2
    assert verify(cusp, "--budget", "9")[0] == 0


def test_the_budget_holds_in_a_proof_that_takes_long():
    """Each step takes a moment: ten thousand of them on one family."""
    step = {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "1"]]}
    for n in range(150):
        step = {"op": "both", "cases": [step, {"op": "open"}]} if n % 2 else {
            "op": "generators", "do": [["add", 1, 0, "(x+y+z)^40"]] * 40, "then": step}  # fmt: skip
    problem = {"variables": ["x", "y", "z"], "generators": ["x", "y"], "convention": "ideal",
               "point": {}, "prior": {}, "box": {}}  # fmt: skip
    claim = {"kind": "exact", "lambda": "1", "multiplicity": 1}
    document = {"format": "singularity-lab-certificate", "version": 1, "problem": problem,
                "claim": claim, "proof": step}  # fmt: skip
    started = time.process_time()
    code, _, err = verify(document, "--budget", "0.3")
    assert time.process_time() - started < 1.2 * 0.3 + 2
    assert (code, err.split(":")[1]) == (3, " not verified within 0.3 CPU seconds")
