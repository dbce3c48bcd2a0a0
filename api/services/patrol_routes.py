"""Routes of a patrol plan as values: stops with times and reasons, the way along the streets; and back to a timetable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from api.services.patrol_ground import Ground
from api.services.patrol_hot_stops import SCALE
from api.services.patrol_terms import Terms
from geo.errors import InfeasibleError
from geo.store.port import Json
from planners.patrol.spacing.plan import Role, SpacedRoute
from planners.patrol.spacing.point_demands import Demand
from planners.patrol.spacing.problem import SpacingProblem

Body = dict[str, Json]
Floats = npt.NDArray[np.float64]
Locked = frozenset[tuple[str, str, int]]
"""Stops by unit, place and begin."""

MODES_ZH: Final[Mapping[str, str]] = {
    "car": "车巡", "motorcycle": "摩托车巡", "foot": "步巡", "video": "视频巡查", "off_road": "越野巡",
}  # fmt: skip
MODES_EN: Final[Mapping[str, str]] = {
    "car": "by car", "motorcycle": "by motorcycle", "foot": "on foot", "video": "by camera", "off_road": "by off-road vehicle",
}  # fmt: skip
WAYS: Final = {"forward": ("顺桩号", "with the chainage"), "backward": ("逆桩号", "against the chainage")}
ROLES: Final = {Role.ROUND: "round", Role.APPOINTMENT: "appointment", Role.BREAK: "break", Role.OPTIONAL: "optional"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One begin of the rounds at a point."""

    begin: int
    unit: str


def visits_of(problem: SpacingProblem, routes: Sequence[SpacedRoute]) -> dict[int, list[Visit]]:
    """Return the visits of the rounds at each point, rising in time."""
    found: dict[int, list[Visit]] = {}
    for route in routes:
        key = problem.unit_key(route.vehicle, route.unit)
        for point, role, begin in zip(route.points.tolist(), route.role.tolist(), route.begin.tolist(), strict=True):
            if role == Role.ROUND:
                found.setdefault(point, []).append(Visit(begin=begin, unit=key))
    return {point: sorted(visits, key=lambda v: (v.begin, v.unit)) for point, visits in found.items()}


def crew_route(
    ground: Ground,
    route: SpacedRoute,
    visits: Mapping[int, Sequence[Visit]],
    locked: Locked,
    *,
    before: Mapping[str, Json] | None = None,
) -> Body:
    """Return the route of a crew: its stops, its line along the streets with times, its streets.

    The line is taken from ``before`` where the unit drove the same way at the same times.
    """
    problem, terms = ground.crews, ground.terms
    vehicle = problem.vehicles[route.vehicle]
    unit = vehicle.unit_keys[route.unit]
    stops = [_stop(ground, problem, ground.demands, route, i, visits, locked) for i in range(len(route.points))]
    way = _same_way(before, stops, route) or _way(ground, route)
    post = vehicle.start_post
    return {
        "unit_id": unit, "name": ground.units.names[unit], "kind": vehicle.kind,
        "post_id": problem.post_keys[post], "post_name": ground.units.post_names[post],
        "post_lonlat": ground.units.post_lonlat[post].tolist(), "end_post_id": problem.post_keys[vehicle.end_post],
        "start": terms.at(route.leave).isoformat(), "end": terms.at(route.back).isoformat(), "start_s": route.leave,
        "end_s": route.back, "dwell_seconds": int((route.departure - route.begin).sum()),
        "locked": bool(stops) and all(s["locked"] for s in stops), "changed": False, "stops": cast("Json", stops), **way,
    }  # fmt: skip


def _same_way(before: Mapping[str, Json] | None, stops: Sequence[Body], route: SpacedRoute) -> Body | None:
    if before is None or (before["start_s"], before["end_s"]) != (route.leave, route.back):
        return None
    marks = ("point_id", "post_id", "arrive_s", "depart_s")
    held = cast("Sequence[Mapping[str, Json]]", before["stops"])
    if [[s[m] for m in marks] for s in held] != [[s[m] for m in marks] for s in stops]:
        return None
    return {name: before[name] for name in ("metres", "travel_seconds", "line", "streets")}


def _way(ground: Ground, route: SpacedRoute) -> Body:
    vehicle = ground.crews.vehicles[route.vehicle]
    places = [vehicle.start_post, *(route.points + ground.crews.posts).tolist(), vehicle.end_post]
    departs = [route.leave, *route.departure.tolist()]
    arrives = [*route.arrival.tolist(), route.back]
    line: list[Json] = []
    streets: list[str] = []
    metres, travel = 0.0, 0
    for leg, ((start, end), depart, arrive) in enumerate(
        zip(pairwise(places), departs, arrives, strict=True)
    ):  # fmt: skip
        road = ground.roads.get(end - ground.crews.posts)
        if start != end or road is not None:
            travel += arrive - depart
            try:
                path = ground.leg(vehicle.kind, start, end, span=(depart, arrive))
            except InfeasibleError:
                # Driven before the street was closed: only where it led is known.
                line += [[*np.round(ground.lonlat[at], 6).tolist(), t] for at, t in ((start, depart), (end, arrive))]
            else:
                metres += float(path.metres)
                streets += [name for name in path.names if name and (not streets or streets[-1] != name)]
                line += _timed(path.lonlat, path.seconds, depart, arrive)
        if road is not None and leg < len(route.points) and route.rest[leg] < 0:
            drive = road.drives[vehicle.kind]
            metres += drive.metres
            streets += [name for name in drive.names if name and (not streets or streets[-1] != name)]
            line += _timed(drive.lonlat, drive.seconds, int(route.begin[leg]), int(route.departure[leg]))
    return {"metres": round(metres, 1), "travel_seconds": travel, "line": line, "streets": cast("Json", streets)}


def _timed(lonlat: Floats, seconds: Floats, depart: int, arrive: int) -> list[Json]:
    """Return a way with its times; the plan's are whole seconds, never below the street's own: the way is stretched onto them."""
    total = float(seconds[-1])
    share = seconds / total if total > 0 else np.linspace(0.0, 1.0, len(seconds))
    at = np.round(depart + share * (arrive - depart), 1)
    return cast("list[Json]", np.column_stack([np.round(lonlat, 6), at]).tolist())


def video_route(ground: Ground, route: SpacedRoute, visits: Mapping[int, Sequence[Visit]]) -> Body:
    """Return the round of an operator, who stays where he is."""
    problem, terms = cast("SpacingProblem", ground.video), ground.terms
    unit = problem.unit_key(route.vehicle, route.unit)
    watched = [d for d in ground.watched if not d.set_times]
    stops = [_stop(ground, problem, watched, route, i, visits, frozenset()) for i in range(len(route.points))]
    return {
        "unit_id": unit, "name": unit, "kind": "video", "post_id": None, "post_name": None, "post_lonlat": None,
        "end_post_id": None, "start": terms.at(route.leave).isoformat(),
        "end": terms.at(route.back).isoformat(), "start_s": route.leave, "end_s": route.back, "metres": 0.0,
        "travel_seconds": 0, "dwell_seconds": int((route.departure - route.begin).sum()), "locked": False,
        "changed": False, "stops": cast("Json", stops), "line": [], "streets": [],
    }  # fmt: skip


def _stop(
    ground: Ground,
    problem: SpacingProblem,
    demands: Sequence[Demand],
    route: SpacedRoute,
    i: int,
    visits: Mapping[int, Sequence[Visit]],
    locked: Locked,
) -> Body:
    terms = ground.terms
    point, role = int(route.points[i]), Role(int(route.role[i]))
    arrival, begin, departure = int(route.arrival[i]), int(route.begin[i]), int(route.departure[i])
    unit, key = problem.unit_key(route.vehicle, route.unit), problem.place_key(point)
    body: Body = {
        "index": i, "point_id": key if point >= 0 else None, "post_id": None if point >= 0 else key,
        "role": ROLES[role], "task": _task(problem, route, i, role), "arrive": terms.at(arrival).isoformat(),
        "begin": terms.at(begin).isoformat(), "depart": terms.at(departure).isoformat(), "arrive_s": arrival,
        "begin_s": begin, "depart_s": departure, "dwell_seconds": departure - begin, "wait_seconds": begin - arrival,
        "locked": (unit, key, begin) in locked, "together": [], "gap_before_minutes": None, "gap_allowed_minutes": None,
    }  # fmt: skip
    if point < 0:
        post = problem.posts + point
        lon, lat = ground.units.post_lonlat[post].tolist()
        name = ground.units.post_names[post]
        return body | {"name": name, "lon": lon, "lat": lat, "why": f"休息（{name}）", "why_en": f"break at {name}"}
    row = ground.row(demands[point])
    road = ground.roads.get(point) if problem is ground.crews and role == Role.ROUND else None
    if road is not None:
        drive = road.drives[problem.vehicles[route.vehicle].kind]
        body["to_lonlat"] = np.round(drive.lonlat[-1], 6).tolist()
        body["line"] = _timed(drive.lonlat, drive.seconds, begin, departure)
    shape = cast("shapely.Point", row["geometry"])
    body |= {"name": str(row["name"]), "lon": float(shape.x), "lat": float(shape.y)}
    if role == Role.ROUND:
        before = [v.begin for v in visits.get(point, ()) if v.begin < begin]
        since = begin - before[-1] if before else begin + int(problem.since[point])
        body["gap_before_minutes"] = round(since / 60, 1)
        body["gap_allowed_minutes"] = int(problem.gap[point]) / 60
        number, of = len(before) + 1, len(visits.get(point, ()))
        zh, en = _why_round(problem, row, point, number, of, terms, before)
        if road is not None:
            way = WAYS["backward" if road.backward else "forward"]
            zh, en = (
                f"线性巡逻，{way[0]}驶完 {(departure - begin) / 60:.0f} 分；{zh}",
                f"driven {way[1]} in {(departure - begin) / 60:.0f} min; {en}",
            )
    elif role == Role.APPOINTMENT:
        item = problem.appointments[int(route.appointment[i])]
        low, high = terms.at(item.earliest), terms.at(item.latest + item.dwell)
        what = ("护学岗", "school post") if row["kind"] == "school" else ("定时到点", "visit at a set time")
        zone = ground.workspace.zone
        span = f"{low.astimezone(zone):%H:%M}–{high.astimezone(zone):%H:%M}"
        zh, en = f"{what[0]}，{span} 内驻守 {item.dwell / 60:g} 分", f"{what[1]}, {item.dwell / 60:g} min within {span}"
        if item.units > 1:
            zh, en = f"{zh}，{item.units} 组同时", f"{en}, {item.units} units together"
    elif role == Role.BREAK:
        zh, en = "就地休息", "break on the spot"
    else:
        zh, en = _why_optional(ground, int(route.optional[i]))
    return body | {"why": zh, "why_en": en}


def _why_optional(ground: Ground, number: int) -> tuple[str, str]:
    """Say what an optional stop is worth in its hour."""
    stop, zone = ground.crews.optional[number], ground.workspace.zone
    low, high = (ground.terms.at(t).astimezone(zone) for t in (stop.earliest, stop.latest))
    worth, asked = stop.prize / SCALE, ground.question.optional
    if asked is not None and asked.source == "calls":
        return (
            f"易发案部位，余时加巡；该时段（{low:%H:%M}–{high:%H:%M}）预计警情 {worth:.2f} 起",
            f"hot place, where time is left; {worth:.2f} calls are expected {low:%H:%M}–{high:%H:%M}",
        )
    return (
        f"可选停留，余时加巡（{low:%H:%M}–{high:%H:%M}，价值 {worth:g}）",
        f"optional, where time is left ({low:%H:%M}–{high:%H:%M}, worth {worth:g})",
    )


def _task(problem: SpacingProblem, route: SpacedRoute, i: int, role: Role) -> str | None:
    if role == Role.APPOINTMENT:
        return problem.appointments[int(route.appointment[i])].key
    if role == Role.BREAK:
        return problem.breaks[int(route.rest[i])].key
    if role == Role.OPTIONAL:
        return problem.optional[int(route.optional[i])].key
    return None


def _why_round(
    problem: SpacingProblem,
    row: Mapping[str, object],
    point: int,
    number: int,
    of: int,
    terms: Terms,
    before: Sequence[int],
) -> tuple[str, str]:
    gap = int(problem.gap[point]) / 60
    mode, rank = str(row["mode"]), 6 - int(problem.priority[point])
    kind = ("路段", "road") if row["kind"] == "line" else ("必巡点", "must-visit point")
    zh = f"{kind[0]}（{MODES_ZH[mode]}，{rank} 级），间隔不超过 {gap:g} 分；本班第 {number}/{of} 次"
    en = f"{kind[1]} ({MODES_EN[mode]}, rank {rank}), back within {gap:g} min; visit {number} of {of}"
    if before:
        zh, en = f"{zh}，上次 {terms.at(before[-1]):%H:%M}", f"{en}, last at {terms.at(before[-1]):%H:%M}"
    elif int(problem.since[point]):
        last = terms.at(-int(problem.since[point]))
        zh, en = f"{zh}，上一班 {last:%H:%M}", f"{en}, last shift at {last:%H:%M}"
    return zh, en
