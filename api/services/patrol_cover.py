"""Cover while moving (动中备勤): the share of calls within reach of the crews, minute by minute, beside the same crews standing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol import PatrolQuestion
from api.services.filters import CallFilter, last_days
from api.services.patrol_ground import Ground
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_lonlat, to_metric
from geo.errors import InfeasibleError
from geo.store.port import Json, Principal
from geo.streets.snap import Places
from planners.contract import Budget, Observer
from planners.patrol.cover.curve import cover_curve
from planners.patrol.cover.improve import improve_cover
from planners.patrol.cover.problem import CoverProblem, Leg
from planners.patrol.spacing.plan import SpacedPlan

DAYS: Final = 365
CELL_M: Final = 500.0
MOST_CELLS: Final = 400
HOUR: Final = 3600
EVERY_SECONDS: Final = 300
BY_VEHICLE: Final = frozenset({"car", "motorcycle", "off_road"})
MORE_TRAVEL: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallNodes:
    """Calls of a year by place and hour of the day: nodes int64[k], calls a day float64[24, k], what a unit at each node reaches."""

    nodes: npt.NDArray[np.int64]
    by_hour: npt.NDArray[np.float64]
    reach: npt.NDArray[np.bool_]
    n_calls: int


def cover_of(workspace: Workspace, principal: Principal, ground: Ground) -> CoverProblem | None:
    """Return the cover problem of a ground, or None where no call has a place or no crew has a vehicle."""
    kind = next((k for k in ("car", "motorcycle", "off_road") if k in ground.crews.kinds), None)
    if kind is None:
        return None
    try:
        calls = _call_nodes(workspace, principal, ground.terms.settings.cover_minutes)
    except InfeasibleError:
        return None
    start = ground.terms.shift.start.astimezone(workspace.zone)
    # Hours of the shift; one that begins at half past takes the calls of the hour that it begins in.
    hours = [(start.hour + n) % 24 for n in range(max(1, -(-ground.terms.shift_seconds // HOUR)))]
    weights = calls.by_hour[hours]
    if weights.sum() <= 0:
        return None
    legs: dict[tuple[int, int, int], Leg] = {}
    spot = _nodes_of(ground, ground.places[kind])

    def ways(number: int, here: int, there: int) -> Leg:
        held = legs.get((number, here, there))
        if held is None:
            held = legs[number, here, there] = _leg(ground, spot, ground.crews.kinds[number], here, there)
        return held

    return CoverProblem(reach=calls.reach, weights=weights, period_seconds=HOUR, spot_of_place=spot, ways=ways)


def covering(
    ground: Ground, plan: SpacedPlan, cover: CoverProblem, question: PatrolQuestion, observe: Observer
) -> SpacedPlan:
    """Return the plan with its rounds turned so that the crews reach more calls, where that matters more than irregular times."""
    weight = question.weights.cover
    if weight <= question.weights.irregular or plan.broken or not plan.routes:
        return plan
    seconds = None if question.iterations is not None else max(1.0, 0.15 * question.seconds)
    budget = Budget(seconds=seconds, iterations=10 if seconds is None else None, seed=question.seed)
    return improve_cover(
        ground.crews, plan, cover, budget, weight=weight, more_travel=MORE_TRAVEL,
        observe=lambda step: observe(replace(step, share=None, objective=None, bound=None)),
    ).plan  # fmt: skip


def told(ground: Ground, plan: SpacedPlan, cover: CoverProblem | None, *, plain: SpacedPlan | None = None) -> Json:
    """Return the curve of the crews with vehicles, of the same crews standing, and of the plan before its rounds were turned."""
    if cover is None:
        return None
    held = _by_vehicle(ground, plan)
    if not held.routes:
        return None
    before = None if plain is None or plain is plan else _by_vehicle(ground, plain)
    curve = cover_curve(
        ground.crews, held, cover, plain=before, every_seconds=min(EVERY_SECONDS, ground.crews.shift_seconds)
    )
    n, standing, minutes = curve.n_calls, curve.standing_mean, ground.terms.settings.cover_minutes
    return {
        "minutes": curve.minutes.tolist(), "share": np.round(curve.share, 4).tolist(),
        "standing_share": np.round(curve.standing_share, 4).tolist(),
        "plain_share": None if curve.plain_share is None else np.round(curve.plain_share, 4).tolist(),
        "mean": round(curve.mean, 4), "standing_mean": round(standing, 4),
        "plain_mean": None if curve.plain_mean is None else round(curve.plain_mean, 4),
        "standard_minutes": minutes, "n_calls": round(n, 1), "n_units": curve.n_units,
        "zh": f"动中备勤：{curve.n_units} 个车组巡逻时 {minutes:g} 分内可到 {curve.mean:.1%} 的警情，同样组数在屯警点待命为 {standing:.1%}"
        f"（按近一年本时段警情，每班约 {n:.1f} 起）",
        "en": f"cover while moving: {curve.n_units} crews with vehicles reach {curve.mean:.1%} of calls within {minutes:g} min, standing at "
        f"posts {standing:.1%} (calls of the last year at these hours, about {n:.1f} a shift)",
    }  # fmt: skip


def mean_of(held: Json) -> float | None:
    """Return the mean cover of a plan's curve."""
    return None if held is None else cast("float", cast("Mapping[str, Json]", held)["mean"])


def _by_vehicle(ground: Ground, plan: SpacedPlan) -> SpacedPlan:
    routes = [r for r in plan.routes if ground.crews.vehicles[r.vehicle].kind in BY_VEHICLE]
    return replace(plan, routes=tuple(routes))


def _call_nodes(workspace: Workspace, principal: Principal, minutes: float) -> CallNodes:
    version = (workspace.store.version("calls"), workspace.street_stamp(), principal.scopes, minutes)
    return workspace.derived.get("patrol_calls", version, lambda: _gathered(workspace, principal, minutes))


def _gathered(workspace: Workspace, principal: Principal, minutes: float) -> CallNodes:
    start, end = last_days(
        workspace.clock.now(), workspace.zone, days=DAYS, starts_hour=workspace.settings.day_starts_hour
    )
    rows = CallFilter(citizen="only", start=start, end=end).rows(workspace.calls(principal), workspace.zone)
    rows = rows[rows["placed"]]
    if rows.empty:
        raise InfeasibleError("There is no call with a place in the last year", "近一年没有带案发地的警情")
    lonlat = shapely.get_coordinates(np.asarray(rows.geometry.array))
    crs = pick_metric_crs(np.concatenate([lonlat.min(axis=0), lonlat.max(axis=0)]))
    xy, size = to_metric(lonlat, crs), CELL_M
    while True:
        _, cell, counts = np.unique(np.floor(xy / size), axis=0, return_inverse=True, return_counts=True)
        if len(counts) <= MOST_CELLS:
            break
        size *= 1.5
    cell = cell.ravel()
    centre = to_lonlat(np.column_stack([np.bincount(cell, weights=xy[:, k]) / counts for k in (0, 1)]), crs)
    places = workspace.snap("response_car", centre)
    hour = rows["occurred_at"].dt.tz_convert(workspace.zone).dt.hour.to_numpy()
    by_hour = np.zeros((24, len(counts)))
    np.add.at(by_hour, (hour, cell), 1.0 / DAYS)
    near = places.ok
    nodes = _nearer(workspace, Places(
        arc=places.arc[near], metres_along=places.metres_along[near], offset_m=places.offset_m[near],
        lonlat=places.lonlat[near], ok=places.ok[near],
    ))  # fmt: skip
    milliseconds = workspace.travel("response_car").to_nodes(nodes)
    reach = np.zeros((milliseconds.shape[1], len(counts)), np.bool_)
    # Calls far from any street are asked for and never reached.
    reach[:, near] = (milliseconds <= minutes * 60_000).T
    every = np.zeros(len(counts), np.int64)
    every[near] = nodes
    return CallNodes(nodes=every, by_hour=by_hour, reach=reach, n_calls=len(rows))


def _nearer(workspace: Workspace, places: Places) -> npt.NDArray[np.int64]:
    """Return the nearer end of the arc that each place lies on."""
    graph = workspace.graph()
    arc = np.maximum(places.arc, 0)
    ahead = places.metres_along > graph.metres[arc] / 2
    return np.where(ahead, graph.heads[arc], graph.tails()[arc]).astype(np.int64)


def _nodes_of(ground: Ground, places: Places) -> npt.NDArray[np.int64]:
    return _nearer(ground.workspace, places)


def _leg(ground: Ground, spot: npt.NDArray[np.int64], kind: str, here: int, there: int) -> Leg:
    if here == there:
        return Leg(spots=spot[[here]], seconds=np.zeros(1), whole_seconds=1.0)
    try:
        path = ground.leg(kind, here, there)
    except InfeasibleError:
        # Driven before the street was closed.
        return Leg(spots=spot[[here, there]], seconds=np.array([0.0, 0.5]), whole_seconds=1.0)
    travel = ground.travels[kind]
    arcs = np.asarray(path.arcs, np.int64)
    took = travel.milliseconds[arcs].astype(np.float64) / 1000.0
    spent = np.cumsum(took)
    return Leg(
        spots=np.concatenate([spot[[here]], travel.graph.heads[arcs].astype(np.int64)]),
        seconds=np.concatenate([[0.0], spent - took / 2]), whole_seconds=float(spent[-1]),
    )  # fmt: skip
