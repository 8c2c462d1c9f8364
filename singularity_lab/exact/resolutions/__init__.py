"""Resolutions as geometry: toric ones and dual graphs."""
