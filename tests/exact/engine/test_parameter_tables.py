"""Tables of (λ, m) over the values of a symbol: known families, and attacks on certificates."""

import copy
import json
import os
from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab import rlct
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, Undecided
from singularity_lab.exact.engine.parameter_tables import ParameterCell
from singularity_lab.exact.proof.families import verify_table

VARCHENKO = "(x^4 + t*x^2 + y^2 + z^2)^2 + x^12 + y^12 + z^12"  # Varchenko 1976

# (expression, convention, {value of t: (λ, m), None where K does not vanish}); by hand: Newton
# polyhedra, and the real roots of the leading form.
TABLES = [
    (VARCHENKO, "loss", {"1/7": ("3/4", 1), "0": ("5/8", 1), "-3": ("7/12", 1)}),
    ("x^2 - t*y^2", "ideal", {"sqrt(2)": ("1/2", 2), "0": ("1/4", 1), "-1": ("1/2", 1)}),
    ("x^3 + y^3 + t*x*y", "ideal", {"-2": ("1/2", 2), "0": ("1/3", 1), "5": ("1/2", 2)}),
    ("y^2 - x^4 - t*x^2", "ideal", {"1": ("1/2", 2), "0": ("3/8", 1), "-1": ("1/2", 1)}),
    ("x^2 + t*y^2 + z^4", "ideal", {"-1": ("1/2", 1), "0": ("3/8", 1), "2": ("5/8", 1)}),
    ("x^3 + y^3 + z^4 + t*x*y*z", "ideal", {"-1": ("1/2", 3), "0": ("11/24", 1)}),
    ("(x - t*y)^2 + y^4", "ideal", {"0": ("3/8", 1), "sqrt(3)": ("3/8", 1)}),
    ("t + x^2", "ideal", {"1": None, "0": ("1/4", 1), "-1": None}),
    ("x^2 - (t^2 - 2)*y^2", "ideal", {"sqrt(2)": ("1/4", 1), "2": ("1/2", 2), "1": ("1/2", 1)}),
    # four lines, two of which fall together: 2/8 of the point, 1/4 of a double line
    ("x*y*(x + y)*(x - t*y)", "ideal", {"2": ("1/4", 1), "-1": ("1/4", 2), "0": ("1/4", 2)}),
    ("x^2*y - t*z^2", "ideal", {"-1": ("1/2", 2), "0": ("1/4", 1), "sqrt(5)": ("1/2", 2)}),
    ("(x - y)*(x - t*y)^2*(x + y)^3", "ideal", {"-1": ("1/10", 1), "1": ("1/6", 2)}),
    ("(x^2 + y^2 - t)^2 - z^3", "ideal", {"1": None, "0": ("5/12", 1)}),
    # two tangents x = ±√t·y, along each of which a node or a cusp is met; a double line at t = 0
    ("(x^2 - t*y^2)^2 - y^6", "ideal", {"-2": ("1/4", 1), "0": ("5/24", 1), "3": ("1/4", 2)}),
    ("(x^2 - t*y^4)^2 - y^9", "ideal", {"-1": ("3/16", 1), "0": ("13/72", 1), "2": ("3/16", 1)}),
    ("(x^2 - t*y^2)*(x^2 - 2*t*y^2)^2", "ideal", {"0": ("1/12", 1), "5": ("1/6", 1)}),
    # a dilation that would move the symbol is none of the family
    ("x^2 - t*y^4 + x*y^3", "ideal", {"-1": ("3/8", 1), "0": ("1/3", 1), "1": ("3/8", 1)}),
]
LONGER = [
    ("(x^2 + (t - 1)*y^2)^2 - y^6", "ideal", {"1/2": ("1/4", 2), "1": ("5/24", 1)}),
    # a form of degree 3 has a double line where its discriminant −4t³ − 27 is 0
    ("x^3 + t*x*y^2 + y^3", "ideal", {"root(4*t^3 + 27, -2, 0)": ("1/4", 1), "0": ("1/3", 1)}),
    # two parabolas or an isolated point; a double line where t² = 3
    ("(t^2 - 3)*x^2 + x*y^2", "ideal", {"2": ("3/8", 1), "-sqrt(3)": ("1/4", 1), "0": ("3/8", 1)}),
    # (x² + t·y², y³): where t < 0 the chart y²·(u, y) has 2/4 and 3/6
    ("(x^2 + t*y^2)^2 + y^6", "loss", {"-5": ("1/2", 2), "0": ("5/12", 1), "1": ("1/2", 1)}),
]


@pytest.mark.parametrize(("text", "convention", "values"), TABLES)
def test_known_families(text, convention, values):
    table = rlct(text, parameters="t", convention=convention, budget=20)
    assert table.exact
    for t, expected in values.items():
        cell = table.at(t=t)
        if expected is None:
            assert cell.rlct is None
        else:
            assert (cell.value, cell.multiplicity) == (Fraction(expected[0]), expected[1])


@pytest.mark.slow
@pytest.mark.parametrize(("text", "convention", "values"), LONGER)
def test_longer_families(text, convention, values):
    test_known_families(text, convention, values)


@pytest.mark.slow
def test_the_public_families():
    """All samples of the shared file; Arnold's moduli among them."""
    folder = os.environ.get("SINGLAB_TRUTH", Path(__file__).resolve().parents[4] / "shared/truth")
    path = Path(folder).parent / "cases" / "families.json"
    if not path.is_file():
        pytest.skip("the shared cases are not here")
    for row in json.loads(path.read_text()):
        names = [*row["vars"].split(), row["parameter"]]
        table = rlct(
            row["generators"],
            names,
            parameters=row["parameter"],
            convention=row["convention"],
            budget=30,
        )
        for cell in row["cells"]:
            for t in cell["samples"]:
                found = table.at(**{row["parameter"]: t})
                expected = cell["lambda"] and (Fraction(cell["lambda"]), cell["m"])
                got = found.rlct and (found.rlct.value, found.rlct.multiplicity)
                assert found.proved, (row["id"], t)
                assert got == expected, (row["id"], t)


def test_an_interval_agrees_with_each_value_in_it():
    """The germ at a rational value has what the cell says, by a search of its own."""
    table = rlct("y^2 - x^4 - t*x^2", parameters="t")
    for t in (-5, Fraction(-1, 3), Fraction(1, 9), 4):
        assert table.at(t=t).rlct == rlct(f"y^2 - x^4 - ({t})*x^2").rlct


def test_the_cells_are_a_partition_and_are_told():
    table = rlct("x^2 - t*y^3", parameters="t")
    assert [c.condition for c in table.cells] == ["t < 0", "t = 0", "t > 0"]
    shown = str(rlct("(x - t*y)^2 + y^4", at={"y": 0}, parameters="t")).splitlines()
    assert shown[0].startswith("(lambda, m) for K = (")
    assert shown[0].endswith("^2 at the origin, by t:")
    assert shown[1:] == ["  all t: (3/8, 1)"]
    moved = str(rlct("(x - 1)^2 - t*y^3", at={"x": 1}, parameters="t"))
    assert "at x = 1, by t:" in moved
    assert table.to_json()["cells"][1]["lambda"] == "1/4"


def test_a_loss_that_takes_negative_values_is_said_to():
    table = rlct("x^2 + t*x*y + y^2", parameters="t", convention="loss", budget=20)
    assert "K < 0" in table.at(t=3).note
    assert table.at(t="-1/2").note == ""


POINT = {"op": "point", "at": {"t": "1"}, "cases": [{"op": "open"}]}


def altered(change):
    document = copy.deepcopy(rlct("y^2 - x^4 - t*x^2", parameters="t").document)
    verify_table(document)
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["cells"][0].update({"lambda": "3/8"}), "value"),
        (lambda d: d["cells"][2].update({"multiplicity": 1}), "value"),
        (lambda d: d.update(walls=["0", "-1"]), "walls"),
        (lambda d: d.update(walls=[]), "cells"),
        (lambda d: d["cells"].pop(), "cells"),
        (lambda d: d["cells"].reverse(), "."),
        (lambda d: d["cells"][0].update({"lambda": None}), "value"),
        (lambda d: d.update(parameter="x"), "."),
        (lambda d: d["problem"].update(generators=["-x^4 - t*x^2 + y^3"]), "."),
        (lambda d: d["cells"][2].update(proof=POINT), "still"),
        (lambda d: d["cells"][2].update(proof={"op": "relax", "var": "t", "then": {}}), "still"),
        (lambda d: d["cells"][2].update(proof={"op": "order"}), "still"),
    ],
)
def test_an_altered_table_is_refused(change, message):
    with pytest.raises(CertificateError, match=message):
        verify_table(altered(change))


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("1", "base: 1 lies inside"),  # t = 1 ± r² covers half of t > 0
        ("-2", "base: no rational root of 0 from -2"),
        (None, "."),  # the proof is one in the root
    ],
)
def test_square_coordinates_cover_the_interval(base, message):
    document = copy.deepcopy(rlct("(x^2 - t*y^2)^2 - y^6", parameters="t").document)
    cell = document["cells"][2]
    assert cell.pop("base") == "0"
    if base is not None:
        cell["base"] = base
    with pytest.raises(CertificateError, match=message):
        verify_table(document)


def test_a_wall_may_not_be_left_out():
    """x² − t·y² on all of t > −1 would hide the wall at 0."""
    document = copy.deepcopy(rlct("x^2 - t*y^2", parameters="t").document)
    document["walls"] = ["-1"]
    for i in (0, 2):
        moved = copy.deepcopy(document)
        moved["cells"] = [document["cells"][i]] * 3
        with pytest.raises(CertificateError):
            verify_table(moved)


def test_a_point_for_some_values_only_bounds_nothing_above():
    """p² + s − 1 = 0 has real points for s ≤ 1 only: m = 2 holds there, and not for s > 1."""
    table = rlct("x^2 + (t - 1)*y^2", parameters="t")
    assert table.at(t="1/2").multiplicity == 2
    assert table.at(t=2).multiplicity == 1
    assert (table.at(t=1).value, table.at(t=1).multiplicity) == (Fraction(1, 4), 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: rlct("x^2 - y", parameters="t"), BadInput, "parameters: "),
        (lambda: rlct("x^2 - t", parameters="t x"), BadInput, "one symbol"),
        (lambda: rlct("x^2 - t", parameters="t", over="R^d"), OutOfScope, "one point"),
        (lambda: rlct("x^2 - t", parameters="t").at(s=1), BadInput, "a value of t"),
        (lambda: rlct("x^2 - t", parameters="t", prior={"t": 1}), BadInput, "no prior"),
    ],
)
def test_what_does_not_fit_gets_one_line(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (None, None, "all t"),
        (Fraction(0), None, "t > 0"),
        (None, Fraction(1), "t < 1"),
        (Fraction(0), Fraction(1), "0 < t < 1"),
        (Fraction(2), Fraction(2), "t = 2"),
    ],
)
def test_cells_are_told_in_words(low, high, words):
    cell = ParameterCell("t", low, high, None, False)
    assert cell.condition == words
    for ask in ("value", "multiplicity"):
        with pytest.raises(Undecided, match="not decided for"):
            getattr(cell, ask)
    with pytest.raises(OutOfScope, match="does not vanish"):
        _ = ParameterCell("t", low, high, None, True).value
