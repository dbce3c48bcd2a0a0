"""A place that a search has found, before it is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shapely.geometry.base import BaseGeometry

from api.services.hot_ground import Ints

RATE: Final = 0.05
"""Chance, or false discovery rate, up to which a place is listed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Outline in metres, calls by their rows, score, p, q (None where untested) and how many calls are usual there."""

    shape: BaseGeometry
    rows: Ints
    score: float
    p: float | None
    q: float | None
    usual: float | None
