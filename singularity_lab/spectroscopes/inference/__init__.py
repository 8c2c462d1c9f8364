"""From samples and curves to estimates with intervals."""
