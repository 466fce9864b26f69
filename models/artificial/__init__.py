"""Artificial networks with SBP, in plain numpy."""
