"""Other computer algebra systems: asked by tests and benchmarks, and Singular, where it is
installed, for the Gröbner bases of jet schemes. No certificate rests on them."""
