"""Decisions: problems, solvers, plans, checks. Pure, seeded, checkable."""
