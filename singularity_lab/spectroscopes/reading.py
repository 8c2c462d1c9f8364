"""A reading: what one measurement says, with its outcome, cost, settings and versions."""

from __future__ import annotations

import dataclasses
import hashlib
import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from singularity_lab.errors import BadInput
from singularity_lab.system.documents import Record, decoded
from singularity_lab.system.extras import plain

if TYPE_CHECKING:
    from singularity_lab.spectroscopes.draws import Draws

IDENTIFIED = 0.8  # P(m) from which on a reading says that it is this m


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


class EstimateRecord(Record, frozen=True):
    """An estimate in a document; null for what is not finite."""

    value: float | None
    low: float | None
    high: float | None
    level: float

    @classmethod
    def of(cls, e: Estimate) -> EstimateRecord:
        """The record of an estimate."""
        numbers = (e.value, e.low, e.high)
        value, low, high = (float(x) if math.isfinite(x) else None for x in numbers)
        return cls(value=value, low=low, high=high, level=float(e.level))

    def estimate(self) -> Estimate:
        """The estimate of a record."""
        return Estimate(
            math.nan if self.value is None else self.value,
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
            self.level,
        )


class CostRecord(Record, frozen=True):
    """A cost in a document."""

    evaluations: int
    gradients: int
    cpu_seconds: float
    peak_memory: int


class ReadingRecord(Record, frozen=True, kw_only=True):
    """A reading as a document. estimate: what the device is for, said twice for other programs."""

    device: str
    loss_id: str
    dim: int
    estimate: EstimateRecord | None = None
    lambda_: EstimateRecord = msgspec.field(name="lambda")
    multiplicity: dict[int, float | None] | None
    outcome: Outcome
    reason: str
    estimates: dict[str, EstimateRecord]
    cost: CostRecord
    seed: int
    settings: dict[str, Any]
    diagnostics: dict[str, Any]
    versions: dict[str, str]


class BadLoss(Exception):
    """Raised inside a device when the loss breaks the rules; :func:`measure` turns it into an
    outcome."""


# ------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True)
class Reading:
    """One measurement: estimates with intervals, P(m), outcome, cost, diagnostics, and all that
    repeats it.

    estimates: by name, "lambda" first; none where the outcome is ``bad loss``, of which no number
    means anything. multiplicity: P(m) over m ≥ 1, or None when the device does
    not speak of m. reason: the outcome in words. diagnostics: JSON values (numbers, lists, dicts).
    draws: the draws where they were kept (``keep="losses"``), else None; no part of the text or of
    JSON. Two readings of one device, loss, settings and seed have equal :meth:`fingerprint`.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> loss = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x2+y2")
    >>> reading = measure("hessian", loss, seed=0)
    >>> reading.device, str(reading.outcome), reading.estimate.value
    ('hessian', 'ok', 1.0)
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
    draws: Draws | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.outcome is Outcome.BAD_LOSS:  # whatever the device made of it
            object.__setattr__(self, "estimates", {})
            object.__setattr__(self, "multiplicity", None)

    @property
    def lambda_(self) -> Estimate:
        """The estimate of λ; NaN with an infinite interval when the device gave none."""
        return self.estimates.get("lambda", Estimate(math.nan, -math.inf, math.inf, 0.9))

    @property
    def estimate(self) -> Estimate:
        """The estimate of λ where the device claims one, else its first estimate (``llc``: nβ(E[L]
        − L(w*)) at one n, β, γ)."""
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
        lines += [*self._extrapolated(), *self._beside()]
        if self.diagnostics.get("chosen"):
            lines.append(f"  {self.diagnostics['chosen']}")
        if self.diagnostics.get("regime"):
            lines.append(f"  {self.diagnostics['regime']}: no proved row is of this kind and size")
        c = self.cost
        lines.append(
            f"  {c.evaluations:,} K + {c.gradients:,} ∇K evaluations, "
            f"{c.cpu_seconds:.2f} CPU s, seed {self.seed}"
        )
        return "\n".join(lines)

    def _extrapolated(self) -> list[str]:
        """How the estimate of a sampler with a step was made of ε and ε/2."""
        gap, step = (self.diagnostics.get(name) for name in ("step_gap", "epsilon"))
        if gap is None or "llc" not in self.estimates:
            return []
        value = self.estimates["llc"].value
        half, whole = value - gap, value - 2 * gap
        return [f"  extrapolated in the step: 2·{half:.5g} at ε/2 − {whole:.5g} at ε = {step:.3g}"]

    def _beside(self) -> list[str]:
        """What a reading of a network is to be read beside."""
        if "harmonic" not in self.diagnostics:
            return []
        s, harmonic = self.settings, self.diagnostics["harmonic"]
        lines = [
            f"  L(w*) = {self.diagnostics['loss_at_centre']:.4g}; {s['chains']} chains of "
            f"{s['burn_in']:,} + {s['draws']:,} steps"
        ]
        if harmonic is not None:
            lines.append(
                f"  by the curvature at w* alone it would be {harmonic:.3g} "
                f"(d/2 = {self.dim / 2:g} where γ is far below nβ times every eigenvalue)"
            )
        return lines

    def _repr_html_(self) -> str:
        rows = [
            (html.escape(self.symbol(n)), html.escape(str(e))) for n, e in self.estimates.items()
        ]
        for m, p in (self.multiplicity or {}).items():
            rows.append((f"P(m = {m})", f"{p:.3f}"))
        if self.diagnostics.get("harmonic") is not None:
            rows.append(("by the curvature at w* alone", f"{self.diagnostics['harmonic']:.3g}"))
        rows += [("computed", html.escape(x)) for x in [self.diagnostics.get("chosen")] if x]
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
    def record(self) -> ReadingRecord:
        """The reading as a record: plain data, null for what is not finite."""
        estimates = {name: EstimateRecord.of(e) for name, e in self.estimates.items()}
        estimates.pop("lambda", None)
        m = self.multiplicity
        return ReadingRecord(
            device=self.device,
            loss_id=self.loss_id,
            dim=int(self.dim),
            estimate=EstimateRecord.of(self.estimate),
            lambda_=EstimateRecord.of(self.lambda_),
            multiplicity=None if m is None else {int(k): _finite(p) for k, p in m.items()},
            outcome=self.outcome,
            reason=self.reason,
            estimates=estimates,
            cost=CostRecord(**dataclasses.asdict(self.cost)),
            seed=int(self.seed),
            settings=_plain(dict(self.settings)),
            diagnostics=_plain(dict(self.diagnostics)),
            versions={name: str(v) for name, v in self.versions.items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: ``lambda``, ``multiplicity``, ``outcome``, ``cost``, ``seed`` … ; no
        NaN (null instead)."""
        return self.record().plain()

    def to_json(self, indent: int | None = None) -> str:
        """The reading as JSON text; :meth:`from_json` reads it back."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Reading:
        """The inverse of :meth:`to_json`. Raises BadInput, which names the field that is wrong."""
        return cls.of(decoded(text, ReadingRecord, "reading"))

    @classmethod
    def of(cls, data: ReadingRecord) -> Reading:
        """The reading that a record holds."""
        estimates = {name: e.estimate() for name, e in data.estimates.items()}
        if data.lambda_.value is not None:
            estimates = {"lambda": data.lambda_.estimate(), **estimates}
        return cls(
            device=data.device,
            loss_id=data.loss_id,
            dim=data.dim,
            settings=data.settings,
            seed=data.seed,
            estimates=estimates,
            multiplicity=(
                None
                if data.multiplicity is None
                else {m: math.nan if p is None else p for m, p in data.multiplicity.items()}
            ),
            outcome=data.outcome,
            reason=data.reason,
            cost=Cost(**data.cost.plain()),
            diagnostics=data.diagnostics,
            versions=data.versions,
        )

    def to_datatree(self) -> Any:
        """The draws as an xarray DataTree in the layout of ArviZ, with the device, the outcome and
        the settings as attributes (see :meth:`Draws.to_datatree`). Raises BadInput where no draws
        were kept."""
        if self.draws is None:
            raise BadInput('draws: this reading kept none; measure with keep="losses"')
        told = {"device": self.device, "loss_id": self.loss_id, "outcome": str(self.outcome)}
        plain = {k: v for k, v in self.settings.items() if isinstance(v, (int, float, str))}
        return self.draws.to_datatree({**plain, **told, "seed": self.seed})

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
        from singularity_lab.spectroscopes.registry import find_device, known_devices

        plot = find_device(self.device).plot if self.device in known_devices() else None
        if plot is None:
            raise BadInput(f"plot: a device that draws is needed, {self.device!r} does not")
        return plot(replace(self, loss_id=plain(self.loss_id)), ax)


def _finite(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def _plain(x: Any) -> Any:
    if isinstance(x, dict):
        return {str(k): _plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(v) for v in x]
    if hasattr(x, "tolist"):  # of numpy or torch
        return _plain(x.tolist())
    if isinstance(x, float):
        return x if math.isfinite(x) else None
    return x
