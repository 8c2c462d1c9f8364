"""The commands jets, zeta and singularity: the promised JSON keys, exit codes."""

from __future__ import annotations

import json

import pytest
import typer

from singularity_lab.cli.shell import Laboratory
from singularity_lab.cli.singularity import register

app = typer.Typer(cls=Laboratory, pretty_exceptions_enable=False)
register(app)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        app(list(words), prog_name="singlab")
    out = capsys.readouterr()
    return int(end.value.code or 0), out.out, out.err


def test_jets(capsys) -> None:
    code, out, _ = run(capsys, "jets", "x^2-y^3", "--order", "6", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["dimensions"] == [1, 2, 3, 4, 5, 7, 8]
    assert data["top_components"] == [1, 2, 2, 2, 2, 1, 1]
    assert data["field"] == "C"
    assert data["method"] == "weights"


def test_jets_of_an_ideal_and_a_leading_minus(capsys) -> None:
    code, out, _ = run(capsys, "jets", "-x*z+y^2", "x^2*y-z^2", "x^3-y*z", "--order", "8", "--json")
    assert code == 0
    assert json.loads(out)["mustata"] == "13/9"


def test_zeta(capsys) -> None:
    code, out, _ = run(capsys, "zeta", "x^2-y^3", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["candidates"][0]["pole"] == "-5/6"
    assert data["at_zero"] == "1"
    assert data["volume"]["lambda"] == "5/12"
    code, out, _ = run(capsys, "zeta", "(y^2-x^3)^2-x^5*y", "--json")
    assert json.loads(out)["volume"]["lambda"] == "5/24"
    code, out, _ = run(capsys, "zeta", "x*y+x^3+y^3", "--json")
    assert json.loads(out)["volume"] is None


def test_singularity(capsys) -> None:
    code, out, _ = run(capsys, "singularity", "x^3+y^5+z^2", "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["type"], data["milnor"], data["tjurina"]) == ("E8", 8, 8)
    assert data["central_charge"] == "14/5"
    assert len(data["spectrum"]) == 8
    assert sorted(data["weights"]) == ["1/2", "1/3", "1/5"]
    assert "E8" in run(capsys, "singularity", "x^3+y^5+z^2")[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("singularity", "x+y^2"), 2),
        (("singularity", "x^2*y"), 2),
        (("jets", "x", "--order", "-1"), 2),
        (("jets",), 2),
        (("jets", "((x^2-2*y^2)^2-3*y^5)^2+x^13"), 3),
        (("zeta", "1+x"), 2),
    ],
)
def test_errors_are_one_line_and_a_code(capsys, words, code) -> None:
    found, out, err = run(capsys, *words)
    assert found == code
    assert out == ""
    assert err.startswith("error: ")
    assert len(err.strip().splitlines()) == 1
