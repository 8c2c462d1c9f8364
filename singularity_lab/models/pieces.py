"""ReLU networks on a finite data set, piece by piece.

For data x_1, …, x_n the pattern S_h = {i : ⟨b_h, x_i⟩ > 0} of each unit is constant on an open
cell of parameter space; inside it the network is f(x_i) = Σ_{h : i ∈ S_h} a_h⟨b_h, x_i⟩, and K = (1
/n) Σ_i (f(x_i) − y_i)² is a polynomial. A point with no ⟨b_h, x_i⟩ = 0 has a cube around it that
lies in its cell, so that the germ of K there is the germ of that polynomial, without constraints.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Model, SideBounds, Stratum, builder
from singularity_lab.models.symbols import Ring, flat, matrix_names, point, vector_names

if TYPE_CHECKING:
    from torch import Tensor

Number = int | str


def rational_table(
    rows: list[list[Number]], name: str, width: int | None = None
) -> list[list[Fraction]]:
    """The rows as rational numbers; raises BadInput unless they are of one width."""
    table = [
        [fraction(c, f"{name}[{i}][{j}]") for j, c in enumerate(row)] for i, row in enumerate(rows)
    ]
    wide = width if width is not None else len(table[0]) if table else 0
    if not table or wide < 1 or any(len(row) != wide for row in table):
        raise BadInput(f"{name}: rows of {wide or 'equally many'} numbers are needed")
    return table


def _dot(x: list[Fraction], y: list[Fraction]) -> Fraction:
    return sum((p * q for p, q in zip(x, y, strict=True)), Fraction(0))


@builder
def relu_data_network(
    points: list[list[Number]], units: list[list[Number]], targets: list[Number] | None = None
) -> Model:
    """f(x) = Σ_h a_h max(⟨b_h, x⟩, 0) on finite data, in the cell of a point; K = (1/n) Σ (f(x_i) −
    y_i)².

    points: the x_i (put a coordinate 1 in front for a bias). units: the point of parameter space,
    one row (a_h, b_h1, …) for each unit. targets: the y_i; absent, they are what the network
    computes at that point, so that K = 0 there. The box is a cube within the cell.
    Raises BadInput for a unit on the kink of a data point, and for targets that the units do not
    reproduce.

    >>> from singularity_lab.models import build
    >>> print(build("relu_data_network", points=[[1], [-1]], units=[[1, 1], [0, 1]]).ideal)
    (a1*b11 + a2*b21 - 1) in Q[a1, a2, b11, b21]
    """
    data = rational_table(points, "points")
    inputs = len(data[0])
    rows = rational_table(units, "units", inputs + 1)
    hidden = len(rows)
    a, b = vector_names("a", hidden), matrix_names("b", hidden, inputs)
    ring = Ring(a + flat(b))
    pattern = []
    box: dict[str, SideBounds] = {}
    for h, (_, *weights) in enumerate(rows):
        scores = [_dot(weights, x) for x in data]
        if 0 in scores:
            raise BadInput(
                f"units[{h}]: lies on the kink of points[{scores.index(Fraction(0))}]: "
                "another germ on each side"
            )
        pattern.append([s > 0 for s in scores])
        reach = min(
            abs(s) / sum((abs(c) for c in x), Fraction(0))
            for s, x in zip(scores, data, strict=True)
        )
        for name, w in zip(b[h], weights, strict=True):
            box[name] = (w - reach / 2, w + reach / 2)
    values = [
        sum((row[0] * _dot(row[1:], x) for h, row in enumerate(rows) if pattern[h][i]), Fraction(0))
        for i, x in enumerate(data)
    ]
    goal = [fraction(y, f"targets[{i}]") for i, y in enumerate(targets)] if targets else values
    if goal != values:
        raise BadInput(
            f"targets: the units compute {', '.join(map(str, values))}, "
            f"received {', '.join(map(str, goal))}"
        )
    generators = []
    for i, x in enumerate(data):
        f = ring.constant(-goal[i])
        for h in range(hidden):
            if pattern[h][i]:
                score = ring.sum([ring[n] * c for n, c in zip(b[h], x, strict=True)])
                f = f + ring[a[h]] * score
        if not f.is_zero:
            generators.append(f)
    if not generators:
        raise BadInput("units: no unit is active on any point, so that K is 0 in the whole cell")
    at = point(
        ring.variables,
        {a[h]: row[0] for h, row in enumerate(rows)}
        | {n: w for h, row in enumerate(rows) for n, w in zip(b[h], row[1:], strict=True)},
    )

    def twin(w: Tensor) -> Tensor:
        import torch

        x = w.new_tensor([[float(c) for c in row] for row in data])
        A, B = w[:, :hidden], w[:, hidden:].reshape(-1, hidden, inputs)
        out = (torch.relu(B @ x.T) * A[:, :, None]).sum(1)
        return ((out - w.new_tensor([float(y) for y in goal])) ** 2).mean(1)

    return Model(
        "relu_data_network",
        dict(
            points=[[str(c) for c in x] for x in data],
            units=[[str(c) for c in row] for row in rows],
            targets=[str(y) for y in goal],
        ),
        Ideal(ring.variables, tuple(generators)),
        tuple((Fraction(1, len(data)), g) for g in generators),
        (Stratum("units", at, "the given units"),),
        twin,
        f"{hidden} ReLU units on {len(data)} data points in R^{inputs}, in the cell of the given "
        "units; K = mean squared error",
        box=box,
    )
