"""The commands newton, resolve, plot and doctor: what they say, exit codes, files."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
import typer
from terminal import skip_without

from singularity_lab import rlct
from singularity_lab.cli import doctor, geometry
from singularity_lab.cli.shell import Laboratory

app = typer.Typer(cls=Laboratory, pretty_exceptions_enable=False)
geometry.register(app)
doctor.register(app)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        app(list(words), prog_name="singlab")
    out = capsys.readouterr()
    skip_without(out.err)
    return int(end.value.code or 0), out.out, out.err


@pytest.mark.parametrize(
    "words",
    [("x^2-y^3",), ("x^3+y^4",), ("x*y", "x^3", "y^5"), ("nc-2-2-prior-0-1",), ("nc-1-2",),
     ("x^2*y^3*z",)],
)  # fmt: skip
def test_the_bound_of_nondegenerate_generators_is_lambda(capsys, words) -> None:
    """Varchenko 1976, with a prior too; all rows here have monomials or nondegenerate faces."""
    code, out, _ = run(capsys, "newton", *words, "--json")
    assert code == 0
    from singularity_lab import load
    from singularity_lab.catalog.lookup import find_row

    question = load(words[0]) if find_row(list(words), None) else list(words)
    assert Fraction(json.loads(out)["bound"]) == rlct(question).value


@pytest.mark.parametrize("f", ["(x - y)^2", "(x - y^2)^3", "(x + y)^3 + x^5"])
def test_the_bound_of_others_is_above_lambda(capsys, f) -> None:
    _, out, _ = run(capsys, "newton", f, "--json")
    assert Fraction(json.loads(out)["bound"]) > rlct(f).value


def test_newton_in_words(capsys) -> None:
    code, out, _ = run(capsys, "newton", "x^2-y^3")
    assert code == 0
    assert "(3, 2)" in out
    assert "5/12" in out
    assert run(capsys, "newton")[0] == 2
    assert run(capsys, "newton", "0")[0] == 2


@pytest.mark.parametrize("f", ["x^2-y^2*z", "x^2-y^3", "x^2*y^3", "x*y+x^3+y^3+z^2", "(x-y)^2"])
def test_newton_counts_the_facets_that_it_lists(capsys, f) -> None:
    _, out, _ = run(capsys, "newton", f)
    facets = json.loads(run(capsys, "newton", f, "--json")[1])["facets"]
    inner = sum(x["value"] > 0 for x in facets)
    noun = "facet" if inner == 1 else "facets"
    walls = len(facets) - inner
    beside = f" besides {walls} in coordinate hyperplanes" if walls else ""
    assert out.splitlines()[0].endswith(f" and {inner} {noun}{beside}")


@pytest.mark.parametrize(
    "f", ["x^2-y^3", "x^2-y^2*z", "x^2+y^2+z^2", "x*y*z", "x^3+y^4", "x^2+y^2-z^2"]
)
def test_newton_says_what_nondegeneracy_proves(capsys, f) -> None:
    found = rlct(f)
    _, out, _ = run(capsys, "newton", f)
    last = out.splitlines()[-1]
    assert last.startswith(("nondegenerate: definite on", "nondegenerate: transversal on"))
    assert last.endswith(f": lambda = {found.value}, m = {found.multiplicity}")
    data = json.loads(run(capsys, "newton", f, "--json")[1])
    assert (data["lambda"], data["multiplicity"]) == (str(found.value), found.multiplicity)


@pytest.mark.parametrize("f", ["(x-y)^2", "(x - y^2)^3"])
def test_newton_says_that_nondegeneracy_is_not_proved(capsys, f) -> None:
    _, out, _ = run(capsys, "newton", f)
    assert out.splitlines()[-1].startswith("nondegenerate: not proved: ")
    assert json.loads(run(capsys, "newton", f, "--json")[1])["lambda"] is None


def test_the_budget_of_newton_holds(capsys, tmp_path) -> None:
    dense = "(x+y+z+w+u+v)^9"
    for words in (("newton", dense), ("plot", "newton", dense, "--out", str(tmp_path / "a.svg"))):
        code, _, said = run(capsys, *words, "--budget", "0.1")
        assert code == 3
        assert said.startswith("error: Newton polyhedron: not found within 0.1")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("f", "numbers"), [("x^2-y^3", (6, 5)), ("x^3+y^4", (12, 7))])
def test_resolve(capsys, f, numbers) -> None:
    """The divisor that carries the threshold of a weighted curve: N = p·q, ν = p + q."""
    code, out, _ = run(capsys, "resolve", f, "--json")
    divisors = json.loads(out)["divisors"]
    assert code == 0
    assert numbers in {(d["N"], d["nu"]) for d in divisors}
    assert min(Fraction(d["nu"], d["N"]) for d in divisors) == Fraction(numbers[1], numbers[0])
    code, _, error = run(capsys, "resolve", "x^2-y^3+z")
    assert code == 2
    assert "two variables" in error


@pytest.mark.parametrize("what", ["newton", "zeros", "body"])
def test_plot(capsys, tmp_path, what) -> None:
    out = tmp_path / "picture.svg"
    assert run(capsys, "plot", what, "x^2-y^3", "--out", str(out))[0] == 0
    assert ET.parse(out).getroot().tag.endswith("svg")


def test_a_picture_without_a_zero_says_so(capsys, tmp_path) -> None:
    out = ("--out", str(tmp_path / "a.svg"))
    for f in ("x^2+y^2-9", "x^2+y^2+z^2-9", "x^2+y^2+1"):
        _, _, said = run(capsys, "plot", "zeros", f, *out)
        assert "no change of sign is seen in [-1, 1]^" in said
    for words in (("x^2+y^2-9", "--size", "4"), ("x^2-y^3",)):
        assert "no change" not in run(capsys, "plot", "zeros", *words, *out)[2]
    for size in ("0", "-1", "nan", "inf"):
        code, _, error = run(capsys, "plot", "zeros", "x*y", "--size", size, *out)
        assert (code, "--size" in error) == (2, True)


def test_plot_refuses(capsys, tmp_path) -> None:
    for words in (
        ("newton", "x", "--out", str(tmp_path / "a.gif")),
        ("newton", "x", "--out", str(tmp_path / "none" / "a.svg")),
        ("zeros", "x", "y", "--out", str(tmp_path / "a.svg")),
        ("newton", "--out", str(tmp_path / "a.svg")),
    ):
        code, _, error = run(capsys, "plot", *words)
        assert code == 2
        assert error.startswith("error: ")
        assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["zeros", "body"])
def test_a_picture_at_a_point_says_what_its_axes_show(what) -> None:
    """The curve is drawn around the point: the axes are x - 1 and y there."""
    pytest.importorskip("matplotlib")
    axes = geometry._draw(
        geometry.Picture(what), ["(x^2+y^2-1)^3-x^2*y^3"], None, {"x": 1}, 10.0, 1.0
    )
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x - 1", "y")


def test_a_second_word_is_refused_in_our_words(capsys) -> None:
    code, _, err = run(capsys, "resolve", "x", "y")
    assert code == 2
    assert "Got unexpected" not in err
    assert "one word is read here, received y too" in err
