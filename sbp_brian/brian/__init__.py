"""Every touch of Brian2's insides: what is taken from beneath its public interface, and nothing else."""
