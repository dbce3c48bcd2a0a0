"""Periodic rounds: places visited every few days over weeks, and the routes of each day."""
