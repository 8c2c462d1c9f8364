"""The store of a calibration: append-only, durable line by line, compacted to Parquet at the end.

Each writer appends JSON lines to a shard of its own and syncs every line to the disk before it
goes on, so that whatever interrupts a run, all finished measurements are kept and at most the last
line of a shard is torn. A torn last line is ignored; a file that is damaged in another way is named
in the log and set aside (``NAME.damaged``), and what is whole in it is kept. Shards are compacted
into one Parquet file that DuckDB queries; a key that occurs twice counts once (the later record
holds).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.system.extras import hint, installed
from singularity_lab.system.files import set_aside, write_text

__all__ = ["COLUMNS", "Shard", "Store"]

_log = logging.getLogger(__name__)

# The columns of a record, with their types in DuckDB. `settings`, `multiplicity` (P(m) by m) and
# `reading` (all of it) are JSON text; no score reads the last. `reported`: evaluations as an
# outside estimator counts them; `allowed`: by the budget; `version`: of the device; `written`:
# seconds since 1970.
COLUMNS = {
    "key": "VARCHAR",
    "row": "VARCHAR",
    "arm": "VARCHAR",
    "device": "VARCHAR",
    "settings": "VARCHAR",
    "seed": "BIGINT",
    "value": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "level": "DOUBLE",
    "outcome": "VARCHAR",
    "reason": "VARCHAR",
    "evaluations": "BIGINT",
    "gradients": "BIGINT",
    "cpu_seconds": "DOUBLE",
    "multiplicity": "VARCHAR",
    "reported": "BIGINT",
    "allowed": "DOUBLE",
    "version": "VARCHAR",
    "written": "DOUBLE",
    "reading": "VARCHAR",
}
Record = dict[str, Any]


class Shard:
    """One writer's file of JSON lines; :meth:`append` returns when the line is on the disk."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.path = folder / f"shard-{name or f'{os.getpid()}-{secrets.token_hex(4)}'}.jsonl"
        self._file = self.path.open("xb")  # a shard is never written by two, nor reopened

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record and sync it. Raises BadInput for columns that are not those of
        COLUMNS."""
        if set(record) != set(COLUMNS):
            odd = sorted(set(record) ^ set(COLUMNS))
            raise BadInput(f"record: expected the columns {list(COLUMNS)}, differs in {odd}")
        line = json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            self._file.write(line.encode("utf-8", "backslashreplace"))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:  # of a full disk the system names no file
            raise type(error)(error.errno, error.strerror, str(self.path)) from None

    def close(self) -> None:
        """Close the file; an empty shard is removed."""
        empty = self._file.tell() == 0
        with contextlib.suppress(OSError):  # said by append, if it is a full disk
            self._file.close()
        if empty:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Shard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Store:
    """The records in a folder: ``readings.parquet`` and ``shard-*.jsonl``.

    >>> import tempfile
    >>> record = dict.fromkeys(COLUMNS) | {"key": "k", "row": "cusp", "value": 0.42}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     with store.shard() as shard:
    ...         shard.append(record)
    ...     [r["row"] for r in store.records()]
    ['cusp']
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise BadInput(f"out: a folder is needed, but this is a file: {self.folder}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"out: cannot make the folder {self.folder}: {error.strerror}") from None

    @property
    def parquet(self) -> Path:
        """The compacted file; it may be absent."""
        return self.folder / "readings.parquet"

    def shards(self) -> list[Path]:
        """The shards, oldest first."""
        return sorted(
            self.folder.glob("shard-*.jsonl"), key=lambda p: (p.stat().st_mtime_ns, p.name)
        )

    def shard(self, name: str | None = None) -> Shard:
        """A new shard for one writer."""
        return Shard(self.folder, name)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one calibration. Raises BadInput while another process holds it."""
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BadInput(f"out: another calibration is writing into {self.folder}") from None
            yield

    def records(self) -> list[Record]:
        """All records, one per key, in the order of first appearance.

        A damaged file is named in the log and set aside; the whole records in it are kept.
        """
        found: dict[str, Record] = {}
        for record in self._compacted():
            found[record["key"]] = record
        for path in self.shards():
            records, damage = _lines(path)
            if damage:
                self._mend(path, records, damage)
            for record in records:
                found[record["key"]] = record
        return list(found.values())

    def _compacted(self) -> list[Record]:
        """The records of the Parquet file; a file that is none of a store is set aside."""
        if not self.parquet.exists():
            return []
        duckdb = _duckdb()
        try:
            with duckdb.connect() as connection:
                cursor = connection.execute("SELECT * FROM read_parquet(?)", [_glob(self.parquet)])
                names = [column[0] for column in cursor.description]
                rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
                if set(names) != set(COLUMNS) or not all(map(_is_record, rows)):
                    raise BadInput("these are no readings of a store")
                return rows
        except (duckdb.Error, BadInput) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            aside = set_aside(self.parquet)
            _log.warning("%s", f"{self.parquet}: damaged ({why}); kept as {aside}")
            return []

    def _mend(self, path: Path, records: list[Record], damage: str) -> None:
        """Set a damaged shard aside and write its whole records in its place, with its time."""
        times = path.stat()
        _log.warning("%s", f"{path}: {damage}; kept as {set_aside(path)}")
        lines = (json.dumps(r, ensure_ascii=False) + "\n" for r in records)
        write_text(path, "".join(lines))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # a later record holds

    def keys(self) -> set[str]:
        """The keys of all records."""
        return {r["key"] for r in self.records()}

    def compact(self) -> Path | None:
        """Gather everything in ``readings.parquet`` and remove the shards.

        Without DuckDB the shards stay as they are (they are read all the same), and None is
        returned. The Parquet file is replaced in one step, so that an interruption leaves either
        state, never half of one.
        """
        if not installed("duckdb"):
            return None
        shards = self.shards()
        records = self.records()
        if not records:
            return None
        duckdb = _duckdb()
        lines, fresh = self.folder / ".compact.jsonl", self.folder / ".compact.parquet"
        try:
            target = _plain(fresh).replace("'", "''")
        except BadInput:
            return None  # a folder that DuckDB cannot name: the shards do
        try:
            with lines.open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
            types = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
            with duckdb.connect() as connection:
                connection.execute(
                    f"COPY (SELECT * FROM read_json(?, format = 'newline_delimited', "
                    f"maximum_object_size = 1000000000, columns = {{{types}}})) "
                    f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
                    [_glob(lines)],
                )
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            fresh.replace(self.parquet)
            for path in shards:
                path.unlink()
        except (duckdb.Error, OSError) as error:  # a full disk, say: the shards hold everything
            _log.warning("%s", f"{self.parquet}: not written ({str(error).splitlines()[0]})")
            return None
        finally:
            lines.unlink(missing_ok=True)
            fresh.unlink(missing_ok=True)
        return self.parquet

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a DuckDB query over the table ``readings`` (the columns are COLUMNS).

        Compacts first. Raises BadInput when there is nothing to query, or for SQL that DuckDB
        rejects.
        """
        duckdb = _duckdb()
        if self.compact() is None:
            raise BadInput(f"out: there are no readings in {self.folder}")
        with duckdb.connect() as connection:
            path = _glob(self.parquet).replace("'", "''")
            connection.execute(f"CREATE VIEW readings AS SELECT * FROM read_parquet('{path}')")
            try:
                return list(connection.execute(sql).fetchall())
            except duckdb.Error as error:
                raise BadInput(f"sql: {str(error).splitlines()[0]}") from None


def _lines(path: Path) -> tuple[list[Record], str]:
    """The records of a shard, and what is wrong with it, if anything; a last line without its
    newline was torn by an interruption, and is no damage."""
    *lines, _torn = path.read_bytes().split(b"\n")
    records, damage = [], ""
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):  # neither UTF-8 nor JSON
            if number < len(lines):
                damage = damage or f"line {number}: damaged, not a JSON record"
            continue
        if not _is_record(record):
            damage = damage or f"line {number}: not a record of a store"
            continue
        records.append(record)
    return records, damage


_TYPES: dict[str, tuple[type, ...]] = {
    "VARCHAR": (str,),
    "BIGINT": (int,),
    "DOUBLE": (float, int),
}


def _is_record(found: Any) -> bool:
    """True if these are the columns of a record, each of its type or empty, and there is a key."""
    return (
        isinstance(found, dict)
        and set(found) == set(COLUMNS)
        and found["key"] is not None
        and all(v is None or isinstance(v, _TYPES[COLUMNS[n]]) for n, v in found.items())
    )


def _plain(path: Path) -> str:
    """A path as DuckDB takes it, in UTF-8 whatever the locale is. Raises BadInput if it is none."""
    try:
        return os.fsencode(path.resolve()).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"out: DuckDB needs a path in UTF-8, received {str(path)!r}") from None


def _glob(path: Path) -> str:
    """A path as DuckDB takes it where wildcards stand for others: they are escaped."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in _plain(path))


def _duckdb() -> Any:
    try:
        import duckdb
    except ModuleNotFoundError:
        raise BadInput(f"store: Parquet needs DuckDB: {hint('duckdb')}") from None
    return duckdb
