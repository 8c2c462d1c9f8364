"""Normal forms of Arnold's unimodal singularities, and random changes of coordinates, for tests and
benchmarks."""

from __future__ import annotations

import random
from fractions import Fraction

from singularity_lab.algebra.polynomial import Polynomial, unit
from singularity_lab.exact.classification.normal_forms import EXCEPTIONAL

UNIMODAL = {
    "P8": "x^3 + y^3 + z^3 + x*y*z",
    "X9": "x^4 + y^4 + x^2*y^2",
    "J10": "x^3 + y^6 + x^2*y^2",
    "T_{2,3,7}": "x^3 + x^2*y^2 + 2*y^7",
    "T_{2,3,9}": "x^3 - x^2*y^2 + y^9",
    "T_{2,4,5}": "x^4 + x^2*y^2 - y^5",
    "T_{2,4,7}": "x^4 - x^2*y^2 + y^7",
    "T_{2,5,5}": "x^5 + x^2*y^2 + y^5",
    "T_{2,5,6}": "x^5 + x^2*y^2 + 3*y^6",
    "T_{3,3,4}": "x^3 + y^3 + z^4 + x*y*z",
    "T_{3,4,5}": "x^3 + y^4 + z^5 + 2*x*y*z",
    "T_{4,4,5}": "x^4 + y^4 + z^5 + x*y*z",
    "T_{4,5,6}": "x^4 + y^5 + z^6 + x*y*z",
    **{name: f"{base} + {modulus}" for name, (base, modulus) in EXCEPTIONAL.items()},
}


def change_coordinates(f: Polynomial, source: random.Random) -> Polynomial:
    """f∘φ for a random polynomial diffeomorphism germ φ: linear and quadratic terms."""
    n = len(f.variables)
    while True:
        matrix = [[source.randint(-2, 2) for _ in range(n)] for _ in range(n)]
        if _determinant(matrix):
            break
    images: dict[str, Polynomial | int | Fraction] = {}
    for i, v in enumerate(f.variables):
        terms: dict[tuple[int, ...], Fraction] = {}
        for j in range(n):
            if matrix[i][j]:
                terms[unit(j, n)] = Fraction(matrix[i][j])
        for _ in range(2):
            a = [0] * n
            for _ in range(2):
                a[source.randrange(n)] += 1
            terms[tuple(a)] = Fraction(source.choice([-2, -1, 1, 2]), source.choice([1, 2]))
        images[v] = Polynomial.from_terms(terms, f.variables)
    return f.substitute(images)


def _determinant(m: list[list[int]]) -> int:
    if not m:
        return 1
    return sum(
        (-1) ** j * m[0][j] * _determinant([row[:j] + row[j + 1 :] for row in m[1:]])
        for j in range(len(m))
    )
