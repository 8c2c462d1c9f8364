"""Uncertainty propagated through a program, in every semiring."""
