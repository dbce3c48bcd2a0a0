"""Plans that were kept."""

from __future__ import annotations

from datetime import datetime

from api.schemas.values import Value


class PlanRow(Value):
    """One plan of the list."""

    plan_id: str
    kind: str
    title: str
    title_en: str | None
    created_at: datetime
    termination: str
    objective: float | None
    bound: float | None
    gap: float | None
    proved: bool
    open: bool
    version: int | None = None
    issued_at: datetime | None = None


class Plans(Value):
    """Kept plans, newest first."""

    plans: list[PlanRow]
