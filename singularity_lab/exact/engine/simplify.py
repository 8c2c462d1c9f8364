"""Simplification of a family of germs to a fixed point: moves that change neither λ nor m
(docs/theory.md, Moves)."""

from __future__ import annotations

from collections.abc import Callable

from singularity_lab.exact.engine.chains import schur
from singularity_lab.exact.engine.coordinate_moves import (
    complete_square,
    eliminate,
    pivot,
    rescale,
    smooth_coordinate,
    smooth_factor,
    straighten,
)
from singularity_lab.exact.engine.dominant import dominant_monomials
from singularity_lab.exact.engine.generator_moves import (
    reduce_by_each_other,
    reduce_by_monomials,
    split_definite,
    strip_units,
)
from singularity_lab.exact.engine.germs import GermMove, GermMoves, Germs
from singularity_lab.exact.engine.gradings import contract
from singularity_lab.exact.engine.leading import leading_parts
from singularity_lab.exact.engine.shears import collect, shear, shear_ahead
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.system.deadline import check_time

# What is tried, in order, until one helps: then all again.
MOVES: tuple[Callable[[Germs], GermMove | GermMoves | None], ...] = (
    strip_units,
    schur,
    reduce_by_monomials,
    split_definite,
    complete_square,
    dominant_monomials,
    collect,
    eliminate,
    rescale,
    smooth_coordinate,
    straighten,
    smooth_factor,
    contract,
    shear,
    leading_parts,
    reduce_by_each_other,
    shear_ahead,
    pivot,
)


def simplify(
    g: Germs, late: Callable[[], bool] | None = None, *, parting: bool = False
) -> tuple[Germs, list[Script]]:
    """Apply moves until none helps, or it is late; returns the family and the steps in order.

    parting: whether to stop where a product of matrices has parted from its coordinates: by the sum
    rule it then comes alone, and its next block splits off as well.
    """
    steps: list[Script] = []
    while True:
        if late is not None and late():
            return g, steps
        for move in MOVES:
            check_time()
            found = move(g)
            if found is not None:
                g = found[0]
                steps += found[1] if isinstance(found[1], list) else [found[1]]
                if parting and move is schur and not any(g.k.values()) and len(g.blocks()) > 1:
                    return g, steps
                break
        else:
            return g, steps
