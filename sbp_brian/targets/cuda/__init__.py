"""CUDA by brian2cuda, which is imported only when it is used."""
