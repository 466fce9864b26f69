"""Experiments: protocols, their parameters, what they report, and the records that they leave."""
