"""Builders at random parameters: twin and exact loss agree, the strata are zeros, and K is never
negative."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.catalog.checks import random_point, twin_error
from singularity_lab.models import build

small = st.integers(1, 3)


@st.composite
def calls(draw):
    """A builder with small random parameters."""
    name = draw(
        st.sampled_from(
            [
                "reduced_rank_regression",
                "deep_linear",
                "diagonal_linear",
                "linear_convolution",
                "symmetric_factorisation",
                "nonnegative_factorisation",
                "tensor_decomposition",
                "normal_crossing",
                "brieskorn_pham",
                "arrangement",
                "generic_minors",
                "vandermonde",
                "polynomial_network",
                "quadratic_network",
                "relu_network",
                "linear_attention",
                "gaussian_mixture",
                "binomial_mixture",
                "latent_class",
                "stochastic_factorisation",
                "factor_analysis",
                "boltzmann_machine",
                "hidden_markov",
            ]
        )
    )
    i, o, h = draw(small), draw(small), draw(small)
    rank = draw(st.integers(0, min(i, o, h)))
    sizes = draw(st.lists(small, min_size=2, max_size=3))
    binary = draw(st.lists(st.integers(2, 3), min_size=1, max_size=3))
    parameters = {
        "reduced_rank_regression": dict(inputs=i, outputs=o, hidden=h, rank=rank),
        "deep_linear": dict(widths=[*sizes, h], rank=draw(st.integers(0, min(*sizes, h)))),
        "diagonal_linear": dict(
            depth=h, target=draw(st.lists(st.sampled_from([0, 1, "-1/2"]), min_size=1, max_size=3))
        ),
        "linear_convolution": dict(kernels=sizes, target=[draw(st.integers(0, 1))]),
        "symmetric_factorisation": dict(dimension=i, factors=h, rank=min(rank, i, h)),
        "nonnegative_factorisation": dict(rows=i, columns=o, factors=h, rank=rank),
        "tensor_decomposition": dict(dims=sizes, rank=h),
        "normal_crossing": dict(exponents=sizes),
        "brieskorn_pham": dict(
            exponents=sizes, signs=[draw(st.sampled_from([1, -1])) for _ in sizes]
        ),
        "arrangement": dict(normals=[[1, 0], [0, 1], [i, o]], multiplicities=[1, 1, h]),
        "generic_minors": dict(rows=i, columns=o, size=min(i, o, h)),
        "vandermonde": dict(
            inputs=min(i, 2), outputs=o, hidden=h, step=draw(small), true_units=rank
        ),
        "polynomial_network": dict(
            inputs=min(i, 2),
            outputs=o,
            hidden=h,
            powers=sorted(set(sizes)),
            law=draw(st.sampled_from(["gaussian", "uniform"])),
        ),
        "quadratic_network": dict(inputs=i, hidden=h, rank=min(rank, i, h)),
        "relu_network": dict(positive=i, negative=rank),
        "linear_attention": dict(
            dimension=min(i, 2), key=o, value=h, heads=draw(st.integers(1, 2))
        ),
        "gaussian_mixture": dict(components=h + 1, dimension=min(i, 2), true_components=rank + 1),
        "binomial_mixture": dict(components=h + 1, trials=i),
        "latent_class": dict(sizes=binary, classes=draw(st.integers(2, 3))),
        "stochastic_factorisation": dict(rows=i + 1, columns=o, factors=h + 1),
        "factor_analysis": dict(observed=i + 1, factors=h, true_factors=rank),
        "boltzmann_machine": dict(visible=i + 1, hidden=min(h, 2)),
        "hidden_markov": dict(length=i),
    }[name]
    return name, parameters


@settings(max_examples=60)
@given(calls(), st.integers(0, 1000))
def test_twin_is_the_exact_loss(call, seed):
    name, parameters = call
    model = build(name, **parameters)
    assert max(twin_error(model, seed=seed, points=1)) < 1e-12


@settings(max_examples=60)
@given(calls(), st.integers(0, 1000))
def test_the_loss_is_nonnegative_and_zero_exactly_with_its_squares(call, seed):
    name, parameters = call
    model = build(name, **parameters)
    at = random_point(model, random.Random(seed))
    assert all(c > 0 for c, _ in model.squares)
    value = model.value(at)
    assert value >= 0
    assert (value == 0) == all(p(at) == 0 for _, p in model.squares)
    for stratum in model.strata:
        assert model.value(stratum.point) == 0


@settings(max_examples=40)
@given(calls(), st.integers(0, 1000))
def test_the_gradient_is_that_of_the_expanded_loss(call, seed):
    name, parameters = call
    model = build(name, **parameters)
    if model.dimension > 9 or sum(len(p.support()) ** 2 for _, p in model.squares) > 20_000:
        return
    at = random_point(model, random.Random(seed))
    assert model.loss(at) == model.value(at)
    assert model.gradient(at) == tuple(model.loss.derivative(v)(at) for v in model.variables)
