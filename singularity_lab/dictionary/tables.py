"""The tables on disk, and for other programs: pandas, polars, Arrow, DuckDB, Parquet, CSV, JSON.

On disk a dictionary is a folder with one file of JSON lines for each table, compressed by gzip
without a time stamp: the same tables give the same bytes, and nothing but the base installation
reads them. A *frame* is a table with flat columns: a cell ``x`` gives the columns ``x`` (its value
as text, or JSON where it is composite), ``x_status``, ``x_lower``, ``x_upper`` and ``x_reason``.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from singularity_lab.dictionary.schema import TABLES, Cell, ReadingLine, Tables
from singularity_lab.errors import BadInput
from singularity_lab.system.extras import require
from singularity_lab.system.files import made_folder, write_bytes, write_text

SUFFIX = ".jsonl.gz"
FORMATS = ("json", "csv", "parquet")
Source = Tables | str | Path | None
_FOLDER = Path(__file__).resolve().parent / "data"


def write_tables(tables: Tables, folder: Path) -> dict[str, int]:
    """Write the tables into a folder; return the bytes of each file."""
    sizes = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        text = msgspec.json.Encoder().encode_lines(getattr(tables, name))
        data = gzip.compress(text, 9, mtime=0)
        write_bytes(folder / f"{name}{SUFFIX}", data)
        sizes[name] = len(data)
    return sizes


def read_tables(folder: Path) -> Tables:
    """Read the tables of a folder.

    Raises BadInput for a folder that lacks a table, and for a file that is none.
    """
    found: dict[str, Any] = {}
    for name, kind in TABLES.items():
        path = folder / f"{name}{SUFFIX}"
        try:
            text = gzip.decompress(path.read_bytes())
            found[name] = msgspec.json.Decoder(kind).decode_lines(text)
        except FileNotFoundError:
            raise BadInput(
                f"dictionary: {folder} has no table {name}: singlab dictionary build"
            ) from None
        except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
            raise BadInput(f"dictionary: {path.name}: not a table of it: {error}") from None
    return Tables(**found)


def is_dictionary(folder: Path) -> bool:
    """Whether a folder holds all five tables."""
    return all((folder / f"{name}{SUFFIX}").exists() for name in TABLES)


@lru_cache(maxsize=1)
def shipped() -> Tables:
    """The dictionary that the package carries."""
    return read_tables(_FOLDER)


def chosen(tables: Source) -> Tables:
    """Tables, those of a folder, or the shipped ones where none are given. Raises BadInput for
    anything else.

    >>> chosen(None) is shipped()
    True
    """
    if tables is None:
        return shipped()
    if isinstance(tables, str | Path):
        return read_tables(Path(tables))
    if isinstance(tables, Tables):
        return tables
    raise BadInput(
        f"tables: Tables or the folder of a dictionary is needed, received {type(tables).__name__}"
    )


def stored_readings(folder: Path) -> list[ReadingLine]:
    """The readings of a folder; none where it has no such table."""
    path = folder / f"readings{SUFFIX}"
    if not path.exists():
        return []
    return msgspec.json.Decoder(ReadingLine).decode_lines(gzip.decompress(path.read_bytes()))


def write_readings(lines: list[ReadingLine], folder: Path) -> None:
    """Write the table ``readings`` of a folder alone."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.Encoder().encode_lines(lines)
    write_bytes(folder / f"readings{SUFFIX}", gzip.compress(text, 9, mtime=0))


def shipped_folder() -> Path:
    """Where the package keeps its dictionary."""
    return _FOLDER


# -- flat columns ----------------------------------------------------------------------------------


def _text(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def flat(tables: Source, table: str) -> list[dict[str, Any]]:
    """The records of a table with flat columns: numbers and texts, no cells.

    tables: a dictionary or its folder; None is the shipped one. Raises BadInput for a name that is
    no table, and for a folder that is no dictionary.

    >>> flat(Tables(), "rows")
    []
    """
    if table not in TABLES:
        raise BadInput(f"table: one of {', '.join(TABLES)} is needed, received {table!r}")
    tables = chosen(tables)
    kind = TABLES[table]
    spelt = list(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    found = []
    for record in getattr(tables, table):
        line: dict[str, Any] = {}
        for name, column in spelt:
            value = getattr(record, name)
            if isinstance(value, Cell):
                shown = _text(value.value)
                line[column] = shown if shown is None or isinstance(shown, str) else str(shown)
                line[f"{column}_status"] = value.status
                line[f"{column}_lower"] = value.lower
                line[f"{column}_upper"] = value.upper
                line[f"{column}_reason"] = value.reason
            else:
                line[column] = _text(value)
        found.append(line)
    return found


def to_pandas(tables: Source, table: str) -> Any:
    """A table as a pandas DataFrame of flat columns."""
    require("to_pandas", "pandas")
    import pandas

    return pandas.DataFrame(flat(tables, table))


def to_arrow(tables: Source, table: str) -> Any:
    """A table as a pyarrow Table of flat columns."""
    require("to_arrow", "duckdb", "pyarrow")
    return _relation(tables, table).to_arrow_table()


def to_polars(tables: Source, table: str) -> Any:
    """A table as a polars DataFrame of flat columns."""
    require("to_polars", "duckdb", "polars", "pyarrow")
    return _relation(tables, table).pl()


def _relation(tables: Source, table: str) -> Any:
    """A table in a DuckDB database of its own, which knows the other libraries' types."""
    import duckdb

    connection = duckdb.connect()
    _create(connection, table, flat(tables, table))
    return connection.table(table)


def to_duckdb(tables: Source) -> Any:
    """All tables in a DuckDB database in memory, each under its own name; the connection.

    >>> connection = to_duckdb(Tables())
    >>> connection.sql("SELECT count(*) FROM rows").fetchall()
    [(0,)]
    """
    require("to_duckdb", "duckdb")
    import duckdb

    tables = chosen(tables)
    connection = duckdb.connect()
    for table in TABLES:
        _create(connection, table, flat(tables, table))
    return connection


def _create(connection: Any, table: str, lines: list[dict[str, Any]]) -> None:
    """A table of a DuckDB database, its columns typed by what stands in them."""
    if not lines:
        connection.execute(f'CREATE TABLE "{table}" (empty VARCHAR)')
        return
    kinds = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", str: "VARCHAR"}
    columns = {}
    for column in lines[0]:
        seen = {type(line[column]) for line in lines} - {type(None)}
        columns[column] = kinds[seen.pop()] if len(seen) == 1 else "VARCHAR"
    spelt = ", ".join(f'"{c}" {kind}' for c, kind in columns.items())
    connection.execute(f'CREATE TABLE "{table}" ({spelt})')
    places = ", ".join("?" * len(columns))
    rows = [list(line.values()) for line in lines]
    connection.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)


def export(tables: Source, folder: str | Path, kind: str = "json") -> list[Path]:
    """Write the tables for other programs, one file each; return the files.

    tables: a dictionary or its folder; None is the shipped one. folder: where the files go.
    kind: ``json`` (lists of records, cells as objects), ``csv`` or ``parquet`` (flat columns).
    Raises BadInput for another kind.
    """
    tables = chosen(tables)
    if kind not in FORMATS:
        raise BadInput(f"format: one of {', '.join(FORMATS)} is needed, received {kind!r}")
    folder = made_folder(folder, "out")
    files = []
    connection: Any = to_duckdb(tables) if kind == "parquet" else None
    for table in TABLES:
        path = folder / f"{table}.{kind}"
        if kind == "json":
            write_bytes(path, msgspec.json.encode(getattr(tables, table)))
        elif kind == "csv":
            write_text(path, _csv(flat(tables, table)))
        else:
            connection.execute(f"COPY \"{table}\" TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        files.append(path)
    return files


def _csv(lines: list[Mapping[str, Any]] | list[dict[str, Any]]) -> str:
    import csv
    import io

    out = io.StringIO()
    if lines:
        writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return out.getvalue()
