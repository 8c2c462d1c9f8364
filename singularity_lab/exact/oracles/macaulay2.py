"""Macaulay2 as a subprocess. Grayson and Stillman."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.exact.oracles.system import MARK, OracleFailure, System, read_ideal, written


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
        script += [f"R = QQ[{names}];", f"I = ideal({', '.join(map(written, ideal.generators))});"]
        script += [*lines, "exit 0"]
        return self.answers("\n".join(script) + "\n", keys)

    def groebner_basis(self, ideal: Ideal) -> Ideal:
        """The reduced Gröbner basis over Q in the graded reverse lexicographic order."""
        lines = [_print("basis", "flatten entries gens gb I")]
        return read_ideal(self._ask(ideal, (), lines, ["basis"])["basis"], ideal.variables)

    def dimension(self, ideal: Ideal) -> int:
        """The dimension of the complex variety; −1 if it is empty."""
        return int(self._ask(ideal, (), [_print("dim", "dim I")], ["dim"])["dim"])

    def minimal_primes(self, ideal: Ideal) -> list[Ideal]:
        """The minimal associated primes over Q, sorted by their text."""
        lines = [
            "L = minimalPrimes I;",
            _print("count", "#L"),
            f'scan(#L, i -> print("{MARK}p" | toString i | "=" | '
            "toString flatten entries gens gb L_i));",
        ]
        found = self._ask(ideal, ["MinimalPrimes"], lines, ["count"])
        primes = [read_ideal(found[f"p{i}"], ideal.variables) for i in range(int(found["count"]))]
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


def _print(key: str, expression: str) -> str:
    """Macaulay2: print @@key=value on one line."""
    return f'print("{MARK}{key}=" | toString({expression}));'
