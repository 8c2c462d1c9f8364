"""Fits of modular addition by Fourier modes: the ranks that prove λ at odd primes, and the manifold
of exact fits.

f(a, b) = Σ_j V_j (u_j(a) + w_j(b))² against the indicator of a + b mod p, with one constant unit
and four for each frequency k = 1, …, (p − 1)/2. With c(n) = cos(2πkn/p), ŝ(n) =
sin(2πkn/p)/sin(2πk/p) and κ = sin²(2πk/p) all weights lie in Q(cos(2π/p)); docs/open-problems.md
has the theorem and its proof. What is needed of the ranks is checked modulo a prime q ≡ 1 mod p:
reduction is a homomorphism to F_q from the numbers of this field without q in a denominator, so a
minor that is not 0 there is not 0.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import flint

from singularity_lab.errors import BadInput

DualResidue = flint.nmod_poly  # a + b·ε with ε² = 0, over F_q
Unit = tuple[list[DualResidue], list[DualResidue], list[DualResidue]]  # u, w, V

_FREQUENCY = 6  # parameters of a frequency: a1, a2, q1, q2, t1, t2


@dataclass(frozen=True)
class FourierFits:
    """The exact fits of addition modulo an odd prime p near the Fourier fit, over F_q[ε]/(ε²).

    Raises BadInput unless p is an odd prime below 30.

    >>> fits = FourierFits(5)
    >>> fits.dimension, fits.codimension, fits.rank, fits.tangent_rank
    (135, 105, 105, 30)
    """

    modulus: int

    def __post_init__(self) -> None:
        p = self.modulus
        if not 3 <= p < 30 or any(p % n == 0 for n in range(2, p)):
            raise BadInput(f"modulus: an odd prime below 30 is needed, received {p}")

    @property
    def units(self) -> int:
        """The number of units: one constant, and four of each frequency."""
        return 2 * self.modulus - 1

    @property
    def dimension(self) -> int:
        """The number of parameters, 3p(2p − 1)."""
        return 3 * self.modulus * self.units

    @property
    def parameters(self) -> int:
        """Those of the family of fits: two of each unit, six of each frequency."""
        return 2 * self.units + _FREQUENCY * (self.modulus - 1) // 2

    @property
    def codimension(self) -> int:
        """That of the manifold of fits, if its parameters are independent: 6p² − 10p + 5."""
        return self.dimension - self.parameters

    @cached_property
    def q(self) -> int:
        """The first prime ≡ 1 mod p above 2³⁰."""
        q = (2**30 // self.modulus) * self.modulus + 1
        while not flint.fmpz(q).is_prime():
            q += self.modulus
        return q

    @cached_property
    def root(self) -> int:
        """A primitive p-th root of unity in F_q."""
        powers = (pow(g, (self.q - 1) // self.modulus, self.q) for g in range(2, 1000))
        return next(z for z in powers if z != 1)

    def _number(self, a: int, b: int = 0) -> DualResidue:
        return flint.nmod_poly([a, b], self.q)

    def _times(self, *factors: DualResidue) -> DualResidue:
        product = self._number(1)
        for x in factors:
            product = (product * x) % flint.nmod_poly([0, 0, 1], self.q)
        return product

    def _inverse(self, x: DualResidue) -> DualResidue:
        inverse = pow(int(x[0]), -1, self.q)
        return self._number(inverse, -int(x[1]) * inverse * inverse)

    # -- the family

    def _frequency(self, k: int, t: Sequence[DualResidue]) -> tuple[list[Unit], list[DualResidue]]:
        """The four units of a frequency, and what they take from the constant unit's V.

        The forms N1 = M_c + q1·M_s and N2 = q2·M_c + M_s have rank 2 (docs/open-problems.md);
        t: the steps of A1, A2, q1, q2 and of the angles θ1, θ2 away from the Fourier fit.
        """
        p, number, times = self.modulus, self._number, self._times
        z, half = pow(self.root, k, self.q), number(pow(2, -1, self.q))
        back, over = pow(z, -1, self.q), number(pow(p, -1, self.q))
        scale = pow(z - back, -1, self.q)

        def wave(n: int, sign: int) -> int:
            return pow(z, n % p, self.q) + sign * pow(back, n % p, self.q)

        cosine = [times(half, number(wave(n, 1))) for n in range(p)]
        sine = [number(wave(n, -1) * scale) for n in range(p)]
        kappa = number(1) - times(cosine[1], cosine[1])
        a1, a2, q1, q2, turn1, turn2 = t
        A1, A2 = over + a1, times(kappa, over) + a2
        norm = number(1) - times(q1, q2)
        inverse = self._inverse(norm)
        shown = [number(0)] * p
        units: list[Unit] = []
        # R = [[r, q·κ], [q·κ, −r·κ]]/p of N = [[A·G, R], [R, B·G]], G = diag(1, κ); V ∝ (v, v')
        for A, r, s, v, w, turn in (
            (A1, number(1), q1, inverse, times(number(-1), q2, inverse), turn1),
            (A2, q2, number(1), times(number(-1), q1, inverse), inverse, turn2),
        ):
            first = (A, number(0), times(r, over), times(s, kappa, over))
            second = (number(0), A, times(s, over), times(number(-1), r, over))
            c, d = number(1) - times(kappa, turn, turn), times(number(2), turn)
            lines = [
                [times(c, x) - times(kappa, d, y) for x, y in zip(first, second, strict=True)],
                [times(d, x) + times(c, y) for x, y in zip(first, second, strict=True)],
            ]
            size = number(1) + times(kappa, turn, turn)
            weight = self._inverse(times(A, size, size))
            direction = [times(v, x) + times(w, y) for x, y in zip(cosine, sine, strict=True)]
            for line, factor in zip(lines, (weight, times(weight, kappa)), strict=True):
                u = [
                    times(line[0], x) + times(line[1], y) for x, y in zip(cosine, sine, strict=True)
                ]
                o = [
                    times(line[2], x) + times(line[3], y) for x, y in zip(cosine, sine, strict=True)
                ]
                units.append((u, o, [times(factor, x) for x in direction]))
            B = times(times(r, r) + times(kappa, s, s), over, over, self._inverse(A))
            shown = [x + times(A + B, y) for x, y in zip(shown, direction, strict=True)]
        return units, shown

    def fit(self, t: Sequence[DualResidue]) -> list[Unit]:
        """The fit with these parameters, the Fourier fit where all are 0."""
        p, number, times = self.modulus, self._number, self._times
        half = number(pow(2, -1, self.q))
        values = [number(pow(p, -1, self.q))] * p
        units: list[Unit] = []
        for k in range(1, (p + 1) // 2):
            at = 2 * self.units + _FREQUENCY * (k - 1)
            found, shown = self._frequency(k, t[at : at + _FREQUENCY])
            units += found
            values = [x - y for x, y in zip(values, shown, strict=True)]
        units.insert(0, ([half] * p, [half] * p, values))
        moved = []
        for j, (u, w, v) in enumerate(units):
            stretch, shift = number(1) + t[2 * j], t[2 * j + 1]
            less = self._inverse(times(stretch, stretch))
            moved.append(
                (
                    [times(stretch, x) + shift for x in u],
                    [times(stretch, x) - shift for x in w],
                    [times(less, x) for x in v],
                )
            )
        return moved

    def errors(self, t: Sequence[DualResidue]) -> list[DualResidue]:
        """f(a, b)_c − [c = a + b], for all a, b, c."""
        p, found = self.modulus, []
        units = self.fit(t)
        for a in range(p):
            for b in range(p):
                squares = [self._times(u[a] + w[b], u[a] + w[b]) for u, w, _ in units]
                for c in range(p):
                    f = self._number(-1 if (a + b - c) % p == 0 else 0)
                    for s, (_, _, v) in zip(squares, units, strict=True):
                        f += self._times(s, v[c])
                    found.append(f)
        return found

    def are_exact(self, seed: int) -> bool:
        """True if a random member of the family fits exactly."""
        source = random.Random(seed)
        t = [self._number(source.randrange(self.q)) for _ in range(self.parameters)]
        return not any(f for f in self.errors(t))

    # -- ranks

    def _base(self) -> list[Unit]:
        return self.fit([self._number(0)] * self.parameters)

    @cached_property
    def rank(self) -> int:
        """The rank modulo q of the Jacobian of all p³ errors at the Fourier fit: at most the
        rank."""
        p, q = self.modulus, self.q
        base = [[[int(x[0]) for x in part] for part in unit] for unit in self._base()]
        rows = []
        for a in range(p):
            for b in range(p):
                for c in range(p):
                    row = [0] * self.dimension
                    for j, (u, w, v) in enumerate(base):
                        s, at = (u[a] + w[b]) % q, 3 * p * j
                        row[at + a] = 2 * v[c] * s % q
                        row[at + p + b] = 2 * v[c] * s % q
                        row[at + 2 * p + c] = s * s % q
                    rows.append(row)
        return int(flint.nmod_mat(rows, q).rank())

    @cached_property
    def tangent_rank(self) -> int:
        """The rank modulo q of the differential of the family of fits at the Fourier fit."""
        rows = []
        for n in range(self.parameters):
            t = [self._number(0, int(n == m)) for m in range(self.parameters)]
            rows.append([int(x[1]) for unit in self.fit(t) for part in unit for x in part])
        return int(flint.nmod_mat(rows, self.q).rank())
