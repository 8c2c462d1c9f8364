"""The local learning coefficient by the Metropolis-adjusted Langevin algorithm. Roberts and Tweedie
1996."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.llc import plot
from singularity_lab.spectroscopes.devices.llc_adjusted import measure_adjusted
from singularity_lab.spectroscopes.devices.tempered import check_settings
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading


@dataclass(frozen=True)
class MalaSettings:
    """The target, the chains, and the histogram of steps, whose weights are learned in burn-in.

    A chain from w* takes long to walk outwards along a valley and reads low; one that was heated
    and cools lags behind and reads high: what they disagree on has not mixed.
    """

    n: float = setting(10_000.0, "sample size, above 1")
    beta: float | None = setting(None, "inverse temperature; by default 1/log n")
    gamma: float = setting(1.0, "strength of the localisation around w*")
    chains: int = setting(256, "chains run at once, at least 2")
    burn_in: int = setting(2_000, "steps thrown away")
    draws: int = setting(4_000, "steps averaged, at least 8")
    scales: int = setting(20, "step sizes, log-spaced from smallest to largest")
    smallest: float | None = setting(
        None, "smallest ε; by default 10⁻³/(nβh), h the largest Hessian eigenvalue nearby"
    )
    largest: float | None = setting(None, "largest ε; by default 1/γ")
    heated: bool = setting(
        True,
        "whether the second half of the chains begins scattered, at a temperature where nβh is γ, "
        "and cools over three quarters of burn-in; without it all start at w*, and the reading is "
        "never ok",
    )
    keep: str = setting(
        "", '"losses" to keep the losses of the examples at every draw, for ``reading.draws``'
    )
    kept: int = setting(200, "draws of a chain that are kept at most, evenly spread")
    device: str = setting("cpu", "of torch")

    def __post_init__(self) -> None:
        check_settings(self)


def llc_mala(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """The estimate nβ(E[L] − L(w*)) with the same target as ``llc``, by Metropolis-adjusted
    Langevin steps.

    No discretisation error: what is left is the bias of the target and Monte Carlo noise. Domain
    and monomial prior belong to the target exactly. See :class:`MalaSettings`.
    """
    s = settings_of(MalaSettings, settings, "llc-mala")
    return measure_adjusted("mala", s, loss, seed, budget)


DEVICE = Device(
    name="llc-mala",
    summary="the baseline's target, sampled without discretisation error by MALA",
    scope="Says the estimate of llc with domain and prior kept exactly: what is left is Monte "
    "Carlo noise, which the interval covers, and the bias of the target, which it does not. It "
    "claims no λ and does not speak of m.",
    Settings=MalaSettings,
    run=llc_mala,
    plot=plot,
)
