"""Positions that come in, and the presence read from them: by place and as a whole, never by unit."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from api.schemas.exchange import DroppedPersons
from api.schemas.values import Value


class PositionRow(Value):
    """One position of a unit; degrees in the frame of the batch."""

    unit_id: str = Field(min_length=1, max_length=64)
    at: AwareDatetime
    lon: float
    lat: float


class PositionRows(Value):
    """Positions of any units, in any order."""

    frame: str = "WGS84"
    rows: list[PositionRow] = Field(min_length=1, max_length=20_000)


class PositionsTaken(Value):
    """What became of positions: rows read and kept, rows left out by reason, fields used, persons dropped.

    ``jumps`` are positions kept that no vehicle could have sent; ``too_old`` lie before the time for which positions are kept.
    """

    read: int
    kept: int
    units: int
    left_out: dict[str, int]
    left_out_zh: dict[str, str]
    left_out_en: dict[str, str]
    jumps: int
    too_old: int
    first: datetime | None
    last: datetime | None
    fields: dict[str, str]
    persons: list[DroppedPersons]
    source_frame: str
    notes_zh: list[str]
    notes_en: list[str]
    written: bool


class RateShown(Value):
    """A share of what is known; ``low`` and ``high`` are its 95 % interval.

    ``least`` and ``most`` are the share of all if the unknown were all no or all yes.
    """

    value: float | None
    yes: int
    n: int
    unknown: int
    unknown_share: float | None
    low: float | None
    high: float | None
    least: float | None
    most: float | None


class PointPresence(Value):
    """What is known of one point: minutes in sight, minutes unknown, hours seen, stays and demanded visits made.

    ``by_hour`` are, for each of the 24 hours of the day, the hours with a unit in sight and the hours of which it is known.
    """

    point_id: str
    name: str
    lon: float
    lat: float
    seen_minutes: float
    unknown_minutes: float
    known_share: float
    stays: int
    longest_absence_minutes: float | None
    seen: RateShown
    by_hour: list[tuple[int, int]]
    control: RateShown | None


class HourPresence(Value):
    """One hour of the day over all points."""

    hour: int
    seen: RateShown
    seen_minutes: float


class PresenceAnswer(Value):
    """Presence of units at the points that patrols visit, between two moments.

    ``duties`` are turns of duty in the period, ``silent`` those of them without any position. ``seen`` is 见警率,
    ``control`` 管控率.
    """

    start: datetime
    end: datetime
    positions: int
    known_from: datetime | None
    known_until: datetime | None
    duties: int
    silent: int
    radius_m: float
    joined_seconds: float
    places: int
    seen: RateShown
    control: RateShown
    hours: list[HourPresence]
    points: list[PointPresence]
    sentence_zh: str
    sentence_en: str
    notes_zh: list[str]
    notes_en: list[str]


class VisitShown(Value):
    """A planned visit of a point and what became of it."""

    point_id: str
    name: str
    planned: datetime
    status: Literal["kept", "late", "not_seen", "unknown", "to_come"]
    seen_minutes: float
    late_minutes: float | None


class PointKept(Value):
    """Planned visits of one point by what became of them."""

    point_id: str
    name: str
    planned: int
    kept: int
    late: int
    not_seen: int
    unknown: int
    to_come: int


class AgainstPlan(Value):
    """A plan against what was seen: by point and as a whole, whoever came."""

    plan_id: str
    title: str
    start: datetime
    end: datetime
    as_of: datetime
    tolerance_minutes: float
    kept: RateShown
    late: int
    to_come: int
    points: list[PointKept]
    visits: list[VisitShown]
    sentence_zh: str
    sentence_en: str
