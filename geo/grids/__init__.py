"""Grids and other areas that someone answers for: codes, shared boundaries, edits, lookup."""
