"""Benchmarks: tasks, and one adapter for each kind of network that learns them."""
