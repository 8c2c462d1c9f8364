"""The design of a calibration: which rows, read by which arms, with which seeds; all of it fixed
before the run.

An *arm* is a device under fixed settings; nothing is tuned to a row. The order is deterministic,
with the seeds outermost: every row is read once before any is read twice, so that an interrupted
run still covers all rows. A task is named by a hash of everything that its reading depends on.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from singularity_lab.algebra.input_limits import SEEDS
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput
from singularity_lab.exact.proof.certificate import problem_to_json
from singularity_lab.system import extras, user_modules
from singularity_lab.system.scalars import integer

if TYPE_CHECKING:
    from singularity_lab.catalog.entry import Entry
    from singularity_lab.spectroscopes.meter import Budget
    from singularity_lab.spectroscopes.reading import Reading

__all__ = [
    "CONTROL_ARMS",
    "CONTROL_ROW",
    "Arm",
    "CalibrationRow",
    "Plan",
    "Task",
    "arms_of",
    "control_plan",
    "plan",
]


@dataclass(frozen=True)
class CalibrationRow:
    """A loss at a point, as calibration sees it. entry: None for a problem that is not of the
    catalog. beside: what else is said of it in tables, pairs of name and value. shown: the name
    that an outside estimator sees. probe: of a row that the harness added, what it is for.
    """

    id: str
    family: str
    dimension: int
    problem: LocalProblem | None  # None: the loss of the entry is no polynomial
    tags: tuple[str, ...] = ()
    entry: Entry | None = None
    beside: tuple[tuple[str, str], ...] = ()
    shown: str = "hidden"
    probe: str = ""

    @classmethod
    def of(cls, item: str | Entry | LocalProblem | CalibrationRow) -> CalibrationRow:
        """From an id of the catalog, an entry, or a local problem (which becomes a row of its
        own)."""
        if isinstance(item, CalibrationRow):
            return item
        if isinstance(item, LocalProblem):
            return cls(_problem_name(item), "unlisted", len(item.variables), item)
        if isinstance(item, str):
            from singularity_lab.catalog.load import load

            item = load(item)
        from singularity_lab.catalog.entry import Entry

        if not isinstance(item, Entry):
            raise BadInput(
                "rows: the name of a set, ids, entries or local problems are needed, "
                f"received {str(item)[:80]!r}"
            )
        problem = item.problem() if item.polynomial else None
        return cls(item.id, item.family, item.dimension, problem, tuple(item.tags), item)

    @property
    def is_probe(self) -> bool:
        """True for a row that the harness added to a set."""
        return self.family == "probes" or bool(self.probe)

    def source(self) -> dict[str, Any]:
        """What a worker needs to build the loss: plain JSON, without what does not bear on it."""
        entry = None
        if self.entry is not None:
            import msgspec

            said = ("claim", "note", "reading", "scope", "tags", "title")
            fields = msgspec.to_builtins(self.entry)
            entry = {k: v for k, v in fields.items() if k not in said}
        problem = None if self.problem is None else problem_to_json(self.problem)
        return {"id": self.id, "entry": entry, "problem": problem}


def _problem_name(problem: LocalProblem) -> str:
    """The generators, with the point, prior and constraints where there are any: two problems have
    two names.

    >>> _problem_name(LocalProblem.build("x*y", at={"x": 1}, prior={"y": 2}))
    '(x*y) at x = 1, prior |y|^2'
    """
    from singularity_lab.exact.engine.result import describe_loss

    document = problem_to_json(problem)
    name = f"({', '.join(document['generators'])})"
    if len(name) <= 62:
        if problem.convention == "loss":
            name = f"K = {name[1:-1]}"
        where = describe_loss(problem).partition(" at ")[2]
        name += f" at {where}".replace(" at the origin", "")
        plain = LocalProblem.build(document["generators"]).variables
        if problem.variables != plain:
            name += f" in {', '.join(problem.variables)}"
    return name if len(name) <= 120 else f"problem-{_digest(document)[:16]}"


@dataclass(frozen=True)
class Arm:
    """A device under settings that do not change from row to row.

    device: a name known to ``measure``, or ``module:function``. label: its name in tables.
    function: the device itself, when it was passed in. version: of its code as a store has it,
    which spares importing it; "" where its code is to be asked.
    """

    device: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    function: Callable[..., Reading] | None = field(default=None, compare=False)
    version: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", dict(self.settings))
        if not self.label:
            object.__setattr__(self, "label", self.device)
        try:
            json.dumps(self.settings, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise BadInput(f"settings: JSON values are needed for {self.device}: {error}") from None

    @property
    def control(self) -> bool:
        """True for a negative control, which is kept because it fails."""
        from singularity_lab.spectroscopes.registry import known

        return self.device in known() and bool(known()[self.device].fails)

    @classmethod
    def of(cls, device: Any) -> Arm:
        """From an Arm, a name, a function, or a pair (name or function, settings).

        >>> Arm.of(("llc", {"gamma": 10})).settings
        {'gamma': 10}
        """
        settings: Mapping[str, Any] = {}
        if isinstance(device, Arm):
            return device
        if isinstance(device, tuple) and len(device) == 2 and isinstance(device[1], Mapping):
            device, settings = device
        if isinstance(device, str):
            return cls(device, settings)
        if callable(device):
            name = f"{device.__module__}:{getattr(device, '__qualname__', repr(device))}"
            return cls(name, settings, getattr(device, "__name__", type(device).__name__), device)
        raise BadInput(
            "devices: a name, a function or a pair (device, settings) is needed, "
            f"received {device!r}"
        )

    @property
    def outside(self) -> bool:
        """True for an estimator that is not of this package: its loss has no name, its cost is
        counted, and it is watched (:mod:`.estimators`)."""
        from singularity_lab.spectroscopes.registry import known

        if self.function is not None:
            module = getattr(getattr(self.function, "run", self.function), "__module__", "")
        else:
            home = known()[self.device].home if self.device in known() else self.device
            module = home.partition(":")[0]
        return not f"{module}.".startswith("singularity_lab.")

    def resolve(self) -> Callable[..., Reading] | str:
        """The function itself, or the name of a device of this package. Raises BadInput if there is
        none."""
        if self.function is not None:
            return self.function
        if ":" in self.device:
            return self._imported()
        if self.outside:
            from singularity_lab.spectroscopes.registry import find_device

            return cast("Callable[..., Reading]", find_device(self.device))
        return self.device

    def _imported(self) -> Callable[..., Reading]:
        from singularity_lab.calibration.estimators import takes, torch_estimator

        found = user_modules.find(self.device, "device")
        takes(found, self.settings, 2 if isinstance(found, torch_estimator) else 1)
        return cast("Callable[..., Reading]", found)

    def check(self) -> None:
        """Raise BadInput for what no row can be read with: a device that there is not, settings
        that it refuses whatever the loss is, a function of other arguments."""
        extras.require("calibrate", "torch")
        from singularity_lab.calibration.estimators import takes, torch_estimator
        from singularity_lab.spectroscopes.device import Device
        from singularity_lab.spectroscopes.registry import check_settings, find_device

        found: Any = self.function
        if found is None:
            found = self._imported() if ":" in self.device else find_device(self.device)
        if isinstance(found, Device):
            check_settings(found, self.settings)
        elif self.outside:
            takes(found, self.settings, 2 if isinstance(found, torch_estimator) else 1)

    def portable(self) -> str:
        """The device as a name that another process understands. Raises BadInput if there is
        none."""
        from singularity_lab.spectroscopes.registry import (
            REGISTERED,
            known_devices,
            unknown_device,
        )

        name = self.device
        if self.function is None and ":" not in name:
            known = known_devices()
            if name not in known:
                raise unknown_device(name)
            if name not in REGISTERED:
                return name
            name = known[name]
        if self.function is None and self.device == name:
            self._imported()
            return name
        try:
            same = self.function is None or Arm(name)._imported() is self.function
        except BadInput:
            same = False
        if name.startswith("__main__:") or not same:
            raise BadInput(
                f"devices: {self.label} cannot be imported by another process; "
                "put it in a module, or measure in this process with workers=0"
            )
        return name

    def code(self) -> str:
        """The version of the device: a hash of the code that its readings depend on
        (:mod:`.versions`)."""
        if self.version:
            return self.version
        from singularity_lab.calibration import versions
        from singularity_lab.spectroscopes.registry import known

        if self.outside:
            from singularity_lab.calibration.estimators import source_file

            function = self.resolve()
            return versions.of_function(function, source_file(function))
        if self.function is not None:
            run = getattr(self.function, "run", self.function)
            return versions.of_module(str(getattr(run, "__module__", "")))
        home = known()[self.device].home if self.device in known() else self.device
        if ":" not in home:
            return ""  # no such device: whoever measures says so
        return versions.of_module(home.partition(":")[0])


@dataclass(frozen=True)
class Task:
    """One measurement: a row, an arm, a seed; ``key`` names it by content."""

    key: str
    row: CalibrationRow
    arm: Arm
    seed: int
    budget: Budget
    version: str = ""  # of the arm's code

    def message(self, *, here: bool = False) -> dict[str, Any]:
        """The task as JSON for a worker; with ``here`` for this process, where any device will
        do."""
        limits = {
            name: limit if math.isfinite(limit) else None
            for name, limit in dataclasses.asdict(self.budget).items()
        }
        return {
            "key": self.key,
            "row": {**self.row.source(), "shown": self.row.shown},
            "device": self.arm.device if here else self.arm.portable(),
            "arm": self.arm.label,
            "settings": dict(self.arm.settings),
            "seed": self.seed,
            "budget": limits,
            "version": self.version,
        }


@dataclass(frozen=True)
class Plan:
    """Rows × arms × seeds, with the limits of one measurement."""

    rows: tuple[CalibrationRow, ...]
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    budget: Budget

    def tasks(self) -> list[Task]:
        """All measurements, in the order in which they are made."""
        from singularity_lab.spectroscopes.meter import versions

        code = {arm.label: arm.code() for arm in self.arms}
        used = versions()
        return [
            Task(
                _digest(
                    {
                        "row": row.source(),
                        "shown": row.shown,
                        "device": arm.device,
                        "settings": dict(arm.settings),
                        "seed": seed,
                        "budget": str(self.budget),
                        "versions": used,
                        "code": code[arm.label],
                    }
                ),
                row,
                arm,
                seed,
                self.budget,
                code[arm.label],
            )
            for seed in self.seeds
            for row in self.rows
            for arm in self.arms
        ]


def plan(
    devices: Any,
    rows: str
    | Entry
    | LocalProblem
    | CalibrationRow
    | Iterable[str | Entry | LocalProblem | CalibrationRow],
    seeds: int | Iterable[int],
    budget: Budget | float | None = None,
    evaluations: float | None = None,
) -> Plan:
    """A plan from what people write.

    devices: one or several of: a name, a function, a pair (device, settings), an :class:`Arm`.
    rows: ids, entries or local problems. seeds: integers ≥ 0, or how many (0 … n − 1). budget:
    CPU seconds of one measurement; evaluations: how many of K and ∇K it may take; None for no
    limit. Raises BadInput for nothing to do, a row or an arm given twice, unknown names, and
    settings that a device refuses whatever the loss is.

    >>> p = plan("hessian", LocalProblem.build("x^2 - y^3"), 2)
    >>> [(t.row.id, t.arm.label, t.seed) for t in p.tasks()]
    [('(-y^3 + x^2)', 'hessian', 0), ('(-y^3 + x^2)', 'hessian', 1)]
    """
    extras.require("calibrate", "torch")
    from singularity_lab.spectroscopes.meter import Budget

    arms = arms_of(devices)
    for arm in arms:
        arm.check()
    one_row = isinstance(rows, str | LocalProblem | CalibrationRow) or not isinstance(
        rows, Iterable
    )
    members = tuple(CalibrationRow.of(r) for r in cast("list[Any]", [rows] if one_row else rows))
    numbers = _seeds(seeds)
    parts: dict[str, list[Any]] = {
        "devices": [a.label for a in arms],
        "rows": [r.id for r in members],
        "seeds": list(numbers),
    }
    for what, given in parts.items():
        if not given:
            raise BadInput(f"{what}: at least one is needed, received none")
        twice = sorted({str(x) for x in given if given.count(x) > 1})
        if twice:
            hint = " (give its arms different labels)" if what == "devices" else ""
            raise BadInput(f"{what}: each may appear once, received twice: {twice[0]}{hint}")
    return Plan(members, arms, numbers, Budget.of(budget, evaluations))


def _seeds(given: Any) -> tuple[int, ...]:
    """The seeds that were listed, or as many as were asked for."""
    count = integer(given)
    if count is not None:
        given = count
        if given > SEEDS:
            raise BadInput(f"seeds: at most {SEEDS} are measured, received {str(given)[:80]}")
        if given < 1:
            raise BadInput(f"seeds: at least one is needed, received {given}")
        return tuple(range(given))
    listed = isinstance(given, Iterable) and not isinstance(given, str)
    numbers = tuple(given) if listed else (given,)
    for seed in numbers:
        if (integer(seed) or 0) < 0 or integer(seed) is None or not listed:
            raise BadInput(f"seeds: integers >= 0, or how many, are needed, received {seed!r}")
        if seed >= 2**63:
            raise BadInput(f"seeds: integers below 2^63 are needed, received {str(seed)[:80]}")
    return tuple(map(int, numbers))


def arms_of(devices: Any) -> tuple[Arm, ...]:
    """The arms that one or several devices make, as :func:`plan` takes them."""
    several = isinstance(devices, Sequence) and not isinstance(devices, str)
    if several and len(devices) == 2 and isinstance(devices[1], Mapping):
        several = False
    return tuple(Arm.of(d) for d in (devices if several else [devices]))


# The negative controls: coordinate samplers in the curved valley of the binomial mixture (λ = 3/4,
# m = 1), and beside them the same law sampled by moves of all coordinates, and by MALA.
CONTROL_ROW = "program-binomial-mixture-2"
CONTROL_ARMS = (
    Arm("coordinate-walk", {"n": 1e6}),
    Arm("coordinate-slice", {"n": 1e10, "chains": 32, "burn_in": 20, "draws": 40}),
    Arm("joint-walk", {"n": 1e6, "burn_in": 400, "draws": 800}),
    Arm("llc-mala", {"n": 1e6}),
)


def control_plan(seeds: int | Iterable[int] = 1) -> Plan:
    """The plan of the negative controls: :data:`CONTROL_ARMS` on :data:`CONTROL_ROW`.

    >>> [(arm.label, arm.control) for arm in control_plan().arms][1:3]
    [('coordinate-slice', True), ('joint-walk', False)]
    """
    return plan(CONTROL_ARMS, [CONTROL_ROW], seeds)


def _digest(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
