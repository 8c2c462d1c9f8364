"""Files that are whole or absent: written beside their place and renamed into it; read with one
line for whatever is wrong with them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from singularity_lab.errors import BadInput

__all__ = [
    "LARGEST_DOCUMENT",
    "made_folder",
    "parse_json",
    "read_json",
    "read_text",
    "replacing",
    "set_aside",
    "write_bytes",
    "write_text",
]

LARGEST_DOCUMENT = 64 * 2**20  # bytes of a text that is read; certificates are far smaller


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path beside ``path`` to write to: it takes the place of ``path`` at the end of the block.

    After an error, and after an interruption, ``path`` is what it was before and nothing else is
    left. A link is followed; what is no regular file, such as /dev/stdout, is written as it is.
    Every OSError names ``path``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a") as part:
    ...         _ = part.write_text("whole")
    ...     [(p.name, p.read_text()) for p in Path(folder).iterdir()]
    [('a', 'whole')]
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            yield path
            return
        target = Path(os.path.realpath(path))
        # Matplotlib and others choose the format by the suffix, so the part has it too.
        short = target.stem.encode("utf-8", "surrogateescape")[:60].decode("utf-8", "ignore")
        part = target.with_name(f".{short}.{secrets.token_hex(6)}.part{target.suffix[:20]}")
        try:
            yield part
            with part.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(part, target)
        except BaseException:  # whatever stops the writing, no part is left behind
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        # Of a full disk the system names no file; of a part that cannot be made, the wrong one.
        if error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from None


def made_folder(path: str | Path, name: str) -> Path:
    """The folder ``path``, made where it is missing. name: the argument by which messages call it.

    Raises BadInput for a file, for what cannot be made, and for what is no path.
    """
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise BadInput(f"{name}: a folder is needed, received {path!r}")
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{name}: a folder is needed, but this is a file: {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{name}: cannot make the folder {folder}: {error.strerror}") from None
    return folder


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write a file in one step and return its path; its folder is made where it is missing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(data)
    return path


def write_text(path: str | Path, text: str) -> Path:
    """Write a text in UTF-8 as :func:`write_bytes` does."""
    return write_bytes(path, text.encode("utf-8", "backslashreplace"))


def read_text(source: str | Path, name: str, most: int | None = None) -> str:
    """The text of a file in UTF-8; the text ``-`` is the standard input. name: what messages call
    it. most: bytes, LARGEST_DOCUMENT if None.

    Raises BadInput for a file that is missing, not UTF-8, or larger.
    """
    most = LARGEST_DOCUMENT if most is None else most
    if source == "-":
        if sys.stdin is None:
            raise BadInput(f"{name}: the standard input is closed")
        return _decoded(getattr(sys.stdin, "buffer", sys.stdin), "the standard input", name, most)
    if not Path(source).is_file():
        where = "" if Path(source).is_absolute() else f" in {Path.cwd()}"
        raise BadInput(f"{name}: there is no file {_shown(source)}{where}")
    with Path(source).open("rb") as file:
        return _decoded(file, _shown(source), name, most)


def _decoded(file: IO[Any], source: str, name: str, most: int) -> str:
    data = file.read(most + 1)
    if len(data) > most:
        raise BadInput(f"{name}: at most {most} bytes are read, {source} has more")
    try:
        return data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: {source} is not a text in UTF-8 (byte {error.start})") from None


def read_json(source: str | Path, name: str, **options: Any) -> Any:
    """The JSON document in a file, as :func:`read_text` and :func:`parse_json` read it."""
    said = "the standard input" if source == "-" else _shown(source)
    return parse_json(read_text(source, name), name, said, **options)


def parse_json(text: str | bytes, name: str, said: str = "the text", **options: Any) -> Any:
    """The value of a JSON document. said: what messages call it; options: of ``json.loads``.

    Raises BadInput for what is no JSON, or larger than LARGEST_DOCUMENT, or nested too deeply, or
    gives one key of an object twice.

    >>> parse_json('{"a": 1, "a": 2}', "--batch")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: --batch: the text is not JSON: the key 'a' is given twice \
in an object
    """
    if len(text) > LARGEST_DOCUMENT:
        raise BadInput(f"{name}: at most {LARGEST_DOCUMENT} bytes are read, {said} has more")
    try:
        return json.loads(text, **{"object_pairs_hook": _object, **options})
    except RecursionError:
        raise BadInput(f"{name}: {said} is nested too deeply") from None
    except BadInput:  # of an option
        raise
    except ValueError as error:  # JSONDecodeError, and bytes that are no text
        why = " ".join(str(error).split())[:160]
        raise BadInput(f"{name}: {said} is not JSON: {why}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are distinct: of two values, one would be passed over in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [k for k, _ in pairs]
        twice = next(k for k in keys if keys.count(k) > 1)
        raise ValueError(f"the key {twice[:40]!r} is given twice in an object")
    return found


def set_aside(path: Path) -> Path:
    """Rename a damaged file to ``NAME.damaged`` (``NAME.damaged-2``, …) and return its new path."""
    number, aside = 1, path.with_name(f"{path.name}.damaged")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(aside)
    return aside


def _shown(path: str | Path) -> str:
    text = str(path)
    return repr(text if len(text) <= 200 else text[:90] + "…" + text[-90:])
