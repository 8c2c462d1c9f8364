"""The exact objects: polynomials, ideals, number fields, polyhedra, linear algebra."""
