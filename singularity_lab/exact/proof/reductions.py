"""From analytic expressions to polynomials of the same size: steps, each with its theorem.

A *stage* is a list of germs, polynomials in variables and symbols (:mod:`algebra.tower`), that
stands for K = Σ f² (or K = |f| for a loss). Each step leads to another list with the same λ and m,
up to a factor of λ that it names. The verifier computes Taylor coefficients itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, ClassVar

import msgspec

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.algebraic import AlgebraicNumber, algebraic
from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.elementary import expansion
from singularity_lab.algebra.hypotheses import hold
from singularity_lab.algebra.jacobians import determinant
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import ring
from singularity_lab.algebra.tower import Element, Poly, Tower
from singularity_lab.errors import CertificateError, SingularityLabError, quoted
from singularity_lab.exact.proof.step import index, short


@dataclass(frozen=True)
class Stage:
    """Germs that stand for K: tower, gens; loss: K is |f|, not Σ f². factor: λ of the problem is
    this times λ of the stage. moved: variables that are other coordinates than in the tower's
    atoms. leaves: the steps by which alone the proof may end; None for any. upper: only bounds from
    above carry over; lower: only bounds from below."""

    problem: AnalyticProblem
    tower: Tower
    gens: tuple[Poly, ...]
    loss: bool
    factor: Fraction = Fraction(1)
    moved: frozenset[str] = field(default=frozenset())
    leaves: tuple[str, ...] | None = None
    upper: bool = False
    lower: bool = False

    @classmethod
    def of(cls, problem: AnalyticProblem) -> Stage:
        """The germs of a problem without their denominators, which are units; that of a loss is
        made positive."""
        tower, germs = problem.germs()
        gens = []
        for g in germs:
            positive = not problem.is_power_one or tower.sign(tower.at_point(g.den)) > 0
            gens.append(g.num if positive else -g.num)
        return cls(problem, tower, tuple(gens), problem.is_power_one)

    def read(self, text: str) -> Poly:
        """A polynomial of the tower from its text, in which no symbol depends on a coordinate that
        was changed."""
        from singularity_lab.algebra.polynomial import parse

        p = self.tower.reduced(parse(text, self.tower.names).flint)
        self.check_known(p)
        return p

    def check_known(self, *polys: Poly) -> None:
        """Require that no symbol in the polynomials depends on a coordinate that was changed."""
        for n in self.tower.occurs(*polys):
            symbol = self.tower.symbols[n]
            stale = symbol.kind != "variable" and symbol.on & self.moved
            hold("moved", not stale, f"{n} depends on a coordinate that was changed")

    def polynomial(self) -> LocalProblem:
        """The polynomial problem that is left; its coefficients may be square roots."""
        names, tower = self.problem.variables, self.tower
        numbers: dict[str, AlgebraicNumber] = {}
        for g in self.gens:
            symbols = self.tower.occurs(g) - set(names)
            for n in sorted(symbols - set(numbers), key=tower.names.index):
                value = root_of(tower, n)
                if value is not None:
                    numbers[n] = value
            symbols -= set(numbers)
            hold("polynomial", not symbols, f"{', '.join(sorted(symbols))} are left")
        kept = (*names, *numbers)
        plain = [tower.without(g, tower.occurs(g) - set(kept)) for g in self.gens]
        texts = [str(g.project_to_context(ring(kept))) for g in plain]
        convention = self.problem.convention if self.loss else "ideal"
        return self.problem.frame(texts, convention, numbers)


def root_of(tower: Tower, name: str) -> AlgebraicNumber | None:
    """The algebraic number that a symbol stands for, where it is a square root of a rational number
    or of such roots; None for other symbols."""
    symbol = tower.symbols[name]
    if symbol.kind != "constant" or symbol.square is None or not symbol.key.startswith("sqrt("):
        return None
    square = tower.up(symbol.square)
    inner = {n: root_of(tower, n) for n in tower.occurs(square)}
    if any(value is None for value in inner.values()):
        return None
    text = str(square)
    for n in sorted(inner, key=len, reverse=True):
        text = text.replace(n, f"({tower.symbols[n].key})") if n in text else text
    try:
        found = algebraic(f"sqrt({text})")
    except SingularityLabError:
        return None
    return found if isinstance(found, AlgebraicNumber) else None


class Reduction(
    msgspec.Struct, frozen=True, tag_field="op", tag=str.lower, forbid_unknown_fields=True
):
    """A theorem with the data for one use of it, on a stage."""

    hypotheses: ClassVar[dict[str, str]] = {}

    def words(self) -> str:
        """The step in one line."""
        raise NotImplementedError

    def encode(self) -> dict[str, Any]:
        """The step as it stands in a certificate."""
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return {n: v for n, v in found.items() if v is not None}

    def replay(self, stage: Stage) -> Stage:
        """The stage that follows."""
        raise NotImplementedError


class Expand(Reduction, frozen=True):
    """Atoms φ(c + A_h) − φ(c) of one function at one number are polynomials in the A_h, whose last
    coefficients are Taylor's and a tail that vanishes at the point: Taylor's theorem for one
    atom, Hermite interpolation for several (docs/theory.md, expand)."""

    hypotheses: ClassVar = {
        "moved": "no symbol depends on a coordinate that was changed",
        "atoms": "the symbols named are atoms, each once, of one function at one number",
        "order": "the order is a whole number from 0 to 40",
    }
    atoms: tuple[str, ...]
    order: int

    def words(self) -> str:
        count = f"{len(self.atoms)} functions" if len(self.atoms) > 1 else "a function"
        return f"{count} by Taylor's polynomial of degree {self.order} and a tail"

    def replay(self, stage: Stage) -> Stage:
        tower = stage.tower
        symbols = [tower.symbols.get(a) for a in self.atoms]
        atoms = [s for s in symbols if s is not None and s.kind == "atom"]
        alike = {(s.function, str(s.base)) for s in atoms}
        proper = len(atoms) == len(set(self.atoms)) == len(symbols) and len(alike) == 1
        hold("atoms", proper, f"not atoms of one function: {quoted(self.atoms)}")
        hold("order", type(self.order) is int and 0 <= self.order <= 40, f"{self.order}")
        stale = any(s.on & stage.moved for s in atoms)
        hold("moved", not stale, "an atom depends on a coordinate that was changed")
        images = expansion(tower, self.atoms, self.order)
        return replace(stage, gens=tuple(_insert(tower, g, images) for g in stage.gens))


def _insert(tower: Tower, p: Poly, images: dict[str, Element]) -> Poly:
    """The numerator of p with fractions in place of symbols: their denominators are units, and
    positive, for they are made of numbers and of arguments' denominators to even powers."""
    p = tower.up(p)
    found = Element.of(tower, p)
    for name, image in images.items():
        i = tower.names.index(name)
        total = Element.number(tower, 0)
        num = tower.up(found.num)
        if i not in maps.occurring(num):
            continue
        for e, c in maps.coefficients(num, i).items():
            total = total + Element.of(tower, c) * image**e
        found = total / Element.of(tower, found.den)
    sign = tower.sign(tower.at_point(found.den))
    return tower.up(found.num) if sign > 0 else -tower.up(found.num)


class Operate(Reduction, frozen=True):
    """Other generators of the same ideal: ["add", i, j, q] puts f_i + q·f_j for f_i, ["mul", i, u]
    and ["div", i, u] multiply or divide f_i by a unit u (positive for a loss), ["drop", i] leaves
    out a generator 0."""

    hypotheses: ClassVar = {
        "moved": "no symbol depends on a coordinate that was changed",
        "index": "a generator has one name, its position",
        "another": "a multiple of another generator is added",
        "unit": "a generator is multiplied or divided by what is not 0 at the point; a loss by > 0",
        "divides": "the division leaves no remainder",
        "zero": "what is left out is 0, and not all is",
    }
    do: tuple[tuple[str | int, ...], ...]

    def words(self) -> str:
        many = len(self.do)
        return f"{many} operation{'' if many == 1 else 's'} on the generators"

    def replay(self, stage: Stage) -> Stage:
        gens, tower = list(stage.gens), stage.tower
        for name, *data in self.do:
            i = index(whole(data[0]), gens)
            if name == "drop":
                droppable = tower.up(gens[i]).is_zero() and len(gens) > 1
                hold("zero", droppable, "a generator that is not 0 is dropped")
                del gens[i]
            elif name == "add":
                j = index(whole(data[1]), gens)
                hold("another", i != j, "add: two generators are needed")
                factor = stage.read(str(data[2]))
                product = input_limits.product(factor, tower.up(gens[j]))
                gens[i] = tower.reduced(tower.up(gens[i]) + product)
            elif name in ("mul", "div"):
                unit = stage.read(str(data[1]))
                sign = tower.sign(tower.at_point(unit))
                hold("unit", sign > 0 if stage.loss else sign != 0, "{} is no unit", unit)
                if name == "mul":
                    gens[i] = tower.reduced(input_limits.product(unit, tower.up(gens[i])))
                else:
                    quotient, rest = divmod(tower.up(gens[i]), unit)
                    hold("divides", rest.is_zero(), "{} does not divide", unit)
                    gens[i] = quotient
            else:
                raise CertificateError(f"operate: unknown operation {quoted(name)}")
        return replace(stage, gens=tuple(gens))


def whole(value: Any) -> int:
    """The value, if it is an integer; raises CertificateError if not."""
    if type(value) is not int:
        raise CertificateError(f"no such integer: {quoted(value)}")
    return value


class Definite(Reduction, frozen=True):
    """One f with u·f = Σ M_ij q_i q_j, u a unit, M symmetric and definite at the point: |f| ≍ Σ q².
    A loss has the (λ, m) of the ideal of the q; an ideal (f) half the λ of it."""

    hypotheses: ClassVar = {
        "moved": "no symbol depends on a coordinate that was changed",
        "one": "there is one generator",
        "identity": "the products multiplied out give u·f",
        "definite": "M is symmetric, and definite at the point",
        "side": "of a loss f ≥ 0: M/u is positive definite",
        "unit": "u is not 0 at the point",
    }
    forms: tuple[str, ...]
    matrix: tuple[tuple[str, ...], ...]
    unit: str

    def words(self) -> str:
        return f"a definite form in {len(self.forms)} germs"

    def replay(self, stage: Stage) -> Stage:
        tower = stage.tower
        hold("one", len(stage.gens) == 1, f"{len(stage.gens)} generators")
        forms, unit = [stage.read(q) for q in self.forms], stage.read(self.unit)
        matrix = [[stage.read(e) for e in row] for row in self.matrix]
        n = len(forms)
        square = len(matrix) == n and all(len(row) == n for row in matrix)
        symmetric = square and all(
            matrix[i][j] == matrix[j][i] for i, j in itertools.combinations(range(n), 2)
        )
        hold("definite", symmetric and n > 0, "the matrix is not symmetric")
        u = tower.sign(tower.at_point(unit))
        hold("unit", u != 0, "{} is 0 at the point", unit)
        total = tower.constant(0)
        for q, row in zip(forms, matrix, strict=True):
            for r, entry in zip(forms, row, strict=True):
                total += input_limits.product(entry, input_limits.product(q, r))
        difference = total - input_limits.product(unit, tower.up(stage.gens[0]))
        hold("identity", tower.reduced(difference).is_zero(), "the products do not give u·f")
        side = definite_side(tower, matrix)
        hold("definite", side != 0, "the matrix is not definite at the point")
        if stage.problem.convention == "loss" and stage.loss:
            hold("side", u == side, "K is negative near the point")
        factor = stage.factor if stage.loss else stage.factor / 2
        return replace(stage, gens=tuple(forms), loss=False, factor=factor)


def definite_side(tower: Tower, matrix: Sequence[Sequence[Poly]]) -> int:
    """1 or −1 for a symmetric matrix that is positive or negative definite at the point; else 0.

    Sylvester's criterion; the leading minors are the pivots of elimination without fractions.
    """
    rest = [[tower.at_point(e) for e in row] for row in matrix]
    n, last, signs = len(rest), tower.constant(1), []
    for k in range(n):
        pivot = rest[k][k]
        signs.append(tower.sign(pivot))
        if signs[-1] == 0:
            return 0
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                entry = rest[i][j] * pivot - rest[i][k] * rest[k][j]
                quotient = Element.of(tower, entry, last)
                if not tower.up(quotient.den).is_constant():
                    return 0  # squares of constants were reduced away: not decided here
                rest[i][j] = tower.up(quotient.num) / quotient.den.leading_coefficient()
        last = pivot
    if all(s > 0 for s in signs):
        return 1
    return -1 if all(s == (-1) ** (k + 1) for k, s in enumerate(signs)) else 0


class Coordinates(Reduction, frozen=True):
    """Germs h with an invertible Jacobian by variables x are coordinates instead of these; the
    generators are given in the new ones, under the same names."""

    hypotheses: ClassVar = {
        "moved": "no symbol depends on a coordinate that was changed",
        "free": "the variables differ, and carry neither a wall nor a prior",
        "smooth": "the h vanish at the point, and their Jacobian by these is not 0 there",
        "identity": "putting the h back gives the generators",
        "alone": "in the generators given, no symbol depends on a variable that changes",
    }
    by: tuple[tuple[str, str], ...]
    gens: tuple[str, ...]

    def words(self) -> str:
        pairs = "; ".join(f"{x} := {short(h)}" for x, h in self.by)
        return f"coordinates {pairs}"

    def replay(self, stage: Stage) -> Stage:
        tower = stage.tower
        names = [x for x, _ in self.by]
        free = set(stage.problem.variables) - stage.problem.bound
        hold("free", bool(names) and len(set(names)) == len(names), "a variable is named twice")
        hold("free", set(names) <= free, "a variable carries a wall or a prior")
        germs = [stage.read(h) for _, h in self.by]
        vanish = all(tower.sign(tower.at_point(h)) == 0 for h in germs)
        hold("smooth", vanish, "a coordinate does not vanish at the point")
        rows = []
        for h in germs:
            slopes = [tower.slope(h, x) for x in names]
            common = tower.constant(1)
            for s in slopes:
                common = common * tower.up(s.den)
            rows.append([tower.up(s.num) * (common / tower.up(s.den)) for s in slopes])
        jacobian = tower.sign(tower.reduced(determinant(rows)))
        hold("smooth", jacobian != 0, "the Jacobian is 0 at the point")
        gens = [stage.read(g) for g in self.gens]
        images = dict(zip(names, germs, strict=True))
        same = len(gens) == len(stage.gens) and all(
            tower.reduced(tower.substitute(g, images) - tower.up(f)).is_zero()
            for g, f in zip(gens, stage.gens, strict=True)
        )
        hold("identity", same, "the generators are not these")
        symbols = tower.occurs(*gens) - set(tower.variables)
        bound = {v for n in symbols for v in tower.symbols[n].on} & set(names)
        hold("alone", not bound, f"a symbol depends on {', '.join(sorted(bound))}")
        return replace(stage, gens=tuple(gens), moved=stage.moved | set(names))
