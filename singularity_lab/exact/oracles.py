"""Other computer algebra systems, to cross-check: Singular and Macaulay2 as subprocesses.

Nothing that the laboratory proves rests on them. They are asked by tests marked ``oracle`` and by a
benchmark; where they are absent, :class:`NotInstalled` says so.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from singularity_lab.algebra.polynomial import Ideal, Polynomial, parse
from singularity_lab.errors import BadInput, OutOfScope, SingularityLabError, Undecided

_MARK = "@@"


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
        """Is there a binary on this machine?"""
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
            except BaseException as stopped:
                os.killpg(process.pid, signal.SIGKILL)  # also where the caller is interrupted
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
        found = dict(re.findall(rf"^{_MARK}(\w+)=(.*)$", printed, re.M))
        missing = [k for k in keys if k not in found]
        if missing:
            last = printed.strip().splitlines()[-1:] or ["nothing"]
            raise OracleFailure(
                f"{self.name}: no {missing[0]} in its answer, which ends: {last[0]}"
            )
        return found


class Singular(System):
    """Singular, piped. Variables are sent as w1, w2, …

    >>> Singular(seconds=5).seconds
    5
    """

    name = "Singular"
    binary = "Singular"
    variable = "SINGLAB_SINGULAR"
    options = ("-q", "--no-rc")
    complaint = r"^\s*\? .*"

    def _ask(
        self,
        ideal: Ideal,
        libraries: Sequence[str],
        lines: Sequence[str],
        keys: Sequence[str],
        order: str = "dp",
        characteristic: int = 0,
    ) -> dict[str, str]:
        names = ",".join(f"w{i + 1}" for i in range(len(ideal.variables)))
        script = ["option(noredefine);", *(f'LIB "{lib}";' for lib in libraries)]
        script += [f"ring R = {characteristic},({names}),{order};", "short = 0;"]
        script += [f"ideal I = {', '.join(map(_written, ideal.generators)) or '0'};"]
        script += [*lines, "quit;"]
        return self.answers("\n".join(script) + "\n", keys)

    def groebner_basis(self, ideal: Ideal, order: str = "dp") -> Ideal:
        """The reduced Gröbner basis over Q in one of Singular's global orders (dp, lp, Dp)."""
        if order not in ("dp", "lp", "Dp"):
            raise BadInput(f"order: one of dp, lp, Dp is needed, received {order!r}")
        lines = ["option(redSB); I = groebner(I); I = simplify(I, 1);", _show("basis", "I")]
        return _read_ideal(self._ask(ideal, (), lines, ["basis"], order)["basis"], ideal.variables)

    def dimension(self, ideal: Ideal, characteristic: int = 0) -> int:
        """The dimension of the complex variety; −1 if it is empty.

        characteristic: a prime p for the dimension of the reduction modulo p, which is found
        faster, and is the same for all p but finitely many.
        """
        command = "groebner(I)" if characteristic == 0 else "std(I)"
        lines = [_show("dim", f"dim({command})")]
        found = self._ask(ideal, (), lines, ["dim"], characteristic=characteristic)
        return int(found["dim"])

    def top_components(self, ideal: Ideal) -> tuple[int, int]:
        """(dimension, number of components of that dimension) over Q, by minAssGTZ."""
        lines = [
            "list L = minAssGTZ(I); int d = dim(std(I)); int k = 0; int i;",
            "for (i = 1; i <= size(L); i++) { if (dim(std(L[i])) == d) { k = k + 1; } }",
            _show("dim", "d"),
            _show("count", "k"),
        ]
        found = self._ask(ideal, ["primdec.lib"], lines, ["dim", "count"])
        return int(found["dim"]), int(found["count"])

    def minimal_primes(self, ideal: Ideal) -> list[Ideal]:
        """The minimal associated primes over Q (minAssGTZ), sorted by their text."""
        lines = [
            "list L = minAssGTZ(I); int i;",
            _show("count", "size(L)"),
            f'for (i = 1; i <= size(L); i++) {{ print("{_MARK}p" + string(i) + "=" + '
            "string(simplify(interred(L[i]), 1))); }",
        ]
        found = self._ask(ideal, ["primdec.lib"], lines, ["count"])
        primes = [
            _read_ideal(found[f"p{i + 1}"], ideal.variables) for i in range(int(found["count"]))
        ]
        return sorted(primes, key=str)

    def milnor_number(self, f: Polynomial) -> int | None:
        """μ(f) at the origin: dim of C{w}/(∂f); None if the singularity is not isolated."""
        return self._colength(f, "jacob(I[1])")

    def tjurina_number(self, f: Polynomial) -> int | None:
        """τ(f) at the origin: dim of C{w}/(f, ∂f); None if the singularity is not isolated."""
        return self._colength(f, "I + jacob(I[1])")

    def _colength(self, f: Polynomial, ideal: str) -> int | None:
        found = self._ask(
            Ideal(f.variables, (f,)), (), [_show("v", f"vdim(std({ideal}))")], ["v"], "ds"
        )
        return None if int(found["v"]) < 0 else int(found["v"])

    def b_function(self, f: Polynomial) -> dict[Fraction, int]:
        """The roots of the global Bernstein–Sato polynomial of f with multiplicities (bfct).

        The largest root is −lct over all of C^n: of (x² + 1)³·y it is −1/3, while the germ at 0 is
        smooth. Multiplicities bound m from above only (they see complex divisors too).
        """
        lines = ["list L = bfct(I[1]);", _show("roots", "L[1]"), _show("m", "L[2]")]
        return self._roots(self._ask(Ideal(f.variables, (f,)), ["bfun.lib"], lines, ["roots", "m"]))

    def b_function_of_ideal(self, ideal: Ideal) -> dict[Fraction, int]:
        """The roots of the Bernstein–Sato polynomial of an ideal (bfctVarAnn), as Budur, Mustaţă
        and Saito define it: the largest is −lct.

        Singular gives the polynomial of the variety, whose roots are larger by codim − 1; here that
        shift is undone. Global over C^n, as for one polynomial.
        """
        lines = [
            "list L = bfctVarAnn(I);",
            _show("roots", "L[1]"),
            _show("m", "L[2]"),
            _show("codim", "nvars(R) - dim(groebner(I))"),
        ]
        found = self._ask(ideal, ["dmodvar.lib"], lines, ["roots", "m", "codim"])
        shift = int(found["codim"]) - 1
        return {root - shift: m for root, m in self._roots(found).items()}

    @staticmethod
    def _roots(found: Mapping[str, str]) -> dict[Fraction, int]:
        roots = [Fraction(r) for r in found["roots"].split(",")]
        multiplicities = [int(m) for m in found["m"].split(",")]
        return dict(zip(roots, multiplicities, strict=True))

    def lct_by_b_function(self, ideal: Ideal) -> Fraction:
        """The complex lct over all of C^n; see :meth:`b_function` for what that is not.

        Wrong as a real threshold where the extremal divisor has no real point: (x² + y² + z²)² + x⁶
        gives 2/3, and 2λ = 3/4.
        """
        one = len(ideal.generators) == 1
        roots = self.b_function(ideal.generators[0]) if one else self.b_function_of_ideal(ideal)
        return -max(roots)

    def spectrum(self, f: Polynomial) -> dict[Fraction, int]:
        """The spectral numbers of an isolated singularity at the origin, from −1 on (gmssing.lib).

        Raises OracleFailure where the singularity is not isolated.
        """
        lines = ["list L = spectrum(I[1]);", _show("roots", "L[1]"), _show("m", "L[2]")]
        found = self._ask(Ideal(f.variables, (f,)), ["gmssing.lib"], lines, ["roots", "m"], "ds")
        return self._roots(found)

    def lct_by_spectrum(self, f: Polynomial) -> Fraction:
        """The complex lct of an isolated singularity at the origin: local, min(1, 1 + least
        number).

        It never sees reality: x⁴ + y⁴ + z⁴ + w⁴ has multiplicity 2 over C and 1 over R.
        """
        return min(Fraction(1), 1 + min(self.spectrum(f)))

    def lct_by_resolution(self, f: Polynomial) -> Fraction:
        """min (a_i + 1)/N_i over the divisors of ``resolve``, all of C^n (resolve.lib,
        reszeta.lib).

        Wrong where f is not reduced: the input is silently replaced by its radical, so that
        (w1·w2 + w3·w4)² gives 1 instead of 1/2. Its discrepancies are also wrong for at least one
        reduced f, (x² + y² + z²)² + x⁶.
        """
        lines = [
            "list re = resolve(I);",
            "list iden = prepEmbDiv(re);",
            _show("v", "computeV(re, iden)"),
            _show("n", "computeN(re, iden)"),
        ]
        libraries = ["resolve.lib", "reszeta.lib"]
        found = self._ask(Ideal(f.variables, (f,)), libraries, lines, ["v", "n"])
        pairs = zip(found["v"].split(","), found["n"].split(","), strict=True)
        return min(Fraction(int(v), int(n)) for v, n in pairs if int(n))

    def topological_zeta(self, f: Polynomial) -> str:
        """The global topological zeta function as text in s (``zetaDL``).

        Wrong on singularities that are not isolated: check Z(0) = 1 before use.
        """
        lines = [
            "list re = resolve(I);",
            "list L = zetaDL(re, 1);",
            _show("zeta", "L[1]"),
        ]
        libraries = ["resolve.lib", "reszeta.lib"]
        return self._ask(Ideal(f.variables, (f,)), libraries, lines, ["zeta"])["zeta"]


class Macaulay2(System):
    """Macaulay2, as a script on its standard input. Variables are sent as w1, w2, …"""

    name = "Macaulay2"
    binary = "M2"
    variable = "SINGLAB_M2"
    options = ("--silent", "-q", "--stop", "--no-prompts", "--no-readline")
    complaint = r"^.*: error: .*"

    def _ask(
        self, ideal: Ideal, packages: Sequence[str], lines: Sequence[str], keys: Sequence[str]
    ) -> dict[str, str]:
        names = ",".join(f"w{i + 1}" for i in range(len(ideal.variables)))
        script = [f'needsPackage "{package}";' for package in packages]
        script += [f"R = QQ[{names}];", f"I = ideal({', '.join(map(_written, ideal.generators))});"]
        script += [*lines, "exit 0"]
        return self.answers("\n".join(script) + "\n", keys)

    def groebner_basis(self, ideal: Ideal) -> Ideal:
        """The reduced Gröbner basis over Q in the graded reverse lexicographic order."""
        lines = [_print("basis", "flatten entries gens gb I")]
        return _read_ideal(self._ask(ideal, (), lines, ["basis"])["basis"], ideal.variables)

    def dimension(self, ideal: Ideal) -> int:
        """The dimension of the complex variety; −1 if it is empty."""
        return int(self._ask(ideal, (), [_print("dim", "dim I")], ["dim"])["dim"])

    def minimal_primes(self, ideal: Ideal) -> list[Ideal]:
        """The minimal associated primes over Q, sorted by their text."""
        lines = [
            "L = minimalPrimes I;",
            _print("count", "#L"),
            f'scan(#L, i -> print("{_MARK}p" | toString i | "=" | '
            "toString flatten entries gens gb L_i));",
        ]
        found = self._ask(ideal, ["MinimalPrimes"], lines, ["count"])
        primes = [_read_ideal(found[f"p{i}"], ideal.variables) for i in range(int(found["count"]))]
        return sorted(primes, key=str)

    def lct(self, ideal: Ideal) -> Fraction:
        """The complex lct over all of C^n, by b-functions (package BernsteinSato).

        Global: (x² + 1)³·y gives 1/3, though the germ at 0 is smooth.
        """
        lines = [_print("lct", "lct I")]
        return Fraction(self._ask(ideal, ["BernsteinSato"], lines, ["lct"])["lct"])

    def local_b_function(self, f: Polynomial) -> dict[Fraction, int]:
        """The roots of the Bernstein–Sato polynomial of f at the origin with multiplicities.

        The largest is −lct of the complex germ there.
        """
        lines = [
            "F = factorBFunction localBFunction(I_0, ideal vars R);",
            _print("b", "apply(toList F, p -> {value p#0, p#1})"),
        ]
        found = self._ask(Ideal(f.variables, (f,)), ["BernsteinSato"], lines, ["b"])
        factors = re.findall(r"\{(?:(\d+)\*)?s([+-]\d+(?:/\d+)?)?, *(\d+)\}", found["b"])
        if not factors:
            raise OracleFailure(f"Macaulay2: cannot read the b-function {found['b']}")
        return {
            -Fraction(constant or 0) / int(slope or 1): int(m) for slope, constant, m in factors
        }

    def monomial_lct(self, ideal: Ideal) -> Fraction:
        """The complex lct of a monomial ideal at the origin (package MultiplierIdeals, Howald
        2001).

        Raises BadInput for another ideal.
        """
        if any(len(g.support()) != 1 for g in ideal.generators):
            raise BadInput(f"ideal: monomials are needed, received {ideal}")
        lines = [_print("lct", "logCanonicalThreshold monomialIdeal I")]
        return Fraction(self._ask(ideal, ["MultiplierIdeals"], lines, ["lct"])["lct"])


# -- text ----------------------------------------------------------------------------------------


def _show(key: str, expression: str) -> str:
    """Singular: print @@key=value on one line."""
    return f'print("{_MARK}{key}=" + string({expression}));'


def _print(key: str, expression: str) -> str:
    """Macaulay2: print @@key=value on one line."""
    return f'print("{_MARK}{key}=" | toString({expression}));'


def _written(p: Polynomial) -> str:
    """A polynomial in w1, w2, … as both systems read it."""
    parts = []
    for a, c in p.terms():
        powers = [f"w{i + 1}^{e}" for i, e in enumerate(a) if e]
        parts.append("*".join([f"({c})", *powers]))
    return " + ".join(parts) or "0"


def _read_ideal(text: str, variables: Sequence[str]) -> Ideal:
    names = [f"w{i + 1}" for i in range(len(variables))]
    polys = []
    for part in text.strip("{} ").split(","):
        terms = dict(parse(part.strip(), names).terms())
        polys.append(Polynomial.from_terms(terms, variables))
    return Ideal(tuple(variables), tuple(polys))
