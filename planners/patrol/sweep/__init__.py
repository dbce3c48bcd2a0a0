"""Sweeps: every street of a part driven along at least once, by one unit or several."""
