"""Figures of networks that learn."""
