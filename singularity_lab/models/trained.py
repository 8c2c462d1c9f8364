"""Trained networks: a minimum that training has found, whose loss is no polynomial.

Nobody can prove λ at such a point: the data are in general position, the minimum is known to
sixteen digits, and the loss there is not 0. These rows carry readings only (status *unknown*). The
loss is K(w) = L(w) − L(w*), L the mean squared error of the network on its data.

The twin is checked against the same network in 40-digit arithmetic, with its gradient by
back-propagation written out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Model, Stratum, at_least, builder
from singularity_lab.models.pieces import rational_table
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor

Number = int | str
DIGITS = 40
# |∇L| at the minimum; training in float64 reaches 1e-13.
STATIONARY = Fraction(1, 10**10)


def parameter_names(widths: Sequence[int]) -> list[str]:
    """Layer by layer: weights w{l}_{to}_{from}, then biases c{l}_{to}; no bias in the last layer.

    >>> parameter_names([1, 1, 1])
    ['w1_1_1', 'c1_1', 'w2_1_1']
    """
    names = []
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(widths), 1):
        names += [f"w{layer}_{j + 1}_{i + 1}" for j in range(n_out) for i in range(n_in)]
        if layer < len(widths) - 1:
            names += [f"c{layer}_{j + 1}" for j in range(n_out)]
    return names


def reference(
    widths: Sequence[int],
    activation: str,
    inputs: Sequence[Sequence[Fraction]],
    targets: Sequence[Sequence[Fraction]],
    point: Sequence[Fraction],
) -> tuple[Fraction, tuple[Fraction, ...]]:
    """(L, ∇L) in arithmetic of 40 digits, by back-propagation.

    >>> value, slopes = reference([1, 1, 1], "tanh", [[Fraction(0)]], [[Fraction(3)]], [0, 0, 1])
    >>> value, slopes[2]
    (Fraction(9, 1), Fraction(0, 1))
    """
    import mpmath

    with mpmath.workdps(DIGITS):

        def number(q: Fraction | int) -> Any:
            q = Fraction(q)
            return mpmath.mpf(q.numerator) / q.denominator

        w = [number(x) for x in point]
        layers, at = [], 0
        for k, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
            rows = [w[at + j * n_in : at + (j + 1) * n_in] for j in range(n_out)]
            at += n_in * n_out
            biased = k < len(widths) - 2
            layers.append((rows, w[at : at + n_out] if biased else [mpmath.mpf(0)] * n_out, biased))
            at += n_out * biased
        total = mpmath.mpf(0)
        slopes = [mpmath.mpf(0)] * len(w)
        for x, y in zip(inputs, targets, strict=True):
            values = [[number(c) for c in x]]
            for rows, biases, hidden in layers:
                s = [mpmath.fdot(r, values[-1]) + c for r, c in zip(rows, biases, strict=True)]
                if hidden:
                    s = [mpmath.tanh(t) if activation == "tanh" else max(t, 0) for t in s]
                values.append(s)
            error = [f - number(t) for f, t in zip(values[-1], y, strict=True)]
            total += mpmath.fdot(error, error) / len(inputs)
            delta = [2 * e / len(inputs) for e in error]
            end = len(w)
            for k in range(len(layers) - 1, -1, -1):
                rows, _, hidden = layers[k]
                if hidden:  # the derivative through the activation, from its value
                    out = values[k + 1]
                    delta = [
                        d * (1 - v * v if activation == "tanh" else (1 if v > 0 else 0))
                        for d, v in zip(delta, out, strict=True)
                    ]
                    end -= len(rows)
                    for j, d in enumerate(delta):
                        slopes[end + j] += d
                end -= len(rows) * len(rows[0])
                for j, d in enumerate(delta):
                    for i, v in enumerate(values[k]):
                        slopes[end + j * len(rows[0]) + i] += d * v
                delta = [
                    mpmath.fsum(d * rows[j][i] for j, d in enumerate(delta))
                    for i in range(len(rows[0]))
                ]
        return _exact(total), tuple(_exact(s) for s in slopes)


def _exact(x: Any) -> Fraction:
    """An mpf is a binary fraction."""
    sign, mantissa, exponent, _ = x._mpf_
    value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -value if sign else value


def train(
    widths: Sequence[int],
    activation: str,
    inputs: Sequence[Sequence[Number]],
    targets: Sequence[Sequence[Number]],
    seed: int,
    steps: int = 4000,
) -> list[str]:
    """A local minimum by Levenberg–Marquardt from a standard normal start, in float64, as texts.

    This is how the minima on file were found; the same seed gives the same minimum up to the last
    digits of the platform's linear algebra. Raises BadInput when it does not get stationary.
    """
    import numpy as np

    X = np.array([[float(Fraction(c)) for c in row] for row in inputs])
    Y = np.array([[float(Fraction(c)) for c in row] for row in targets])
    w = np.random.default_rng(seed).standard_normal(len(parameter_names(widths)))

    def residuals(w: Any) -> tuple[Any, Any]:
        """Residuals (n·out,) and their Jacobian (n·out, d)."""
        value = X
        jacobian = np.zeros((len(X), widths[0], len(w)))
        at = 0
        for k, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
            W = w[at : at + n_in * n_out].reshape(n_out, n_in)
            after = np.einsum("oi,nid->nod", W, jacobian)
            for j in range(n_out):
                after[:, j, at + j * n_in : at + (j + 1) * n_in] += value
            at += n_in * n_out
            value = value @ W.T
            if k < len(widths) - 2:
                value = value + w[at : at + n_out]
                for j in range(n_out):
                    after[:, j, at + j] += 1
                at += n_out
                slope = 1 - np.tanh(value) ** 2 if activation == "tanh" else (value > 0) * 1.0
                value = np.tanh(value) if activation == "tanh" else np.maximum(value, 0)
                after = slope[:, :, None] * after
            jacobian = after
        return (value - Y).ravel(), jacobian.reshape(-1, len(w))

    damping = 1.0
    r, J = residuals(w)
    for _ in range(steps):
        gradient = J.T @ r
        if np.linalg.norm(2 * gradient / len(X)) < 1e-13:
            break
        step = np.linalg.solve(J.T @ J + damping * np.eye(len(w)), gradient)
        trial, slopes = residuals(w - step)
        if trial @ trial <= r @ r:
            w, r, J = w - step, trial, slopes
            damping = max(damping / 3, 1e-12)
        else:
            damping = min(damping * 4, 1e8)
    if np.linalg.norm(2 * J.T @ r / len(X)) > float(STATIONARY):
        raise BadInput(f"seed: training from {seed} has not become stationary in {steps} steps")
    return [repr(float(x)) for x in w]


@builder
def trained_network(
    widths: list[int],
    activation: Literal["tanh", "relu"],
    inputs: list[list[Number]],
    targets: list[list[Number]],
    seed: int,
    minimum: list[str],
    radius: Number = "1/4",
) -> Model:
    """A network of these widths at a minimum of its squared error on data; K = L(w) − L(w*).

    Hidden layers have biases, the last layer is linear without. seed: of the start from which
    :func:`train` found the minimum. minimum: w* in the order of :func:`parameter_names`, decimal
    texts of float64 numbers. radius: the box is the cube |w_i − w*_i| ≤ radius, since training may
    have found a minimum that is local only. Its status in the catalog is *unknown*: no polynomial,
    no proof.
    Raises BadInput for sizes that do not fit, and when w* is not stationary to 1e-10.

    >>> from singularity_lab.models import build
    >>> data = dict(inputs=[[0], [1]], targets=[[0], [0]])
    >>> model = build("trained_network", widths=[1, 1, 1], activation="tanh", seed=0,
    ...               minimum=["1", "0", "0"], **data)
    >>> model.polynomial, model.dimension
    (False, 3)
    """
    at_least(1, **{f"widths[{i}]": n for i, n in enumerate(widths)}, **{"data points": len(inputs)})
    if len(widths) < 3:
        raise BadInput(f"widths: at least three are needed (a hidden layer), received {widths}")
    X, Y = (
        rational_table(inputs, "inputs", widths[0]),
        rational_table(targets, "targets", widths[-1]),
    )
    if len(X) != len(Y):
        raise BadInput(f"targets: as many as inputs ({len(X)}) are needed, received {len(Y)}")
    names = parameter_names(widths)
    if len(minimum) != len(names):
        raise BadInput(f"minimum: {len(names)} numbers are needed, received {len(minimum)}")
    at = tuple(fraction(x, f"minimum[{i}]") for i, x in enumerate(minimum))
    near = fraction(radius, "radius")
    if near <= 0:
        raise BadInput(f"radius: a positive number is needed, received {radius}")
    least, slopes = reference(widths, activation, X, Y, at)
    if max(map(abs, slopes)) > STATIONARY:
        worst = float(max(map(abs, slopes)))
        raise BadInput(f"minimum: not stationary, a derivative of the loss is {worst:.1e} there")

    def exact(point: Sequence[Fraction]) -> tuple[Fraction, tuple[Fraction, ...]]:
        value, gradient = reference(widths, activation, X, Y, point)
        return value - least, gradient

    def twin(w: Tensor) -> Tensor:
        import torch

        x = w.new_tensor([[float(c) for c in row] for row in X])
        y = w.new_tensor([[float(c) for c in row] for row in Y])
        position, value = 0, x.expand(len(w), -1, -1)
        for k, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
            W = w[:, position : position + n_in * n_out].reshape(-1, n_out, n_in)
            position += n_in * n_out
            value = value @ W.transpose(1, 2)
            if k < len(widths) - 2:
                value = value + w[:, None, position : position + n_out]
                position += n_out
                value = torch.tanh(value) if activation == "tanh" else torch.relu(value)
        return ((value - y) ** 2).sum(2).mean(1) - float(least)

    return Model(
        "trained_network",
        dict(
            widths=list(widths),
            activation=activation,
            inputs=[[str(c) for c in row] for row in X],
            targets=[[str(c) for c in row] for row in Y],
            seed=seed,
            minimum=list(minimum),
            radius=str(near),
        ),
        Ideal(tuple(names), (Polynomial.constant(0, names),)),
        (),
        (Stratum("minimum", at, f"found by training from seed {seed}"),),
        twin,
        f"{activation} network {'-'.join(map(str, widths))} at a minimum on "
        f"{counted(len(X), 'data point')}; "
        "K = mean squared error above the minimum",
        box={n: (x - near, x + near) for n, x in zip(names, at, strict=True)},
        polynomial=False,
        reference=exact,
    )
