"""Regular polygons in the toy model of superposition: the Hessian of the loss there, by balls.

L = Σ_i (1 − |W_i|²)² + Σ_{i≠j} max(W_i·W_j, 0)² for k vectors in the plane (one active feature at a
time, no bias; Elhage and others 2022). At W_i = √ρ·R^i e, R the rotation by 2π/k and ρ = 1/(1 + Σ_j
max(cos(2πj/k), 0)²), L is critical, and a polynomial near it unless 4 divides k. Signs of pivots in
ball arithmetic are proved; docs/open-problems.md says what follows.
"""

from __future__ import annotations

import flint

from singularity_lab.errors import BadInput, OutOfScope

_MOST = 40


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
