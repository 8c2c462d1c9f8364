"""The local problem: a loss K near a point, with its prior and its active constraints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, Protocol, runtime_checkable

import flint

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.algebraic import AlgebraicNumber, Number, algebraic
from singularity_lab.algebra.inequalities import read_nonnegative, straightened
from singularity_lab.algebra.names import check_names, fresh, unknown_variable
from singularity_lab.algebra.number_field import NumberField
from singularity_lab.algebra.number_field import coordinates as field_coordinates
from singularity_lab.algebra.parsing import written
from singularity_lab.algebra.point_texts import read_point
from singularity_lab.algebra.polynomial import Ideal, PointLike, Polynomial, point_values
from singularity_lab.algebra.rings import Rational, fraction, ring, to_fmpq
from singularity_lab.errors import BadInput, OutOfScope, quoted, shown

Convention = Literal["ideal", "loss", "two-sided"]
RationalInterval = tuple[Fraction | None, Fraction | None]
Over = str | Mapping[str, tuple[Rational | str | None, Rational | str | None]]


@runtime_checkable
class HasProblem(Protocol):
    """Something that stands for a germ, as a row of the catalog does."""

    def problem(self) -> LocalProblem:
        """The germ with its point, prior, constraints and convention."""
        ...


@dataclass(frozen=True)
class LocalProblem:
    """The germ at a point of K with prior density ∏|wᵢ|^τᵢ · (positive smooth), on a box.

    ideal: the generators f1, …, fk. point: its coordinates, in ring order; irrational ones are
    :class:`~singularity_lab.algebra.algebraic.AlgebraicNumber`, written ``"sqrt(2)"`` or
    ``"root(t^3 - 2, 1, 2)"``.
    convention: ``ideal`` speaks of K = Σ fᵢ²; ``loss`` of K = f ≥ 0 for the one generator f;
    ``two-sided`` of |f|, where f may change sign, as L − L(w*) does at a saddle w* of L.
    prior: the exponents τᵢ > −1, in ring order. box: an interval (low, high) for each variable,
    None where there is no bound; a bound matters where the point lies on it.
    over: None for the germ at the point; else an interval for each variable, all of R where both
    ends are None: the problem then asks for the least (λ, m) over all zeros of K there, and there
    is no point and no box.
    numbers: names in the ring of the generators, its last, that stand for real algebraic numbers
    and are no variables: coefficients such as sqrt(2) of a germ at a point.
    inequalities: polynomials that are ≥ 0, besides the box; they matter where they are 0 at the
    point.
    label: what the germ is called, such as ``row nc-1-1``; it is no part of the problem.

    >>> p = LocalProblem.build(["x^2 - y^3"], prior={"x": 1}, nonnegative=["y"])
    >>> p.prior, p.box
    ((Fraction(1, 1), Fraction(0, 1)), ((None, None), (Fraction(0, 1), None)))
    >>> p = LocalProblem.build(["x^2 - y^3"], nonnegative=["x - y", "x + y + 1"])
    >>> p.localize().nonnegative, str(p.localize().generators[0])  # y' = x - y
    (('y',), '-x^3 + 3*x^2*y + x^2 - 3*x*y^2 + y^3')
    """

    ideal: Ideal
    point: tuple[Number, ...]
    prior: tuple[Fraction, ...]
    box: tuple[RationalInterval, ...]
    convention: Convention = "ideal"
    over: tuple[RationalInterval, ...] | None = None
    numbers: tuple[tuple[str, AlgebraicNumber], ...] = ()
    inequalities: tuple[Polynomial, ...] = ()
    label: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.convention not in ("ideal", "loss", "two-sided"):
            raise BadInput(
                f"convention: 'ideal', 'loss' or 'two-sided', received {quoted(self.convention)}"
            )
        if self.convention == "loss" and len(self.ideal.generators) != 1:
            raise BadInput(
                "convention: a loss is one polynomial K >= 0, "
                f"received {len(self.ideal.generators)}"
            )
        for name, tau in zip(self.variables, self.prior, strict=True):
            if tau <= -1:
                raise BadInput(
                    f"prior[{name}]: an exponent > -1 is needed (integrable), received {shown(tau)}"
                )
        if self.convention == "two-sided" and len(self.ideal.generators) != 1:
            raise BadInput(
                "convention: two-sided speaks of |f| for one polynomial f, "
                f"received {len(self.ideal.generators)}"
            )
        if self.over is not None:
            self._check_over()
        for name, at, (low, high) in zip(self.variables, self.point, self.box, strict=True):
            if low is not None and high is not None and low >= high:
                raise BadInput(
                    f"box[{name}]: low < high is needed, received {shown(low)}, {shown(high)}"
                )
            if (low is not None and at < low) or (high is not None and at > high):
                raise BadInput(f"point[{name}]: {shown(at)} lies outside the domain")
        if self.inequalities:
            self._check_inequalities()

    def _check_inequalities(self) -> None:
        if self.over is not None:
            raise OutOfScope(
                "nonnegative: over a domain, intervals of variables are read, and no other "
                f"inequalities, received {self.inequalities[0]} >= 0"
            )
        if self.numbers:
            raise OutOfScope(
                "nonnegative: with irrational coefficients, constraints on variables only, "
                f"received {self.inequalities[0]} >= 0"
            )
        for g in self.inequalities:
            value = g(self.rational_point)
            if value < 0:
                raise BadInput(
                    f"nonnegative: {g} >= 0 is needed at the point, received {shown(value)}"
                )

    def _check_over(self) -> None:
        if any(self.point) or any(interval != (None, None) for interval in self.box):
            raise BadInput(
                "over: the whole domain is asked for, so neither a point nor a box can be given"
            )
        for name, (low, high) in zip(self.variables, self.over or (), strict=True):
            if low is not None and high is not None and low >= high:
                raise BadInput(
                    f"over[{name}]: low < high is needed, received {shown(low)}, {shown(high)}"
                )

    @classmethod
    def build(
        cls,
        generators: Ideal | Polynomial | str | Sequence[str | Polynomial],
        variables: str | Iterable[str] | None = None,
        *,
        at: PointLike | None = None,
        prior: Mapping[str, Rational | str] | None = None,
        nonnegative: str | Iterable[str] = (),
        box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
        convention: Convention = "ideal",
        over: Over | None = None,
    ) -> LocalProblem:
        """From what people write; the point is the origin unless given."""
        variables, at, prior, nonnegative, box, over = map(
            written, (variables, at, prior, nonnegative, box, over)
        )
        ideal = _as_ideal(generators, variables)
        names = ideal.variables
        nonnegative, inequalities = read_nonnegative(nonnegative, names)
        at = read_point(at) if isinstance(at, str) else at
        for what, given in (
            ("point", at if isinstance(at, Mapping) else {}),
            ("nonnegative", nonnegative),
            ("prior", prior or {}),
            ("box", box or {}),
        ):
            unknown = [n for n in given if n not in names]
            if unknown:
                raise unknown_variable(what, unknown[0], names)
        intervals = []
        for name in names:
            low, high = (box or {}).get(name, (None, None))
            if name in nonnegative and low is None:
                low = 0
            intervals.append((_end(low, f"box[{name}]"), _end(high, f"box[{name}]")))
        return cls(
            ideal=ideal,
            point=point_values(at if at is not None else {}, names, read=algebraic),
            prior=tuple(fraction((prior or {}).get(n, 0), f"prior[{n}]") for n in names),
            box=tuple(intervals),
            convention=convention,
            over=None if over is None else read_over(over, names),
            inequalities=inequalities,
        )

    @classmethod
    def of(
        cls,
        source: GermLike,
        variables: str | Iterable[str] | None = None,
        *,
        at: PointLike | None = None,
        prior: Mapping[str, Rational | str] | None = None,
        nonnegative: str | Iterable[str] = (),
        box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
        convention: Convention = "ideal",
        over: Over | None = None,
    ) -> LocalProblem:
        """The problem that a source is or has, or the one built from generators.

        Raises BadInput where a source with a problem of its own is given another point or prior.

        >>> LocalProblem.of(LocalProblem.build("x^2"), at={"x": 1})
        Traceback (most recent call last):
        singularity_lab.errors.BadInput: at: given by the problem, so it cannot be given as well
        """
        if not isinstance(source, LocalProblem | HasProblem):
            return cls.build(
                source, variables, at=at, prior=prior, nonnegative=nonnegative, box=box,
                convention=convention, over=over,
            )  # fmt: skip
        given = {"variables": variables, "at": at, "prior": prior, "box": box, "over": over}
        given["nonnegative"] = nonnegative or None
        given["convention"] = None if convention == "ideal" else convention
        for name, value in given.items():
            if value is not None:
                raise BadInput(f"{name}: given by the problem, so it cannot be given as well")
        if isinstance(source, LocalProblem):
            return source
        # a row has a method; a result and a certificate have the problem itself
        return source.problem() if callable(source.problem) else source.problem

    def frozen(self, freeze: str | Iterable[str] | Mapping[str, Rational | str]) -> LocalProblem:
        """The restricted problem: some variables keep a value, the others move.

        freeze: names, which keep their coordinate of the point, or values by name. Raises BadInput
        for an unknown variable, an irrational value, a value outside the domain or where the prior
        is 0 or infinite, when all are frozen, and for a problem over a domain.

        >>> p = LocalProblem.build("x*y^2 + z", at={"y": 2, "x": 3, "z": -12}).frozen({"y": 2})
        >>> print(p.ideal, *p.point)
        (4*x + z) in Q[x, z] 3 -12
        """
        names, at = self.variables, dict(zip(self.variables, self.point, strict=True))
        if self.over is not None:
            raise BadInput("freeze: the whole domain is asked for, so no variable can be frozen")
        if isinstance(freeze, Mapping):
            given: dict[str, Number | Rational | str] = dict(freeze)
        else:
            given = {n: at.get(n, 0) for n in check_names(freeze)}
        values: dict[str, Fraction] = {}
        for name, value in given.items():
            if name not in names:
                raise BadInput(
                    f"freeze: unknown variable {quoted(name)}; known: {shown(', '.join(names))}"
                )
            if isinstance(value, AlgebraicNumber):
                raise BadInput(f"freeze[{name}]: a rational value is needed, received {value}")
            values[name] = x = fraction(value, f"freeze[{name}]")
            index = names.index(name)
            low, high = self.box[index]
            if (low is not None and x < low) or (high is not None and x > high):
                raise BadInput(f"freeze[{name}]: {shown(x)} lies outside the domain")
            if self.prior[index] and not x:
                raise BadInput(
                    f"freeze[{name}]: the prior |{name}|^{self.prior[index]} is no density at 0"
                )
        kept = [i for i, n in enumerate(names) if n not in values]
        if not kept:
            raise BadInput("freeze: at least one variable has to move, received all of them")
        free = tuple(names[i] for i in kept)
        generators = tuple(g.substitute(values).in_ring(free) for g in self.ideal.generators)
        return LocalProblem(
            ideal=Ideal(free, generators),
            point=tuple(self.point[i] for i in kept),
            prior=tuple(self.prior[i] for i in kept),
            box=tuple(self.box[i] for i in kept),
            convention=self.convention,
            inequalities=tuple(self._restricted(values, free)),
        )

    def _restricted(
        self, values: Mapping[str, Fraction], free: tuple[str, ...]
    ) -> Iterator[Polynomial]:
        """The inequalities in the variables that move; a constant one has to hold."""
        for g in self.inequalities:
            rest = g.substitute(values).in_ring(free)
            if not rest.flint.is_constant():
                yield rest
            elif rest(dict.fromkeys(free, 0)) < 0:
                raise BadInput(f"freeze: {g} >= 0 is needed, received {rest}")

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        names = self.ideal.variables
        return names[: len(names) - len(self.numbers)] if self.numbers else names

    @property
    def is_power_one(self) -> bool:
        """Whether K is |f|, and not a sum of squares: its λ is twice that of f²."""
        return self.convention != "ideal"

    @property
    def at_walls(self) -> tuple[str, ...]:
        """The variables whose coordinate lies on a bound of its interval."""
        sides = zip(self.variables, self.point, self.box, strict=True)
        return tuple(
            n
            for n, at, (low, high) in sides
            if (low is not None and at == low) or (high is not None and at == high)
        )

    @property
    def active(self) -> tuple[Polynomial, ...]:
        """The inequalities that are 0 at the point."""
        return tuple(g for g in self.inequalities if not g(self.rational_point))

    @property
    def flat(self) -> bool:
        """Whether no prior exponent and no constraint is active at the point."""
        active = any(t for t, at in zip(self.prior, self.point, strict=True) if not at)
        return not active and not self.at_walls and not self.active

    def hypersurface(self, what: str, *, density: bool = False) -> Polynomial:
        """The one polynomial f of the problem, moved to the origin.

        what: who asks, for messages. density: whether the answer would depend on the prior and on
        the constraints, of which its theory knows none. Raises OutOfScope for several generators,
        where f is 0 or does not vanish at the point, and with ``density`` for a problem that is
        not flat.

        >>> print(LocalProblem.build("x^2 - 2*x - y", at={"x": 2}).hypersurface("zeta"))
        x^2 + 2*x - y
        """
        live = [g for g in self.ideal.generators if not g.is_zero]
        if not live:
            raise OutOfScope(f"{what}: the zero polynomial")
        if len(live) > 1:
            raise OutOfScope(
                f"{what}: one polynomial is needed, {self.label or 'the ideal'} has "
                f"{len(live)} generators"
            )
        if density and not self.flat:
            raise OutOfScope(
                f"{what}: the flat density near the point is meant, "
                f"{self.label or 'the problem'} has {self.describe_density()}"
            )
        germ = live[0].translate(self.rational_point)
        if germ({}):
            raise OutOfScope(f"{what}: {germ} does not vanish at the point")
        return germ

    def describe_density(self) -> str:
        """The active prior and constraints in words; the empty text where there are none.

        >>> LocalProblem.build("x*y", prior={"x": 1}, nonnegative="y").describe_density()
        'the prior |x|^1 and constraints on y'
        """
        tau = "*".join(
            f"|{n}|^{t}"
            for n, t, at in zip(self.variables, self.prior, self.point, strict=True)
            if t and not at
        )
        walls = ", ".join((*self.at_walls, *map(str, self.active)))
        parts = [f"the prior {tau}"] if tau else []
        parts += [f"constraints on {walls}"] if walls else []
        return " and ".join(parts)

    @property
    def rational_point(self) -> tuple[Fraction, ...]:
        """The point. Raises OutOfScope where a coordinate is irrational, or where there is none."""
        self._need_point()
        point = []
        for n, c in zip(self.variables, self.point, strict=True):
            if isinstance(c, AlgebraicNumber):
                raise OutOfScope(
                    f"point[{n}]: rational coordinates are needed here, received {c} (rlct, "
                    "explain and verify take irrational ones)"
                )
            point.append(c)
        return tuple(point)

    def _need_point(self) -> None:
        if self.over is not None:
            raise OutOfScope("over: a germ at one point is needed here: give a point by at")

    def localize(self, *, algebraic: bool = False) -> Germ:
        """The same germ in coordinates centred at the point, with only what is active there.

        A variable on its lower bound becomes w − low ≥ 0, one on its upper bound high − w ≥ 0. The
        prior factor |wᵢ|^τᵢ is a unit unless the i-th coordinate of the point is 0. Inequalities
        that are 0 at the point become coordinates.
        algebraic: whether the caller knows what to do with ``Germ.field``: OutOfScope is raised
        for a point with irrational coordinates unless it does.

        >>> germ = LocalProblem.build("x^2 - 2", at={"x": "sqrt(2)"}).localize(algebraic=True)
        >>> print(germ.generators[0], "for", germ.field, "= 0")
        x^2 + 2*x*s for s^2 - 2 = 0
        """
        self._need_point()
        if self.convention == "two-sided" and not algebraic:
            raise OutOfScope(
                "two-sided: a loss or an ideal is needed here (rlct, explain and verify take it)"
            )
        names = self.variables
        point = self.point if algebraic else self.rational_point
        irrational = {
            n: c for n, c in zip(names, point, strict=True) if isinstance(c, AlgebraicNumber)
        }
        irrational.update(self.numbers)
        field: NumberField | None = None
        ring_names, values = self.ideal.variables, dict[str, Polynomial]()
        if irrational:
            ring_names = (*ring_names, fresh("s", ring_names))
            field, values = field_coordinates(irrational, ring_names)
        shift: dict[int, flint.fmpq] = {}
        moved: dict[str, Polynomial | Rational] = {}
        nonnegative = []
        for i, (name, at, (low, high)) in enumerate(zip(names, self.point, self.box, strict=True)):
            at_low, at_high = (
                low is not None and at == low,
                high is not None and at == high,
            )
            if at_low or at_high:
                nonnegative.append(name)
            if isinstance(at, AlgebraicNumber):
                moved[name] = Polynomial(ring_names, ring(ring_names).gen(i)) + values[name]
            elif at:
                shift[i] = to_fmpq(at)
            if at_high:
                moved[name] = -Polynomial(ring_names, ring(ring_names).gen(i))
        moved.update((n, values[n]) for n, _ in self.numbers)
        generators = self.ideal.generators
        if irrational:
            generators = tuple(g.in_ring(ring_names) for g in generators)
        for g in generators:
            input_limits.check_translation(g.flint, shift)
        if shift:
            generators = tuple(
                Polynomial(ring_names, maps.translate(g.flint, shift)) for g in generators
            )
        if moved:
            generators = tuple(g.substitute(moved) for g in generators)
        if self.numbers:
            ring_names = (*names, ring_names[-1])
            generators = tuple(g.in_ring(ring_names) for g in generators)
        if field is not None:
            generators = tuple(Polynomial(ring_names, field.reduce(g.flint)) for g in generators)
        convention: Convention = "loss" if self.is_power_one else "ideal"
        exponents = tuple(
            Fraction(0) if tau and at else tau
            for tau, at in zip(self.prior, self.point, strict=True)
        )
        if active := self.active if self.inequalities else ():
            bound = {*nonnegative, *(n for n, t in zip(names, exponents, strict=True) if t)}
            centred = [g.translate(self.rational_point) for g in active]
            reflected = {
                n: -Polynomial(names, ring(names).gen(i))
                for i, (n, at, (_, high)) in enumerate(
                    zip(names, self.point, self.box, strict=True)
                )
                if high is not None and at == high
            }
            centred = [g.substitute(reflected) for g in centred] if reflected else centred
            generators, walls = straightened(generators, centred, bound)
            nonnegative += walls
        return Germ(names, generators, exponents, tuple(nonnegative), convention, field)


GermLike = LocalProblem | HasProblem | Ideal | Polynomial | str | Sequence[str | Polynomial]


@dataclass(frozen=True)
class Germ:
    """A local problem at the origin: generators, prior exponents, variables that are ≥ 0.

    field: where the point is irrational, the field of its coordinates: the generators are then
    reduced polynomials in the variables and the field's symbol, the last of the ring.
    """

    variables: tuple[str, ...]
    generators: tuple[Polynomial, ...]
    prior: tuple[Fraction, ...]
    nonnegative: tuple[str, ...]
    convention: Convention = "ideal"
    field: NumberField | None = None


def read_over(over: Over, names: Sequence[str]) -> tuple[RationalInterval, ...]:
    """The interval of each variable that "R^d" or a mapping of intervals means.

    Raises BadInput for another text, for a wrong dimension and for unknown variables.

    >>> read_over("R^d", ["x", "y"])
    ((None, None), (None, None))
    >>> read_over({"y": (0, None)}, ["x", "y"])
    ((None, None), (Fraction(0, 1), None))
    """
    if isinstance(over, str):
        kind = over.replace("**", "^").replace(" ", "")
        if kind not in ("R^d", "R^n", "R", f"R^{len(names)}") or (kind == "R" and len(names) != 1):
            raise BadInput(
                f"over: 'R^d' in {len(names)} variables, or intervals, received {quoted(over)}"
            )
        over = {}
    if not isinstance(over, Mapping):
        raise BadInput(f"over: 'R^d' or a mapping of intervals, received {quoted(over)}")
    unknown = [n for n in over if n not in names]
    if unknown:
        raise unknown_variable("over", unknown[0], names)
    found: list[RationalInterval] = []
    for n in names:
        pair = over.get(n, (None, None))
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise BadInput(f"over[{n}]: an interval (low, high), received {quoted(pair)}")
        low, high = (_end(v, f"over[{n}]") for v in pair)
        found.append((low, high))
    return tuple(found)


def _end(value: Rational | str | None, name: str) -> Fraction | None:
    """An end of an interval: a rational number, or None where the side is free."""
    try:
        return None if value is None else fraction(value, name)
    except BadInput as error:
        raise BadInput(
            f"{error}; an end is a rational number, as in 0:3/2, or left out, as in 0:"
        ) from None


def _as_ideal(
    generators: Ideal | Polynomial | str | Sequence[str | Polynomial],
    variables: str | Iterable[str] | None,
) -> Ideal:
    if isinstance(generators, Ideal):
        return (
            generators
            if variables is None
            else Ideal(check_names(variables), generators.generators)
        )
    generators = written(generators)
    if isinstance(generators, str | Polynomial):
        generators = [generators]
    items = list(generators) if isinstance(generators, Iterable) else []
    wrong = [g for g in items if not isinstance(g, str | Polynomial)]
    if wrong or not isinstance(generators, Iterable):
        raise BadInput(
            "generators: expressions are needed, as text, Polynomial or of SymPy, received "
            f"{quoted(wrong[0] if wrong else generators)}"
        )
    if all(isinstance(g, str) for g in items):
        return Ideal.parse([g for g in items if isinstance(g, str)], variables)
    parsed: list[Polynomial] = []
    for g in items:
        parsed += [g] if isinstance(g, Polynomial) else Ideal.parse(g).generators
    names: tuple[str, ...]
    if variables is None:
        names = tuple(dict.fromkeys(v for g in parsed for v in g.variables))
    else:
        names = check_names(variables)
    return Ideal(names, tuple(parsed))
