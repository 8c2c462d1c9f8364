"""Strata of linear networks in the dictionary: their ranks and their dimension, from a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import flint

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import to_fmpq
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import complete
from singularity_lab.catalog.quiver_strata import NetworkStratum
from singularity_lab.dictionary.schema import Cell

NETWORKS = ("reduced_rank_regression", "deep_linear")
NO_RANKS = Cell.not_applicable("ranks are those of the products of a linear network's layers")


def orbit_cells(entry: Entry, problem: LocalProblem | None) -> dict[str, Cell] | None:
    """The cells of ranks and dimension of a stratum of a linear network; None for other models.

    The stratum is the orbit of the group that changes the bases of the hidden layers, of all
    parameters with these ranks.
    """
    parameters = complete(entry.builder, entry.parameters) if entry.builder else {}
    widths = network_widths(entry.builder, parameters)
    if widths is None or problem is None:
        return None
    network = network_stratum(widths, problem.rational_point)
    size = network.orbit_dimension
    return {
        "ranks": Cell.of(told_ranks(network)),
        "dimension": Cell.of(size, "dimension of the orbit"),
        "codimension": Cell.of(network.dimension - size, "d − dimension"),
    }


def is_network(entry: Entry) -> bool:
    """Whether a row is a linear network, whose strata are orbits."""
    return entry.builder in NETWORKS


def network_widths(builder: str, parameters: Mapping[str, Any]) -> tuple[int, ...] | None:
    """(n_0, …, n_L) of a linear network's builder; None for another builder."""
    if builder == "reduced_rank_regression":
        return parameters["inputs"], parameters["hidden"], parameters["outputs"]
    if builder == "deep_linear":
        return tuple(parameters["widths"])
    return None


def network_stratum(widths: Sequence[int], point: Sequence[Fraction]) -> NetworkStratum:
    """The stratum of a point, whose coordinates are the entries of W_1, …, W_L row by row.

    >>> network_stratum((1, 2, 1), [Fraction(1), Fraction(0), Fraction(0), Fraction(1)]).name
    'rank W1 = 1, rank W2 = 1, rank W2W1 = 0'
    """
    layers = []
    place = 0
    for columns, rows in pairwise(widths):
        cells = [to_fmpq(c) for c in point[place : place + rows * columns]]
        layers.append(flint.fmpq_mat(rows, columns, cells))
        place += rows * columns
    ranks = {}
    for i, j in combinations(range(len(widths)), 2):
        matrix = layers[i]
        for layer in layers[i + 1 : j]:
            matrix = layer * matrix
        ranks[i, j] = int(matrix.rank())
    return NetworkStratum.of_ranks(widths, ranks)


def told_ranks(stratum: NetworkStratum) -> dict[str, int]:
    """The rank of every product of consecutive layers by its name.

    >>> told_ranks(NetworkStratum((1, 2, 1), {(0, 1): 1}))
    {'W1': 1, 'W2': 0, 'W2W1': 0}
    """
    depth = len(stratum.widths) - 1
    return {
        "".join(f"W{k}" for k in range(i + length, i, -1)): stratum.rank(i, i + length)
        for length in range(1, depth + 1)
        for i in range(depth - length + 1)
    }
