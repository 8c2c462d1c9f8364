"""Normal forms: a representative has the type, and the Milnor number, of its class."""

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.classification.arnold import classify
from singularity_lab.exact.classification.milnor import milnor_algebra
from singularity_lab.exact.classification.normal_forms import Arnold, representative

GERMS = {
    "D5": ("x^2*y + y^4", 5),
    "E7": ("x^3 + x*y^3", 7),
    "X9": ("x^4 + y^4", 9),
    "T_{2,4,5}": ("x^4 + y^5 + x^2*y^2", 10),
    "T_{3,4,5}": ("x^3 + y^4 + z^5 + x*y*z", 11),
    "E12": ("x^3 + y^7", 12),
    "Q10": ("x^2*z + y^3 + z^4", 10),
}


@pytest.mark.parametrize("symbol", GERMS)
def test_a_representative_is_of_its_class(symbol):
    text, milnor = GERMS[symbol]
    kind = classify(parse(text), milnor)
    assert kind.symbol == symbol
    f = kind.representative()
    assert f == representative(kind)
    assert milnor_algebra(f).dimension == milnor
    assert classify(f, milnor).symbol == symbol


def test_beyond_the_lists_there_is_no_representative():
    kind = Arnold("order 5", "", 16, None)
    assert kind.representative() is None
    assert not kind.simple
    with pytest.raises(OutOfScope, match="no normal form to draw"):
        kind.plot()
