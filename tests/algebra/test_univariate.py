"""Roots in one variable, counted and signed: against products of linear factors."""

import random

import flint

from singularity_lab.algebra.univariate import count_roots, tarski_query


def test_tarski_queries_are_sums_of_signs():
    """Against the roots of products of linear factors."""
    source = random.Random(5)
    for _ in range(60):
        roots = source.sample([r for r in range(-6, 7) if r], source.randint(1, 5))
        p = flint.fmpq_poly([1])
        for r in roots:
            p *= flint.fmpq_poly([-r, 1]) ** source.randint(1, 2)
        q = flint.fmpq_poly([source.randint(-4, 4) for _ in range(4)])
        if not q:
            continue
        signs = [(q(r) > 0) - (q(r) < 0) for r in roots if r > 0]
        assert tarski_query(p, q) == sum(signs)
        assert count_roots(p, "positive") == len(signs)
