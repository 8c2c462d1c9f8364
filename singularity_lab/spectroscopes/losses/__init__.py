"""Losses K that devices measure, behind one protocol."""
