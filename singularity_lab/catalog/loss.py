"""The border between the two arms: from an entry, a polynomial or a network to the loss that a
device sees.

It reads exact polynomials and hands over numbers: what it hands over has values, gradients, a
centre, a domain and prior exponents, and no λ.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, cast

from singularity_lab.algebra.expression import Expression, Node
from singularity_lab.algebra.polynomial import Ideal, PointLike, Polynomial, point_values
from singularity_lab.algebra.problem import Convention, LocalProblem, RationalInterval
from singularity_lab.algebra.rings import Rational
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.lookup import find_row
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Model
from singularity_lab.spectroscopes.losses.function import FunctionLoss
from singularity_lab.spectroscopes.losses.module import ModuleLoss
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Domain, Loss
from singularity_lab.system.floats import as_float

if TYPE_CHECKING:
    import torch

__all__ = ["Loss", "loss", "takes_germs"]

P = ParamSpec("P")
T = TypeVar("T")
LossForm = Literal["polynomial", "twin", "analytic", "ideal"]
TypedForm = tuple[Any, ...]


def loss(
    source: Entry
    | Model
    | LocalProblem
    | Ideal
    | Polynomial
    | str
    | Sequence[str]
    | torch.nn.Module,
    inputs: torch.Tensor | None = None,
    targets: torch.Tensor | None = None,
    *,
    form: LossForm = "polynomial",
    variables: str | Iterable[str] | None = None,
    at: str | PointLike | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    nonnegative: str | Iterable[str] = (),
    box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
    convention: Convention = "ideal",
    criterion: Any = None,
    batch_size: int | None = None,
    loss_id: str | None = None,
) -> Loss:
    """Return the loss of a catalog row, of polynomials, or of a torch module on data, for many
    points at once.

    source: an :class:`Entry`, its id or a Model; a LocalProblem, an Ideal, a Polynomial or
    expressions, in text or of SymPy (K = Σ fᵢ², or the one expression itself with
    ``convention="loss"``); or a torch module with ``inputs`` and ``targets``. form, for entries and
    models: ``polynomial`` is the exact loss as a sum of squares (fast, accurate near 0); ``ideal``
    is Σ generators², which has the same λ and m; ``twin`` is the torch implementation of the loss;
    ``analytic`` the model's own loss where it is no polynomial (a divergence, a tanh network). at:
    the centre w*, for models a stratum's name too. prior, nonnegative, box: as in
    LocalProblem.build. criterion, batch_size: as in ModuleLoss. Raises BadInput for a combination
    that makes no sense, and for a form that the model does not have.

    >>> import torch
    >>> K = loss("x^2 - y^3")
    >>> K.value(torch.tensor([[1.0, 2.0]])).tolist()
    [49.0]
    >>> from singularity_lab.models import build
    >>> K = loss(build("reduced_rank_regression", inputs=1, outputs=1, hidden=1, rank=1))
    >>> K.center.tolist(), K.value(torch.tensor([[2.0, 2.0]])).tolist()
    ([1.0, 1.0], [9.0])
    """
    if isinstance(source, str | list | tuple):
        source = find_row(source, variables) or source
    if isinstance(source, Entry | Model):
        _refuse(
            "given by the model",
            inputs=inputs,
            targets=targets,
            variables=variables,
            prior=prior,
            nonnegative=nonnegative,
            box=box,
            criterion=criterion,
            batch_size=batch_size,
        )
        if isinstance(source, Entry):
            place = source.at or None if at is None else at
            return _of_model(source.model(), place, form, loss_id or source.id)
        return _of_model(source, at, form, loss_id)
    if form != "polynomial":
        raise BadInput(
            f"form: {form!r} is for entries and models, received {type(source).__name__}"
        )
    if isinstance(source, LocalProblem):
        _refuse(
            "given by the problem",
            inputs=inputs,
            targets=targets,
            variables=variables,
            at=at,
            prior=prior,
            nonnegative=nonnegative,
            box=box,
            criterion=criterion,
            batch_size=batch_size,
        )
        return _of_problem(source, loss_id)
    if _is_germ(source):
        _refuse(
            "for torch modules",
            inputs=inputs,
            targets=targets,
            criterion=criterion,
            batch_size=batch_size,
        )
        if isinstance(at, str):
            raise BadInput(f"at: coordinates are needed for polynomials, received {at!r}")
        problem = LocalProblem.build(
            cast(Any, source),
            variables,
            at=at,
            prior=prior,
            nonnegative=nonnegative,
            box=box,
            convention=convention,
        )
        return _of_problem(problem, loss_id)
    return _of_module(
        source,
        inputs,
        targets,
        criterion,
        batch_size,
        loss_id,
        at=at,
        prior=prior,
        variables=variables,
        nonnegative=nonnegative,
        box=box,
    )


_OF_GERMS = ("form", "variables", "at", "prior", "nonnegative", "box", "convention")


def takes_germs(function: Callable[P, T]) -> Callable[P, T]:
    """The function with its argument ``loss`` read by :func:`loss` where it is a text, a row, a
    model, a polynomial or a problem, as the command ``singlab measure`` reads its words.

    What ``loss`` takes beside these (``at``, ``variables``, ``convention``, …) may stand among the
    function's own arguments. A Loss, a torch module and all else go to the function as they are.

    >>> from singularity_lab.spectroscopes import measure
    >>> print(takes_germs(measure)("hessian", "x^2 + y^2 - 1", at={"x": 1}).lambda_.value)
    0.5
    """
    parameters = list(inspect.signature(function).parameters.values())
    place = next(k for k, p in enumerate(parameters) if p.name == "loss")

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> T:
        call: Callable[..., T] = function
        named = place >= len(args)
        source = given.get("loss") if named else args[place]
        if not _is_germ(source):
            return call(*args, **given)
        beside = {name: given.pop(name) for name in _OF_GERMS if name in given}
        made = loss(cast(Any, source), **beside)
        if named and parameters[place].kind != inspect.Parameter.POSITIONAL_ONLY:
            return call(*args, **{**given, "loss": made})
        return call(*args[:place], made, *args[place + 1 :], **given)

    return called


def _is_germ(source: Any) -> bool:
    """True for what :func:`loss` reads and the measuring arm does not know."""
    known = str | list | tuple | Entry | Model | LocalProblem | Ideal | Polynomial
    return isinstance(source, known) or type(source).__module__.startswith("sympy.")


def _refuse(why: str, **arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None and not (isinstance(value, str | tuple) and not value):
            raise BadInput(f"{name}: {why}, so it cannot be given here as well")


def _terms(p: Polynomial) -> tuple[list[Any], list[tuple[int, ...]]]:
    """Coefficients and exponent rows, exactly."""
    pairs = list(p.terms())
    return [c for _, c in pairs], [a for a, _ in pairs]


def _weighted(c: Fraction, p: Polynomial) -> tuple[list[Any], list[tuple[int, ...]]]:
    """√c·p, whose square is c·p²; exact when c is a rational square."""
    top, bottom = math.isqrt(c.numerator), math.isqrt(c.denominator)
    root = Fraction(top, bottom)
    if root * root != c:
        # a float is an exact binary fraction: the shift to the centre stays exact
        root = Fraction(math.sqrt(c))
    return _terms(p * root)


def _domain(box: Sequence[RationalInterval]) -> Domain | None:
    if all(side == (None, None) for side in box):
        return None
    return Domain(
        tuple(-math.inf if low is None else as_float(low, "box") for low, _ in box),
        tuple(math.inf if high is None else as_float(high, "box") for _, high in box),
    )


def _exponents(prior: Sequence[Fraction]) -> list[float] | None:
    return [as_float(t, "prior") for t in prior] if any(prior) else None


def _of_problem(problem: LocalProblem, loss_id: str | None) -> Loss:
    generators = [g for g in problem.ideal.generators if not g.is_zero]
    if not generators:
        raise BadInput("generators: all of them are 0; there is no loss to measure")
    if problem.convention == "two-sided":
        raise BadInput("convention: a loss or an ideal is measured, received 'two-sided'")
    if problem.inequalities:
        raise BadInput(
            "nonnegative: constraints on variables are measured, received "
            f"{problem.inequalities[0]} >= 0"
        )
    as_loss = problem.convention == "loss"
    return PolynomialLoss.from_exponents(
        [_terms(g) for g in generators],
        center=list(problem.point),
        domain=_domain(problem.box),
        prior_exponents=_exponents(problem.prior),
        as_loss=as_loss,
        loss_id=loss_id,
        typed=_typed(generators, as_loss),
    )


def _typed(
    generators: Sequence[Polynomial], as_loss: bool
) -> tuple[TypedForm, list[tuple[list[Any], list[tuple[int, ...]]]]] | None:
    """K in its typed form over leaves, or None where that is no more than a sum of terms.

    One K that is typed as a sum of terms is taken by its factors over Q, where one is a power.
    """
    leaves: list[Polynomial] = []
    forms = []
    for g in generators:
        e = Expression.of(g)
        if as_loss and e.expanded and not g.is_constant:
            c, factors = g.factor()
            if c > 0 and any(n > 1 for _, n in factors):
                parts = [_power_of(_leaf(q, leaves), n) for q, n in factors]
                forms.append(("product", (("number", c), *parts)))
                continue
        forms.append(_form(e.tree, e, leaves))
    if all(f[0] == "leaf" for f in forms):
        return None
    whole = forms[0] if as_loss else ("sum", tuple(("power", f, 2) for f in forms))
    return whole, [_terms(q) for q in leaves]


def _form(node: Node, e: Expression, leaves: list[Polynomial]) -> TypedForm:
    """Powers and products as typed, and sums of squares; every other sum is one leaf, expanded.

    (x + 1)² − 1 near 0 is better expanded; (x − y)² + (x·y)⁴ is not.
    """
    here = Expression(e.variables, node)
    if node[0] == "number":
        return node
    if node[0] == "power" and node[1][0] != "variable":
        return ("power", _form(node[1], e, leaves), node[2])
    if not here.expanded and (node[0] == "product" or here.squares() is not None):
        return (node[0], tuple(_form(part, e, leaves) for part in node[1]))
    return _leaf(here.polynomial, leaves)


def _leaf(q: Polynomial, leaves: list[Polynomial]) -> TypedForm:
    leaves.append(q)
    return ("leaf", len(leaves) - 1)


def _power_of(form: TypedForm, n: int) -> TypedForm:
    return form if n == 1 else ("power", form, n)


def _of_model(
    model: Model, at: str | PointLike | None, form: LossForm, loss_id: str | None
) -> Loss:
    if not model.polynomial:
        return _of_network(model, at, form, loss_id)
    problem = model.problem(at)
    name = loss_id or repr(model)
    if form == "ideal":
        return _of_problem(problem, f"{name}:ideal")
    if form == "polynomial" and model.name == "inline":  # as typed
        return _of_problem(problem, name)
    if form == "polynomial":
        as_loss = model.convention == "loss"
        return PolynomialLoss.from_exponents(
            [_terms(p * c) if as_loss else _weighted(c, p) for c, p in model.squares],
            center=list(problem.point),
            domain=_domain(problem.box),
            prior_exponents=_exponents(problem.prior),
            as_loss=as_loss,
            loss_id=loss_id,
        )
    function = {"twin": model.twin, "analytic": model.analytic}.get(form)
    if function is None:
        if form == "analytic":
            raise BadInput(
                f"form: the loss of {model.name} is the polynomial; it has no analytic form"
            )
        raise BadInput(
            f"form: 'polynomial', 'ideal', 'twin' or 'analytic' is needed, received {form!r}"
        )
    return FunctionLoss(
        function,
        model.dimension,
        center=[as_float(x, "at") for x in problem.point],
        domain=_domain(problem.box),
        prior_exponents=_exponents(problem.prior),
        loss_id=f"{name}:{form}",
    )


def _of_network(
    model: Model, at: str | PointLike | None, form: LossForm, loss_id: str | None
) -> Loss:
    """A trained network: its one loss, at its minimum."""
    if form == "ideal":
        raise BadInput(f"form: the loss of {model.name} is no polynomial; it has no ideal")
    if isinstance(at, str):
        center = model.stratum(at).point
    else:
        center = model.strata[0].point if at is None else point_values(at, model.variables, "at")
    return FunctionLoss(
        model.twin,
        model.dimension,
        center=[as_float(x, "at") for x in center],
        domain=_domain([model.box.get(v, (None, None)) for v in model.variables]),
        loss_id=loss_id or repr(model),
    )


def _of_module(
    module: Any,
    inputs: Any,
    targets: Any,
    criterion: Any,
    batch_size: int | None,
    loss_id: str | None,
    **others: Any,
) -> Loss:
    import torch

    if not isinstance(module, torch.nn.Module):
        raise BadInput(
            "source: an entry, a model, a problem, polynomials or a torch module is needed, "
            f"received {type(module).__name__}"
        )
    _refuse("for polynomials", **others)
    if inputs is None or targets is None:
        raise BadInput("inputs, targets: a torch module needs both")
    built = ModuleLoss(module, inputs, targets, criterion, batch_size=batch_size, loss_id=loss_id)
    return cast(Loss, built)
