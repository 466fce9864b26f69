"""Biological experiments, one file a paper."""
