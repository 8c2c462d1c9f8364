"""Certificates on disk, addressed by the problem: one file for each problem, named by the
SHA-256 of the problem's canonical JSON.

A catalog carries its store in ``catalog/certificates``; a user's own searches go to the cache
folder. A file is gzip (level 9, no time stamp: the same proof gives the same bytes) of one JSON
document: the certificates, the budget of the search that found them, and its CPU seconds. What is
read back is verified before it counts.

``index.jsonl`` in a store says for every row, in one line, which problem it is and what its
certificates prove. It only spares verifying: ``singlab catalog check`` recomputes each line, and
whoever asks for the truth of one row gets the certificate, not the line.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.paths import catalog_path
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.certificate import Certificate, problem_to_json
from singularity_lab.exact.proof.verify import verify
from singularity_lab.system.files import LARGEST_DOCUMENT, set_aside, write_bytes

SUFFIX = ".json.gz"
_log = logging.getLogger(__name__)


def problem_key(problem: LocalProblem) -> str:
    """SHA-256 of the problem's canonical JSON: the address of what is proved about it."""
    text = json.dumps(problem_to_json(problem), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def row_key(entry: Entry) -> str:
    """SHA-256 of the fields of a row that say which problem it is (not claims, tags or words).

    >>> one = Entry(id="a", ideal=["x^2"])
    >>> row_key(one) == row_key(Entry(id="b", ideal=["x^2"], tags=["power"]))
    True
    """
    fields = ("builder", "parameters", "vars", "ideal", "at", "prior", "nonnegative", "box")
    said = [getattr(entry, f) for f in (*fields, "convention")]
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounds_of(certificates: Sequence[Certificate]) -> Bounds:
    """The best that the certificates prove together (they are taken as verified)."""
    lows = [c.claim for c in certificates if c.kind in ("exact", "lower")]
    highs = [c.claim for c in certificates if c.kind in ("exact", "upper")]
    return Bounds(max(lows, default=None), min(highs, default=None))


@dataclass(frozen=True)
class Stored:
    """Certificates read back and verified; budget and seconds of the search (CPU)."""

    certificates: tuple[Certificate, ...]
    budget: float | None
    rejected: tuple[str, ...] = field(default=())
    seconds: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """What the certificates prove."""
        return bounds_of(self.certificates)


@dataclass(frozen=True)
class CertificateStore:
    """A folder of certificates, one file per problem, named by the problem's hash.

    Reading verifies every certificate and that it speaks of this very problem; what fails is left
    out and named in ``rejected``. Writing is atomic: a reader sees the old file or the new one.
    """

    folder: Path

    def path(self, problem: LocalProblem) -> Path:
        """The file of a problem."""
        key = problem_key(problem)
        return self.folder / key[:2] / f"{key}{SUFFIX}"

    def files(self) -> list[Path]:
        """All certificate files, sorted."""
        return sorted(self.folder.glob(f"??/*{SUFFIX}"))

    def document(self, problem: LocalProblem) -> dict[str, Any] | None:
        """What is written about a problem, unverified; None where there is no file.

        Raises CertificateError for a file that holds no such document.
        """
        path = self.path(problem)
        try:
            with gzip.open(path) as file:
                text = file.read(LARGEST_DOCUMENT + 1)
            if len(text) > LARGEST_DOCUMENT:
                raise ValueError(f"more than {LARGEST_DOCUMENT} bytes")
            found = json.loads(text)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise CertificateError(f"{path.name}: not gzip of JSON: {error}") from None
        except RecursionError:
            raise CertificateError(f"{path.name}: nested too deeply") from None
        if not isinstance(found, dict) or not isinstance(found.get("certificates"), list):
            raise CertificateError(f"{path.name}: a list of certificates is needed")
        budget, seconds = found.setdefault("budget"), found.setdefault("seconds", 0.0)
        if not (budget is None or _is_number(budget)) or not _is_number(seconds):
            raise CertificateError(f"{path.name}: budget and seconds are numbers")
        return found

    def set_aside(self, problem: LocalProblem) -> Path | None:
        """Rename the file of a problem, which is damaged; the new path, or None without a file."""
        path = self.path(problem)
        return set_aside(path) if path.exists() else None

    def read(self, problem: LocalProblem) -> Stored | None:
        """What is stored about a problem, verified; None where there is no file."""
        try:
            document = self.document(problem)
        except CertificateError as error:
            return Stored((), 0.0, (str(error),))
        if document is None:
            return None
        name = self.path(problem).name
        kept, rejected = [], []
        wanted = problem_to_json(problem)
        for data in document["certificates"]:
            try:
                certificate = Certificate.from_json(data)
                if problem_to_json(certificate.problem) != wanted:
                    raise CertificateError("speaks of another problem")
                verify(certificate)
            except CertificateError as error:
                rejected.append(f"{name}: {error}")
            except Exception as error:  # a damaged proof may break anything
                why = " ".join(str(error).split())[:200]
                rejected.append(f"{name}: malformed: {type(error).__name__}: {why}")
            else:
                kept.append(certificate)
        return Stored(tuple(kept), document["budget"], tuple(rejected), document["seconds"])

    def write(
        self,
        problem: LocalProblem,
        certificates: Sequence[Certificate],
        budget: float | None,
        seconds: float = 0.0,
    ) -> Path:
        """Store certificates, replacing what was there; budget: CPU seconds, None for no limit."""
        document = {
            "budget": budget,
            "seconds": round(seconds, 2),
            "certificates": [c.to_json() for c in certificates],
        }
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        path = self.path(problem)
        write_bytes(path, gzip.compress(text.encode(), 9, mtime=0))
        return path

    # -- the index ---------------------------------------------------------------------------------

    @property
    def index_path(self) -> Path:
        """The file that lists all problems."""
        return self.folder / "index.jsonl"

    def index(self) -> dict[str, IndexLine]:
        """Row id → its line; empty where there is no index.

        Raises CertificateError for a file that is no index.
        """
        try:
            text = self.index_path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            lines = msgspec.json.Decoder(IndexLine).decode_lines(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise CertificateError(f"{self.index_path.name}: not an index: {error}") from None
        return {line.id: line for line in lines}

    def readable_index(self) -> dict[str, IndexLine]:
        """Row id → its line, of the lines that can be read; damage is named in the log."""
        try:
            return self.index()
        except CertificateError:
            pass
        decoder = msgspec.json.Decoder(IndexLine)
        found, wrong = {}, []
        for number, text in enumerate(self.index_path.read_bytes().splitlines(), start=1):
            try:
                line = decoder.decode(text)
                found[line.id] = line
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                wrong.append(number)
        _log.warning(
            "%s",
            f"{self.index_path}: {len(wrong)} lines are damaged, the first is line {wrong[0]}: "
            "singlab catalog prove --index-only writes it again",
        )
        return found

    def write_index(self, lines: Iterable[IndexLine]) -> None:
        """Write the index, in the order given."""
        write_bytes(self.index_path, msgspec.json.Encoder().encode_lines(list(lines)))


class Side(msgspec.Struct, frozen=True, rename={"value": "lambda"}):
    """One proved bound in the index: λ as text, and m."""

    value: str
    multiplicity: int

    @classmethod
    def of(cls, bound: RLCT | None) -> Side | None:
        return None if bound is None else cls(str(bound.value), bound.multiplicity)

    @property
    def rlct(self) -> RLCT:
        return RLCT(fraction(self.value), self.multiplicity)


class IndexLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the index says of a row: which problem it is, and what its certificates prove.

    row: :func:`row_key`; problem: :func:`problem_key`, empty for a loss that is no polynomial.
    certificates: digests. budget, seconds: of the search, in CPU seconds.
    """

    id: str
    family: str
    dimension: int
    row: str
    problem: str
    lower: Side | None
    upper: Side | None
    certificates: list[str]
    budget: float | None
    seconds: float

    @property
    def bounds(self) -> Bounds:
        """What the line says is proved."""
        lower, upper = (None if s is None else s.rlct for s in (self.lower, self.upper))
        return Bounds(lower, upper)

    @classmethod
    def of(cls, entry: Entry, document: Mapping[str, Any] | None) -> IndexLine:
        """The line of a row, from the document that is stored about its problem.

        Raises CertificateError for a document that holds no certificates.
        """
        found = [] if document is None else document["certificates"]
        certificates = [Certificate.from_json(c) for c in found]
        bounds = bounds_of(certificates)
        return cls(
            entry.id,
            entry.family,
            entry.dimension,
            row_key(entry),
            problem_key(entry.problem()) if entry.polynomial else "",
            Side.of(bounds.lower),
            Side.of(bounds.upper),
            [c.digest() for c in certificates],
            None if document is None else document.get("budget"),
            0.0 if document is None else document.get("seconds", 0.0),
        )


def shipped() -> CertificateStore:
    """The store that the catalog carries beside its data."""
    return CertificateStore(catalog_path() / "certificates")
