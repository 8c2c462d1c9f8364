"""Three-layer networks f(x) = Σ_h a_h σ(⟨b_h, x⟩) through their Taylor ideal: Vandermonde-type
singularities.

*Truncation keeps λ.* Let σ(s) = Σ_n t_n s^{e_n} with all t_n ≠ 0 and e_n = first + step·n, and f* =
Σ_{j ≤ r} a*_j σ(⟨b*_j, x⟩). Fix x and put c_n = Σ_h a_h ⟨b_h, x⟩^{e_n} − Σ_j a*_j ⟨b*_j, x⟩^{e_n}.
The c_n satisfy the linear recurrence whose characteristic polynomial is ∏_h (T − ⟨b_h, x⟩^step) ∏_j
(T − ⟨b*_j, x⟩^step), of order H + r, with coefficients in Q[b][x]. So c_n lies in the ideal of c_0,
…, c_{H+r−1} for every n ≥ H + r, identically in x; comparing coefficients of x, the Taylor
coefficients of order up to e_{H+r−1} generate the ideal of all of them (Watanabe 2009; Aoyagi 2010
for the Vandermonde type). With inputs of a law of full support, K = E(f − f*)² has the λ and m of
that ideal.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Model, Stratum, at_least, builder, check_rank, unweighted
from singularity_lab.models.moments import Law, coefficients, squared_error
from singularity_lab.models.symbols import Ring, flat, matrix_names, point, vector_names
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor

Number = int | str


def multi_indices(size: int, degree: int) -> list[tuple[int, ...]]:
    """All exponents of that total degree, in the first coordinate descending.

    >>> multi_indices(2, 2)
    [(2, 0), (1, 1), (0, 2)]
    """
    if input_limits.choices(size, degree) > 100_000:
        raise BadInput(f"sizes: too many exponents of degree {degree} in {size} variables")
    if size == 1:
        return [(degree,)]
    return [
        (first, *rest)
        for first in range(degree, -1, -1)
        for rest in multi_indices(size - 1, degree - first)
    ]


@builder
def vandermonde(
    inputs: int,
    outputs: int,
    hidden: int,
    step: int = 2,
    first: int = 1,
    true_units: int = 0,
    extra: list[int] | None = None,
) -> Model:
    """Vandermonde-type ideal: Σ_h a_kh b_h^α − truth for |α| = first + step·n, n < hidden +
    true_units, and for the orders of ``extra``.

    step 2, first 1 is the ideal of a tanh network (all odd orders), step 1 that of an activation
    with σ(0) = 0 and no other vanishing Taylor coefficient. The truth has ``true_units`` units with
    weights 1 to every output and input weights (j, 0, …, 0), j = 1, …. Strata: ``spare-zero`` (the
    first units are the true ones, the others are 0) and ``spare-copy`` (the others copy the first
    true unit, with output weight 0). ``analytic`` is the tanh network itself (step 2, first 1
    only), by Gauss–Legendre quadrature on [−1, 1]^inputs.
    Raises BadInput when true_units > hidden.
    Aoyagi 2009, 2010.

    >>> from singularity_lab.models import build
    >>> print(build("vandermonde", inputs=1, outputs=1, hidden=2).ideal)
    (a11*b11 + a12*b21, a11*b11^3 + a12*b21^3) in Q[a11, a12, b11, b21]
    """
    at_least(1, inputs=inputs, outputs=outputs, hidden=hidden, step=step, first=first)
    if not 0 <= true_units <= hidden:
        raise BadInput(f"true_units: 0…{hidden} is needed, received {true_units}")
    a, b = matrix_names("a", outputs, hidden), matrix_names("b", hidden, inputs)
    ring = Ring(flat(a) + flat(b))
    further = extra or []
    if any(n < 1 or (n >= first and (n - first) % step == 0) for n in further) or (
        sorted(set(further)) != further
    ):
        raise BadInput(
            f"extra: increasing positive orders outside first + step*n are needed, received {extra}"
        )
    orders = sorted([*further, *(first + step * n for n in range(hidden + true_units))])
    indices = [alpha for n in orders for alpha in multi_indices(inputs, n)]
    generators: list[Polynomial] = []
    for alpha in indices:
        powers = [
            ring.product([ring[b[h][i]] ** e for i, e in enumerate(alpha) if e])
            for h in range(hidden)
        ]
        truth = sum(j ** alpha[0] for j in range(1, true_units + 1)) if not any(alpha[1:]) else 0
        for k in range(outputs):
            weighted = [ring[a[k][h]] * powers[h] for h in range(hidden)]
            generators.append(ring.sum(weighted) - truth)

    base: dict[str, Rational] = {}
    for j in range(true_units):
        base |= {a[k][j]: 1 for k in range(outputs)} | {b[j][0]: j + 1}
    strata = [
        Stratum(
            "spare-zero" if true_units else "origin",
            point(ring.variables, base),
            "the units beyond the true ones are 0",
            deepest=true_units == 0,
        )
    ]
    if 0 < true_units < hidden:
        copies: dict[str, Rational] = {b[h][0]: 1 for h in range(true_units, hidden)}
        strata.append(
            Stratum(
                "spare-copy",
                point(ring.variables, base | copies),
                "the units beyond the true ones copy the first of them, with output weight 0",
            )
        )

    def split(w: Tensor) -> tuple[Tensor, Tensor]:
        A = w[:, : outputs * hidden].reshape(-1, outputs, hidden)
        return A, w[:, outputs * hidden :].reshape(-1, hidden, inputs)

    def twin(w: Tensor) -> Tensor:
        A, B = split(w)
        total = w.new_zeros(len(w))
        for alpha in indices:
            monomials = (B ** w.new_tensor(alpha)).prod(2)
            truth = (
                sum(j ** alpha[0] for j in range(1, true_units + 1)) if not any(alpha[1:]) else 0
            )
            total = total + (((A * monomials[:, None]).sum(2) - truth) ** 2).sum(1)
        return total

    def analytic(w: Tensor) -> Tensor:
        import torch

        A, B = split(w)
        x, weight = Law("uniform", inputs).quadrature(40 if inputs == 1 else 20)
        x, weight = x.to(w.device), weight.to(w.device)
        out = torch.tanh(x @ B.transpose(1, 2)) @ A.transpose(1, 2)
        for j in range(1, true_units + 1):
            out = out - torch.tanh(j * x[:, :1])
        return ((out**2).sum(2) * weight).sum(1)

    return Model(
        "vandermonde",
        dict(
            inputs=inputs,
            outputs=outputs,
            hidden=hidden,
            step=step,
            first=first,
            true_units=true_units,
            extra=further,
        ),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        tuple(strata),
        twin,
        f"{counted(hidden, 'unit')}, {counted(inputs, 'input')}, {counted(outputs, 'output')}, "
        f"orders {orders}, truth of {counted(true_units, 'unit')}; "
        "K = sum of squared Taylor coefficients",
        analytic=analytic if (step, first, further) == (2, 1, []) else None,
    )


def _input_names(n: int) -> list[str]:
    return vector_names("x", n)


@builder
def polynomial_network(
    inputs: int,
    outputs: int,
    hidden: int,
    powers: list[int],
    law: Literal["gaussian", "uniform", "data"] = "gaussian",
    points: list[list[Number]] | None = None,
) -> Model:
    """f_k(x) = Σ_h a_kh σ(⟨b_h, x⟩) with σ(s) = Σ_{p ∈ powers} s^p, truth 0; K = E‖f‖² from the
    moments of the inputs, or the mean over a finite data set.

    law ``data``: the inputs are the rows of ``points``, each with the same weight. Then the moments
    may be degenerate: the ideal is that of the values f_k(x_i), and fewer points than monomials
    leave directions free.

    The ideal is that of the coefficients of f in x; K is their quadratic form in the moments,
    written as a sum of squares with rational weights (moments.py). The twin runs the network on an
    exact quadrature.
    Raises BadInput for powers that are not increasing and positive, and for points without the law
    ``data``, or the other way round.

    >>> from singularity_lab.models import build
    >>> model = build("polynomial_network", inputs=1, outputs=1, hidden=1, powers=[2])
    >>> print(model.ideal, model.loss)
    (a11*b11^2) in Q[a11, b11] 3*a11^2*b11^4
    """
    at_least(1, inputs=inputs, outputs=outputs, hidden=hidden)
    if not powers or sorted(set(powers)) != powers or powers[0] < 1:
        raise BadInput(f"powers: increasing positive integers are needed, received {powers}")
    a, b = matrix_names("a", outputs, hidden), matrix_names("b", hidden, inputs)
    x = _input_names(inputs)
    names = flat(a) + flat(b)
    ring = Ring(names + x)
    units = []
    for h in range(hidden):
        s = ring.sum([ring[b[h][i]] * ring[x[i]] for i in range(inputs)])
        units.append(ring.sum([s**p for p in powers]))
    f = [ring.sum([ring[a[k][h]] * units[h] for h in range(hidden)]) for k in range(outputs)]
    data = tuple(
        tuple(fraction(c, f"points[{i}][{j}]") for j, c in enumerate(row))
        for i, row in enumerate(points or [])
    )
    inputs_law = Law(law, inputs, data)
    squares = squared_error(f, x, names, inputs_law)
    if law == "data":
        generators = [primitive(p) for _, p in squares]
    else:
        generators = [
            primitive(c) for p in f for c in coefficients(p, x, names).values() if not c.is_zero
        ]

    def twin(w: Tensor) -> Tensor:
        nodes, weights = inputs_law.quadrature(2 * powers[-1])
        A = w[:, : outputs * hidden].reshape(-1, outputs, hidden)
        B = w[:, outputs * hidden :].reshape(-1, hidden, inputs)
        s = nodes.to(w.device) @ B.transpose(1, 2)
        units = s ** powers[0]
        for p in powers[1:]:
            units = units + s**p
        out = units @ A.transpose(1, 2)
        return ((out**2).sum(2) * weights.to(w.device)).sum(1)

    return Model(
        "polynomial_network",
        dict(
            inputs=inputs,
            outputs=outputs,
            hidden=hidden,
            powers=list(powers),
            law=law,
            points=[[str(c) for c in row] for row in data] or None,
        ),
        Ideal(tuple(names), tuple(generators)),
        squares,
        (Stratum("origin", point(names, {}), "all weights are 0", deepest=True),),
        twin,
        f"sum of {counted(hidden, 'unit')} with activation "
        + " + ".join(f"s^{p}" for p in powers)
        + (
            f", {counted(inputs, f'{law} input')}"
            if law != "data"
            else f", {counted(len(data), 'data point')}"
        )
        + f", {counted(outputs, 'output')}, truth 0; K = E|f|^2",
    )


def primitive(p: Polynomial) -> Polynomial:
    """The polynomial divided by its content (a rational unit), which changes no ideal."""
    content, _ = p.factor()
    return p / content


@builder
def quadratic_network(
    inputs: int, hidden: int, rank: int, law: Literal["gaussian", "uniform"] = "gaussian"
) -> Model:
    """f(x) = Σ_h ⟨w_h, x⟩² with truth x₁² + ⋯ + x_rank²; K = E(f − f*)². One unit is phase
    retrieval.

    K = E(xᵀ(WᵀW − C)x)², positive definite in the symmetric matrix WᵀW − C. Raises BadInput unless
    0 ≤ rank ≤ min(inputs, hidden).

    >>> from singularity_lab.models import build
    >>> print(build("quadratic_network", inputs=1, hidden=1, rank=1).loss)
    3*w11^4 - 6*w11^2 + 3
    """
    at_least(1, inputs=inputs, hidden=hidden)
    check_rank(rank, inputs=inputs, hidden=hidden)
    w_names = matrix_names("w", hidden, inputs)
    x = _input_names(inputs)
    names = flat(w_names)
    ring = Ring(names + x)
    f = ring.sum(
        [
            ring.sum([ring[w_names[h][i]] * ring[x[i]] for i in range(inputs)]) ** 2
            for h in range(hidden)
        ]
    ) - ring.sum([ring[x[i]] ** 2 for i in range(rank)])
    generators = [primitive(c) for c in coefficients(f, x, names).values() if not c.is_zero]
    at = point(names, {w_names[i][i]: 1 for i in range(rank)})

    def twin(w: Tensor) -> Tensor:
        nodes, weights = Law(law, inputs).quadrature(4)
        nodes = nodes.to(w.device)
        out = ((nodes @ w.reshape(-1, hidden, inputs).transpose(1, 2)) ** 2).sum(2)
        out = out - (nodes[:, :rank] ** 2).sum(1)
        return (out**2 * weights.to(w.device)).sum(1)

    return Model(
        "quadratic_network",
        dict(inputs=inputs, hidden=hidden, rank=rank, law=law),
        Ideal(tuple(names), tuple(generators)),
        squared_error([f], x, names, Law(law, inputs)),
        (Stratum("deepest", at, f"W = diag(1^{rank}, 0)", deepest=True),),
        twin,
        f"sum of {counted(hidden, 'square')} of linear forms, "
        f"{counted(inputs, f'{law} input')}, truth of rank {rank}; K = E(f - f*)^2",
    )


@builder
def relu_network(positive: int, negative: int) -> Model:
    """One input, no bias, truth 0, ReLU units: f(x) = Σ_h a_h max(b_h x, 0), on the orthant of one
    sign pattern.

    The first ``positive`` units have b ≥ 0, the others are written with b ← −b ≥ 0: f = (Σ a b) x₊
    + (Σ a' b') x₋. For x uniform on [−1, 1], K = (S² + S'²)/6. The box b ≥ 0 is this piece of
    parameter space; on it the polynomial is the loss itself.

    >>> from singularity_lab.models import build
    >>> print(build("relu_network", positive=2, negative=1).ideal)
    (a1*b1 + a2*b2, a3*b3) in Q[a1, a2, a3, b1, b2, b3]
    """
    at_least(0, positive=positive, negative=negative)
    hidden = positive + negative
    at_least(1, **{"positive + negative": hidden})
    a, b = vector_names("a", hidden), vector_names("b", hidden)
    ring = Ring(a + b)
    pieces = [range(positive), range(positive, hidden)]
    generators = [ring.sum([ring[a[h]] * ring[b[h]] for h in piece]) for piece in pieces if piece]
    box = {n: (fraction(0), None) for n in b}

    def twin(w: Tensor) -> Tensor:
        # the network itself: ReLU is linear on each half of the input, Gauss-Legendre exact
        import torch

        A, B = w[:, :hidden], w[:, hidden:]
        signs = w.new_tensor([1.0] * positive + [-1.0] * negative)
        x, weight = Law("uniform", 1).quadrature(2)
        halves = torch.cat([(x + 1) / 2, (x - 1) / 2]).to(w.device)
        out = (A[:, None] * torch.relu(halves * (B * signs)[:, None])).sum(2)
        return (out**2 * torch.cat([weight, weight]).to(w.device) / 2).sum(1)

    return Model(
        "relu_network",
        dict(positive=positive, negative=negative),
        Ideal(ring.variables, tuple(generators)),
        tuple((fraction("1/6"), g) for g in generators),
        (Stratum("origin", point(ring.variables, {}), "all weights are 0", deepest=True),),
        twin,
        f"{counted(hidden, 'ReLU unit')} on the piece with "
        f"{counted(positive, 'input weight')} >= 0 and {negative} <= 0, "
        "x uniform on [-1, 1], truth 0; K = E f^2",
        box=box,
    )


@builder
def toy_superposition(features: int) -> Model:
    """Toy model of superposition without bias, near an arrangement of pairwise obtuse feature
    vectors: loss 0.

    One feature is active, x = μ e_i with i uniform and μ uniform on [0, 1]; f(x) = ReLU(WᵀW x) with
    one hidden dimension less than features, and L = E‖x − f(x)‖² = (1/3c) Σ_i [(1 − |w_i|²)² + Σ_{j
    ≠ i} max(w_i·w_j, 0)²]. Where all w_i·w_j < 0 the loss is polynomial; the box keeps to that
    region around a rational arrangement: (1), (−1), or (1, 0), (−3/5, ±4/5). Polygons with right
    angles sit on a kink of the ReLU and are not in this family.
    Raises BadInput for other numbers of features than 2 and 3.
    Elhage and others 2022; Chen and others 2023.

    >>> from singularity_lab.models import build
    >>> print(build("toy_superposition", features=2).ideal)
    (w11^2 - 1, w21^2 - 1) in Q[w11, w21]
    """
    if features not in (2, 3):
        raise BadInput(f"features: 2 or 3 (one hidden dimension less), received {features}")
    rows = {2: ["1", "-1"], 3: ["1", "0", "-3/5", "4/5", "-3/5", "-4/5"]}[features]
    hidden = features - 1
    names = matrix_names("w", features, hidden)
    ring = Ring(flat(names))
    generators = [ring.sum([ring[n] ** 2 for n in row]) - 1 for row in names]
    at = tuple(fraction(x) for x in rows)
    near = fraction("1/16")

    def twin(w: Tensor) -> Tensor:
        # the network on each active feature; in μ the squared error is μ², which integrates to 1/3
        import torch

        W = w.reshape(-1, features, hidden)
        out = torch.relu(W @ W.transpose(1, 2))
        error = out - torch.eye(features, dtype=w.dtype, device=w.device)
        return (error**2).sum((1, 2)) / (3 * features)

    return Model(
        "toy_superposition",
        dict(features=features),
        Ideal(ring.variables, tuple(generators)),
        tuple((fraction(f"1/{3 * features}"), g) for g in generators),
        (Stratum("obtuse", at, "unit vectors with negative inner products"),),
        twin,
        f"ReLU autoencoder of {features} features through {counted(hidden, 'dimension')}, "
        "one active at a time, all inner products negative; K = E|x - f(x)|^2",
        box={n: (x - near, x + near) for n, x in zip(ring.variables, at, strict=True)},
    )


def head_names(letter: str, heads: int, rows: int, columns: int) -> list[list[list[str]]]:
    """Names of one matrix per head: p1_11, … (without the head's number when there is one head)."""
    return [
        matrix_names(letter if heads == 1 else f"{letter}{s + 1}_", rows, columns)
        for s in range(heads)
    ]


def pairs(n: int) -> Sequence[tuple[int, int]]:
    """All i < j below n."""
    return list(itertools.combinations(range(n), 2))
