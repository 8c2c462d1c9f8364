"""The catalog as tables for other programs: JSON lines, CSV, Markdown, Parquet, and
Croissant-style metadata.

A table row is a plain dict (``GroundTruth.to_json`` gives one): the columns below, fractions as
text.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.algebra.rings import fraction
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import CatalogFamily, families
from singularity_lab.errors import BadInput
from singularity_lab.exact.proof.certificate import problem_to_json
from singularity_lab.system.extras import require

ExportRow = Mapping[str, Any]

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
    "variables": "of the polynomials, in order, separated by semicolons; empty without polynomials",
    "generators": "polynomials f1; f2; ... in the variables, separated by semicolons",
    "convention": "ideal: K = f1^2 + f2^2 + ...; loss: K = f1",
    "point": "the point of the germ: its coordinates that are not 0, as JSON of texts",
    "prior": "exponents t of the prior |w|^t, where they are not 0, as JSON of texts",
    "box": "constraints low <= w <= high, as JSON of [low, high]; null where there is none",
    "tags": "separated by semicolons",
    "certificates": "SHA-256 of the certificates",
}


PROBLEM = ("variables", "generators", "convention", "point", "prior", "box")


def with_model(entry: Entry, row: ExportRow) -> dict[str, Any]:
    """A table row with what says which model and point it is, and the polynomials themselves."""
    given: Any = {"vars": entry.vars, "ideal": entry.ideal}
    problem = problem_to_json(entry.problem()) if entry.polynomial else {}
    return dict(row) | {
        **{name: problem.get(name) for name in PROBLEM},
        "model": entry.builder,
        "parameters": entry.parameters if entry.builder else given,
        "at": entry.at,
        "tags": list(entry.tags),
    }


def _cell(row: ExportRow, column: str) -> str:
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


def to_csv(rows: Iterable[ExportRow], columns: Iterable[str] = COLUMNS) -> str:
    """Comma-separated values with a header; bounds as λ alone.

    >>> print(to_csv([{"id": "a", "lambda": "1/2"}]).splitlines()[1])
    a,,,,1/2,,,,,,,,,,,,,,,
    """
    columns = list(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row, c) for c in columns])
    return out.getvalue()


def to_markdown(rows: Iterable[ExportRow], columns: Iterable[str] = COLUMNS) -> str:
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


def to_json_lines(rows: Iterable[ExportRow]) -> str:
    """One JSON object a line, everything that the row has."""
    return "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)


def to_parquet(rows: Iterable[ExportRow], path: Path) -> Path:
    """Write a Parquet file, by DuckDB, and return its path: the columns as in CSV, ``dimension`` an
    integer, and ``proof``, the verified certificates of the row as a JSON text.

    A row brings its certificates under ``documents``. Raises BadInput where DuckDB is missing.
    """
    require("--format parquet", "duckdb")
    import duckdb

    kinds = {c: "INTEGER" if c == "dimension" else "VARCHAR" for c in (*COLUMNS, "proof")}
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "rows.jsonl"
        with lines.open("w", encoding="utf-8") as file:
            for row in rows:
                cells: dict[str, Any] = {c: _cell(row, c) or None for c in COLUMNS}
                cells["dimension"] = row.get("dimension")
                documents = row.get("documents")
                cells["proof"] = json.dumps(documents) if documents else None
                file.write(json.dumps(cells, ensure_ascii=False) + "\n")
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
        target = str(path).replace("'", "''")
        with duckdb.connect() as connection:
            connection.execute(
                "COPY (SELECT * FROM read_json(?, format = 'newline_delimited', "
                f"maximum_object_size = 1000000000, columns = {{{types}}})) "
                f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
                [str(lines)],
            )
    return path


# The terms of Croissant 1.0, as its specification gives them.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(rows: Sequence[ExportRow], version: str, file: str = "catalog.csv") -> dict[str, Any]:
    """Metadata in Croissant 1.0 (ML Commons, JSON-LD) of the CSV export: columns, types, checksum.

    file: the name of the CSV file, which lies beside the metadata. Numbers that may be absent are
    texts, as λ is: a table of integers has no empty cell.
    """
    text = to_csv(rows)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "singularity_lab_catalog",
        "description": "Singular models with proved real log canonical thresholds.",
        "citeAs": f"the singularity_lab contributors: catalog of singular models, {version}",
        "license": "https://www.apache.org/licenses/LICENSE-2.0",
        "version": version,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file,
                "name": file,
                "description": "the rows as comma-separated values",
                "contentUrl": file,
                "encodingFormat": "text/csv",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "rows",
                "name": "rows",
                "description": "one model at one point",
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"rows/{name}",
                        "name": name,
                        "description": description,
                        "dataType": "sc:Integer" if name == "dimension" else "sc:Text",
                        "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
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
    truths: Mapping[str, ExportRow] | None = None,
    status: str | None = None,
    value: str | Fraction | None = None,
    multiplicity: int | None = None,
) -> list[Entry]:
    """Rows that fit every filter given. The text is looked for in id, family, title, tags, note and
    statement, hyphens, underscores and blanks being the same.

    The rows of families with the text in their name come first, then those where it is in a title
    or an alias, then those that have it in their own words.

    truths: id → table row, needed for the filters status, value (λ) and multiplicity.
    Raises BadInput for these filters without truths.

    >>> from singularity_lab.catalog.load import entries
    >>> search(entries(), "reduced-rank")[0].family
    'reduced_rank_regression'
    >>> [e.id for e in search(entries("rules"), "det", max_dimension=5)]
    ['rule-product-x-det']
    """
    known = truths or {}
    if truths is None and not (status is None and value is None and multiplicity is None):
        raise BadInput("truths: needed to search by status, value or multiplicity")
    wanted = set(tags)
    needle = _plain(text)
    called = {name: rank for name, f in families().items() if (rank := _called(f, needle)) < 2}
    found: list[tuple[int, Entry]] = []
    for row in rows:
        truth = known.get(row.id, {})
        haystack = _plain(" ".join([row.id, row.family, row.title, row.note, *row.tags]))
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
        rank = called.get(row.family, 2)
        if rank < 2 or needle in haystack or needle in _plain(row.model().statement):
            found.append((rank, row))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _called(family: CatalogFamily, needle: str) -> int:
    """Where a text is in what a family is called: 0 its name, 1 title and aliases, 2 nowhere."""
    if needle in _plain(family.name):
        return 0
    return 1 if needle in _plain(" ".join([family.title, *family.aliases])) else 2


def _plain(text: str) -> str:
    """Small letters, with blanks for hyphens and underscores."""
    return re.sub(r"[-_\s]+", " ", text).strip().lower()
