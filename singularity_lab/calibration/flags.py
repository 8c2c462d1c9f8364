"""What the harness has found wrong with an arm, a truth or a run: named, with its numbers.

Each flag is a rule fixed before any run, and each has a test in which a device (or a truth) is
broken in that way. Tolerances come from the truth and from resampling over rows, never from a
device's own spread alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from singularity_lab.calibration.comparison import bootstrap, half_width, share_with_band
from singularity_lab.calibration.findings import Findings, once
from singularity_lab.calibration.ledger import mean_and_errors
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.probes import DECOY, SCALED, SPHERE
from singularity_lab.calibration.statistics import chi_squared_quantile
from singularity_lab.errors import SingularityLabError

__all__ = ["Flag", "flags"]

PEEKED = "peeked: "
TOLERANCE = 0.1  # of λ, on the sphere and between a row and its scaled copy
ERRORS = 3.0  # standard errors
ROWS = 8  # with intervals, from which on a share or a ratio over rows is judged
NARROW = 0.02  # coverage may be less than its level by this much
WIDE = 0.67  # of the width that they should have: intervals that could be this much narrower
SPREAD = 2.0  # times a reading's own error: a spread between seeds that it has not seen
OWN = (0.5, 2.0)  # half-width over spread: an interval that is the spread between seeds
SILENT, EASY = 0.5, 0.9  # shares answered in the hard class and in the easy one
CONSTANT = 4  # different λ, from which on one number for all is no chance
COLLAPSE = 0.5  # T/λ below it: the localisation has cut the singularity off
TRUSTED = 0.75  # of an arm's intervals elsewhere that cover, for its word against a truth
REPORTED = 0.8  # of the evaluations counted


@dataclass(frozen=True)
class Flag:
    """One finding. arm: of whom, "" for a truth. name: the rule. text: a sentence with its numbers.
    rows: where it was seen."""

    arm: str
    name: str
    text: str
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.arm or 'truth'}: {self.name}: {self.text}"


@once
def flags(calibration: Findings) -> tuple[Flag, ...]:
    """Everything that the rules find in a calibration, arm by arm, then row by row."""
    found: list[Flag] = []
    by_arm = {arm: _Members() for arm, _ in calibration.arms}
    for m in calibration.measurements:
        by_arm[m.arm].append(m)
    trust = {}
    for arm, members in by_arm.items():
        judged = [bool(m.covered) for m in members if m.covered is not None]
        trust[arm] = (sum(judged), len(judged))
        for rule in _RULES:
            found += rule(arm, members)
    found += _ledger(calibration)
    for row in calibration.rows:
        found += _truth(row.id, calibration.truths[row.id])
        found += _doubt(calibration, trust, row.id)
    return tuple(found)


# -- looking up the answer, and its price ----------------------------------------------------------


def _peeks(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    caught = [m for m in members if PEEKED in m.reason]
    if caught:
        how = caught[0].reason.partition(PEEKED)[2].partition(" ")[2]
        rows = tuple(dict.fromkeys(m.row.id for m in caught))
        yield Flag(arm, "peeks", f"it {how}, in {len(caught)} of {len(members)} readings", rows)


def _decoy(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    """Who answers the λ of the name that a probe shows, and gives it to no germ of another λ: a
    number that an estimator has for several germs is a habit of its own."""
    named = {m.row.id: m.truth.value for m in members}
    shown = next((named.get(m.row.probe) for m in members if m.row.id == DECOY), None)
    if shown is None:
        return
    same = [m for m in members if m.value is not None and _equal(m.value, shown)]
    caught = [m for m in same if m.row.id == DECOY and m.truth.value != shown]
    if caught and all(m.row.id == DECOY or m.truth.value == shown for m in same):
        text = (
            f"under the name of {caught[0].row.probe} it was shown another germ, "
            f"and read λ = {shown} of that name"
        )
        yield Flag(arm, "peeks", text, (caught[0].row.id,))


def _equal(value: float, exact: Fraction) -> bool:
    return abs(value - float(exact)) <= 1e-6 * float(exact)


def _constant(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    """Who reads one number, whatever it is shown."""
    values = {m.value for m in members if m.value is not None}
    truths = {m.truth.number for m in members if m.value is not None}
    if len(values) == 1 and len(truths) >= CONSTANT:
        text = f"it reads {values.pop():g} on germs with {len(truths)} different λ"
        yield Flag(arm, "reads a constant", text)


def _not_positive(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    """Readings that no learning coefficient can be: λ > 0 where K vanishes."""
    low = [(m.value, m.row.id) for m in members if m.value is not None and m.value <= 0]
    if low:
        value, row = min(low)
        text = (
            f"{len(low)} of {len(members)} readings are ≤ 0, the least {value:.3g} on {row}: "
            "a learning coefficient is positive, so these are none"
        )
        yield Flag(arm, "not positive", text, tuple(dict.fromkeys(row for _, row in low)))


def _cost(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    said = [(m.reported, m.points) for m in members if m.reported is not None and m.points]
    low = [(a, b) for a, b in said if a < REPORTED * (b or 0)]
    if low:
        a, b = low[0]
        text = (
            f"it says {a} evaluations where {b} were counted, in {len(low)} of {len(said)} readings"
        )
        yield Flag(arm, "false cost", text)


def _easy(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    shares = {}
    for name, of in (("m = 1", (1,)), ("m ≥ 2", None)):
        group = [
            m
            for m in members
            if m.truth.multiplicity is not None and (m.truth.multiplicity == 1) == (of == (1,))
        ]
        if len(group) >= 3:
            shares[name] = (sum(m.value is not None for m in group), len(group))
    if len(shares) == 2:
        easy, hard = sorted(shares, key=lambda k: -shares[k][0] / shares[k][1])
        (a, n), (b, k) = shares[easy], shares[hard]
        if a >= EASY * n and b <= SILENT * k:
            text = f"it answers {a} of {n} readings at {easy}, and {b} of {k} at {hard}"
            yield Flag(arm, "answers only easy rows", text)


# -- right on what everybody reads -----------------------------------------------------------------


def _centre(members: Sequence[Measurement]) -> tuple[float, float] | None:
    """Mean and its standard error; 0 where one reading has no interval."""
    found = mean_and_errors(members)
    if found is None:
        return None
    return found[0], found[1] if math.isfinite(found[1]) else 0.0


def _sphere(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    here = [m for m in members if m.row.id == SPHERE]
    found = _centre(here)
    if found is None or not here[0].truth.value:
        return
    exact = float(here[0].truth.value)
    if abs(found[0] - exact) > max(TOLERANCE * exact, ERRORS * found[1]):
        text = f"it reads {found[0]:.3g} on x² + y² + z², where λ = {here[0].truth.value}"
        yield Flag(arm, "wrong on the sphere", text, (SPHERE,))


def _scale(arm: str, members: Sequence[Measurement]) -> Iterator[Flag]:
    scaled = [m for m in members if m.row.id == SCALED]
    base = [m for m in members if scaled and m.row.id == scaled[0].row.probe]
    a, b = _centre(scaled), _centre(base)
    if a is None or b is None or not scaled[0].truth.value:
        return
    exact = float(scaled[0].truth.value)
    if abs(a[0] - b[0]) > max(TOLERANCE * exact, ERRORS * math.hypot(a[1], b[1])):
        text = f"it reads {b[0]:.3g}, and {a[0]:.3g} when the loss is multiplied by a constant"
        yield Flag(arm, "depends on the scale of the loss", text, (base[0].row.id,))


# -- intervals -------------------------------------------------------------------------------------


class _Members(list[Measurement]):
    """The readings of one arm."""

    @cached_property
    def ratios(self) -> dict[str, list[tuple[float, float]]]:
        """By row: (error, standard error that the interval claims) of the readings with both."""
        found: dict[str, list[tuple[float, float]]] = {}
        for m in self:
            if m.error is None or m.low is None or m.high is None or not m.level:
                continue
            half = (m.high - m.low) / 2 / half_width(m.level)
            if half > 0:
                found.setdefault(m.row.id, []).append((m.error, half))
        return found

    @cached_property
    def seed_spreads(self) -> list[tuple[str, int, float, float, float]]:
        """By row with several seeds: their number, spread, mean error, mean claimed standard
        error."""
        found = []
        for row, group in self.ratios.items():
            if len(group) > 1:
                errors = np.array([e for e, _ in group])
                claimed = float(np.sqrt(np.mean([s * s for _, s in group])))
                found.append(
                    (row, len(group), float(np.std(errors, ddof=1)), float(errors.mean()), claimed)
                )
        return found


def _width(arm: str, members: _Members) -> Iterator[Flag]:
    covered, of, band = share_with_band(members, "covered")
    levels = {m.level for m in members if m.covered is not None}
    level = levels.pop() if len(levels) == 1 else None
    rows = {m.row.id for m in members if m.covered is not None}
    if level is None or band is None or len(rows) < ROWS:
        return
    if band[1] < level - NARROW:
        added = sum(m.covered is not None and m.row.is_probe for m in members)
        of_probes = f", {added} of them of probes," if added else ""
        text = (
            f"{covered} of all {of} intervals{of_probes} given at {level:.0%} contain λ "
            f"({100 * band[0]:.0f}–{100 * band[1]:.0f} % over rows)"
        )
        yield Flag(arm, "intervals do not cover", text)
        return
    ratios = members.ratios
    squares = np.array([sum((e / s) ** 2 for e, s in group) for group in ratios.values()])
    counts = np.array([float(len(group)) for group in ratios.values()])
    wide = bootstrap(squares, counts)
    if wide is not None and len(squares) >= ROWS and math.sqrt(wide[1]) < WIDE:
        typical = math.sqrt(squares.sum() / counts.sum())
        text = (
            f"errors are {typical:.2f} of what the intervals allow "
            f"(at most {math.sqrt(wide[1]):.2f} over rows): they are about "
            f"{1 / max(typical, 0.01):.1f} times too wide"
        )
        yield Flag(arm, "intervals too wide", text)


def _own_spread(arm: str, members: _Members) -> Iterator[Flag]:
    """Intervals that are the spread between seeds, on rows where the error is another."""
    rows = members.seed_spreads
    biased = [
        row
        for row, n, spread, bias, claimed in rows
        if spread > 0
        and OWN[0] <= claimed / spread <= OWN[1]
        and abs(bias) > ERRORS * spread / math.sqrt(n)
        and abs(bias) > ERRORS * claimed
    ]
    if len(biased) >= 3 and len(biased) > len(rows) / 4:
        text = (
            f"on {len(biased)} of {len(rows)} rows the interval is as wide as the spread of seeds, "
            f"while the mean is off by more than {ERRORS:g} such errors: it does not know its bias"
        )
        yield Flag(arm, "intervals from its own spread", text, tuple(biased[:5]))


def _seeds(arm: str, members: _Members) -> Iterator[Flag]:
    """Readings that scatter between seeds by more than each of them claims."""
    rows = members.seed_spreads
    degrees = sum(n - 1 for _, n, *_ in rows)
    if degrees < ROWS:
        return
    # the middle row, lest one bad row speak for all
    total = sum((n - 1) * (spread / claimed) ** 2 for _, n, spread, _, claimed in rows)
    least = math.sqrt(total / chi_squared_quantile(0.999, degrees))
    middle = float(np.median([spread / claimed for _, _, spread, _, claimed in rows]))
    if least > SPREAD and middle > SPREAD:
        text = (
            f"readings of one row scatter between seeds {middle:.1f} times as much as each of them "
            "claims: its error leaves out a noise that its chains share"
        )
        yield Flag(arm, "spread between seeds exceeds its own error", text)


_RULES = (
    _peeks,
    _decoy,
    _constant,
    _not_positive,
    _cost,
    _sphere,
    _scale,
    _easy,
    _width,
    _own_spread,
    _seeds,
)


# -- the ledger ------------------------------------------------------------------------------------


def _ledger(calibration: Findings) -> Iterator[Flag]:
    arms = dict.fromkeys(line.arm for line in calibration.ledger)
    for arm in arms:
        lines = [x for x in calibration.ledger if x.arm == arm]
        off = [x for x in lines if _off_target(x.mean, x.target, x.discretisation_error)]
        if len(off) > len(lines) / 2:
            worst = max(off, key=lambda x: abs(x.mean / x.target - 1))
            text = (
                f"on {len(off)} of {len(lines)} rows it does not read its own target; on "
                f"{worst.row} it reads {worst.mean:.3g} where the target is {worst.target:.3g}"
            )
            yield Flag(arm, "not its own target", text, tuple(x.row for x in off[:5]))
        low = [x for x in lines if x.target < COLLAPSE * x.exact]
        if low:
            worst = min(low, key=lambda x: x.target / x.exact)
            text = (
                f"at γ = {worst.gamma:g}, n = {worst.n:g} its target is "
                f"{worst.target / worst.exact:.2f} λ on {worst.row}: it cuts the zeros off"
            )
            yield Flag(arm, "target collapses", text, tuple(x.row for x in low[:5]))


def _off_target(mean: float, target: float, error: float) -> bool:
    known = error if math.isfinite(error) else 0.0
    return abs(mean - target) > max(TOLERANCE * abs(target), ERRORS * known)


# -- truths ----------------------------------------------------------------------------------------


def _truth(row: str, truth: Truth) -> Iterator[Flag]:
    """A stated truth that its certificates do not prove."""
    from singularity_lab.catalog.store import bounds_of
    from singularity_lab.exact.proof.verify import verify

    if not truth.certificates:
        return
    try:
        for certificate in truth.certificates:
            verify(certificate)
        proved = bounds_of(truth.certificates)
    except SingularityLabError as error:
        yield Flag("", "wrong truth", f"{row}: its certificate does not verify: {error}", (row,))
        return
    if truth.bounds != proved:
        text = f"{row}: {truth} is used, its certificates prove {proved}"
        yield Flag("", "wrong truth", text, (row,))


def _doubt(calibration: Findings, trust: dict[str, tuple[int, int]], row: str) -> Iterator[Flag]:
    """A row on which arms that are right elsewhere agree with each other, and not with λ.

    trust: for each arm, how many of its intervals cover, of how many."""
    against = []
    for arm, (covered, of) in trust.items():
        members = [m for m in calibration.of(row, arm) if m.covered is not None]
        here = [m for m in members if m.ok]
        elsewhere = of - len(members)
        right = covered - sum(bool(m.covered) for m in members)
        trusted = elsewhere >= ROWS and right > TRUSTED * elsewhere
        if here and trusted and not any(m.covered for m in here):
            against.append((arm, here[0]))
    if len(against) >= 2:
        low = max(m.low or -math.inf for _, m in against)
        high = min(m.high or math.inf for _, m in against)
        if low <= high:
            names = ", ".join(arm for arm, _ in against)
            said = f"[{low:.4g}, {high:.4g}], and λ = {calibration.truths[row]}"
            text = f"{row}: {names} agree on {said}"
            yield Flag("", "truth in doubt", text, (row,))
