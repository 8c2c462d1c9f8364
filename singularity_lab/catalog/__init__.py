"""The catalog: rows of models with points, claims of papers, and checks. ``catalog/*.toml`` holds
the data.

Importing this package loads nothing: the rows bring every builder of a model with them, which a
question about a typed germ does not need (:mod:`singularity_lab.catalog.lookup`).
"""
