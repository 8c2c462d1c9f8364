"""The store of a calibration: many writers, nothing lost, immutable Parquet parts, queries by
DuckDB.

Each writer appends JSON lines to a shard of its own and syncs every line to the disk before it goes
on, so that whatever interrupts a run, all finished measurements are kept and at most the last line
of a shard is torn. A torn last line is ignored; a file that is damaged in another way is named in
the log and in :attr:`RecordStore.damaged` and set aside (``NAME.damaged``), and the rest is kept.
When a run ends, its shards become one part (``part-*.parquet``), written beside its place and
renamed, and never changed again. A key that occurs twice counts once: a measurement before the
death of a process, and of two the later one.

A bit that has fallen over is damage too, where the file can still be read: each line of a shard
ends with its CRC-32, the name of a part with the SHA-256 of its content, and ``parts.json`` lists
the parts, so that one that is gone is missed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import re
import secrets
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.system.extras import hint, installed, require
from singularity_lab.system.files import made_folder, read_json, set_aside, write_bytes, write_text

__all__ = [
    "COLUMNS",
    "DIED",
    "SCORED",
    "RecordStore",
    "Shard",
    "StoredRecord",
    "holds_record",
    "line_of",
    "shards_of",
]

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
SCORED = tuple(name for name in COLUMNS if name != "reading")
PARTS = "parts.json"  # the names of the parts that have been written
DIED = "died"  # the outcome of a measurement whose process ended; made again by the next run
StoredRecord = dict[str, Any]
# Of two records with one key the first in this order holds.
_RANK = f"coalesce(outcome = '{DIED}', false), fresh DESC, file DESC, line DESC"
_SUM = b', "crc": '
_NAMED = re.compile(r"part-\d{20}-([0-9a-f]{16})\.parquet")
_LIMITS = "SET memory_limit = '512MB'; SET threads = 2"


class Shard:
    """One writer's file of JSON lines; :meth:`append` returns when the line is on the disk."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.path = folder / f"shard-{name or f'{os.getpid()}-{secrets.token_hex(4)}'}.jsonl"
        self._file = self.path.open("xb")  # a shard is never written by two, nor reopened

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record and sync it. Raises BadInput for columns that are not those of
        COLUMNS."""
        self.extend([record])

    def extend(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write several records, and sync them together."""
        for record in records:
            self._write(record)
        self._sync()

    def _write(self, record: Mapping[str, Any]) -> None:
        if set(record) != set(COLUMNS):
            odd = sorted(set(record) ^ set(COLUMNS))
            raise BadInput(f"record: expected the columns {list(COLUMNS)}, differs in {odd}")
        line = line_of(record)
        try:
            self._file.write(line)
        except OSError as error:  # of a full disk the system names no file
            raise type(error)(error.errno, error.strerror, str(self.path)) from None

    def _sync(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
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


class RecordStore:
    """The records in a folder: ``part-*.parquet`` and ``shard-*.jsonl``.

    damaged: the names of files that were set aside because they could not be read, and of parts
    that are gone.

    name: the argument by which messages call the folder.

    >>> import tempfile
    >>> record = dict.fromkeys(COLUMNS) | {"key": "k", "row": "cusp", "value": 0.42}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = RecordStore(folder)
    ...     with store.shard() as shard:
    ...         shard.append(record)
    ...     [r["row"] for r in store.records()]
    ['cusp']
    """

    def __init__(self, folder: str | Path, name: str = "out") -> None:
        self.folder = made_folder(folder, name)
        self.name = name
        self._good: dict[Path, tuple[int, int]] = {}  # parts that have been read once

    @property
    def damaged(self) -> tuple[str, ...]:
        """The names of the files in the folder that have been set aside, and of parts that are
        gone."""
        folders = (self.folder, self.folder / "certificates")
        aside = [p.name for folder in folders for p in sorted(folder.glob("*.damaged*"))]
        return (*aside, *(f"{name} (missing)" for name in self.missing()))

    def missing(self) -> list[str]:
        """The names of parts that have been written, and neither are there nor were set aside."""
        there = {p.name for p in self.folder.glob("part-*")}
        return [n for n in self._listed() if n not in there and f"{n}.damaged" not in there]

    def forget_missing(self) -> None:
        """List only the parts that are there: what the others held has been measured again."""
        if self.missing():
            self._list([p.name for p in sorted(self.folder.glob("part-*.parquet"))])

    def _listed(self) -> list[str]:
        path = self.folder / PARTS
        found = read_json(path, "store") if path.exists() else []
        if not isinstance(found, list) or not all(isinstance(n, str) for n in found):
            raise BadInput(f"store: {path} is damaged; it is to hold a list of names")
        return found

    def _list(self, names: list[str]) -> None:
        write_text(self.folder / PARTS, json.dumps(names, indent=1) + "\n")

    def parts(self) -> list[Path]:
        """The Parquet parts that can be read, oldest first; others are set aside."""
        found = sorted(self.folder.glob("part-*.parquet"))
        for path in found:
            self._check(path)
        return [p for p in found if p in self._good]

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
                raise BadInput(
                    f"{self.name}: another calibration is writing into {self.folder}"
                ) from None
            yield

    # -- reading
    def records(self, columns: Sequence[str] = tuple(COLUMNS)) -> list[StoredRecord]:
        """All records, one per key, in the order of first appearance. columns: which of them.

        A damaged file is named in the log and set aside; the whole records in it are kept.
        """
        if not self.parts():
            return self._best(self._of_shards(columns))
        names = ", ".join(columns)
        with self._connection() as connection:
            cursor = connection.execute(f"SELECT {names} FROM readings ORDER BY place")
            found = cursor.fetchall()
        return [dict(zip(columns, values, strict=True)) for values in found]

    def _of_shards(self, columns: Sequence[str]) -> Iterator[StoredRecord]:
        keep = {*columns, "key", "outcome", "written"}
        for path in self.shards():
            for record in self._whole(path):
                yield {k: v for k, v in record.items() if k in keep}

    @staticmethod
    def _best(records: Iterable[StoredRecord]) -> list[StoredRecord]:
        """One record for each key, as the view ``readings`` chooses it."""
        found: dict[str, StoredRecord] = {}
        for record in records:
            other = found.get(record["key"])
            if other is None or record["outcome"] != DIED or other["outcome"] == DIED:
                found[record["key"]] = record
        return list(found.values())

    def keys(self) -> set[str]:
        """The keys of all records."""
        return {r["key"] for r in self.records(("key",))}

    def finished(self) -> set[str]:
        """The keys of the measurements that are not to be made again."""
        return {r["key"] for r in self.records(("key", "outcome")) if r["outcome"] != DIED}

    def text(self, key: str) -> str | None:
        """The reading of that key as JSON, or None where there is none."""
        if not self.parts():
            return next((r["reading"] for r in self.records() if r["key"] == key), None)
        with self._connection() as connection:
            # from what lies below the view: it would sort the JSON of all readings
            sql = f"SELECT reading FROM filed WHERE key = ? ORDER BY {_RANK} LIMIT 1"
            found = connection.execute(sql, [key]).fetchall()
        return found[0][0] if found else None

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a DuckDB query over the table ``readings`` (the columns are COLUMNS).

        Raises BadInput when there is nothing to query, or for SQL that DuckDB rejects.
        """
        duckdb = _duckdb()
        self._settle()
        with self._connection() as connection:
            try:
                return list(connection.execute(sql).fetchall())
            except duckdb.Error as error:
                raise BadInput(f"sql: {str(error).splitlines()[0]}") from None

    def to_pandas(self, columns: Sequence[str] = SCORED) -> Any:
        """The records as a pandas DataFrame. columns: which; without ``reading`` unless named."""
        return self._frame(columns, "pandas", "df")

    def to_polars(self, columns: Sequence[str] = SCORED) -> Any:
        """The records as a polars DataFrame. columns: which; without ``reading`` unless named."""
        return self._frame(columns, "polars", "pl")

    def to_arrow(self, columns: Sequence[str] = SCORED) -> Any:
        """The records as a pyarrow Table. columns: which; without ``reading`` unless named."""
        return self._frame(columns, "pyarrow", "to_arrow_table")

    def _frame(self, columns: Sequence[str], library: str, method: str) -> Any:
        unknown = sorted(set(columns) - set(COLUMNS))
        if unknown or not columns:
            raise BadInput(f"columns: some of {list(COLUMNS)} are needed, received {unknown}")
        require(f"to_{library.removeprefix('py')}", library)
        self._settle()
        with self._connection() as connection:
            names = ", ".join(columns)
            found = connection.sql(f"SELECT {names} FROM readings ORDER BY place")
            return getattr(found, method)()

    def _settle(self) -> None:
        """Make parts of the shards, unless a run is writing them."""
        with contextlib.suppress(BadInput), self.lock():
            self.compact()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        """DuckDB with the view ``readings``, one row for each key, over parts and shards."""
        duckdb = _duckdb()
        parts, shards = self.parts(), self.shards()
        if not parts and not shards:
            raise BadInput(f"{self.name}: there are no readings in {self.folder}")
        names = ", ".join(COLUMNS)
        sources = []
        with duckdb.connect() as connection, tempfile.TemporaryDirectory() as scratch:
            connection.execute(_LIMITS)
            connection.execute(f"SET temp_directory = '{_quoted(scratch)}'")
            if parts:
                files = ", ".join(f"'{_quoted(_glob(p))}'" for p in parts)
                sources.append(
                    f"SELECT {names}, 0 AS fresh, file_row_number AS line, filename AS file "
                    f"FROM read_parquet([{files}], file_row_number = true, filename = true)"
                )
            if shards:
                lines = Path(scratch) / "shards.jsonl"
                longest = self._gather(lines)
                connection.execute(
                    "CREATE TEMP TABLE live AS SELECT *, row_number() OVER () AS line "
                    f"FROM {_read_json(lines, longest)}"
                )
                sources.append(f"SELECT {names}, 1 AS fresh, line, '' AS file FROM live")
            connection.execute(f"CREATE VIEW filed AS {' UNION ALL '.join(sources)}")
            connection.execute(
                "CREATE VIEW readings AS "
                "SELECT *, row_number() OVER (ORDER BY fresh, file, line) AS place FROM filed "
                f"QUALIFY row_number() OVER (PARTITION BY key ORDER BY {_RANK}) = 1"
            )
            yield connection

    def _check(self, path: Path) -> None:
        """Read a part once as a whole; one that is none of a store, or damaged, is set aside."""
        try:
            stamp = (path.stat().st_mtime_ns, path.stat().st_size)
        except OSError:
            return
        if self._good.get(path) == stamp:
            return
        self._good.pop(path, None)
        duckdb = _duckdb()
        try:
            if (digest := _NAMED.fullmatch(path.name)) and digest[1] != _digest(path):
                raise BadInput("its content is not what was written")
            with duckdb.connect() as connection:
                place = [_glob(path)]
                found = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", place)
                types = {row[0]: row[1] for row in found.fetchall()}
                if types != COLUMNS:
                    raise BadInput("these are no readings of a store")
                if not digest:  # from elsewhere: all of it is read once
                    sums = " + ".join(f"sum(hash({name})::HUGEINT)" for name in COLUMNS)
                    sql = f"SELECT {sums}, count(*) - count(key) FROM read_parquet(?)"
                    if connection.execute(sql, place).fetchall()[0][1]:
                        raise BadInput("a record has no key")
        except (duckdb.Error, BadInput, OSError) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            aside = set_aside(path)
            _log.warning("%s", f"{path}: damaged ({why}); kept as {aside}")
            return
        self._good[path] = stamp

    def _whole(self, path: Path) -> Iterator[StoredRecord]:
        """The whole records of a shard; a damaged one is set aside, and they take its place."""
        damage = ""
        try:
            for found, wrong in _lines(path):
                damage = damage or wrong
                if found is not None:
                    yield found
        except FileNotFoundError:  # its run has just made a part of it
            return
        if damage:
            self._mend(path, [r for r, _ in _lines(path) if r is not None], damage)

    def _mend(self, path: Path, records: list[StoredRecord], damage: str) -> None:
        """Set a damaged shard aside and write its whole records in its place, with its time."""
        times = path.stat()
        _log.warning("%s", f"{path}: {damage}; kept as {set_aside(path)}")
        if not records:
            return
        write_bytes(path, b"".join(map(line_of, records)))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # a later record holds

    # -- parts
    def compact(self) -> Path | None:
        """Make one part of all shards and remove them; the part, or None.

        For who holds the lock: a shard that is being written must stay. Without DuckDB the shards
        stay as they are (they are read all the same). An interruption leaves both, and then each
        record counts once.
        """
        shards = self.shards()
        if not shards or not installed("duckdb"):
            return None
        duckdb = _duckdb()
        fresh, target = self.folder / f".part-{secrets.token_hex(4)}.new", None
        lines = self.folder / ".compact.jsonl"
        try:
            place = _quoted(_plain(fresh))
        except BadInput:
            return None  # a folder that DuckDB cannot name: the shards do
        try:
            if longest := self._gather(lines):
                with duckdb.connect() as connection:
                    connection.execute(_LIMITS)
                    connection.execute(
                        f"COPY (SELECT * FROM {_read_json(lines, longest)}) TO '{place}' "
                        "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 4096)"
                    )
                with fresh.open("rb") as file:
                    os.fsync(file.fileno())
                name = f"part-{time.time_ns():020}-{_digest(fresh)}.parquet"
                target = self.folder / name
                fresh.replace(target)
                self._list([*self._listed(), name])
            for path in shards:
                path.unlink()
        except (duckdb.Error, OSError) as error:  # a full disk, say: the shards hold everything
            _log.warning("%s", f"{self.folder}: no part written ({str(error).splitlines()[0]})")
            return None
        finally:
            lines.unlink(missing_ok=True)
            fresh.unlink(missing_ok=True)
        return target

    def _gather(self, target: Path) -> int:
        """Write the whole records of all shards into one file; the length of the longest line."""
        longest = 0
        with target.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for path in self.shards():
                for record in self._whole(path):
                    line = json.dumps(record, ensure_ascii=False) + "\n"
                    longest = max(longest, 4 * len(line))  # at most, in UTF-8
                    file.write(line)
        return longest


def _read_json(path: Path, longest: int) -> str:
    """The table function that reads records from a file of JSON lines."""
    types = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    return (
        f"read_json('{_quoted(_glob(path))}', format = 'newline_delimited', "
        f"maximum_object_size = {max(longest, 1 << 20)}, columns = {{{types}}})"
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def line_of(record: Mapping[str, Any]) -> bytes:
    """A record as a line of a shard: JSON, whose last entry is the CRC-32 of the rest."""
    body = json.dumps(record, ensure_ascii=False, allow_nan=False)
    data = body.encode("utf-8", "backslashreplace")
    return data[:-1] + _SUM + b"%d}\n" % zlib.crc32(data)


def shards_of(process: int) -> str:
    """The pattern of the names of a process's shards."""
    return f"shard-{process}-*.jsonl"


def holds_record(path: Path, key: str = "") -> bool:
    """True if a shard is there with a whole record in it, of that key where one is given."""
    try:
        return any(found is not None and key in ("", found["key"]) for found, _ in _lines(path))
    except FileNotFoundError:
        return False


def _digest(path: Path) -> str:
    """The SHA-256 of a file, as far as the name of a part has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _lines(path: Path) -> Iterator[tuple[StoredRecord | None, str]]:
    """The records of a shard one by one, each with what is wrong with its line, if anything; a last
    line without its newline was torn by an interruption, and is no damage."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            body, mark, said = line.rpartition(_SUM)
            if mark:
                line = body + b"}"
                if said != b"%d}\n" % zlib.crc32(line):
                    yield None, f"line {number}: damaged, its checksum is another"
                    continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):  # neither UTF-8 nor JSON
                yield None, f"line {number}: damaged, not a JSON record"
                continue
            if _is_record(record):
                yield record, ""
            else:
                yield None, f"line {number}: not a record of a store"


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
        raise BadInput(f"folder: DuckDB needs a path in UTF-8, received {str(path)!r}") from None


def _glob(path: Path) -> str:
    """A path as DuckDB takes it where wildcards stand for others: they are escaped."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in _plain(path))


def _duckdb() -> Any:
    try:
        import duckdb
    except ModuleNotFoundError:
        raise BadInput(f"store: Parquet needs DuckDB: {hint('duckdb')}") from None
    return duckdb
