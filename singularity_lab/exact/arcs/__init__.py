"""Arcs and jets: jet schemes, contact loci, essential divisors."""
