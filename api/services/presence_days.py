"""Presence day by day: each day is computed once for its positions, so that a new position costs a day or two and not a week."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import shapely

from api.services.duties_heard import heard_positions
from api.services.workspace import Workspace
from geo.presence.legs import Sight, heard
from geo.presence.seen import Presence, presence
from geo.store.port import Principal
from geo.streets.matching.match import Matcher
from geo.tables.points import Points

MOST_DAYS: Final = 64
"""Days that are held: a month and a week of it asked for otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayPart:
    """What the positions of a day tell: presence, how many there were, and for each turn of duty whether it was heard."""

    made: Presence
    positions: int
    turns: Mapping[tuple[str, float], bool]


def day_parts(
    workspace: Workspace,
    principal: Principal,
    points: Points,
    start: datetime,
    end: datetime,
    sight: Sight,
    *,
    streets: bool,
) -> list[DayPart]:
    """Return a period in parts that end at midnight: a week of a city's positions would not fit into memory at once."""
    tables = tuple(workspace.store.version(name) for name in ("points", "units", "shifts"))
    version = (tables, principal.scopes, workspace.street_stamp() if streets else None)
    held: dict[Hashable, DayPart] = workspace.derived.get("presence_days", version, dict)
    found = []
    for first, last in days_of(start, end):
        margin = timedelta(seconds=sight.off_duty_seconds)
        kept = workspace.history.version((first - margin).timestamp(), (last + margin).timestamp())
        key = (first, last, sight, streets, kept)
        part = held.pop(key, None) or _part(workspace, principal, points, first, last, sight, streets=streets)
        held[key] = part
        while len(held) > MOST_DAYS:
            held.pop(next(iter(held)), None)
        found.append(part)
    return found


def _part(
    workspace: Workspace,
    principal: Principal,
    points: Points,
    first: datetime,
    last: datetime,
    sight: Sight,
    *,
    streets: bool,
) -> DayPart:
    lonlat = shapely.get_coordinates(np.asarray(points.frame.geometry.array))
    matcher = Matcher(workspace.graph(), speeds=workspace.speeds()) if streets else None
    known = heard_positions(workspace, principal, first, last, sight)
    low, high = first.timestamp(), last.timestamp()
    made = presence(known.positions, lonlat, start=low, end=high, duties=known.duties, sight=sight, matcher=matcher)
    turns: dict[tuple[str, float], bool] = {}
    for turn, was in zip(known.turns, heard(known.positions, known.duties).tolist(), strict=True):
        turns[turn] = turns.get(turn, False) or was
    return DayPart(made=made, positions=len(known.positions.between(low, high)), turns=turns)


def days_of(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return a period in pieces that end at midnight of its zone."""
    out = []
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        out.append((start, min(end, midnight)))
        start = out[-1][1]
    return out
