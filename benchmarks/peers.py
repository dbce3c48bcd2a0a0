"""Peers that may not be installed."""

from __future__ import annotations

import importlib
import warnings
from typing import Any


def peer(name: str) -> Any | None:
    """Return a module, or None where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError:
        return None
