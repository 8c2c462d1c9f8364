"""Linear attention: products of regressions, and what self-attention cannot see."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build


@pytest.mark.parametrize(
    ("dimension", "key", "value", "expected"),
    [
        (1, 1, 1, RLCT(Fraction(1, 2), 4)),
        (2, 2, 2, RLCT(Fraction(3, 2), 2)),
        (2, 1, 1, RLCT(Fraction(1), 4)),
    ],
)
def test_cross_attention_is_a_product_of_two_regressions(dimension, key, value, expected):
    """Product rule: the smaller of λ_RRR(d, d, d_v) and λ_RRR(d, d, d_k), m adds on ties."""
    model = build(
        "linear_attention", dimension=dimension, key=key, value=value, values_from="independent"
    )
    assert rlct(model.problem(), budget=30).rlct == expected


def test_self_attention_sees_only_symmetrised_products():
    """(P, M) and its image under the symmetry P_ij M_kl ↔ P_ik M_jl have one loss: P = e₁e₁ᵀ, M =
    e₂e₂ᵀ against P' = e₁e₂ᵀ, M' = e₁e₂ᵀ."""
    model = build("linear_attention", dimension=2, key=1, value=1)
    w = dict(o11=1, v11=1, k12=1, q12=1)
    other = dict(o11=1, v12=1, k11=1, q12=1)
    assert model.value(w) == model.value(other) != 0
    cross = build("linear_attention", dimension=2, key=1, value=1, values_from="independent")
    assert [g(w) for g in cross.ideal.generators] != [g(other) for g in cross.ideal.generators]
