"""Validated, frozen tables; one file each."""
