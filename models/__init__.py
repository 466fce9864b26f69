"""Models: networks of the literature, one file or folder each."""
