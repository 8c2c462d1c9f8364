"""μ, τ, Arnold's types, spectra and charges: formulas over families, and coordinate changes."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest
from arnold_forms import UNIMODAL, change_coordinates
from hypothesis import assume, given
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.exact.classification import singularity_spectrum as spectra
from singularity_lab.exact.classification.milnor import (
    milnor_algebra,
)
from singularity_lab.exact.classification.singularity import quasi_homogeneous_weights, singularity

ADE = {
    **{f"A{k}": f"x^{k + 1}" for k in range(1, 9)},
    **{f"D{k}": f"x^2*y + y^{k - 1}" for k in range(4, 9)},
    "E6": "x^3 + y^4",
    "E7": "x^3 + x*y^3",
    "E8": "x^3 + y^5",
}


@pytest.mark.parametrize("name", ADE)
@pytest.mark.parametrize("seed", range(3))
def test_ade_types_survive_coordinate_changes(name: str, seed: int) -> None:
    source = random.Random(f"{name}/{seed}")
    f = parse(ADE[name])
    squares = ["x", "y", "z"][len(f.variables) : 2 + seed % 2]
    for v in squares:
        f = f + parse(f"{source.choice([-2, 1, 3])}*{v}^2")
    s = singularity(change_coordinates(f, source))
    assert s.type == name
    assert s.milnor == s.tjurina == int(name[1:])
    assert s.modality == 0
    assert s.spectrum is not None
    assert len(s.spectrum) == s.milnor


@pytest.mark.parametrize("name", UNIMODAL)
def test_unimodal_types_survive_coordinate_changes(name: str) -> None:
    f = parse(UNIMODAL[name])
    source = random.Random(name)
    plain, moved = singularity(f), singularity(change_coordinates(f, source))
    assert plain.type == moved.type == name
    assert plain.milnor == moved.milnor
    assert plain.tjurina == moved.tjurina
    assert plain.spectrum == moved.spectrum
    assert moved.modality == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", UNIMODAL)
@pytest.mark.parametrize("seed", range(4))
def test_unimodal_types_many_changes(name: str, seed: int) -> None:
    source = random.Random(f"{name}/{seed}/slow")
    f = parse(UNIMODAL[name])
    if len(f.variables) == 2 and seed % 2:
        f = f - parse("3*z^2")
    assert singularity(change_coordinates(f, source)).type == name


@pytest.mark.parametrize(
    ("f", "real"),
    [
        ("x^4 + y^2", "A3+"),
        ("y^2 - x^4", "A3-"),
        ("x^2*y + y^3", "D4+"),
        ("x^2*y - y^3", "D4-"),
        ("x^2*y - y^4", "D5-"),
        ("-x^2*y - y^4", "D5-"),  # y → −y
        ("y^4 - x^2*y", "D5+"),
        ("x^3 - y^4", "E6-"),
        ("x^3 + y^4", "E6+"),
        ("(x + y)^3 - y^8", "E14-"),
        ("x^3*y - y^6", "Z13-"),
        ("y^5 - x^4", "W12-"),
        ("x^4 + y^4", "X9++, no real line"),
        ("x^4 - y^4", "X9, 2 real lines"),
        ("x^3 - x^2*y^2 + y^8", "J12-: x^3 - x^2*y^2 + a*y^8, a > 0"),
        ("x^3 - x^2*y^2 - y^7", "J11-: x^3 - x^2*y^2 + a*y^7, a != 0"),
        ("x^3 - x*y^2 + z^4", "U12+, 3 real lines"),
        ("x^3 + x*y^2 - z^4", "U12-, 1 real lines"),
    ],
)
def test_real_forms_by_sign(f: str, real: str) -> None:
    assert singularity(f).kind.real == real


# Each pair is one complex class; over R the sign tells them apart in any coordinates.
REAL_PAIRS = [
    ("x^3 + y^3 + z^3 + 6*x*y*z", "x^3 + y^3 + z^3 - 6*x*y*z"),
    ("x^3 + y^4 + y*z^2", "x^3 - y^4 + y*z^2"),
    ("x^3 + y^2*z + x*z^3", "x^3 - y^2*z + x*z^3"),
    ("x^3 + y^5 + y*z^2", "x^3 - y^5 + y*z^2"),
    ("x^4 + y^2*z + x*z^2", "-x^4 + y^2*z + x*z^2"),
    ("x^3 + y^3 + z^4", "x^3 + y^3 - z^4"),
    ("x^3 + y^4 + z^5 + x*y*z", "x^3 - y^4 + z^5 + x*y*z"),
    ("x^4 + y^4 - z^4 + x*y*z", "x^4 + y^4 + z^4 + x*y*z"),
    ("x^3 + y^3 + z^5 + x*y*z", "x^3 + y^3 + z^5 - x*y*z"),
    ("x^3 + y^5 + z^5 + x*y*z", "x^3 + y^5 + z^5 - x*y*z"),
    ("x^5 + y^5 + z^5 + x*y*z", "x^5 + y^5 + z^5 - x*y*z"),
    ("x^3 - 3*x*y^2 + z^5 + z*(x^2 + y^2)", "x^3 - 3*x*y^2 + z^5 - z*(x^2 + y^2)"),
    ("x^4 + x^2*y^2 + y^6", "x^4 + x^2*y^2 - y^6"),
    ("x^4 - x^2*y^2 + y^7", "-x^4 - x^2*y^2 + y^7"),
    ("x^5 + x^2*y^2 + y^6", "x^5 + x^2*y^2 - y^6"),
    ("x^6 + x^2*y^2 + y^6", "x^6 - x^2*y^2 + y^6"),
]


@pytest.mark.parametrize(("one", "other"), REAL_PAIRS)
def test_real_forms_survive_coordinate_changes(one: str, other: str) -> None:
    source = random.Random(one)
    forms = []
    for f in (parse(one), parse(other)):
        plain, moved = singularity(f), singularity(change_coordinates(f, source))
        assert plain.kind.real == moved.kind.real
        forms.append((plain.type, plain.kind.real))
    assert forms[0][0] == forms[1][0]
    assert forms[0][1] != forms[1][1]


@pytest.mark.parametrize(
    ("f", "modality"),
    [
        ("x^3 + y^9", 2),  # J_{3,0}; Arnold's bimodal germs
        ("x^3 + y^10", 2),  # E18
        ("x^3*y + y^8", 2),  # Z17
        ("x^4 + y^6", 2),  # W_{1,0}
        ("x^3 + y*z^2 + x*y^4 + 0*y^6", 2),  # Q_{2,0}
        ("x^5 + y^5", 3),  # N16
        ("x^3 + y^3 + z^3 + w^3", 5),  # O16
        ("x^3 + y^10 + x*y^7 + y^11 - z^2", 2),  # semi-quasi-homogeneous, with a square
    ],
)
def test_modality_beyond_the_lists(f: str, modality: int) -> None:
    s = singularity(f)
    assert s.modality == modality
    assert any("Varchenko" in n for n in s.notes)


def test_modality_is_not_guessed() -> None:
    s = singularity("(y^2 - x^3)^2 - x^5*y")
    assert s.modality is None
    assert any("not decided" in n for n in s.notes)


def test_conjugate_double_points_share_their_exponent() -> None:
    # double lines x² = 2y²; nodes on a conic met by an irrational secant
    s = singularity("(x^2 - 2*y^2)^2 + x^5 + 3*x^3*y^2 + y^6")
    p, q, r = s.kind.exponents
    assert p == 2
    assert q == r
    assert 2 + q + r - 1 == s.milnor
    t = singularity("x*(y^2 - 2*z^2) + x^4 + y^5 + y^3*z^2")
    assert t.kind.exponents[0] >= 3
    assert sum(t.kind.exponents) == t.milnor + 1


# -- Milnor and Tjurina numbers ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "mu", "tau"),
    [
        ("x^4 + x^2*y^3 + y^5", 12, 11),  # W12 with its modulus
        ("x^5 + y^5 + x^3*y^3", 16, 15),
        ("(y^2 - x^3)^2 - x^5*y", 16, 14),  # branch with semigroup <4, 6, 13>: mu = conductor 16
        ("x^3 + y^4 + z^5 + x*y*z", 11, 10),  # hyperbolic: tau = mu − 1
        ("(x*z + y^2)*(x*z + y^2 + x^2) + z^5", 34, 31),
    ],
)
def test_milnor_and_tjurina_numbers(f: str, mu: int, tau: int) -> None:
    s = singularity(f)
    assert (s.milnor, s.tjurina) == (mu, tau)
    assert not s.quasi_homogeneous


@given(st.integers(2, 6), st.integers(2, 6), st.integers(2, 5))
def test_thom_sebastiani(p: int, q: int, r: int) -> None:
    """μ multiplies and spectra add (+1) over disjoint variables."""
    one, two = parse(f"x^{p} + y^{q}"), parse(f"z^{r}")
    whole = singularity(one + two)
    assert whole.milnor == milnor_algebra(one).dimension * milnor_algebra(two).dimension
    a = spectra.from_weights(quasi_homogeneous_weights(one))
    b = spectra.from_weights(quasi_homogeneous_weights(two))
    assert whole.spectrum == tuple(sorted(x + y + 1 for x in a for y in b))


@pytest.mark.parametrize("f", ["x^2*y", "x^2*y^2 + z^2", "(x^2 + y^2 - z)^2", "x*y + 0*z^2"])
def test_non_isolated_is_proved(f: str) -> None:
    with pytest.raises(OutOfScope, match="not isolated"):
        singularity(f, "x y z")


@pytest.mark.parametrize("f", ["1 + x^2", "x + y^2"])
def test_points_that_are_not_singular(f: str) -> None:
    with pytest.raises(OutOfScope):
        singularity(f)


def test_another_point() -> None:
    s = singularity("(x - 1)^3 + (y + 2)^4", at={"x": 1, "y": -2})
    assert s.type == "E6"


# -- splitting lemma --------------------------------------------------------------------------


# -- spectrum ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f", ["x^3 + y^4 + z^5 + x*y*z", "x^5 + x^2*y^2 + y^7", "x^6 + x^2*y^2 + y^5"]
)
def test_spectra_are_symmetric(f: str) -> None:
    s = singularity(f)
    n = len(s.f.variables)
    assert s.spectrum is not None
    assert sorted(n - 2 - a for a in s.spectrum) == list(s.spectrum)


# -- charges ----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(1, 12))
def test_minimal_models(k: int) -> None:
    """A_(k+1): c = 3k/(k + 2) (Martinec 1989; Vafa and Warner 1989)."""
    assert singularity(f"x^{k + 2} + y^2").central_charge == Fraction(3 * k, k + 2)


@pytest.mark.parametrize(("name", "h"), [("D4", 6), ("D7", 12), ("E6", 12), ("E7", 18), ("E8", 30)])
def test_ade_charges_come_from_the_coxeter_number(name: str, h: int) -> None:
    s = singularity(parse(ADE[name]))
    assert s.c_hat == 1 - Fraction(2, h)
    assert s.chiral_charges is not None
    assert max(s.chiral_charges) == s.c_hat


# -- truth tables -----------------------------------------------------------------------------


def test_spectra_of_peers(truth_tables) -> None:
    rows = [
        r
        for r in json.loads((truth_tables / "peers.json").read_text())
        if r["quantity"] in ("spectrum", "spectrum_distinct")
    ]
    assert len(rows) >= 20
    for row in rows:
        s = singularity(row["generators"][0], row["vars"])
        assert s.spectrum is not None
        if row["quantity"] == "spectrum":
            assert [str(a) for a in s.spectrum] == row["expected"], row["id"]
            continue
        counted = s.spectrum_counted()
        assert counted is not None
        assert [str(a) for a, _ in counted] == row["expected"], row["id"]
        assert [k for _, k in counted] == row["multiplicities"], row["id"]


def test_charges_of_ade_surfaces(truth_tables) -> None:
    rows = [
        r
        for r in json.loads((truth_tables / "jets.json").read_text())
        if r["id"].startswith("ade_fibre")
    ]
    assert rows
    for row in rows:
        s = singularity(row["polynomial"])
        assert s.type == row["id"].removeprefix("ade_fibre_")
        assert s.milnor == row["milnor"]
        assert str(s.c_hat) == row["chat"]
        assert str(s.central_charge) == row["central_charge_c"]
        assert s.chiral_charges is not None
        assert [str(q) for q in s.chiral_charges] == row["chiral_charges"]
        h = row["coxeter_h"]
        assert s.spectrum is not None
        assert [a - Fraction(len(s.f.variables) - 1, 2) + 1 for a in s.spectrum] == [
            Fraction(e, h) for e in row["exponents"]
        ]


# -- interface --------------------------------------------------------------------------------


def test_json_has_the_promised_keys() -> None:
    data = singularity("x^3 + y^5 + z^2").to_json()
    for key in ("type", "milnor", "tjurina", "spectrum", "weights", "central_charge"):
        assert key in data
    assert json.loads(json.dumps(data)) == data
    assert data["type"] == "E8"


def test_beyond_the_lists_modality_is_counted() -> None:
    s = singularity("x^4 + y^4 + z^4")
    assert s.type.startswith("corank 3")
    # monomials x^a y^b z^c, a, b, c ≤ 2, of degree ≥ 4: 222, 221 (3), 220 (3) and 211 (3)
    assert s.modality == 10


@given(st.sampled_from(sorted(ADE)), st.integers(0, 10**6))
def test_scaling_and_sign_do_not_change_the_type(name: str, seed: int) -> None:
    f = parse(ADE[name])
    c = random.Random(seed).choice([-3, -1, 2, Fraction(1, 5)])
    assume(f.variables)
    assert singularity(f * c).type == name


def test_a_high_power() -> None:
    found = singularity("x^1500")
    assert (found.type, found.milnor) == ("A1499", 1499)


def test_many_squares_leave_the_residual_part() -> None:
    found = singularity("x^20 + x^21 + y^2 + z^2 + w^2 + (v + x^2)^2")
    assert (found.type, found.milnor, found.tjurina) == ("A19", 19, 19)
    assert any("bases are those of the residual part" in note for note in found.notes)
    assert found.to_json()["milnor"] == 19
    assert "A19" in str(found)
    unfolding = found.unfolding()
    assert unfolding.f == found.splitting.residual
    assert len(unfolding.monomials) == 19


def test_the_table_of_a_notebook_says_what_the_answer_says() -> None:
    found = singularity("x^2*y + y^3")
    shown = found._repr_html_()
    assert found.type in shown
    assert str(found.milnor) in shown
    assert str(found.c_hat) in shown


def test_weights_need_a_quasi_homogeneous_form() -> None:
    assert quasi_homogeneous_weights(parse("x^2 - y^3")) == (Fraction(1, 2), Fraction(1, 3))
    with pytest.raises(BadInput, match="zero polynomial"):
        quasi_homogeneous_weights(parse("x - x"))
