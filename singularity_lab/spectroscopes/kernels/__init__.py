"""Transition kernels: pure ``init`` and ``step`` over batched chains, with an explicit generator.

Positions are displacements u = w − w*, kept as columns (d, c): one contiguous row per coordinate.
"""
