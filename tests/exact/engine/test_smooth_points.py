"""Smooth points and sums of squares: values that follow from a rank, whatever the coordinates."""

import json
import os
import random
from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.tree import proof_tree
from singularity_lab.exact.proof.verify import verify


def case_file():
    truth = os.environ.get("SINGLAB_TRUTH", Path(__file__).resolve().parents[4] / "shared/truth")
    return Path(truth).parent / "cases" / "germs.json"


def half(rank):
    return RLCT(Fraction(rank, 2), 1)


def form(source, names):
    return " + ".join(f"{source.randint(-3, 3)}*{n}" for n in names)


def test_germs_by_laws():
    """Germs whose value follows from a rank, from squares or from invariance."""
    path = case_file()
    if not path.is_file():
        pytest.skip("the cases are not here")
    cases = json.loads(path.read_text())["laws"]
    decided = [c for c in cases if c["kind"] in ("smooth", "definite", "squares")]
    assert len(decided) == 15
    for c in decided:
        found = rlct(c["generators"], c["vars"], convention=c.get("as", "ideal"), budget=5)
        assert found.rlct == RLCT(Fraction(c["lambda"]), c["m"]), c["id"]
        assert found.seconds < 2, c["id"]


@pytest.mark.parametrize("d", [6, 9, 14])
def test_generators_with_independent_differentials_are_coordinates(d):
    """k generic forms in d variables plus terms of higher order have (k/2, 1), also together with
    linear combinations of them, and moved to a point."""
    source = random.Random(d)
    names = [f"w{i}" for i in range(d)]
    for _ in range(5):
        k = source.randint(2, d // 2)
        lines = [f"w{i} + {form(source, names[k:])}" for i in range(k)]
        gens = []
        for i in range(k):  # a unipotent mixture keeps the rank
            mixed = " + ".join(f"{source.randint(-2, 2)}*({lines[j]})" for j in range(i))
            bent = " + ".join(
                "*".join([str(source.randint(-2, 2)), *source.choices(names, k=n)])
                for n in (2, 3, 4)
            )
            gens.append(f"{lines[i]} + {mixed or 0} + {bent}")
        assert rlct(gens, names, budget=5).rlct == half(k)
        more = [*gens, f"2*({gens[0]}) - 3*({gens[1]})"]
        found = rlct(more, names, budget=5)
        assert found.rlct == half(k)
        assert "rank" in {s["op"] for s in found.certificate.steps()}
        point = {n: source.randint(-2, 2) for n in names}
        moved = [str(parse(g, names).translate([-point[n] for n in names])) for g in gens]
        assert rlct(moved, names, at=point, budget=5).rlct == half(k)


@pytest.mark.parametrize(("inputs", "units"), [(2, 6), (5, 5), (5, 10)])
def test_quadratic_networks_at_dense_points(inputs, units):
    """Σ a_k·(w_k·x)² at a random point, in 18, 30 and 60 parameters: each coefficient of the form
    is a coordinate."""
    source = random.Random(units)
    names = [f"w{k}_{i}" for k in range(units) for i in range(inputs)]
    names += [f"a{k}" for k in range(units)]
    at = {n: source.choice((-3, -2, -1, 1, 2, 3)) for n in names}
    gens = []
    for i in range(inputs):
        for j in range(i + 1):
            text = " + ".join(f"a{k}*w{k}_{i}*w{k}_{j}" for k in range(units))
            gens.append(f"{text} - ({parse(text, names)(at)})")
    found = rlct(gens, names, at=at, budget=5)
    assert found.rlct == half(inputs * (inputs + 1) // 2)
    assert found.seconds < 1


@pytest.mark.parametrize("seed", range(8))
def test_a_semidefinite_form_has_half_its_rank(seed):
    source = random.Random(seed)
    names = [f"w{i}" for i in range(source.randint(3, 7))]
    forms = [form(source, names) for _ in range(source.randint(1, len(names)))]
    typed = " + ".join(f"{source.randint(1, 3)}*({q})^2" for q in forms)
    matrix = [[int(parse(q, names).flint.derivative(i)(*[0] * len(names)).p)
               for i in range(len(names))] for q in forms]  # fmt: skip
    import flint

    expected = half(flint.fmpz_mat(matrix).rank())
    for loss in (typed, str(parse(typed, names).flint)):
        found = rlct(loss, names, convention="loss", budget=5)
        assert found.rlct == expected
        assert found.notes == ()  # K >= 0 is proved, not tested
        assert found.certificate.proof["op"] == "squares"


@pytest.mark.parametrize(
    ("squares", "value"),
    [
        (("x^2 - y^3", "x*y"), "1/2"),
        (("x*y - z^2", "x + z"), None),
        (("x*(y - z)", "y^2*z"), None),
        (("(x - y)^2", "y^3"), None),
        (("x + y^2 - z", "z^3 + x*y", "x"), None),
    ],
)
def test_a_loss_and_the_ideal_of_its_squares_agree(squares, value):
    """As an ideal, typed as a loss, and expanded."""
    names = sorted({n for q in squares for n in parse(q).variables})
    ideal = rlct(list(squares), names, budget=10)
    typed = " + ".join(f"{i + 2}*({q})^2" for i, q in enumerate(squares))
    if value is not None:
        assert ideal.value == Fraction(value)
    for loss in (typed, str(parse(typed, names).flint)):
        found = rlct(loss, names, convention="loss", budget=10)
        assert found.rlct == ideal.rlct, loss
        assert verify(found.certificate).lower == ideal.rlct


def test_even_powers_are_squares():
    ideal = rlct(["(x - y^2)^2", "y^3*(x + 1)"]).rlct
    assert rlct("(x - y^2)^4 + y^6*(x + 1)^2", convention="loss").rlct == ideal
    assert rlct("5*(x^2 - 2)^2*y^2", at={"x": "sqrt(2)"}, convention="loss").rlct == (
        RLCT(Fraction(1, 2), 2)
    )


@pytest.mark.parametrize(
    ("generators", "options", "value"),
    [
        (["x", "x + y^2"], {}, ("3/4", 1)),  # one differential, twice
        (["x + y^2", "x*y + y^2", "z + y"], {}, ("5/4", 1)),
        (["x + y^2", "y + x^2"], {"prior": {"x": 1}}, ("3/2", 1)),
        (["x + y^2", "y + x^2"], {"prior": {"x": "-1/2"}}, ("3/4", 1)),
        (["x + y^2", "z - y"], {"prior": {"y": 3}}, None),
        (["x + y^2", "z + x*y"], {"nonnegative": "y"}, ("1", 1)),
        (["x + y", "z - x"], {"nonnegative": "x y z"}, ("3/2", 1)),  # an orthant's corner
    ],
)
def test_where_the_rank_does_not_tell(generators, options, value):
    """Dependent differentials; priors and walls on the coordinates."""
    found = rlct(generators, **options, budget=10)
    expected = (Fraction(value[0]), value[1]) if value else (Fraction(1), 1)
    assert (found.value, found.multiplicity) == expected


def test_bounds_are_never_weaker_than_half_the_rank():
    names = "x y z u v"
    gens = ["x + u*v^2 + y*z", "y + u^2*v - x*z", "z + x*y + u^3", "u^5*v^2 + x*u - v^7*y"]
    found = rlct(gens, names, nodes=1, budget=5)
    assert found.bounds.lower >= half(3)


def test_a_value_with_an_open_multiplicity_is_told():
    """Whatever is proved of (x² + y² − z², z³), whose λ is 2/3."""
    found = rlct(["x^2 + y^2 - z^2", "z^3"], budget=5)
    lower, upper = found.bounds.lower, found.bounds.upper
    assert lower.value <= Fraction(2, 3) <= upper.value
    if lower.value == upper.value:
        assert "= 2/3" in str(found).splitlines()[0]
    assert "0 charts" not in str(found)


def test_a_loss_that_is_no_sum_of_squares_is_told_so():
    choi_lam = "x^2*y^2 + y^2*z^2 + z^2*x^2 + w^4 - 4*x*y*z*w"
    found = rlct(choi_lam, convention="loss", nodes=5, budget=5)
    assert not found.exact
    assert any("sum of squares" in note for note in found.notes)
    assert any("not proved: the value is that of |K|" in note for note in found.notes)


def test_the_proof_is_told():
    tree = proof_tree(rlct("(x + y^2 - z)^2 + (y - x*z)^2", convention="loss"))
    text = tree.graph["text"]
    assert "sum of 2 squares" in text
    assert "a Jacobian of rank 2" in text
