"""The current shift at a glance."""

from __future__ import annotations

from datetime import datetime

from api.schemas.values import Value


class ShiftNow(Value):
    """The shift that is on duty."""

    id: str
    name: str
    start: datetime
    end: datetime


class CountIn(Value):
    """A count, its period and its exact 95 % Poisson interval."""

    n: int
    start: datetime
    end: datetime
    interval: tuple[float, float]


class CallsNow(Value):
    """Calls of the last 24 hours; ``n_valid`` (有效) is the figure, the others stand beside it.

    Accepted flags leave calls out of ``by_hour`` and of the share without an arrival, and are counted.
    """

    n_valid: int
    n_received: int
    n_unplaced: int
    start: datetime
    end: datetime
    missing_arrival_share: float | None
    by_hour: list[int]
    n_hour_left_out: int = 0
    n_clock_left_out: int = 0
    week_ago: CountIn
    interval: tuple[float, float]


class UnitNow(Value):
    """A unit on duty with the age of its last position; no position is unknown, not absence."""

    unit_id: str
    name: str
    kind: str
    state: str
    lon: float
    lat: float
    seen_at: datetime | None
    age_seconds: float | None


class PostsNow(Value):
    """Posts, and how many of them have a unit of this shift."""

    n: int
    manned: int


class PlanNow(Value):
    """The open patrol plan of the shift."""

    plan_id: str
    title: str
    title_en: str | None
    units: int
    lower_bound: int | None
    worst_gap_minutes: float | None
    worst_gap_point: str | None
    unvisited: int
    proved: bool


class RecentCall(Value):
    """One call on the map."""

    call_id: str
    family: str
    occurred_at: datetime
    lon: float
    lat: float
    priority: int | None
    address: str | None


class Situation(Value):
    """What a dispatcher sees first."""

    now: datetime
    as_of: datetime | None
    shift: ShiftNow | None
    calls: CallsNow
    units: list[UnitNow]
    posts: PostsNow
    plan: PlanNow | None
    recent: list[RecentCall]


class Now(Value):
    """The one clock."""

    now: datetime
    source: str
    tz: str
