"""Other computer algebra systems, to cross-check: Singular and Macaulay2 as subprocesses.

No certificate of the laboratory rests on them. They are asked by tests marked ``oracle`` and by a
benchmark, and jets and contact loci ask Singular for Gröbner bases
(:mod:`singularity_lab.exact.arcs.equations`); where they are absent, :class:`NotInstalled` says so.

They speak of *complex* thresholds. For K = Σ f² and I = (f_1, …, f_k), 2λ(I) ≥ lct(I), with
equality where the divisor that gives lct(I) has real points. Three roads lead to lct(f) there: the
largest root of the Bernstein–Sato polynomial is −lct (Kollár 1997, Theorem 10.6; for ideals Budur,
Mustaţă and Saito 2006); for an isolated singularity lct = min(1, 1 + least spectral number)
(Varchenko 1982; Singular counts from −1); and an embedded resolution has lct = min (a_i + 1)/N_i.
Each function below says where its answer is global, of another ideal, or wrong.

Decker, Greuel, Pfister and Schönemann, *Singular*; Grayson and Stillman, *Macaulay2*.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from singularity_lab.algebra.polynomial import Ideal, Polynomial, parse
from singularity_lab.errors import OutOfScope, SingularityLabError, Undecided

MARK = "@@"


class NotInstalled(OutOfScope):
    """The system is not on this machine."""


class OutOfBudget(Undecided):
    """The system did not answer within its limits of time and memory."""


class OracleFailure(SingularityLabError):
    """The system answered with an error of its own, or with what cannot be read."""


@dataclass(frozen=True)
class System:
    """A computer algebra system with its limits: wall-clock seconds, MiB of address space, and CPU
    seconds where ``cpu`` is given.

    path: the binary; found on PATH, in the environment variable of :attr:`variable`, or in the
    wheel (the folder ``sage_wheels/bin`` of passagemath-singular and passagemath-macaulay2) unless
    given.
    """

    seconds: float = 30.0
    memory: int = 4096
    cpu: int | None = None
    path: str | None = None

    name: ClassVar[str] = ""
    binary: ClassVar[str] = ""
    variable: ClassVar[str] = ""
    options: ClassVar[tuple[str, ...]] = ()
    complaint: ClassVar[str] = r"$^"

    @classmethod
    def find(cls) -> str | None:
        """The path of the binary, None where the system is not installed."""
        named = os.environ.get(cls.variable)
        found = shutil.which(named or cls.binary)
        if found is not None or named:
            return found
        try:
            spec = importlib.util.find_spec("sage_wheels")
        except (ImportError, ValueError):
            return None
        folders = (spec.submodule_search_locations or []) if spec is not None else []
        candidates = [Path(folder) / "bin" / cls.binary for folder in folders]
        return next((str(p) for p in candidates if os.access(p, os.X_OK)), None)

    @classmethod
    def installed(cls) -> bool:
        """True if there is a binary on this machine."""
        return cls.find() is not None

    def run(self, script: str) -> str:
        """What the system prints for a script.

        Raises NotInstalled, OutOfBudget (the process and its children are ended), and OracleFailure
        where it complains.
        """
        path = self.path or self.find()
        if path is None:
            raise NotInstalled(
                f"{self.name} is not installed (no {self.binary} on PATH, in ${self.variable} or "
                "in a passagemath wheel)"
            )
        limited = 'ulimit -v "$1" 2>/dev/null; ulimit -t "$2"; shift 2; exec "$@"'
        limits = [str(self.memory * 1024), str(self.cpu or "unlimited")]
        command = ["sh", "-c", limited, "sh", *limits, path, *self.options]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                printed, _ = process.communicate(script, timeout=self.seconds)
            except BaseException as stopped:  # also Ctrl-C: the system must not go on alone
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                if not isinstance(stopped, subprocess.TimeoutExpired):
                    raise
                raise OutOfBudget(f"{self.name}: no answer in {self.seconds} s") from None
        ended = abs(process.returncode) % 128
        if self.cpu is not None and ended in (signal.SIGXCPU, signal.SIGKILL):
            raise OutOfBudget(f"{self.name}: no answer in {self.cpu} CPU seconds")
        if re.search(r"no more memory|out of memory|memory exhausted|bad_alloc", printed, re.I):
            raise OutOfBudget(f"{self.name}: more than {self.memory} MiB")
        trouble = re.search(self.complaint, printed, re.M)
        if trouble is not None:
            line = printed[trouble.start() :].splitlines()[0].strip()
            raise OracleFailure(f"{self.name}: {line}")
        return printed

    def answers(self, script: str, keys: Sequence[str]) -> dict[str, str]:
        """The values that a script prints as ``@@key=value``; each key must appear."""
        printed = self.run(script)
        found = dict(re.findall(rf"^{MARK}(\w+)=(.*)$", printed, re.M))
        missing = [k for k in keys if k not in found]
        if missing:
            last = printed.strip().splitlines()[-1:] or ["nothing"]
            raise OracleFailure(
                f"{self.name}: no {missing[0]} in its answer, which ends: {last[0]}"
            )
        return found


# -- text ----------------------------------------------------------------------------------------


def written(p: Polynomial) -> str:
    """A polynomial in w1, w2, … as both systems read it."""
    parts = []
    for a, c in p.terms():
        powers = [f"w{i + 1}^{e}" for i, e in enumerate(a) if e]
        parts.append("*".join([f"({c})", *powers]))
    return " + ".join(parts) or "0"


def read_ideal(text: str, variables: Sequence[str]) -> Ideal:
    """The ideal that a system printed with variables w1, w2, …."""
    names = [f"w{i + 1}" for i in range(len(variables))]
    polys = []
    for part in text.strip("{} ").split(","):
        terms = dict(parse(part.strip(), names).terms())
        polys.append(Polynomial.from_terms(terms, variables))
    return Ideal(tuple(variables), tuple(polys))
