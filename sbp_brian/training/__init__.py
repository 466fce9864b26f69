"""Training: samples, epochs with checkpoints, encoding, optimisers, scores, baselines."""
