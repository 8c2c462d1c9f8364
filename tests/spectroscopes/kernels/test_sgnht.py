"""The thermostat keeps its law, and without its momentum term does not."""

from __future__ import annotations

import math

import pytest
import torch

from singularity_lab.spectroscopes import measure
from tests.spectroscopes.germs import crossing


def test_the_thermostat_reads_the_target_and_without_its_momentum_term_does_not():
    """SGNHT on K = w² at n = 10³ within 4 %; leaving out ξ·p (negative control) reads far off."""
    from singularity_lab.spectroscopes.kernels import sgnht

    loss, n = crossing(1), 1000
    r = measure(
        "llc",
        loss,
        seed=2,
        n=n,
        sampler="sgnht",
        epsilon=2e-5,
        burn_in=3000,
        draws=6000,
        check=False,
    )
    nbeta = n / math.log(n)
    target = 0.5 * nbeta / (nbeta + 0.5)
    assert r.estimate.value == pytest.approx(target, rel=0.04)
    generator, values = torch.Generator().manual_seed(0), []
    state = sgnht.init(
        torch.zeros((128, 1), dtype=torch.float64), loss.value_and_grad, generator, friction=1.0
    )
    for t in range(9000):
        state = sgnht.step(
            state, loss.value_and_grad, h=torch.tensor(2e-5**0.5), nbeta=nbeta, gamma=1.0,
            friction=1.0, generator=generator, hold=False,
        )  # fmt: skip
        if t >= 3000:
            values.append(float(state.value.mean()))
    assert abs(nbeta * sum(values) / len(values) / target - 1) > 0.5
