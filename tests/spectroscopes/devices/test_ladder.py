"""Settings of an annealing ladder."""

from __future__ import annotations

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.devices.anneal import sample
from singularity_lab.spectroscopes.devices.ladder import LadderSettings, resolved_settings
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from tests.spectroscopes.germs import crossing


@pytest.mark.parametrize(
    "settings", [{"sigma": -1}, {"particles": 5}, {"replicates": 1}, {"ess": 2}, {"unknown": 1}]
)
def test_bad_settings_are_named(settings):
    with pytest.raises(BadInput):
        measure("anneal", crossing(1, 1), seed=0, **settings)


def test_defaults_depend_on_the_dimension():
    assert (
        resolved_settings(
            LadderSettings(), MatrixProductLoss.random([30, 30, 30], seed=0)
        ).particles
        == 1
    )
    assert resolved_settings(LadderSettings(), crossing(1, 1)).particles > 1
    s = resolved_settings(LadderSettings(sigma=0.1), MatrixProductLoss.random([30, 30, 30], seed=0))
    assert s.sigma == 0.1
    assert callable(sample)
