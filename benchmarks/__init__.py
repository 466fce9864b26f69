"""Timing against peers; not installed."""
