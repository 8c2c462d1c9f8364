"""The catalog as an answer key for other programs: one Parquet file, a data card, Croissant
metadata.

``catalog.parquet`` has a line for each row: generators, point, prior and constraints of its germ, λ
and m as far as they are proved, and the SHA-256 of the certificates that prove them. Every column
is text but the number of parameters; λ is a fraction. Two lines read it, without this package:

    import pandas
    key = pandas.read_parquet("catalog.parquet").set_index("id")
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from singularity_lab.catalog.export import COLUMNS, croissant, to_csv, to_json
from singularity_lab.system.extras import require
from singularity_lab.system.files import made_folder, replacing, write_text

__all__ = ["write_answer_key"]

FILE = "catalog.parquet"
_CARD = """# The learning coefficients of singular models: an answer key

{count} germs of K = f1^2 + f2^2 + ... (or of a loss K itself) at a point, version {version}. λ is
the real log canonical threshold of K there, m its multiplicity: vol {{K < ε}} is of order ε^λ (-log
ε)^(m-1).

    import pandas
    key = pandas.read_parquet("{file}").set_index("id")
    key.loc["nc-1-1", ["generators", "point", "lambda", "multiplicity"]]

Status: {statuses}. A value is `proved` where a certificate proves it that a verifier replays; the
column `certificates` has their SHA-256. `bracketed` rows have proved bounds in `lower` and `upper`;
what a paper alone says stands in `claims`, and is no part of the key.

| column | meaning |
|---|---|
{columns}

What it is for: validating estimators of the learning coefficient. What it is not: a sample of
networks as they are trained; most rows are small, and exact because they are. Licence: Apache 2.0.
"""


def write_answer_key(
    table: Sequence[Mapping[str, Any]], folder: str | Path, version: str
) -> list[Path]:
    """Write ``catalog.parquet``, ``README.md`` (the data card) and ``croissant.json``; their paths.

    table: rows as :func:`singularity_lab.catalog.export.with_model` makes them. Raises BadInput
    where DuckDB is not installed.
    """
    require("answer key", "duckdb")
    import duckdb

    folder = made_folder(folder, "out")
    target = folder / FILE
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "catalog.csv"
        source.write_text(to_csv(table), encoding="utf-8")
        types = ", ".join(
            f"'{name}': '{'BIGINT' if name == 'dimension' else 'VARCHAR'}'" for name in COLUMNS
        )
        with replacing(target) as part, duckdb.connect() as connection:
            place = str(part.resolve()).replace("'", "''")
            connection.execute(
                f"COPY (SELECT * FROM read_csv(?, header = true, columns = {{{types}}}, "
                f"max_line_size = 16777216)) TO '{place}' (FORMAT parquet, COMPRESSION zstd)",
                [str(source)],
            )
    meta = croissant(table, version, FILE)
    meta["distribution"][0] |= {
        "description": "the rows as Parquet",
        "encodingFormat": "application/x-parquet",  # by its name in Croissant
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }
    statuses = Counter(str(row.get("status")) for row in table)
    card = _CARD.format(
        count=len(table),
        version=version,
        file=FILE,
        statuses=", ".join(f"{n} {name}" for name, n in statuses.most_common()),
        columns="\n".join(f"| {name} | {meaning} |" for name, meaning in COLUMNS.items()),
    )
    return [
        target,
        write_text(folder / "README.md", card),
        write_text(folder / "croissant.json", to_json(meta)),
    ]
