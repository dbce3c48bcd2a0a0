"""Sweeps of streets: from a post and a part of the map to checked routes on the streets."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol_sweep import SweepQuestion
from api.services.exports import Download
from api.services.open_plan import keep_plan, require_planner
from api.services.patrol_ground import PROFILE_OF
from api.services.proof_words import proof_words
from api.services.route_files import routes_file
from api.services.workspace import Workspace
from geo.errors import GeometryError, InputError, NotFoundError, ParameterError
from geo.store.port import Json, PlanRecord, Principal
from geo.streets.graph import StreetGraph
from geo.streets.speeds import NO_WAY, arc_milliseconds
from planners.contract import Budget, Observer, Outcome
from planners.patrol.sweep.plan import SweepPlan
from planners.patrol.sweep.solve import solve_sweep
from planners.patrol.sweep.streets import (
    StreetFigures,
    StreetSweep,
    build_street_sweep,
    check_streets,
    street_routes,
    swept_milliseconds,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """The streets, their times, the node of the post, and the problem."""

    graph: StreetGraph
    milliseconds: npt.NDArray[np.int32]
    depot: int
    sweep: StreetSweep
    post_name: str


def plan_sweep(
    workspace: Workspace, principal: Principal, question: SweepQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Plan a sweep, check it on the streets alone, keep it, and return its id."""
    asked = prepare_sweep(workspace, principal, question)
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    outcome = solve_sweep(asked.sweep.problem, budget, observe=observe)
    figures = check_streets(
        asked.graph, asked.milliseconds, asked.sweep, street_routes(asked.sweep.problem, outcome.plan),
        depot_node=asked.depot, sweep_kph=question.sweep_kph,
    )  # fmt: skip
    body = _body(asked, question, outcome, figures)
    plan_id = f"sweep-{secrets.token_hex(4)}"
    keep_plan(
        workspace,
        principal,
        PlanRecord(
            plan_id=plan_id, kind="patrol_sweep", title=str(body["title"]), created_at=datetime.now(UTC),
            created_by=principal.account, body=body,
        ),
    )  # fmt: skip
    return {"plan_id": plan_id}


def sweep_file(workspace: Workspace, principal: Principal, plan_id: str, form: str) -> Download:
    """Return the routes of a kept sweep as a file."""
    record = workspace.store.plan(principal, plan_id)
    if record.kind != "patrol_sweep":
        raise NotFoundError(f"There is no sweep {plan_id}", f"不存在街道巡查方案 {plan_id}")
    return routes_file(record.body, plan_id, form)


def prepare_sweep(workspace: Workspace, principal: Principal, question: SweepQuestion) -> Asked:
    """Return the problem that is asked, or raise what is wrong with the question."""
    require_planner(principal)
    graph = workspace.graph()
    profile = PROFILE_OF[question.kind]
    milliseconds = arc_milliseconds(graph, profile, speeds=workspace.speeds())
    posts = workspace.posts(principal).frame
    row = posts[posts["post_id"] == question.post_id]
    if not len(row):
        raise NotFoundError(f"Unknown post {question.post_id}", f"不存在的屯警点 {question.post_id}")
    places = workspace.snap(profile, shapely.get_coordinates(np.asarray(row.geometry.array)))
    if not places.ok[0]:
        raise InputError(
            f"Post {question.post_id} is not near any street; move it to one",
            f"屯警点 {question.post_id} 附近没有道路，请移至道路旁",
        )
    depot = int(graph.heads[places.arc[0]])
    middles = graph.geometry_lonlat[(graph.geometry_offsets[:-1] + graph.geometry_offsets[1:]) // 2]
    inside = shapely.contains_xy(_part(workspace, principal, question), middles[:, 0], middles[:, 1])
    chosen = np.flatnonzero(inside & (milliseconds < NO_WAY))
    sweep = build_street_sweep(
        graph, milliseconds, chosen, depot_node=depot, sweep_kph=question.sweep_kph, sides=question.sides,
        vehicles=question.units, limit_seconds=_seconds(question.limit_minutes),
        sweeping_seconds=_seconds(question.sweeping_minutes), goal=question.goal if question.units else "total",
    )  # fmt: skip
    return Asked(graph=graph, milliseconds=milliseconds, depot=depot, sweep=sweep, post_name=str(row["name"].iloc[0]))


def _part(workspace: Workspace, principal: Principal, question: SweepQuestion) -> shapely.Geometry:
    if (question.area is None) == (question.grid_codes is None):
        raise ParameterError("Give either an area or grid codes", "请在范围与网格编码中选择其一")
    if question.area is not None:
        ring = shapely.Polygon(question.area)
        if not ring.is_valid or ring.area == 0:
            raise GeometryError("The area crosses itself or is empty; draw it again", "所画范围自相交或为空，请重画")
        return ring
    shapes: dict[str, Any] = {}
    for table in (workspace.grids(principal), workspace.police_grids(principal)):
        frame = table.frame.to_crs(4326)
        shapes |= dict(zip(frame[table.SPEC.key].astype(str), frame.geometry, strict=True))
    codes = cast("list[str]", question.grid_codes)
    unknown = sorted(set(codes) - set(shapes))
    if unknown:
        raise NotFoundError(
            f"Unknown grid {', '.join(unknown[:5])}", f"不存在的网格 {'、'.join(unknown[:5])}", rows=unknown
        )
    return shapely.union_all([shapes[code] for code in codes])


def _body(
    asked: Asked, question: SweepQuestion, outcome: Outcome[SweepPlan], figures: StreetFigures
) -> dict[str, Json]:
    problem, graph = asked.sweep.problem, asked.graph
    sweeping = swept_milliseconds(graph, asked.milliseconds, question.sweep_kph)
    routes: list[Json] = [
        {
            "number": number, "name": f"{number} 组", "metres": round(figures.metres[number - 1], 1),
            "minutes": round(figures.milliseconds[number - 1] / 60_000, 1),
            **_way(graph, arcs, does, np.where(does, sweeping[arcs], asked.milliseconds[arcs])),
        }
        for number, (arcs, does) in enumerate(street_routes(problem, outcome.plan), start=1)
    ]  # fmt: skip
    longest = max(figures.milliseconds) / 60_000
    swept, passed = figures.swept_metres / 1000, figures.passing_metres / 1000
    out = len(asked.sweep.left_out)
    least = outcome.bound or 0.0
    proof_zh, proof_en = proof_words(outcome)
    return {
        "kind": "patrol_sweep",
        "title": f"街道巡查 {asked.post_name} · {len(routes)} 组 {problem.tasks} 段",
        "title_en": f"Street sweep {asked.post_name} · {len(routes)} units, {problem.tasks} streets",
        "sentence_zh": f"{problem.tasks} 段道路全部巡到，{len(routes)} 组，巡查 {swept:.1f} 公里，空驶 {passed:.1f} 公里，"
        f"最长一组 {longest:.0f} 分；{proof_zh}" + (f"；{out} 段无法往返，未列入" if out else "") + f"；种子 {outcome.seed}",
        "sentence_en": f"All {problem.tasks} streets are swept by {len(routes)} units: {swept:.1f} km swept, {passed:.1f} km passed, "
        f"longest {longest:.0f} min; {proof_en}" + (f"; {out} cannot be reached and are left out" if out else "")
        + f"; seed {outcome.seed}",
        "question": cast("Json", question.model_dump(mode="json")),
        "streets": problem.tasks,
        "units": len(routes),
        "objective": outcome.objective / 1000,
        "objective_zh": "最长一组用时（秒）" if problem.goal == "longest" else "全部路线用时（秒）",
        "objective_en": "seconds of the longest route" if problem.goal == "longest" else "seconds of all routes",
        "bound": least / 1000,
        "gap": outcome.gap,
        "proved": outcome.proved,
        "termination": outcome.termination.value,
        "seconds": outcome.seconds,
        "seed": outcome.seed,
        "solver": outcome.solver,
        "swept_metres": round(figures.swept_metres, 1),
        "passing_metres": round(figures.passing_metres, 1),
        "forbidden_turns": figures.forbidden_turns,
        "note_zh": "路线未考虑禁止转向" + (f"，其中经过 {figures.forbidden_turns} 处" if figures.forbidden_turns else ""),
        "note_en": f"Forbidden turns are not kept; the routes take {figures.forbidden_turns}",
        "left_out": [
            {"name": graph.name(arc), "line": np.round(graph.arc_lonlat(arc), 6).tolist()} for arc in asked.sweep.left_out.tolist()
        ],
        "routes": routes,
    }  # fmt: skip


def _way(
    graph: StreetGraph, arcs: npt.NDArray[np.int32], does: npt.NDArray[np.bool_], times: npt.NDArray[np.integer]
) -> dict[str, Json]:
    """Return the line with seconds since the start, and the streets in order with what is done on them."""
    line: list[Json] = []
    passes: list[dict[str, Any]] = []
    now = 0.0
    for arc, swept, time in zip(arcs.tolist(), does.tolist(), times.tolist(), strict=True):
        shape = graph.arc_lonlat(arc)
        steps = np.hypot(*np.diff(shape, axis=0).T) if len(shape) > 1 else np.zeros(0)
        share = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-12)
        for (x, y), s in zip(shape.tolist(), share.tolist(), strict=True):
            if line and s == 0.0:
                continue
            line.append([round(x, 6), round(y, 6), round(now + s * time / 1000, 1)])
        now += time / 1000
        name, metres = graph.name(arc), float(graph.metres[arc])
        if passes and passes[-1]["name"] == name and passes[-1]["swept"] == swept:
            passes[-1]["metres"] = round(passes[-1]["metres"] + metres, 1)
            passes[-1]["end"] = len(line) - 1
        else:
            passes.append({"name": name, "swept": swept, "metres": round(metres, 1), "end": len(line) - 1})
    return {"line": line, "passes": cast("Json", passes)}


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else 60.0 * minutes
