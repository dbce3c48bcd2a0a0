"""The door through which files come in and go out."""

from __future__ import annotations

from geo.store.formats import EXPORTS, Format, export_format
from geo.store.limits import ReadLimits
from geo.store.reading import FileLayer, read_file, read_layer
from geo.store.sandbox import Sandbox, shared_sandbox
from geo.store.writing import Written, to_bytes, write_layer

__all__ = [
    "EXPORTS",
    "FileLayer",
    "Format",
    "ReadLimits",
    "Sandbox",
    "Written",
    "export_format",
    "read_file",
    "read_layer",
    "shared_sandbox",
    "to_bytes",
    "write_layer",
]
