"""Map matching: which streets a unit drove, from positions that are noisy, sparse or missing."""
