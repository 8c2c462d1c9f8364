"""Answers as documents: what is asked, and the documents that were written of the answers before
they had typed records (``answer_samples.jsonl``, one a line, in this order)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from singularity_lab import (
    contact_loci,
    essential_divisors,
    ground_truth,
    jets,
    lct,
    phases,
    program,
    program_census,
    program_functions,
    program_rlct,
    resolution_graph,
    rlct,
    singularity,
    volume_expansion,
    zeta,
)
from singularity_lab.errors import Undecided
from singularity_lab.exact.classification.path import along
from singularity_lab.exact.resolutions.divisors import divisors_of
from singularity_lab.programs.potential import potential

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
    "singularity": ("singularity", lambda: singularity("x^2 - 2*x*y^2 + y^4 + y^5")),
    "singularity of a row": ("singularity", lambda: singularity("ade-a2")),
    "singularity without weights": ("singularity", lambda: singularity("x^2*y^2 + x^5 + y^5")),
    "path": ("path", lambda: along("x^3 + s*x^2 + y^2", "s", [0, "1/2"])),
    "contact loci": ("contact", lambda: contact_loci("x^2 + y^2", order=3)),
    "contact loci of a row": ("contact", lambda: contact_loci("nc-1-1", order=3)),
    "essential divisors": ("essential", lambda: essential_divisors("x^2 + y^2 + z^3")),
    "essential divisors of a row": ("essential", lambda: essential_divisors("ade-a2")),
    "resolution graph": ("graph", lambda: resolution_graph("(x^2 - y^3)*(x^3 - y^2)")),
    "resolution graph of no reduced curve": ("graph", lambda: resolution_graph("x^2*y^3")),
    "volume of a monomial": ("volume", lambda: volume_expansion("x*y")),
    "volume": ("volume", lambda: volume_expansion("x^2 - y^3")),
    "threshold": ("threshold", lambda: lct("x^2 - y^3")),
    "threshold of an ideal": ("threshold", lambda: lct(["x*y", "z"])),
    "table": ("table", lambda: rlct("y^2 - x^4 - t*x^2", parameters="t")),
    "functions of a machine": ("functions", lambda: program_functions("parity-automaton-2")),
    "zero set of a program": ("zero set", lambda: program_census("xor-4nand-shared")),
    "potential": ("potential", lambda: potential(program("identity-chain2"))),
    "phases of a machine": ("phases", lambda: phases("parity-automaton-2")),
    "phases of strata": ("phases", lambda: phases("rrr-1-1-2-r0")),
    "truth of a row": ("truth", lambda: ground_truth("ade-a2", 0.0)),
    "divisor": ("divisor", lambda: divisors_of(rlct("x^2 - y^3").certificate)[0]),
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
