"""The data of the page as classic scripts: a page that was opened from a folder may load scripts,
and may fetch no files. Each calls ``atlas.put(name, payload)``."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from singularity_lab.system.files import write_text


def write_plain(folder: Path, name: str, payload: Any) -> int:
    """Write a script with its data as they are; return its bytes."""
    return _write(folder, name, json.dumps(payload, ensure_ascii=False, separators=(",", ":")))


def write_packed(folder: Path, name: str, payload: Any) -> int:
    """Write a script with its data deflated, in base64; return its bytes."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return _write(folder, name, f'"{packed}"')


def _write(folder: Path, name: str, literal: str) -> int:
    # two line ends that JSON allows in texts, and scripts of old browsers do not
    literal = literal.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    text = f"atlas.put({json.dumps(name)},{literal});\n"
    path = folder / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return len(text.encode())


def by_size(items: Iterable[tuple[str, Any]], most: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Items in groups of at most ``most`` bytes of JSON, larger ones alone; each with its bytes.

    >>> [(list(g), n) for g, n in by_size([("a", "xx"), ("b", "y" * 9), ("c", 1)], 8)]
    [(['a'], 4), (['b'], 11), (['c'], 1)]
    """
    group: dict[str, Any] = {}
    size = 0
    for name, item in items:
        n = len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode())
        if group and size + n > most:
            yield group, size
            group, size = {}, 0
        group[name] = item
        size += n
    if group:
        yield group, size
