"""One adapter for each kind of network."""
