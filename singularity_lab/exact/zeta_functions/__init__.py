"""Zeta functions, their poles, and volume expansions."""
