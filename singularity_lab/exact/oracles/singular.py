"""Singular as a subprocess. Decker, Greuel, Pfister and Schönemann."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.exact.oracles.system import MARK, System, read_ideal, written


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
        script += [f"ideal I = {', '.join(map(written, ideal.generators)) or '0'};"]
        script += [*lines, "quit;"]
        return self.answers("\n".join(script) + "\n", keys)

    def groebner_basis(self, ideal: Ideal, order: str = "dp") -> Ideal:
        """The reduced Gröbner basis over Q in one of Singular's global orders (dp, lp, Dp)."""
        if order not in ("dp", "lp", "Dp"):
            raise BadInput(f"order: one of dp, lp, Dp is needed, received {order!r}")
        lines = ["option(redSB); I = groebner(I); I = simplify(I, 1);", _show("basis", "I")]
        return read_ideal(self._ask(ideal, (), lines, ["basis"], order)["basis"], ideal.variables)

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
            f'for (i = 1; i <= size(L); i++) {{ print("{MARK}p" + string(i) + "=" + '
            "string(simplify(interred(L[i]), 1))); }",
        ]
        found = self._ask(ideal, ["primdec.lib"], lines, ["count"])
        primes = [
            read_ideal(found[f"p{i + 1}"], ideal.variables) for i in range(int(found["count"]))
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


def _show(key: str, expression: str) -> str:
    """Singular: print @@key=value on one line."""
    return f'print("{MARK}{key}=" + string({expression}));'
