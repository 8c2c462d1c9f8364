"""Documents of zeta functions: what is written is read as it was, and wrong fields are named."""

from __future__ import annotations

import json

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.exact.zeta_functions.zeta import zeta
from singularity_lab.exact.zeta_functions.zeta_documents import ZetaDocument
from singularity_lab.system.documents import converted, decoded


@pytest.mark.parametrize("f", ["x^2 - y^3", "x*y^2", "x^2 + y^2*z"])
def test_a_document_is_read_as_it_was_written(f):
    written = zeta(f).to_json()
    record = decoded(json.dumps(written), ZetaDocument, "zeta")
    assert record.plain() == written
    assert [p.pole for p in record.poles or ()] == [p["pole"] for p in written["poles"] or ()]


def test_a_pole_that_is_no_text_is_named():
    wrong = {**zeta("x*y").to_json(), "at_zero": 1}
    with pytest.raises(BadInput, match="zeta: field at_zero: Expected"):
        converted(wrong, ZetaDocument, "zeta")
