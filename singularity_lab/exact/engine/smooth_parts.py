"""Germs with smooth generators whose elimination makes the others longer: what is done before.

A smooth generator becomes a coordinate, which is put into the others. Where these become longer
by it, the germ may be a product along vector fields that keep the ideal, so that its slice has
fewer variables; or the ideal is homogeneous in some variables, and after a blow-up along these the
smooth generator is linear in another variable.
"""

from __future__ import annotations

import itertools

from singularity_lab.exact.engine.chains import schur
from singularity_lab.exact.engine.coordinate_moves import eliminate
from singularity_lab.exact.engine.dominant import dominant_monomials
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.limits import DEPTHS, FIBRE_CLASSES, GRADED_CHARTS
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.engine.slices import slice_germ
from singularity_lab.exact.engine.symmetry import colour_classes, symmetries


def before_elimination(search: Search, g: Germs) -> SearchOutcome | None:
    """What a slice, or a blow-up along variables in which the ideal is homogeneous, shows of a
    germ that an elimination makes longer; None of others, or where there is neither."""
    if g.signs or g.exponents:
        return None
    found = eliminate(g)
    if found is None or found[0].cost <= g.cost:
        return None
    if schur(g) is not None or dominant_monomials(g) is not None:  # these come before it
        return None
    slice_of = slice_germ(g, 1, smooth=True)
    if slice_of is not None:
        moved, step = slice_of
        return search.limited(
            GRADED_CHARTS, lambda: search.solve(moved, None, DEPTHS[0]).after(step)
        )
    chosen = homogeneous_in(g)
    if not chosen:
        return None
    groups = [[(i, 1) for i in c] for c in sorted(chosen, key=lambda c: (-len(c), c))]
    charts, step = g.blow_up(groups, symmetries(g, groups))
    search.blow_ups += 1
    return search.limited(
        GRADED_CHARTS, lambda: search.cover(charts, step, None, DEPTHS[0] - 1, True)
    )


def homogeneous_in(g: Germs) -> list[list[int]]:
    """The fewest classes of alike local variables, not all of them, in which each generator is
    homogeneous of positive degree."""
    classes = [c for c in colour_classes(g) if set(c) <= set(g.locals) & g.occurs]
    if len(classes) > FIBRE_CLASSES:
        return []
    for size in range(1, len(classes)):
        for chosen in itertools.combinations(classes, size):
            inside = set(itertools.chain(*chosen))
            degrees = ({sum(e for i, e in t if i in inside) for t, _ in f.terms} for f in g.gens)
            if len(inside) > 1 and all(len(d) == 1 and min(d) > 0 for d in degrees):
                return list(chosen)
    return []
