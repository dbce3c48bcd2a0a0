"""Periodic rounds: from places and frequencies to checked routes of each day on the streets."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol_rounds import RoundsPoint, RoundsQuestion
from api.services.exports import Download
from api.services.open_plan import keep_plan, require_planner
from api.services.patrol_ground import PROFILE_OF
from api.services.proof_words import proof_words
from api.services.route_files import routes_file
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, InputError, NotFoundError, ParameterError
from geo.store.port import Json, PlanRecord, Principal
from geo.streets.snap import Places
from planners.contract import Budget, Observer, Outcome
from planners.patrol.problem import NO_WAY
from planners.patrol.visits.bound import fewest_unit_days
from planners.patrol.visits.check import check_visits, evaluate_visits, visit_days, why_left_out
from planners.patrol.visits.plan import VisitsPlan
from planners.patrol.visits.problem import UNKNOWN, VisitsProblem
from planners.patrol.visits.solve import solve_visits

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "no_way": ("没有可往返的道路", "no street leads there and back"),
    "day": (
        "往返加走访超出每日时长，或允许的日期无人值勤",
        "going, visiting and coming back takes longer than any day on which it may be visited",
    ),
    "frequency": (
        "允许的日期无法满足走访周期，可放宽浮动天数",
        "the days on which it may be visited cannot keep its frequency; allow more days of tolerance",
    ),
    "room": ("人力与时长不足，按优先级未排入", "units and hours are too few; it has the least priority"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """The problem, where its places are, and how each point is called."""

    problem: VisitsProblem
    places: Places
    names: tuple[str, ...]
    point_ids: tuple[str | None, ...]
    lonlat: npt.NDArray[np.float64]
    post_name: str


def plan_rounds(
    workspace: Workspace, principal: Principal, question: RoundsQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Plan periodic rounds, check them, keep them, and return their id."""
    asked = prepare_rounds(workspace, principal, question)
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    outcome = solve_visits(asked.problem, budget, observe=observe)
    check_visits(asked.problem, outcome.plan)
    if not outcome.plan.routes and outcome.plan.left_out:
        first = asked.names[outcome.plan.left_out[0]]
        zh, en = REASONS[why_left_out(asked.problem, outcome.plan)[0][1]]
        raise InfeasibleError(f"No place can be visited: {first}: {en}", f"没有可安排的走访点：{first}：{zh}")
    body = _body(workspace, asked, question, outcome)
    plan_id = f"rounds-{secrets.token_hex(4)}"
    keep_plan(
        workspace,
        principal,
        PlanRecord(
            plan_id=plan_id, kind="patrol_rounds", title=str(body["title"]), created_at=datetime.now(UTC),
            created_by=principal.account, body=body,
        ),
    )  # fmt: skip
    return {"plan_id": plan_id}


def rounds_file(workspace: Workspace, principal: Principal, plan_id: str, form: str, day: date | None) -> Download:
    """Return the routes of kept rounds, or those of one day, as a file."""
    record = workspace.store.plan(principal, plan_id)
    if record.kind != "patrol_rounds":
        raise NotFoundError(f"There are no rounds {plan_id}", f"不存在周期走访方案 {plan_id}")
    return routes_file(record.body, plan_id, form, day=None if day is None else day.isoformat())


def prepare_rounds(workspace: Workspace, principal: Principal, question: RoundsQuestion) -> Asked:
    """Return the problem that is asked, or raise what is wrong with the question."""
    require_planner(principal)
    posts = workspace.posts(principal).frame
    post = posts[posts["post_id"] == question.post_id]
    if not len(post):
        raise NotFoundError(f"Unknown post {question.post_id}", f"不存在的屯警点 {question.post_id}")
    names, ids, spots = _points(workspace, principal, question)
    lonlat = np.concatenate([shapely.get_coordinates(np.asarray(post.geometry.array)), spots])
    profile = PROFILE_OF[question.kind]
    places = workspace.snap(profile, lonlat)
    if not places.ok[0]:
        raise InputError(
            f"Post {question.post_id} is not near any street; move it to one",
            f"屯警点 {question.post_id} 附近没有道路，请移至道路旁",
        )
    seconds = workspace.travel(profile).matrix(places, places)
    legs = np.where(np.isfinite(seconds), np.ceil(np.where(np.isfinite(seconds), seconds, 0)), NO_WAY).astype(np.int32)
    np.fill_diagonal(legs, 0)
    dates = [question.from_day + timedelta(days=i) for i in range(question.days)]
    duty = np.array([d.isoweekday() in question.duty_weekdays and d not in question.rest_days for d in dates])
    if not duty.any():
        raise ParameterError("No day of the rounds is a day on duty", "所选日期内没有值勤日")
    problem = VisitsProblem(
        point_keys=tuple(names), seconds=legs, units=np.where(duty, question.units, 0).astype(np.int32),
        day_seconds=np.full(question.days, int(question.day_hours * 3600), np.int32),
        service=np.array([round(p.service_minutes * 60) for p in question.points], np.int32),
        every=np.array([p.every_days for p in question.points], np.int32),
        tolerance=np.array([_tolerance(p) for p in question.points], np.int32),
        since=np.array([_since(p, question.from_day, name) for p, name in zip(question.points, names, strict=True)], np.int32),
        may=np.array([[p.weekdays is None or d.isoweekday() in p.weekdays for d in dates] for p in question.points]),
        priority=np.array([p.priority for p in question.points], np.int64), unit_seconds=round(question.unit_minutes * 60),
    )  # fmt: skip
    return Asked(
        problem=problem, places=places, names=tuple(names), point_ids=tuple(ids), lonlat=lonlat[1:],
        post_name=str(post["name"].iloc[0]),
    )  # fmt: skip


def _points(
    workspace: Workspace, principal: Principal, question: RoundsQuestion
) -> tuple[list[str], list[str | None], npt.NDArray[np.float64]]:
    table = workspace.points(principal).frame.to_crs(4326).set_index("point_id")
    unknown = [p.point_id for p in question.points if p.point_id is not None and p.point_id not in table.index]
    if unknown:
        raise NotFoundError(
            f"Unknown point {', '.join(unknown[:5])}", f"不存在的点位 {'、'.join(unknown[:5])}", rows=unknown
        )
    names: list[str] = []
    spots: list[tuple[float, float]] = []
    for number, point in enumerate(question.points, start=1):
        if point.point_id is not None:
            shape = cast("shapely.Point", table.geometry.loc[point.point_id])
            names.append(point.name or str(table["name"].loc[point.point_id]))
            spots.append((shape.x, shape.y))
        elif point.lon is not None and point.lat is not None:
            names.append(point.name or f"#{number}")
            spots.append((point.lon, point.lat))
        else:
            raise ParameterError(
                f"Point {number} has neither a point_id nor lon and lat", f"第 {number} 个走访点缺少编号或经纬度"
            )
    return names, [p.point_id for p in question.points], np.array(spots, np.float64)


def _tolerance(point: RoundsPoint) -> int:
    if point.tolerance_days is not None:
        return point.tolerance_days
    return 0 if point.every_days == 1 else max(1, point.every_days // 5)


def _since(point: RoundsPoint, first: date, name: str) -> int:
    if point.last_visit is None:
        return UNKNOWN
    if point.last_visit >= first:
        raise ParameterError(
            f"{name} was last visited on {point.last_visit}, not before the first day",
            f"{name} 的上次走访 {point.last_visit} 不早于首日",
        )
    return (first - point.last_visit).days


def _body(
    workspace: Workspace, asked: Asked, question: RoundsQuestion, outcome: Outcome[VisitsPlan]
) -> dict[str, Json]:
    problem, plan = asked.problem, outcome.plan
    metrics = evaluate_visits(problem, plan)
    counted: dict[int, int] = {}
    travel = workspace.travel(PROFILE_OF[question.kind])
    legs: dict[tuple[int, int], tuple[list[list[float]], float]] = {}

    def leg(start: int, end: int) -> tuple[list[list[float]], float]:
        if (start, end) not in legs:
            path = travel.path(asked.places, start, asked.places, end)
            total = max(float(path.seconds[-1]), 1e-9)
            rows = [
                [round(x, 6), round(y, 6), t / total]
                for (x, y), t in zip(path.lonlat.tolist(), path.seconds.tolist(), strict=True)
            ]
            legs[start, end] = (rows, float(path.metres))
        return legs[start, end]

    routes: list[Json] = []
    for route in plan.routes:
        number = sum(cast("dict[str, Json]", r)["day"] == _day(question, route.day).isoformat() for r in routes) + 1
        line: list[Json] = []
        metres, now, here = 0.0, 0, 0
        stops: list[Json] = []
        start = datetime.combine(_day(question, route.day), question.day_start, tzinfo=workspace.zone)
        for place in [*(route.points + 1).tolist(), 0]:
            seconds = int(problem.seconds[here, place])
            shape, length = leg(here, place)
            line += [[x, y, round(now + share * seconds, 1)] for x, y, share in shape]
            metres, now = metres + length, now + seconds
            if place:
                stops.append(_stop(asked, place - 1, start, now, counted))
                now += int(problem.service[place - 1])
            here = place
        routes.append(
            {
                "day": _day(question, route.day).isoformat(), "number": number, "name": f"{_day(question, route.day):%m-%d} {number} 组",
                "start": start.isoformat(), "end": (start + timedelta(seconds=now)).isoformat(), "minutes": round(now / 60, 1),
                "metres": round(metres, 1), "stops": stops, "line": line,
            }
        )  # fmt: skip
    left: list[Json] = [
        {"name": asked.names[p], "point_id": asked.point_ids[p], "why": REASONS[why][0], "why_en": REASONS[why][1]}
        for p, why in why_left_out(problem, plan)
    ]
    least = fewest_unit_days(problem)
    available = int(problem.units.sum())
    binding = (
        f"至少需要 {least} 个组日，现有 {available} 个", f"at least {least} unit days are needed, {available} are there",
    ) if left and least > available else (None, None)  # fmt: skip
    proof_zh, proof_en = proof_words(outcome)
    return {
        "kind": "patrol_rounds",
        "title": f"周期走访 {asked.post_name} · {question.from_day:%m-%d} 起 {question.days} 天 · {problem.points} 处",
        "title_en": f"Periodic rounds {asked.post_name} · {question.days} days from {question.from_day} · {problem.points} places",
        "sentence_zh": f"{question.days} 天走访 {metrics.visits} 次，{metrics.unit_days} 个组日，行驶 {metrics.travel_seconds / 3600:.1f} 小时；"
        f"{proof_zh}" + (f"；{len(left)} 处未排入" if left else "") + f"；种子 {outcome.seed}",
        "sentence_en": f"{metrics.visits} visits in {question.days} days, {metrics.unit_days} unit days, "
        f"{metrics.travel_seconds / 3600:.1f} h of travel; {proof_en}" + (f"; {len(left)} places left out" if left else "")
        + f"; seed {outcome.seed}",
        "question": cast("Json", question.model_dump(mode="json")),
        "objective": outcome.objective,
        "objective_zh": "行驶秒数加每组日折算秒数", "objective_en": "seconds of travel, and of each unit day at its price",
        "bound": outcome.bound, "gap": outcome.gap, "proved": outcome.proved, "termination": outcome.termination.value,
        "seconds": outcome.seconds, "seed": outcome.seed, "solver": outcome.solver,
        "unit_days": metrics.unit_days, "lower_bound_unit_days": least, "available_unit_days": available,
        "visits": metrics.visits, "travel_seconds": metrics.travel_seconds, "service_seconds": metrics.service_seconds,
        "busiest": metrics.busiest, "quietest": metrics.quietest, "kept_exactly": metrics.kept_exactly, "gaps": metrics.gaps,
        "binding_zh": binding[0], "binding_en": binding[1], "left_out": left,
        "points": _calendar(asked, question, plan), "routes": routes,
    }  # fmt: skip


def _calendar(asked: Asked, question: RoundsQuestion, plan: VisitsPlan) -> list[Json]:
    on = visit_days(asked.problem, plan)
    return [
        {
            "name": asked.names[p], "point_id": asked.point_ids[p], "lon": float(asked.lonlat[p, 0]), "lat": float(asked.lonlat[p, 1]),
            "every_days": int(asked.problem.every[p]), "tolerance_days": int(asked.problem.tolerance[p]),
            "days": [_day(question, int(d)).isoformat() for d in np.flatnonzero(on[p])], "left_out": p in plan.left_out,
        }
        for p in range(asked.problem.points)
    ]  # fmt: skip


def _stop(asked: Asked, point: int, start: datetime, now: int, counted: dict[int, int]) -> dict[str, Json]:
    counted[point] = counted.get(point, 0) + 1
    every = int(asked.problem.every[point])
    return {
        "point_id": asked.point_ids[point], "name": asked.names[point], "lon": float(asked.lonlat[point, 0]),
        "lat": float(asked.lonlat[point, 1]), "arrive": (start + timedelta(seconds=now)).isoformat(),
        "depart": (start + timedelta(seconds=now + int(asked.problem.service[point]))).isoformat(),
        "why": f"每 {every} 天走访一次，本期第 {counted[point]} 次", "why_en": f"every {every} days, visit {counted[point]} of these rounds",
    }  # fmt: skip


def _day(question: RoundsQuestion, day: int) -> date:
    return question.from_day + timedelta(days=day)
