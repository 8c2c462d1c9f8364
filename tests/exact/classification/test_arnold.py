"""Arnold's determinator: symbols over families, by Milnor number and modality."""

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import BadInput, Undecided
from singularity_lab.exact.classification.arnold import classify
from singularity_lab.exact.classification.milnor import milnor_algebra


@pytest.mark.parametrize("k", [4, 5, 6, 9])
def test_the_d_series(k):
    found = classify(parse(f"x^2*y + y^{k - 1}"), k)
    assert (found.symbol, found.modality) == (f"D{k}", 0)
    assert found.simple


@pytest.mark.parametrize(
    ("text", "symbol", "modality"),
    [
        ("x^3 + y^4", "E6", 0),
        ("x^3 + x*y^3", "E7", 0),
        ("x^3 + y^5", "E8", 0),
        ("x^4 + y^4", "X9", 1),
        ("x^3 + y^6", "J10", 1),
        ("x^3 + y^3 + z^3", "P8", 1),
        ("x^3 + y^7", "E12", 1),
        ("x^2*z + y^3 + z^4", "Q10", 1),
    ],
)
def test_germs_of_the_lists(text, symbol, modality):
    f = parse(text)
    found = classify(f, milnor_algebra(f).dimension)
    assert (found.symbol, found.modality) == (symbol, modality)


@pytest.mark.parametrize("pqr", [(4, 5, 6), (3, 4, 5), (3, 3, 7)])
def test_hyperbolic_germs(pqr):
    p, q, r = pqr
    found = classify(parse(f"x^{p} + y^{q} + z^{r} + x*y*z"), p + q + r - 1)
    assert found.symbol == "T_{" + ",".join(map(str, pqr)) + "}"
    assert found.exponents == pqr


def test_a_milnor_number_is_positive_and_a_precision_has_to_suffice():
    for milnor in (0, -3):
        with pytest.raises(BadInput, match="milnor: "):
            classify(parse("x^3 + y^4"), milnor)
    with pytest.raises(Undecided):
        classify(parse("x^2*y"), 9, precision=4)
