"""Figures of the biological experiments."""
