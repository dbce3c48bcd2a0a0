"""Presence from positions: minutes at points, 见警率, 管控率, and a plan against what was seen. Never by unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.presence import HourPresence, PointPresence, PresenceAnswer, RateShown
from api.services.duties_heard import turns
from api.services.presence_days import day_parts
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.presence.legs import Sight
from geo.presence.rates import SEEN, UNKNOWN, Demand, Rate, control_states, hours_between, place_hours, rate_of
from geo.presence.seen import Presence, together
from geo.store.port import Principal
from geo.tables.points import Points

LONGEST: Final = timedelta(days=31)
DEFAULT_DAYS: Final = 7
LEAST_DWELL_SHARE: Final = 0.5
"""A stay of half the dwell asked for is a visit."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Points, their presence in a period, and what the rates count."""

    points: Points
    made: Presence
    positions: int
    states: npt.NDArray[np.int8]
    edges: Floats
    control: npt.NDArray[np.int8]
    start: datetime
    end: datetime

    @property
    def seen(self) -> Rate:
        """见警率 of all places; hours of one place hang together."""
        return rate_of(self.states)

    @property
    def met(self) -> Rate:
        """管控率 of all points; visits of one point hang together."""
        return rate_of(self.control)


def period(workspace: Workspace, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """Return the period asked for, on whole hours; the last seven days where nothing is."""
    until = end or workspace.clock.now()
    begin = start or until - timedelta(days=DEFAULT_DAYS)
    begin, until = (at.astimezone(workspace.zone).replace(minute=0, second=0, microsecond=0) for at in (begin, until))
    if begin >= until:
        raise ParameterError(
            "The period must hold a whole hour: from before to", "统计时段至少应含一个整点小时，且起早于止"
        )
    if until - begin > LONGEST:
        raise ParameterError(
            f"Presence is counted for at most {LONGEST.days} days at once", f"见警统计一次最多 {LONGEST.days} 天"
        )
    return begin, until


def seen_at_points(
    workspace: Workspace,
    principal: Principal,
    start: datetime,
    end: datetime,
    sight: Sight | None = None,
    *,
    streets: bool = False,
) -> Seen:
    """Return presence at the points that units visit in person, computed once for the same data and question.

    With ``streets`` positions are matched to the streets first, as the drives of cars that answer calls.
    """
    asked = sight or Sight()
    store = workspace.store
    key = (
        start,
        end,
        asked,
        streets,
        workspace.history.version(),
        *(store.version(n) for n in ("points", "units", "shifts")),
    )
    days = (end - start).days
    return workspace.derived.get(
        f"presence:{days}", key, lambda: _seen(workspace, principal, start, end, asked, streets=streets)
    )


def _seen(
    workspace: Workspace, principal: Principal, start: datetime, end: datetime, sight: Sight, *, streets: bool
) -> Seen:
    points = visited_in_person(workspace.points(principal))
    known = day_parts(workspace, principal, points, start, end, sight, streets=streets)
    turns_heard: dict[tuple[str, float], bool] = {}
    for part in known:
        for turn, was in part.turns.items():
            turns_heard[turn] = turns_heard.get(turn, False) or was
    silent = sum(not was for was in turns_heard.values())
    made = together([part.made for part in known], duties=len(turns_heard), silent=silent)
    edges = hours_between(start.timestamp(), end.timestamp())
    frame = points.frame
    demand = Demand(
        edges=turns(workspace, principal, start, end),
        visits=frame["visits"].to_numpy(np.int64),
        least_seconds=LEAST_DWELL_SHARE * frame["dwell_seconds"].to_numpy(np.float64),
    )
    return Seen(
        points=points, made=made, positions=sum(part.positions for part in known), states=place_hours(made, edges),
        edges=edges, control=control_states(made, demand), start=start, end=end,
    )  # fmt: skip


def visited_in_person(points: Points) -> Points:
    """Return the points that somebody goes to; a video round leaves no position."""
    frame = points.frame
    return Points(frame[(frame["mode"] != "video") & (frame["kind"] != "video")].reset_index(drop=True))


def presence_answer(
    workspace: Workspace,
    principal: Principal,
    start: datetime | None,
    end: datetime | None,
    sight: Sight | None = None,
    *,
    streets: bool = False,
) -> PresenceAnswer:
    """Return presence as the page, the command line and other systems read it; with ``streets`` units move along them."""
    begin, until = period(workspace, start, end)
    seen = seen_at_points(workspace, principal, begin, until, sight, streets=streets)
    extent = workspace.history.extent()
    known = [None, None] if extent is None else [datetime.fromtimestamp(s, workspace.zone) for s in extent]
    zh, en = _notes(seen)
    return PresenceAnswer(
        start=begin, end=until, positions=seen.positions, known_from=known[0], known_until=known[1],
        duties=seen.made.duties, silent=seen.made.silent, radius_m=seen.made.sight.radius_m,
        joined_seconds=seen.made.sight.joined_seconds, places=seen.made.places, seen=shown(seen.seen),
        control=shown(seen.met), hours=_hours(workspace, seen), points=_points(workspace, seen),
        sentence_zh=_sentence(seen, zh=True), sentence_en=_sentence(seen, zh=False), notes_zh=zh, notes_en=en,
    )  # fmt: skip


def shown(rate: Rate) -> RateShown:
    """Return a rate as answers show it."""
    low, high = rate.interval or (None, None)
    least, most = rate.bounds or (None, None)
    return RateShown(
        value=rate.value, yes=rate.yes, n=rate.n, unknown=rate.unknown, unknown_share=rate.unknown_share,
        low=low, high=high, least=least, most=most,
    )  # fmt: skip


def _hours(workspace: Workspace, seen: Seen) -> list[HourPresence]:
    hour = _hour_of_day(workspace, seen)
    minutes = seen.made.seen_seconds(seen.edges).sum(axis=0) / 60.0
    return [
        HourPresence(
            hour=h,
            seen=shown(rate_of(seen.states[:, hour == h])),
            seen_minutes=round(float(minutes[hour == h].sum()), 1),
        )
        for h in range(24)
    ]


def _hour_of_day(workspace: Workspace, seen: Seen) -> npt.NDArray[np.int64]:
    return np.array([datetime.fromtimestamp(s, workspace.zone).hour for s in seen.edges[:-1].tolist()], np.int64)


def _points(workspace: Workspace, seen: Seen) -> list[PointPresence]:
    ends = seen.edges[[0, -1]]
    whole = float(ends[1] - ends[0])
    minutes, unknown = seen.made.seen_seconds(ends)[:, 0], seen.made.unknown_seconds(ends)[:, 0]
    stays = seen.made.stays()
    count = np.bincount(stays.place, minlength=seen.made.places)
    lonlat = shapely.get_coordinates(np.asarray(seen.points.frame.geometry.array))
    hour = _hour_of_day(workspace, seen)
    yes, known = (
        np.stack([kind[:, hour == h].sum(axis=1) for h in range(24)], axis=1)
        for kind in (seen.states == SEEN, seen.states != UNKNOWN)
    )
    out = []
    for row, item in enumerate(seen.points.frame.itertuples(index=False)):
        a, b = np.searchsorted(stays.place, [row, row + 1])
        absent = np.maximum(stays.begin[a + 1 : b] - stays.until[a : b - 1], 0.0)
        asked = seen.control[row : row + 1]
        out.append(
            PointPresence(
                point_id=str(item.point_id), name=str(item.name), lon=float(lonlat[row, 0]), lat=float(lonlat[row, 1]),
                seen_minutes=round(float(minutes[row]) / 60.0, 1), unknown_minutes=round(float(unknown[row]) / 60.0, 1),
                known_share=1.0 - float(unknown[row]) / whole, stays=int(count[row]),
                longest_absence_minutes=round(float(absent.max()) / 60.0, 1) if len(absent) else None,
                seen=shown(rate_of(seen.states[row])),
                by_hour=list(zip(yes[row].tolist(), known[row].tolist(), strict=True)),
                control=shown(rate_of(asked)) if (asked != -2).any() else None,
            )
        )  # fmt: skip
    return out


def _sentence(seen: Seen, *, zh: bool) -> str:
    rate, met = seen.seen, seen.met
    if not seen.positions:
        return "本时段没有定位数据：无法判断" if zh else "There are no positions in this period: nothing is known"
    told = []
    if rate.value is not None and rate.interval is not None:
        low, high = rate.interval
        told.append(
            f"见警率 {rate.value:.1%}（{low:.1%}–{high:.1%}，n = {rate.n:,} 点时）" if zh
            else f"seen {rate.value:.1%} ({low:.1%}–{high:.1%}, n = {rate.n:,} place-hours)"
        )  # fmt: skip
    if met.value is not None and met.interval is not None:
        low, high = met.interval
        told.append(
            f"管控率 {met.value:.1%}（{low:.1%}–{high:.1%}，n = {met.n:,} 次）" if zh
            else f"control {met.value:.1%} ({low:.1%}–{high:.1%}, n = {met.n:,} visits)"
        )  # fmt: skip
    if rate.unknown_share is not None:
        told.append(f"无法判断 {rate.unknown_share:.1%}" if zh else f"unknown {rate.unknown_share:.1%}")
    return ("；" if zh else "; ").join(told)


def _notes(seen: Seen) -> tuple[list[str], list[str]]:
    sight = seen.made.sight
    zh = [
        f"单位定位距点位 {sight.radius_m:g} 米以内为见警；相邻定位间隔不超过 {sight.joined_seconds:g} 秒视为连续，更长为失联",
        "失联不等于不在：失联单位可能到过的时段记为无法判断",
    ]
    en = [
        f"A unit within {sight.radius_m:g} m is in sight; positions up to {sight.joined_seconds:g} s apart are joined, a longer silence is lost",
        "Lost is not absent: times at which a lost unit may have been there are unknown",
    ]
    if seen.made.silent:
        zh.append(f"{seen.made.duties:,} 个班组班次中 {seen.made.silent:,} 个没有任何定位，不在统计内")
        en.append(
            f"{seen.made.silent:,} of {seen.made.duties:,} turns of duty have no position at all and are not in the figures"
        )
    return zh, en
