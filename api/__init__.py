"""Doors: HTTP and command line, settings, jobs, use cases."""
