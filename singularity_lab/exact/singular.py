"""Singular as an optional oracle: a subprocess that gets text and a limit, and answers text.

Decker, Greuel, Pfister and Schönemann, *Singular*: https://www.singular.uni-kl.de. Nothing that the
laboratory proves rests on it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from singularity_lab.algebra.polynomial import Polynomial


def binary() -> str | None:
    """The path of a Singular binary: on PATH, or of the wheel passagemath-singular; else None."""
    found = shutil.which("Singular")
    if found is not None:
        return found
    try:
        spec = importlib.util.find_spec("sage_wheels")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        candidate = Path(folder) / "bin" / "Singular"
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return None


def ask(script: str, budget: float) -> str | None:
    """What Singular prints for a script; None without Singular, beyond the budget or on an error.

    budget: seconds. The process is ended at the limit.
    """
    program = binary()
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-q", "--no-rc"],
            input=script + "\nquit;\n",
            capture_output=True,
            text=True,
            timeout=budget,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return None if "?" in done.stdout or done.returncode else done.stdout


def ring(names: Sequence[str], characteristic: int = 0, order: str = "dp") -> str:
    """A ring declaration, with plain variable names w(1), …, in the order given."""
    inside = ",".join(f"w{i + 1}" for i in range(len(names)))
    return f"ring R = {characteristic},({inside}),{order};"


def text(p: Polynomial) -> str:
    """A polynomial in the variables w1, w2, … of :func:`ring`."""
    parts = []
    for a, c in p.terms():
        powers = [f"w{i + 1}^{e}" for i, e in enumerate(a) if e]
        parts.append("*".join([f"({c})", *powers]))
    return "+".join(parts) or "0"


def dimension(equations: Sequence[Polynomial], budget: float) -> int | None:
    """The dimension of the scheme of the equations modulo the prime 32003; None if not found."""
    names = equations[0].variables
    lines = [
        ring(names, 32003),
        "ideal I = " + ",".join(text(p) for p in equations) + ";",
        "print(dim(std(I)));",
    ]
    answer = ask("\n".join(lines), budget)
    return None if answer is None else int(answer.strip().splitlines()[-1])
