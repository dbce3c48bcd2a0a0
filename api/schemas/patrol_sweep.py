"""Sweeps of streets: what is asked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.patrol_asked import Lat, Lon
from api.schemas.values import Seed, Value

LonLat = tuple[Lon, Lat]


class SweepQuestion(Value):
    """Streets of an area, or of grids, swept from a post and back.

    The streets are those whose middle lies in ``area`` (a ring of lon, lat) or in a grid or police grid of ``grid_codes``. ``sides``
    "once" sweeps a street of two ways in one direction, "both" in both. Without ``longest`` the sum of all routes is least.
    """

    post_id: str
    area: list[LonLat] | None = Field(default=None, min_length=3, max_length=2000)
    grid_codes: list[str] | None = Field(default=None, min_length=1, max_length=200)
    kind: Literal["car", "motorcycle", "foot", "off_road"] = "car"
    sides: Literal["once", "both"] = "once"
    units: int | None = Field(default=1, ge=1, le=60)
    goal: Literal["total", "longest"] = "longest"
    limit_minutes: float | None = Field(default=None, gt=0, le=1440)
    sweeping_minutes: float | None = Field(default=None, gt=0, le=1440)
    sweep_kph: float = Field(default=15.0, ge=1, le=80)
    seconds: float = Field(default=20.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: Seed = 1
