"""Other computer algebra systems, asked by tests and benchmarks only."""
