"""Proofs: families, steps with their theorems, certificates, the verifier. Stands on
``algebra``, ``errors`` and ``system`` alone."""
