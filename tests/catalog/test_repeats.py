"""One germ is one statement: rows that repeat it agree in their tag and their value."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.repeats import repeats, same_germ
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.models import build

SMALL = [e for e in entries(max_dimension=10) if e.polynomial and e.family != "rrr_strata"]


def test_new_is_said_of_germs_and_not_of_rows():
    for same in repeats(SMALL):
        assert len({"new" in e.tags for e in same}) == 1, [e.id for e in same]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("deep-2-2-2-2-r0-up-a", "deep-2-2-2-2-r0-up-c"),  # the transposed network
        ("deep-2-2-2-2-2-r0-up-ac", "deep-2-2-2-2-2-r0-up-bd"),
        ("attention-d2-k1-v1-h2-cross", "cp-2-2-2-2-s2"),
        ("attention-d2-k1-v2-h2", "attention-d2-k2-v1-h2"),
        ("expm1-2in-1out-2", "vandermonde-2in-1out-2-step1-first1"),
    ],
)
def test_rows_that_repeat_a_germ_are_known(one, other):
    assert same_germ(load(one).problem(), load(other).problem())
    assert ground_truth(one, budget=0).bounds == ground_truth(other, budget=0).bounds


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (dict(generators="x*y"), dict(generators="x*y", prior={"x": 1})),
        (dict(generators="x*y"), dict(generators="x*y", nonnegative="x")),
        (dict(generators="x^2*y"), dict(generators="x*y")),
        (dict(generators="x^2 + y^2"), dict(generators="x^2 - y^2")),
        (dict(generators="x^2"), dict(generators="x^2", convention="loss")),
        (dict(generators="x^2"), dict(generators="x^2", variables="x y")),
    ],
)
def test_germs_that_differ_are_told_apart(one, other):
    assert not same_germ(LocalProblem.build(**one), LocalProblem.build(**other))


# Where the words of a stratum left open which germ is meant, m tells the cases apart.
STRATA = [
    ("lc-2-2-c3-far", "lc-2-2-c3-far-aside"),
    ("lc-2-3-c3-far", "lc-2-3-c3-far-aside"),
    ("hmm-2-interior", "hmm-2-drifting"),
    ("hmm-3-interior", "hmm-3-drifting"),
    ("hmm-4-interior", "hmm-4-drifting"),
    ("deep-2-2-2-2-r0-up-ab", "deep-2-2-2-2-r0-up-ab-apart"),
    ("deep-2-2-2-2-2-r0-up-bc", "deep-2-2-2-2-2-r0-up-bc-apart"),
]


@pytest.mark.parametrize(("one", "other"), STRATA)
def test_strata_of_like_names_are_proved_to_be_two(one, other):
    a, b = (ground_truth(id, budget=0) for id in (one, other))
    assert a.status == b.status == "proved"
    assert a.rlct != b.rlct


def test_descriptions_fix_the_stratum():
    chain = build("hidden_markov", length=3)
    for name in ("interior", "drifting"):
        stratum = chain.stratum(name)
        t, a, b, *_ = stratum.point
        assert (t == a / (a + b)) == ("not stationary" not in stratum.description)
        assert "stationary" in stratum.description
    far = build("latent_class", sizes=[2, 2], classes=3).stratum("far")
    assert "at one point" in far.description
    up = build("deep_linear", widths=[2, 2, 2, 2], rank=0).stratum("up-ab")
    assert "same unit" in up.description
    assert (
        "same unit" not in build("deep_linear", widths=[2] * 4, rank=0).stratum("up-ac").description
    )


def test_a_published_value_is_on_the_row():
    """Rusakov and Geiger 2005, Theorem 4, two binary features: (3/2, 3)."""
    (claim,) = load("nb-2-2-indep").claims
    truth = ground_truth("nb-2-2-indep", budget=0)
    assert (claim.fraction, claim.multiplicity) == (truth.value, truth.multiplicity) == (1.5, 3)
