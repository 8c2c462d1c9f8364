"""The ``singlab`` command and hostile input: one line, exit code 2, at once."""

from __future__ import annotations

import json
import time

import pytest
from terminal import skip_without
from typer.testing import CliRunner

from singularity_lab.cli import app

LONG = "9" * 5000


def refused(*words, stdin=None):
    """The error line of a command that ends with exit code 2 within seconds."""
    started = time.process_time()
    done = CliRunner().invoke(app, list(words), input=stdin)
    assert time.process_time() - started < 15
    skip_without(done.stderr)
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 450
    return done.stderr


@pytest.mark.parametrize(
    "words",
    [
        *(("rlct", "x", o, f"x={v}") for o in ("--at", "--prior") for v in ("1e999999999", LONG)),
        ("rlct", "x", "--box", f"x=0:{LONG}"), ("rlct", "x", "--vars", "x" * 300),
        ("catalog", "list", "--lambda", "1e999999999"), ("catalog", "list", "--lambda", LONG),
        ("catalog", "list", "--dimension", LONG), ("catalog", "list", "--dimension", "٣"),
        ("rlct", "(x+y)^100000"), ("rlct", "(2^1000000)^1000000*x"), ("rlct", LONG + "*x"),
        ("rlct", "x^1000000-1", "--at", "x=1"), ("rlct", "x", "--at", "x=root(t^1000000-2,1,2)"),
        ("rlct", "x", "--at", "x=((((((((9^24)^24)^24)^24)^24)^24)^24)^24)"), ("rlct", "٣*x^3"),
        ("rlct", "(" * 100_000), ("jets", "(x+y)^100000"), ("zeta", "(x+y)^100000"),
        ("singularity", LONG + "*x"), ("explain", "x", "--at", "x=1e999999999"),
        ("calibrate", "--device", "hessian", "--rows", "nc-1-1", "--out", "o", "--seeds",
         "0:100000000000"),
        ("calibrate", "--device", "hessian", "--rows", "nc-1-1", "--out", "o", "--seeds", LONG),
    ],
    ids=lambda words: " ".join(w[:20] for w in words[:4]),
)  # fmt: skip
def test_numbers_and_powers_beyond_the_limits(words):
    refused(*words)


@pytest.mark.parametrize(
    "rest",
    ["folder=1", "grid=true", 'family="x"', "max_dimension=1", "", 'tags="x"', 'at="x"', 'model="x"',  # noqa: E501
     "widths=[1,1,1],rank=0@*", "widths=[1000,1000,1000],rank=0", f"widths=[{LONG},1,1],rank=0",
     "widths=[1000000,1000000,1000000],rank=0", "widths=" + "[" * 3000, "widths=[1,1,1] }\nx = { a=1",  # noqa: E501
     "widths=1979-05-27,rank=0", "widths=[1,1,1],rank=٣", "x" * 20_000],
    ids=range(17),
)  # fmt: skip
def test_ids_of_generated_rows(rest):
    refused("catalog", "show", f"deep_linear:{rest}")


@pytest.mark.parametrize("kind", "ABD")
def test_a_rank_beyond_the_limits(kind):
    assert "rank: " in refused("catalog", "show", f'coxeter:type="{kind}",rank=1000000')


def certificate(**problem):
    known = {"variables": ["x"], "generators": ["x"], "convention": "ideal", "point": {},
             "prior": {}, "box": {}}  # fmt: skip
    return {
        "format": "singularity-lab-certificate",
        "version": 1,
        "problem": {**known, **problem},
        "claim": {"kind": "exact", "lambda": "1/2", "multiplicity": 1},
        "proof": {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "1"]]},
    }


def test_the_certificate_that_the_others_change_is_good():
    done = CliRunner().invoke(app, ["verify", "-"], input=json.dumps(certificate()))
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "document",
    [
        certificate(variables=[f"x{i}" for i in range(100_000)]),
        certificate(generators=["(2^1000000)^1000000*x"]),
        certificate(generators=["x^1000000-1"], point={"x": "1"}),
        certificate(point={"x": "1e999999999"}),
        certificate(prior={"x": LONG}),
        certificate(generators=["(x" * 20_000]),
        certificate() | {"claim": {"kind": "exact", "lambda": "1e999999999", "multiplicity": 1}},
        certificate() | {"proof": {"op": "monomial", "primal": {"x": LONG}, "dual": [[0, "1"]]}},
        certificate() | {"proof": {"op": "blowup", "groups": [[["x", 10**30]]], "cases": [{}]}},
    ],
    ids=range(9),
)
def test_foreign_certificates(document):
    assert "rejected" in refused("verify", "-", stdin=json.dumps(document))


@pytest.mark.parametrize("text", ["[" * 200_000, f'{{"a": {LONG}}}', '{"a": NaN}', "٣"])
def test_foreign_documents(text):
    refused("verify", "-", stdin=text)


def test_a_number_too_long_in_a_batch_is_the_error_of_its_item():
    items = f'[{{"generators": ["x"], "point": [{LONG}]}}, {{"generators": ["x"]}}]'
    done = CliRunner().invoke(app, ["rlct", "--batch", "-"], input=items)
    first, second = done.stdout.splitlines()
    assert first.startswith("0: error: point[x]: at most 4000 digits")
    assert "lambda = 1/2" in second


def test_a_constant_has_no_point_to_name():
    assert "()" not in refused("rlct", "1")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a = 1" + LONG.encode(), b"a = " + b"[" * 5000])
def test_a_catalog_file_that_is_no_toml(tmp_path, text):
    from singularity_lab.catalog.load import read_family
    from singularity_lab.errors import BadInput

    path = tmp_path / "f.toml"
    path.write_bytes(text)
    with pytest.raises(BadInput, match=r"^f\.toml: "):
        read_family(path)


@pytest.mark.parametrize("target", ["expressions", "catalog"])
def test_a_short_fuzz_finds_nothing(target, repository, monkeypatch):
    monkeypatch.syspath_prepend(repository / "scripts")
    from fuzz_input import fuzz

    assert fuzz(target, 10**6, seed=time.time_ns(), seconds=3)[1] == []


@pytest.mark.slow
@pytest.mark.parametrize(("target", "runs"), [("expressions", 200_000), ("catalog", 100_000)])
def test_a_long_fuzz_finds_nothing(target, runs, repository, monkeypatch):
    monkeypatch.syspath_prepend(repository / "scripts")
    from fuzz_input import fuzz

    assert fuzz(target, runs)[1] == []


HUGE = "1" + "0" * 400


@pytest.mark.parametrize(
    "words",
    [
        ("rlct", "x^2-y^3", "--over", "x=-1e999:1"),
        ("rlct", f"({HUGE}*x^2-2)^2-y^3", "--over", "R^d"),
        ("rlct", f"(x-{HUGE})^2-y^3", "--parameters", "y"),
        ("rlct", f"{HUGE}*x^2+y^2+{HUGE}*(x+y)^2", "--as", "loss"),
        ("zeta", f"{HUGE}*x^2+y^2-{HUGE}*x*y"),
        ("zeta", f"x^2/{HUGE}-y^3*{HUGE}"),
        ("jets", f"(x-{HUGE})^2-y^3"),
    ],
    ids=lambda words: " ".join(w[:12] for w in words[:3]),
)
def test_numbers_beyond_the_floats_are_numbers(words):
    """A search guesses in floats; where these do not reach there is no guess, and no traceback."""
    done = CliRunner().invoke(app, [*words, "--budget", "0.3"])
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert done.exit_code in (0, 3)
    assert done.stdout or done.stderr.startswith("error: ")
    assert "both sides" not in done.stdout or "<= lambda <=" in done.stdout


@pytest.mark.parametrize(
    "words",
    [(f"x^2*{HUGE}",), ("(x-y)^2", "--at", f"x={HUGE},y={HUGE}"), ("x^2", "--prior", f"x={HUGE}"),
     (f"({HUGE}*(x-y)^2)^2",), ("x^2", "--box", f"x=:{HUGE}")],
    ids=range(5),
)  # fmt: skip
def test_what_is_measured_has_numbers_within_the_floats(words):
    assert "beyond floating point" in refused("measure", "hessian", *words)


@pytest.mark.parametrize("what", ["zeros", "body"])
def test_what_is_drawn_has_numbers_within_the_floats(what, tmp_path):
    out = str(tmp_path / "a.svg")
    assert "floating point" in refused("plot", what, f"x^2-{HUGE}*y^3", "--out", out)


def test_an_option_is_named_that_was_given():
    assert "--over: expected low:high" in refused("rlct", "x^2", "--over", "x=:")
    assert "--box: expected low:high" in refused("rlct", "x^2", "--box", "x=:")


@pytest.mark.parametrize("end", ["sqrt(2)", "pi", "nan", "1/0", "a"])
@pytest.mark.parametrize("option", ["over", "box"])
def test_an_end_of_an_interval_is_told_what_it_may_be(option, end):
    said = refused("rlct", "x^2 - y^3", f"--{option}", f"x=0:{end}")
    assert f"{option}[x]: not a rational number: '{end}'" in said
    assert "an end is a rational number, as in 0:3/2, or left out, as in 0:" in said


def test_an_error_of_the_users_own_code_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "a_user_module.py").write_text("def model():\n    raise KeyError('width')\n")
    monkeypatch.chdir(tmp_path)
    said = refused("track", ".", "--model", "a_user_module:model", "--data", "a_user_module:model")
    assert "--model: 'a_user_module:model' raised KeyError: 'width'" in said
