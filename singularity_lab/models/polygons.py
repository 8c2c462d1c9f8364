"""Regular polygons in the toy model of superposition: the loss and λ there, the Hessian by balls.

L = Σ_i (1 − |W_i|²)² + Σ_{i≠j} max(W_i·W_j, 0)² for k vectors in the plane (one active feature at a
time, no bias; Elhage and others 2022). At W_i = √ρ·R^i e, R the rotation by 2π/k and ρ = 1/(1 + Σ_j
max(cos(2πj/k), 0)²), L is critical, and a polynomial near it unless 4 divides k. Signs of pivots in
ball arithmetic are proved; docs/open-problems.md says what follows.

*Some of n features.* With k of n features at a regular k-gon and the others at 0 (k = 0, 1, …, n;
one unit vector for k = 1, two opposite ones for k = 2) the loss is critical too, and is L/(3n) =
(n − k/(1 + S))/(3n), S = Σ_j max(cos(2πj/k), 0)². S = 0 for k ≤ 4 and (k − 4)/4 for even k ≥ 4.
The network computes M = (max(W_i·W_j, 0))_ij there, and K = ‖M(W) − M‖² has, near that point,

- λ = n/2 for k ≤ 2. Rotate so that W_1 is (1 + r, 0). A feature u near 0 gives |u|⁴ and
  max(u·W_j, 0)², the products of two such features being no larger than |u|⁴: so u may lie in the
  cone where no u·W_j is positive, with |u| ≤ ε^(1/4), a volume of the order ε^(1/2). Two opposite
  vectors have pairs near them whose cone is open. Each of the k vectors gives its length, 1/2.
- λ = 3/2 + (n − 3) for k = 3: three lengths, while angles are free; each u has some W_j with a
  positive product of the order |u|, so that |u|² remains, which gives 1.
- λ = (2k − 1)/2 + (n − k) = n − 1/2 for k ≥ 4: besides a rotation all lengths and angles are
  determined, for k = 4 as docs/open-problems.md has it, for k ≥ 5 by lengths and the products of
  neighbours, which are positive.

m = 1 throughout, as each part is a power of ε. This is the volume of the parameters that compute
nearly the same function; it is not the pair of |L − L*| at a saddle.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from singularity_lab.algebra.algebraic import Number, real_roots
from singularity_lab.algebra.values import value_at
from singularity_lab.errors import BadInput, OutOfScope

_MOST = 40


def polygon_loss(k: int, features: int) -> Number:
    """The loss E‖x − ReLU(WᵀWx)‖² of the toy model with so many features in the plane where k of
    them are at the critical regular k-gon and the others at 0, one feature being active at a time.

    Raises BadInput unless 0 <= k <= features <= 40, and where its degree over Q is above 24.

    >>> polygon_loss(3, 5), polygon_loss(4, 5), polygon_loss(6, 6)
    (Fraction(2, 15), Fraction(1, 15), Fraction(1, 9))
    >>> print(polygon_loss(5, 5), round(float(polygon_loss(5, 5)), 6))
    root(99*t^2 - 24*t + 1, 0, 1/8) 0.053452

    References: Elhage and others 2022; Chen and others 2023.
    """
    _check(k, features)
    represented: Number
    if k <= 4:
        represented = Fraction(k)
    elif k % 2 == 0:
        represented = Fraction(4)  # k/(1 + (k − 4)/4)
    else:
        # t = 2cos(2π/k), the largest root; S = Σ_{j ≤ k/4} 2cos²(2πj/k) = Σ (1 + cos(4πj/k))
        minimal = flint.fmpq_poly(flint.fmpz_poly.cos_minpoly(k))
        t = flint.fmpq_poly([0, 1])
        cosines = [flint.fmpq_poly([2]), t]  # 2cos(2πj/k)
        while len(cosines) <= k // 2 + 1:
            cosines.append((t * cosines[-1] - cosines[-2]) % minimal)
        s = sum((1 + cosines[2 * j] / 2 for j in range(1, k // 4 + 1)), flint.fmpq_poly([0]))
        one, inverse, _ = (1 + s).xgcd(minimal)
        represented = value_at((k * inverse / one[0]) % minimal, real_roots(minimal)[-1])
    return value_at(flint.fmpq_poly([flint.fmpq(1, 3), flint.fmpq(-1, 3 * features)]), represented)


def polygon_value(k: int, features: int) -> Fraction:
    """λ of the parameters that compute nearly the function of :func:`polygon_loss`, near the
    regular k-gon; m is 1.

    Raises BadInput unless 0 <= k <= features <= 40.

    >>> [str(polygon_value(k, 6)) for k in range(7)]
    ['3', '3', '3', '9/2', '11/2', '11/2', '11/2']
    """
    _check(k, features)
    if k <= 2:
        return Fraction(features, 2)
    return Fraction(features) - (Fraction(3, 2) if k == 3 else Fraction(1, 2))


def _check(k: int, features: int) -> None:
    if not 1 <= features <= _MOST:
        raise BadInput(f"features: 1 <= features <= {_MOST} is needed, received {features}")
    if not 0 <= k <= features:
        raise BadInput(f"k: 0 <= k <= features = {features} is needed, received {k}")


def polygon_signature(k: int) -> tuple[int, int]:
    """How many positive and how many negative pivots the Hessian of L at the regular k-gon has, at
    least: what balls do not tell from 0 is not counted.

    Raises BadInput for k < 3 or k > 40, and OutOfScope where 4 divides k: L has a kink there.

    >>> polygon_signature(5), polygon_signature(6)
    ((9, 0), (7, 2))

    Reference: Sylvester's law of inertia, for symmetric elimination.
    """
    if not 3 <= k <= _MOST:
        raise BadInput(f"k: 3 <= k <= {_MOST} is needed, received {k}")
    if k % 4 == 0:
        raise OutOfScope(f"k: the regular {k}-gon has right angles, where the loss has a kink")
    rows, signs = _hessian(k), {1: 0, -1: 0}
    while rows:
        found = [(abs(row[i]).lower(), i) for i, row in enumerate(rows) if row[i] != 0]
        if not found:
            break
        _, at = max(found, key=lambda entry: float(entry[0]))
        pivot = rows[at][at]
        signs[1 if pivot > 0 else -1] += 1
        rows = [
            [
                x - row[at] * y / pivot
                for j, (x, y) in enumerate(zip(row, rows[at], strict=True))
                if j != at
            ]
            for i, row in enumerate(rows)
            if i != at
        ]
    return signs[1], signs[-1]


def _hessian(k: int) -> list[list[flint.arb]]:
    """The form of second order of L/ρ² in (a_i, b_i), with W_i = √ρ·R^i(1 + a_i, b_i): the vectors
    with a positive product count."""
    zero, two = flint.arb(0), flint.arb(2)
    turns = []
    for j in range(1, k):
        angle = flint.arb(2 * j) / k
        cosine, sine = angle.cos_pi(), angle.sin_pi()
        if cosine > 0:
            turns.append((j, cosine, sine))
    excess = sum((c * c for _, c, _ in turns), zero)  # (1 − ρ)/ρ
    form = [[zero] * (2 * k) for _ in range(2 * k)]

    def add(i: int, j: int, value: flint.arb) -> None:
        """value·x_i·x_j."""
        form[i][j] += value / 2
        form[j][i] += value / 2

    for i in range(k):
        a, b = 2 * i, 2 * i + 1
        add(a, a, 4 - two * excess)
        add(b, b, -two * excess)
        for j, c, s in turns:
            a2, b2 = 2 * ((i + j) % k), 2 * ((i + j) % k) + 1
            slope = {a: c, a2: c, b: s, b2: -s}
            for m, x in slope.items():
                for n, y in slope.items():
                    add(m, n, x * y)
            add(a, a2, two * c * c)
            add(b, b2, two * c * c)
            add(b, a2, two * c * s)
            add(b2, a, -two * c * s)
    return form
