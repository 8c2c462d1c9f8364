"""Rows that the harness adds to a set, to find estimators that are right for a wrong reason.

- ``probe-sphere``: K = x² + y² + z² without a name; λ = 3/2 and m = 1, which every method reads.
- ``probe-scaled``: a row of the set times a secret factor, which changes neither λ nor m.
- ``probe-decoy``: a germ of no catalog under the name of a row of the set with a λ that is another
  by a fifth or more: who answers the λ of that name, and gives it to no other germ, has looked it
  up.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable
from fractions import Fraction

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.measurement import Truth

__all__ = ["DECOY", "SCALED", "SPHERE", "probes"]

SPHERE, SCALED, DECOY = "probe-sphere", "probe-scaled", "probe-decoy"
DECOY_GENERATORS = ["x^3", "y^5", "z^7"]


def probes(rows: Iterable[CalibrationRow], secret: int) -> tuple[CalibrationRow, ...]:
    """The three probes of a set of rows. secret: fixes the factor, and which name the decoy shows.

    >>> [row.id for row in probes([CalibrationRow.of("bp-2-3"), CalibrationRow.of("nc-1-1-1")], 1)]
    ['probe-sphere', 'probe-scaled', 'probe-decoy']
    """
    rows = list(rows)
    generator = random.Random(f"probes {secret}")
    found = [_row(SPHERE, ["x", "y", "z"], "", "")]
    plain = [
        r
        for r in rows
        if r.problem is not None and r.problem.convention == "ideal" and r.dimension <= 4
    ]
    if plain:
        base = generator.choice(plain)
        factor = Fraction(generator.choice((3, 7, 9, 11)), generator.choice((2, 5)))  # of each fᵢ
        assert base.problem is not None
        ideal = base.problem.ideal
        scaled = Ideal(ideal.variables, tuple(g * factor for g in ideal.generators))
        problem = dataclasses.replace(base.problem, ideal=scaled)
        found.append(
            CalibrationRow(SCALED, base.family, base.dimension, problem, probe=base.id, shown="")
        )
    named = [r for r in rows if r.entry is not None]
    generator.shuffle(named)
    own = Truth.of(_row(DECOY, DECOY_GENERATORS, "", "")).value
    name = next((r.id for r in named if _is_far(Truth.of(r).value, own)), None)
    if name is not None:
        found.append(_row(DECOY, DECOY_GENERATORS, name, name))
    return tuple(found)


def _is_far(value: Fraction | None, own: Fraction | None) -> bool:
    """Whether λ of a row is too far from that of the decoy to be confused with it."""
    return value is not None and own is not None and abs(value / own - 1) > Fraction(1, 5)


def _row(id: str, generators: list[str], probe: str, shown: str) -> CalibrationRow:
    problem = LocalProblem.build(generators)
    return CalibrationRow(id, "probes", len(problem.variables), problem, probe=probe, shown=shown)
