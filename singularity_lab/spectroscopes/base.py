"""Spectroscope, Reading, measure: one verb for every device, one result that can be repeated from
itself.

A spectroscope is a function ``device(loss, *, seed, budget, **settings) -> Reading``. It sees a
:class:`~singularity_lab.spectroscopes.loss.Loss` and nothing else: never the exact answer.
Third-party devices join by the entry-point group ``singularity_lab.spectroscopes`` or are passed
to :func:`measure` as a function.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import hashlib
import html
import importlib
import importlib.metadata
import inspect
import io
import json
import math
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.files import write_bytes
from singularity_lab.spectroscopes.loss import Loss
from singularity_lab.spectroscopes.registry import PLOTS
from singularity_lab.spectroscopes.registry import REGISTERED
from singularity_lab.spectroscopes.registry import devices

IDENTIFIED = 0.8  # P(m) from which on a reading says that it is this m

__all__ = [
    "BadLoss",
    "Budget",
    "BudgetSpent",
    "Cost",
    "Estimate",
    "LongRun",
    "Meter",
    "Outcome",
    "Reading",
    "Spectroscope",
    "current_run",
    "devices",
    "measure",
    "register",
]


class Outcome(StrEnum):
    """How a measurement ended. Only ``ok`` claims that the interval means what it says."""

    OK = "ok"
    BIASED_TARGET = "biased target"
    NOT_MIXED = "not mixed"
    DIVERGED = "diverged"
    FLOOR = "floating-point floor"
    BUDGET = "budget"
    BAD_LOSS = "bad loss"
    NO_MINIMUM = "no minimum"


@dataclass(frozen=True)
class Estimate:
    """A number with an interval at a stated level. NaN where nothing could be said."""

    value: float
    low: float
    high: float
    level: float

    def __str__(self) -> str:
        return f"{self.value:.5g} [{self.low:.5g}, {self.high:.5g}] at {self.level:.0%}"


@dataclass(frozen=True)
class Cost:
    """K and ∇K evaluations (one per point), CPU seconds of the process, peak resident memory in
    bytes."""

    evaluations: int
    gradients: int
    cpu_seconds: float
    peak_memory: int


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
            out = cls(
                math.inf if evaluations is None else float(evaluations),
                math.inf if budget is None else float(budget),
            )
        if not (out.evaluations > 0 and out.cpu_seconds > 0):
            raise BadInput(f"budget, evaluations: expected positive limits, got {out}")
        return out


class BudgetSpent(Exception):
    """Raised inside a device when the budget is used up; the device turns it into an outcome."""


class BadLoss(Exception):
    """Raised inside a device when the loss breaks the rules; :func:`measure` turns it into an
    outcome."""


# ------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True)
class Reading:
    """One measurement: estimates with intervals, P(m), outcome, cost, diagnostics, and all that
    repeats it.

    estimates: by name, "lambda" first. multiplicity: P(m) over m ≥ 1, or None when the device does
    not speak of m. reason: the outcome in words. diagnostics: JSON values (numbers, lists, dicts).
    Two readings of one device, loss, settings and seed have equal :meth:`fingerprint`.
    """

    device: str
    loss_id: str
    dim: int
    settings: Mapping[str, Any]
    seed: int
    estimates: Mapping[str, Estimate]
    multiplicity: Mapping[int, float] | None
    outcome: Outcome
    reason: str
    cost: Cost
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def lambda_(self) -> Estimate:
        """The estimate of λ; NaN with an infinite interval when the device gave none."""
        return self.estimates.get("lambda", Estimate(math.nan, -math.inf, math.inf, 0.9))

    @property
    def estimate(self) -> Estimate:
        """What the device is for: λ where it claims one, else its first estimate (``llc``: nβ(E[L]
        − L(w*)) at one n, β, γ). NaN with an infinite interval where there is none."""
        return (
            self.lambda_
            if "lambda" in self.estimates
            else next(iter(self.estimates.values()), self.lambda_)
        )

    @property
    def ok(self) -> bool:
        """Whether the outcome is ``ok``."""
        return self.outcome is Outcome.OK

    @property
    def most_probable_multiplicity(self) -> int | None:
        """The m with the largest P(m), or None."""
        if not self.multiplicity:
            return None
        return max(self.multiplicity, key=lambda m: (self.multiplicity[m], -m))  # type: ignore[index]

    @property
    def identified_multiplicity(self) -> int | None:
        """The most probable m where P(m) ≥ 0.8; None where m is not identifiable at this depth."""
        m = self.most_probable_multiplicity
        return m if m is not None and self.multiplicity[m] >= IDENTIFIED else None  # type: ignore[index]

    # -- text
    def symbol(self, name: str) -> str:
        """How an estimate is written: λ; LLC(n, β, γ) for the field's estimate, which is another
        number at each n, β and γ; else its name."""
        if name == "llc":
            s = self.settings
            beta = s["beta"] if s["beta"] is not None else 1 / math.log(s["n"])
            return f"LLC(n = {s['n']:g}, β = {beta:.3g}, γ = {s['gamma']:g})"
        return "λ" if name == "lambda" else name

    def __str__(self) -> str:
        lines = [f"{self.device} on {self.loss_id} (d = {self.dim}): {self.outcome}"]
        if self.reason:
            lines[0] += f" — {self.reason}"
        for name, e in self.estimates.items():
            lines.append(f"  {self.symbol(name)} = {e}")
        if self.multiplicity:
            shown = ", ".join(
                f"P(m={m}) = {p:.2f}" for m, p in self.multiplicity.items() if p > 0.005
            )
            if self.identified_multiplicity is None:
                shown += ": m is not identifiable at this depth"
            lines.append(f"  {shown}")
        if self.diagnostics.get("regime"):
            lines.append(f"  {self.diagnostics['regime']}: no proved row is of this kind and size")
        c = self.cost
        lines.append(
            f"  {c.evaluations:,} K + {c.gradients:,} ∇K evaluations, "
            f"{c.cpu_seconds:.2f} CPU s, seed {self.seed}"
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [
            (html.escape(self.symbol(n)), html.escape(str(e))) for n, e in self.estimates.items()
        ]
        for m, p in (self.multiplicity or {}).items():
            rows.append((f"P(m = {m})", f"{p:.3f}"))
        rows.append(("outcome", html.escape(f"{self.outcome} {self.reason}".strip())))
        c = self.cost
        spent = f"{c.evaluations:,} K, {c.gradients:,} ∇K, {c.cpu_seconds:.2f} CPU s"
        rows.append(("cost", spent))
        body = "".join(
            f"<tr><th style='text-align:left'>{a}</th><td>{b}</td></tr>" for a, b in rows
        )
        caption = html.escape(f"{self.device} on {self.loss_id}, seed {self.seed}")
        return f"<table><caption>{caption}</caption>{body}</table>"

    # -- data
    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: ``lambda``, ``multiplicity``, ``outcome``, ``cost``, ``seed`` … ; no
        NaN (null instead)."""
        estimates = {name: dataclasses.asdict(e) for name, e in self.estimates.items()}
        out: dict[str, Any] = {
            "device": self.device,
            "loss_id": self.loss_id,
            "dim": self.dim,
            "estimate": dataclasses.asdict(self.estimate),
            "lambda": dataclasses.asdict(self.lambda_),
            "multiplicity": (
                None
                if self.multiplicity is None
                else {str(m): p for m, p in self.multiplicity.items()}
            ),
            "outcome": str(self.outcome),
            "reason": self.reason,
            "estimates": {k: v for k, v in estimates.items() if k != "lambda"},
            "cost": dataclasses.asdict(self.cost),
            "seed": self.seed,
            "settings": dict(self.settings),
            "diagnostics": dict(self.diagnostics),
            "versions": dict(self.versions),
        }
        return _plain(out)

    def to_json(self, indent: int | None = None) -> str:
        """The reading as JSON text; :meth:`from_json` reads it back."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Reading:
        """The inverse of :meth:`to_json`. Raises BadInput on text that is not a reading."""
        try:
            data = json.loads(text)
            estimates = {}
            if data["lambda"]["value"] is not None:
                estimates["lambda"] = _estimate(data["lambda"])
            estimates |= {k: _estimate(v) for k, v in data["estimates"].items()}
            multiplicity = data["multiplicity"]
            return cls(
                device=data["device"],
                loss_id=data["loss_id"],
                dim=data["dim"],
                settings=data["settings"],
                seed=data["seed"],
                estimates=estimates,
                multiplicity=(
                    None if multiplicity is None else {int(m): p for m, p in multiplicity.items()}
                ),
                outcome=Outcome(data["outcome"]),
                reason=data["reason"],
                cost=Cost(**data["cost"]),
                diagnostics=data["diagnostics"],
                versions=data["versions"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"reading: not the JSON of a reading ({error!r})") from error

    def fingerprint(self) -> str:
        """SHA-256 of everything but the clock and the memory: equal for equal device, loss,
        settings and seed."""
        data = self.to_dict()
        data["cost"] = {k: data["cost"][k] for k in ("evaluations", "gradients")}
        del data["versions"]
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()

    def plot(self, ax: Any = None) -> Any:
        """Draw what the device saw (its own plotting function) and return the matplotlib axes.

        Raises BadInput when the device that made the reading has no plot.
        """
        name = PLOTS.get(self.device)
        if name is None:
            raise BadInput(
                f"plot: device {self.device!r} has no plot; these have: {sorted(PLOTS)}"
            )
        module, function = name.split(":")
        return getattr(importlib.import_module(module), function)(self, ax)


def _estimate(data: Mapping[str, Any]) -> Estimate:
    def number(x: float | None, missing: float) -> float:
        return missing if x is None else float(x)

    return Estimate(
        number(data["value"], math.nan),
        number(data["low"], -math.inf),
        number(data["high"], math.inf),
        float(data["level"]),
    )


def _plain(x: Any) -> Any:
    if isinstance(x, dict):
        return {str(k): _plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(v) for v in x]
    if isinstance(x, Tensor):
        return _plain(x.tolist())
    if hasattr(x, "tolist"):  # numpy
        return _plain(x.tolist())
    if isinstance(x, float):
        return x if math.isfinite(x) else None
    return x


# ----------------------------------------------------------------------------------------- registry


class Spectroscope(Protocol):
    """The signature of a device."""

    def __call__(self, loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
        """Measure ``loss``."""
        ...


def register(name: str) -> Callable[[Spectroscope], Spectroscope]:
    """Decorator: make a device known to :func:`measure` under a name, for this process."""

    def add(device: Spectroscope) -> Spectroscope:
        REGISTERED[name] = device
        return device

    return add


def _device(name: str) -> Spectroscope:
    if name in REGISTERED:
        return REGISTERED[name]
    known = devices()
    if name not in known:
        raise BadInput(f"device: expected one of {sorted(known)}, got {name!r}")
    module, function = known[name].split(":")
    device: Spectroscope = getattr(importlib.import_module(module), function)
    return device


def check_device(device: Any, name: str, settings: Mapping[str, Any]) -> None:
    """Raise BadInput for what cannot be called as a device with these settings."""
    try:
        inspect.signature(device).bind(None, seed=0, budget=None, **settings)
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"device: a function (loss, *, seed, budget, **settings) is needed, {name} is none: "
            f"{error}"
        ) from None


S = TypeVar("S")


def settings_of(cls: type[S], given: Mapping[str, Any], device: str) -> S:
    """A settings dataclass from keyword arguments; unknown names raise BadInput with the list of
    known ones."""
    known = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadInput(f"settings: {device} knows {known}, got unknown {unknown}")
    return cls(**given)


# ------------------------------------------------------------------------------------------ measure


@contextlib.contextmanager
def _running(run: LongRun) -> Iterator[None]:
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)


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


@dataclass
class LongRun:
    """What a long measurement needs beside its device: a place for checkpoints, and who hears of
    progress.

    path: the checkpoint file, or None. every: CPU seconds between checkpoints. progress: called
    with the share that is done, in [0, 1], and a word about it. key: of the measurement (device,
    loss, settings, seed): a checkpoint of another one is refused.

    A device asks :func:`current_run` for it, begins with ``restore()``, and calls ``keep(state,
    share, word)`` between steps; ``state`` is called only when a checkpoint is due, and gives
    tensors, numbers, strings, lists and dicts. What is not in that state must not bear on the
    reading: then a continued run is the uninterrupted one, bit for bit.
    """

    path: Path | None = None
    every: float = 60.0
    progress: Callable[[float, str], None] | None = None
    key: str = ""
    _last: float = field(default_factory=time.process_time)

    def restore(self) -> dict[str, Any] | None:
        """The state of the last checkpoint, or None to begin. Raises BadInput for a file of another
        measurement."""
        if self.path is None or not self.path.exists():
            return None
        try:
            data = torch.load(self.path, weights_only=True)
            key, state = data["key"], dict(data["state"])
        except Exception as error:  # torch raises what it likes on a damaged file
            why = " ".join(str(error).split())[:200]
            raise BadInput(f"checkpoint: {self.path} cannot be read: {why}") from error
        if key != self.key:
            raise BadInput(
                f"checkpoint: {self.path} belongs to another device, loss, settings or seed"
            )
        return state

    def keep(self, state: Callable[[], dict[str, Any]], share: float, word: str = "") -> None:
        """Tell of progress, and write a checkpoint when one is due (a new file takes the old one's
        place at once)."""
        if self.progress is not None:
            self.progress(share, word)
        if self.path is None or time.process_time() - self._last < self.every:
            return
        data = io.BytesIO()
        torch.save({"key": self.key, "state": state()}, data)
        write_bytes(self.path, data.getvalue())
        self._last = time.process_time()


_RUN: contextvars.ContextVar[LongRun | None] = contextvars.ContextVar("long_run", default=None)


def current_run() -> LongRun:
    """The long run that :func:`measure` has set up; one that does nothing outside of it."""
    return _RUN.get() or LongRun()


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
    """Point a device at a loss.

    device: a name from :func:`devices`, or a function with the signature of :class:`Spectroscope`.
    seed: integer ≥ 0; the same seed gives the same reading bit for bit, whatever the number of
    threads. budget: CPU seconds (then the reading depends on the machine), or a :class:`Budget`
    with both limits. evaluations: of K and ∇K, a limit that does not. checkpoint: a file in which a
    long run keeps its state every ``checkpoint_every`` CPU seconds; the same call goes on from it,
    to the same reading bit for bit, also with a larger budget. progress: called with the share
    that is done and a word. settings: of the device, among them ``device`` of torch ("cuda") where
    it has one; unknown names raise BadInput. A loss that breaks the rules (NaN, negative, constant,
    …) gives a reading with the outcome ``bad loss``. Raises BadInput for what is no loss, an
    unknown device, or wrong shapes.

    >>> from singularity_lab.spectroscopes.loss import PolynomialLoss
    >>> loss = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x^2+y^2")
    >>> print(measure("hessian", loss, seed=0).lambda_.value)
    1.0
    """
    if not isinstance(loss, Loss):
        raise BadInput(
            f"loss: expected value, value_and_grad, dim, center, …, got {type(loss).__name__}"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BadInput(f"seed: expected an integer ≥ 0, got {seed!r}")
    function = _device(device) if isinstance(device, str) else device
    name = device if isinstance(device, str) else getattr(device, "__name__", "device")
    check_device(function, name, settings)
    limits = Budget.of(budget, evaluations)
    started = time.process_time()
    if not (math.isfinite(checkpoint_every) and checkpoint_every >= 0):
        raise BadInput(f"checkpoint_every: expected CPU seconds ≥ 0, got {checkpoint_every!r}")
    identity = repr((name, loss.loss_id, loss.center.tolist(), sorted(settings.items()), seed))
    run = LongRun(
        path=None if checkpoint is None else Path(checkpoint),
        every=checkpoint_every,
        progress=progress,
        key=hashlib.sha256(identity.encode()).hexdigest(),
    )
    with _one_thread(), _running(run):
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
                cost=Cost(evaluations, gradients, time.process_time() - started, peak_memory()),
                versions=versions(),
            )


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
        self._started = time.process_time()
        center = loss.center.to(torch.float64)
        if center.shape != (loss.dim,):
            raise BadInput(f"center: expected shape ({loss.dim},), got {tuple(center.shape)}")
        self._center = center
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

        settings: a dataclass, with every default resolved. A loss that is no polynomial is marked
        ``uncalibrated``: no row with a proved value stands behind a reading of it.
        """
        if self.loss.kind != "polynomial":
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
        """What is spent, for a checkpoint."""
        return {
            "evaluations": self.evaluations,
            "gradients": self.gradients,
            "cpu_seconds": self.cpu_seconds(),
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on counting from :meth:`state`."""
        self.evaluations, self.gradients = state["evaluations"], state["gradients"]
        self._started = time.process_time() - state["cpu_seconds"]

    def _at(self, u: Tensor) -> Tensor:
        if self._center.device != u.device:
            self._center = self._center.to(u.device)
        return u + self._center

    def cpu_seconds(self) -> float:
        """CPU seconds since the meter was made."""
        return time.process_time() - self._started

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
            raise BadInput(f"loss {self.loss.loss_id}: expected values of shape ({c},), got {got}")
        return value

    def spend_gradients(self, c: int) -> None:
        """Count c gradients that a device computes from parts of the loss."""
        self._spend(c)
        self.gradients += c

    def k(self, u: Tensor) -> Tensor:
        """K(w* + u) − K(w*) for u (c, d) → (c,)."""
        c = u.shape[0]
        self._spend(c)
        self.evaluations += c
        value = self._local(u) if self._local is not None else self.loss.value(self._at(u))
        value = self._checked(value, c)
        return value - self.offset if self.offset else value

    def counted(
        self, function: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        """A value-and-gradient function (of a minibatch, say) that counts, relative to K(w*)."""

        def call(u: Tensor) -> tuple[Tensor, Tensor]:
            self._spend(u.shape[0])
            self.gradients += u.shape[0]
            value, grad = function(u)
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
            value, grad = self.loss.value_and_grad(self._at(u))
        value = self._checked(value, c)
        if grad.shape != u.shape:
            raise BadInput(
                f"loss {self.loss.loss_id}: expected gradients of shape {tuple(u.shape)}, "
                f"got {tuple(grad.shape)}"
            )
        return (value - self.offset if self.offset else value), grad
