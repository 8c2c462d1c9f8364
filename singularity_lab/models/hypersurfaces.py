"""Hypersurface germs f with K = f²: Brieskorn–Pham, Arnold's lists, plane branches, arrangements,
discriminants.

Arnold 1972 and Arnold, Gusein-Zade and Varchenko 1985 name the normal forms; over R the signs
matter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import Rational
from singularity_lab.errors import BadInput, quoted
from singularity_lab.models.model import (
    Model,
    at_least,
    builder,
    origin,
    polynomial_twin,
    unweighted,
)
from singularity_lab.models.symbols import Ring, vector_names

if TYPE_CHECKING:
    from torch import Tensor

    from singularity_lab.models.model import Batched


def hypersurface(
    name: str,
    parameters: Mapping[str, Any],
    f: Polynomial,
    statement: str,
    twin: Batched | None = None,
) -> Model:
    """The model K = f² at the origin."""
    squares = unweighted([f])
    return Model(
        name,
        dict(parameters),
        Ideal(f.variables, (f,)),
        squares,
        (origin(f.variables),),
        twin or polynomial_twin(squares, len(f.variables)),
        statement,
    )


_XYZ = ("x", "y", "z", "u", "v", "w")


def _letters(n: int) -> tuple[str, ...]:
    return _XYZ[:n] if n <= len(_XYZ) else tuple(vector_names("x", n))


@builder
def brieskorn_pham(exponents: list[int], signs: list[int] | None = None) -> Model:
    """f = Σ ±xᵢ^{aᵢ}, K = f². For an isolated real zero Σ 1/aᵢ is not capped at 1; otherwise λ =
    ½·min(1, Σ 1/aᵢ).

    signs: ±1 for each term, + when absent. Varchenko 1976.

    >>> from singularity_lab.models import build
    >>> print(build("brieskorn_pham", exponents=[2, 3], signs=[1, -1]).ideal)
    (x^2 - y^3) in Q[x, y]
    """
    if not exponents:
        raise BadInput("exponents: at least one is needed, received none")
    at_least(1, **{f"exponents[{i}]": a for i, a in enumerate(exponents)})
    signs = signs if signs is not None else [1] * len(exponents)
    if len(signs) != len(exponents) or any(s not in (1, -1) for s in signs):
        raise BadInput(f"signs: {len(exponents)} signs 1 or -1 are needed, received {signs}")
    names = _letters(len(exponents))
    n = len(names)
    f = Polynomial.from_terms(
        {
            tuple(a * (i == j) for j in range(n)): s
            for i, (a, s) in enumerate(zip(exponents, signs, strict=True))
        },
        names,
    )

    def twin(w: Tensor) -> Tensor:
        return ((w ** w.new_tensor(exponents)) * w.new_tensor(signs)).sum(1) ** 2

    return hypersurface(
        "brieskorn_pham",
        dict(exponents=list(exponents), signs=list(signs)),
        f,
        f"f = {f}, K = f^2",
        twin,
    )


@builder
def ade(
    type: Literal["A", "D", "E"], k: int, variables: int = 2, sign: Literal[1, -1] = 1
) -> Model:
    """Arnold's simple singularities: curves (2 variables) and surfaces (3 or more, squares added).
    K = f².

    A_k: x² ± y^{k+1};  D_k: x²y ± y^{k−1} (k ≥ 4);  E₆: x³ ± y⁴;  E₇: x³ + xy³;  E₈: x³ + y⁵; more
    variables add z² + ….
    Raises BadInput for a type that does not exist.

    >>> from singularity_lab.models import build
    >>> print(build("ade", type="E", k=7).ideal)
    (x^3 + x*y^3) in Q[x, y]
    """
    at_least(2, variables=variables)
    names = _letters(variables)
    ring = Ring(names)
    x, y = ring[names[0]], ring[names[1]]
    if type == "A" and k >= 1:
        f = x**2 + y ** (k + 1) * sign
    elif type == "D" and k >= 4:
        f = x**2 * y + y ** (k - 1) * sign
    elif type == "E" and k in (6, 7, 8):
        if sign == -1 and k != 6:
            raise BadInput(f"sign: E{k} has one real form; leave the sign out")
        f = x**3 + {6: y**4 * sign, 7: x * y**3, 8: y**5}[k]
    else:
        raise BadInput(f"type, k: A1, A2, …; D4, D5, …; E6, E7, E8; received {type}{k}")
    f = f + ring.sum([ring[n] ** 2 for n in names[2:]])
    return hypersurface(
        "ade",
        dict(type=type, k=k, variables=variables, sign=sign),
        f,
        f"{type}{k} in {variables} variables: f = {f}, K = f^2",
    )


_ARNOLD = {
    # unimodal, parabolic (parameter a = 1 or as stated) and the exceptional families, two or three
    # variables 8": "x^3 + y^3 + z^3",
    "X9": "x^4 + y^4",
    "J10": "x^3 + x^2*y^2 + y^6",
    "T245": "x^2*y^2 + x^4 + y^5",
    "T333": "x*y*z + x^3 + y^3 + z^3",
    "T345": "x*y*z + x^3 + y^4 + z^5",
    "E12": "x^3 + y^7",
    "E13": "x^3 + x*y^5",
    "E14": "x^3 + y^8",
    "Z11": "x^3*y + y^5",
    "Z12": "x^3*y + x*y^4",
    "Z13": "x^3*y + y^6",
    "W12": "x^4 + y^5",
    "W13": "x^4 + x*y^4",
    "Q10": "x^3 + y^4 + y*z^2",
    "Q11": "x^3 + y^2*z + x*z^3",
    "Q12": "x^3 + y^5 + y*z^2",
    "S11": "x^4 + y^2*z + x*z^2",
    "S12": "x^2*y + y^2*z + x*z^3",
    "U12": "x^3 + y^3 + z^4",
    "whitney_umbrella": "x^2 - y^2*z",
}


@builder
def arnold(name: str) -> Model:
    """Named hypersurface germs: Arnold's unimodal series and standard non-isolated germs.

    Moduli are set to fixed rational values (the simplest normal form). Raises BadInput for an
    unknown name.

    >>> from singularity_lab.models import build
    >>> print(build("arnold", name="Z11").ideal)
    (x^3*y + y^5) in Q[x, y]
    """
    if name not in _ARNOLD:
        raise BadInput(f"name: one of {', '.join(_ARNOLD)} is needed, received {name!r}")
    from singularity_lab.algebra.polynomial import parse

    f = parse(_ARNOLD[name])
    return hypersurface("arnold", dict(name=name), f, f"{name}: f = {f}, K = f^2")


@builder
def plane_branch(exponents: list[list[int]]) -> Model:
    """The irreducible plane curve with y = Σ c·x^{p/q}: f is the resultant that eliminates the
    uniformiser.

    exponents: pairs [p, q] of the terms x^{p/q} (coefficient 1), increasing, p/q > 1 or not; the
    common denominator n gives x = tⁿ, y = Σ t^{n·p/q} and f(x, y) = Res_t(x − tⁿ, y − Σ t^{…}). K =
    f². With β₀ = n and β₁ the first exponent that n does not divide, λ = ½(1/β₀ + 1/β₁): the first
    Puiseux pair decides (Igusa 1977).

    >>> from singularity_lab.models import build
    >>> print(build("plane_branch", exponents=[[3, 2]]).ideal)
    (-x^3 + y^2) in Q[x, y]
    """
    if not exponents or any(len(e) != 2 or e[0] < 1 or e[1] < 1 for e in exponents):
        raise BadInput(f"exponents: pairs [p, q] of positive integers, received {exponents}")
    powers = [Fraction(p, q) for p, q in exponents]
    if sorted(set(powers)) != powers:
        raise BadInput(f"exponents: increasing fractions are needed, received {exponents}")
    n = math.lcm(*(p.denominator for p in powers))
    if n == 1:
        raise BadInput("exponents: a branch with integral exponents is smooth")
    ring = Ring(("t", "x", "y"))
    t, x, y = ring["t"], ring["x"], ring["y"]
    series = ring.sum([t ** int(n * p) for p in powers])
    eliminated = (t**n - x).flint.resultant((y - series).flint, "t")
    f = Polynomial(ring.variables, eliminated).in_ring(("x", "y"))
    if dict(f.terms())[0, n] < 0:  # monic in y
        f = -f
    return hypersurface(
        "plane_branch",
        dict(exponents=[list(e) for e in exponents]),
        f,
        "plane branch y = " + " + ".join(f"x^({p})" for p in powers) + ", K = f^2",
    )


@builder
def arrangement(normals: list[list[int]], multiplicities: list[int] | None = None) -> Model:
    """A central hyperplane arrangement: f = ∏ ⟨nᵢ, x⟩^{mᵢ}, K = f². Mustaţă 2006; Teitler 2008.

    lct = min over flats F of codim F / Σ_{H ⊇ F} m_H, and real linear forms have real flats: λ =
    lct/2.
    Raises BadInput for a zero normal and unequal lengths.

    >>> from singularity_lab.models import build
    >>> print(build("arrangement", normals=[[1, 0], [0, 1], [1, -1]]).ideal)
    (x^2*y - x*y^2) in Q[x, y]
    """
    if not normals or len({len(a) for a in normals}) != 1 or not normals[0]:
        raise BadInput(f"normals: vectors of one length are needed, received {normals}")
    if any(not any(a) for a in normals):
        raise BadInput("normals: the zero vector is no normal")
    multiplicities = multiplicities if multiplicities is not None else [1] * len(normals)
    if len(multiplicities) != len(normals):
        raise BadInput(f"multiplicities: {len(normals)} are needed, received {multiplicities}")
    at_least(1, **{f"multiplicities[{i}]": m for i, m in enumerate(multiplicities)})
    names = _letters(len(normals[0]))
    ring = Ring(names)
    f = ring.product(
        [
            ring.sum([ring[v] * c for v, c in zip(names, a, strict=True)]) ** m
            for a, m in zip(normals, multiplicities, strict=True)
        ]
    )

    def twin(w: Tensor) -> Tensor:
        forms = w @ w.new_tensor(normals).T
        return (forms ** w.new_tensor(multiplicities)).prod(1) ** 2

    return hypersurface(
        "arrangement",
        dict(normals=[list(a) for a in normals], multiplicities=list(multiplicities)),
        f,
        f"product of {len(normals)} linear forms in {len(names)} variables, K = f^2",
        twin,
    )


def positive_roots(type: str, rank: int) -> list[list[int]]:
    """Normals of the reflection arrangement of the crystallographic types A, B, D in standard
    coordinates.

    Type A of rank n lives in R^{n+1} here (the diagonal direction is free).

    >>> len(positive_roots("B", 3)), len(positive_roots("D", 4))
    (9, 12)
    """

    def pair(n: int, i: int, j: int, s: int) -> list[int]:
        v = [0] * n
        v[i], v[j] = 1, s
        return v

    if type == "A":
        return [pair(rank + 1, i, j, -1) for i, j in itertools.combinations(range(rank + 1), 2)]
    both = [pair(rank, i, j, s) for i, j in itertools.combinations(range(rank), 2) for s in (-1, 1)]
    if type == "D":
        return both
    if type == "B":
        return both + [[int(i == j) for j in range(rank)] for i in range(rank)]
    raise BadInput(f"type: A, B or D, received {type!r}")


@builder
def coxeter(type: Literal["A", "B", "D"], rank: int) -> Model:
    """The reflection arrangement of a finite Coxeter group: f = ∏ roots, K = f². lct = 2/h, h the
    Coxeter number.

    For type A one coordinate is set to 0, so that the arrangement is essential. Opdam 1989.

    >>> from singularity_lab.models import build
    >>> build("coxeter", type="A", rank=2).ideal.generators[0].degree
    3
    """
    at_least({"A": 1, "B": 2, "D": 3}[type], rank=rank)
    if rank**3 > input_limits.MODEL:  # rank² mirrors in as many variables
        raise BadInput(f"rank: the arrangement of rank {quoted(rank)} has too many mirrors")
    roots = positive_roots(type, rank)
    if type == "A":
        roots = [r[:-1] for r in roots]
    inner = arrangement(roots, None)
    return hypersurface(
        "coxeter",
        dict(type=type, rank=rank),
        inner.ideal.generators[0],
        f"reflection arrangement of {type}{rank}, {len(roots)} mirrors, K = f^2",
        inner.twin,
    )


@builder
def discriminant(degree: int) -> Model:
    """The discriminant of t^n + a₂t^{n−2} + ⋯ + a_n as a function of its coefficients, K = Δ².
    (A_{n−1} bifurcations.)

    degree 3 is the cusp, degree 4 the swallowtail. Raises BadInput for other degrees than 3, 4, 5.

    >>> from singularity_lab.models import build
    >>> print(build("discriminant", degree=3).ideal)
    (-4*a2^3 - 27*a3^2) in Q[a2, a3]
    """
    if degree not in (3, 4, 5):
        raise BadInput(f"degree: 3, 4 or 5, received {degree}")
    names = [f"a{i}" for i in range(2, degree + 1)]
    ring = Ring(["t", *names])
    t = ring["t"]
    p = t**degree + ring.sum([ring[a] * t ** (degree - 2 - i) for i, a in enumerate(names)])
    resultant = p.flint.resultant(p.derivative("t").flint, "t")
    sign = (-1) ** (degree * (degree - 1) // 2)
    f = Polynomial(ring.variables, resultant).in_ring(names) * sign
    return hypersurface(
        "discriminant", dict(degree=degree), f, f"discriminant of degree {degree}, K = f^2"
    )


@builder
def space_curve(powers: list[int]) -> Model:
    """The monomial space curve t ↦ (t^a, t^b, t^c): generators of its prime ideal. Thompson 2014.

    Herzog 1970: for each coordinate take the least multiple c·a in the semigroup of the two other
    powers; the binomials x^c − y^r z^s so found generate (two of them may be equal up to sign).
    Raises BadInput unless there are three increasing coprime powers.

    >>> from singularity_lab.models import build
    >>> print(build("space_curve", powers=[3, 4, 5]).ideal)
    (x^3 - y*z, -x*z + y^2, -x^2*y + z^2) in Q[x, y, z]
    """
    if len(powers) != 3 or sorted(set(powers)) != powers or math.gcd(*powers) != 1:
        raise BadInput(f"powers: three increasing coprime integers, received {powers}")
    at_least(1, **{f"powers[{i}]": p for i, p in enumerate(powers)})
    names = ("x", "y", "z")
    generators: list[Polynomial] = []
    for i in range(3):
        j, k = (n for n in range(3) if n != i)
        c, r, s = next(
            (c, r, (c * powers[i] - r * powers[j]) // powers[k])
            for c in itertools.count(1)
            for r in range(c * powers[i] // powers[j] + 1)
            if (c * powers[i] - r * powers[j]) % powers[k] == 0
        )
        own, others = [0, 0, 0], [0, 0, 0]
        own[i], others[j], others[k] = c, r, s
        g = Polynomial.from_terms({tuple(own): 1, tuple(others): -1}, names)
        if g not in generators and -g not in generators:
            generators.append(g)
    squares = unweighted(generators)
    return Model(
        "space_curve",
        dict(powers=list(powers)),
        Ideal(names, tuple(generators)),
        squares,
        (origin(names),),
        polynomial_twin(squares, 3),
        f"ideal of the curve t -> (t^{powers[0]}, t^{powers[1]}, t^{powers[2]})",
    )


@builder
def semidefinite_form(matrix: list[list[int]], power: int = 1) -> Model:
    """f = (xᵀQx)^power, K = f²: real and complex thresholds differ when Q is definite.

    matrix: symmetric with integer entries. Definite of size n: λ = n/(4·power), not ½·min(1,
    n/2)/power.

    >>> from singularity_lab.models import build
    >>> print(build("semidefinite_form", matrix=[[1, 0], [0, 1]]).ideal)
    (x^2 + y^2) in Q[x, y]
    """
    n = len(matrix)
    at_least(1, power=power, size=n)
    if any(len(row) != n for row in matrix) or any(
        matrix[i][j] != matrix[j][i] for i in range(n) for j in range(n)
    ):
        raise BadInput(f"matrix: a symmetric square matrix is needed, received {matrix}")
    names = _letters(n)
    ring = Ring(names)
    terms: list[Polynomial] = [
        ring[names[i]] * ring[names[j]] * _rational(matrix[i][j])
        for i in range(n)
        for j in range(n)
        if matrix[i][j]
    ]
    f = ring.sum(terms) ** power

    def twin(w: Tensor) -> Tensor:
        Q = w.new_tensor(matrix)
        return ((w @ Q) * w).sum(1) ** (2 * power)

    return hypersurface(
        "semidefinite_form",
        dict(matrix=[list(r) for r in matrix], power=power),
        f,
        f"quadratic form in {n} variables to the power {power}, K = f^2",
        twin,
    )


def _rational(value: int) -> Rational:
    return Fraction(value)
