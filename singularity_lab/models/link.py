"""Regressions by a link: from natural parameters to the ideal, and to the real cross-entropy.

Let p(y | x, w) be a minimal regular exponential family in y whose parameter η(x, w) is a function
of an input x and of w, and w₀ the true parameter. Near w₀ the Fisher information is positive
definite on finitely many inputs, so that

    K(w) = E_x KL(p(· | x, w₀) ‖ p(· | x, w)) ≍ Σ_x |η(x, w) − η(x, w₀)|²

(Watanabe 2009, section 7.1): the ideal of the differences of η has the λ and m of the
cross-entropy minus its minimum. For inputs whose law has an open support and η polynomial in x, the
coefficients of the difference as a polynomial in x do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from singularity_lab.algebra.analytic_problem import (
    AnalyticProblem,
    Problem,
    Reader,
    analytic_texts,
    variables_of,
)
from singularity_lab.algebra.names import check_names
from singularity_lab.algebra.parsing import tokens_of
from singularity_lab.algebra.polynomial import PointLike, parse, point_values
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput, OutOfScope, quoted
from singularity_lab.models.moments import Law, coefficients

if TYPE_CHECKING:
    from torch import Tensor

    from singularity_lab.spectroscopes.losses.function import FunctionLoss

LinkFamily = Literal["softmax", "logistic", "poisson", "gaussian"]
Inputs = Mapping[str, Sequence[Rational | str]] | str
_NODES = 24  # of the quadrature for each input that is uniform


@dataclass(frozen=True)
class Link:
    """A regression model with its truth.

    parameters: the parameters w of the model; truth: w₀. natural: the expressions of η as typed.
    generators: differences that generate the ideal of K at w₀. inputs: one row of values for each
    input, or None for inputs uniform on [−1, 1]^k.
    """

    family: LinkFamily
    natural: tuple[str, ...]
    parameters: tuple[str, ...]
    truth: tuple[Fraction, ...]
    names: tuple[str, ...]
    inputs: tuple[tuple[Fraction, ...], ...] | None
    generators: tuple[str, ...]

    @property
    def has_functions(self) -> bool:
        """Whether the generators are no polynomials."""
        return analytic_texts(self.generators) is not None

    def problem(self) -> Problem:
        """The germ of K at the truth, by the ideal of the differences: what ``rlct`` takes."""
        if self.has_functions:
            return AnalyticProblem.build(self.generators, self.parameters, at=self.truth)
        return LocalProblem.build(list(self.generators), self.parameters, at=self.truth)

    def cross_entropy(self) -> str:
        """K itself as an expression: the mean over the inputs of the divergence from the truth.

        Raises OutOfScope for inputs that are not finitely many.
        """
        if self.inputs is None:
            raise OutOfScope("cross_entropy: an expression needs finitely many inputs")
        parts = [self._divergence(row) for row in self.inputs]
        return f"({' + '.join(parts)})/{len(parts)}"

    def _divergence(self, row: Sequence[Fraction]) -> str:
        eta = [_put(t, dict(zip(self.names, row, strict=True))) for t in self.natural]
        true = [_put(t, dict(zip(self.parameters, self.truth, strict=True))) for t in eta]
        if self.family == "gaussian":
            squares = (f"(({a}) - ({b}))^2" for a, b in zip(eta, true, strict=True))
            return f"({' + '.join(squares)})/2"
        if self.family == "poisson":
            (r,), (s,) = eta, true
            return f"(({r}) - ({s}) - ({s})*(log({r}) - log({s})))"
        if self.family == "logistic":
            (a,), (b,) = eta, true
            return f"(softplus({a}) - softplus({b}) - sigmoid({b})*(({a}) - ({b})))"
        total, at = (f"log({' + '.join(f'exp({t})' for t in texts)})" for texts in (eta, true))
        norm = " + ".join(f"exp({t})" for t in true)
        mean = " + ".join(
            f"exp({b})/({norm})*(({a}) - ({b}))" for a, b in zip(eta, true, strict=True)
        )
        return f"({total} - {at} - ({mean}))"

    def twin(self, w: Tensor) -> Tensor:
        """The cross-entropy minus its minimum at parameters (c, d), by torch's own functions: (c,).

        Uniform inputs are integrated by Gauss and Legendre.
        """
        import torch

        if self.inputs is None:
            nodes, weights = Law("uniform", len(self.names)).quadrature(_NODES)
        else:
            rows = [[float(v) for v in row] for row in self.inputs]
            nodes = torch.tensor(rows, dtype=torch.float64).reshape(len(rows), len(self.names))
            weights = torch.full((len(rows),), 1 / len(rows), dtype=torch.float64)
        nodes, weights = nodes.to(w), weights.to(w)
        truth = torch.tensor([[float(v) for v in self.truth]], dtype=w.dtype, device=w.device)
        eta, true = self._at(w, nodes), self._at(truth, nodes)
        if self.family == "gaussian":
            values = ((eta - true) ** 2).sum(2) / 2
        elif self.family == "poisson":
            values = (eta - true - true * (eta.log() - true.log())).sum(2)
        elif self.family == "logistic":
            soft = torch.nn.functional.softplus
            values = (soft(eta) - soft(true) - torch.sigmoid(true) * (eta - true)).sum(2)
        else:
            p = torch.softmax(true, 2)
            values = (p * (torch.log_softmax(true, 2) - torch.log_softmax(eta, 2))).sum(2)
        return (values * weights).sum(1)

    def _at(self, w: Tensor, nodes: Tensor) -> Tensor:
        """η at parameters (c, d) and inputs (n, k): (c, n, outputs)."""
        import torch

        images = {n: w[:, i : i + 1] for i, n in enumerate(self.parameters)}
        images |= {n: nodes[:, i].unsqueeze(0) for i, n in enumerate(self.names)}
        shape = (len(w), len(nodes))

        def number(value: Fraction) -> Tensor:
            return w.new_tensor(float(value))

        def function(name: str, *z: Tensor) -> Tensor:
            if not z:
                return w.new_tensor(torch.pi)
            if name == "softplus":
                return torch.nn.functional.softplus(z[0])
            found: Tensor = getattr(torch, name)(z[0])
            return found

        columns = [Reader(t, images, number, function).read() for t in self.natural]
        return torch.stack([c.expand(shape) for c in columns], 2)

    def loss(self) -> FunctionLoss:
        """The twin as a loss that devices measure, centred at the truth."""
        from singularity_lab.spectroscopes.losses.function import FunctionLoss

        center = [float(v) for v in self.truth]
        name = f"link:{self.family}:{', '.join(self.natural)}"
        return FunctionLoss(self.twin, len(self.parameters), center=center, loss_id=name)


def link(
    natural: str | Sequence[str],
    *,
    family: LinkFamily,
    inputs: Inputs = "",
    truth: PointLike | None = None,
    variables: str | Sequence[str] | None = None,
) -> Link:
    """Return the regression model with these natural parameters: its ideal at the truth, its
    cross-entropy as an expression and as a torch twin.

    natural: expressions in parameters and inputs, functions included: for ``softmax`` a logit for
    each class, for ``logistic`` one logit, for ``gaussian`` the means (variance 1), for
    ``poisson`` one rate, which is positive at the truth (type exp(…) for a log rate). inputs:
    values by name, {"x": [0, 1, 2]},
    the i-th input having the i-th values; or names, "x1 x2", of inputs uniform on [−1, 1]. truth:
    the parameters of the true distribution (0 unless given).

    Raises BadInput for another family, for lists of unequal length and a rate that is not positive;
    OutOfScope for uniform inputs where the parameters are no polynomials in them.

    >>> model = link("a*tanh(b*x)", family="logistic", inputs={"x": [1, 2]})
    >>> model.generators[0], model.parameters
    ('a*tanh(b*(1)) - ((0)*tanh((0)*(1)))', ('a', 'b'))

    Reference: Watanabe 2009, *Algebraic Geometry and Statistical Learning Theory*, section 7.1.
    """
    if family not in ("softmax", "logistic", "poisson", "gaussian"):
        raise BadInput(
            "family: 'softmax', 'logistic', 'poisson' or 'gaussian' is needed, "
            f"received {quoted(family)}"
        )
    texts = (natural,) if isinstance(natural, str) else tuple(natural)
    if family in ("logistic", "poisson") and len(texts) != 1:
        raise BadInput(f"natural: {family} takes one expression, received {len(texts)}")
    if family == "softmax" and len(texts) < 2:
        raise BadInput(f"natural: softmax takes a logit for each class, received {len(texts)}")
    names, rows = _inputs(inputs)
    if variables is None:
        parameters = tuple(n for n in variables_of(texts) if n not in names)
    else:
        parameters = check_names(variables)
    point = point_values({} if truth is None else truth, parameters, "truth")
    at = dict(zip(parameters, point, strict=True))
    columns = list(texts)
    if family == "softmax":
        columns = [f"({t}) - ({texts[-1]})" for t in texts[:-1]]
    if rows is None:
        generators = _by_coefficients(columns, names, parameters, at)
    else:
        put = [[_put(t, dict(zip(names, row, strict=True))) for t in columns] for row in rows]
        generators = [f"{t} - ({_put(t, at)})" for row in put for t in row]
        if family == "poisson":
            _check_rates([_put(t, at) for row in put for t in row])
    return Link(family, texts, parameters, point, names, rows, tuple(generators))


def _check_rates(texts: Sequence[str]) -> None:
    for text in texts:
        _, (rate,) = AnalyticProblem((text,), (), (), (), ()).germs()
        if rate.sign() <= 0:
            raise BadInput(f"natural: a rate is positive at the truth, received {text}")


def _inputs(
    inputs: Inputs,
) -> tuple[tuple[str, ...], tuple[tuple[Fraction, ...], ...] | None]:
    """Names, and a row of values for each input; None for uniform ones."""
    if isinstance(inputs, str):
        names = check_names(inputs)
        return names, (None if names else ((),))
    names = check_names(tuple(inputs))
    lengths = {len(v) for v in inputs.values()}
    if len(lengths) > 1 or lengths == {0}:
        raise BadInput(f"inputs: lists of one length >= 1 are needed, received {sorted(lengths)}")
    columns = [[fraction(v, f"inputs[{n}]") for v in inputs[n]] for n in names]
    return names, tuple(zip(*columns, strict=True)) if names else ((),)


def _put(text: str, values: Mapping[str, Any]) -> str:
    """An expression with numbers in place of names."""
    found, last = [], 0
    for kind, token, at in tokens_of(text):
        if kind == "name" and token in values:
            found += [text[last:at], f"({values[token]})"]
            last = at + len(token)
    return "".join((*found, text[last:]))


def _by_coefficients(
    columns: Sequence[str],
    names: Sequence[str],
    parameters: Sequence[str],
    at: Mapping[str, Fraction],
) -> list[str]:
    """The coefficients in the inputs of η − η₀, where it is a polynomial."""
    found = []
    for text in columns:
        if analytic_texts(text) is not None:
            raise OutOfScope(
                "inputs: for functions, give finitely many inputs; uniform ones need polynomials"
            )
        f = parse(text, (*parameters, *names))
        g = parse(_put(text, at), (*parameters, *names))
        found += [str(c) for c in coefficients(f - g, names, parameters).values() if not c.is_zero]
    return found or ["0"]
