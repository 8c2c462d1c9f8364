"""``singlab program``: documents, texts, errors."""

from __future__ import annotations

import json

import pytest
import typer
from terminal import skip_without

from singularity_lab.cli.programs import app as program_app
from singularity_lab.cli.shell import Laboratory
from singularity_lab.cli.verifying import verify


@pytest.fixture
def run(capsys):
    top = typer.Typer(cls=Laboratory)

    @top.callback()
    def lab() -> None:
        """The laboratory."""

    top.add_typer(program_app, name="program")
    top.command("verify")(verify)

    def call(*words):
        first = () if words[0] == "verify" else ("program",)
        code = top([*first, *words], standalone_mode=False)
        captured = capsys.readouterr()
        skip_without(captured.err)
        return code, captured.out, captured.err

    return call


def test_rlct_as_a_document(run):
    asked = "rlct detectA-mini --steps 2 --semantics exact --chart corner --json"
    code, out, _ = run(*asked.split())
    document = json.loads(out)
    assert not code
    assert (document["lambda_E"], document["lambda_H"], document["multiplicity"]) == ("5", "5/2", 1)
    assert document["certificate"]["claim"]["lambda"] == "5"
    assert (document["semantics"], document["chart"]) == ("exact", "corner")


def test_census_as_a_document(run):
    _, out, _ = run("census", "detectA-mini", "--steps", "2", "--faces", "--json")
    document = json.loads(out)
    assert document["solutions"] == 256
    assert document["f_vector"] == [256, 832, 1152, 880, 400, 108, 16, 1]
    keys = ("dimension", "lambda_E", "multiplicity", "codes")
    assert [tuple(c[k] for k in keys) for c in document["components"]] == [
        (7, "5", 1, 128), (6, "6", 1, 64), (6, "6", 1, 64), (5, "13/2", 1, 32), (5, "7", 1, 32),
    ]  # fmt: skip
    assert sum(v["faces"] for row in document["faces"] for v in row["values"]) == 3645


def test_list_show_trace(run):
    _, out, _ = run("list", "--json")
    assert len(json.loads(out)) >= 60
    _, out, _ = run("show", "detectA-mini")
    assert "A r: A a S" in out
    _, out, _ = run("trace", "detectA-mini-retry", "--json")
    assert {"AB"} == {t["input"] for t in json.loads(out) if t["syndrome"] == "q_Ar_r^2"}


def test_a_file_with_a_program_and_its_certificate(run, tmp_path):
    _, text, _ = run("show", "xor-4nand-shared")
    file, proof = tmp_path / "mine.txt", tmp_path / "proof.json"
    file.write_text(text)
    code, out, _ = run("rlct", str(file), "--out", str(proof))
    assert not code
    assert "lambda_E = 7/2" in out
    _, out, _ = run("check", str(proof))
    assert out.startswith("verified: lambda_E = 7/2, m = 1\nof xor-4nand-shared (circuit, d = 4, ")
    proof.write_text(proof.read_text().replace('"7/2"', '"3"'))
    code, out, err = run("check", str(proof), "--json")
    assert code == 2
    assert json.loads(out)["verified"] is False
    assert "lambda_E is 7/2" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rlct", "nothing"], "no program 'nothing'"),
        (["rlct", "detectA-mini", "--chart", "sphere"], "corner, amplitude or open"),
        (["rlct", "xor-lookup", "--semantics", "staged"], "a circuit has exact, naive"),
        (["rlct", "detectA-mini", "--set", "q_Br"], "CHOICE=OPTION"),
        (["rlct", "detectA-mini", "--set", "q_Br=a"], "no solution"),
        (["rlct", "detectA-mini", "--steps", "-1"], "integer >= 0"),
        (["list", "--kind", "quantum"], "kind: one of automaton"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(run, words, message):
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_an_answer_is_checked_as_a_whole(run, tmp_path):
    """Both certificates of an answer, and that they are about one program."""
    _, out, _ = run("rlct", "xor-4nand-shared", "--json")
    answer = tmp_path / "answer.json"
    answer.write_text(out)
    code, out, _ = run("check", str(answer), "--program", "xor-4nand-shared")
    assert not code
    assert out.startswith("verified: lambda_E = 7/2, m = 1\nof xor-4nand-shared (circuit, d = 4, ")
    code, _, err = run("check", str(answer), "--program", "xor-lookup")
    assert code == 2
    assert "about another program" in err
    document = json.loads(answer.read_text())
    _, other, _ = run("rlct", "xor-lookup", "--json")
    document["certificate"] = json.loads(other)["certificate"]
    answer.write_text(json.dumps(document))
    code, _, err = run("check", str(answer))
    assert code == 2
    assert "not that of the program's minimal syndromes" in err
    for text in ("nothing", "[1]"):
        answer.write_text(text)
        code, _, err = run("check", str(answer))
        assert code == 2
        assert err.startswith("error: file")


def test_trace_in_every_semantics_and_a_picture(run, tmp_path):
    _, out, _ = run("trace", "detectA-mini-retry", "--semantics", "naive", "--json")
    square = next(t for t in json.loads(out) if t["syndrome"] == "q_Ar_r^2")
    assert [w["step"] for w in square["wrong"]] == [1, 2]
    file = tmp_path / "w0.svg"
    code, _, err = run("census", "xor-4nand-shared", "--picture", str(file))
    assert not code
    assert "picture written" in err
    assert file.read_text().startswith("<?xml")
    code, _, err = run("census", "xor-4nand-shared", "--picture", "w0.txt")
    assert code == 2
    assert "picture: a file" in err


@pytest.mark.parametrize("name", ["coin-xor-2", "slp-square", "noisy-channel-2", "hmm2-2"])
def test_real_programs_have_the_same_commands(run, tmp_path, name):
    _, out, _ = run("rlct", name, "--json")
    answer = json.loads(out)
    assert {"lambda_E", "lambda_H", "multiplicity", "certificate"} <= set(answer)
    file = tmp_path / "mine.txt"
    _, text, _ = run("show", name)
    file.write_text(text)
    _, out, _ = run("rlct", str(file), "--json")
    again = json.loads(out)
    for key in ("lambda_E", "lambda_H", "multiplicity", "program_certificate"):
        assert again[key] == answer[key]
    code, _, err = run("trace", name)
    assert code == 2
    assert "no codes, runs or faces" in err


@pytest.mark.parametrize("name", ["coin-xor-2", "slp-reuse", "xor-4nand-shared"])
def test_verify_takes_program_certificates(run, tmp_path, name):
    """``singlab verify`` replays what ``program check`` does, of an answer and of a certificate."""
    proof, answer = tmp_path / "proof.json", tmp_path / "answer.json"
    _, out, _ = run("rlct", name, "--json", "--out", str(proof))
    answer.write_text(out)
    value = json.loads(out)
    for file in (proof, answer):
        code, out, _ = run("verify", str(file), "--json")
        assert not code
        found = json.loads(out)
        for key in ("lambda_E", "lambda_H", "multiplicity"):
            assert found[key] == value[key]
        _, out, _ = run("verify", str(file))
        assert name in out
    proof.write_text(proof.read_text().replace(value["lambda_H"], "11"))
    code, out, err = run("verify", str(proof), "--json")
    assert code == 2
    assert json.loads(out)["verified"] is False
    assert "rejected" in err
