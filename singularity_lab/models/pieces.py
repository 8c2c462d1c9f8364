"""ReLU networks on a finite data set, piece by piece.

For data x_1, …, x_n the pattern S_h = {i : ⟨b_h, x_i⟩ > 0} of each unit is constant on an open
cell of parameter space; inside it the network is f(x_i) = Σ_{h : i ∈ S_h} a_h⟨b_h, x_i⟩, and K = (1
/n) Σ_i (f(x_i) − y_i)² is a polynomial. A point with no ⟨b_h, x_i⟩ = 0 has a cube around it that
lies in its cell, so that the germ of K there is the germ of that polynomial, without constraints.
At a kink, ⟨b_h, x_i⟩ = 0, several cells meet: K is a polynomial on each, a germ with linear
inequalities (:func:`cells_at_kinks`), volumes add, and the least (λ, m) of the cells is that of
K.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import flint

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction, to_fmpq
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.models.model import Model, SideBounds, Stratum, builder
from singularity_lab.models.symbols import Ring, flat, matrix_names, point, vector_names
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor

Number = int | str
_KINKS = 10


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


@dataclass(frozen=True)
class _Network:
    """Data, units (a_h, b_h), and the ring of their weights; bias: that of the output, if any."""

    data: list[list[Fraction]]
    rows: list[list[Fraction]]
    bias: Fraction | None

    @classmethod
    def of(
        cls, points: list[list[Number]], units: list[list[Number]], bias: Number | None
    ) -> _Network:
        data = rational_table(points, "points")
        rows = rational_table(units, "units", len(data[0]) + 1)
        return cls(data, rows, None if bias is None else fraction(bias, "output_bias"))

    @property
    def inputs(self) -> int:
        return len(self.data[0])

    @property
    def hidden(self) -> int:
        return len(self.rows)

    @property
    def a(self) -> list[str]:
        return vector_names("a", self.hidden)

    @property
    def b(self) -> list[list[str]]:
        return matrix_names("b", self.hidden, self.inputs)

    @cached_property
    def ring(self) -> Ring:
        return Ring(self.a + flat(self.b) + ([] if self.bias is None else ["c"]))

    @property
    def at(self) -> tuple[Fraction, ...]:
        """The point of parameter space."""
        values = {n: row[0] for n, row in zip(self.a, self.rows, strict=True)}
        for names, row in zip(self.b, self.rows, strict=True):
            values |= dict(zip(names, row[1:], strict=True))
        return point(self.ring.variables, values | ({} if self.bias is None else {"c": self.bias}))

    def score(self, h: int, x: list[Fraction]) -> Polynomial:
        """⟨b_h, x⟩."""
        return self.ring.sum([self.ring[n] * c for n, c in zip(self.b[h], x, strict=True)])

    @property
    def values(self) -> list[Fraction]:
        """What the network computes at the point."""
        return [
            sum((a * max(_dot(b, x), Fraction(0)) for a, *b in self.rows), self.bias or Fraction(0))
            for x in self.data
        ]

    def piece(self, pattern: list[list[bool]], goal: list[Fraction]) -> list[Polynomial]:
        """The errors f(x_i) − y_i in the cell of a pattern, those that are not 0 there."""
        generators = []
        for i, x in enumerate(self.data):
            f = self.ring.constant(-goal[i])
            if self.bias is not None:
                f = f + self.ring["c"]
            for h, name in enumerate(self.a):
                if pattern[h][i]:
                    f = f + self.ring[name] * self.score(h, x)
            if not f.is_zero:
                generators.append(f)
        return generators


def cells_at_kinks(
    points: list[list[Number]], units: list[list[Number]], output_bias: Number | None = None
) -> list[LocalProblem]:
    """The germs of K on the cells that meet at the given units, with y_i what the network computes.

    Arguments as for :func:`relu_data_network`. For each ⟨b_h, x_i⟩ = 0 one side is taken and is an
    inequality of the germ; a cell on which K is 0 has no germ, and is left out. The least (λ, m) of
    the cells is that of K. Raises OutOfScope where the kinks of a unit are linearly dependent, or
    more than 10, and BadInput where K is 0 in all cells.

    >>> cells = cells_at_kinks([[1, -1], [1, 1]], [[1, 1, 1]])  # the unit starts at the first point
    >>> [str(p.inequalities[0]) for p in cells]
    ['b11 - b12', '-b11 + b12']
    """
    network = _Network.of(points, units, output_bias)
    scores = [[_dot(row[1:], x) for x in network.data] for row in network.rows]
    kinks = [(h, i) for h, row in enumerate(scores) for i, s in enumerate(row) if s == 0]
    for h in range(network.hidden):
        mine = [network.data[i] for g, i in kinks if g == h]
        if mine and flint.fmpq_mat([list(map(to_fmpq, x)) for x in mine]).rank() < len(mine):
            raise OutOfScope(f"units[{h}]: its kinks at {len(mine)} points are dependent")
    if len(kinks) > _KINKS:
        raise OutOfScope(f"units: at most {_KINKS} kinks are cut into cells, received {len(kinks)}")
    found = []
    for sides in itertools.product((1, -1), repeat=len(kinks)):
        chosen = dict(zip(kinks, sides, strict=True))
        pattern = [
            [chosen.get((h, i), s) > 0 for i, s in enumerate(r)] for h, r in enumerate(scores)
        ]
        generators = network.piece(pattern, network.values)
        if not generators:
            continue
        walls = [network.score(h, network.data[i]) * side for (h, i), side in chosen.items()]
        ideal = Ideal(network.ring.variables, tuple(generators))
        problem = LocalProblem.build(ideal, at=network.at)
        found.append(replace(problem, inequalities=tuple(walls)))
    if not found:
        raise BadInput("units: no unit is active on any point, so that K is 0 in all cells")
    return found


@builder
def relu_data_network(
    points: list[list[Number]],
    units: list[list[Number]],
    targets: list[Number] | None = None,
    output_bias: Number | None = None,
) -> Model:
    """f(x) = Σ_h a_h max(⟨b_h, x⟩, 0) on finite data, in the cell of a point; K = (1/n) Σ (f(x_i) −
    y_i)².

    points: the x_i (put a coordinate 1 in front for a bias). units: the point of parameter space,
    one row (a_h, b_h1, …) for each unit. targets: the y_i; absent, they are what the network
    computes at that point, so that K = 0 there. output_bias: the value of a parameter c that is
    added to f; absent, there is none. The box is a cube within the cell.
    Raises BadInput for a unit on the kink of a data point, and for targets that the units do not
    reproduce.

    >>> from singularity_lab.models import build
    >>> print(build("relu_data_network", points=[[1], [-1]], units=[[1, 1], [0, 1]]).ideal)
    (a1*b11 + a2*b21 - 1) in Q[a1, a2, b11, b21]
    """
    network = _Network.of(points, units, output_bias)
    data, rows, ring, hidden, inputs = (
        network.data,
        network.rows,
        network.ring,
        network.hidden,
        network.inputs,
    )
    b = network.b
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
    values = network.values
    goal = [fraction(y, f"targets[{i}]") for i, y in enumerate(targets)] if targets else values
    if goal != values:
        raise BadInput(
            f"targets: the units compute {', '.join(map(str, values))}, "
            f"received {', '.join(map(str, goal))}"
        )
    generators = network.piece(pattern, goal)
    if not generators:
        raise BadInput("units: no unit is active on any point, so that K is 0 in the whole cell")

    def twin(w: Tensor) -> Tensor:
        import torch

        x = w.new_tensor([[float(c) for c in row] for row in data])
        A, B = w[:, :hidden], w[:, hidden : hidden * (inputs + 1)].reshape(-1, hidden, inputs)
        out = (torch.relu(B @ x.T) * A[:, :, None]).sum(1)
        if output_bias is not None:
            out = out + w[:, -1:]
        return ((out - w.new_tensor([float(y) for y in goal])) ** 2).mean(1)

    return Model(
        "relu_data_network",
        dict(
            points=[[str(c) for c in x] for x in data],
            units=[[str(c) for c in row] for row in rows],
            targets=[str(y) for y in goal],
            **({} if output_bias is None else {"output_bias": str(output_bias)}),
        ),
        Ideal(ring.variables, tuple(generators)),
        tuple((Fraction(1, len(data)), g) for g in generators),
        (Stratum("units", network.at, "the given units"),),
        twin,
        f"{counted(hidden, 'ReLU unit')} on {counted(len(data), 'data point')} in "
        f"R^{inputs}, in the cell of the given units"
        f"{'' if output_bias is None else ', with an output bias'}; K = mean squared error",
        box=box,
    )
