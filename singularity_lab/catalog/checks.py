"""What `singlab catalog check` asks of every row (docs/add-a-row.md).

The schema is checked on reading (load.py). Here: sources exist, claims agree with the formulas of
their papers, the zero set contains the point, the torch twin equals the exact loss, and
certificates agree with claims (through a function that the caller hands in, which
:mod:`singularity_lab.catalog.truth` provides).
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.formulas import claims_for
from singularity_lab.catalog.load import check_builder, complete, families
from singularity_lab.catalog.paths import catalog_path
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Model
from singularity_lab.system.counting import counted

TOLERANCE = 1e-12


@dataclass(frozen=True)
class RowCheck:
    """The result for one row: its status, and what is wrong (nothing when empty)."""

    id: str
    family: str
    status: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class CatalogCheck:
    """The result for the catalog. ``ok`` when no row and no file has a problem."""

    rows: tuple[RowCheck, ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems and not any(r.problems for r in self.rows)

    def __str__(self) -> str:
        bad = [r for r in self.rows if r.problems]
        counts: dict[str, int] = {}
        for r in self.rows:
            counts[r.status] = counts.get(r.status, 0) + 1
        inside = ", ".join(f"{n} {s}" for s, n in sorted(counts.items()))
        lines = [*self.problems, *(f"{r.family}: {r.id}: {p}" for r in bad for p in r.problems)]
        lines.append(
            f"{counted(len(self.rows), 'row')} ({inside}), "
            + ("all pass" if self.ok else f"{len(bad)} with problems")
        )
        return "\n".join(lines)


def bibliography(folder: Path | None = None) -> dict[str, str]:
    """Key → entry of references.bib; empty where a folder of one's own has none. Raises BadInput
    for a key given twice and for a field that is missing.

    >>> "howald2001" in bibliography()
    True
    """
    path = (folder or catalog_path()) / "references.bib"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found: dict[str, str] = {}
    for match in re.finditer(r"^@(\w+)\{([^,\s]+),(.*?)^\}", text, re.S | re.M):
        key, body = match.group(2), match.group(3)
        if key in found:
            raise BadInput(f"{path.name}: key {key!r} is given twice")
        for field in ("author", "title", "year"):
            if not re.search(rf"^\s*{field}\s*=", body, re.M):
                raise BadInput(f"{path.name}: {key}: field {field} is missing")
        found[key] = match.group(0)
    return found


def random_point(model: Model, source: random.Random) -> tuple[Fraction, ...]:
    """A rational point inside the model's box (within [−2, 2] where there is no bound), a float
    exactly."""
    point = []
    for v in model.variables:
        low, high = model.box.get(v, (None, None))
        bottom = Fraction(-2) if low is None else low
        top = (bottom + 4 if low is not None else Fraction(2)) if high is None else high
        point.append(bottom + (top - bottom) * Fraction(source.randint(1, 255), 256))
    return tuple(point)


def twin_error(model: Model, seed: int = 0, points: int = 3) -> tuple[float, float]:
    """Largest relative difference of torch twin and exact loss: in the value, and in the gradient
    (maximum norm).

    Both are evaluated at random rational points that float64 represents exactly.
    Needs torch.

    >>> from singularity_lab.models import build
    >>> max(twin_error(build("diagonal_linear", depth=3, target=[0, 1]))) < 1e-12
    True
    """
    import torch

    source = random.Random(seed)
    worst_value = worst_gradient = 0.0
    for _ in range(points):
        at = random_point(model, source)
        w = torch.tensor([[float(x) for x in at]], dtype=torch.float64, requires_grad=True)
        value = model.twin(w)
        if value.shape != (1,):
            return math.inf, math.inf
        (gradient,) = torch.autograd.grad(value.sum(), w)
        exact, slopes = model.exact(at)
        size = max(map(abs, slopes))
        # differences in rational arithmetic: the float is an exact binary fraction
        difference = abs(Fraction(value.item()) - exact)
        steps = [abs(Fraction(g) - s) for g, s in zip(gradient[0].tolist(), slopes, strict=True)]
        worst_value = max(worst_value, _relative(difference, abs(exact)))
        worst_gradient = max(worst_gradient, _relative(max(steps), size))
    return worst_value, worst_gradient


def _relative(difference: Fraction, size: Fraction) -> float:
    if difference == 0:
        return 0.0
    return float(difference / size) if size else math.inf


def check_claims(entry: Entry, sources: Iterable[str]) -> list[str]:
    """Claims against the bibliography and against the formulas of their papers."""
    known = set(sources)
    problems = [
        f"field claim[{i}].source: {c.source!r} is not in references.bib"
        for i, c in enumerate(entry.claim)
        if c.source not in known
    ]
    if entry.builder:
        stratum = entry.stratum()
        computed = (
            claims_for(entry.builder, complete(entry.builder, entry.parameters), stratum.name)
            if stratum is not None
            else []
        )
        for i, c in enumerate(entry.claim):
            for f in computed:
                if (f.source, f.quantity, f.kind) == (c.source, c.quantity, c.kind) and (
                    f.fraction != c.fraction
                    or (
                        None not in (f.multiplicity, c.multiplicity)
                        and f.multiplicity != c.multiplicity
                    )
                ):
                    problems.append(
                        f"field claim[{i}].value: the formula of {f.source} gives "
                        f"{f.value}, m = {f.multiplicity}; the row says {c.value}, "
                        f"m = {c.multiplicity}"
                    )
    return problems


def check_scope(entry: Entry) -> list[str]:
    """``global`` is for the deepest stratum of a model that says which it is."""
    stratum = entry.stratum()
    if entry.scope == "global" and not (stratum is not None and stratum.deepest):
        return ["field scope: 'global' needs a stratum that the model marks as its deepest"]
    return []


def check_entry(
    entry: Entry,
    sources: Iterable[str],
    *,
    twin: bool = True,
    truth: Callable[[Entry], tuple[str, Sequence[str]]] | None = None,
    seed: int = 0,
) -> RowCheck:
    """All checks of one row.

    truth: from a row to its status and to what contradicts it (singularity_lab.catalog.truth
    provides it); without it the status is ``unchecked``. twin: compare torch and the exact loss,
    too.
    """
    try:
        model = entry.model()
        if model.polynomial:
            entry.problem()
    except BadInput as error:
        return RowCheck(entry.id, entry.family, "broken", (str(error),))
    problems = check_claims(entry, sources) + check_scope(entry)
    if twin:
        value, gradient = twin_error(model, seed)
        if value > TOLERANCE:
            problems.append(f"twin: the value differs from the exact loss by {value:.1e} relative")
        if gradient > TOLERANCE:
            problems.append(f"twin: the gradient differs by {gradient:.1e} relative")
    status = "unchecked"
    if truth is not None:
        status, contradictions = truth(entry)
        problems += contradictions
    return RowCheck(entry.id, entry.family, status, tuple(problems))


def check_catalog(
    ids: Iterable[str] | None = None,
    *,
    folder: Path | None = None,
    twin: bool = True,
    truth: Callable[[Entry], tuple[str, Sequence[str]]] | None = None,
    progress: Callable[[RowCheck], None] | None = None,
) -> CatalogCheck:
    """Every row on file (or those named): see :func:`check_entry`. Reading errors raise
    BadInput."""
    sources = bibliography(folder)
    rows = [e for f in families(folder).values() for e in f.rows]
    if ids is not None:
        wanted = set(ids)
        unknown = wanted - {e.id for e in rows}
        if unknown:
            raise BadInput(f"id: the catalog has no row {sorted(unknown)[0]!r}")
        rows = [e for e in rows if e.id in wanted]
    results = []
    for row in rows:
        result = check_entry(row, sources, twin=twin, truth=truth)
        results.append(result)
        if progress is not None:
            progress(result)
    return CatalogCheck(tuple(results), _missing_builders({r.family for r in rows}, folder))


def _missing_builders(names: Iterable[str], folder: Path | None) -> tuple[str, ...]:
    """What is wrong with the builders that families name."""
    problems = []
    for family in (families(folder)[name] for name in sorted(names)):
        try:
            if family.model:
                check_builder(family.name, family.model)
        except BadInput as error:
            problems.append(str(error))
    return tuple(problems)
