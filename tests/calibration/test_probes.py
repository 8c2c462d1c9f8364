"""Probes: proved rows that find who is right for a wrong reason."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.calibration.design import plan
from singularity_lab.calibration.probes import DECOY, SCALED, SPHERE, probes
from singularity_lab.calibration.row_sets import row_set
from singularity_lab.catalog.loss import loss as loss_of
from singularity_lab.errors import BadInput
from tests.calibration.planted import SPHERE_ROW, probe_of


def test_the_sphere_has_no_name():
    assert SPHERE_ROW.id == SPHERE
    assert SPHERE_ROW.shown == ""
    with pytest.raises(BadInput, match="rows"):
        plan("hessian", [SPHERE_ROW, SPHERE_ROW], 1)


def test_the_probes_of_a_set_are_proved_and_hidden():
    rows = row_set("quick").rows
    found = {row.id: row for row in probes(rows, 5)}
    assert list(found) == [SPHERE, SCALED, DECOY]
    assert found[DECOY].shown in {r.id for r in rows}
    base = next(r for r in rows if r.id == found[SCALED].probe)
    ratio = loss_of(found[SCALED].problem).value(torch.full((1, base.dimension), 2.0).double())
    plain = loss_of(base.problem).value(torch.full((1, base.dimension), 2.0).double())
    assert float(plain[0]) > 0
    assert float(ratio[0] / plain[0]) != pytest.approx(1.0, abs=0.1)
    others = [r.id for r in probes(rows, 6)]
    assert others == list(found)
    assert any(probes(rows, k)[2].shown != found[DECOY].shown for k in range(6, 12))


def test_a_decoy_has_the_name_of_a_row_with_another_value():
    """1/3 is read for 71/210 by who rounds to small fractions: it is never the name's."""
    rows = [*map(probe_of, ("ade-d4", "bp-2-3"))]
    assert {probes(rows, secret)[2].shown for secret in range(8)} == {"bp-2-3"}
    assert [r.id for r in probes(rows[:1], 0)] == [SPHERE, SCALED]
