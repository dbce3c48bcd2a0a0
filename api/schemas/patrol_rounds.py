"""Periodic rounds: what is asked."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import Field

from api.schemas.values import Seed, Value


class RoundsPoint(Value):
    """A place to be visited every few days: a point of the table by its id, or a name with lon and lat."""

    point_id: str | None = None
    name: str | None = Field(default=None, max_length=200)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    every_days: int = Field(default=7, ge=1, le=366)
    tolerance_days: int | None = Field(default=None, ge=0, le=365)
    service_minutes: float = Field(default=20.0, ge=0, le=720)
    last_visit: date | None = None
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] | None = Field(default=None, min_length=1)
    priority: int = Field(default=1, ge=1, le=1000)


class RoundsQuestion(Value):
    """Rounds of weeks from one post; weekday 1 is Monday.

    A tolerance that is not given is a fifth of the frequency and at least a day.
    """

    post_id: str
    points: list[RoundsPoint] = Field(min_length=1, max_length=1000)
    kind: str = Field(default="car", pattern="^(car|motorcycle|foot|off_road)$")
    from_day: date
    days: int = Field(default=28, ge=1, le=92)
    units: int = Field(default=2, ge=1, le=60)
    duty_weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(default=[1, 2, 3, 4, 5], min_length=1)
    rest_days: list[date] = Field(default=[], max_length=92)
    day_start: time = time(8, 30)
    day_hours: float = Field(default=7.0, gt=0, le=24)
    unit_minutes: float = Field(default=60.0, ge=0, le=1440)
    seconds: float = Field(default=20.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: Seed = 1
