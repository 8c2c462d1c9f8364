"""Ranks and manifolds of exact fits of modular addition."""

import pytest

from singularity_lab import BadInput
from singularity_lab.models.fourier_fits import FourierFits


@pytest.mark.parametrize(("p", "rank"), [(5, 105), (7, 229)])
def test_the_fits_of_modular_addition_are_a_manifold_of_the_rank_of_the_errors(p, rank):
    """Ranks that floating point had, here modulo a prime."""
    fits = FourierFits(p)
    assert fits.codimension == fits.rank == rank == 6 * p * p - 10 * p + 5
    assert fits.tangent_rank == fits.parameters
    assert fits.are_exact(0)
    assert fits.are_exact(1)


def test_the_errors_of_addition_modulo_three_are_coordinates():
    """Rank 27 of 27, which the certificate of ``modular-3`` proves by a minor over Q."""
    assert FourierFits(3).rank == 27


@pytest.mark.parametrize("modulus", [2, 9, 31])
def test_fits_are_those_of_odd_primes(modulus):
    with pytest.raises(BadInput, match="odd prime"):
        FourierFits(modulus)
