"""Posts: where they stand and what they cover."""
