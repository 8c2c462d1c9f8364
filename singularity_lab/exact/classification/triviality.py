"""How far a germ is trivial: the dimension of the stratum along which it stays the same.

A vector field θ is logarithmic for an ideal I when θ(I) ⊂ I. Where θ does not vanish at the point,
its flow carries the germ along, and I is the pull-back of an ideal in one variable less (Rossi
1963); the values at the point of all logarithmic fields are the tangent space of Saito's
logarithmic stratum (Saito 1980), along which (λ, m) and all else is the same. Walls and priors of
the point are kept where θ is tangent to their hyperplanes.

The dimension is proved by the first of these that applies, else bounded:

- *smooth*: where λ = r/2 is proved for r independent differentials, nothing but r regular
  coordinates generates the ideal, since λ adds over a residual ideal: the stratum is the zero set;
- *normal crossings*: r generators and w walls or priors with independent differentials are r + w
  coordinates: the stratum is where all of them vanish;
- *graded*: for positive weights in which every generator is quasi-homogeneous, the parts of a
  logarithmic field are logarithmic, and those that do not vanish at the point have finitely many
  coefficients: linear algebra over Q;
- *above*: v is tangent only if Jv = 0 and, as the rank of J is constant on the stratum,
  cᵀ(D_v J)w = 0 for c in the cokernel and w in the kernel of J; and only if v kills the jets of
  least order of the ideal that is left when r coordinates are eliminated, as its order is constant;
- *isolated*: a critical point of one polynomial with a finite Milnor number μ ≥ 1 is a stratum;
- *below*: affine fields with θ f_j a combination of the f_k, found by linear algebra over Q.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm

import flint

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import solve_lp
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import Germ, GermLike, HasProblem, LocalProblem
from singularity_lab.algebra.rings import to_fmpq
from singularity_lab.errors import OutOfScope, SingularityLabError
from singularity_lab.exact.classification.milnor import milnor_algebra
from singularity_lab.system.deadline import check_time

LARGEST = 1_200  # unknown coefficients of fields with their multipliers
ORDERS = 5  # of jets after eliminations
MILNOR_VARIABLES, MILNOR_COLUMNS = 4, 600  # where a finite Milnor number is looked for
Vector = list[flint.fmpq]


@dataclass(frozen=True)
class Triviality:
    """Proved bounds of the dimension of the stratum of a germ, and why each holds."""

    dimension: int
    lower: int
    upper: int
    below: str
    above: str

    @property
    def exact(self) -> bool:
        """Whether the bounds meet."""
        return self.lower == self.upper


def triviality(source: GermLike | HasProblem, value: RLCT | None = None) -> Triviality:
    """Return bounds of the dimension of the stratum along which a germ is the same.

    value: what is proved of its (λ, m), used where it shows that the zero set is smooth.
    Raises OutOfScope for a point with irrational coordinates, and for a germ that is a unit.

    >>> found = triviality(LocalProblem.build(["x*y", "x*z"], "x y z t"))
    >>> found.lower, found.upper
    (1, 1)
    >>> triviality(LocalProblem.build("(x + y)^2 - z^3")).exact
    True
    """
    germ = LocalProblem.of(source).localize()
    generators = [g for g in germ.generators if not g.is_zero]
    if any(g.order == 0 for g in generators):
        raise OutOfScope("triviality: some generator is not 0 at the point: the loss is a unit")
    n = len(germ.variables)
    walls = _walls(germ)
    jacobian = [[_coefficient(g, i) for i in range(n)] for g in generators]
    rank = int(flint.fmpq_mat(jacobian).rank()) if generators else 0
    if not generators or _smooth(germ, rank, walls, value):
        reason = f"λ = {rank}/2 with {rank} independent differentials: the zero set is smooth"
        return Triviality(n, n - rank, n - rank, reason, reason)
    if rank == len(generators):
        kept = [[flint.fmpq(int(i == j)) for j in range(n)] for i in walls]
        if int(flint.fmpq_mat([*jacobian, *kept]).rank()) == rank + len(walls):
            beside = f" beside {len(walls)} walls or priors" if walls else ""
            reason = f"{rank} generators with independent differentials{beside}"
            return Triviality(n, n - rank - len(walls), n - rank - len(walls), reason, reason)
    constant = _constant_fields(generators, walls, n)
    if constant:
        rest = _without(germ, generators, constant)
        found = triviality(rest)
        more, why = len(constant), f"{len(constant)} constant fields kill all generators; "
        return Triviality(
            n, more + found.lower, more + found.upper, why + found.below, why + found.above
        )
    weights = _weights(generators, n)
    graded = None if weights is None else _graded(generators, weights, walls)
    if graded is not None:
        reason = f"logarithmic fields of negative weight for the weights {_told(weights)}"
        return Triviality(n, graded, graded, reason, reason)
    upper, above = _tangent_bound(generators, jacobian, rank, walls, n)
    if upper and rank:
        again, why = _residual_bound(generators, jacobian, walls, n)
        if again < upper:
            upper, above = again, why
    if upper and len(generators) == 1 and _isolated(generators[0]):
        upper, above = 0, "the critical point is isolated: its Milnor number is finite"
    if upper == 0:
        return Triviality(n, 0, 0, "no direction is left", above)
    lower, below = _affine_fields(generators, walls, n)
    return Triviality(n, lower, upper, below, above)


def _constant_fields(
    generators: Sequence[Polynomial], walls: Sequence[int], n: int
) -> list[Vector]:
    """A basis, in echelon form, of the directions along which no generator changes."""
    rows: dict[tuple[int, tuple[int, ...]], Vector] = {}
    for j, g in enumerate(generators):
        for a, c in g.terms():
            for i in range(n):
                if a[i]:
                    row = rows.setdefault((j, _shift(a, i, -1)), [flint.fmpq(0)] * n)
                    row[i] += to_fmpq(c * a[i])
    kept = [[flint.fmpq(int(i == j)) for j in range(n)] for i in walls]
    basis = _kernel([*rows.values(), *kept], n)
    if not basis:
        return []
    reduced, rank = flint.fmpq_mat(basis).rref()
    return [[reduced[i, j] for j in range(n)] for i in range(rank)]


def _without(
    germ: Germ, generators: Sequence[Polynomial], constant: Sequence[Vector]
) -> LocalProblem:
    """The germ on the coordinates that are left when one is taken for each constant field: it is
    the pull-back of this one."""
    gone = {next(i for i, x in enumerate(v) if x != 0) for v in constant}
    names = [v for i, v in enumerate(germ.variables) if i not in gone]
    zero = {germ.variables[i]: 0 for i in gone}
    prior = {v: t for v, t in zip(germ.variables, germ.prior, strict=True) if t}
    return LocalProblem.build(
        [g.substitute(zero).in_ring(names) for g in generators],
        names,
        prior=prior,
        nonnegative=[v for v in germ.nonnegative if v in names],
        convention=germ.convention,
    )


def _told(weights: Sequence[int] | None) -> str:
    return ", ".join(map(str, (weights or ())[:12]))


def _isolated(f: Polynomial) -> bool:
    """Whether 0 is a critical point of f whose Milnor number is found to be finite, in few
    variables."""
    if len(f.variables) > MILNOR_VARIABLES:
        return False
    try:
        return milnor_algebra(f, MILNOR_COLUMNS).dimension > 0
    except SingularityLabError:
        return False


def smooth_codimension(source: GermLike | HasProblem, value: RLCT | None) -> int | None:
    """Return the codimension of the zero set where a proved value shows that it is smooth and
    reduced at the point; None where it does not.

    An ideal with r independent differentials has λ ≥ r/2, with equality only where r regular
    coordinates generate it: what is left has order 2 or more, and a positive λ of its own.

    >>> smooth_codimension(LocalProblem.build(["x + y^2", "z*(x + y^2)"]), RLCT(Fraction(1, 2), 1))
    1
    >>> smooth_codimension(LocalProblem.build(["x", "y^2"]), RLCT(Fraction(3, 4), 1)) is None
    True
    """
    germ = LocalProblem.of(source).localize()
    generators = [g for g in germ.generators if not g.is_zero]
    if any(g.order == 0 for g in generators):
        return None
    n = len(germ.variables)
    rows = [[_coefficient(g, i) for i in range(n)] for g in generators]
    rank = int(flint.fmpq_mat(rows).rank()) if rows else 0
    return rank if _smooth(germ, rank, _walls(germ), value) else None


def _smooth(germ: Germ, rank: int, walls: Sequence[int], value: RLCT | None) -> bool:
    if value is None or germ.convention != "ideal" or walls:
        return False
    return value.value == Fraction(rank, 2)


def _walls(germ: Germ) -> list[int]:
    """The places of variables whose hyperplane a field has to keep."""
    kept = set(germ.nonnegative) | {v for v, t in zip(germ.variables, germ.prior, strict=True) if t}
    return [i for i, v in enumerate(germ.variables) if v in kept]


def _coefficient(g: Polynomial, *places: int) -> flint.fmpq:
    """The coefficient of a product of variables in g."""
    a = [0] * len(g.variables)
    for i in places:
        a[i] += 1
    return to_fmpq(_terms(g).get(tuple(a), Fraction(0)))


def _terms(g: Polynomial) -> dict[tuple[int, ...], Fraction]:
    return dict(g.terms())


def _kernel(rows: Sequence[Sequence[flint.fmpq]], n: int) -> list[Vector]:
    """A basis of the vectors of length n that all rows kill."""
    if not rows:
        return [[flint.fmpq(int(i == j)) for j in range(n)] for i in range(n)]
    reduced, rank = flint.fmpq_mat([list(r) for r in rows]).rref()
    pivots = []
    for i in range(rank):
        pivots.append(next(j for j in range(n) if reduced[i, j] != 0))
    basis = []
    for free in (j for j in range(n) if j not in pivots):
        v = [flint.fmpq(0)] * n
        v[free] = flint.fmpq(1)
        for i, p in enumerate(pivots):
            v[p] = -reduced[i, free]
        basis.append(v)
    return basis


def _tangent_bound(
    generators: Sequence[Polynomial],
    jacobian: Sequence[Sequence[flint.fmpq]],
    rank: int,
    walls: Sequence[int],
    n: int,
) -> tuple[int, str]:
    """The dimension of the vectors that meet the necessary conditions, and which these are."""
    zero, one = flint.fmpq(0), flint.fmpq(1)
    conditions = [[one if j == i else zero for j in range(n)] for i in walls]
    if rank == 0:
        order = min(g.order for g in generators)
        conditions += _jet_conditions(generators, order, n)
        why = f"the order {order} of the ideal is constant"
    else:
        conditions += [list(row) for row in jacobian]
        kernel = _kernel(jacobian, n)
        cokernel = _kernel(list(zip(*jacobian, strict=True)), len(generators))
        for c in cokernel:
            check_time()
            hessian = _hessian(generators, c, n)
            conditions += [
                [sum((row[j] * w[j] for j in range(n)), zero) for row in hessian] for w in kernel
            ]
        why = f"the rank {rank} of the differentials is constant"
    if walls:
        why += ", and walls or priors are kept"
    return n - int(flint.fmpq_mat(conditions).rank()) if conditions else n, why


def _jet_conditions(generators: Sequence[Polynomial], order: int, n: int) -> list[Vector]:
    """Rows that kill v exactly where v kills the jets of an order: one for each monomial below."""
    rows: dict[tuple[int, tuple[int, ...]], Vector] = {}
    for j, g in enumerate(generators):
        for a, c in g.terms():
            if sum(a) != order:
                continue
            for i in range(n):
                if a[i]:
                    below = (*a[:i], a[i] - 1, *a[i + 1 :])
                    row = rows.setdefault((j, below), [flint.fmpq(0)] * n)
                    row[i] += to_fmpq(c * a[i])
    return list(rows.values())


def _hessian(generators: Sequence[Polynomial], c: Vector, n: int) -> list[Vector]:
    """The matrix of second derivatives of Σ c_j f_j at the point."""
    found = [[flint.fmpq(0)] * n for _ in range(n)]
    for share, g in zip(c, generators, strict=True):
        if share == 0:
            continue
        for a, x in g.terms():
            if sum(a) == 2:
                places = [i for i, e in enumerate(a) for _ in range(e)]
                i, j = places
                found[i][j] += share * to_fmpq(x)
                found[j][i] += share * to_fmpq(x)
    return found


def _residual_bound(
    generators: Sequence[Polynomial],
    jacobian: Sequence[Sequence[flint.fmpq]],
    walls: Sequence[int],
    n: int,
) -> tuple[int, str]:
    """As :func:`_tangent_bound`, from the jets of what is left when rank J coordinates are solved
    for, to the least order up to 5 in which something is left.
    """
    system, pivots, free = _solved_form(generators, jacobian, n)
    names = generators[0].variables
    linear = [_linear_part(g, n) for g in system]
    tangent = [list(row) for row in linear]
    tangent += [[flint.fmpq(int(i == j)) for j in range(n)] for i in walls]
    for order in range(2, ORDERS + 1):
        check_time()
        residual = _eliminate(system, pivots, free, order, names)
        left = [g for g in residual if not g.is_zero]
        if not left:
            continue
        conditions = tangent + _jet_conditions(left, order, n)
        why = f"the order {order} of the ideal after {len(pivots)} eliminations is constant"
        return n - int(flint.fmpq_mat(conditions).rank()), why
    return n - len(pivots), f"the ideal has no jet to order {ORDERS} after the eliminations"


def _linear_part(g: Polynomial, n: int) -> Vector:
    return [_coefficient(g, i) for i in range(n)]


def _solved_form(
    generators: Sequence[Polynomial], jacobian: Sequence[Sequence[flint.fmpq]], n: int
) -> tuple[list[Polynomial], list[int], list[Polynomial]]:
    """Combinations of the generators: r of them with differential dx_i + …, i in the pivots, and
    the others with differential 0."""
    count = len(generators)
    wide = [
        [*row, *(flint.fmpq(int(i == j)) for j in range(count))] for i, row in enumerate(jacobian)
    ]
    reduced, _ = flint.fmpq_mat(wide).rref()
    solved, pivots, free = [], [], []
    for i in range(count):
        mixed = sum(
            (
                g * Fraction(int(c.p), int(c.q))
                for j, g in enumerate(generators)
                if (c := reduced[i, n + j]) != 0
            ),
            Polynomial.constant(0, generators[0].variables),
        )
        pivot = next((j for j in range(n) if reduced[i, j] != 0), None)
        if pivot is None:
            free.append(mixed)
        else:
            solved.append(mixed)
            pivots.append(pivot)
    return solved, pivots, free


def _eliminate(
    system: Sequence[Polynomial],
    pivots: Sequence[int],
    free: Sequence[Polynomial],
    order: int,
    names: tuple[str, ...],
) -> list[Polynomial]:
    """The other generators where those of the system are 0, to an order: x_i = φ_i by iteration,
    each step right to one order more."""
    roots = {names[i]: Polynomial.constant(0, names) for i in pivots}
    for step in range(1, order):
        check_time()
        roots = {
            name: _cut(roots[name] - _cut(g.substitute(roots), step), step)
            for name, g in zip(roots, system, strict=True)
        }
    return [_cut(g.substitute(roots).in_ring(names), order) for g in free]


def _cut(g: Polynomial, order: int) -> Polynomial:
    """The terms up to a degree."""
    kept = {a: c for a, c in g.terms() if sum(a) <= order}
    return Polynomial.from_terms(kept, g.variables)


# -- fields ----------------------------------------------------------------------------------------


def _weights(generators: Sequence[Polynomial], n: int) -> list[int] | None:
    """Positive integer weights in which all generators are quasi-homogeneous, or None."""
    rows = set()
    for g in generators:
        first, *others = g.support()
        rows |= {tuple(x - y for x, y in zip(a, first, strict=True)) for a in others}
    if not rows:
        return [1] * n
    matrix, rank = flint.fmpq_mat([list(r) for r in sorted(rows)]).rref()
    reduced = [
        [Fraction(int(matrix[i, j].p), int(matrix[i, j].q)) for j in range(n)] for i in range(rank)
    ]
    # w = 1 + x with x >= 0
    found = solve_lp([-1] * n, reduced, [-sum(row) for row in reduced])
    if found is None:
        return None
    common = lcm(*(x.denominator for x in found.x))
    return [int((1 + x) * common) for x in found.x]


def _graded(
    generators: Sequence[Polynomial], weights: Sequence[int], walls: Sequence[int]
) -> int | None:
    """The dimension of the values at 0 of logarithmic fields of a graded ideal; None where a part
    has too many coefficients."""
    degrees = [sum(w * e for w, e in zip(weights, g.support()[0], strict=True)) for g in generators]
    total = 0
    for c in sorted(set(weights)):
        fields = [
            (i, a)
            for i, w in enumerate(weights)
            for a in _of_weight(weights, w - c)
            if i not in walls or a[i]
        ]
        multipliers = [
            (j, k, a)
            for j, k in product(range(len(generators)), repeat=2)
            for a in _of_weight(weights, degrees[j] - c - degrees[k])
        ]
        # those that do not vanish at 0 first
        fields.sort(key=lambda t: any(t[1]))
        constant = sum(not any(a) for _, a in fields)
        if len(fields) + len(multipliers) > LARGEST:
            return None
        total += _values(generators, fields, multipliers, constant)
    return total


def _of_weight(weights: Sequence[int], weight: int) -> list[tuple[int, ...]]:
    """The exponents of a weight; too many are cut, which the caller's count then sees."""
    if weight < 0:
        return []
    found: list[tuple[int, ...]] = []

    def extend(done: tuple[int, ...], rest: int) -> None:
        if len(found) > LARGEST:
            return
        if len(done) == len(weights):
            if rest == 0:
                found.append(done)
            return
        w = weights[len(done)]
        for e in range(rest // w + 1):
            extend((*done, e), rest - e * w)

    extend((), weight)
    return found


def _values(
    generators: Sequence[Polynomial],
    fields: Sequence[tuple[int, tuple[int, ...]]],
    multipliers: Sequence[tuple[int, int, tuple[int, ...]]],
    constant: int,
) -> int:
    """The dimension of the first ``constant`` coefficients of all Σ p·u^a ∂_i with
    θ f_j = Σ q·u^a f_k, (i, a) among the fields and (j, k, a) among the multipliers."""
    if not constant:
        return 0
    size = len(fields) + len(multipliers)
    rows: dict[tuple[int, tuple[int, ...]], dict[int, Fraction]] = {}
    terms = [dict(g.terms()) for g in generators]
    for j, f in enumerate(terms):
        check_time()
        for at, (i, a) in enumerate(fields):
            for b, c in f.items():
                if b[i]:
                    _add(rows, (j, _times(_shift(b, i, -1), a)), at, c * b[i])
    for at, (j, k, a) in enumerate(multipliers, len(fields)):
        for b, c in terms[k].items():
            _add(rows, (j, _times(a, b)), at, -c)
    check_time()
    matrix = [[to_fmpq(row.get(k, Fraction(0))) for k in range(size)] for row in rows.values()]
    values = [v[:constant] for v in _kernel(matrix, size)]
    return int(flint.fmpq_mat(values).rank()) if values else 0


def _times(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _affine_fields(
    generators: Sequence[Polynomial], walls: Sequence[int], n: int
) -> tuple[int, str]:
    """The dimension of the values at the point of affine fields that keep the span of the
    generators, and in which form they were sought: with all linear parts, or diagonal ones only.
    """
    count = len(generators)
    none = (0,) * n
    full = n * n + n + count * count <= LARGEST
    linear = [
        (i, _shift(none, k, 1))
        for i, k in product(range(n), repeat=2)
        if (full or i == k) and (i == k or i not in walls)
    ]
    constant = [(i, none) for i in range(n) if i not in walls]
    multipliers = [(j, k, none) for j, k in product(range(count), repeat=2)]
    found = _values(generators, [*constant, *linear], multipliers, len(constant))
    kind = "affine" if full else "affine, with diagonal linear parts,"
    return found, f"{found} independent {kind} fields keep the span of the generators"


def _add(
    rows: dict[tuple[int, tuple[int, ...]], dict[int, Fraction]],
    row: tuple[int, tuple[int, ...]],
    column: int,
    value: Fraction,
) -> None:
    line = rows.setdefault(row, {})
    line[column] = line.get(column, Fraction(0)) + value


def _shift(a: tuple[int, ...], i: int, by: int) -> tuple[int, ...]:
    return (*a[:i], a[i] + by, *a[i + 1 :])
