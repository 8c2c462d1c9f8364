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
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, Spectroscope
from singularity_lab.spectroscopes.devices import llc_side_by_side
from singularity_lab.spectroscopes.long_run import LongRun, running
from singularity_lab.spectroscopes.losses.protocol import Loss, require_loss
from singularity_lab.spectroscopes.meter import Budget, peak_memory, versions
from singularity_lab.spectroscopes.reading import BadLoss, Cost, Outcome, Reading
from singularity_lab.spectroscopes.registry import REGISTERED, find_device, known_devices
from singularity_lab.system.scalars import integer
from singularity_lab.system.stopwatch import Stopwatch

__all__ = [
    "known_devices",
    "measure",
    "measure_each",
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
    seed: int = 0,
    budget: Budget | float | None = None,
    evaluations: float | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 60.0,
    progress: Callable[[float, str], None] | None = None,
    **settings: Any,
) -> Reading:
    """Return the reading of a device at a loss.

    device: a name from :func:`known_devices`, a :class:`Device` record, or a function with the
    signature of :class:`Spectroscope`. loss: a Loss; ``singularity_lab.measure`` also takes what
    :func:`~singularity_lab.catalog.loss.loss` makes one of (``"x^2 - y^3"`` is K = (x² − y³)², as
    for the command), with its arguments ``at``, ``convention`` and so on.
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
    require_loss(loss)
    number = integer(seed)
    if number is None or number < 0:
        raise BadInput(f"seed: expected an integer ≥ 0, received {seed!r}")
    seed = number
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
            return _of_bad_loss(error, name, loss, settings, seed, watch.seconds)


def _of_bad_loss(
    error: BadLoss, name: str, loss: Loss, settings: Mapping[str, Any], seed: int, seconds: float
) -> Reading:
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
        cost=Cost(evaluations, gradients, seconds, peak_memory()),
        versions=versions(),
    )


def measure_each(
    device: str,
    losses: Sequence[Loss],
    /,
    *,
    seeds: Sequence[int],
    settings: Sequence[Mapping[str, Any]],
    budget: Budget | float | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> list[Reading]:
    """Return the readings of a device at several losses, each with its seed and settings.

    ``llc-hmc`` and ``llc-mala`` at losses of one dimension, with settings that differ in n and beta
    alone, run side by side as one batch of chains: many losses of few parameters cost little more
    than one. Each reading is that of :func:`measure` but for rounding; its seconds are its share.
    All else is measured in turn. budget: of each; CPU seconds of a batch count for all together.
    progress: as of ``measure``, over all of them. Raises BadInput as ``measure`` does, and for
    lists of unequal length.

    >>> import torch
    >>> from singularity_lab.spectroscopes.losses.function import FunctionLoss
    >>> def square(w, a):
    ...     return ((w - a) ** 2).sum(1)
    >>> at = [FunctionLoss(square, 1, center=[x], given=torch.tensor([x])) for x in (0.0, 9.0)]
    >>> short = {"burn_in": 100, "draws": 200, "chains": 16}
    >>> [abs(r.estimate.value - 0.5) < 0.1
    ...  for r in measure_each("llc-hmc", at, seeds=[0, 0], settings=[short, short])]
    [True, True]
    """
    if not len(losses) == len(seeds) == len(settings):
        raise BadInput(
            "losses, seeds, settings: expected lists of one length, received "
            f"{len(losses)}, {len(seeds)} and {len(settings)}"
        )
    alike = {repr(sorted((k, v) for k, v in x.items() if k not in ("n", "beta"))) for x in settings}
    if (
        len(losses) > 1
        and len(alike) == 1
        and device in llc_side_by_side.SETTINGS
        and device not in REGISTERED
        and llc_side_by_side.may_go_side_by_side(losses, settings[0])
    ):
        watch = Stopwatch()
        with _one_thread():
            found = llc_side_by_side.readings_side_by_side(
                device, losses, settings, seeds=seeds, budget=Budget.of(budget), progress=progress
            )
        share = watch.seconds / len(losses)
        return [
            _of_bad_loss(r, device, loss, s, seed, share) if isinstance(r, BadLoss) else r
            for r, loss, s, seed in zip(found, losses, settings, seeds, strict=True)
        ]
    out = []
    for k, (loss, s, seed) in enumerate(zip(losses, settings, seeds, strict=True)):

        def told(share: float, word: str, k: int = k) -> None:
            if progress is not None:
                progress((k + share) / len(losses), word)

        out.append(measure(device, loss, seed=seed, budget=budget, progress=told, **s))
    return out
