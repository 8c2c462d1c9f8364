"""Tables of the catalog for the pages of the site, made of the data when the site is built.

    ```{catalog} completeness
    ```

stands for a table in Markdown. Every figure on the pages comes from here, so that none can rot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from markdown_tables import markdown
from sphinx.application import Sphinx
from table_directive import add_tables

from singularity_lab.catalog.checks import bibliography
from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import entries, families
from singularity_lab.catalog.rank_strata import RankStratum, rank_strata
from singularity_lab.catalog.repeats import repeats
from singularity_lab.catalog.store import shipped

Table = list[str]


@cache
def rows() -> list[tuple[Entry, dict[str, Any]]]:
    """Every row with what is proved of it."""
    everything = entries()
    return list(zip(everything, listing(everything), strict=True))


def value(truth: dict[str, Any]) -> str:
    """λ, or its proved interval."""
    if truth["lambda"] is not None:
        return str(truth["lambda"])
    low, high = truth["lower"], truth["upper"]
    if low is None or high is None:
        return "?"
    if low["lambda"] == high["lambda"]:
        return str(low["lambda"])
    return f"{low['lambda']} … {high['lambda']}"


def completeness() -> Table:
    """Rows by dimension and status."""
    kinds = [("trained networks (no polynomial)", lambda e, t: not e.polynomial)]
    for low, high in ((1, 4), (5, 8), (9, 12), (13, 20), (21, 40), (41, 10**9)):
        kinds.append(
            (
                f"d = {low} … {high}" if high < 10**9 else f"d ≥ {low}",
                lambda e, t, low=low, high=high: e.polynomial and low <= t["dimension"] <= high,
            )
        )
    kinds.append(("polynomial, d ≤ 12", lambda e, t: e.polynomial and t["dimension"] <= 12))
    kinds.append(("polynomial", lambda e, t: e.polynomial))
    kinds.append(("all", lambda e, t: True))
    body = []
    for name, fits in kinds:
        found = [t["status"] for e, t in rows() if fits(e, t)]
        if found:
            n = Counter(found)
            share = f"{100 * n['proved'] / len(found):.1f} %"
            columns = [n[s] for s in ("proved", "bracketed", "cited", "disputed", "unknown")]
            body.append([name, len(found), *columns, share])
    heads = ["rows", "number", "proved", "bracketed", "cited", "disputed", "unknown", "proved"]
    return markdown(heads, body)


def by_family() -> Table:
    """Families with their sizes, statuses and dimensions."""
    body = []
    for name, family in families().items():
        found = [t for e, t in rows() if e.family == name]
        n = Counter(t["status"] for t in found)
        dimensions = [t["dimension"] for t in found]
        open_ones = len(found) - n["proved"]
        body.append(
            [
                f"`{name}`",
                family.title,
                len(found),
                n["proved"],
                open_ones or "",
                f"{min(dimensions)} … {max(dimensions)}",
            ]
        )
    return markdown(["family", "", "rows", "proved", "open", "d"], body)


def open_rows() -> Table:
    """Rows that are not proved, with their bounds."""
    body = [
        [f"`{e.id}`", t["dimension"], t["status"], value(t), e.note]
        for e, t in rows()
        if t["status"] != "proved"
    ]
    return markdown(["row", "d", "status", "λ", "note"], body)


def disagreements() -> Table:
    """Claims that certificates contradict, or that are disputed on file."""
    body = [
        [f"`{e.id}`", line] for e, t in rows() for line in (*t["contradictions"], *t["explained"])
    ]
    return markdown(["row", "claim and reason"], body) if body else ["None."]


def claims() -> Table:
    """How claims stand to certificates."""
    counted: Counter[str] = Counter()
    for e, t in rows():
        for c in e.claims:
            if c.disputed:
                counted["explained in writing"] += 1
            elif c.quantity == "lct":
                counted["complex thresholds, which bound 2λ from below"] += 1
            elif t["lambda"] is None:
                counted["on a row that is open"] += 1
            elif str(c.fraction) == t["lambda"]:
                counted["equal to the proved λ"] += 1
            else:
                counted["global values or bounds, on a row of another scope"] += 1
    counted["contradicted without a reason"] = sum(len(t["contradictions"]) for _, t in rows())
    return markdown(["claims", "number"], counted.items())


def sources() -> Table:
    """The bibliography with the number of claims from each source."""
    import re

    used = Counter(c.source for e, _ in rows() for c in e.claims)
    body = []
    for key, text in sorted(bibliography().items()):
        fields = dict(re.findall(r"^\s*(author|title|year)\s*=\s*\{(.*)\},?\s*$", text, re.M))
        plain = {k: re.sub(r"[{}\\]", "", v) for k, v in fields.items()}
        words = f"{plain['author']} ({plain['year']}). *{plain['title']}*"
        body.append([f"`{key}`", words, used[key] or ""])
    return markdown(["key", "source", "claims"], body)


def new_values() -> Table:
    """The germs of the rows tagged new: rows that repeat one stand in one line."""
    told = {e.id: t for e, t in rows() if "new" in e.tags}
    body = []
    for same in repeats(e for e, _ in rows() if e.id in told):
        first, t = same[0], told[same[0].id]
        names = ", ".join(f"`{e.id}`" for e in same)
        m = t["multiplicity"] or "–"
        body.append([names, t["dimension"], value(t), m, first.model().statement])
    return markdown(["rows of one germ", "d", "λ", "m", "model"], body)


def readings() -> Table:
    """What devices measured on the rows that have no exact value."""
    body = [[f"`{e.id}`", t["dimension"], str(r), r.outcome] for e, t in rows() for r in e.readings]
    return markdown(["row", "d", "reading", "outcome"], body)


def store() -> Table:
    """The certificates in figures."""
    files = shipped().files()
    lines = list(shipped().index().values())
    problems = {line.problem: line for line in lines if line.problem}
    seconds = sum(line.seconds for line in problems.values())
    size = sum(p.stat().st_size for p in files)
    return markdown(
        ["certificates", ""],
        [
            ["problems with certificates", len(files)],
            ["rows that they serve", sum(1 for line in lines if line.problem)],
            ["size, compressed", f"{size / 1e6:.1f} MB"],
            ["CPU time of the last searches", f"{seconds / 60:.0f} min"],
            ["largest budget for one row", f"{max(line.budget or 0 for line in lines):g} CPU s"],
        ],
    )


def strata() -> Table:
    """One table for each (M, N, H) with M ≤ N: rows r, rank A, rank B."""
    text: Table = []
    table = rank_strata(listing)
    sizes = sorted({(t["inputs"], t["outputs"], t["hidden"]) for t in table})
    body = []
    for m, n, h in sizes:
        if m > n:
            continue
        here = [t for t in table if (t["inputs"], t["outputs"], t["hidden"]) == (m, n, h)]
        for r in sorted({t["rank"] for t in here}):
            cells = []
            for t in here:
                s = RankStratum(m, n, h, r, t["rank_a"], t["rank_b"])
                if t["rank"] == r and (m < n or s.canonical == s):
                    mult = t["multiplicity"]
                    star = "*" * (mult - 1) if mult else " (m?)"
                    cells.append(f"{t['rank_a']}{t['rank_b']}: {value(t)}{star}")
            body.append([f"{m} {n} {h}", r, ", ".join(cells).replace("*", "\\*")])
    text += markdown(["M N H", "r", "rank A rank B: λ"], body)
    return text


def strata_summary() -> Table:
    """How many strata, how many proved."""
    table = rank_strata(listing)
    n = Counter(t["status"] for t in table)
    own = len({t["row"] for t in table})
    parts = ", ".join(f"{k} {s}" for s, k in sorted(n.items()))
    return [f"{len(table)} strata ({parts}), from {own} certificates."]


TABLES: dict[str, Callable[[], Table]] = {
    "completeness": completeness,
    "families": by_family,
    "open": open_rows,
    "disagreements": disagreements,
    "claims": claims,
    "sources": sources,
    "new": new_values,
    "readings": readings,
    "store": store,
    "strata": strata,
    "strata-summary": strata_summary,
}


def setup(app: Sphinx) -> dict[str, bool]:
    add_tables(app, "catalog", TABLES)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
