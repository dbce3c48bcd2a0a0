"""Dispatch: what units do while calls come in."""
