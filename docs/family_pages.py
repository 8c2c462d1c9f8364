"""A page for each family of the catalog, made of the data when the site is built.

    python docs/family_pages.py DIR      # writes them there; Sphinx does so into docs/families

A page says what the model is (the builder's own words), what papers claim, and lists the rows with
what is proved, each with a link into the atlas: to ``ATLAS``, where ``make docs`` builds it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from markdown_tables import markdown

from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.load import CatalogFamily, entries, families
from singularity_lab.catalog.titles import title
from singularity_lab.models.model import description

ATLAS = "../atlas/index.html"


@cache
def truths() -> dict[str, dict[str, Any]]:
    """What is proved, by row."""
    return {truth["id"]: truth for truth in listing(entries())}


def value(truth: dict[str, Any]) -> str:
    """λ, or its proved bounds."""
    if truth["lambda"] is not None:
        return str(truth["lambda"])
    sides = [None if truth[k] is None else truth[k]["lambda"] for k in ("lower", "upper")]
    return " … ".join("?" if side is None else str(side) for side in dict.fromkeys(sides))


def comment(family: CatalogFamily, folder: Path) -> str:
    """What the family's file says at its head."""
    lines = []
    for line in (folder / f"{family.name}.toml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def page(family: CatalogFamily, folder: Path) -> str:
    """The page of a family, in Markdown."""
    parts = [f"# {family.title}", ""]
    text = description(family.model)
    if text:
        parts += [f"The builder `{family.model}`:", "", "```text", text, "```", ""]
    said = comment(family, folder)
    if said:
        parts += ["What the file of the family says:", "", "```text", said, "```", ""]
    parts += [*table(family), ""]
    sources = sorted({c.source for e in family.rows for c in e.claim if c.source})
    if sources:
        parts += [f"Claims are of: {', '.join(sources)} ([sources](../catalog-source)).", ""]
    parts += [
        f"    singlab find family:{family.name}",
        f"    singlab catalog check --family {family.name}",
        "",
    ]
    return "\n".join(parts)


def table(family: CatalogFamily) -> Iterator[str]:
    """The rows with what is proved of them."""
    heads = ["row", "what", "d", "$\\lambda$", "m", "status"]
    lines = [
        [
            f'<a href="{ATLAS}#/row/{entry.id}">{entry.id}</a>',
            title(entry)[0],
            truths()[entry.id]["dimension"],
            value(truths()[entry.id]),
            truths()[entry.id]["multiplicity"] or "",
            truths()[entry.id]["status"],
        ]
        for entry in family.rows
    ]
    yield from markdown(heads, lines)


def write(folder: Path) -> list[Path]:
    """Write all pages and an index; return the files."""
    from singularity_lab.catalog.paths import catalog_path

    folder.mkdir(parents=True, exist_ok=True)
    files, lines = [], []
    for name, family in sorted(families().items(), key=lambda pair: pair[1].title):
        path = folder / f"{name}.md"
        path.write_text(page(family, catalog_path()), encoding="utf-8")
        files.append(path)
        lines.append([f"[{family.title}]({name})", f"`{name}`", str(len(family.rows))])
    index = folder / "index.md"
    told = [
        "# Families of the catalog",
        "",
        *markdown(["family", "name", "rows"], lines),
        "",
        "```{toctree}",
        ":hidden:",
        ":glob:",
        "",
        "*",
        "```",
        "",
    ]
    index.write_text("\n".join(told), encoding="utf-8")
    return [*files, index]


if __name__ == "__main__":
    print(f"{len(write(Path(sys.argv[1])))} pages")
