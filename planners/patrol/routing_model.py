"""Patrol routes as PyVRP's problem data, its answers as routes of ours, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from planners.patrol.problem import NO_WAY, PatrolProblem
from planners.patrol.route_pool import Route


def model_of(problem: PatrolProblem, visits: Sequence[int], *, all_required: bool) -> Any:
    """Return PyVRP's problem data: one location a post in use and a visit, one profile a kind of unit.

    A leg that a kind may not take is longer than the longest shift, so that no feasible route has it. Where not all
    required visits can be made they become optional at ``missed_seconds`` each.
    """
    import pyvrp

    posts = sorted({p for v in problem.vehicles for p in (v.start_post, v.end_post)})
    chosen = np.asarray(visits, np.int64)
    places = np.concatenate([np.asarray(posts, np.int64), problem.place_of_visit[chosen]])
    beyond = 2 * max(v.shift_seconds for v in problem.vehicles) + 1
    matrices: list[Any] = []
    for kind in range(len(problem.kinds)):
        legs = problem.seconds[kind][np.ix_(places, places)].astype(np.int64)
        may = np.concatenate([np.ones(len(posts), bool), problem.eligible[chosen, kind]])
        legs[(legs >= NO_WAY) | ~may[:, None] | ~may[None, :]] = beyond
        np.fill_diagonal(legs, 0)
        matrices.append(np.ascontiguousarray(np.minimum(legs, beyond)))
    missed = problem.missed_seconds
    carried = bool(problem.load.any())
    clients = [
        pyvrp.Client(
            location=len(posts) + number,
            delivery=[int(problem.load[v])] if carried else [],
            service_duration=int(problem.dwell[v]),
            tw_early=int(problem.window[v, 0]),
            tw_late=int(problem.window[v, 1]),
            required=all_required and bool(problem.required[v]),
            prize=(0 if all_required else missed) if problem.required[v] else int(problem.prize[v]),
        )
        for number, v in enumerate(chosen.tolist())
    ]
    vehicles = [
        pyvrp.VehicleType(
            num_available=v.available,
            capacity=[v.capacity] if carried else [],
            start_depot=posts.index(v.start_post),
            end_depot=posts.index(v.end_post),
            fixed_cost=problem.unit_seconds,
            tw_early=0,
            tw_late=v.shift_seconds,
            shift_duration=v.shift_seconds,
            profile=problem.kind_of(v),
            name=str(number),
        )
        for number, v in enumerate(problem.vehicles)
        if v.available
    ]
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in places],
        clients=clients,
        depots=[pyvrp.Depot(location=number) for number in range(len(posts))],
        vehicle_types=vehicles,
        distance_matrices=matrices,
        duration_matrices=matrices,
    )


def routes_of(data: Any, visits: Sequence[int], solution: Any) -> list[Route]:
    """Return vehicle type and visits of each route with a visit."""
    types = [int(kind.name) for kind in data.vehicle_types()]
    found = [
        (types[route.vehicle_type()], tuple(visits[stop.idx] for stop in route if stop.is_client()))
        for route in solution.routes()
    ]
    return [(vehicle, made) for vehicle, made in found if made]


def solution_of(data: Any, visits: Sequence[int], routes: Sequence[Route]) -> Any:
    """Return routes as a solution of PyVRP; visits that they do not make are missing."""
    import pyvrp

    at = {visit: number for number, visit in enumerate(visits)}
    type_of = {int(kind.name): number for number, kind in enumerate(data.vehicle_types())}
    made = [pyvrp.Route(data, [at[visit] for visit in route], type_of[vehicle]) for vehicle, route in routes]
    return pyvrp.Solution(data, made)
