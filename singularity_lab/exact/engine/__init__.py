"""The search for a proof: germs, normal forms, Newton polyhedra, resolution."""
