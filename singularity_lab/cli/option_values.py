"""What people write after an option: points, priors, boxes, seeds, settings."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from singularity_lab.algebra.input_limits import SEED, SEEDS, integer
from singularity_lab.algebra.point_texts import pairs, parts, read_point
from singularity_lab.errors import BadInput, quoted


def point(text: str | None) -> dict[str, str] | list[str] | None:
    """``x=1,y=0`` by name, or ``1,0`` in the order of the variables.

    >>> point("1, -1/2"), point("y=sqrt(2)")
    (['1', '-1/2'], {'y': 'sqrt(2)'})
    """
    return None if text is None else read_point(text, "--at")


def box(text: str | None, option: str = "--box") -> dict[str, tuple[str | None, str | None]] | None:
    """``x=0:1,y=:2`` as intervals; an absent side is free.

    >>> box("x=0:1, y=:2")
    {'x': ('0', '1'), 'y': (None, '2')}
    """
    if text is None:
        return None
    out = {}
    for name, interval in pairs(text, option, "x=0:1,y=:2").items():
        low, colon, high = (p.strip() for p in interval.partition(":"))
        if not colon or not (low or high):
            raise BadInput(f"{option}: expected low:high for {name}, received {interval!r}")
        out[name] = (low or None, high or None)
    return out


def prior(text: str | None) -> dict[str, str] | None:
    """Exponents of the prior by name."""
    return None if text is None else pairs(text, "--prior", "x=1,y=-1/2")


def seeds(text: str) -> tuple[int, ...]:
    """``3`` (one seed), ``0,1,5`` or ``0:4`` (0, 1, 2, 3).

    >>> seeds("0:3"), seeds("7"), seeds("1,5")
    ((0, 1, 2), (7,), (1, 5))
    """
    whole = text.strip()
    if not re.fullmatch(r"[0-9]+:[0-9]+|[0-9]+([,;\s]+[0-9]+)*[,;]?", whole):
        raise BadInput(f"--seeds: expected '0:4' or '0,1,2', received {quoted(text)}")
    if ":" in whole:
        low, high = (integer(p, "--seeds", 0, SEED) for p in whole.split(":"))
        found: Sequence[int] = range(low, high)
    else:
        found = [integer(p, "--seeds", 0, SEED) for p in re.split(r"[,;\s]+", whole) if p]
    if not 0 < len(found) <= SEEDS:
        raise BadInput(f"--seeds: 1 to {SEEDS} seeds are needed, received {len(found)}")
    return tuple(found)


def rows(text: str) -> list[str]:
    """Ids of rows between commas or blanks that stand in no bracket; the parameters of a generated
    row belong to it.

    >>> rows("nc-1-1, deep_linear:widths=[2,1,2],rank=0 bp-2-3")
    ['nc-1-1', 'deep_linear:widths=[2,1,2],rank=0', 'bp-2-3']
    """
    found: list[str] = []
    for part in parts(text, ",; \t\n"):
        name, equals, _ = part.partition("=")
        if found and equals and ":" not in name and ":" in found[-1]:
            found[-1] += "," + part
        else:
            found.append(part)
    return found


def settings(given: Sequence[str]) -> dict[str, Any]:
    """``key=value`` options; values are JSON where they can be, else text.

    >>> settings(["gamma=10", "beta=null", "name=x"])
    {'gamma': 10, 'beta': None, 'name': 'x'}
    """
    out: dict[str, Any] = {}
    for text in given:
        name, equals, value = (p.strip() for p in text.partition("="))
        if not (name.isidentifier() and equals):
            raise BadInput(f"--set: expected key=value, received {text!r}")
        if name in out:
            raise BadInput(f"--set: {name} is given twice")
        try:
            out[name] = json.loads(value, parse_int=lambda t: integer(t, f"--set: {name}"))  # noqa: B023
        except json.JSONDecodeError:
            out[name] = value
        except RecursionError:
            raise BadInput(f"--set: {name} is nested too deeply: {quoted(value)}") from None
        if isinstance(out[name], float) and not math.isfinite(out[name]):
            raise BadInput(f"--set: expected a finite number for {name}, received {value}")
    return out


# -- what a shell offers when the key for completion is struck


def complete_row(incomplete: str) -> list[str]:
    """The ids of the catalog's rows that begin so.

    >>> complete_row("ade-a1")
    ['ade-a1-minus', 'ade-a10']
    """
    from singularity_lab.catalog.load import entries

    return sorted(e.id for e in entries() if e.id.startswith(incomplete))


def complete_device(incomplete: str) -> list[str]:
    """The names of the devices that begin so.

    >>> complete_device("vol")
    ['volume']
    """
    from singularity_lab.spectroscopes.registry import known_devices

    return [name for name in known_devices() if name.startswith(incomplete)]
