"""The charts of a weighted blow-up along coordinates, and those that symmetries carry to others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from singularity_lab.errors import CertificateError


class Chart(NamedTuple):
    """The chart x_i = sign·t^w of the blow-up: its group of variables, x_i, w, the sign, and
    whether t takes both signs (then this chart serves both)."""

    group: int
    variable: str
    weight: int
    sign: int
    two_sided: bool


def charts(
    groups: Sequence[Sequence[tuple[str, int]]], nonnegative: Collection[str]
) -> list[Chart]:
    """The charts that cover the fibre, the centre's variables standing in groups with weights.

    One chart with t of both signs serves where the weight is odd and no variable of the centre is
    ≥ 0; a variable that is ≥ 0 has no chart of sign −1.

    >>> [(c.variable, c.sign, c.two_sided) for c in charts([[("x", 3), ("y", 2)]], ())]
    [('x', 1, True), ('y', 1, False), ('y', -1, False)]
    """
    signed = any(x in nonnegative for group in groups for x, _ in group)
    found = []
    for n, group in enumerate(groups):
        for x, w in group:
            two_sided = not signed and w % 2 == 1
            for sign in (1,) if two_sided or x in nonnegative else (1, -1):
                found.append(Chart(n, x, w, sign, two_sided))
    return found


def representatives(
    listed: Sequence[Chart], symmetries: Sequence[Mapping[str, tuple[str, int]]]
) -> list[Chart]:
    """The first chart of each orbit under symmetries x ↦ ±y of the family and of the centre.

    Raises CertificateError where a symmetry leaves the centre, its groups or its weights.

    >>> swap = {"x": ("y", 1), "y": ("x", 1)}
    >>> [c.variable for c in representatives(charts([[("x", 1), ("y", 1)]], ()), [swap])]
    ['x']
    """
    place = {(c.variable, 1 if c.two_sided else c.sign): n for n, c in enumerate(listed)}
    root = list(range(len(listed)))

    def find(n: int) -> int:
        while root[n] != n:
            n = root[n]
        return n

    for symmetry in symmetries:
        for n, c in enumerate(listed):
            to, sign = symmetry[c.variable]
            other = place.get((to, 1 if c.two_sided else c.sign * sign))
            alike = other is not None and (listed[other].group, listed[other].weight)
            if other is None or alike != (c.group, c.weight):
                raise CertificateError(
                    f"the symmetry takes the chart of {c.variable} to that of {to}"
                )
            a, b = sorted((find(n), find(other)))
            root[b] = a
    return [c for n, c in enumerate(listed) if find(n) == n]
