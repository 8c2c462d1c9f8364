"""Essential divisors: ADE surfaces, toric varieties against Hilbert bases, trees without claims."""

from __future__ import annotations

from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.exact.arcs.essential import essential_divisors, toric_essential


@pytest.mark.parametrize(
    ("f", "n"),
    [
        ("x*y - z^2", 1),
        ("x*y - z^6", 5),
        ("x^2 + y^2 + z^9", 8),
        ("x^2 + y^2*z + z^3", 4),
        ("x^2 + y^2*z + z^7", 8),
        ("x^2 + y^3 + z^4", 6),
        ("x^2 + y^3 + y*z^3", 7),
        ("x^2 + y^3 + z^5", 8),
        ("(x + y*z)^2 + (y - z^2)^3 + z^4", 6),  # other coordinates
    ],
)
def test_ade_surfaces_have_n(f: str, n: int) -> None:
    e = essential_divisors(f)
    assert len(e.proved) == len(e.divisors) == n
    assert e.graph.number_of_nodes() == n
    assert all(d.weights is not None and sum(d.weights) == d.nu for d in e.divisors)


def test_a_n_has_the_known_weights() -> None:
    e = essential_divisors("x*y - z^5")
    assert [d.weights for d in e.divisors] == [(1, 4, 1), (2, 3, 1), (3, 2, 1), (4, 1, 1)]


def test_others_are_listed_without_a_claim() -> None:
    e = essential_divisors("x^3 + y^3 + z^3")
    assert e.divisors
    assert not e.proved
    assert any((d.N, d.nu) == (3, 3) for d in e.divisors)
    assert "not decided" in str(e)
    assert e.to_json()["divisors"][0]["essential"] is None


@given(st.integers(2, 30), st.integers(1, 29))
@settings(max_examples=15)
def test_cyclic_surfaces_are_continued_fractions(n: int, q: int) -> None:
    """1/n(1, q): as many as the Hirzebruch–Jung fraction n/q has entries."""
    q %= n
    if q == 0 or gcd(n, q) > 1:
        return
    entries, a, b = 0, n, q
    while b:
        ceiling = -(-a // b)
        a, b = b, ceiling * b - a
        entries += 1
    assert len(toric_essential([(0, 1), (n, -q)])) == entries


@pytest.mark.parametrize(
    ("rays", "points"),
    [
        ([(1, 0, 0), (0, 1, 0), (0, 0, 1)], ()),  # smooth
        ([(1, 0, 0), (0, 1, 0), (1, 0, 1), (0, 1, 1)], ((1, 1, 1),)),  # xy = zw
        ([(1, 0, 0), (0, 1, 0), (1, 1, 2)], ((1, 1, 1),)),  # 1/2(1, 1, 1)
        ([(1, 0, 0), (0, 1, 0), (1, 2, 3)], ((1, 1, 1), (1, 2, 2))),  # 1/3(1, 2, ·)
        ([(1, 0, 0), (0, 1, 0), (1, 1, 3)], ((1, 1, 1), (1, 1, 2))),
    ],
)
def test_threefolds(rays, points) -> None:
    found = toric_essential(rays)
    for v in points:
        assert v in found
    if len(points) < 2:
        assert found == points


def test_bad_cones() -> None:
    with pytest.raises(BadInput, match="primitive"):
        toric_essential([(2, 0), (0, 1)])
    with pytest.raises(BadInput, match="dimension"):
        toric_essential([(1, 0, 0), (0, 1, 0)])
    with pytest.raises(BadInput, match="pointed"):
        toric_essential([(1, 0), (-1, 0), (0, 1)])
    with pytest.raises(BadInput, match="integers"):
        toric_essential([(1.5, 0), (0, 1)])  # type: ignore[list-item]
    with pytest.raises(OutOfScope):
        essential_divisors("1 + x")
