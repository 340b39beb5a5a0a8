"""Training: the ensemble engine for small fully connected networks."""
