"""Real zeros: the search for evidence that :mod:`singularity_lab.exact.proof` checks."""
