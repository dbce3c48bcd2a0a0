"""Patrols: what is asked of a plan."""

from __future__ import annotations

from pydantic import Field

from api.schemas.values import Value


class PatrolQuestion(Value):
    """Routes of one shift over its must-visit points; without lists, all units of the shift and all points."""

    shift_id: str
    unit_ids: list[str] | None = None
    point_ids: list[str] | None = None
    seconds: float = Field(default=20.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: int = 1
