"""Spectroscope, Reading, measure: one verb for every device, one result that can be repeated from
itself.

A spectroscope is a function ``device(loss, *, seed, budget, **settings) -> Reading``. It sees a
:class:`~singularity_lab.spectroscopes.losses.protocol.Loss` and nothing else: never the exact
answer. Third-party devices join by the entry-point group ``singularity_lab.spectroscopes`` or are
passed to :func:`measure` as a function.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, Spectroscope
from singularity_lab.spectroscopes.long_run import LongRun, running
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, peak_memory, versions
from singularity_lab.spectroscopes.reading import BadLoss, Cost, Outcome, Reading
from singularity_lab.spectroscopes.registry import find_device, known_devices
from singularity_lab.system.stopwatch import Stopwatch

__all__ = [
    "known_devices",
    "measure",
]


def check_device(device: Any, name: str, settings: Mapping[str, Any]) -> None:
    """Raise BadInput for what cannot be called as a device with these settings."""
    try:
        inspect.signature(device).bind(None, seed=0, budget=None, **settings)
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"device: a function (loss, *, seed, budget, **settings) is needed, {name} is none: "
            f"{error}"
        ) from None


# ------------------------------------------------------------------------------------------ measure


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """One intra-op thread: sums then have one order, so a reading does not depend on the thread
    count."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def measure(
    device: str | Spectroscope,
    loss: Loss,
    /,
    *,
    seed: int,
    budget: Budget | float | None = None,
    evaluations: float | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 60.0,
    progress: Callable[[float, str], None] | None = None,
    **settings: Any,
) -> Reading:
    """Return the reading of a device at a loss.

    device: a name from :func:`known_devices`, a :class:`Device` record, or a function with the
    signature of :class:`Spectroscope`.
    seed: integer ≥ 0; the same seed gives the same reading bit for bit, whatever the number of
    threads. budget: CPU seconds (then the reading depends on the machine), or a :class:`Budget`
    with both limits. evaluations: of K and ∇K, a limit that does not. checkpoint: a file in which a
    long run keeps its state every ``checkpoint_every`` CPU seconds; the same call goes on from it,
    to the same reading bit for bit, also with a larger budget. progress: called with the share
    that is done and a word. settings: of the device, among them ``device`` of torch ("cuda") where
    it has one; unknown names raise BadInput. A loss that breaks the rules (NaN, negative, constant,
    …) gives a reading with the outcome ``bad loss``. Raises BadInput for what is no loss, an
    unknown device, or wrong shapes.

    >>> from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
    >>> loss = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x^2+y^2")
    >>> print(measure("hessian", loss, seed=0).lambda_.value)
    1.0
    """
    if isinstance(loss, torch.nn.Module):
        raise BadInput(
            "loss: expected a Loss, received a torch module; network_loss(model, data, criterion) "
            "makes one, and llc(model, data, criterion) reads it in one call"
        )
    if not isinstance(loss, Loss):
        raise BadInput(
            f"loss: expected value, value_and_grad, dim, center, …, received {type(loss).__name__}"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BadInput(f"seed: expected an integer ≥ 0, received {seed!r}")
    name = device if isinstance(device, str) else getattr(device, "__name__", "device")
    record = find_device(device) if isinstance(device, str) else Device.of(device, name)
    function, name = record.run, record.name
    check_device(function, name, settings)
    limits = Budget.of(budget, evaluations)
    watch = Stopwatch()
    if not (math.isfinite(checkpoint_every) and checkpoint_every >= 0):
        raise BadInput(f"checkpoint_every: expected CPU seconds ≥ 0, received {checkpoint_every!r}")
    identity = repr((name, loss.loss_id, loss.center.tolist(), sorted(settings.items()), seed))
    run = LongRun(
        path=None if checkpoint is None else Path(checkpoint),
        every=checkpoint_every,
        progress=progress,
        key=hashlib.sha256(identity.encode()).hexdigest(),
    )
    with _one_thread(), running(run):
        try:
            reading = function(loss, seed=seed, budget=limits, **settings)
            if not isinstance(reading, Reading):
                raise BadInput(
                    f"device: a Reading is needed, {name} returned a {type(reading).__name__}"
                )
            return reading
        except BadLoss as error:
            evaluations, gradients = error.args[1] if len(error.args) > 1 else (0, 0)
            return Reading(
                device=name,
                loss_id=loss.loss_id,
                dim=loss.dim,
                settings=settings,
                seed=seed,
                estimates={},
                multiplicity=None,
                outcome=Outcome.BAD_LOSS,
                reason=str(error.args[0]),
                cost=Cost(evaluations, gradients, watch.seconds, peak_memory()),
                versions=versions(),
            )
