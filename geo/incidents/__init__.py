"""Calls: counts, rates and their uncertainty."""
