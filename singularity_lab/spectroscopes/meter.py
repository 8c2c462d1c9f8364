"""Budgets and what a measurement spends: evaluations, seconds, memory."""

from __future__ import annotations

import importlib.metadata
import math
import platform
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, SupportsFloat

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.reading import BadLoss, Cost, Estimate, Outcome, Reading
from singularity_lab.system.stopwatch import Stopwatch


@dataclass(frozen=True)
class Budget:
    """Limits of one measurement. ``evaluations`` counts points at which K or ∇K is computed, and
    is deterministic; ``cpu_seconds`` stops a run that is slow, and then the reading depends on the
    machine."""

    evaluations: float = math.inf
    cpu_seconds: float = math.inf

    @classmethod
    def of(cls, budget: Budget | float | None, evaluations: float | None = None) -> Budget:
        """Both limits, from a number of CPU seconds and one of evaluations; None: no limit.

        Raises BadInput for limits <= 0, and for evaluations beside a Budget.

        >>> Budget.of(60, 1e6)
        Budget(evaluations=1000000.0, cpu_seconds=60.0)
        """
        if isinstance(budget, Budget):
            if evaluations is not None:
                raise BadInput("evaluations: a Budget has its own")
            out = budget
        else:
            for name, limit in (("budget", budget), ("evaluations", evaluations)):
                if isinstance(limit, bool | str) or not isinstance(limit, SupportsFloat | None):
                    raise BadInput(f"{name}: a number or None is needed, received {limit!r}")
            out = cls(
                math.inf if evaluations is None else float(evaluations),
                math.inf if budget is None else float(budget),
            )
        if not (out.evaluations > 0 and out.cpu_seconds > 0):
            raise BadInput(f"budget, evaluations: expected positive limits, received {out}")
        return out


class BudgetSpent(Exception):
    """Raised inside a device when the budget is used up; the device turns it into an outcome."""


def versions() -> dict[str, str]:
    """Versions that a reading depends on."""
    try:
        package = importlib.metadata.version("singularity_lab")
    except importlib.metadata.PackageNotFoundError:
        package = "uninstalled"
    return {
        "singularity_lab": package,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def peak_memory() -> int:
    """Peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


class Meter:
    """A loss seen through a counter: K relative to its value at the centre, at displacements u = w
    − w*.

    Counts evaluations against the budget (raises :class:`BudgetSpent`), checks shapes once, and
    rejects a centre at which the loss is not finite.  ``k(u)`` and ``k_and_grad(u)`` take (c, d).
    ``scale`` is |loss(w*)|: rounding of the subtraction is about 2⁻⁵²·scale, which is zero when
    loss(w*) = 0.
    """

    def __init__(self, loss: Loss, budget: Budget) -> None:
        self.loss = loss
        self.budget = budget
        self.evaluations = 0
        self.gradients = 0
        self._watch = Stopwatch()
        center = loss.center.to(torch.float64)
        if center.shape != (loss.dim,):
            raise BadInput(f"center: expected shape ({loss.dim},), received {tuple(center.shape)}")
        self._center = center
        self._single: Tensor | None = None
        self._local = getattr(loss, "local_value", None)
        self._local_grad = getattr(loss, "local_value_and_grad", None)
        self.offset = 0.0
        self.exact_near_center = self._local is not None
        at_center = self.k(torch.zeros((1, loss.dim), dtype=torch.float64))
        self.offset = float(at_center[0])
        if not math.isfinite(self.offset):
            raise BadLoss(f"the loss at the centre is {self.offset}", self.counts())
        self.scale = abs(self.offset)

    def counts(self) -> tuple[int, int]:
        """Evaluations and gradients so far."""
        return self.evaluations, self.gradients

    def reading(
        self,
        device: str,
        settings: Any,
        seed: int,
        estimates: Mapping[str, Estimate],
        outcome: Outcome,
        reason: str,
        diagnostics: Mapping[str, Any],
        multiplicity: Mapping[int, float] | None = None,
    ) -> Reading:
        """The reading of a device that has looked at the loss through this counter.

        settings: a dataclass, with every default resolved. A network or a function is marked
        ``uncalibrated``: no row with a proved value stands behind a reading of it.
        """
        if self.loss.kind in ("module", "function"):
            diagnostics = {**diagnostics, "regime": "uncalibrated"}
        return Reading(
            device=device,
            loss_id=self.loss.loss_id,
            dim=self.loss.dim,
            settings=asdict(settings),
            seed=seed,
            estimates=estimates,
            multiplicity=multiplicity,
            outcome=outcome,
            reason=reason,
            cost=self.cost(),
            diagnostics=diagnostics,
            versions=versions(),
        )

    def state(self) -> dict[str, Any]:
        """Return what is spent, for a checkpoint."""
        return {
            "evaluations": self.evaluations,
            "gradients": self.gradients,
            "cpu_seconds": self.cpu_seconds(),
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on counting from what :meth:`state` kept."""
        self.evaluations, self.gradients = state["evaluations"], state["gradients"]
        self._watch = Stopwatch(spent=state["cpu_seconds"])

    def spent(self) -> tuple[float, str]:
        """Return the share of the budget that is used up, and of what: evaluations or CPU
        seconds."""
        shares = {
            "evaluations": (self.evaluations + self.gradients) / self.budget.evaluations,
            "CPU seconds": self.cpu_seconds() / self.budget.cpu_seconds,
        }
        name = max(shares, key=lambda name: shares[name])
        return shares[name], name

    def at(self, u: Tensor) -> Tensor:
        """The points w* + u, in single precision where loss and displacements are."""
        if u.dtype == torch.float32 == getattr(self.loss, "dtype", None):
            if self._single is None or self._single.device != u.device:
                self._single = self._center.to(u.device, torch.float32)
            return u + self._single
        if self._center.device != u.device:
            self._center = self._center.to(u.device)
        return u + self._center

    def cpu_seconds(self) -> float:
        """CPU seconds since the meter was made."""
        return self._watch.seconds

    def cost(self) -> Cost:
        """The cost so far."""
        return Cost(self.evaluations, self.gradients, self.cpu_seconds(), peak_memory())

    def _spend(self, c: int) -> None:
        if self.evaluations + self.gradients + c > self.budget.evaluations:
            raise BudgetSpent("evaluations")
        if self.cpu_seconds() > self.budget.cpu_seconds:
            raise BudgetSpent("CPU seconds")

    def _checked(self, value: Tensor, c: int) -> Tensor:
        if not isinstance(value, Tensor) or value.shape != (c,):
            got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise BadInput(
                f"loss {self.loss.loss_id}: expected values of shape ({c},), received {got}"
            )
        return value

    def spend_gradients(self, c: int) -> None:
        """Count c gradients that a device computes from parts of the loss."""
        self._spend(c)
        self.gradients += c

    def spend_values(self, c: int) -> None:
        """Count c values that a device takes of the loss's examples."""
        self._spend(c)
        self.evaluations += c

    def k(self, u: Tensor) -> Tensor:
        """K(w* + u) − K(w*) for u (c, d) → (c,)."""
        c = u.shape[0]
        self._spend(c)
        self.evaluations += c
        value = self._local(u) if self._local is not None else self.loss.value(self.at(u))
        value = self._checked(value, c)
        return value - self.offset if self.offset else value

    def counted(
        self, function: Callable[..., tuple[Tensor, Tensor]]
    ) -> Callable[..., tuple[Tensor, Tensor]]:
        """A value-and-gradient function (of a minibatch, say) that counts, relative to K(w*)."""

        def call(u: Tensor, *places: Tensor) -> tuple[Tensor, Tensor]:
            self._spend(u.shape[0])
            self.gradients += u.shape[0]
            value, grad = function(u, *places)
            return self._checked(value, u.shape[0]) - self.offset, grad

        return call

    def k_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """K(w* + u) − K(w*) and ∇K for u (c, d) → (c,), (c, d)."""
        c = u.shape[0]
        self._spend(c)
        self.gradients += c
        if self._local_grad is not None:
            value, grad = self._local_grad(u)
        else:
            value, grad = self.loss.value_and_grad(self.at(u))
        value = self._checked(value, c)
        if grad.shape != u.shape:
            raise BadInput(
                f"loss {self.loss.loss_id}: expected gradients of shape {tuple(u.shape)}, "
                f"received {tuple(grad.shape)}"
            )
        return (value - self.offset if self.offset else value), grad
