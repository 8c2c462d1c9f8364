"""Transition kernels: pure ``init`` and ``step`` over batched chains, with an explicit generator.

Positions are displacements u = w − w*, (c, d): one chain a row, whatever the order in memory. Only
``splitting`` keeps its particles as columns (d, P).
"""
