"""Singularity theory: types, spectra, unfoldings, matrix factorisations."""
