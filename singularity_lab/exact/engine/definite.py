"""Definite forms in an analytic loss: where K is one in the arguments of its functions, or in
coordinates after squares are completed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.elementary import expansion
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import ring
from singularity_lab.algebra.tower import Element, Poly, Symbol, Tower
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.losses import sum_of_squares
from singularity_lab.exact.proof.reductions import Definite, Stage

_PASSES = 4
_TYPED = 40  # squares of a sum as typed


def definite_forms(
    before: Stage, after: Stage, atoms: Sequence[str], order: int
) -> Iterator[Definite]:
    """Candidates for a :class:`Definite` step on ``after``, which is ``before`` with these atoms
    expanded to the order."""
    tower = after.tower
    if atoms:
        found = _in_arguments(before, after, atoms, order)
        if found is not None:
            yield found
    f = tower.up(after.gens[0])
    if not tower.of_kind(f, "atom"):
        found = _in_coordinates(after, f)
        if found is not None:
            yield found


@dataclass(frozen=True)
class _Typed:
    """A germ as it is read, with the pairs (c, q) of Σ c·q², c > 0 a number, where it is such a
    sum."""

    germ: Element
    squares: tuple[tuple[Element, Element], ...] | None = None

    @property
    def weight(self) -> bool:
        """Whether the germ is a number > 0."""
        num, den, tower = self.germ.num, self.germ.den, self.germ.tower
        return tower.is_number(num) and tower.is_number(den) and self.germ.sign() > 0

    def __add__(self, other: _Typed) -> _Typed:
        both = None
        if self.squares is not None and other.squares is not None:
            both = self.squares + other.squares
        return _Typed(self.germ + other.germ, both)

    def __neg__(self) -> _Typed:
        return _Typed(-self.germ)

    def __sub__(self, other: _Typed) -> _Typed:
        return _Typed(self.germ - other.germ)

    def __mul__(self, other: _Typed) -> _Typed:
        germ, squares = self.germ * other.germ, None
        for a, b in ((self, other), (other, self)):
            if a.weight and b.squares is not None:
                squares = tuple((c * a.germ, q) for c, q in b.squares)
                return _Typed(germ, squares)
        if self.squares is not None and other.squares is not None:
            pairs = itertools.product(self.squares, other.squares)
            squares = tuple((c * d, q * r) for (c, q), (d, r) in pairs)
            squares = squares if len(squares) <= _TYPED else None
        return _Typed(germ, squares)

    def __truediv__(self, other: _Typed) -> _Typed:
        squares = None
        if other.weight and self.squares is not None:
            squares = tuple((c / other.germ, q) for c, q in self.squares)
        return _Typed(self.germ / other.germ, squares)

    def __pow__(self, n: int) -> _Typed:
        germ, one = self.germ**n, Element.number(self.germ.tower, 1)
        if n > 0 and n % 2 == 0:
            return _Typed(germ, ((one, self.germ ** (n // 2)),))
        return _Typed(germ, self.squares if n == 1 else None)


def squares_as_typed(problem: AnalyticProblem) -> Definite | None:
    """A loss that is typed as a sum of squares with positive weights, as such; else None."""
    (text,) = problem.texts

    def number(tower: Tower, q: Fraction) -> _Typed:
        one = Element.number(tower, 1)
        typed = ((Element.number(tower, q), one),) if q > 0 else () if q == 0 else None
        return _Typed(Element.number(tower, q), typed)

    tower, read = problem.read_as(text, _Typed, number, lambda t: t.germ)
    if not read.squares or len(read.squares) < 2 or len(read.squares) > _TYPED:
        return None
    pairs = [(c, q) for c, q in read.squares if not q.is_zero]
    if any(not tower.up(g.den).is_constant() for pair in pairs for g in pair):
        return None
    zero = "0"
    weights = [str(tower.up(c.num) / c.den.leading_coefficient()) for c, _ in pairs]
    return Definite(
        forms=tuple(str(tower.up(q.num) / q.den.leading_coefficient()) for _, q in pairs),
        matrix=tuple(
            tuple(w if i == j else zero for j in range(len(weights))) for i, w in enumerate(weights)
        ),
        unit="1",
    )


def squares_of_functions(stage: Stage) -> Definite | None:
    """The generator as a sum of squares of polynomials in its variables and atoms, where it has
    atoms, and no other symbols."""
    tower, (f,) = stage.tower, stage.gens
    f = tower.up(f)
    names = tuple(n for n in tower.names if n in tower.occurs(f))
    if not tower.of_kind(f, "atom") or tower.of_kind(f, "tail", "constant"):
        return None
    found = sum_of_squares(Polynomial(names, f.project_to_context(ring(names))))
    if found is None or len(found) > 60:
        return None
    n = len(found)
    return Definite(
        forms=tuple(str(q.flint) for _, q in found),
        matrix=tuple(
            tuple(str(found[i][0]) if i == j else "0" for j in range(n)) for i in range(n)
        ),
        unit="1",
    )


def _in_arguments(before: Stage, after: Stage, atoms: Sequence[str], order: int) -> Definite | None:
    """f as a form in the arguments of its functions; those that others combine are written so."""
    tower = after.tower
    arguments = []
    for a in atoms:
        argument = tower.symbols[a].argument
        assert argument is not None
        arguments.append(argument)
    places = [tower.add("p", Symbol("tail", f"{a}", on=tower.symbols[a].on)) for a in atoms]
    relations = _relations(tower, arguments)
    images = [Element.number(tower, 0)] * len(atoms)
    for j, row in enumerate(relations):
        for b, k in row.items():
            images[j] = images[j] + Element.symbol(tower, places[b]).scaled(k)
    expanded = {
        a: expansion(tower, (a,), order, at=[image])[a]
        for a, image in zip(atoms, images, strict=True)
    }
    total = Element.of(tower, before.gens[0])
    for name, image in expanded.items():
        i = tower.names.index(name)
        num, found = tower.up(total.num), Element.number(tower, 0)
        for e, c in maps.coefficients(num, i).items():
            found = found + Element.of(tower, c) * image**e
        total = found / Element.of(tower, total.den)
    basis = sorted({b for row in relations for b in row})
    names = [places[b] for b in basis]
    values = {places[b]: arguments[b] for b in basis}
    num = tower.up(total.num)
    positions = [tower.names.index(n) for n in names]
    linear: dict[tuple[int, ...], flint.fmpq] = {}
    rest: dict[tuple[int, ...], flint.fmpq] = {}
    for shape, value in num.to_dict().items():
        (linear if sum(int(shape[i]) for i in positions) < 2 else rest)[shape] = value
    low = _at(tower, ring(tower.names).from_dict(linear), values)
    if not low.is_zero:
        return None
    form = ring(tower.names).from_dict(rest)
    return _as_form(after, form, {n: values[n] for n in names})


def _relations(tower: Tower, arguments: Sequence[Element]) -> list[dict[int, Fraction]]:
    """Each argument as a rational combination of some of them, by position."""
    polys = [tower.up(a.num) if tower.up(a.den).is_constant() else None for a in arguments]
    found: list[dict[int, Fraction]] = []
    basis: list[int] = []
    for j, p in enumerate(polys):
        row = None if p is None else _combination(p, [(b, polys[b]) for b in basis])
        if row is None:
            basis.append(j)
            row = {j: Fraction(1)}
        found.append(row)
    return found


def _combination(p: Poly, basis: Sequence[tuple[int, Poly | None]]) -> dict[int, Fraction] | None:
    usable = [(b, q) for b, q in basis if q is not None]
    shapes = sorted({a for q in (p, *(q for _, q in usable)) for a in q.monoms()})
    place = {a: i for i, a in enumerate(shapes)}
    matrix = flint.fmpq_mat(len(shapes), len(usable) + 1)
    for j, q in enumerate((*(q for _, q in usable), p)):
        for a, c in q.to_dict().items():
            matrix[place[a], j] = c
    reduced, rank = matrix.rref()
    row: dict[int, Fraction] = {}
    for i in range(rank):
        lead = next(j for j in range(len(usable) + 1) if reduced[i, j] != 0)
        if lead == len(usable):
            return None
        value = reduced[i, len(usable)]
        if value != 0:
            row[usable[lead][0]] = Fraction(int(value.p), int(value.q))
    return row


def _at(tower: Tower, p: Poly, values: dict[str, Element]) -> Element:
    """p with germs in place of names."""
    found = Element.of(tower, p)
    for n, value in values.items():
        i = tower.names.index(n)
        num, total = tower.up(found.num), Element.number(tower, 0)
        for e, c in maps.coefficients(num, i).items():
            total = total + Element.of(tower, c) * value**e
        found = total / Element.of(tower, found.den)
    return found


def _as_form(stage: Stage, form: Poly, values: dict[str, Element]) -> Definite | None:
    """A form in named places as Σ M_ij q_i q_j, with powers of the places as q; values: what the
    places stand for in the stage."""
    tower, names = stage.tower, list(values)
    positions = [tower.names.index(n) for n in names]
    half: dict[int, int] = {}
    terms: dict[tuple[int, ...], Poly] = {}
    for a, c in form.to_dict().items():
        key = tuple(int(a[i]) for i in positions)
        rest = tuple(0 if i in positions else e for i, e in enumerate(a))
        term = ring(tower.names).from_dict({rest: c})
        terms[key] = terms[key] + term if key in terms else term
    for key, part in terms.items():
        places = [k for k, e in enumerate(key) if e]
        if len(places) == 1 and tower.sign(tower.at_point(part)):
            (k,) = places
            if key[k] % 2 == 0:
                half[k] = min(half.get(k, key[k] // 2), key[k] // 2)
    used = sorted(half)
    n = len(used)
    matrix = [[Element.number(tower, 0)] * n for _ in range(n)]
    for key in sorted(terms):
        pair = _pair(key, used, half)
        if pair is None:
            return None
        i, j = pair
        left = list(key)
        for k in (used[i], used[j]):
            left[k] -= half[k]
        entry = Element.of(tower, terms[key])
        for k, e in enumerate(left):
            if e:
                entry = entry * values[names[k]] ** e
        if i == j:
            matrix[i][i] = matrix[i][i] + entry
        else:
            entry = entry.scaled(Fraction(1, 2))
            matrix[i][j], matrix[j][i] = matrix[i][j] + entry, matrix[j][i] + entry
    if not n:
        return None
    roots = [values[names[k]] ** half[k] for k in used]
    return _step(stage, roots, matrix)


def _pair(key: Sequence[int], used: Sequence[int], half: dict[int, int]) -> tuple[int, int] | None:
    """Positions i ≤ j of powers whose product divides a monomial: different ones first."""
    n = len(used)
    for i in range(n):
        for j in range(i + 1, n):
            if key[used[i]] >= half[used[i]] and key[used[j]] >= half[used[j]]:
                return i, j
    for i in range(n):
        if key[used[i]] >= 2 * half[used[i]]:
            return i, i
    return None


def _step(stage: Stage, roots: list[Element], matrix: list[list[Element]]) -> Definite | None:
    """The step for Σ M_ij q_i q_j, where that is the stage's generator times a unit."""
    tower, n = stage.tower, len(roots)
    total = Element.number(tower, 0)
    for i in range(n):
        for j in range(n):
            total = total + matrix[i][j] * roots[i] * roots[j]
    f = Element.of(tower, stage.gens[0])
    if total.is_zero:
        return None
    try:
        unit = total / f
    except SingularityLabError:
        return None
    if not tower.is_unit(unit.num):
        return None
    # u·f = Σ M q q with q = a/b: everything is multiplied by the denominators
    dens = [tower.up(q.den) for q in roots]
    entries = [
        [matrix[i][j] / Element.of(tower, dens[i] * dens[j]) for j in range(n)] for i in range(n)
    ]
    common = tower.up(unit.den)
    for row in entries:
        for e in row:
            d = tower.up(e.den)
            common = common * (d / common.gcd(d))
    clear = Element.of(tower, common)
    whole = [[e * clear for e in row] for row in entries]
    scaled = unit * clear
    if not all(tower.up(e.den).is_constant() for row in whole for e in row):
        return None
    if not tower.up(scaled.den).is_constant():
        return None

    def text(g: Element) -> str:
        return str(tower.up(g.num) / g.den.leading_coefficient())

    return Definite(
        forms=tuple(str(tower.up(q.num)) for q in roots),
        matrix=tuple(tuple(text(e) for e in row) for row in whole),
        unit=text(scaled),
    )


def _in_coordinates(stage: Stage, f: Poly) -> Definite | None:
    """f as a form in powers of coordinates, after squares are completed."""
    tower = stage.tower
    values = {n: Element.symbol(tower, n) for n in stage.problem.variables}
    done: set[str] = set()
    form = f
    first = [x for x in stage.problem.variables if _has_rational_square(tower, f, x)]
    for x in (*first, *(y for y in stage.problem.variables if y not in first)):
        i = tower.names.index(x)
        for _ in range(_PASSES):
            if i not in maps.occurring(form):
                break
            parts = maps.coefficients(form, i)
            if 1 not in parts or 2 not in parts:
                break
            alpha = maps.constant_term(parts[2])
            if alpha == 0 or tower.sign(tower.at_point(parts[2]) - alpha) != 0:
                break
            if tower.depends(parts[1]) & done or least(tower, parts[1]) < 1:
                break
            shift = parts[1] / (2 * alpha)
            form = tower.substitute(form, {x: tower.gen(x) - shift})
            values[x] = values[x] + Element.of(tower, shift)
            if len(form) > 2_000:
                return None
        if i in maps.occurring(form):
            done.add(x)
    occurring = {n: v for n, v in values.items() if tower.names.index(n) in maps.occurring(form)}
    return _as_form(stage, form, occurring)


def _has_rational_square(tower: Tower, f: Poly, x: str) -> bool:
    i = tower.names.index(x)
    parts = maps.coefficients(f, i) if i in maps.occurring(f) else {}
    return 2 in parts and tower.at_point(parts[2]).is_constant() and not parts[2].is_zero()


def least(tower: Tower, p: Poly) -> int:
    """The least degree of a monomial of p in variables, atoms and tails; 10⁶ for 0."""
    places = [i for i, n in enumerate(tower.names) if tower.symbols[n].kind != "constant"]
    return min((sum(int(a[i]) for i in places) for a in p.monoms()), default=10**6)
