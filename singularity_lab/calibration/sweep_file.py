"""A sweep in one TOML file: rows, devices, seeds, a budget; a list of values is an axis.

rows = "standard"                 # a set by name, or a list of ids
seeds = 5                         # how many, or a list
evaluations = [1e5, 1e6]          # of K and ∇K for each measurement: one number, or an axis
budget = 60                       # CPU seconds of each measurement

[[devices]]
name = "llc"                      # of ``singlab devices``, or module:function
gamma = [1, 10]                   # any setting; a list is an axis: an arm for each value

[[devices]]
name = "mine:estimate"
label = "mine"
"""

from __future__ import annotations

import difflib
import itertools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singularity_lab.calibration.design import Arm, Plan, plan
from singularity_lab.calibration.probes import probes
from singularity_lab.calibration.row_sets import is_name
from singularity_lab.calibration.run import chosen_set, secret_of
from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.files import read_text

if TYPE_CHECKING:
    from singularity_lab.calibration.design import CalibrationRow

__all__ = ["arms_of_table", "read_sweep", "sweep_plans"]

_KEYS = ("rows", "devices", "seeds", "evaluations", "budget")


def read_sweep(path: str | Path) -> dict[str, Any]:
    """The document in a TOML file. Raises BadInput for what is none, or has unknown keys."""
    text = read_text(path, "plan")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"plan: {path} is not TOML: {error}") from None
    unknown = sorted(set(found) - set(_KEYS))
    if unknown:
        near = difflib.get_close_matches(unknown[0], _KEYS, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise BadInput(
            f"plan: no key is called {quoted(unknown[0])}{hint} There are {', '.join(_KEYS)}"
        )
    for needed in ("rows", "devices"):
        if needed not in found:
            raise BadInput(f"plan: {needed} is missing from {path}")
    return found


def sweep_plans(document: Mapping[str, Any], store: str | Path | None) -> tuple[list[Plan], str]:
    """The plans of a sweep, one for each budget of evaluations, and the name of its set of rows.

    store: the folder that keeps what is drawn (hidden rows, probes). Raises BadInput for values
    that make no sense.
    """
    arms = [arm for table in _tables(document) for arm in arms_of_table(table)]
    for arm in arms:  # before rows are drawn and proved
        arm.check()
    rows, title = _rows(document["rows"], arms, store)
    given = document.get("evaluations")
    budgets = given if isinstance(given, list) else [given]
    found = []
    for evaluations in budgets:
        if evaluations is not None and (
            isinstance(evaluations, bool) or not isinstance(evaluations, int | float)
        ):
            raise BadInput(f"plan: evaluations: numbers are needed, received {evaluations!r}")
        several = len(budgets) > 1 and evaluations is not None
        labelled = [_at(arm, evaluations) for arm in arms] if several else arms
        seeds = document.get("seeds", 1)
        found.append(plan(labelled, rows, seeds, document.get("budget"), evaluations))
    labels = [arm.label for work in found for arm in work.arms]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise BadInput(
            f"plan: evaluations: budgets are needed that differ, received twice: {twice}"
        )
    if not found:
        raise BadInput("plan: evaluations: at least one number is needed, received none")
    return found, title


def _tables(document: Mapping[str, Any]) -> list[Any]:
    tables = document["devices"]
    if isinstance(tables, str):
        tables = [tables]
    if not isinstance(tables, list) or not tables:
        raise BadInput(f"plan: devices: names or tables are needed, received {tables!r}")
    return [{"name": t} if isinstance(t, str) else t for t in tables]


def arms_of_table(table: Any) -> list[Arm]:
    """The arms of one device: one for each choice of a value on every axis.

    >>> [a.label for a in arms_of_table({"name": "llc", "gamma": [1, 10], "chains": 8})]
    ['llc gamma=1', 'llc gamma=10']
    """
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise BadInput(f"plan: devices: each needs a name, received {table!r}")
    settings = {k: v for k, v in table.items() if k not in ("name", "label")}
    label = str(table.get("label", table["name"]))
    axes = {k: v for k, v in settings.items() if isinstance(v, list)}
    for name, values in axes.items():
        if not values:
            raise BadInput(f"plan: {name} of {label}: at least one value is needed, received none")
    found = []
    for choice in itertools.product(*axes.values()):
        chosen = dict(zip(axes, choice, strict=True))
        words = "".join(f" {k}={v:g}" if _is_number(v) else f" {k}={v}" for k, v in chosen.items())
        found.append(Arm(table["name"], settings | chosen, label + words))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _at(arm: Arm, evaluations: float | None) -> Arm:
    return Arm(arm.device, arm.settings, f"{arm.label} @{evaluations:g}")


def _rows(
    given: Any, arms: list[Arm], store: str | Path | None
) -> tuple[list[CalibrationRow | str], str]:
    if isinstance(given, str) and is_name(given):
        chosen = chosen_set(given, store, "store")
        added = (
            probes(chosen.rows, secret_of(store, "store")) if any(a.outside for a in arms) else ()
        )
        return [*chosen.rows, *added], str(chosen)
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list) or not all(isinstance(r, str) for r in given):
        raise BadInput(f"plan: rows: the name of a set, or ids, are needed, received {given!r}")
    return list(given), ""
