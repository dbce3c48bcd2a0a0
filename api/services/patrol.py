"""Patrol routes of a shift: from tables to a checked plan with its streets, times and proof."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import geopandas as gpd
import numpy as np
import shapely

from api.schemas.patrol import PatrolQuestion
from api.services.open_plan import keep_plan
from api.services.shifts import ShiftSpan, span_of
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.port import Json, PlanRecord, Principal
from geo.streets.snap import Places
from geo.tables.points import Points
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.units import Units
from planners.contract import Budget, Observer, Outcome
from planners.patrol.binding import binding_constraint
from planners.patrol.bound import PatrolBound, bound_patrol
from planners.patrol.build import build_patrol, routed
from planners.patrol.check import check_patrol
from planners.patrol.metrics import PatrolMetrics, evaluate
from planners.patrol.plan import PatrolPlan, PatrolRoute
from planners.patrol.problem import PatrolProblem
from planners.patrol.routes import solve_routes

PROFILE_OF: Final[Mapping[str, str]] = {"car": "patrol_car", "motorcycle": "motorcycle", "foot": "foot"}
MODES_ZH: Final[Mapping[str, str]] = {"car": "车巡", "motorcycle": "摩托车巡", "foot": "步巡"}
MODES_EN: Final[Mapping[str, str]] = {"car": "by car", "motorcycle": "by motorcycle", "foot": "on foot"}
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "no_unit": ("本班次没有可前往的巡组类型", "no unit of a kind that may go there is on shift"),
    "no_way": ("没有可往返的道路", "no street leads there and back"),
    "window": ("没有巡组能在最晚时刻前到达", "no unit can be there in time"),
    "shift": ("往返加驻守超出班次时长", "going, staying and coming back takes longer than the shift"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """Tables of one shift, the problem built from them, and the places of each kind of unit."""

    shift: ShiftSpan
    posts: Posts
    points: Points
    units: Units
    places: Mapping[str, Places]
    problem: PatrolProblem


def plan_patrol(
    workspace: Workspace, principal: Principal, question: PatrolQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Plan the routes of a shift, check them on their own, keep the plan, and return its id."""
    asked = _asked(workspace, principal, question)
    problem = asked.problem
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    outcome = solve_routes(problem, budget, observe=observe)
    check_patrol(problem, outcome.plan)
    body = _body(workspace, asked, outcome, bound_patrol(problem), evaluate(problem, outcome.plan))
    plan_id = f"patrol-{asked.shift.start:%Y%m%d}-{secrets.token_hex(3)}"
    keep_plan(
        workspace,
        principal,
        PlanRecord(
            plan_id=plan_id, kind="patrol", title=str(body["title"]), created_at=datetime.now(UTC),
            created_by=principal.account, body=body,
        ),
    )  # fmt: skip
    return {"plan_id": plan_id}


def _asked(workspace: Workspace, principal: Principal, question: PatrolQuestion) -> Asked:
    shifts = workspace.store.table(principal, Shifts)
    shift = span_of(shifts, question.shift_id, workspace.clock.now(), workspace.zone)
    units = Units(_chosen(workspace.units(principal).frame, "unit_id", question.unit_ids))
    units = Units(units.frame[units.frame["shift_id"] == question.shift_id].reset_index(drop=True))
    bases = workspace.posts(principal).frame
    posts = Posts(bases[bases["post_id"].isin(set(units.frame["post_id"]))].reset_index(drop=True))
    points = Points(_chosen(workspace.points(principal).frame, "point_id", question.point_ids))
    points = Points(points.frame[points.frame["kind"] == "must_visit"].reset_index(drop=True))
    rows = routed(points)
    lonlat = np.concatenate(
        [
            shapely.get_coordinates(np.asarray(posts.frame.geometry.array)),
            shapely.get_coordinates(np.asarray(points.frame.geometry.array))[rows],
        ]
    )
    kinds = sorted(set(units.frame["kind"]))
    places = {kind: workspace.snap(PROFILE_OF[kind], lonlat) for kind in kinds}
    seconds = {kind: workspace.travel(PROFILE_OF[kind]).matrix(places[kind], places[kind]) for kind in kinds}
    # Metres come from the paths of the legs that are driven; the shortest times do not carry them.
    metres = {kind: np.zeros_like(seconds[kind]) for kind in kinds}
    problem = build_patrol(posts, points, units, shifts, question.shift_id, seconds=seconds, metres=metres)
    return Asked(shift=shift, posts=posts, points=points, units=units, places=places, problem=problem)


def _chosen(table: gpd.GeoDataFrame, key: str, wanted: Sequence[str] | None) -> gpd.GeoDataFrame:
    if wanted is None:
        return table
    unknown = sorted(set(wanted) - set(table[key]))
    if unknown:
        raise NotFoundError(
            f"Unknown {key}: {', '.join(unknown[:5])}", f"不存在的编号：{'、'.join(unknown[:5])}", rows=unknown
        )
    return table[table[key].isin(list(wanted))].reset_index(drop=True)


def _body(
    workspace: Workspace, asked: Asked, outcome: Outcome[PatrolPlan], bound: PatrolBound, metrics: PatrolMetrics
) -> dict[str, Json]:
    problem, plan, shift = asked.problem, outcome.plan, asked.shift
    routes = [_route(workspace, asked, route) for route in plan.routes]
    gap_minutes, gap_point = _worst_gap(asked, metrics)
    binding = binding_constraint(problem, plan)
    proof_zh = "已证明最优" if outcome.proved else "未证明最优"
    sentence_zh = f"本方案 {metrics.units_used} 组；理论下限 {bound.units} 组；" + (
        f"最长间隔 {gap_minutes:.0f} 分（{gap_point}）；" if gap_minutes is not None else ""
    )
    sentence_en = f"{metrics.units_used} units; lower bound {bound.units}; " + (
        f"longest gap {gap_minutes:.0f} min ({gap_point}); " if gap_minutes is not None else ""
    )
    return {
        "kind": "patrol",
        "title": f"{shift.name} {shift.start:%m-%d} · {metrics.units_used} 组",
        "title_en": f"{shift.name} {shift.start:%m-%d} · {metrics.units_used} units",
        "sentence_zh": f"{sentence_zh}完成 {metrics.visits_made} 次到点；{proof_zh}；种子 {outcome.seed}",
        "sentence_en": f"{sentence_en}{metrics.visits_made} visits; "
        f"{'proved best' if outcome.proved else 'not proved best'}; seed {outcome.seed}",
        "shift": {
            "id": shift.shift_id, "name": shift.name, "start": shift.start.isoformat(), "end": shift.end.isoformat(),
        },
        "units_used": metrics.units_used,
        "units_available": metrics.units_available,
        "lower_bound_units": bound.units,
        "objective": outcome.objective,
        "objective_zh": "全部路线行驶秒数",
        "objective_en": "seconds of travel of all routes",
        "bound": outcome.bound,
        "gap": outcome.gap,
        "proved": outcome.proved,
        "termination": outcome.termination.value,
        "seconds": outcome.seconds,
        "seed": outcome.seed,
        "solver": outcome.solver,
        "visits_made": metrics.visits_made,
        "travel_share": metrics.travel_share,
        "dwell_share": metrics.dwell_share,
        "metres": sum(cast("float", route["metres"]) for route in routes),
        "worst_gap_minutes": gap_minutes,
        "worst_gap_point": gap_point,
        "binding_zh": None if binding is None else binding.zh,
        "binding_en": None if binding is None else binding.en,
        "unvisited": _unvisited(asked, plan),
        "routes": cast("list[Json]", routes),
    }  # fmt: skip


def _worst_gap(asked: Asked, metrics: PatrolMetrics) -> tuple[float | None, str | None]:
    gaps = metrics.worst_gap_seconds
    if not len(gaps) or gaps.max() < 0:
        return None, None
    point = int(np.argmax(gaps))
    return float(gaps[point]) / 60, str(_point(asked, point)["name"])


def _point(asked: Asked, point: int) -> Mapping[str, object]:
    return cast("Mapping[str, object]", asked.points.frame.iloc[int(routed(asked.points)[point])])


def _unvisited(asked: Asked, plan: PatrolPlan) -> list[Json]:
    why = {item.visit: REASONS[item.reason] for item in plan.impossible}
    why |= dict.fromkeys(plan.missed, ("班次内排不下", "no room in the shift"))
    rows: list[Json] = []
    for visit in sorted(why):
        row = _point(asked, int(asked.problem.visit_point[visit]))
        zh, en = why[visit]
        rows.append({"point_id": str(row["point_id"]), "name": str(row["name"]), "why": zh, "why_en": en})
    return rows


def _route(workspace: Workspace, asked: Asked, route: PatrolRoute) -> dict[str, Json]:
    problem, shift = asked.problem, asked.shift
    vehicle = problem.vehicles[route.vehicle]
    places = asked.places[vehicle.kind]
    travel = workspace.travel(PROFILE_OF[vehicle.kind])
    stations = [vehicle.start_post, *problem.place_of_visit[route.visits].tolist(), vehicle.end_post]
    departs = [route.leave, *route.departure.tolist()]
    arrives = [*route.arrival.tolist(), route.back]
    line: list[Json] = []
    streets: list[str] = []
    metres = 0.0
    for start, end, depart, arrive in zip(stations[:-1], stations[1:], departs, arrives, strict=True):
        path = travel.path(places, start, places, end)
        metres += float(path.metres)
        streets += [name for name in path.names if name and (not streets or streets[-1] != name)]
        # The plan's times are whole seconds, never below the street's own: the way is stretched onto them.
        total = float(path.seconds[-1])
        share = path.seconds / total if total > 0 else np.linspace(0.0, 1.0, len(path.seconds))
        at = depart + share * (arrive - depart)
        for (x, y), t in zip(path.lonlat.tolist(), at.tolist(), strict=True):
            line.append([round(x, 6), round(y, 6), round(t, 1)])
    unit = vehicle.unit_keys[route.unit]
    row = asked.units.frame.set_index("unit_id").loc[unit]

    def clock(seconds: int) -> str:
        return (shift.start + timedelta(seconds=seconds)).isoformat()

    return {
        "unit_id": unit,
        "name": str(row["name"]),
        "kind": vehicle.kind,
        "post_id": str(row["post_id"]),
        "start": clock(route.leave),
        "end": clock(route.back),
        "metres": round(metres, 1),
        "stops": [_stop(asked, route, i, clock) for i in range(len(route.visits))],
        "line": line,
        "streets": cast("list[Json]", streets),
    }


def _stop(asked: Asked, route: PatrolRoute, i: int, at: Callable[[int], str]) -> dict[str, Json]:
    problem = asked.problem
    visit = int(route.visits[i])
    row = _point(asked, int(problem.visit_point[visit]))
    shape = cast("shapely.Point", row["geometry"])
    number, of = int(problem.visit_number[visit]) + 1, int(cast("int", row["visits"]))
    mode = str(row["mode"])
    return {
        "point_id": str(row["point_id"]),
        "name": str(row["name"]),
        "lon": float(shape.x),
        "lat": float(shape.y),
        "arrive": at(int(route.arrival[i])),
        "depart": at(int(route.departure[i])),
        "dwell_seconds": int(problem.dwell[visit]),
        "why": f"必巡点（{MODES_ZH[mode]}），本班 {of} 次中的第 {number} 次",
        "why_en": f"must-visit point ({MODES_EN[mode]}), visit {number} of {of} in this shift",
    }
