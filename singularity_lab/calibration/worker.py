"""A worker of a calibration: reads tasks (JSON lines) on its input, measures, stores, says which
key is done.

    main(FOLDER)

It writes a shard of its own and syncs each record before it takes the next task. A refusal
(BadInput of a device, say) is a record like any other. Anything unexpected ends the process with
its traceback: the parent keeps that as the reason, so that a device that crashes, runs out of
memory or segfaults is one failed row.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from singularity_lab.calibration.design import Arm
from singularity_lab.calibration.estimators import EstimatorFailed, as_device, torch_estimator
from singularity_lab.calibration.record_store import RecordStore, StoredRecord
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Cost, Reading

__all__ = ["failure", "perform"]

FAILED = "failed"  # the device refused, or the loss could not be built


def perform(message: Mapping[str, Any], arm: Arm | None = None) -> StoredRecord:
    """Carry out one task (:meth:`~singularity_lab.calibration.design.Task.message`) and return its
    record.

    arm: the arm itself, when it lives in this process only.
    """
    arm = arm or Arm(message["device"], message["settings"], message["arm"])
    limits = {k: math.inf if v is None else v for k, v in message["budget"].items()}
    row = dict(message["row"])
    shown = row.pop("shown")
    source = json.dumps(row)
    try:
        device: Any = arm.resolve()
        if arm.outside:
            models = _models(source, message["seed"]) if _wants_model(device) else None
            device = as_device(device, message["arm"], shown, models)
        reading = measure(
            device,
            _loss(source),
            seed=message["seed"],
            budget=Budget(**limits),
            **message["settings"],
        )
    except EstimatorFailed as error:
        return failure(message, FAILED, str(error), error.cost)
    except SingularityLabError as error:
        return failure(message, FAILED, f"{type(error).__name__}: {error}")
    return _record(message, reading)


def _wants_model(device: Any) -> bool:
    return isinstance(device, torch_estimator)


def _models(source: str, seed: int) -> Any:
    """The row as a torch module with data."""
    import msgspec

    from singularity_lab.calibration.twins import module_twin
    from singularity_lab.catalog.entry import Entry
    from singularity_lab.exact.proof.certificate import polynomial_problem_from_json

    row = json.loads(source)
    entry = msgspec.convert(row["entry"], Entry) if row["entry"] else None
    problem = polynomial_problem_from_json(row["problem"]) if row["problem"] else None
    return module_twin(problem, entry, seed)


@lru_cache(maxsize=4)
def _loss(source: str) -> Loss:
    """The loss of a row; all that a device gets to see."""
    from singularity_lab.catalog.loss import loss

    row = json.loads(source)
    if row["entry"]:
        import msgspec

        from singularity_lab.catalog.entry import Entry

        return loss(msgspec.convert(row["entry"], Entry))
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.exact.proof.certificate import polynomial_problem_from_json

    problem = polynomial_problem_from_json(row["problem"])
    assert isinstance(problem, LocalProblem)
    return loss(problem)


def _record(message: Mapping[str, Any], reading: Reading) -> StoredRecord:
    data = reading.to_dict()
    return {
        **_head(message),
        **{name: data["estimate"][name] for name in ("value", "low", "high", "level")},
        "outcome": data["outcome"],
        "reason": data["reason"],
        **{name: data["cost"][name] for name in ("evaluations", "gradients", "cpu_seconds")},
        "multiplicity": data["multiplicity"] and json.dumps(data["multiplicity"]),
        "reported": _reported(data["diagnostics"].get("reported_cost")),
        "reading": reading.to_json(),
    }


def _reported(cost: Any) -> int | None:
    if not isinstance(cost, dict):
        return None
    return min(cost["evaluations"] + cost["gradients"], 2**63 - 1)  # what a column holds


def failure(
    message: Mapping[str, Any], outcome: str, reason: str, cost: Cost | None = None
) -> StoredRecord:
    """The record of a measurement that gave no reading: it stays in the table, with what it cost
    where that is known."""
    spent = ("evaluations", "gradients", "cpu_seconds")
    return {
        **_head(message),
        **dict.fromkeys(("value", "low", "high", "level")),
        "outcome": outcome,
        "reason": reason,
        **{name: None if cost is None else getattr(cost, name) for name in spent},
        "multiplicity": None,
        "reported": None,
        "reading": None,
    }


def _head(message: Mapping[str, Any]) -> StoredRecord:
    return {
        "key": message["key"],
        "row": message["row"]["id"],
        "arm": message["arm"],
        "device": message["device"],
        "settings": json.dumps(message["settings"], sort_keys=True),
        "seed": message["seed"],
        "allowed": message["budget"]["evaluations"],
        "version": message["version"],
        "written": time.time(),
    }


def main(folder: str) -> None:
    """Work until the input ends. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(1), "w") as reply:
        os.dup2(2, 1)  # what a device prints does not disturb the replies
        if not Path(folder).is_dir():
            raise BadInput(f"folder: there is no folder {folder!r}")
        with RecordStore(folder).shard() as shard:
            print("ready", file=reply, flush=True)
            for line in sys.stdin:
                message = json.loads(line)
                shard.append(perform(message))
                print(message["key"], file=reply, flush=True)
