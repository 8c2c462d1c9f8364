"""Linear networks: rank of the product map, strata, closed formulas against certificates."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.formulas import aoyagi_2024, aoyagi_watanabe_2005
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build


def jacobian_rank(model, point) -> int:
    rows = [[g.derivative(v)(point) for v in model.variables] for g in model.ideal.generators]
    return flint.fmpq_mat(
        [[flint.fmpq(c.numerator, c.denominator) for c in row] for row in rows]
    ).rank()


sizes = st.integers(1, 3)


@given(sizes, sizes, sizes, st.data())
def test_rank_of_the_product_map(inputs, outputs, hidden, data):
    """d(BA) = dB·A + B·dA has rank N·rk A + M·rk B − rk A·rk B."""
    rank = data.draw(st.integers(0, min(inputs, outputs, hidden)))
    model = build(
        "reduced_rank_regression", inputs=inputs, outputs=outputs, hidden=hidden, rank=rank
    )
    for stratum in model.strata:
        a, b = (int(x) for x in stratum.name[1:].split("b"))
        assert jacobian_rank(model, stratum.point) == outputs * a + inputs * b - a * b


@pytest.mark.parametrize(
    ("inputs", "outputs", "hidden"), [(1, 1, 1), (2, 2, 2), (3, 2, 2), (2, 2, 3)]
)
def test_strata_are_all_pairs_of_ranks(inputs, outputs, hidden):
    """Sylvester: rank A + rank B − hidden ≤ rank BA ≤ min; every pair allowed occurs once."""
    for rank in range(min(inputs, outputs, hidden) + 1):
        model = build(
            "reduced_rank_regression", inputs=inputs, outputs=outputs, hidden=hidden, rank=rank
        )
        expected = {
            f"a{a}b{b}"
            for a in range(min(inputs, hidden) + 1)
            for b in range(min(outputs, hidden) + 1)
            if a + b - hidden <= rank <= min(a, b)
        }
        assert {s.name for s in model.strata} == expected
        assert [s.deepest for s in model.strata] == [
            s.name == f"a{rank}b{rank}" for s in model.strata
        ]


def stratum_value(M: int, N: int, H: int, r: int, a: int, b: int) -> RLCT:
    """λ at a rank stratum: a regular part, and a smaller reduced-rank regression at 0.

    With α = a − r, β = b − r: ½[r(M+N−r) + β(M−r) + α(N−r−β)] + λ_RRR(M−r−α, N−r−β, H−a−b+r, 0).
    """
    alpha, beta = a - r, b - r
    regular = Fraction(r * (M + N - r) + beta * (M - r) + alpha * (N - r - beta), 2)
    m, n, h = M - r - alpha, N - r - beta, H - a - b + r
    if min(m, n, h) == 0:
        return RLCT(regular, 1)
    rest = aoyagi_watanabe_2005(m, n, h, 0)
    return RLCT(regular + rest.value, rest.multiplicity)


@pytest.mark.parametrize(
    ("inputs", "outputs", "hidden", "rank"),
    [(1, 1, 2, 0), (2, 2, 2, 0), (2, 2, 2, 1), (3, 2, 2, 0), (2, 2, 3, 1)],
)
def test_certificates_at_every_rank_stratum(inputs, outputs, hidden, rank):
    model = build(
        "reduced_rank_regression", inputs=inputs, outputs=outputs, hidden=hidden, rank=rank
    )
    for stratum in model.strata:
        a, b = (int(x) for x in stratum.name[1:].split("b"))
        found = rlct(model.problem(stratum.name), budget=20)
        assert found.rlct == stratum_value(inputs, outputs, hidden, rank, a, b), stratum.name


def test_the_deepest_stratum_has_the_global_value():
    """The minimum over strata is at rank A = rank B = r, and is Aoyagi and Watanabe's."""
    for M in range(1, 6):
        for N in range(1, 6):
            for H in range(1, 6):
                for r in range(min(M, N, H) + 1):
                    values = {
                        (a, b): stratum_value(M, N, H, r, a, b)
                        for a in range(r, min(M, H) + 1)
                        for b in range(r, min(N, H) + 1)
                        if a + b - r <= H
                    }
                    deepest = values[r, r]
                    assert deepest.value == min(v.value for v in values.values())
                    assert deepest == aoyagi_watanabe_2005(M, N, H, r)


@given(*[st.integers(1, 7)] * 3, st.data())
def test_two_formulas_for_two_layers(inputs, outputs, hidden, data):
    """Aoyagi 2024 with one hidden layer is Aoyagi and Watanabe 2005; the ends are symmetric."""
    rank = data.draw(st.integers(0, min(inputs, outputs, hidden)))
    two = aoyagi_watanabe_2005(inputs, outputs, hidden, rank)
    assert aoyagi_2024([inputs, hidden, outputs], rank) == two
    assert aoyagi_watanabe_2005(outputs, inputs, hidden, rank) == two


@given(st.lists(st.integers(1, 5), min_size=3, max_size=5), st.data())
def test_deep_formula_does_not_see_the_order_of_hidden_layers(widths, data):
    rank = data.draw(st.integers(0, min(widths)))
    value = aoyagi_2024(widths, rank)
    hidden = data.draw(st.permutations(widths[1:-1]))
    assert aoyagi_2024([widths[0], *hidden, widths[-1]], rank) == value
    assert value.value <= Fraction(widths[0] * widths[-1], 2)


@pytest.mark.parametrize(
    ("widths", "rank"),
    [([1, 1, 1, 1], 0), ([1, 2, 2, 1], 0), ([2, 1, 2, 2], 0), ([2, 2, 2, 2], 0), ([2, 2, 2, 2], 1)],
)
def test_deep_linear_certificates(widths, rank):
    found = rlct(build("deep_linear", widths=widths, rank=rank).problem(), budget=30)
    assert found.rlct == aoyagi_2024(widths, rank)


@given(st.integers(1, 4), st.lists(st.sampled_from([0, 1, "1/2"]), min_size=1, max_size=3))
def test_diagonal_network_is_a_sum_of_normal_crossings(depth, target):
    """Sum rule: λ = n/2, m = 1 + (depth − 1)·#zeros."""
    found = rlct(build("diagonal_linear", depth=depth, target=target).problem(), budget=20)
    zeros = sum(t == 0 for t in target)
    assert found.rlct == RLCT(Fraction(len(target), 2), 1 + (depth - 1) * zeros)


@pytest.mark.parametrize("kernels", [[2, 2], [2, 3], [1, 4], [2, 2, 2]])
def test_convolution_is_a_product_of_coordinate_ideals(kernels):
    """Dedekind–Mertens: at truth 0, λ = min kernel/2, m = the number of ties."""
    found = rlct(build("linear_convolution", kernels=kernels).problem(), budget=30)
    assert found.rlct == RLCT(Fraction(min(kernels), 2), kernels.count(min(kernels)))


@pytest.mark.parametrize("dims", [[2, 3], [2, 2], [2, 2, 3], [3, 3, 5]])
def test_rank_one_tensors(dims):
    found = rlct(build("tensor_decomposition", dims=dims, rank=1).problem(), budget=20)
    assert found.rlct == RLCT(Fraction(min(dims), 2), dims.count(min(dims)))


def test_autoencoder_of_too_small_width_is_refused_and_full_width_is_regular():
    model = build("linear_autoencoder", dimension=3, hidden=2, data_rank=2)
    assert rlct(model.problem(), budget=20).rlct == RLCT(Fraction(3), 1)


def test_the_order_of_the_widths_does_not_matter():
    """A law of Lehalleur and Rimányi 2024: at truth 0 the codimension of the fibre and the number
    of its components of that codimension are invariant under permutations of the widths."""
    orders = ([1, 2, 3], [2, 1, 3], [1, 3, 2])
    found = [rlct(build("deep_linear", widths=w, rank=0).problem()).rlct for w in orders]
    assert found[0] == found[1] == found[2]
