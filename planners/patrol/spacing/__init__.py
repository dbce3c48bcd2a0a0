"""Patrols that are back at every point within its gap."""
