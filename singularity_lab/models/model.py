"""A model of the catalog: one description gives the exact loss over Q and its torch twin.

A *model* is the global object: variables w, a loss K(w) = Σ cᵢ pᵢ(w)² with rational cᵢ > 0, an
ideal whose sum of squares has the same λ and m as K at every point of {K = 0}, a prior, a domain.
Its *strata* name points of {K = 0}; a germ (:class:`~singularity_lab.algebra.problem.LocalProblem`)
is the model at one of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Ideal, PointLike, Polynomial, point_values
from singularity_lab.algebra.problem import Convention, LocalProblem
from singularity_lab.algebra.rings import to_fmpq
from singularity_lab.errors import BadInput, OutOfScope, quoted

if TYPE_CHECKING:
    from torch import Tensor

    Batched = Callable[[Tensor], Tensor]

Square = tuple[Fraction, Polynomial]
Reference = Callable[[Sequence[Fraction]], tuple[Fraction, tuple[Fraction, ...]]]
SideBounds = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Stratum:
    """A named point of the zero set {K = 0}, representative for a stratum on which λ and m do not
    change.

    deepest: the stratum lies in the closure of every other one, so that its λ is the global
    minimum.
    """

    name: str
    point: tuple[Fraction, ...]
    description: str = ""
    deepest: bool = False


@dataclass(frozen=True, eq=False)
class Model:
    """Variables, ideal, loss, domain, strata and torch twin of one loss.

    name: the builder; parameters: what it was called with.
    ideal: exact generators; (λ, m) of Σ generators² equals (λ, m) of the loss at every zero.
    squares: pairs (c > 0, p) with K = Σ c·p², the exact loss polynomial.
    strata: at least one; the first is the default point.
    prior: exponents τ by variable; box: intervals by variable (None: no bound).
    twin: the same K in torch, (c, d) → (c,), written from the description and not from ``squares``.
    analytic: where the model's own loss is not polynomial (a divergence, a tanh network): that loss
    in torch, with the same λ and m; None otherwise.
    polynomial: False for a trained network, whose loss near its minimum is no polynomial and has no
    polynomial ideal: then ``ideal`` is (0) and says nothing, ``squares`` is empty, and
    ``twin`` is the loss itself, and ``reference`` gives (K, ∇K) at a rational point to 40 digits.
    statement: the model and its loss in one sentence.
    """

    name: str
    parameters: Mapping[str, Any]
    ideal: Ideal
    squares: tuple[Square, ...]
    strata: tuple[Stratum, ...]
    twin: Batched
    statement: str
    prior: Mapping[str, Fraction] = field(default_factory=dict)
    box: Mapping[str, SideBounds] = field(default_factory=dict)
    analytic: Batched | None = None
    convention: Convention = "ideal"
    polynomial: bool = True
    reference: Reference | None = None

    def __post_init__(self) -> None:
        for what in ("parameters", "prior", "box"):
            object.__setattr__(self, what, MappingProxyType(dict(getattr(self, what))))
        generators = self.ideal.generators
        work = len(self.strata) * len(generators) * (10 + len(self.ideal.variables))
        at_most(input_limits.MODEL // 4, **{"strata times generators times variables": work})
        for stratum in self.strata:
            values = [to_fmpq(c) for c in stratum.point]
            if any(
                g.flint(*values) if values and g.degree <= 100 else g(stratum.point)
                for g in generators
            ):
                raise BadInput(
                    f"model {self.name}: stratum {stratum.name!r} is not a zero of the ideal"
                )

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return self.ideal.variables

    @property
    def dimension(self) -> int:
        return len(self.ideal.variables)

    def exact(self, point: Sequence[Fraction]) -> tuple[Fraction, tuple[Fraction, ...]]:
        """(K, ∇K) at a rational point: exactly, or to 40 digits where K is no polynomial."""
        if self.reference is not None:
            return self.reference(point)
        return self.value(point), self.gradient(point)

    @cached_property
    def loss(self) -> Polynomial:
        """K = Σ c·p², expanded. Large for deep networks; :meth:`value` does not expand."""
        total = Polynomial.constant(0, self.variables)
        for c, p in self.squares:
            total = total + (p if self.convention == "loss" else p * p) * c
        return total

    def value(self, point: PointLike) -> Fraction:
        """K at a rational point, exactly."""
        if self.convention == "loss":
            return sum((c * p(point) for c, p in self.squares), Fraction(0))
        return sum((c * p(point) ** 2 for c, p in self.squares), Fraction(0))

    def gradient(self, point: PointLike) -> tuple[Fraction, ...]:
        """∇K at a rational point, exactly, in the order of the variables."""
        at = point_values(point, self.variables)
        total = [Fraction(0)] * self.dimension
        for c, p in self.squares:
            factor = c if self.convention == "loss" else 2 * c * p(at)
            if factor:
                for i, v in enumerate(self.variables):
                    total[i] += factor * p.derivative(v)(at)
        return tuple(total)

    def stratum(self, name: str) -> Stratum:
        """The stratum of that name. Raises BadInput if there is none."""
        for s in self.strata:
            if s.name == name:
                return s
        raise BadInput(
            f"at: model {self.name} has no stratum {name!r}; "
            f"it has {', '.join(s.name for s in self.strata)}"
        )

    def problem(self, at: str | PointLike | None = None) -> LocalProblem:
        """The germ at a stratum (by name), at a point, or at the first stratum.

        Raises BadInput for an unknown stratum, and for a point where K is not 0; OutOfScope for a
        loss that is no polynomial.

        >>> from singularity_lab.models import build
        >>> print(build("normal_crossing", exponents=[1, 2]).problem().ideal)
        (w1*w2^2) in Q[w1, w2]
        """
        if not self.polynomial:
            raise OutOfScope(f"model {self.name}: the loss is no polynomial; it has no exact germ")
        if at is None:
            point: tuple[Fraction, ...] = self.strata[0].point
        elif isinstance(at, str):
            point = self.stratum(at).point
        else:
            point = point_values(at, self.variables, "at")
            if any(g(point) for g in self.ideal.generators):
                where = ", ".join(map(str, point))
                raise BadInput(f"at: the loss of {self.name} does not vanish at ({where})")
        return LocalProblem.build(
            self.ideal,
            at=point,
            prior=dict(self.prior),
            box=dict(self.box),
            convention=self.convention,
        )

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
        return f"Model({self.name}({inside}), dimension={self.dimension})"


# -- the registry --------------------------------------------------------------------------------

Builder = Callable[..., Model]
_BUILDERS: dict[str, Builder] = {}
B = TypeVar("B", bound=Builder)


def builder(function: B) -> B:
    """Register a builder under its own name; its annotations are the types of the parameters."""
    _BUILDERS[function.__name__] = function
    return function


def builders() -> tuple[str, ...]:
    """The names of all builders."""
    return tuple(sorted(_BUILDERS))


def description(name: str) -> str:
    """What a builder says of its model: its docstring without the examples; empty for an unknown
    name.

    >>> description("toy_superposition").partition(",")[0]
    'Toy model of superposition without bias'
    """
    function = _BUILDERS.get(name)
    text = inspect.getdoc(function) if function is not None else None
    return (text or "").partition(">>>")[0].rstrip()


def signature(name: str) -> dict[str, tuple[Any, Any]]:
    """Parameter → (type, default) of a builder; ``inspect.Parameter.empty`` where there is no
    default.

    Raises BadInput for an unknown builder, naming the nearest ones.
    """
    if name not in _BUILDERS:
        import difflib

        near = difflib.get_close_matches(str(name), _BUILDERS, n=3) or sorted(_BUILDERS)
        raise BadInput(f"model: no builder {name!r}; perhaps {', '.join(near)}")
    function = _BUILDERS[name]
    hints = get_type_hints(function)
    return {
        key: (hints[key], p.default) for key, p in inspect.signature(function).parameters.items()
    }


def build(name: str, /, **parameters: Any) -> Model:
    """The model that a builder makes from parameters (checked against its types).

    Raises BadInput for an unknown builder, an unknown, missing or ill-typed parameter, and for
    values that the builder's own rule excludes.

    >>> build("reduced_rank_regression", inputs=2, outputs=1, hidden=1, rank=0).ideal.generators
    (Polynomial('a11*b11', 'a11 a12 b11'), Polynomial('a12*b11', 'a11 a12 b11'))
    >>> build("reduced_rank_regression", inputs=2, outputs=1, hidden=1, rnak=0)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: reduced_rank_regression: unknown parameter 'rnak'; \
known: inputs, outputs, hidden, rank
    """
    known = signature(name)
    for key in parameters:
        if key not in known:
            raise BadInput(f"{name}: unknown parameter {quoted(key)}; known: {', '.join(known)}")
    for key, value in parameters.items():
        input_limits.parameters(value, f"{name}: parameter {key!r}")
    values = {}
    for key, (kind, default) in known.items():
        if key in parameters:
            try:
                values[key] = msgspec.convert(parameters[key], kind)
            except msgspec.ValidationError as error:
                raise BadInput(f"{name}: parameter {key!r}: {error}") from None
        elif default is inspect.Parameter.empty:
            raise BadInput(f"{name}: parameter {key!r} is missing")
    return _BUILDERS[name](**values)


# -- helpers that builders share
# --------------------------------------------------------------------


def at_least(bound: int, **values: int) -> None:
    """Raise BadInput unless every named value is an integer ≥ bound."""
    for name, value in values.items():
        if value < bound:
            raise BadInput(f"{name}: an integer >= {bound} is needed, received {value}")


def check_rank(rank: int, **sizes: int) -> None:
    """Raise BadInput unless 0 ≤ rank ≤ the least of the named sizes.

    >>> check_rank(3, rows=2, columns=4)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: rank: 0 <= rank <= min(rows, columns) = 2 is needed, received 3
    """
    least = min(sizes.values())
    if not 0 <= rank <= least:
        names = ", ".join(sizes)
        raise BadInput(f"rank: 0 <= rank <= min({names}) = {least} is needed, received {rank}")


def at_most(bound: int, **predicted: int) -> None:
    """Raise BadInput unless every predicted count is an integer ≤ bound.

    >>> at_most(10**6, outcomes=2**30)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: outcomes: the model would have 1073741824 (at most 1000000)
    """
    for name, value in predicted.items():
        if value > bound:
            many = value if value < 10**12 else "10^12 or more"
            raise BadInput(f"{name}: the model would have {many} (at most {bound})")


def origin(variables: Sequence[str], description: str = "", *, deepest: bool = False) -> Stratum:
    """The stratum of the point 0."""
    return Stratum("origin", (Fraction(0),) * len(variables), description, deepest)


def unweighted(generators: Sequence[Polynomial]) -> tuple[Square, ...]:
    """K = Σ fᵢ² as squares with c = 1, zero generators dropped."""
    return tuple((Fraction(1), g) for g in generators if not g.is_zero)


def polynomial_twin(
    squares: Sequence[Square], dimension: int, convention: Convention = "ideal"
) -> Batched:
    """K in torch, by summing monomials: for models that are given by polynomials and by nothing
    else."""
    data = [(float(c), [(a, float(x)) for a, x in p.terms()]) for c, p in squares]

    def twin(w: Tensor) -> Tensor:
        total = w.new_zeros(w.shape[0])
        for c, terms in data:
            value = w.new_zeros(w.shape[0])
            for exponent, coefficient in terms:
                term = w.new_full((w.shape[0],), coefficient)
                for i, e in enumerate(exponent):
                    if e:
                        term = term * w[:, i] ** e
                value = value + term
            total = total + c * (value if convention == "loss" else value * value)
        return total

    return twin
