"""Patrols: routes over must-visit points."""
