"""The local learning coefficient by Hamiltonian Monte Carlo. Duane, Kennedy, Pendleton and Roweth
1987; Neal 2011."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.llc import plot
from singularity_lab.spectroscopes.devices.llc_adjusted import measure_adjusted
from singularity_lab.spectroscopes.devices.llc_mala import MalaSettings
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading


@dataclass(frozen=True)
class HmcSettings(MalaSettings):
    """As :class:`MalaSettings`, for trajectories: a draw costs (leapfrogs + 1)/2 gradients a
    chain."""

    burn_in: int = setting(400, "trajectories thrown away")
    draws: int = setting(800, "trajectories averaged, at least 8")
    scales: int = setting(16, "leapfrog steps, log-spaced from smallest to largest")
    smallest: float | None = setting(
        None, "smallest leapfrog step; by default √ of that of llc-mala"
    )
    largest: float | None = setting(None, "largest leapfrog step; by default γ^(−1/2)")
    leapfrogs: int = setting(10, "largest length of a trajectory; lengths are uniform")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.leapfrogs < 1:
            raise BadInput(f"leapfrogs: expected at least 1, received {self.leapfrogs}")


def llc_hmc(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """As ``llc-mala``, by Hamiltonian trajectories: fewer, longer steps. See :class:`HmcSettings`.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("llc-hmc", square, seed=0, burn_in=100, draws=200)
    >>> abs(r.estimates["llc"].value - 0.5) < 0.03
    True
    """
    s = settings_of(HmcSettings, settings, "llc-hmc")
    return measure_adjusted("hmc", s, loss, seed, budget)


DEVICE = Device(
    name="llc-hmc",
    summary="the baseline's target, sampled without discretisation error by Hamiltonian "
    "trajectories",
    scope="Says the estimate of llc, as llc-mala does, by fewer and longer steps. It claims no λ "
    "and does not speak of m.",
    Settings=HmcSettings,
    run=llc_hmc,
    plot=plot,
)
