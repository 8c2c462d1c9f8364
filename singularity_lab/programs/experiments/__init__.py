"""Programs measured: tempered posteriors, training."""
