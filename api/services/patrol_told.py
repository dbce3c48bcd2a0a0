"""What a patrol plan says of its breaks, its optional stops and its roads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import shapely

from api.services.patrol_ground import Ground
from api.services.patrol_hot_stops import SCALE, prize_bound
from api.services.patrol_routes import WAYS, Body, Visit
from geo.grids.chainage import written
from geo.store.port import Json
from planners.patrol.spacing.check_asked import owes, rests_at_post
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem


def breaks_told(ground: Ground, plan: SpacedPlan) -> list[Body]:
    """Return each break: who owes it, who takes it on the way, who rests at the own post, who goes without."""
    problem, terms, zone = ground.crews, ground.terms, ground.workspace.zone
    rows: list[Body] = []
    for number, item in enumerate(problem.breaks):
        concerned = [
            r for r in plan.routes if any(problem.concerns(who, r.vehicle, r.unit) for who in item.who)
        ]  # fmt: skip
        taken = sum(bool((r.rest == number).any()) for r in concerned)
        at_post = sum(
            not (r.rest == number).any() and rests_at_post(problem, item, r) is not None and not owes(problem, item, r)
            for r in concerned
        )
        without = [unit for n, unit in plan.unrested if n == number]
        low, high = (terms.at(t).astimezone(zone) for t in (item.earliest, item.latest))
        zh = f"{item.key} {item.seconds / 60:g} 分，{low:%H:%M}–{high:%H:%M} 开始：{taken} 组在途中安排"
        en = f"{item.key}, {item.seconds / 60:g} min begun {low:%H:%M}–{high:%H:%M}: {taken} crews on their way"
        if at_post:
            zh, en = f"{zh}，{at_post} 组出发前或归队后在屯警点", f"{en}, {at_post} at their post before or after"
        if without:
            names = [ground.units.names[unit] for unit in without]
            zh = f"{zh}；{len(without)} 组排不出：{'、'.join(names[:5])}"
            en = f"{en}; no room for {len(without)}: {', '.join(names[:5])}"
        rows.append(
            {
                "name": item.key, "minutes": item.seconds / 60, "at": "post" if item.posts else "here",
                "earliest": low.isoformat(), "latest": high.isoformat(), "who": list(item.who),
                "owed": len(concerned), "taken": taken, "at_own_post": at_post,
                "unrested": [{"unit_id": unit, "name": ground.units.names[unit]} for unit in without], "zh": zh, "en": en,
            }
        )  # fmt: skip
    return rows


def optional_told(ground: Ground, plan: SpacedPlan) -> Json:
    """Return which optional stops are made, what they are worth, and what they could be at most for as many crews."""
    asked, problem, terms = ground.question.optional, ground.crews, ground.terms
    if asked is None:
        return None
    begins = {
        int(stop): (problem.unit_key(route.vehicle, route.unit), int(begin))
        for route in plan.routes
        for stop, begin in zip(route.optional, route.begin, strict=True)
        if stop >= 0
    }
    # A stop is worth nothing to crews whose kind is not out.
    out = {problem.vehicles[route.vehicle].kind for route in plan.routes}
    open_to = [stop for stop in problem.optional if out & set(stop.kinds)]
    bound = min(prize_bound(open_to, free_seconds(problem, plan)), float(sum(s.prize for s in open_to))) / SCALE
    prize = sum(problem.optional[n].prize for n in begins) / SCALE
    offered = sum(stop.prize for stop in problem.optional) / SCALE
    stops: list[Json] = []
    for number, stop in enumerate(problem.optional):
        shape = ground.lonlat[problem.posts + stop.point]
        unit, begin = begins.get(number, (None, None))
        stops.append(
            {
                "key": stop.key, "name": ground.name_of(stop.point), "lon": float(shape[0]), "lat": float(shape[1]),
                "from": terms.at(stop.earliest).isoformat(), "to": terms.at(stop.latest).isoformat(),
                "prize": stop.prize / SCALE, "taken": begin is not None, "unit_id": unit,
                "begin": None if begin is None else terms.at(begin).isoformat(),
            }
        )  # fmt: skip
    by_calls = asked.source == "calls"
    what = ("预计警情", "expected calls") if by_calls else ("价值", "worth")
    unit_zh = " 起" if by_calls else ""
    return {
        "source": asked.source, "offered": len(problem.optional), "taken": len(begins), "prize": round(prize, 3),
        "bound": round(bound, 3), "offered_prize": round(offered, 3),
        "share_of_bound": round(prize / bound, 4) if bound > 0 else None, "dwell_minutes": asked.dwell_minutes,
        "unit_zh": "预计警情（起）" if by_calls else "价值", "unit_en": what[1],
        "zh": f"可选停留 {len(begins)}/{len(problem.optional)} 次，到点时段{what[0]} {prize:.2f}{unit_zh}；同样组数的上限 {bound:.2f}{unit_zh}",
        "en": f"{len(begins)} of {len(problem.optional)} optional stops, {what[1]} {prize:.2f}; at most {bound:.2f} with as many crews",
        "stops": stops,
    }  # fmt: skip


def free_seconds(problem: SpacingProblem, plan: SpacedPlan) -> int:
    """Return the seconds that as many crews as a plan has can have for optional stops at most: their shifts less the dwell nobody can spare."""
    shift = problem.shift_seconds
    out = {gap.point for gap in plan.broken} | set(plan.left_out)
    kept = np.array([bool(problem.on_rounds[p]) and p not in out for p in range(problem.points)], np.bool_)
    gap = np.maximum(problem.gap.astype(np.int64), 1)
    # With k visits the last begins at k gaps at the latest, which must be later than one gap before the end.
    visits = np.maximum(1, (shift - gap + problem.since) // gap + 1)
    dwell = int((visits * problem.dwell)[kept].sum())
    dwell += sum(a.dwell * a.units for n, a in enumerate(problem.appointments) if n not in plan.missed)
    return len(plan.routes) * shift - dwell


def roads_told(ground: Ground, plan: SpacedPlan, visits: Mapping[int, Sequence[Visit]]) -> list[Body]:
    """Return each road to be driven: its chainage, its drive along the streets, when it is begun."""
    rows: list[Body] = []
    for point, road in ground.roads.items():
        drive = next(iter(road.drives.values()))
        dwell = int(ground.crews.dwell[point])
        metres = road.to_m - road.from_m
        way = WAYS["backward" if road.backward else "forward"]
        zh = f"{road.row['name']}，{way[0]}巡 {drive.metres / 1000:.2f} 公里，每次 {dwell / 60:.0f} 分（时速 {drive.metres / dwell * 3.6:.0f}）"
        en = f"{road.row['name']}, {drive.metres / 1000:.2f} km {way[1]}, {dwell / 60:.0f} min each ({drive.metres / dwell * 3.6:.0f} km/h)"
        if road.astray:
            zh = f"{zh}；路网上须绕行，线长仅 {metres / 1000:.2f} 公里，请核对线形"
            en = f"{en}; the streets lead round it, the line is {metres / 1000:.2f} km: check it"
        elif road.short:
            zh = f"{zh}；线长 {metres / 1000:.2f} 公里，端部不在路网上，未计"
            en = f"{en}; of {metres / 1000:.2f} km, an end lies on no street and is not driven"
        rows.append(
            {
                "point_id": road.key, "name": str(road.row["name"]), "from": written(round(road.from_m)),
                "to": written(round(road.to_m)), "metres": round(metres, 1), "drive_metres": round(drive.metres, 1),
                "dwell_seconds": dwell, "kph": road.asked.kph, "way": "backward" if road.backward else "forward",
                "begins": [ground.terms.at(v.begin).isoformat() for v in visits.get(point, ())],
                "left_out": point in plan.left_out,
                "line": cast("Json", np.round(shapely.get_coordinates(road.shape), 6).tolist()), "zh": zh, "en": en,
            }
        )  # fmt: skip
    return rows
