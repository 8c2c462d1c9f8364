"""Functions as coordinates, and products along vector fields: (λ, m) of what is left."""

from fractions import Fraction

import pytest
from proof_scripts import OPEN, family, leaf, then

from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.verify import replay


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_function_that_is_a_coordinate_takes_its_place(n):
    """(x + y²)^n has the (λ, m) of x^n."""
    step = {"op": "functions", "functions": {"x": "x + y^2"}, "gens": [f"x^{n}"]}
    end = leaf({"x": f"1/{n}"}, [(0, f"1/{n}")])
    found = replay(family("x:local y:local", [f"(x + y^2)^{n}"]), then(step, end))
    assert found.lower == found.upper
    assert found.lower.value == Fraction(1, 2 * n)


@pytest.mark.parametrize("direction", ["1", "2", "1 + z"])
def test_a_product_along_a_field_is_its_slice(direction):
    """(x + y)²: constant along (v, −v), so x may be set to 0."""
    field = {"components": {"x": direction, "y": f"-({direction})"}, "cofactors": [[]]}
    step = {"op": "slice", "fields": [field], "vars": ["x"]}
    end = leaf({"y": "1/2"}, [(0, "1/2")])
    found = replay(family("x:local y:local z:local", ["(x + y)^2"]), then(step, end))
    assert found.lower == found.upper
    assert found.lower.value == Fraction(1, 4)


@pytest.mark.parametrize(
    ("components", "zero"),
    [({"x": "1", "y": "1"}, "x"), ({"x": "x", "y": "-x"}, "x"), ({"x": "1", "y": "-1"}, "z")],
)
def test_a_field_that_does_not_keep_the_ideal_or_stands_still_is_refused(components, zero):
    step = {
        "op": "slice",
        "fields": [{"components": components, "cofactors": [[]]}],
        "vars": [zero],
    }
    with pytest.raises(CertificateError):
        replay(family("x:local y:local z:local", ["(x + y)^2 - z^3"]), then(step, OPEN))


def test_a_function_without_a_differential_is_no_coordinate():
    step = {"op": "functions", "functions": {"x": "x^2 + y^2"}, "gens": ["x"]}
    with pytest.raises(CertificateError, match="minor"):
        replay(family("x:local y:local", ["x^2 + y^2"]), then(step, OPEN))
