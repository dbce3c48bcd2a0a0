"""How many units by hour: what is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.values import Value

Hour = Annotated[int, Field(ge=0, le=23)]


class UnitsQuestion(Value):
    """Units that every hour of a day needs so that standards hold, and the shifts that field them.

    Calls are counted over whole days of a period, by the local hour. Priority 1 goes first; calls without a priority
    count as the last. Standards that are left empty (null) are not asked.
    """

    families: list[str] | None = None
    from_: datetime | None = Field(default=None, alias="from")
    to: datetime | None = None
    basis: Literal["valid", "received", "cases"] = "valid"
    citizen: Literal["any", "only"] = "only"
    weekdays: str | None = Field(default=None, description="1-7, 1 is Monday; all days if missing")
    profile: str = "response_car"
    travel: Literal["network", "square_root"] = "network"
    speed_kph: float = Field(default=30.0, gt=0, le=150, description="of the square-root law")
    on_scene_minutes: float | None = Field(
        default=None, gt=0, le=600, description="from arrival to being free; the mean of the calls if missing"
    )
    units_a_call: float = Field(default=1.0, gt=0, le=20)
    away_share: float = Field(default=0.2, ge=0, lt=1, description="share of time for meals, papers and escorts")
    utilisation: float | None = Field(default=0.6, gt=0, lt=1)
    delayed_share: float | None = Field(default=0.05, gt=0, lt=1)
    travel_minutes: float | None = Field(default=None, gt=0, le=120)
    response_minutes: list[float | None] = Field(default_factory=list, max_length=5, description="by priority")
    wait_minutes: list[float | None] = Field(default_factory=list, max_length=5, description="by priority")
    most_units: int = Field(default=300, ge=1, le=500)
    starts: list[Hour] = Field(default_factory=lambda: [0, 8, 16], min_length=1, description="hours shifts may start")
    lengths: list[int] = Field(default_factory=lambda: [8], min_length=1, max_length=6)
    relief: list[int] = Field(default_factory=list, max_length=12, description="hours after the start, one off street")
    crews: int | None = Field(default=None, ge=1, le=2000, description="crews there are; as many as needed if missing")
    officers: int = Field(default=1, ge=1, le=10, description="police officers in a crew")
    auxiliaries: int = Field(default=1, ge=0, le=10)
    hours_a_week: float = Field(default=40.0, gt=0, le=80)
    absent_share: float = Field(default=0.15, ge=0, lt=1)
    seconds: float = Field(default=20.0, gt=0, le=600)
    seed: int = Field(default=1, ge=0)
