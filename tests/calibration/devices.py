"""Devices for the tests of calibration, importable by worker processes: right, biased, refusing,
crashing."""

from __future__ import annotations

import os
import signal
import sys

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.reading import Cost, Estimate, Outcome, Reading


def _reading(name, loss, value, seed, settings, m=None):
    return Reading(
        device=name,
        loss_id=loss.loss_id,
        dim=loss.dim,
        settings=settings,
        seed=seed,
        estimates={"lambda": Estimate(value, value - 0.1, value + 0.1, 0.9)},
        multiplicity=m,
        outcome=Outcome.OK,
        reason="",
        cost=Cost(loss.dim, 0, 0.0, 0),
        versions={},
    )


def half_dimension(loss, *, seed, budget, **settings):
    """Reads d/2, plus the seed in thousandths; prints, which must disturb nobody."""
    print("a device that talks")
    return _reading("half_dimension", loss, loss.dim / 2 + seed / 1000, seed, settings, {1: 1.0})


def refuse(loss, *, seed, budget, **settings):
    """Refuses losses of two parameters."""
    if loss.dim == 2:
        raise BadInput("loss: two parameters are one too many")
    return _reading("refuse", loss, 0.5, seed, settings)


def crash(loss, *, seed, budget, **settings):
    """Has a bug."""
    return loss.no_such_thing


def killed(loss, *, seed, budget, **settings):
    """Dies as if the system had run out of memory, so many times, which a file counts."""
    with open(settings["flag"], "a+") as file:
        file.write("x")
        died = file.tell() - 1
    if died < settings.get("times", 2):
        print("not its last words", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGKILL)
    return _reading("killed", loss, 0.5, seed, settings)


def ends(loss, *, seed, budget, **settings):
    """Ends its process without a word."""
    os._exit(7)


def talks(loss, *, seed, budget, **settings):
    """Says something else than what it died of, as it did not die."""
    print("this was said by another task", file=sys.stderr)
    return _reading("talks", loss, 0.5, seed, settings)


def slow(loss, *, seed, budget, **settings):
    """Takes its time."""
    import time

    time.sleep(settings.get("seconds", 0.2))
    return _reading("slow", loss, 0.5, seed, settings)


def noted(loss, *, seed, budget, folder, seconds):
    """Takes its time, and leaves a file in ``folder`` each time that it has been carried out."""
    import secrets
    import time

    import numpy

    time.sleep(seconds)
    row = float(loss.value(numpy.array([[2.0, 3.0]]))[0])  # two rows have no name, but two losses
    name = f"{row:g}-{seed}.{secrets.token_hex(4)}.done"
    with open(os.path.join(folder, name), "w"):
        pass
    return 0.5 + seed, 0.1
