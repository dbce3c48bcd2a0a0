"""Presence without check-in: where units were seen, read from positions that exist anyway."""
