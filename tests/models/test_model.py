"""Every builder: checked parameters, strata that are zeros, a torch twin that is the exact loss."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.models import build, builders, signature

CASES: list[tuple[str, dict[str, Any]]] = [
    ("reduced_rank_regression", dict(inputs=3, outputs=2, hidden=2, rank=1)),
    ("deep_linear", dict(widths=[2, 3, 2, 2], rank=1)),
    ("diagonal_linear", dict(depth=3, target=[0, 1, "1/2"])),
    ("linear_convolution", dict(kernels=[2, 3, 2])),
    ("linear_autoencoder", dict(dimension=3, hidden=2, data_rank=1)),
    ("symmetric_factorisation", dict(dimension=3, factors=2, rank=1)),
    ("nonnegative_factorisation", dict(rows=2, columns=3, factors=2, rank=1)),
    ("tensor_decomposition", dict(dims=[2, 3, 2], rank=2)),
    ("normal_crossing", dict(exponents=[1, 2, 3], prior=[0, "1/2", 1])),
    ("monomial_ideal", dict(exponents=[[1, 4, 6], [5, 1, 0]])),
    ("edge_ideal", dict(vertices=4, edges=[[1, 2], [2, 3], [3, 4]])),
    ("brieskorn_pham", dict(exponents=[2, 3, 7], signs=[1, -1, 1])),
    ("ade", dict(type="D", k=5, variables=3)),
    ("arnold", dict(name="Z11")),
    ("plane_branch", dict(exponents=[[3, 2], [7, 4]])),
    ("arrangement", dict(normals=[[1, 0], [1, 1], [2, -1]], multiplicities=[2, 1, 1])),
    ("coxeter", dict(type="B", rank=3)),
    ("discriminant", dict(degree=4)),
    ("space_curve", dict(powers=[3, 4, 5])),
    ("semidefinite_form", dict(matrix=[[2, 1], [1, 1]], power=2)),
    ("generic_minors", dict(rows=3, columns=3, size=2)),
    ("symmetric_minors", dict(dimension=3, size=2)),
    ("pfaffians", dict(dimension=5, size=2)),
    ("vandermonde", dict(inputs=2, outputs=2, hidden=2, true_units=1)),
    ("polynomial_network", dict(inputs=2, outputs=1, hidden=2, powers=[1, 3])),
    ("quadratic_network", dict(inputs=3, hidden=2, rank=1)),
    ("quadratic_network", dict(inputs=2, hidden=2, rank=1, law="uniform")),
    ("activation_network", dict(activation="swish", inputs=1, outputs=1, hidden=2)),
    ("relu_network", dict(positive=2, negative=1)),
    ("relu_data_network", dict(points=[[1, -1], [1, 1]], units=[[1, "1/2", 1]])),
    ("toy_superposition", dict(features=3)),
    ("linear_attention", dict(dimension=2, key=1, value=2, heads=2)),
    ("linear_attention", dict(dimension=2, key=1, value=1, values_from="independent")),
    ("gaussian_mixture", dict(components=3, dimension=2)),
    ("gaussian_mixture", dict(components=3, dimension=1, true_components=2)),
    ("hidden_markov", dict(length=3)),
    ("binomial_mixture", dict(components=2, trials=3)),
    ("poisson_mixture", dict(components=3, rate=2)),
    ("known_component_mixture", dict(orders=3)),
    ("latent_class", dict(sizes=[2, 3], classes=3)),
    ("latent_class", dict(sizes=[2, 2, 2], classes=2, truth="pair")),
    ("latent_class", dict(sizes=[2, 2, 2], classes=2, truth="generic")),
    ("stochastic_factorisation", dict(rows=3, columns=3, factors=2)),
    ("gaussian_tree", dict(leaves=3, edges=[[1, 4], [2, 4], [3, 4]], kept=[1, 1, 0])),
    ("factor_analysis", dict(observed=4, factors=2, true_factors=1)),
    ("boltzmann_machine", dict(visible=4, hidden=2)),
    ("modular_addition", dict(modulus=3, padding=1)),
    ("token_attention", dict(tokens=2, width=2)),
    ("linear_saddle", dict(inputs=2, outputs=2, hidden=1, kept=[1])),
    ("softmax_attention", dict(teacher=[1, 0, 1, 1])),
]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(CASES)]


def test_every_builder_has_a_case():
    # programs, whose losses live on an orthant, and trained networks, which have no polynomial,
    # have tests of their own beside this file
    assert {name for name, _ in CASES} == set(builders()) - {"program", "trained_network"}


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_twin_is_the_exact_loss(name, parameters):
    from singularity_lab.catalog.checks import twin_error

    assert max(twin_error(build(name, **parameters), seed=1)) < 1e-12


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_loss_and_ideal_vanish_at_the_strata(name, parameters):
    """K ≥ 0 vanishes where its squares do; the ideal has the same real zeros as the loss there."""
    model = build(name, **parameters)
    assert len({s.name for s in model.strata}) == len(model.strata)
    for stratum in model.strata:
        assert model.value(stratum.point) == 0
        assert not any(model.gradient(stratum.point))
        assert model.problem(stratum.name).point == stratum.point


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_ideal_and_squares_have_the_same_rank_at_the_strata(name, parameters):
    """Two sets of generators of one ideal have Jacobians of the same rank at a zero (Nakayama)."""
    import flint

    model = build(name, **parameters)
    for stratum in model.strata:
        ranks = []
        for polynomials in (model.ideal.generators, [p for _, p in model.squares]):
            rows = [[g.derivative(v)(stratum.point) for v in model.variables] for g in polynomials]
            matrix = [[flint.fmpq(c.numerator, c.denominator) for c in row] for row in rows]
            ranks.append(flint.fmpq_mat(matrix).rank())
        assert ranks[0] == ranks[1], stratum


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_analytic_loss_is_comparable_with_the_polynomial(name, parameters):
    """Near a zero the two losses bound each other with fixed constants as w → w*.

    Equivalence gives both the same λ and m; it is observed at 40 points on each of three scales.
    The constants allow for squares of Taylor coefficients such as 2/15.
    """
    import torch

    model = build(name, **parameters)
    if model.analytic is None:
        return
    generator = torch.Generator().manual_seed(0)
    centre = torch.tensor([[float(x) for x in model.strata[0].point]], dtype=torch.float64)
    assert model.analytic(centre).abs().max() < 1e-14
    sides = [model.box.get(v, (None, None)) for v in model.variables]
    low = torch.tensor([-torch.inf if a is None else float(a) for a, _ in sides])
    high = torch.tensor([torch.inf if b is None else float(b) for _, b in sides])
    seen = 0
    for scale in (1e-1, 3e-2, 1e-2):
        step = 2 * torch.rand(40, model.dimension, generator=generator, dtype=torch.float64) - 1
        w = (centre + scale * step).clamp(low, high)
        exact = model.twin(w)
        kept = exact > 1e-13
        seen += int(kept.sum())
        ratio = model.analytic(w)[kept] / exact[kept]
        assert bool((ratio > 1e-4).all())
        assert bool((ratio < 1e3).all())
    assert seen > 40


def test_dimension_counts_the_variables():
    model = build("reduced_rank_regression", inputs=3, outputs=2, hidden=4, rank=1)
    assert model.dimension == 4 * (3 + 2)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("reduced_rank", {}, "no builder 'reduced_rank'; perhaps reduced_rank_regression"),
        ("normal_crossing", {"exponent": [1]}, "unknown parameter 'exponent'; known: exponents"),
        ("normal_crossing", {}, "parameter 'exponents' is missing"),
        ("normal_crossing", {"exponents": "2"}, "parameter 'exponents'"),
        ("normal_crossing", {"exponents": [0, 0]}, "at least one must be positive"),
        ("normal_crossing", {"exponents": [1, 1], "prior": [0]}, "2 exponents are needed"),
        ("monomial_ideal", {"exponents": [[0, 0]]}, "unit"),
        ("edge_ideal", {"vertices": 3, "edges": [[1, 1]]}, "two different vertices"),
        ("edge_ideal", {"vertices": 3, "edges": [[1, 2], [2, 1]]}, "given twice"),
        ("brieskorn_pham", {"exponents": [2], "signs": [2]}, "1 or -1"),
        ("ade", {"type": "F", "k": 4}, "parameter 'type'"),
        ("ade", {"type": "E", "k": 9}, "E6, E7, E8"),
        ("arnold", {"name": "E19"}, "received 'E19'"),
        ("plane_branch", {"exponents": [[2, 1]]}, "smooth"),
        ("plane_branch", {"exponents": [[7, 4], [3, 2]]}, "increasing"),
        ("arrangement", {"normals": [[0, 0]]}, "zero vector"),
        ("discriminant", {"degree": 6}, "3, 4 or 5"),
        ("space_curve", {"powers": [2, 4, 6]}, "coprime"),
        ("semidefinite_form", {"matrix": [[1, 2], [0, 1]]}, "symmetric"),
        ("generic_minors", {"rows": 2, "columns": 2, "size": 3}, "at most"),
        ("reduced_rank_regression", {"inputs": 2, "outputs": 2, "hidden": 1, "rank": 2}, "= 1"),
        ("reduced_rank_regression", {"inputs": 0, "outputs": 2, "hidden": 1, "rank": 0}, ">= 1"),
        ("deep_linear", {"widths": [2, 2], "rank": 0}, "3 to 20"),
        ("deep_linear", {"widths": [2, 1, 2], "rank": 2}, "0 <= rank <= 1"),
        ("diagonal_linear", {"depth": 2, "target": [0.5]}, "target"),
        ("diagonal_linear", {"depth": 2, "target": ["a"]}, "not a rational"),
        ("linear_convolution", {"kernels": [2]}, "at least two"),
        ("linear_autoencoder", {"dimension": 3, "hidden": 1, "data_rank": 2}, "reach 0"),
        ("vandermonde", dict(inputs=1, outputs=1, hidden=1, true_units=2), "true_units"),
        ("polynomial_network", dict(inputs=1, outputs=1, hidden=1, powers=[3, 2]), "increasing"),
        ("gaussian_mixture", {"components": 1, "dimension": 1}, ">= 2"),
        ("latent_class", {"sizes": [2, 2], "classes": 2, "truth": "generic"}, "three features"),
        ("latent_class", {"sizes": [3, 3], "classes": 2, "truth": "pair"}, "binary"),
        ("gaussian_tree", {"leaves": 2, "edges": [[1, 2], [1, 2]], "kept": [0]}, "as many"),
        ("gaussian_tree", {"leaves": 3, "edges": [[1, 2]], "kept": [0]}, "tree"),
        ("factor_analysis", {"observed": 3, "factors": 1, "true_factors": 2}, "true_factors"),
    ],
)
def test_bad_parameters_name_what_is_wrong(name, parameters, message):
    with pytest.raises(BadInput, match=message):
        build(name, **parameters)


def test_unknown_stratum_and_non_zero_point():
    model = build("normal_crossing", exponents=[1, 1])
    with pytest.raises(BadInput, match="no stratum 'deep'; it has origin"):
        model.problem("deep")
    with pytest.raises(BadInput, match=r"does not vanish at \(1, 1\)"):
        model.problem({"w1": 1, "w2": 1})
    assert model.problem({"w1": 1}).point == (1, 0)


def test_signature_tells_types_and_defaults():
    known = signature("vandermonde")
    assert known["inputs"][0] is int
    assert known["step"] == (int, 2)


def test_models_import_no_torch():
    code = "import sys, singularity_lab.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
