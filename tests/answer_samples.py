"""Answers as documents: what is asked, and the documents that were written of the answers before
they had typed records (``answer_samples.jsonl``, one a line, in this order)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from singularity_lab import jets, program_rlct, rlct, zeta
from singularity_lab.errors import Undecided

FILE = Path(__file__).with_name("answer_samples.jsonl")


def undecided_program() -> Any:
    """The bounds of a program that is stopped at once."""
    try:
        program_rlct("detectA-3", semantics="staged", budget=0.001)
    except Undecided as error:
        return error.bounds
    raise AssertionError


ASKED: dict[str, tuple[str, Callable[[], Any]]] = {
    "exact": ("rlct", lambda: rlct("x^2 + y^3")),
    "row": ("rlct", lambda: rlct("nc-1-2")),
    "bounds": ("rlct", lambda: rlct("(x^2+y^3)^2 + x^5*y^4*z + z^7", nodes=1)),
    "domain": ("rlct", lambda: rlct("x^2*y", over={"x": (0, 1), "y": (0, 1)})),
    "jets": ("jets", lambda: jets("x^2 - y^3", order=3)),
    "jets of a row": ("jets", lambda: jets("nc-1-1", order=2)),
    "zeta": ("zeta", lambda: zeta("x^2 - y^3")),
    "program": ("program", lambda: program_rlct("xor-4nand-shared")),
    "program without time": ("program bounds", undecided_program),
    "real program": ("program", lambda: program_rlct("slp-square")),
}


def filed() -> Iterator[tuple[str, str]]:
    """The name of each sample with the text of its document."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        name, _, text = line.partition("\t")
        yield name, text


def write() -> None:
    """Write the documents anew."""
    lines = [f"{name}\t{json.dumps(ask().to_json())}" for name, (_, ask) in ASKED.items()]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
