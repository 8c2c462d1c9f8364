"""Matrix factorisations (φ, ψ) with φψ = ψφ = f·I. Eisenbud 1980; Yoshino 1990, chapter 9.

Modulo f they are the maximal Cohen–Macaulay modules of the hypersurface ring; for ADE curves there
are finitely many indecomposable ones (Buchweitz, Greuel and Schreyer 1987). Built here: the
factorisations of rank 1 and 2 of the ADE curves in Yoshino's list that are defined over Q, the
Koszul factorisation of any f = Σ a_i·b_i, tensor products, and Knörrer's f + u² (Knörrer 1987).
Every object multiplies itself out when it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.errors import BadInput

Matrix = tuple[tuple[Polynomial, ...], ...]


@dataclass(frozen=True)
class MatrixFactorisation:
    """Square matrices φ, ψ of one size over Q[x] with φψ = ψφ = f·I; checked when made.

    Raises BadInput where the products are not f·I.

    >>> print(koszul(["x"], ["x^2"]))
    phi = [x], psi = [x^2]: phi*psi = x^3
    """

    f: Polynomial
    phi: Matrix
    psi: Matrix
    name: str = ""

    def __post_init__(self) -> None:
        n = len(self.phi)
        if n == 0 or any(len(row) != n for m in (self.phi, self.psi) for row in m):
            raise BadInput("phi, psi: square matrices of one size are needed")
        if len(self.psi) != n:
            raise BadInput(f"phi, psi: sizes {n} and {len(self.psi)} differ")
        for a, b, which in ((self.phi, self.psi, "phi*psi"), (self.psi, self.phi, "psi*phi")):
            for i in range(n):
                for j in range(n):
                    entry = _dot(a, b, i, j)
                    expected = self.f if i == j else Polynomial.constant(0, self.f.variables)
                    if entry != expected:
                        raise BadInput(f"{which}: entry ({i + 1}, {j + 1}) is {entry}")

    @property
    def size(self) -> int:
        """The number of rows of φ."""
        return len(self.phi)

    def reduced(self) -> bool:
        """Whether no entry is a unit at the origin: no trivial summand (1, f) or (f, 1)."""
        return not any(p({}) for m in (self.phi, self.psi) for row in m for p in row)

    def shift(self) -> MatrixFactorisation:
        """(ψ, φ): the syzygy module."""
        return MatrixFactorisation(self.f, self.psi, self.phi, f"{self.name}[1]")

    def knoerrer(self, variable: str) -> MatrixFactorisation:
        """The factorisation [[u, φ], [ψ, −u]] of f + u²."""
        names = (*self.f.variables, variable)
        u = parse(variable, names)
        n = self.size
        zero = Polynomial.constant(0, names)
        rows = []
        for i in range(n):
            left = [u if i == j else zero for j in range(n)]
            rows.append((*left, *(p.in_ring(names) for p in self.phi[i])))
        for i in range(n):
            right = [-u if i == j else zero for j in range(n)]
            rows.append((*(p.in_ring(names) for p in self.psi[i]), *right))
        matrix = tuple(rows)
        return MatrixFactorisation(self.f.in_ring(names) + u * u, matrix, matrix, self.name)

    def plot(self, ax: Any = None) -> Any:
        """φ and ψ side by side as a table."""
        from singularity_lab.pictures.singularities import matrix_table

        rows = [[*map(str, p), "|", *map(str, q)] for p, q in zip(self.phi, self.psi, strict=True)]
        return matrix_table(rows, f"φ | ψ with φψ = {self.f}", ax=ax)

    def __str__(self) -> str:
        def show(m: Matrix) -> str:
            return "[" + "; ".join(", ".join(str(p) for p in row) for row in m) + "]"

        return f"phi = {show(self.phi)}, psi = {show(self.psi)}: phi*psi = {self.f}"


def _dot(a: Matrix, b: Matrix, i: int, j: int) -> Polynomial:
    total = a[i][0] * b[0][j]
    for k in range(1, len(a)):
        total = total + a[i][k] * b[k][j]
    return total


def koszul(
    left: Sequence[str | Polynomial], right: Sequence[str | Polynomial]
) -> MatrixFactorisation:
    """The Koszul factorisation of f = Σ a_i·b_i, of size 2^(k − 1) (Buchweitz, Greuel, Schreyer).

    Each pair adds a tensor factor: [[φ, −b], [a, ψ]] and [[ψ, b], [−a, φ]].

    >>> m = koszul(["x", "y"], ["x^2", "y^3"])
    >>> m.size, str(m.f)
    (2, 'x^3 + y^4')
    """
    if len(left) != len(right) or not left:
        raise BadInput("koszul: two lists of one length >= 1 are needed")
    a = [parse(p) if isinstance(p, str) else p for p in left]
    b = [parse(p) if isinstance(p, str) else p for p in right]
    names = tuple(dict.fromkeys(v for p in (*a, *b) for v in p.variables))
    a, b = [p.in_ring(names) for p in a], [p.in_ring(names) for p in b]
    phi: Matrix = ((a[0],),)
    psi: Matrix = ((b[0],),)
    f = a[0] * b[0]
    zero = Polynomial.constant(0, names)
    for p, q in zip(a[1:], b[1:], strict=True):
        n = len(phi)

        def diagonal(entry: Polynomial, i: int, n: int = n) -> tuple[Polynomial, ...]:
            return tuple(entry if i == j else zero for j in range(n))

        new_phi = [(*phi[i], *diagonal(-q, i)) for i in range(n)]
        new_phi += [(*diagonal(p, i), *psi[i]) for i in range(n)]
        new_psi = [(*psi[i], *diagonal(q, i)) for i in range(n)]
        new_psi += [(*diagonal(-p, i), *phi[i]) for i in range(n)]
        phi, psi, f = tuple(new_phi), tuple(new_psi), f + p * q
    return MatrixFactorisation(f, phi, psi, "Koszul")


def koszul_of(f: Polynomial) -> MatrixFactorisation:
    """A Koszul factorisation of any f in the maximal ideal, f = Σ x_i·b_i; of the residue field.

    >>> koszul_of(parse("x^2*y + y^3")).size
    2
    """
    if f.is_zero or f({}):
        raise BadInput(f"koszul_of: f != 0 with f(0) = 0 is needed, received {f}")
    parts: dict[int, dict[tuple[int, ...], object]] = {}
    for a, c in f.terms():
        i = next(k for k, e in enumerate(a) if e)
        lowered = tuple(e - int(k == i) for k, e in enumerate(a))
        parts.setdefault(i, {})[lowered] = c
    left = [Polynomial.from_terms({_unit(i, f): 1}, f.variables) for i in sorted(parts)]
    right = [Polynomial.from_terms(dict(parts[i]), f.variables) for i in sorted(parts)]  # type: ignore[arg-type]
    return koszul(left, right)


def _unit(i: int, f: Polynomial) -> tuple[int, ...]:
    return tuple(int(k == i) for k in range(len(f.variables)))


def ade(letter: str, rank: int) -> tuple[MatrixFactorisation, ...]:
    """Explicit factorisations of the ADE curve: A_k is x^(k+1) + y², D_k is x²y + y^(k−1).

    For A_k with k even all indecomposable nontrivial ones; else some of sizes 1 and 2 over Q, with
    no claim to be complete: a few split further over Q(i), and E_6, E_7, E_8 have larger ones.
    Raises BadInput for other letters and ranks.

    >>> [m.size for m in ade("D", 5)]
    [1, 1, 2, 2, 2, 2, 2, 2]
    """
    if letter == "A" and rank >= 1:
        f = f"x^{rank + 1} + y^2"
        pairs = [
            (f"y, x^{j}; x^{rank + 1 - j}, -y", f"y, x^{j}; x^{rank + 1 - j}, -y", f"M{j}")
            for j in range(1, rank // 2 + 1)
        ]
        if rank % 2:
            j = (rank + 1) // 2
            pairs.append((f"y, x^{j}; x^{j}, -y", f"y, x^{j}; x^{j}, -y", f"N+ ⊕ N- (M{j})"))
    elif letter == "D" and rank >= 4:
        f = f"x^2*y + y^{rank - 1}"
        pairs = [
            ("y", f"x^2 + y^{rank - 2}", "A"),
            (f"x^2 + y^{rank - 2}", "y", "B"),
        ]
        for j in range(1, rank - 2):
            # φ_j: for 1 ≤ j ≤ k − 3; j and k − 2 − j agree up to order of rows and columns
            if 2 * j <= rank - 2:
                pairs.append(
                    (
                        f"x, y^{j}; y^{rank - 2 - j}, -x",
                        f"x*y, y^{j + 1}; y^{rank - 1 - j}, -x*y",
                        f"M{j}",
                    )
                )
                pairs.append(
                    (
                        f"x*y, y^{j + 1}; y^{rank - 1 - j}, -x*y",
                        f"x, y^{j}; y^{rank - 2 - j}, -x",
                        f"N{j}",
                    )
                )
        for j in range(1, rank - 1):
            if 2 * j <= rank:
                pairs.append(
                    (
                        f"x, y^{j}; y^{rank - 1 - j}, -x*y",
                        f"x*y, y^{j}; y^{rank - 1 - j}, -x",
                        f"X{j}",
                    )
                )
                pairs.append(
                    (
                        f"x*y, y^{j}; y^{rank - 1 - j}, -x",
                        f"x, y^{j}; y^{rank - 1 - j}, -x*y",
                        f"Y{j}",
                    )
                )
    elif letter == "E" and rank in (6, 8):
        top = {6: 4, 8: 5}[rank]
        f = f"x^3 + y^{top}"
        pairs = []
        for j in range(1, top // 2 + 1):
            low, high = f"x, y^{j}; y^{top - j}, -x^2", f"x^2, y^{j}; y^{top - j}, -x"
            pairs += [(low, high, f"N{j}"), (high, low, f"M{j}")]
    elif letter == "E" and rank == 7:
        f = "x^3 + x*y^3"
        a, b = "x^2, x*y; x*y^2, -x^2", "x, y; y^2, -x"
        c, d = "x^2, x*y^2; x*y, -x^2", "x, y^2; y, -x"
        e, g = "x^2, y^2; x*y, -x", "x, y^2; x*y, -x^2"
        h, i = "x^2, y; x*y^2, -x", "x, y; x*y^2, -x^2"
        pairs = [("x", "x^2 + y^3", "A"), ("x^2 + y^3", "x", "B")]
        pairs += [(a, b, "C"), (b, a, "D"), (c, d, "C'"), (d, c, "D'")]
        pairs += [(e, g, "M1"), (g, e, "N1"), (h, i, "M2"), (i, h, "N2")]
    else:
        raise BadInput(f"ade: A_k, D_k with k >= 4, E6, E7 or E8, received {letter}{rank}")
    ring = parse(f)
    return tuple(
        MatrixFactorisation(ring, _matrix(p, ring), _matrix(q, ring), name) for p, q, name in pairs
    )


def _matrix(text: str, f: Polynomial) -> Matrix:
    return tuple(
        tuple(parse(entry, f.variables) for entry in row.split(",")) for row in text.split(";")
    )
