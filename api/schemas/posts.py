"""Posts: what is asked of a plan, and what today's posts are worth."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.values import Value


class PostsQuestion(Value):
    """Which ``p`` posts cover most calls within ``radius_minutes`` of street time."""

    p: int = Field(ge=1, le=5000)
    radius_minutes: float = Field(gt=0, le=60)
    profile: str = "response_car"
    families: list[str] | None = None
    from_: datetime | None = Field(default=None, alias="from")
    to: datetime | None = None
    basis: Literal["valid", "received", "cases"] = "valid"
    citizen: Literal["any", "only"] = Field(default="only", description="citizens' calls are the demand by default")
    pinned: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    candidates: Literal["posts", "candidates", "all"] = "all"
    seconds: float = Field(default=30.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: int = 1


class WorstGrid(Value):
    """The grid that is reached last."""

    code: str
    name: str | None
    seconds: float


class PostsCoverage(Value):
    """What today's posts cover; times are over the demand that is reachable at all."""

    n: int
    n_unplaced: int
    basis: str
    citizen: str
    n_posts: int
    minutes: float
    profile: str
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    share: float
    interval: tuple[float, float]
    mean_seconds: float | None
    p90_seconds: float | None
    worst_grid: WorstGrid | None
    unreachable: list[str]
    unreachable_calls: int
    by_grid: dict[str, float]
