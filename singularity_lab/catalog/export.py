"""The catalog as tables for other programs: JSON lines, CSV, Markdown, and Croissant-style
metadata.

A table row is a plain dict (``GroundTruth.to_json`` gives one): the columns below, fractions as
text.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.polynomial import fraction
from singularity_lab.catalog.entry import Entry
from singularity_lab.errors import BadInput

Row = Mapping[str, Any]

COLUMNS = {
    "id": "unique name of the row",
    "family": "family of models; the name of its file in the catalog",
    "dimension": "number of parameters d",
    "status": "proved, bracketed, cited, disputed or unknown",
    "lambda": "real log canonical threshold of K at the row's point, as a fraction; empty if open",
    "multiplicity": "order of the pole at −λ; empty if open",
    "lower": "proved lower bound of λ",
    "upper": "proved upper bound of λ",
    "claims": "what papers say, with sources",
    "model": "the builder of the model; empty for an ideal that is given by polynomials",
    "parameters": "of the builder, as JSON; or variables and generators of the ideal",
    "at": "the point: the name of a stratum, or coordinates as JSON; empty for the first stratum",
    "tags": "separated by semicolons",
    "certificates": "SHA-256 of the certificates",
}


def with_model(entry: Entry, row: Row) -> dict[str, Any]:
    """A table row with what says which model and point it is."""
    given: Any = {"vars": entry.vars, "ideal": entry.ideal}
    return dict(row) | {
        "model": entry.builder,
        "parameters": entry.parameters if entry.builder else given,
        "at": entry.at,
        "tags": list(entry.tags),
    }


def _cell(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if column in ("lower", "upper"):
        return str(value["lambda"])
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False)
    return str(value)


def to_csv(rows: Iterable[Row], columns: Iterable[str] = COLUMNS) -> str:
    """Comma-separated values with a header; bounds as λ alone.

    >>> print(to_csv([{"id": "a", "lambda": "1/2"}]).splitlines()[1])
    a,,,,1/2,,,,,,,,,
    """
    columns = list(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row, c) for c in columns])
    return out.getvalue()


def to_markdown(rows: Iterable[Row], columns: Iterable[str] = COLUMNS) -> str:
    """A table in Markdown, pipes escaped.

    >>> print(to_markdown([{"id": "a"}], ["id"]), end="")
    | id |
    | --- |
    | a |
    """
    columns = list(columns)
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    for row in rows:
        cells = [_cell(row, c).replace("|", "\\|") for c in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def to_json(document: Any) -> str:
    """JSON, indented by one blank, with a line's end."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def to_json_lines(rows: Iterable[Row]) -> str:
    """One JSON object a line, everything that the row has."""
    return "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)


def croissant(rows: Sequence[Row], version: str) -> dict[str, Any]:
    """Croissant-style metadata (ML Commons, JSON-LD) of the CSV export: columns, types,
    checksum."""
    text = to_csv(rows)
    integers = {"dimension", "multiplicity"}
    return {
        "@context": {"@vocab": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"},
        "@type": "Dataset",
        "name": "singularity_lab catalog",
        "description": "Singular models with proved real log canonical thresholds.",
        "version": version,
        "license": "https://www.apache.org/licenses/LICENSE-2.0",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "catalog.csv",
                "name": "catalog.csv",
                "encodingFormat": "text/csv",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "rows",
                "name": "rows",
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"rows/{name}",
                        "name": name,
                        "description": description,
                        "dataType": "Integer" if name in integers else "Text",
                        "source": {
                            "fileObject": {"@id": "catalog.csv"},
                            "extract": {"column": name},
                        },
                    }
                    for name, description in COLUMNS.items()
                ],
            }
        ],
    }


def search(
    rows: Iterable[Entry],
    text: str = "",
    *,
    family: str | None = None,
    tags: Iterable[str] = (),
    min_dimension: int = 0,
    max_dimension: int | None = None,
    truths: Mapping[str, Row] | None = None,
    status: str | None = None,
    value: str | Fraction | None = None,
    multiplicity: int | None = None,
) -> list[Entry]:
    """Rows that fit every filter given. The text is looked for in id, family, title, tags, note and
    statement.

    truths: id → table row, needed for the filters status, value (λ) and multiplicity.
    Raises BadInput for these filters without truths.

    >>> from singularity_lab.catalog import entries
    >>> [e.id for e in search(entries("rules"), "det", max_dimension=5)]
    ['rule-product-x-det']
    """
    known = truths or {}
    if truths is None and not (status is None and value is None and multiplicity is None):
        raise BadInput("truths: needed to search by status, value or multiplicity")
    wanted = set(tags)
    needle = text.lower()
    found = []
    for row in rows:
        truth = known.get(row.id, {})
        haystack = " ".join([row.id, row.family, row.title, row.note, *row.tags]).lower()
        if (family is not None and row.family != family) or not wanted <= set(row.tags):
            continue
        if status is not None and truth.get("status") != status:
            continue
        if value is not None and truth.get("lambda") != str(fraction(value)):
            continue
        if multiplicity is not None and truth.get("multiplicity") != multiplicity:
            continue
        if min_dimension or max_dimension is not None:
            d = row.dimension if not truth else truth["dimension"]
            if d < min_dimension or (max_dimension is not None and d > max_dimension):
                continue
        # models are built last: of the rows that fit, and whose words do not decide
        if needle in haystack or needle in row.model().statement.lower():
            found.append(row)
    return found
