"""The divisors of a proof: orders of K and of the volume form, and which carry λ."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab import ground_truth
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.tree import proof_tree
from singularity_lab.exact.resolutions.divisors import MOVED, STRICT, divisors_of, is_of_germ
from singularity_lab.exact.resolutions.toric import toric_resolution


@pytest.mark.parametrize(
    ("generators", "options"),
    [
        ("x^2 - y^3", {}),
        ("x*y", {}),
        (["x*y", "z"], {}),
        (["x^2*y", "z*w + z^2"], {}),
        ("(y^2 - x^3)^2 - x^5*y", {}),
        ("x^2 + y^4", {"convention": "loss"}),
        ("x^2 - y^3", {"prior": {"x": 1}}),
        ("x^2 + y^2 - z^2", {}),
        (["a*b + c*d", "a*e + c*f"], {}),
    ],
)
def test_the_carrying_divisor_has_ratio_lambda_and_none_has_less(generators, options):
    result = rlct(generators, budget=20, **options)
    found = divisors_of(result.certificate)
    carrying = [d for d in found if d.carries]
    assert carrying
    assert all(d.ratio == result.value for d in carrying)
    assert all(d.ratio >= result.value for d in found)
    assert all(d.ratio == (d.h + 1) / d.k for d in found)


def test_divisors_of_fewer_generators_are_not_those_of_the_ideal():
    """λ of four units of swish is proved from below by a part of the generators, along whose
    divisors the whole K has a smaller order: every ratio that is listed is at least λ."""
    truth = ground_truth("swish-1in-1out-4", 0)
    (certificate,) = truth.certificates
    tree = proof_tree(certificate)
    charts = [tree.nodes[n]["chart"] for n in tree]
    assert any(c.op == "subideal" and c.upper is None for c in charts)
    assert min(d.candidate for c in charts for d in c.divisors) < certificate.claim.value
    found = divisors_of(certificate)
    assert found
    assert all(d.ratio >= certificate.claim.value for d in found)


def test_orders_are_those_of_the_fan():
    """The cusp's divisor (3, 2): f has order 6, so that K = f² has 12, and dx has 3 + 2 − 1."""
    (divisor,) = divisors_of(rlct("x^2 - y^3").certificate)
    (ray,) = [d for d in toric_resolution("x^2 - y^3").reaching if d.k]
    assert tuple(divisor.weights.values()) == ray.ray
    assert (divisor.k, divisor.h) == (2 * ray.k, ray.h)


def test_blocks_of_a_sum_join_in_one_divisor():
    """xy and z + w: λ = 1/2 + 1/2, carried by no divisor of a block alone."""
    result = rlct(["x*y*(x + y)", "z^2 - w^3"], budget=20)
    top = divisors_of(result.certificate)[0]
    assert top.carries
    assert top.ratio == result.value == Fraction(1, 3) + Fraction(5, 12)
    assert all(d.ratio >= result.value for d in divisors_of(result.certificate))


def test_the_strict_transform_carries_a_surface_of_type_a():
    result = rlct("x^2 + y^3 + z^2")
    top = divisors_of(result.certificate)[0]
    assert dict(top.weights) == {STRICT: 1}
    assert (top.k, top.h, top.ratio) == (2, 0, result.value)


@pytest.mark.parametrize(
    ("generators", "options"),
    [
        (["a*b*c - 1", "d*b*c"], {"at": {"a": 1, "b": 1, "c": 1}}),  # a smooth zero set
        (["a*b - 1", "c*b", "c*d"], {"at": {"a": 1, "b": 1}}),
    ],
)
def test_weights_after_a_change_of_coordinates_are_not_told_as_the_germ_s(generators, options):
    """Along weights of the germ's own coordinates every generator of an ideal has half of the order
    of K at least, and one of them no more."""
    result = rlct(generators, budget=20, **options)
    found = [d for d in divisors_of(result.certificate) if d.carries]
    germ = result.problem.localize()
    assert any(d.chart == MOVED for d in found)
    for d in found:
        assert (d.chart == 0) == is_of_germ(d.k, d.h, d.weights, germ)


def test_blocks_in_the_germ_s_own_coordinates_are_told_as_such():
    top = divisors_of(rlct(["x*y", "z"]).certificate)[0]
    assert (dict(top.weights), top.chart) == ({"x": 1, "y": 1, "z": 2}, 0)
