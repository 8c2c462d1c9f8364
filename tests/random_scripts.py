"""Random well-formed proof scripts, and the truth about the families of germs that they speak of.

A *root* is a small family of germs. The truth about it is the least (λ, m) of its germs, each a
local problem that the engine proves by itself, or a monomial ideal. A *writer* walks from a root:
it draws a step with random data, legal, nearly legal or wild, asks the verifier's handler for what
it accepts, and goes on from there to leaves. What the verifier accepts in the end is a claim, and
it is false where it crosses the truth. The writer knows nothing of which step is legal, so it works
for any verifier, also for one that lacks a check.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from types import SimpleNamespace
from typing import Any

from flint.utils.flint_exceptions import FlintError

from singularity_lab.algebra import maps
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import covering_lp, nullspace
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import Germ, LocalProblem
from singularity_lab.algebra.rings import ring, to_fmpq
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.newton import newton_step
from singularity_lab.exact.engine.slices import slice_germ
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.zeros.decide import no_common_zero

NAMES = ("x", "y", "z", "w", "u", "v", "s", "t")
Step = dict[str, Any]
LOCAL, PARAM, UNIT = "local", "param", "unit"


# -- the truth --------------------------------------------------------------------------------


@dataclass
class Root:
    """A family to start from: the data of a lemma, sign conditions, what a step may be drawn from.

    within: intervals that are not cut into cells yet. least: the least (λ, m) of its germs, None
    where K vanishes on no germ that was tried.
    """

    names: tuple[str, ...]
    data: Mapping[str, Any]
    signs: tuple[str, ...] = ()
    hints: tuple[Step, ...] = ()
    depth: int = 3
    within: Mapping[str, tuple[Fraction | None, Fraction | None]] = field(default_factory=dict)

    @cached_property
    def least(self) -> RLCT | None:
        return self._least(FEW, 60 if len(self.names) < 5 else 25)

    @cached_property
    def sought(self) -> RLCT | None:
        """The same with many more points: only where an upper bound is below ``least``."""
        found = (self.germ(at) for at in itertools.islice(self.square_roots(), 400))
        values = [v for v in (self._least(MANY, 2500), *found) if v is not None]
        return min(values, default=None)

    def _least(self, values: Sequence[Any], most: int) -> RLCT | None:
        points = list(itertools.islice(self.points(values), most))
        if not points:  # perhaps an empty stratum, of which everything would be true
            raise Undecided(f"no point of {self}")
        return min((v for at in points if (v := self.germ(at)) is not None), default=None)

    def points(self, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Points of the stratum at which its special germs lie: those with small coordinates, and
        those that solve a factor of a generator or of two for a variable, where it is linear."""
        role, positive, dice = self.data["role"], self.data["positive"], random.Random(0)
        free = [n for n, r in role.items() if r != LOCAL]
        index = {n: self.names.index(n) for n in free}
        gens = [parse(g, self.names).flint for g in self.data["gens"]]
        stratum = [
            maps.at_zero(g, {i for i, n in enumerate(self.names) if n not in free}) for g in gens
        ]
        parts = [q for g in (*gens, *stratum) if not g.is_zero() for q in irreducible(g)]
        parts = [
            maps.at_zero(q, {i for i, n in enumerate(self.names) if n not in free}) for q in parts
        ]
        linear = [
            (n, -(q - a * ring(self.names).gen(i)), a)
            for q in parts
            for n, i in index.items()
            if q.degrees()[i] == 1
            for a in [q.derivative(i)]
        ]
        units = [parse(u, self.names) for u in self.data["units"]]
        signs = [parse(p, self.names) for p in self.signs]
        grid = list(itertools.product(values, repeat=len(free)))
        if len(grid) > 700:
            grid = [tuple(dice.choice(values) for _ in free) for _ in range(700)]
        start = [dict(zip(free, row, strict=True)) for row in grid]
        for n, ends in self.within.items():  # points at the ends of an interval
            for end in (e for e in ends if e is not None):
                start += [{**at, n: end} for at in dice.sample(start, min(40, len(start)))]
        if len(free) == 1 and any("^2 - 2" in g for g in self.data["gens"]):
            start += [{free[0]: "sqrt(2)"}, {free[0]: "-sqrt(2)"}]
        seen = set()

        def solved(at: dict[str, Any]) -> Iterator[dict[str, Any]]:
            there = [to_fmpq(Fraction(at.get(n, 0))) for n in self.names]
            for n, above, below in linear:
                low = below(*there)
                if low != 0:
                    value = above(*there) / low
                    yield {**at, n: Fraction(int(value.p), int(value.q))}

        def all_of() -> Iterator[dict[str, Any]]:
            first = dice.sample(start, len(start))
            for at in (at for at in first if not any(isinstance(v, str) for v in at.values())):
                for once in solved(at):
                    yield once
                    yield from solved(once)
                yield at
            yield from (at for at in first if any(isinstance(v, str) for v in at.values()))

        for at in all_of():
            key = tuple(at.values())
            if key in seen:
                continue
            seen.add(key)
            low = [
                n for n, v in at.items() if n in positive and (v == "-sqrt(2)" or rational(v) < 0)
            ]
            if low or any(role[n] == UNIT and v == 0 for n, v in at.items()):
                continue
            if any(outside(at[n], ends) for n, ends in self.within.items()):
                continue
            there = [rational(at.get(n, 0)) for n in self.names]
            if all(u(there) for u in units) and all(p(there) > 0 for p in signs):
                yield at

    def square_roots(self) -> Iterator[dict[str, Any]]:
        """Points where a factor a·x² + c of a generator is 0 at an irrational x, all other
        coordinates being rational."""
        role, positive = self.data["role"], self.data["positive"]
        free = [n for n, r in role.items() if r != LOCAL]
        units = [parse(u, self.names) for u in self.data["units"]]
        signs = [parse(p, self.names) for p in self.signs]
        locals_ = {i for i, n in enumerate(self.names) if n not in free}
        gens = [maps.at_zero(parse(g, self.names).flint, set()) for g in self.data["gens"]]
        parts = {str(q): maps.at_zero(q, locals_) for g in gens for q in irreducible(g)}
        for q, x in itertools.product(parts.values(), free):
            i = self.names.index(x)
            slope = q.derivative(i)
            if q.is_zero() or q.degrees()[i] != 2 or not maps.at_zero(slope, {i}).is_zero():
                continue
            rest = maps.at_zero(q, {i})
            others = [n for n in free if n != x]
            for row in itertools.product(FEW, repeat=len(others)):
                at: dict[str, Any] = dict(zip(others, row, strict=True))
                there = [to_fmpq(Fraction(at.get(n, 0))) for n in self.names]
                one = [
                    to_fmpq(Fraction(1)) if n == x else v
                    for n, v in zip(self.names, there, strict=True)
                ]
                a, c = slope(*one) / 2, rest(*there)
                if a == 0 or c == 0 or (square := Fraction(int((-c / a).p), int((-c / a).q))) < 0:
                    continue
                if is_square(square) or any(v < 0 for n, v in at.items() if n in positive):
                    continue
                if any(role[n] == UNIT and v == 0 for n, v in at.items()):
                    continue

                def vanishes(
                    u: Any, square: Fraction = square, there: Any = there, i: int = i
                ) -> bool:
                    even, odd = Fraction(0), Fraction(0)  # u = even + odd·x at this point
                    for e, k in u.terms():
                        term = Fraction(k)
                        for j, (v, d) in enumerate(zip(there, e, strict=True)):
                            term *= (
                                square ** (d // 2) if j == i else Fraction(int(v.p), int(v.q)) ** d
                            )
                        even, odd = (even, odd + term) if e[i] % 2 else (even + term, odd)
                    return even == odd == 0

                if any(map(vanishes, units)):
                    continue
                for sign in ("",) if x in positive else ("", "-"):
                    near = Fraction(float(square) ** 0.5) * (-1 if sign else 1)
                    values = [near if n == x else Fraction(at.get(n, 0)) for n in self.names]
                    ends = self.within.get(x, (None, None))
                    inside = all(not outside(at[n], e) for n, e in self.within.items() if n != x)
                    if inside and not outside(near, ends) and all(p(values) > 0 for p in signs):
                        yield {**at, x: f"{sign}sqrt({square})"}

    def germ(self, at: Mapping[str, Any]) -> RLCT | None:
        """(λ, m) of the germ at a point of the stratum, None where K does not vanish."""
        data, kept = self.data, tuple(n for n in self.names if n in self.data["role"])
        factor = "".join(f"{n}^{e}*" for n, e in data["k"].items() if e)
        gens = tuple(f"{factor}({g})" for g in data["gens"])
        wall = {n for n in data["positive"]}
        for n, ends in self.within.items():
            if at[n] not in ends:
                continue
            wall.add(n)  # x is its end, plus or minus a coordinate s >= 0 of its name
            h = data["h"] if not at[n] else {}
            if at[n] or at[n] == ends[1]:
                x = parse(n, kept)
                image = x + at[n] if at[n] == ends[0] else Polynomial.constant(at[n], kept) - x
                gens = tuple(str(parse(g, kept).substitute({n: image})) for g in gens)
                data = {**data, "h": {**data["h"], **({} if h.get(n) else {n: "0"})}}
            at = {**at, n: 0}
        at = {n: v for n, v in at.items() if v}
        wall = tuple(sorted(wall))
        return value_at(gens, kept, tuple(sorted(at.items())), tuple(data["h"].items()), wall)

    def family(self, verifier: SimpleNamespace) -> Any:
        found = verifier.family.Family.of_lemma(self.names, self.data)
        if self.signs:
            found = found.but(signs=tuple(map(found.read, self.signs)))
        return found.but(within=dict(self.within)).normal()

    def crossed(self, verdict: Any) -> str | None:
        """What is false about a verdict, None where it is compatible with the truth."""
        least = self.least
        if verdict.empty:
            return None if least is None else f"empty, truth {least}"
        if least is not None and verdict.lower is not None and verdict.lower > least:
            return f"lower {verdict.lower}, truth {least}"
        if verdict.upper is not None and (least is None or verdict.upper < least):
            least = self.sought
            if least is None or verdict.upper < least:
                return f"upper {verdict.upper}, truth {least}"
        return None


def outside(value: Any, ends: tuple[Fraction | None, Fraction | None]) -> bool:
    low, high = ends
    near = rational(value)
    return (low is not None and near < low) or (high is not None and near > high)


FEW = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))
MANY = (*FEW, 3, -3, Fraction(1, 3), Fraction(-1, 3), 5, Fraction(3, 2), Fraction(-3, 2))


def is_square(q: Fraction) -> bool:
    return all(math.isqrt(n) ** 2 == n for n in (q.numerator, q.denominator))


def rational(value: Any) -> Fraction:
    """A value of the grid; a rational number near it for √2, where only signs are asked for."""
    return {"sqrt(2)": Fraction(99, 70), "-sqrt(2)": Fraction(-99, 70)}.get(value) or Fraction(
        value
    )


@lru_cache(maxsize=1 << 16)
def value_at(
    gens: tuple[str, ...],
    names: tuple[str, ...],
    at: tuple[tuple[str, Any], ...],
    prior: tuple[tuple[str, str], ...],
    wall: tuple[str, ...],
) -> RLCT | None:
    """(λ, m) of a germ: of a monomial ideal by its covering program, of any other by the engine."""
    problem = LocalProblem.build(
        list(gens), names, at=dict(at), prior=dict(prior), nonnegative=wall
    )
    germ = problem.localize(algebraic=True)
    if germ.field is None:
        rows = []
        for g in germ.generators:
            if g.is_zero:
                continue
            content = g.flint.term_content()
            rest = g.flint / content
            if rest.coefficient(len(rest) - 1) and not any(rest.monoms()[-1]):  # a unit at 0
                rows.append(tuple(map(int, content.monoms()[0])))
            elif len(germ.generators) == 1:
                break
            else:
                break
        else:
            if any(not any(row) for row in rows):
                return None
            value, face = covering(tuple(1 + e for e in germ.prior), tuple(rows))[2:]
            return RLCT(value / 2, 1 + face)
        if any(any(not any(a) for a in g.flint.monoms()) for g in germ.generators):
            return None
    try:
        found = rlct(list(gens), names, at=dict(at), prior=dict(prior), nonnegative=wall, budget=3)
    except SingularityLabError:  # K does not vanish at this point
        return None
    if not found.exact:
        raise Undecided(f"{gens} at {at}: {found}")
    return found.rlct


class Undecided(Exception):
    """The engine does not decide a germ in its time: its family is no root."""


@lru_cache(maxsize=1 << 16)
def covering(
    costs: tuple[Any, ...], rows: tuple[tuple[int, ...], ...]
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...], Fraction, int]:
    found = covering_lp(costs, rows)
    return tuple(found.primal), tuple(found.dual), found.value, found.face_dimension


# -- roots ------------------------------------------------------------------------------------


def factor(dice: random.Random, names: Sequence[str], order: int = 0) -> str:
    """A small polynomial in some of the variables."""
    a, b, c = (dice.choice(names) for _ in range(3))
    sign = dice.choice("+-")
    forms = (
        a,
        a,
        f"{a} {sign} {b}",
        f"{a} {sign} {b}^2",
        f"{a}*{b} {sign} 1",
        f"{a}*{b} {sign} {c}",
        f"{a} {sign} 1",
        f"{a}^2 {sign} {b}",
        f"{a}^2 {sign} {b}^2",
        f"{a}^2 + 1",
        f"{a}^2 {sign} {b}^3",
        f"{a} {sign} {b} {sign} {c}",
        f"{a}^2 + {b}^2 {sign} {c}^2",
        f"{a}*{b}",
        f"{a}*({b}^2 + 1)",
        f"{a} {sign} 2*{b}",
    )
    return dice.choice(forms)


def product(dice: random.Random, names: Sequence[str], most: int = 3) -> str:
    parts = [
        f"({factor(dice, names)})^{dice.choice((1, 1, 1, 2, 2, 3))}"
        for _ in range(dice.randint(1, most))
    ]
    return "*".join(parts)


def draw_root(dice: random.Random) -> Root:
    """A random root of a random kind, with its truth; tried again until the engine decides it."""
    while True:
        kind = dice.choices(list(KINDS), [w for w, _ in KINDS.values()])[0]
        try:
            root = KINDS[kind][1](dice)
            if root is None or (root.least is None and dice.random() < 0.9):
                continue
            return root
        except (Undecided, SingularityLabError, ValueError, ZeroDivisionError):
            continue


def lemma(role: Mapping[str, str], gens: Sequence[str], **more: Any) -> dict[str, Any]:
    data = {"role": dict(role), "gens": list(gens), "units": [], "positive": [], "k": {}, "h": {}}
    return data | more


def weights_of(dice: random.Random, role: Mapping[str, str]) -> dict[str, Any]:
    """Walls, monomial factors and priors, in a third of the cases each."""
    names = list(role)
    positive = [n for n in names if dice.random() < 0.3] if dice.random() < 0.4 else []
    k = {dice.choice(names): dice.randint(1, 2)} if dice.random() < 0.25 else {}
    h: dict[str, str] = {}
    if dice.random() < 0.25:
        h = {dice.choice(names): dice.choice(("1", "2", "-1/2"))}
    k = {n: e for n, e in k.items() if role[n] != UNIT}
    h = {n: e for n, e in h.items() if role[n] != UNIT}
    return {"positive": positive, "k": k, "h": h}


def any_family(dice: random.Random) -> Root:
    """Products of small factors in variables of all roles."""
    names = NAMES[: dice.randint(2, 4)]
    role = {n: dice.choice((LOCAL, LOCAL, PARAM, PARAM, UNIT)) for n in names}
    role[names[0]] = LOCAL
    locals_ = [n for n in names if role[n] == LOCAL]
    gens = [product(dice, names, 2) for _ in range(dice.choice((1, 1, 2)))]
    if dice.random() < 0.7:  # otherwise K seldom vanishes
        gens = [f"{dice.choice(locals_)}^{dice.choice((1, 1, 2))}*{g}" for g in gens]
    free = [n for n in names if role[n] != LOCAL]
    units = []
    if free and dice.random() < 0.5:
        units = [conditions(dice, free, gens)]
    signs = ()
    if free and dice.random() < 0.2:
        signs = (factor(dice, free),)
    return Root(names, lemma(role, gens, units=units, **weights_of(dice, role)), signs)


def conditions(dice: random.Random, free: Sequence[str], gens: Sequence[str]) -> str:
    a, b = dice.choice(free), dice.choice(free)
    return dice.choice(
        (
            factor(dice, free),
            factor(dice, free),
            f"{a}*({b}^2 + 1)",
            f"{a}*({b} + 1)",
            f"{a} - 1",
            f"{a} + 1",
            f"{a} - {b}" if a != b else a,
            a,
        )
    )


def graded(dice: random.Random) -> Root:
    """A coordinate times a power of a form that is homogeneous for weights of any signs, in
    parameters and unit variables; conditions that are homogeneous or not."""
    names = NAMES[: dice.randint(3, 4)]
    role = {n: dice.choice((PARAM, UNIT)) for n in names}
    role[names[0]] = LOCAL
    a, b = names[1], names[2]
    c = names[-1]
    sign = dice.choice("+-")
    form = dice.choice(
        (f"{a} {sign} {b}", f"{a}*{b} {sign} 1", f"{a} {sign} {b}^2", f"{a}*{b} {sign} {c}",
         f"{a}^2 {sign} {b}", f"{a}^2 {sign} {b}^2", f"{a}*{b}^2 {sign} 1")
    )  # fmt: skip
    gens = [f"{names[0]}*({form})^{dice.randint(1, 3)}"]
    if dice.random() < 0.3:
        gens = [f"{names[0]}*{dice.choice((a, b))}^{dice.randint(1, 2)}"]
    units = [conditions(dice, names[1:], gens)] if dice.random() < 0.5 else []
    positive = [n for n in names[1:] if dice.random() < 0.35]
    signs = (factor(dice, names[1:]),) if dice.random() < 0.2 else ()
    return Root(names, lemma(role, gens, units=units, positive=positive), signs)


def bound(dice: random.Random) -> Root:
    """Conditions that bind the variables of K to variables that do not occur in it."""
    names = NAMES[:4]
    role = {"x": LOCAL, **{n: dice.choice((PARAM, PARAM, UNIT)) for n in names[1:]}}
    a, b, c = names[1:]
    form = dice.choice((a, a, f"{a} - 1", f"{a} + {b}", f"{a}*{b} - 1", f"{a}^2 - 1"))
    gens = [f"x*({form})^{dice.randint(1, 4)}"]
    if dice.random() < 0.2:
        gens.append(f"{dice.choice(names)}*x^2")
    other = dice.choice((b, c))
    binding = dice.choice(
        (
            f"({form})*({other}^2 + 1)",
            f"({form})*({other} - 2)",
            f"{form} + {other}",
            f"{form} - {b}*{c}",
            form,
        )
    )
    if dice.random() < 0.1:
        role[c] = LOCAL
    free = [n for n in names if role[n] != LOCAL]
    units = [binding] if all(n in free for n in names if n in binding) else [form]
    if dice.random() < 0.2:
        units.append(factor(dice, free))
    positive = [n for n in free if dice.random() < 0.15]
    return Root(names, lemma(role, gens, units=units, positive=positive))


def separate(dice: random.Random) -> Root:
    """Ideals in disjoint variables, with parameters that a condition may tie together."""
    names = NAMES[:4]
    role = dict(zip(names, (LOCAL, PARAM, LOCAL, PARAM), strict=True))
    role[dice.choice(names)] = dice.choice((LOCAL, PARAM, UNIT))

    def one(x: str, p: str) -> str:
        return dice.choice(
            (f"{x}*{p}", f"{x}*{p}", f"{x}^2*{p}", f"{x}*({p} - 1)", f"{x} + {x}*{p}^2", f"{x}^2",
             f"{x}*({p}^2 + 1)", f"{x}^2 - {x}*{p}", f"{x} - {p}")
        )  # fmt: skip

    gens = [one("x", "y"), one("z", "w")]
    if dice.random() < 0.2:
        gens.append(f"{dice.choice('xz')}*{dice.choice('yw')}")
    free = [n for n in names if role[n] != LOCAL]
    units = []
    if free and dice.random() < 0.6:
        tied = dice.choice(
            ("y - w", "y + w", "y*w - 1", "y - w - 1", "y^2 + w", factor(dice, free))
        )
        units = [tied]
    signs = (dice.choice(("y - w", "w + 1", "y + w + 1")),) if dice.random() < 0.2 else ()
    more = {"k": {dice.choice(names): 1}} if dice.random() < 0.2 else {}
    if any(role[n] == UNIT for n in more.get("k", ())):
        more = {}
    return Root(names, lemma(role, gens, units=units, **more), signs)


def signed(dice: random.Random) -> Root:
    """Parameters and unit variables under sign conditions that cut off where K is most singular,
    or do not."""
    names = NAMES[:3]
    role = {"x": LOCAL, "y": dice.choice((PARAM, UNIT)), "z": dice.choice((PARAM, UNIT))}
    sign = dice.choice("+-")
    form = dice.choice(("y", "y", f"y {sign} z", "y - 1", f"y {sign} z^2", f"y*z {sign} 1"))
    gens = [f"x*({form})^{dice.randint(1, 3)}"]
    cut = dice.choice(
        (
            f"y {sign} z",
            "y - z",
            "y",
            "-y",
            "z",
            "y - 1",
            "1 - y",
            "y + 1",
            f"({form})*z",
            f"({form})*(z^2 + 1)",
            "-z^2 - 1",
            "y*z",
        )
    )
    units = [factor(dice, ("y", "z"))] if dice.random() < 0.3 else []
    positive = [n for n in "yz" if dice.random() < 0.2]
    return Root(names, lemma(role, gens, units=units, positive=positive), (cut,))


def one_germ(dice: random.Random) -> Root:
    """A germ at a point: all variables are local."""
    names = NAMES[: dice.randint(2, 3)]
    role = dict.fromkeys(names, LOCAL)
    gens = [product(dice, names, 2) for _ in range(dice.choice((1, 1, 2)))]
    if dice.random() < 0.3:
        powers = [f"{dice.choice(('', '-'))}{n}^{dice.randint(1, 4)}" for n in names]
        gens = ["+".join(powers)]
    return Root(names, lemma(role, gens, **weights_of(dice, role)))


def quadric(dice: random.Random) -> Root:
    """Forms of low order, definite or not, where a divisor of ratio ½ decides."""
    names = NAMES[: dice.randint(2, 3)]
    signs = [dice.choice(("+", "+", "-")) for _ in names]
    power = dice.choice((1, 2, 2, 2))
    form = " ".join(
        f"{s} {n}^{dice.choice((power, power, 4))}" for s, n in zip(signs, names, strict=True)
    )
    gens = [form] if dice.random() < 0.75 else [f"({form})*{dice.choice(names)}"]
    gens += [dice.choice(names) + "^3"] if dice.random() < 0.15 else []
    positive = [n for n in names if dice.random() < 0.3] if dice.random() < 0.5 else []
    return Root(names, lemma(dict.fromkeys(names, LOCAL), gens, positive=positive))


def symmetric(dice: random.Random) -> Root:
    """Nearly invariant under permutations of the variables and changes of sign."""
    names = NAMES[: dice.randint(2, 4)]
    role = dict.fromkeys(names, dice.choice((LOCAL, LOCAL, PARAM)))
    role[names[0]] = LOCAL
    e = dice.randint(1, 2)
    gens = dice.choice(
        ([f"{n}^{e}" for n in names], ["*".join(names)], [" + ".join(f"{n}^2" for n in names)],
         [" + ".join(names), "*".join(names)], [f"{a}*{b}" for a, b in itertools.pairwise(names)],
         [f"{names[0]}^2 - {names[1]}^2"], [f"{names[0]}^2 - {names[1]}^3"])
    )  # fmt: skip
    gens = list(gens)
    if dice.random() < 0.4:
        i = dice.randrange(len(gens))
        gens[i] = dice.choice(
            (
                f"({gens[i]})^2",
                f"({gens[i]})*{dice.choice(names)}",
                f"{gens[i]} + {dice.choice(names)}^3",
            )
        )
    more = weights_of(dice, role) if dice.random() < 0.4 else {}
    return Root(names, lemma(role, gens, **more))


def matrices(dice: random.Random) -> Root:
    """The entries of a product of matrices of coordinates, some of which are not as they should
    be, and the step that names the factors."""
    shape = dice.choice(
        (
            (2, 2, 1),
            (2, 2, 1),
            (1, 2, 1),
            (1, 1, 1),
            (1, 2, 2),
            (2, 1, 1),
            (1, 2, 2, 1),
            (1, 1, 1, 1),
        )
    )
    kind = dice.choice(
        ("inner", "inner", "pivot", "through") if len(shape) == 4 else ("pivot", "through")
    )
    count = sum(a * b for a, b in itertools.pairwise(shape))
    names = tuple("abcdefghij"[:count])
    role = {n: dice.choice((LOCAL, LOCAL, LOCAL, PARAM)) for n in names}
    if dice.random() < 0.1:
        role[dice.choice(names)] = UNIT
    left = iter(names)
    factors: list[list[list[str]]] = []
    place = 1 if kind == "inner" else 0
    for s, (rows, columns) in enumerate(itertools.pairwise(shape)):
        entries = [[next(left) for _ in range(columns)] for _ in range(rows)]
        if s == place or kind == "through":
            entries[0][0] = dice.choice(("1", f"{entries[0][0]} + 1"))
        factors.append(entries)
    if dice.random() < 0.5:  # one entry that breaks the rule
        f = dice.choice(factors)
        i, j = dice.randrange(len(f)), dice.randrange(len(f[0]))
        n = dice.choice(names)
        f[i][j] = dice.choice(("0", "1", "2", f"{n} + 1", n, f"2*{n}", f"{n}^2", f"{f[i][j]} + 1"))
    if dice.random() < 0.1:  # a row or a column is missing
        f = dice.choice(factors)
        if len(f) > 1:
            f.pop()
        else:
            f[0].pop()
        if not f[0]:
            return symmetric(dice)
    total = [[f"({e})" for e in row] for row in factors[0]]
    for f in factors[1:]:
        total = [
            [
                "(" + " + ".join(f"{r}*({f[k][j]})" for k, r in enumerate(row[: len(f)])) + ")"
                for j in range(len(f[0]))
            ]
            for row in total
        ]
    if kind == "through":
        total[0][0] += " - 1"
    gens = [e for row in total for e in row]
    if dice.random() < 0.1:
        gens[dice.randrange(len(gens))] += f" + {dice.choice(names)}"
    used = {n for g in gens for n in names if n in g}
    role = {n: r for n, r in role.items() if n in used}
    if not role:
        return symmetric(dice)
    hint = {"op": "schur", "kind": kind, "rank": 1, "factors": factors}
    hints = [hint if kind != "inner" else {**hint, "place": 1}]
    wrong = dict(hints[0])
    wrong |= dice.choice(
        (
            {"kind": dice.choice(("pivot", "through", "inner"))},
            {"rank": dice.choice((0, 2, 3))},
            {"place": dice.randrange(3)},
        )
    )
    units = [factor(dice, list(role))] if dice.random() < 0.15 else []
    more: dict[str, Any] = {}
    if dice.random() < 0.15:
        more = dice.choice(
            (
                {"k": {dice.choice(list(role)): 1}},
                {"h": {dice.choice(list(role)): "1"}},
                {"positive": [dice.choice(list(role))]},
            )
        )
        more = {
            what: ({n: e for n, e in v.items() if role[n] != UNIT} if isinstance(v, dict) else v)
            for what, v in more.items()
        }
    return Root(names, lemma(role, gens, units=units, **more), hints=(*hints, wrong), depth=4)


def roots_of(dice: random.Random) -> Root:
    """Zeros at √2 of a parameter."""
    names = NAMES[: dice.randint(2, 3)]
    role = {n: PARAM for n in names} | {names[0]: LOCAL}
    p = names[1]
    e = dice.randint(1, 3)
    gens = [dice.choice((f"x*({p}^2 - 2)^{e}", f"x^2*({p}^2 - 2)", f"x*({p}^2 - 2)*({p} - 1)^{e}"))]
    if len(names) == 3:
        role["z"] = LOCAL
        gens = [f"{gens[0]}*z"] if dice.random() < 0.5 else [*gens, f"z*x*({p}^2 - 2)"]
    positive = [p] if dice.random() < 0.3 else []
    if dice.random() < 0.6:  # the germs at √2 and −√2 differ
        names, role = ("x", "y", "z"), {"x": LOCAL, "z": LOCAL, "y": PARAM}
        sign = dice.choice("+-")
        positive = dice.choice((["x", "z"], ["x", "y", "z"]))
        gens = [f"(x {sign} y*z)^{dice.randint(1, 2)}", "y^2 - 2"]
        if dice.random() < 0.5:
            gens = [f"(x {sign} y*z)*(y^2 - 2)"]
    return Root(names, lemma(role, gens, positive=positive))


def walls(dice: random.Random) -> Root:
    """Forms in local variables whose zeros lie on one side of walls."""
    names = NAMES[: dice.randint(2, 3)]
    a, b = names[:2]
    sign = dice.choice("+-")
    form = dice.choice(
        (
            f"{a} {sign} {b}",
            f"{a} {sign} {b}^2",
            f"{a}^2 {sign} {b}^3",
            f"{a} {sign} 2*{b}",
            f"{a}^3 {sign} {b}",
        )
    )
    gens = [f"({form})^{dice.randint(1, 2)}"]
    if dice.random() < 0.4:
        gens[0] += f"*{dice.choice(names)}^{dice.randint(1, 2)}"
    elif dice.random() < 0.3:
        gens.append(f"{dice.choice(names)}^{dice.randint(2, 4)}")
    positive = [n for n in names if dice.random() < 0.5]
    h = {dice.choice(names): dice.choice(("1", "-1/2"))} if dice.random() < 0.2 else {}
    return Root(names, lemma(dict.fromkeys(names, LOCAL), gens, positive=positive, h=h))


def monomials(dice: random.Random) -> Root:
    """Monomial ideals: covering programs."""
    names = NAMES[: dice.randint(1, 4)]
    role = {n: dice.choice((LOCAL, LOCAL, PARAM)) for n in names}
    gens = [
        "*".join(f"{n}^{dice.choice((0, 0, 1, 1, 2, 3))}" for n in names)
        for _ in range(dice.randint(1, 4))
    ]
    h = {n: dice.choice(("1", "-1/2", "2")) for n in names if dice.random() < 0.2}
    return Root(names, lemma(role, gens, h=h))


def squared(dice: random.Random) -> Root | None:
    """Generators that are sums of squares with weights of one sign, or of two."""
    names = NAMES[: dice.randint(2, 3)]
    role = {n: dice.choice((LOCAL, LOCAL, PARAM)) for n in names} | {names[0]: LOCAL}
    sums = []
    for _ in range(dice.choice((1, 1, 2))):
        sign = dice.choice((1, 1, -1))
        sums.append([
            [str(sign * dice.choice((1, 1, 2, Fraction(1, 3))) * dice.choice((1,) * 7 + (-1,))),
             dice.choice((factor, factor, factor, product))(dice, names, 1)]
            for _ in range(dice.randint(1, 3))
        ])  # fmt: skip
    gens = ["+".join(f"({c})*({q})^2" for c, q in squares) for squares in sums]
    if any(parse(g, names).is_zero for g in gens):
        return None
    hints: list[Step] = [{"op": "squares", "squares": sums}]
    changed = [[list(pair) for pair in squares] for squares in sums]
    dice.choice(changed[0])[dice.randrange(2)] = dice.choice(("1", "-1", "0", *names))
    hints.append({"op": "squares", "squares": changed})
    return Root(names, lemma(role, gens, **weights_of(dice, role)), hints=tuple(hints))


def everywhere(dice: random.Random) -> Root:
    """A whole domain: a product of intervals, bounded or not, that are not cut into cells yet."""
    names = NAMES[: dice.randint(1, 3)]
    a, b = dice.choice(names), dice.choice(names)
    special = (
        f"{a}^2 - 1", f"{a}^2*({a} - 1)^3", f"{a}^3*({a} - 1)", f"({a} + 1)^2*({a} - 2)",
        f"{b}*({a} - 1)^2", f"{a}^2 - {b}^2", f"({a} - 1)*({b} - 1)", f"{a} + {b} - 1",
    )  # fmt: skip
    gens = [dice.choice((dice.choice(special), product(dice, names, 2)))]
    if dice.random() < 0.4:
        gens.append(dice.choice((product(dice, names, 1), f"{dice.choice(special)}")))
    ends = (Fraction(-1), Fraction(0), Fraction(1), Fraction(2), Fraction(1, 2))
    within: dict[str, tuple[Fraction | None, Fraction | None]] = {}
    for n in names:
        low, high = dice.choice((None, *ends)), dice.choice((None, *ends))
        if low is not None and high is not None and low >= high:
            low = high = None
        if (low, high) != (None, None):
            within[n] = low, high
    h = {dice.choice(names): dice.choice(("1", "-1/2"))} if dice.random() < 0.3 else {}
    data = lemma(dict.fromkeys(names, PARAM), gens, h=h)
    return Root(names, data, depth=len(within) + 2, within=within)


def regular(dice: random.Random) -> Root:
    """Generators that are coordinates up to higher terms, or nearly: ranks, and sums of squares,
    definite and indefinite, with parameters in them."""
    names = NAMES[: dice.randint(2, 4)]
    role = {n: dice.choice((LOCAL, LOCAL, LOCAL, PARAM)) for n in names}
    role[names[0]] = LOCAL
    signs = [dice.choice("+-") for _ in names]
    quadric = "".join(
        f"{s}{dice.choice(('', '', '2*'))}{n}^2" for s, n in zip(signs, names, strict=True)
    )
    more = dice.choice(("", f" + {names[0]}^3", f" + {names[0]}*{names[-1]}", f" - {names[1]}"))
    if dice.random() < 0.5:
        gens = [quadric.lstrip("+") + more]
        if dice.random() < 0.3:
            gens.append(product(dice, names, 1))
    else:
        linear = [
            f"{dice.choice(names)} {dice.choice('+-')} {factor(dice, names)}"
            for _ in range(dice.randint(1, 3))
        ]
        gens = [g if dice.random() < 0.8 else f"({g})*{dice.choice(names)}" for g in linear]
    return Root(names, lemma(role, gens, **weights_of(dice, role)))


def powers(dice: random.Random) -> Root:
    """One generator that is a product of powers of a few factors, with the hint that it is one:
    the right one, up to constants, or with an exponent, a factor or a number of factors changed."""
    names = NAMES[: dice.randint(2, 3)]
    role = {n: dice.choice((LOCAL, LOCAL, LOCAL, PARAM, UNIT)) for n in names} | {names[0]: LOCAL}
    a, b = dice.sample(names, 2)
    forms = (
        a, f"{a} - {b}", f"{a} + {b}", f"{a} + {b}^2", f"{a}^2 + {b}^2", f"{a}^2 - {b}^3",
        f"{a} - 1", f"{a}*{b} + 1", f"{a}*{b}", f"{a}^2 - {b}^2",
    )  # fmt: skip
    factors = [
        [dice.choice((factor(dice, names), *forms)), dice.choice((1, 1, 2, 2, 3))]
        for _ in range(dice.choice((1, 2, 2, 2, 3)))
    ]
    gens = ["*".join(f"({f})^{e}" for f, e in factors)]
    right: Step = {"op": "product", "factors": [list(pair) for pair in factors]}
    scaled = [[f"{dice.choice(('2', '-1', '1/3'))}*({f})", e] for f, e in factors]
    hints = [right, right, right, {"op": "product", "factors": scaled}]
    for how in range(3):
        changed = [list(pair) for pair in factors]
        one = dice.choice(changed)
        if how == 0:
            one[1] = dice.choice((0, -1, True, one[1] + 1, max(one[1] - 1, 1)))
        elif how == 1:
            one[0] = dice.choice((*names, "1", "0", *forms))
        elif dice.random() < 0.5:
            changed.remove(one)
        else:
            changed.append([dice.choice((*names, one[0], "2")), 1])
        hints.append({"op": "product", "factors": changed})
    data = lemma(role, gens, **weights_of(dice, role))
    return Root(names, data, hints=tuple(hints), depth=7)


KINDS: dict[str, tuple[int, Callable[[random.Random], Root | None]]] = {
    "any": (8, any_family),
    "graded": (5, graded),
    "bound": (3, bound),
    "separate": (4, separate),
    "signed": (2, signed),
    "germ": (3, one_germ),
    "quadric": (3, quadric),
    "symmetric": (3, symmetric),
    "matrices": (3, matrices),
    "roots": (1, roots_of),
    "walls": (3, walls),
    "monomials": (2, monomials),
    "regular": (3, regular),
    "squared": (3, squared),
    "everywhere": (3, everywhere),
    "powers": (3, powers),
}


@cache
def pool(size: int, seed: object = 1, kinds: tuple[str, ...] = ()) -> list[Root]:
    """Roots with their truth; the same for all verifiers."""
    dice = random.Random(f"{seed} {kinds}")
    if not kinds:
        return [draw_root(dice) for _ in range(size)]
    found: list[Root] = []
    while len(found) < size:
        try:
            root = KINDS[dice.choice(kinds)][1](dice)
            if root is not None and (root.least is not None or dice.random() < 0.1):
                found.append(root)
        except (Undecided, SingularityLabError, ValueError, ZeroDivisionError):
            continue
    return found


# -- evidence ---------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def _proved(polys: tuple[str, ...], domain: tuple[tuple[str, Any], ...]) -> str | None:
    names = tuple(n for n, _ in domain)
    found = no_common_zero([parse(p, names) for p in polys], dict(domain), budget=0.02)
    return json.dumps(found) if isinstance(found, dict) else None


def write_evidence(
    dice: random.Random, polys: Sequence[Polynomial], domain: dict[str, Any], depth: int = 2
) -> Any:
    """Evidence of a random kind that fits the polynomials, or nearly."""
    names = tuple(domain)
    count = len(polys)
    kinds = ["sign", "sign", "sturm"]
    if depth and names:
        kinds += ["add", "factor", "squares", "split", "roots", "torus"]
    kind = dice.choice(kinds)
    i = dice.randrange(count) if dice.random() < 0.95 else dice.choice((-1, count, True, "0"))
    p = polys[i] if type(i) is int and 0 <= i < count else polys[0]

    def after(more: Sequence[Polynomial], domain: dict[str, Any] = domain) -> Any:
        return write_evidence(dice, more, domain, depth - 1)

    if kind in ("sign", "sturm"):
        return {"kind": kind, "index": i}
    if kind == "add":
        x = dice.choice(names)
        how = [[dice.randrange(count), dice.choice(("1", "-1", x, f"-{x}", "2"))] for _ in range(2)]
        total = Polynomial.constant(0, names)
        for j, q in how:
            total = total + parse(q, names) * polys[j]
        return {"kind": "add", "multipliers": how, "then": after([*polys, total])}
    if kind == "factor":
        if p.is_zero:
            return {"kind": "factor", "index": i, "factors": [], "cases": []}
        factors = [[str(Polynomial(names, q)), int(e)] for q, e in p.flint.factor()[1]]
        if factors and dice.random() < 0.5:
            j = dice.randrange(len(factors))
            how = dice.random()
            if how < 0.3:
                factors[j][1] = dice.choice((0, 1, 2, -1))
            elif how < 0.6:
                del factors[j]
            else:
                factors[j][0] = dice.choice(("1", f"{factors[j][0]} + 1", "0"))
        cases = [after([*polys, parse(q, names)]) for q, _ in factors]
        if cases and dice.random() < 0.2:
            cases.pop()
        return {"kind": "factor", "index": i, "factors": factors, "cases": cases}
    if kind == "squares":
        squares = []
        rest = p
        for a, c in list(p.terms())[:4]:
            even = all(e % 2 == 0 for e in a)
            if even and dice.random() < 0.7:
                half = Polynomial.from_terms({tuple(e // 2 for e in a): 1}, names)
                if dice.random() < 0.3:
                    half = half + dice.choice((1, -1))
                weight = dice.choice((c, c, -c, 1))
                squares.append([str(weight), str(half)])
                rest = rest - half * half * weight
        terms = [Polynomial.from_terms({a: c}, names) for a, c in rest.terms()]
        more = [*polys, *(parse(q, names) for _, q in squares), *terms]
        return {"kind": "squares", "index": i, "squares": squares, "then": after(more)}
    v = dice.choice(names)
    if kind == "split":
        signs = {"real": "+-0", "nonzero": "+-", "positive": "+", "nonnegative": "+0"}[domain[v]]
        if dice.random() < 0.3:
            signs = dice.choice(("+", "+0", "+-", "-"))
        cases = {}
        for sign in signs:
            x = parse(v, names)
            image = {"+": x, "-": -x, "0": x * 0}[sign]
            moved = list(polys) if sign == "+" else [q.substitute({v: image}) for q in polys]
            cases[sign] = after(moved, {**domain, v: "positive"})
        return {"kind": "split", "variable": v, "cases": cases}
    if kind == "roots":
        chosen = [n for n in names if domain[n] == "positive" or dice.random() < 0.2]
        squared = {n: parse(n, names) ** 2 for n in chosen}
        return {
            "kind": "roots",
            "variables": chosen,
            "then": after([q.substitute(squared) for q in polys]),
        }
    return _torus(dice, polys, domain, after)


def _torus(
    dice: random.Random, polys: Sequence[Polynomial], domain: dict[str, Any], after: Any
) -> Any:
    names = tuple(domain)
    new = [f"t{i}" for i in range(dice.randint(1, max(1, len(names))))]
    vectors = [[dice.choice((0, 0, 1, 1, 2, -1)) for _ in names] for _ in new]
    if len(new) == len(names) and dice.random() < 0.5:
        vectors = [
            [int(i == j) * dice.choice((1, 1, 2)) for j in range(len(names))]
            for i in range(len(new))
        ]
    if dice.random() < 0.15:
        new, vectors = (
            new[:1],
            [[dice.choice((0.5, "1", 1.0)) if j == 0 else 0 for j in range(len(names))]],
        )
        if vectors[0][0] == "1":
            vectors[0][0] = True
    images = []
    for p in polys:
        image = None
        terms = dict(p.terms())
        first = min(terms) if terms else None
        for shift in (
            itertools.product(range(-1, 3), repeat=len(new)) if first and len(new) < 3 else ()
        ):
            # the image that pulls back to p, if there is one: exponents are matched one by one
            inverse = {}
            for k in itertools.product(range(4), repeat=len(new)):
                a = tuple(
                    sum(kj * v[i] for kj, v in zip(k, vectors, strict=True))
                    for i in range(len(names))
                )
                inverse.setdefault(a, k)
            low = [tuple(x - y for x, y in zip(a, first, strict=True)) for a in terms]
            start = tuple(
                sum(kj * v[i] for kj, v in zip(shift, vectors, strict=True))
                for i in range(len(names))
            )
            at = [inverse.get(tuple(x + y for x, y in zip(a, start, strict=True))) for a in low]
            if all(k is not None for k in at):
                image = Polynomial.from_terms(
                    dict(zip(at, terms.values(), strict=True)), tuple(new)
                )
                break
        if image is None:
            image = dice.choice(
                (Polynomial.constant(1, tuple(new)), parse(f"{new[0]} + 1", tuple(new)))
            )
        images.append(image)
    kinds = {}
    for t, a in zip(new, vectors, strict=True):
        odd = [n for n, k in zip(names, a, strict=True) if k % 2]
        kinds[t] = "positive" if all(domain[n] == "positive" for n in odd) else "nonzero"
    listed = [str(q) for q in images]
    if dice.random() < 0.1:
        listed = listed[:-1]
        images = images[:-1]
    if dice.random() < 0.1:
        new = new[:-1]
    if not images:
        return {
            "kind": "torus",
            "variables": new,
            "vectors": vectors,
            "images": listed,
            "then": {"kind": "sign", "index": 0},
        }
    return {
        "kind": "torus",
        "variables": new,
        "vectors": vectors,
        "images": listed,
        "then": after(images, kinds),
    }


# -- writers ----------------------------------------------------------------------------------

MALFORMED = (
    SingularityLabError,
    FlintError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)


class Writer:
    """Writes scripts for one verifier. focus: a step that is drawn more often; wild: how often
    data are drawn without looking at the family."""

    def __init__(self, verifier: SimpleNamespace, seed: Any, focus: str = "", wild: float = 0.15):
        self.verifier, self.dice, self.wild = verifier, random.Random(seed), wild
        self.walk = verifier.verify.Walk()
        self.focus = focus
        self.moves, self.branches, self.leaves = map(self.replays, ("Move", "Branch", "Leaf"))
        self.refused: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.ops = list(WEIGHTS)
        weights = [WEIGHTS[op] for op in self.ops]
        if focus in self.ops:
            weights[self.ops.index(focus)] += sum(weights)
        self.cumulative = list(itertools.accumulate(weights))
        self.idents = 0
        self.root: Root | None = None
        self.seen: list[tuple[int, Any, Any]] = []

    def replays(self, kind: str) -> dict[str, Callable[[Any, Step], Any]]:
        """What the steps of a kind make of a family, by their names."""
        steps = self.verifier.step
        named = [op for op, r in steps.STEPS.items() if issubclass(r, getattr(steps, kind))]
        return dict.fromkeys(named, lambda family, step: steps.read(step).replay(family))

    def script(self, root: Root, family: Any) -> tuple[Step, Any]:
        """A script that the records accept, with what it proves of the family."""
        self.root, self.idents, self.seen = root, 0, []
        return self.write(family, self.dice.randint(1, root.depth))

    def write(self, family: Any, depth: int) -> tuple[Step, Any]:
        dice = self.dice
        if depth <= 0 or dice.random() < 0.15:
            return self.leaf(family)
        for _ in range(4):
            op = dice.choices(self.ops, cum_weights=self.cumulative)[0]
            if self.root is not None and self.root.hints:
                hinted = self.root.hints[0]["op"]
                often = 0.5 if hinted == "product" and len(family.gens) == 1 else 0.1
                op = hinted if dice.random() < often else op
            if family.exponents and dice.random() < 0.95:  # most other steps are refused
                op = dice.choice(OF_PRODUCTS)
            if family.within:  # other steps are refused
                op = dice.choice(("interval", "interval", "interval", "point", "both"))
            try:
                self.walk.applies(family, op)
                step = getattr(self, f"draw_{op}")(family)
                if step is None:
                    continue
                if op == "see":
                    return self.see(family, step, depth)
                if op in self.moves:
                    after = self.moves[op](family, step).normal()
                else:
                    children, combine = self.branches[op](family, step)
                    children = [c.normal() for c in children]
            except MALFORMED:
                self.refused[op] += 1
                continue
            self.accepted[op] += 1
            if op in self.moves:
                step["then"], verdict = self.write(after, depth - 1 + (dice.random() < 0.3))
                return step, verdict
            cases, verdicts = [], []
            before = len(self.seen)
            for child in children:
                case, verdict = self.write(child, depth - 1 if len(children) > 1 else depth)
                if "id" not in case and dice.random() < 0.3:
                    self.idents += 1
                    case["id"] = self.idents
                    self.seen.append((self.idents, child, verdict))
                cases.append(case)
                verdicts.append(verdict)
            step["cases"] = cases
            try:
                return step, combine(verdicts)
            except MALFORMED:
                del self.seen[before:]
        return self.leaf(family)

    # leaves

    def leaf(self, family: Any) -> tuple[Step, Any]:
        dice = self.dice
        if family.within:  # leaves are refused, and the open one proves nothing
            return {"op": "open"}, self.leaves["open"](family, {"op": "open"})
        kinds = (
            ["monomial", "rank", "saddle", "split", "stripped", "free", "newton", "order"]
            if dice.random() < 0.8
            else ["terms", "rank", "saddle", "order", "monomial"]
        )
        if self.focus in LEAF_OPS and dice.random() < 0.7:
            kinds.insert(0, self.focus)
        if family.signs:
            kinds.insert(0, "empty")
        for kind in kinds:
            try:
                self.walk.applies(family, {"split": "generators"}.get(kind, kind))
                step = {} if kind == "stripped" else getattr(self, f"leaf_{kind}")(family)
                if step is None:
                    continue
                if family.signs and "witness" not in step:
                    witness = self.witness(family)
                    if witness is not None:
                        step["witness"] = witness
                if kind == "stripped":
                    return self.stripped(family)
                if kind == "split":
                    terms = self.moves["generators"](family, step).normal()
                    after = self.leaf_monomial(terms)
                    if after is None:
                        continue
                    return {**step, "then": after}, self.leaves["monomial"](terms, after)
                if kind == "free":
                    (child,), combine = self.branches["free"](family, step)
                    case = {"op": "monomial", "primal": {}, "dual": []}
                    verdict = combine([self.leaves["monomial"](child.normal(), case)])
                    return {**step, "cases": [case]}, verdict
                verdict = self.leaves[kind](family, step)
            except MALFORMED:
                continue
            self.accepted[kind] += 1
            return step, verdict
        return {"op": "open"}, self.leaves["open"](family, {"op": "open"})

    def exponents(self, family: Any) -> list[dict[str, int]] | None:
        found = []
        for f in family.gens:
            content = family.content(f)
            if len(f) == 1 or family.is_unit(family.without(f, content)):
                found.append(content)
        return found or None

    def leaf_monomial(self, family: Any) -> Step | None:
        exponents = self.exponents(family)
        if exponents is None:
            if self.dice.random() > 0.02:
                return None
            exponents = []
        if not any(family.k.values()) and not all(exponents):
            return {"op": "monomial", "primal": {}, "dual": []}
        occur = set(family.k).union(*exponents)
        used = [(n, family.k.get(n, 0)) for n in sorted(occur) if family.role[n] in (LOCAL, PARAM)]
        rows = tuple(tuple(e.get(n, 0) + k for n, k in used) for e in exponents)
        primal, dual = self.pair(tuple(family.cost(n) for n, _ in used), rows)
        step = {
            "op": "monomial",
            "primal": {n: str(v) for (n, _), v in zip(used, primal, strict=True)},
            "dual": [[i, str(y)] for i, y in enumerate(dual) if y],
        }
        if self.dice.random() < 0.02:
            n = self.dice.choice(list(family.names))
            step["primal"][n] = self.dice.choice(("0", "1", "1/2", "-1"))
        return step

    def pair(
        self, costs: tuple[Any, ...], rows: tuple[tuple[int, ...], ...]
    ) -> tuple[list[Any], list[Any]]:
        """An optimal pair of a covering program, or one changed in a place or two."""
        primal, dual, value, face = covering(costs, rows)
        new, other = list(primal), list(dual)
        dice = self.dice
        if self.focus == "covering":
            few = (
                0,
                0,
                1,
                Fraction(1, 2),
                Fraction(1, 2),
                Fraction(1, 3),
                Fraction(1, 4),
                -1,
                Fraction(-1, 2),
            )
            for _ in range(40):
                new, other = ([dice.choice((old, *few)) for old in v] for v in (primal, dual))
                try:
                    if self.verifier.covering.check_covering(costs, rows, new, other) != (
                        value,
                        face,
                    ):
                        return new, other
                except MALFORMED:
                    continue
            return list(primal), list(dual)
        if dice.random() < 0.03:
            for _ in range(dice.choice((1, 1, 2, 3))):
                v = dice.choice((new, other))
                if v:
                    i = dice.randrange(len(v))
                    v[i] = dice.choice(
                        (0, 1, v[i] * 2, v[i] / 2, -v[i], v[i] + 1, Fraction(1, 2), v[i] + v[i - 1])
                    )
            if dice.random() < 0.3 and new:  # another vertex of the optimal face
                flipped = covering(tuple(reversed(costs)), tuple(tuple(reversed(r)) for r in rows))
                new = list(reversed(flipped[0]))
        return new, other

    def leaf_terms(self, family: Any) -> Step | None:
        variables = family.of_role(LOCAL)
        terms = [dict(zip(family.names, a, strict=True)) for f in family.gens for a in f.monoms()]
        listed = dict.fromkeys(tuple((n, int(t[n])) for n in variables if t[n]) for t in terms)
        exponents = [dict(row) for row in listed]
        occur = set(family.k).union(*exponents)
        used = [(n, family.k.get(n, 0)) for n in sorted(occur) if family.role[n] == LOCAL]
        rows = tuple(tuple(e.get(n, 0) + k for n, k in used) for e in exponents)
        if any(not any(row) for row in rows):
            return None
        primal, dual = self.pair(tuple(family.cost(n) for n, _ in used), rows)
        step = {
            "op": "terms",
            "primal": {n: str(v) for (n, _), v in zip(used, primal, strict=True)},
            "dual": [[i, str(y)] for i, y in enumerate(dual) if y],
        }
        return step

    def leaf_rank(self, family: Any) -> Step | None:
        """Generators and variables by which a minor of the Jacobian may be a unit."""
        dice, locals_ = self.dice, family.of_role(LOCAL)
        if not locals_ or any(family.k.values()):
            return None
        gens: list[Any] = []
        variables: list[str] = []
        for i, f in enumerate(family.gens):
            near = [x for x in locals_ if x not in variables
                    and family.is_unit(f.derivative(family.index(x)))]  # fmt: skip
            if near and dice.random() < 0.9:
                gens.append(i)
                variables.append(dice.choice(near))
        if dice.random() < self.wild:
            how = dice.randrange(4)
            if how == 0:
                gens.append(dice.choice((-1, 0, True, len(family.gens))))
            elif how == 1:
                variables.append(dice.choice(list(family.role)))
            elif how == 2 and gens:
                gens.pop()
            elif variables:
                variables[0] = dice.choice(list(family.role))
        return {"op": "rank", "gens": gens, "vars": variables} if gens else None

    def leaf_saddle(self, family: Any) -> Step | None:
        """With or without an arc, in variables of all kinds."""
        dice = self.dice
        quadratic = any(sum(a) == 2 for a in family.gens[0].monoms())
        if not quadratic and dice.random() > 0.05:
            return None
        if dice.random() < 0.2:
            return {"op": "saddle"}
        names = [n for n in family.role if dice.random() < 0.7]
        numbers = ("1", "-1", "0", "2", "1/2", "-1/2")
        arc = {n: [dice.choice(numbers) for _ in range(dice.choice((1, 1, 2, 3)))] for n in names}
        return {"op": "saddle", "arc": arc}

    def leaf_order(self, family: Any) -> Step:
        return {"op": "order"}

    def leaf_empty(self, family: Any) -> Step:
        return {"op": "empty"}

    def leaf_split(self, family: Any) -> Step | None:
        """Sums of terms of one sign, or that look so, become their terms."""
        walls = {
            i for i, n in enumerate(family.names) if n in family.positive or n not in family.role
        }
        many = [i for i, f in enumerate(family.gens) if len(f) > 1]
        fit = [i for i in many if maps.of_one_sign(family.gens[i], walls)]
        chosen = fit if self.dice.random() > self.wild else many
        if not chosen:
            return None
        return {"op": "generators", "do": [["split", i] for i in reversed(chosen)]}

    def stripped(self, family: Any) -> tuple[Step, Any]:
        """Factors of the generators without a zero on the stratum, by the simplest evidence, are
        divided out; then a monomial ideal may be left."""
        steps: list[Step] = []
        do: list[Any] = []
        for i, f in enumerate(family.gens):
            for q, e in f.factor()[1] if len(f) > 1 else ():
                if len(q) == 1:
                    continue
                if not family.is_unit(q):
                    p = family.at_stratum(q)
                    if family.is_constant(p):
                        continue
                    alone = len(family.occurs(p)) == 1
                    for kind in ("sign", "sturm") if alone else ("sign",):
                        step = {
                            "op": "nonvanishing",
                            "poly": str(q),
                            "evidence": {"kind": kind, "index": 0},
                        }
                        try:
                            family = self.moves["nonvanishing"](family, step).normal()
                        except MALFORMED:
                            continue
                        steps.append(step)
                        break
                    else:
                        continue
                do += [["div", i, str(q)]] * int(e)
        if not do:
            raise ValueError("nothing to divide by")
        steps.append({"op": "generators", "do": do})
        family = self.moves["generators"](family, steps[-1]).normal()
        last = self.leaf_monomial(family)
        if last is None:
            raise ValueError("no monomials are left")
        verdict = self.leaves["monomial"](family, last)
        for step in reversed(steps):
            last = {**step, "then": last}
        return last, verdict

    def leaf_free(self, family: Any) -> Step:
        return {"op": "free"}

    def leaf_newton(self, family: Any) -> Step | None:
        dice = self.dice
        names = tuple(family.of_role(LOCAL))
        if family.field is not None or (dice.random() > 0.1 and self.focus != "newton"):
            return None
        if not family.occurs(*family.gens).union(family.k) <= set(names):
            if dice.random() < 0.9:
                return None
            names = tuple(family.of_role(LOCAL, PARAM, UNIT))
        if (
            not names
            or len(names) > 3
            or any(len(f) > 6 or f.total_degree() > 8 for f in family.gens)
        ):
            return None
        gens = tuple(str(f) for f in family.gens)
        k = tuple(family.k.get(n, 0) for n in names)
        prior = tuple(family.h.get(n, Fraction(0)) for n in names)
        wall = tuple(n for n in names if n in family.positive)
        if dice.random() < 0.4:
            known = newton_proof(gens, names, k, prior, wall)
            step = None if known is None else json.loads(known)
            if step is not None and dice.random() < 0.5:
                self.spoil_newton(step)
            return step
        return self.made_newton(gens, names, k, prior, wall)

    def spoil_newton(self, step: Step) -> None:
        dice = self.dice
        how = dice.random()
        if how < 0.3:
            step["criterion"] = dice.choice(("definite", "transversal", "smooth"))
        elif how < 0.6 and step["faces"]:
            i = dice.randrange(len(step["faces"]))
            if dice.random() < 0.5:
                del step["faces"][i]
            else:
                step["faces"][i]["evidence"] = {"kind": dice.choice(("sign", "sturm")), "index": 0}
        elif "strict" in step:
            zero = {
                "kind": "point",
                "point": [dice.choice(("1", "-1", "0", "2")) for _ in range(len(step["primal"]))],
            }
            if "zero" in step["strict"] and dice.random() < 0.5:
                step["strict"] = {"empty": step["faces"]}
            elif step["faces"]:
                step["strict"] = {"face": dice.choice(step["faces"])["face"], "zero": zero}

    def made_newton(self, gens: Any, names: Any, k: Any, prior: Any, wall: Any) -> Step | None:
        """A step from nothing: the right polyhedron, with evidence and zeros drawn by chance."""
        dice = self.dice
        polys = [parse(g, names) for g in gens]
        support, faces = faces_of(gens, names)
        rows = tuple(tuple(e + m for e, m in zip(a, k, strict=True)) for a in support)
        if any(not any(r) for r in rows):
            return None
        primal, dual = self.pair(tuple(1 + e for e in prior), rows)
        criterion = dice.choice(("definite", "transversal"))
        if dice.random() < 0.03:
            criterion = "other"
        domain = {n: "positive" if n in wall else "nonzero" for n in names}

        def entries(logarithmic: bool, wanted: Any) -> list[Any]:
            listed = []
            for face in wanted:
                if len(face) < 2 or dice.random() < 0.1:
                    continue
                parts = [
                    Polynomial.from_terms({a: c for a, c in p.terms() if a in face}, names)
                    for p in polys
                ]
                if logarithmic:
                    parts += [
                        parse(n, names) * Polynomial(names, parts[0].flint.derivative(i))
                        for i, n in enumerate(names)
                    ]
                known = (
                    _proved(tuple(map(str, parts)), tuple(domain.items()))
                    if dice.random() < 0.6
                    else None
                )
                evidence = json.loads(known) if known else write_evidence(dice, parts, domain, 1)
                listed.append({"face": [list(a) for a in sorted(face)], "evidence": evidence})
            return listed

        step: Step = {
            "op": "newton",
            "criterion": criterion,
            "primal": [str(v) for v in primal],
            "dual": [[list(a), str(y)] for a, y in zip(support, dual, strict=True) if y],
            "faces": entries(criterion == "transversal", faces),
        }
        if dice.random() < 0.1:
            step["dual"].append([[dice.randint(0, 2) for _ in names], dice.choice(("1/2", "1"))])
        if (
            criterion == "transversal"
            and sum(v * c for v, c in zip(primal, [1 + e for e in prior], strict=True)) >= 1
        ):
            if dice.random() < 0.4:
                step["strict"] = {"empty": entries(False, faces)}
            else:
                face = dice.choice(faces)
                if dice.random() < 0.3:
                    face = dice.sample(support, dice.randint(1, len(support)))
                values = ["1", "-1", "0", "2", "1/2"]
                one, two = ([dice.choice(values) for _ in names] for _ in range(2))
                if dice.random() < 0.6:
                    zero: Any = {"kind": "point", "point": one}
                else:
                    zero = {"kind": "sign change", "points": [one, two]}
                    if dice.random() < 0.3:
                        zero["factor"] = factor(dice, names)
                    if dice.random() < 0.1:
                        zero["kind"] = "wave"
                step["strict"] = {"face": [list(a) for a in sorted(face)], "zero": zero}
        return step

    def witness(self, family: Any) -> dict[str, str] | None:
        dice = self.dice
        for _ in range(4):
            at = {n: dice.choice((0, 0, 1, -1, 2, -2)) for n in family.of_role(PARAM, UNIT)}
            images = [ring(family.names).constant(at.get(n, 0)) for n in family.names]
            if family.field is not None:
                return None
            values = [p.compose(*images, ctx=ring(family.names)) for p in family.signs]
            if all(family.sign(v) > 0 for v in values) or dice.random() < 0.1:
                return {n: str(v) for n, v in at.items()}
        return None

    # steps

    def one(self, family: Any, *roles: str) -> str | None:
        found = family.of_role(*roles) if self.dice.random() > self.wild / 3 else list(family.role)
        return self.dice.choice(found) if found else None

    def poly(self, family: Any) -> str:
        """A factor of a generator, or a small polynomial."""
        dice = self.dice
        if dice.random() > self.wild and (parts := self.parts(family)):
            text = str(dice.choice(parts))
            if dice.random() < self.wild:
                text = f"{text} + {dice.choice(('1', '-1', *family.role))}"
            return text
        return factor(dice, list(family.role)) if family.role else "1"

    def parts(self, family: Any) -> list[Any]:
        """The irreducible factors of a generator."""
        f = self.dice.choice(family.gens)
        return list(irreducible(f)) if len(f) > 1 else []

    def draw_generators(self, family: Any) -> Step | None:
        dice, count = self.dice, len(family.gens)
        do: list[Any] = []
        i = dice.randrange(count)
        how = dice.random()
        if how < 0.45:
            f = family.gens[i]
            if len(f) > 1:
                for q in irreducible(f):
                    if dice.random() < 0.6:
                        text = str(q)
                        do += [["div", i, text]] * maps.stripped(f, q)[1]
            if not do:
                n = dice.choice(list(family.role))
                do = [["mul", i, dice.choice((n, f"{n} + 1", "2", self.poly(family)))]]
        elif how < 0.7 and (count > 1 or dice.random() < 0.1):
            j = dice.randrange(count)
            if dice.random() < 0.2:
                j = dice.choice((i, i - count, -1))
            q = quotient(family.gens[i], family.gens[j]) if dice.random() < 0.7 else None
            text = (
                f"-({q})"
                if q is not None
                else dice.choice(("1", "-1", *family.role, self.poly(family)))
            )
            do = [["add", i, j, text]]
        elif how < 0.8:
            do = [["split", i]]
        elif how < 0.9:
            js = [dice.randrange(count) for _ in range(2)]
            do = [["append", [[j, dice.choice(("1", "-1", *family.role))] for j in js]]]
        elif how < 0.97:
            q = self.poly(family)
            do = [["mul", i, q]] * dice.choice((1, 2, 3))
        else:
            do = [
                [
                    dice.choice(("add", "div", "drop", "mul")),
                    dice.choice((i, -1, True, count)),
                    dice.choice(("1", i)),
                    "1",
                ]
            ]
        return {"op": "generators", "do": do}

    def draw_nakayama(self, family: Any) -> Step | None:
        """Other generators g with f = M·g, by factors taken out, multiples added, leading parts;
        then M, the rows of the minor or a generator changed."""
        dice, size = self.dice, len(family.gens)
        context = family.gens[0].context()
        zero, one = context.constant(0), context.constant(1)
        new, rows = list(family.gens), [[one if i == j else zero for j in range(size)]
                                        for i in range(size)]  # fmt: skip
        for _ in range(dice.choice((1, 1, 2, 3))):
            i, j, how = dice.randrange(size), dice.randrange(size), dice.random()
            if how < 0.5 and not new[i].is_constant():
                q = dice.choice(irreducible(new[i]))
                new[i] = new[i] / q
                for row in rows:
                    row[i] = row[i] * q
            elif i != j and not new[j].is_zero():  # g_i + q·g_j
                q = parse(self.poly(family), family.names).flint
                tail = [divmod(t, new[j]) for t in map_terms(new[i])]
                if how < 0.8:
                    q = -sum((a for a, b in tail if b.is_zero()), zero)
                new[i] = new[i] + q * new[j]
                for row in rows:
                    row[j] = row[j] - q * row[i]
        kept = [i for i in range(size) if not new[i].is_zero() or dice.random() < 0.1]
        minor = kept.copy()
        listed = [
            [[n, str(row[i])] for n, i in enumerate(kept) if not row[i].is_zero()] for row in rows
        ]
        gens = [str(new[i]) for i in kept]
        if dice.random() < 0.25 and gens:
            self.spoil_rows(family, gens, listed, minor)
        return {"op": "nakayama", "gens": gens, "rows": listed, "minor": minor}

    def spoil_rows(self, family: Any, gens: Any, listed: Any, minor: Any) -> None:
        """One change of the data of a step to other generators."""
        dice, how = self.dice, self.dice.randrange(7)
        row = dice.choice(listed)
        i = dice.randrange(len(gens))
        if how == 0 and row:
            entry = dice.choice(row)
            entry[1] = dice.choice(("0", "1", "-1", self.poly(family)))
        elif how == 1 and row:
            entry = dice.choice(row)
            entry[0] = dice.choice((entry[0] - len(gens), i))
        elif how == 2:
            gens[i] = dice.choice((*family.role, "1", self.poly(family)))
        elif how == 3:
            gens.append(gens[i])
        elif how == 4:
            listed.remove(row)
        elif how == 5 and minor:
            minor[dice.randrange(len(minor))] = dice.choice((0, -1, i, len(listed)))
        elif minor:
            minor.pop()

    def draw_dominant(self, family: Any) -> Step | None:
        """Monomials that may dominate generators: terms that no other divides, or whose square is
        no multiple of two others; then one of them left out, added or changed."""
        dice, names = self.dice, family.names
        local = [i for i, n in enumerate(names) if family.role.get(n) == LOCAL]
        chosen = [i for i in range(len(family.gens)) if dice.random() < 0.7] or [0]
        supports = {
            i: sorted({tuple(a[n] for n in local) for a in family.gens[i].monoms()}) for i in chosen
        }
        every = [s for support in supports.values() for s in support]
        leads: list[Any] = []
        for i, support in supports.items():
            others = every if dice.random() < 0.6 else support

            def is_least(s: Any, others: Any = others) -> bool:
                pairs = itertools.combinations_with_replacement([d for d in others if d != s], 2)
                return not any(
                    all(2 * x >= y + z for x, y, z in zip(s, d, e, strict=True)) for d, e in pairs
                )

            named = [list(s) for s in support if is_least(s)]
            if dice.random() < 0.15 and named:
                how, n = dice.randrange(3), dice.randrange(len(named))
                if how == 0:
                    del named[n]
                elif how == 1:
                    named.append(list(dice.choice(support)))
                elif local:
                    named[n][dice.randrange(len(local))] += 1
            texts = [
                "*".join(f"{names[n]}^{e}" for n, e in zip(local, s, strict=True) if e) or "1"
                for s in named
            ]
            if dice.random() < 0.03:
                texts.append(dice.choice(("0", "2", *family.role, self.poly(family))))
            leads.append([i, texts])
        if dice.random() < 0.05:
            twice = [leads[0][0], ["1"]]
            leads.insert(0, dice.choice((twice, twice, [-1, ["1"]], [chosen[0], []])))
        return {"op": "dominant", "leads": leads}

    def draw_change(self, family: Any) -> Step | None:
        dice = self.dice
        x = dice.choice(list(family.role))
        others = [n for n in family.role if n != x] or [x]
        how = dice.random()
        num, den = x, "1"
        if how < 0.5:
            i = family.names.index(x)
            for q in self.parts(family):
                if int(q.degrees()[i]) == 1:
                    a = q.derivative(i)
                    r = q - a * family.gen(x)
                    num, den = f"{x} - ({r})", str(a)
                    if den == "-1":
                        num, den = f"-({num})" if dice.random() < 0.5 else f"{r} - {x}", "1"
                    break
        if num == x:
            o = dice.choice(others)
            num = dice.choice(
                (
                    f"{x} + {o}",
                    f"{x} - {o}",
                    f"-{x}",
                    f"{x} + 1",
                    f"{x} - 1",
                    f"{x}*{o}",
                    f"{x} - {o}^2",
                    f"2*{x}",
                    f"{x}^2",
                    f"{x} + {x}*{o}",
                )
            )
            den = dice.choice(("1", "1", "1", o, f"{o} + 1", "-1", f"{o}^2 + 1"))
        return {"op": "change", "var": x, "num": num, "den": den}

    def gradings(self, family: Any, conditions: bool) -> dict[str, int] | None:
        """Weights for which the generators are quasi-homogeneous, of any signs."""
        dice = self.dice
        names = [n for n in family.names if n in family.role]
        places = [family.names.index(n) for n in names]
        polys = [*family.gens]
        if conditions:
            polys += [*family.units, *family.signs]
        rows = set()
        for f in polys:
            first, *rest = f.monoms()
            for a in rest:
                rows.add(tuple(int(a[i]) - int(first[i]) for i in places))
        basis = kernel(tuple(sorted(rows)), len(names))
        if not basis:
            return None
        total = [0] * len(names)
        for _ in range(dice.choice((1, 1, 2))):
            c = dice.choice((1, 1, -1, 2))
            total = [t + c * v for t, v in zip(total, dice.choice(basis), strict=True)]
        if dice.random() < self.wild / 3:
            total[dice.randrange(len(total))] += dice.choice((1, -1))
        return {n: w for n, w in zip(names, total, strict=True) if w} or None

    def draw_contract(self, family: Any) -> Step | None:
        weights = self.gradings(family, False)
        return weights and {"op": "contract", "weights": weights}

    def draw_dehomogenise(self, family: Any) -> Step | None:
        weights = self.gradings(family, self.dice.random() < 0.6)
        if not weights:
            return None
        units = [n for n in weights if family.role[n] == UNIT] or list(weights)
        return {"op": "dehomogenise", "var": self.dice.choice(units), "weights": weights}

    def draw_relax(self, family: Any) -> Step | None:
        x = self.one(family, UNIT)
        return x and {"op": "relax", "var": x}

    def evidence(self, family: Any, polys: list[Any]) -> Any:
        """Evidence that polynomials have no common zero on the stratum."""
        dice = self.dice
        how = dice.random()
        if how < 0.4 and self.focus != "evidence":
            return {"kind": "sign", "index": dice.randrange(len(polys))}
        polys = [family.at_stratum(p) for p in polys]
        domain = dict(family.domain(family.occurs(*polys, *family.units)))
        if family.field is not None or (family.units and how < 0.8) or not domain:
            return {"kind": "sign", "index": dice.randrange(len(polys) + bool(family.units))}
        listed = [Polynomial(family.names, p).in_ring(tuple(domain)) for p in polys]
        if family.units or how < 0.7:
            return write_evidence(dice, listed, domain)
        known = _proved(tuple(map(str, listed)), tuple(domain.items()))
        return json.loads(known) if known else write_evidence(dice, listed, domain)

    def draw_nonvanishing(self, family: Any) -> Step | None:
        text = self.poly(family)
        p = family.at_stratum(family.read(text))
        if p.is_zero() and self.dice.random() < 0.9:
            return None
        return {"op": "nonvanishing", "poly": text, "evidence": self.evidence(family, [p])}

    def draw_coordinate(self, family: Any) -> Step | None:
        i, x = self.dice.randrange(len(family.gens)), self.one(family, LOCAL)
        return x and {"op": "coordinate", "gen": i, "var": x}

    def draw_functions(self, family: Any) -> Step | None:
        """A polynomial as a coordinate, generators in its powers; or what is none, or is not so."""
        dice, x = self.dice, self.one(family, LOCAL)
        if x is None:
            return None
        others = [n for n in family.role if n != x] or [x]
        o = dice.choice(others)
        forms = (
            f"{x} + {o}",
            f"{x} - {o}^2",
            f"{x} + {x}*{o}",
            f"2*{x}",
            f"{x}^2 + {x}",
            f"{x}*{o}",
        )
        image = dice.choice((*forms, f"{x}^2", f"{x} + 1"))
        names, back = family.names, {f"{x} + {o}": f"{x} - {o}", f"{x} - {o}^2": f"{x} + {o}^2"}
        back |= {f"2*{x}": f"1/2*{x}", f"{x} + 1": f"{x} - 1"}
        inverse = family.substitution({x: parse(back.get(image, x), names).flint})
        return {
            "op": "functions",
            "functions": {x: image},
            "gens": [str(inverse(f)) for f in family.gens],
        }

    def draw_slice(self, family: Any) -> Step | None:
        """A field that keeps the ideal, as the search finds it, with some part of it changed."""
        dice = self.dice
        if family.field is not None or family.signs:
            return None
        places = {n: i for i, n in enumerate(family.names)}
        bare = dice.random() < 0.5
        germs = Germs(
            names=family.names,
            role={places[n]: r for n, r in family.role.items()},
            positive=frozenset() if bare else frozenset(places[n] for n in family.positive),
            k={} if bare else {places[n]: e for n, e in family.k.items()},
            h={} if bare else {places[n]: e for n, e in family.h.items()},
            gens=tuple(map(Generator, family.gens)),
            units=family.units,
        )
        found = slice_germ(germs, 1)
        if found is None:
            return None
        step = dict(found[1])
        if dice.random() < 0.3:
            step["vars"] = [dice.choice(list(family.role)) for _ in step["vars"]]
        if dice.random() < 0.2:
            field = step["fields"][0]
            x = dice.choice(list(family.role))
            field["components"] = {**field["components"], x: dice.choice((x, "1", "0"))}
        return step

    def draw_schur(self, family: Any) -> Step | None:
        return self.hint("schur")

    def draw_product(self, family: Any) -> Step | None:
        """What the root proposes; or the one generator's own factors, with the powers changed."""
        if self.dice.random() < 0.6 or len(family.gens) != 1:
            return self.hint("product")
        factors = [[str(f), int(e)] for f, e in family.gens[0].factor()[1]]
        if self.dice.random() < 0.2 and factors:
            self.dice.choice(factors)[1] += self.dice.choice((1, -1))
        return {"op": "product", "factors": factors}

    def hint(self, op: str) -> Step | None:
        """A step of this name that the root proposes."""
        assert self.root is not None
        proposed = [step for step in self.root.hints if step["op"] == op]
        return dict(self.dice.choice(proposed)) if proposed else None

    def draw_blowup(self, family: Any) -> Step | None:
        dice = self.dice
        found = family.of_role(LOCAL) if dice.random() > 0.05 else list(family.role)
        if not found:
            return None
        chosen = dice.sample(found, dice.randint(min(2, len(found)), len(found)))
        weights = [dice.choice((1, 1, 1, 2, 3)) for _ in chosen]
        if dice.random() < 0.4 and (graded := self.gradings(family, False)):
            weights = [graded.get(n, 1) for n in chosen]
        if dice.random() < 0.03:
            weights[0] = dice.choice((0, -1, True, 1.5))
        centre = [[n, w] for n, w in zip(chosen, weights, strict=True)]
        if dice.random() < 0.04:
            centre.append(dice.choice(centre))
        at = dice.randrange(len(centre)) if dice.random() < 0.3 else 0
        groups = [g for g in (centre[:at], centre[at:]) if g]
        step: Step = {"op": "blowup", "groups": groups}
        if dice.random() < 0.35 and len(chosen) > 1:
            step["symmetries"] = [self.renaming(family) for _ in range(dice.choice((1, 1, 2)))]
        return step

    def renaming(self, family: Any) -> dict[str, Any]:
        """A swap or a change of signs, of variables that look alike or of any."""
        dice = self.dice
        names = list(family.role)
        to = {n: n for n in names}
        if len(names) > 1 and dice.random() < 0.7:
            a, b = dice.sample(names, 2)
            to[a], to[b] = b, a
            if dice.random() < 0.05:
                to[a] = a
        flip = dice.random() < 0.4
        sign = {n: -1 if flip and dice.random() < 0.4 else 1 for n in names}
        found = {n: [to[n], sign[n]] for n in names}
        if dice.random() < 0.03:
            found.pop(dice.choice(names))
        return found

    def draw_split(self, family: Any) -> Step | None:
        x = self.one(family, PARAM)
        return x and {"op": "split", "var": x}

    def draw_roots(self, family: Any) -> Step | None:
        dice = self.dice
        x = self.one(family, PARAM)
        if x is None:
            return None
        alone = [q for q in self.parts(family) if family.occurs(q) == {x} and q.total_degree() > 1]
        if dice.random() < 0.1:
            alone = self.parts(family)
        c = (
            str(dice.choice(alone))
            if alone
            else dice.choice((f"{x}^2 - 2", f"{x}^2 - 1", f"{x}^2 + 1", f"{x}^4 - 4"))
        )
        plus = {"symbol": "r", "field": "r^2 - 2", "value": "r", "between": ["1", "2"]}
        minus = {"symbol": "r", "field": "r^2 - 2", "value": "-r", "between": ["-2", "-1"]}
        roots = [plus] if x in family.positive else [minus, plus]
        if dice.random() < 0.5:
            far = {**plus, "between": ["2", "3"]}
            other = {**plus, "value": "2*r", "between": ["2", "3"]}
            near = {**minus, "between": ["1", "2"]}
            lists = (
                roots,
                [plus],
                [plus, plus],
                [plus, far],
                [minus, near],
                [near],
                [minus, plus],
                [],
                [minus],
                [other],
                [minus, other],
            )
            roots = [dict(r) for r in dice.choice(lists)]
            if roots and dice.random() < 0.5:
                root = dice.choice(roots)
                key, value = dice.choice(
                    (
                        ("value", "2*r"),
                        ("value", "1"),
                        ("between", ["1", "3"]),
                        ("between", ["-2", "2"]),
                        ("between", ["2", "3"]),
                        ("symbol", dice.choice(family.names)),
                        ("field", "r^2 - 3"),
                        ("between", ["2", "1"]),
                    )
                )
                root[key] = value
                if key == "symbol":
                    root["field"] = f"{value}^2 - 2"
                    root["value"] = root["value"].replace("r", value)
        return {"op": "roots", "var": x, "poly": c, "roots": roots}

    def draw_locus(self, family: Any) -> Step | None:
        dice = self.dice
        free = (
            [n for n in family.role if family.is_free(n) or family.role[n] == UNIT]
            if dice.random() > self.wild / 3
            else list(family.role)
        )
        if not free:
            return None
        text = self.poly(family)
        if dice.random() < 0.3:
            text = dice.choice(family.of_role(PARAM) or free)
        if dice.random() < 0.2:  # another polynomial with the same values on the stratum
            text = f"{text} + {dice.choice(free)}*({factor(dice, list(family.role))})"
        f = family.read(text)
        q = family.at_stratum(f)
        if q.is_zero():
            return None
        inside = [n for n in free if n in family.occurs(f)] or free
        by = [dice.choice(inside)]
        by += [n for n in free if n not in by and dice.random() < 0.25]
        if dice.random() < 0.2:
            by = [n for n in free if n in family.occurs(f)] or by
        step: Step = {"op": "locus", "poly": text, "by": by}
        slopes = [f.derivative(family.index(n)) for n in by]
        constant = [j for j, p in enumerate(slopes) if family.is_constant(p) and not p.is_zero()]
        if constant:
            step["smooth"] = {"kind": "sign", "index": 1 + constant[0]}
        else:
            step["smooth"] = self.evidence(family, [q, *slopes])
        step["rest"] = {}
        for i, g in enumerate(family.gens):
            rest = family.stripped(g, f)[0]
            if family.occurs(rest) & set(by):
                step["rest"][str(i)] = self.evidence(family, [q, rest])
        step["exists"] = self.sign_change(family, q) if dice.random() < 0.85 else None
        slope = q.derivative(family.index(by[0]))
        if len(by) == 1 and by[0] not in family.occurs(slope) and not slope.is_zero():
            wild = dice.random() < self.wild / 3
            step["unit"] = str(self.poly(family) if wild else slope)
        return step

    def sign_change(self, family: Any, q: Any) -> Any:
        dice = self.dice
        domain = dict(family.domain(family.occurs(q)))
        if family.field is not None:
            return {"kind": "sign change", "points": [["-1"], ["1"]]}
        if dice.random() < 0.03:
            return {"kind": "point", "point": ["0" if dice.random() < 0.5 else "1" for _ in domain]}
        choices = {
            "real": (0, 1, -1, 2, -2),
            "nonzero": (1, -1, 2, -2),
            "positive": (1, 2, Fraction(1, 2)),
            "nonnegative": (0, 1, 2, Fraction(1, 2)),
        }
        places = [family.names.index(n) for n in domain]
        last = None
        for _ in range(6):
            at = [
                dice.choice(choices[kind] if dice.random() > 0.05 else choices["real"])
                for kind in domain.values()
            ]
            images = [Fraction(0)] * len(family.names)
            for i, v in zip(places, at, strict=True):
                images[i] = Fraction(v)
            value = Polynomial(family.names, q)(images)
            if value == 0:
                continue
            sign = value > 0
            if last is not None and (last[0] != sign or dice.random() < 0.1):
                return {
                    "kind": "sign change",
                    "points": [[str(v) for v in last[1]], [str(v) for v in at]],
                }
            last = last or (sign, at)
        return None

    def draw_sum(self, family: Any) -> Step | None:
        dice = self.dice
        names = list(family.role)
        if len(names) < 2:
            return None
        if dice.random() < 0.5:
            blocks = components(family, dice.random() < 0.5)
            if len(blocks) < 2:
                return None
            while len(blocks) > 2 and dice.random() < 0.5:
                blocks[:2] = [blocks[0] + blocks[1]]
            if dice.random() < 0.15:
                blocks.pop()
        else:
            dice.shuffle(names)
            at = dice.randrange(1, len(names))
            blocks = [names[:at], names[at:]]
            if dice.random() < 0.3:
                blocks[0].append(dice.choice(names))
        return {"op": "sum", "blocks": blocks}

    def draw_free(self, family: Any) -> Step | None:
        step: Step = {"op": "free"}
        if family.signs:
            step["witness"] = self.witness(family) or {}
        return step

    def draw_subideal(self, family: Any) -> Step | None:
        count = len(family.gens)
        keep = [i for i in range(count) if self.dice.random() < 0.6]
        return {"op": "subideal", "keep": keep} if keep else None

    def draw_squares(self, family: Any) -> Step | None:
        """Sums of squares of its terms, of a form whose square is completed, or nearly."""
        dice, listed = self.dice, []
        if dice.random() < 0.7 and (proposed := self.hint("squares")):
            return proposed
        for f in family.gens:
            rest, squares = Polynomial(family.names, f), []
            for a, c in list(rest.terms()):
                if all(e % 2 == 0 for e in a):
                    half = Polynomial.from_terms({tuple(e // 2 for e in a): 1}, family.names)
                    squares.append([str(c), str(half)])
                    rest = rest - half * half * c
            if len(list(rest.terms())) == 1 and dice.random() < 0.5:
                ((a, c),) = rest.terms()
                one = Polynomial.from_terms({a: 1}, family.names)
                squares += [[str(c / 4), str(one + 1)], [str(-c / 4), str(one - 1)]]
            if squares and dice.random() < self.wild / 2:
                i = dice.randrange(len(squares))
                squares[i][dice.randrange(2)] = dice.choice(("1", "-1", "0", *family.role))
            listed.append(squares)
        return {"op": "squares", "squares": listed}

    def draw_point(self, family: Any) -> Step | None:
        """A point of the stratum, or one beside it."""
        dice, at = self.dice, {}
        for n in family.of_role(PARAM, UNIT):
            ends = [e for e in family.within.get(n, ()) if e is not None]
            at[n] = str(dice.choice((0, 0, 1, -1, 2, Fraction(1, 2), *ends, *ends)))
        if at and dice.random() < self.wild / 3:
            at[dice.choice(list(family.role))] = "0"
        return {"op": "point", "at": at} if at else None

    def draw_interval(self, family: Any) -> Step | None:
        names = list(family.within) if self.dice.random() > self.wild / 3 else list(family.role)
        more = {"open": True} if self.dice.random() < 0.4 else {}
        return {"op": "interval", "var": self.dice.choice(names), **more} if names else None

    def draw_both(self, family: Any) -> Step | None:
        return {"op": "both"} if self.dice.random() < 0.3 else None

    def draw_see(self, family: Any) -> Step | None:
        """A family proved before, or a lemma about one like this, renamed or changed in a place."""
        if self.seen and self.dice.random() < 0.4:
            ident = self.dice.choice(self.seen)[0]
            renaming = (
                {n: [n, 1] for n in family.role}
                if self.dice.random() < 0.7
                else self.renaming(family)
            )
            return {"op": "see", "step": ident, "map": renaming}
        if family.field is not None or (family.signs and self.dice.random() < 0.5):
            return None
        dice = self.dice
        data = {
            "role": dict(family.role),
            "positive": sorted(family.positive & family.role.keys()),
            "k": dict(family.k),
            "h": {n: str(e) for n, e in family.h.items()},
            "gens": [str(f) for f in family.gens],
            "units": [str(u) for u in family.units],
        }
        renaming = {n: [n, 1] for n in family.role}
        names = list(family.role)
        if len(names) > 1 and dice.random() < 0.4:
            a, b = dice.sample(names, 2)
            swap = {a: b, b: a}
            renaming[a], renaming[b] = [b, 1], [a, 1]
            data["role"] = {swap.get(n, n): r for n, r in data["role"].items()}
            data["positive"] = [swap.get(n, n) for n in data["positive"]]
            for what in ("k", "h"):
                data[what] = {swap.get(n, n): e for n, e in data[what].items()}
            for what in ("gens", "units"):
                x, y = (ring(family.names).gen(family.names.index(n)) for n in (a, b))
                i, j = family.names.index(a), family.names.index(b)
                data[what] = [str(maps.compose(p, {i: y, j: x})) for p in getattr(family, what)]
        if dice.random() < 0.5:
            self.alter(data, names, renaming, list(family.names))
        return {"op": "see", "map": renaming, "lemma": {"family": data}}

    def alter(
        self, data: dict[str, Any], names: list[str], renaming: dict[str, Any], every: list[str]
    ) -> None:
        dice, n = self.dice, self.dice.choice(names)
        how = dice.randrange(12)
        if how == 0 and n in data["role"]:
            data["role"][n] = dice.choice((LOCAL, PARAM, UNIT, "ghost"))
        elif how == 1:
            data["positive"] = (
                [p for p in data["positive"] if p != n]
                if n in data["positive"]
                else [*data["positive"], n]
            )
        elif how == 2:
            data["k"][n] = dice.choice((0, 1, 2, 3))
        elif how == 3:
            data["h"][n] = dice.choice(("0", "1", "-1/2", "-3/2"))
        elif how == 4:
            i = dice.randrange(len(data["gens"]))
            data["gens"][i] = dice.choice((f"({data['gens'][i]})^2", f"({data['gens'][i]})*{n}", n))
        elif how == 5:
            data["units"] = dice.choice(([], [*data["units"], n], [f"{n} - 1"]))
        elif how == 6:
            renaming[n] = [renaming[n][0], -1]
        elif how == 7:
            renaming.pop(n)
        elif how == 8:  # a variable is forgotten on both sides
            to = renaming.pop(n)[0]
            for part in ("role", "k", "h"):
                data[part].pop(to, None)
            data["positive"] = [p for p in data["positive"] if p != to]
        elif how == 9:  # x becomes −x on both sides
            to = renaming[n][0]
            renaming[n] = [to, -1]
            i = every.index(to)
            x = -ring(tuple(every)).gen(i)
            for part in ("gens", "units"):
                data[part] = [str(maps.compose(parse(g, every).flint, {i: x})) for g in data[part]]
        elif how == 10 and len(names) > 1:  # two variables become one
            m = dice.choice([m for m in names if m != n])
            to, gone = renaming[m][0], renaming[n][0]
            renaming[n] = [to, 1]
            i, y = every.index(gone), ring(tuple(every)).gen(every.index(to))
            for part in ("gens", "units"):
                data[part] = [str(maps.compose(parse(g, every).flint, {i: y})) for g in data[part]]
            for part in ("role", "k", "h"):
                data[part].pop(gone, None)
            data["positive"] = [p for p in data["positive"] if p != gone]
        else:
            renaming[n] = [dice.choice(every), 1]

    def see(self, family: Any, step: Step, depth: int) -> tuple[Step, Any]:
        if "lemma" not in step:
            other, verdict = next((f, v) for ident, f, v in self.seen if ident == step["step"])
            family.check_same(other, step["map"])
            self.accepted["see"] += 1
            return step, verdict
        other = self.verifier.family.Family.of_lemma(
            family.names, step["lemma"]["family"], family.field
        )
        family.check_same(other, step["map"])
        self.idents += 1
        ident = self.idents
        proof, verdict = self.write(other, depth - 1)
        step["lemma"]["proof"] = {**proof, "id": ident}
        step["step"] = ident
        self.accepted["see"] += 1
        return step, verdict


OF_PRODUCTS = (
    *("blowup", "coordinate", "nonvanishing", "locus", "split") * 3,
    *("change", "change", "relax", "dehomogenise", "both"),
)
LEAF_OPS = ("monomial", "newton", "rank", "saddle", "terms", "order", "empty")
WEIGHTS = {
    "generators": 20,
    "nakayama": 6,
    "dominant": 8,
    "change": 8,
    "contract": 6,
    "relax": 3,
    "nonvanishing": 10,
    "coordinate": 4,
    "functions": 4,
    "slice": 4,
    "schur": 4,
    "product": 2,
    "blowup": 8,
    "split": 10,
    "roots": 2,
    "locus": 10,
    "dehomogenise": 6,
    "sum": 6,
    "free": 3,
    "subideal": 1,
    "squares": 5,
    "point": 3,
    "interval": 1,
    "both": 1,
    "see": 4,
}


@lru_cache(maxsize=1 << 12)
def newton_proof(gens: Any, names: Any, k: Any, prior: Any, wall: Any) -> str | None:
    factor = "".join(f"{n}^{e}*" for n, e in zip(names, k, strict=True) if e)
    polys = tuple(parse(f"{factor}({g})", names) for g in gens)
    try:
        found = newton_step(Germ(names, polys, prior, wall), budget=0.1, limit=50)
    except SingularityLabError:
        return None
    return json.dumps(found[0]) if isinstance(found, tuple) else None


@lru_cache(maxsize=1 << 12)
def faces_of(gens: Any, names: Any) -> tuple[list[Any], tuple[Any, ...]]:
    support = sorted({a for g in gens for a in parse(g, names).support()})
    return support, tuple(NewtonPolyhedron.of(support).compact_faces())


@lru_cache(maxsize=1 << 12)
def _kernel(rows: tuple[tuple[int, ...], ...], n: int) -> list[list[int]]:
    return nullspace([list(r) for r in rows], n)


def kernel(rows: tuple[tuple[int, ...], ...], n: int) -> list[list[int]]:
    return _kernel(rows, n)


def irreducible(f: Any) -> list[Any]:
    return [q for q, _ in f.factor()[1]]


def quotient(f: Any, g: Any) -> Any:
    """A term q for which f − q·g has fewer terms, or the quotient of f by g."""
    q = divmod(f, g)[0]
    return q if not q.is_zero() else None


def map_terms(f: Any) -> list[Any]:
    """The terms of a polynomial, each as one."""
    context = f.context()
    return [context.from_dict({a: c}) for a, c in f.to_dict().items()]


def components(family: Any, conditions: bool) -> list[list[str]]:
    """The blocks of variables that no generator (and no condition) ties together."""
    blocks: list[set[str]] = []
    polys = [*family.gens, *(family.units if conditions else ())]
    for p in polys:
        met = family.occurs(p)
        if not met:
            continue
        joined = [b for b in blocks if b & met]
        blocks = [b for b in blocks if not b & met] + [set().union(met, *joined)]
    return [sorted(b) for b in blocks]


# -- claims about zeros --------------------------------------------------------------------------


def attack_zeros(
    verifier: SimpleNamespace, tries: int, seed: Any, late: Callable[[], bool] = lambda: False
) -> tuple[int, list[tuple[str, dict[str, Any], Any]]]:
    """Evidence for false claims: that polynomials with a known zero have none, that positive ones
    have one. Returns how many were tried and the first false one that is accepted."""
    dice = random.Random(seed)
    check, check_zero = verifier.evidence.check_no_zero, verifier.evidence.check_zero
    kinds = {
        "real": (0, 0, 1, -1, 2, -2),
        "nonzero": (1, -1, 2, -2),
        "positive": (1, 2, Fraction(1, 2)),
    }
    kinds["nonnegative"] = (0, 0, 1, 2)
    for n in range(tries):
        if n % 256 == 0 and late():
            return n, []
        names = ("a", "b", "c")[: dice.choice((1, 1, 2, 2, 3))]
        domain = {v: dice.choice(list(kinds)) for v in names}
        at = {v: dice.choice(kinds[k]) for v, k in domain.items()}
        if dice.random() < 0.8:
            polys = []
            for _ in range(dice.choice((1, 1, 2))):
                p = parse(dice.choice((factor, product))(dice, names), names)
                if dice.random() < 0.3:
                    p = p * parse(factor(dice, names), names)
                value = p([Fraction(at[v]) for v in names])
                polys.append(p - value)
            if all(p.is_zero for p in polys):
                continue
            evidence = write_evidence(dice, polys, domain, dice.choice((0, 1, 1, 2)))
            try:
                check(polys, domain, evidence)
            except MALFORMED:
                continue
            return n, [(f"no zero of {[str(p) for p in polys]}, zero at {at}", domain, evidence)]
        p = parse(
            "+".join(f"{v}^2" for v in names) + dice.choice((" + 1", f" + {names[0]} + 1")), names
        )
        if dice.random() < 0.3:
            p = parse("*".join(names) + " + 1" + "".join(f"+{v}" for v in names), names)
            domain = dict.fromkeys(names, "positive")
        polys = [p * parse(factor(dice, names), names) if dice.random() < 0.1 else p]
        polys.append(polys[0] * polys[0])
        points = [[str(dice.choice((0, 1, -1, 2, -2, "1/2", -5))) for _ in names] for _ in range(2)]
        zero: Any = {"kind": dice.choice(("point", "sign change", "sign change", "wave"))}
        zero |= {"point": points[0], "points": points}
        if dice.random() < 0.6:
            zero["factor"] = factor(dice, names)
        else:
            polys = polys[:1]
        if dice.random() < 0.2:  # no zero where no variable is 0
            domain = dict.fromkeys(names, dice.choice(("nonzero", "positive")))
            p = parse("*".join(f"{v}^{dice.choice((1, 1, 3))}" for v in names), names)
            polys = [p]
        try:
            check_zero([p, *polys], domain, zero) if dice.random() < 0.5 else check_zero(
                [p], domain, zero
            )
        except MALFORMED:
            continue
        return n, [(f"a zero of {p}", domain, zero)]
    return tries, []


# -- Schur complements -----------------------------------------------------------------------------

SHAPES = ((1, 1, 1), (1, 2, 1), (2, 1, 1), (1, 1, 2), (2, 2, 1), (1, 2, 2))
LONGER = ((1, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 2, 2, 1))


def draw_product(dice: random.Random) -> tuple[list[list[list[str]]], str, int, dict[str, str]]:
    """Factors with one entry or two that are not as they should be, kind, place, roles."""
    kind = dice.choice(("through", "pivot", "inner"))
    shape = dice.choice(LONGER if kind == "inner" or dice.random() < 0.1 else SHAPES)
    place = 1 if kind == "inner" else 0
    letters, role = iter("abcdefghijkl"), {}
    factors: list[list[list[str]]] = []
    for s, (rows, columns) in enumerate(itertools.pairwise(shape)):
        factor = []
        for i in range(rows):
            row = []
            for j in range(columns):
                n = next(letters)
                one = (i, j) == (0, 0) and (s == place or kind == "through")
                constant = int(one)
                if dice.random() < 0.12:
                    constant = dice.choice((0, 1, 2))
                own = dice.random() < (0.5 if one else 0.85)
                if own:
                    role[n] = PARAM if dice.random() < 0.15 else LOCAL
                row.append(f"{n} + {constant}" if own and constant else n if own else str(constant))
            factor.append(row)
        factors.append(factor)
    if dice.random() < 0.1 and len(factors[0]) > 1:  # a last row that is too short
        factors[0][-1].pop()
    return factors, kind, place, role


def attack_schur(
    verifier: SimpleNamespace, tries: int, seed: Any, late: Callable[[], bool] = lambda: False
) -> tuple[int, list[str]]:
    """Products of which the theorem is said to hold: the ideal after has the least (λ, m) of the
    ideal before. Returns how many were tried and the first for which it has not."""
    dice = random.Random(seed)
    coordinates, schur = verifier.matrices.coordinates, verifier.matrices.schur
    for n in range(tries):
        if n % 16 == 0 and late():
            return n, []
        factors, kind, place, role = draw_product(dice)
        names = tuple(role)
        if not names or len(names) > 6:
            continue
        read = [[[parse(e, names).flint for e in row] for row in f] for f in factors]
        local = {i for i, v in enumerate(names) if role[v] == LOCAL}
        rank = dice.choice((0, 1, 1, 1, 1, 1, 2))
        try:
            before, after = schur(coordinates(read, local), rank, kind, place)
        except MALFORMED:
            continue
        before, after = (tuple(sorted({str(p) for p in listed} - {"0"})) for listed in
                         (before, after))  # fmt: skip
        if before == after or not before:
            continue
        try:
            one, two = (_least_of(gens, names, tuple(role.items())) for gens in (before, after))
        except (Undecided, SingularityLabError):
            continue
        if one != two:
            return n, [f"{kind} of rank {rank}, {factors}, {role}: {before} has {one}, "
                       f"{after} has {two}"]  # fmt: skip
    return tries, []


@lru_cache(maxsize=1 << 14)
def _least_of(
    gens: tuple[str, ...], names: tuple[str, ...], role: tuple[tuple[str, str], ...]
) -> RLCT | None:
    """The least (λ, m) of a family; None if K vanishes on none of its germs that were tried."""
    return Root(names, lemma(dict(role), gens)).least if gens else RLCT(Fraction(0), 1)


# -- claims of whole certificates ------------------------------------------------------------------


def attack_claims(
    verifier: SimpleNamespace, tries: int, seed: Any, late: Callable[[], bool] = lambda: False
) -> tuple[int, list[str]]:
    """Certificates with a true proof, or "zero", and a claim near to what it proves."""
    dice = random.Random(seed)
    for n in range(tries):
        root = dice.choice(pool(20, 1, ("germ", "walls", "quadric", "monomials")))
        if late():
            return n, []
        if len(set(root.data["role"].values())) > 1 or root.data["k"] or root.least is None:
            continue
        least = root.least
        names = tuple(root.data["role"])
        problem = LocalProblem.build(
            list(root.data["gens"]), names, prior=root.data["h"], nonnegative=root.data["positive"]
        )
        writer = Writer(verifier, (seed, n).__repr__())
        family = verifier.verify.starting_family(problem)
        step, _ = writer.script(root, family.normal())
        if dice.random() < 0.2:
            step = {"op": "zero"}
        value = dice.choice((least.value, least.value * 2, least.value / 2, Fraction(0)))
        claim = RLCT(value, dice.choice((least.multiplicity, 1, 2)))
        kind = dice.choice(("exact", "lower", "upper"))
        certificate = verifier.verify.Certificate(problem, kind, claim, step)
        try:
            verifier.verify.verify(certificate)
        except MALFORMED:
            continue
        if not {"exact": claim == least, "lower": claim <= least, "upper": claim >= least}[kind]:
            return n, [f"{kind} {claim} of {root.data['gens']}, truth {least}"]
    return tries, []


@dataclass
class _Document:
    problem: LocalProblem
    proof: Step


# -- attacks ----------------------------------------------------------------------------------


@dataclass
class Attack:
    """What a run found. false: (root, script, why it is false), wrong: scripts whose replay differs
    from what the records said one by one."""

    scripts: int = 0
    proved: int = 0
    exact: int = 0
    false: list[tuple[Root, Step, str]] = field(default_factory=list)
    wrong: list[tuple[Root, Step, str]] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)


def attack(
    verifier: SimpleNamespace,
    roots: Sequence[Root],
    scripts: int,
    seed: Any,
    *,
    focus: str = "",
    most: int = 1,
    late: Callable[[], bool] = lambda: False,
) -> Attack:
    """Write scripts and have the verifier replay them, until ``most`` false claims are accepted."""
    writer = Writer(verifier, seed, focus)
    found = Attack()
    families: list[tuple[Root, Any]] = []
    for root in roots:
        try:
            families.append((root, root.family(verifier)))
        except MALFORMED:
            continue
    replay = verifier.verify.replay
    for n in range(scripts):
        if n % 64 == 0 and late():
            break
        root, family = families[n % len(families)]
        try:
            step, expected = writer.script(root, family)
        except RecursionError:
            continue
        found.scripts += 1
        if expected.lower is None and expected.upper is None and not expected.empty:
            continue
        try:
            verdict = replay(family, step)
        except CertificateError as error:
            found.wrong.append((root, step, str(error)))
            continue
        found.proved += 1
        found.exact += verdict.lower is not None and verdict.lower == verdict.upper
        if verdict != expected:
            found.wrong.append((root, step, f"{verdict} and not {expected}"))
        why = root.crossed(verdict)
        if why is not None:
            found.false.append((root, step, why))
            if len(found.false) >= most:
                break
    found.steps = writer.accepted
    return found
