"""What a patrol plan does for each point: begins, gaps, and why it is left out where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

import numpy as np
import shapely

from api.services.patrol_ground import NOT_LEFT_OUT, Ground
from api.services.patrol_routes import MODES_EN, MODES_ZH, WAYS, Body, Visit
from geo.store.port import Json
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.point_demands import Demand
from planners.patrol.spacing.problem import SpacingProblem

Reasons = Mapping[int, tuple[str, str]]


def crew_points(
    ground: Ground, plan: SpacedPlan, visits: Mapping[int, Sequence[Visit]], reasons: Reasons
) -> list[Body]:
    """Return what the crews do for each of their points, in order of the problem."""
    kept: dict[int, list[Visit]] = {}
    for route in plan.routes:
        unit = ground.crews.unit_key(route.vehicle, route.unit)
        for task, begin in zip(route.appointment.tolist(), route.begin.tolist(), strict=True):
            if task >= 0:
                kept.setdefault(ground.crews.appointments[task].point, []).append(Visit(begin=begin, unit=unit))
    rows = []
    missed = {ground.crews.appointments[task].point for task in plan.missed}
    for point, demand in enumerate(ground.demands):
        if point in ground.hot:
            continue
        if ground.crews.on_rounds[point]:
            out = point in plan.left_out
            rows.append(
                _round_point(ground, ground.crews, demand, point, visits.get(point, ()), out=out, reasons=reasons)
            )
        else:
            gone = point in missed
            rows.append(_set_point(ground, demand, point, kept.get(point, ()), missed=gone, reasons=reasons))
    return rows


def video_points(ground: Ground, plan: SpacedPlan, visits: Mapping[int, Sequence[Visit]]) -> list[Body]:
    """Return what the operators do for the points that cameras watch."""
    video = cast("SpacingProblem", ground.video)
    watched = [d for d in ground.watched if not d.set_times]
    short = ("视频岗位不足", "too few operators")
    return [
        _round_point(
            ground, video, demand, point, visits.get(point, ()), out=point in plan.left_out,
            reasons=dict.fromkeys(plan.left_out, short),
        )
        for point, demand in enumerate(watched)
    ]  # fmt: skip


def refused_points(ground: Ground) -> list[Body]:
    """Return the points that nobody is sent to, with the sentence why; those of another day or shift are left away."""
    table = {str(row["point_id"]): row for row in ground.rows}
    rows = []
    for item in ground.refused:
        if item.code in NOT_LEFT_OUT:
            continue
        row = table[item.point_id]
        shape = cast("shapely.Point", row["geometry"])
        rows.append(
            _empty(item.point_id, str(row["name"]), shape, str(row["kind"]), str(row["mode"]))
            | {"dwell_seconds": int(cast("int", row["dwell_seconds"])), "reason_zh": item.zh, "reason_en": item.en}
        )
    return rows


def _empty(key: str, name: str, shape: shapely.Point, kind: str, mode: str) -> Body:
    return {
        "point_id": key, "name": name, "lon": float(shape.x), "lat": float(shape.y), "kind": kind, "mode": mode,
        "gap_minutes": None, "least_gap_minutes": None, "dwell_seconds": 0, "priority": None, "begins": [], "units": [],
        "gaps": [], "worst_gap_minutes": None, "slack_minutes": None, "broken": False, "left_out": True, "window": None,
        "why_zh": "", "why_en": "", "reason_zh": None, "reason_en": None,
    }  # fmt: skip


def _first(ground: Ground, demand: Demand, problem: SpacingProblem, point: int) -> Body:
    row = ground.row(demand)
    mode = str(row["mode"])
    body = _empty(
        problem.point_keys[point], str(row["name"]), cast("shapely.Point", row["geometry"]), str(row["kind"]), mode
    )
    if problem is ground.crews and point in ground.roads:
        way = WAYS["backward" if ground.roads[point].backward else "forward"]
        return body | {
            "dwell_seconds": demand.dwell, "priority": 6 - demand.priority, "left_out": False,
            "why_zh": f"线性巡逻，{way[0]}，{6 - demand.priority} 级，每次 {demand.dwell / 60:.0f} 分",
            "why_en": f"road to be driven {way[1]}, rank {6 - demand.priority}, {demand.dwell / 60:.0f} min each",
        }  # fmt: skip
    return body | {
        "dwell_seconds": demand.dwell, "priority": 6 - demand.priority, "left_out": False,
        "why_zh": f"必巡点，{MODES_ZH[mode]}，{6 - demand.priority} 级，每次驻守 {demand.dwell / 60:g} 分",
        "why_en": f"must-visit point {MODES_EN[mode]}, rank {6 - demand.priority}, dwell {demand.dwell / 60:g} min",
    }  # fmt: skip


def _round_point(
    ground: Ground,
    problem: SpacingProblem,
    demand: Demand,
    point: int,
    visits: Sequence[Visit],
    *,
    out: bool,
    reasons: Reasons,
) -> Body:
    terms, shift = ground.terms, problem.shift_seconds
    gap, least = int(problem.gap[point]), int(problem.least_gap[point])
    body = _first(ground, demand, problem, point) | {"gap_minutes": gap / 60, "least_gap_minutes": least / 60}
    if out:
        zh, en = reasons.get(
            point, ("巡组不足，按优先级最低者未安排", "too few units; the least by priority is left out")
        )
        return body | {"left_out": True, "reason_zh": zh, "reason_en": en}
    begins = [v.begin for v in visits]
    marks = [-int(problem.since[point]), *begins, shift]
    kinds = ["handover", *["between"] * (len(begins) - 1), "end"] if begins else ["end"]
    lengths = [after - before for before, after in pairwise(marks)]
    gaps = [
        {
            "from": None if kind == "handover" and not before else terms.at(before).isoformat(),
            "to": terms.at(after).isoformat(), "minutes": round((after - before) / 60, 1), "kind": kind,
        }
        for (before, after), kind in zip(pairwise(marks), kinds, strict=True)
    ]  # fmt: skip
    worst = max(lengths)
    # The last gap is still open at the end of the shift, so its limit may not be reached, only come near.
    over = [n > gap for n in lengths[:-1]] + [lengths[-1] >= gap]
    close = [n < least for n in lengths[1:-1]]
    return body | {
        "begins": [terms.at(b).isoformat() for b in begins], "units": [v.unit for v in visits],
        "gaps": cast("Json", gaps), "worst_gap_minutes": round(worst / 60, 1), "slack_minutes": round((gap - worst) / 60, 1),
        "broken": any(over) or any(close),
    }  # fmt: skip


def _set_point(
    ground: Ground, demand: Demand, point: int, kept: Sequence[Visit], *, missed: bool, reasons: Reasons
) -> Body:
    terms = ground.terms
    body = _first(ground, demand, ground.crews, point)
    first, last = demand.set_times[0].earliest, demand.set_times[-1].latest + demand.dwell
    span = {"from": terms.at(first).isoformat(), "to": terms.at(last).isoformat()}
    visits = sorted(kept, key=lambda v: (v.begin, v.unit))
    body |= {
        "window": span, "begins": [terms.at(v.begin).isoformat() for v in visits], "units": [v.unit for v in visits],
        "why_zh": f"{'护学岗' if body['kind'] == 'school' else '定时到点'}，{terms.at(first):%H:%M}–{terms.at(last):%H:%M}",
        "why_en": f"{'school post' if body['kind'] == 'school' else 'set time'}, {terms.at(first):%H:%M}–{terms.at(last):%H:%M}",
    }  # fmt: skip
    if missed or not kept:
        zh, en = reasons.get(point, ("没有空闲巡组能按时到达", "no free unit can be there in time"))
        return body | {"left_out": True, "reason_zh": zh, "reason_en": en}
    return body


def mean_gap_minutes(points: Sequence[Mapping[str, Json]]) -> float | None:
    """Return the mean of all closed gaps of a plan, or None where there are none."""
    closed = [
        float(cast("float", gap["minutes"]))
        for point in points
        for gap in cast("Sequence[Mapping[str, Json]]", point["gaps"])
        if gap["kind"] == "between"
    ]
    return round(float(np.mean(closed)), 1) if closed else None
