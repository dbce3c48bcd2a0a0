"""Peers on a city's patrol: OR-Tools with the same spacing, PyVRP without; visits of cars only."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """What a peer planned: the places of each route from post to post, and the begins of each point."""

    ways: list[list[int]]
    begins: list[list[int]]

    @property
    def units(self) -> int:
        """Units that have a stop."""
        return len(self.ways)


def has(name: str) -> bool:
    """Return whether a peer is installed."""
    return importlib.util.find_spec(name) is not None


def _cars(problem: SpacingProblem) -> tuple[Ints, Ints, Ints]:
    """Return the points of cars, each as often as it is visited, and the posts of the cars."""
    points = np.flatnonzero(problem.eligible[:, 0])
    times = -(-problem.shift_seconds // problem.gap[points].astype(np.int64))
    posts = np.array([v.start_post for v in problem.vehicles if v.kind == problem.kinds[0] for _ in v.unit_keys])
    return np.repeat(points, times), np.concatenate([np.arange(t) for t in times]), posts


def or_tools(problem: SpacingProblem, seconds: float) -> Visits | None:
    """Return OR-Tools' routes with gaps, least gaps and shift, fewest units first; None where it finds none in time."""
    pywrapcp: Any = importlib.import_module("ortools.constraint_solver.pywrapcp")
    enums: Any = importlib.import_module("ortools.constraint_solver.routing_enums_pb2")

    visit, turn, posts = _cars(problem)
    places = np.concatenate([posts, problem.posts + visit])
    cars, n = len(posts), len(places)
    manager = pywrapcp.RoutingIndexManager(n, cars, list(range(cars)), list(range(cars)))
    routing = pywrapcp.RoutingModel(manager)
    legs = problem.seconds[0][np.ix_(places, places)].astype(np.int64)
    stay = np.concatenate([np.zeros(cars, np.int64), problem.dwell[visit].astype(np.int64)])
    # Rows as lists: arrays in Fortran order would be read transposed.
    way = routing.RegisterTransitMatrix(legs.tolist())
    time = routing.RegisterTransitMatrix((legs + stay[:, None]).tolist())
    routing.SetArcCostEvaluatorOfAllVehicles(way)
    routing.SetFixedCostOfAllVehicles(1_000_000)
    shift = problem.shift_seconds
    routing.AddDimension(time, shift, shift, False, "time")
    clock = routing.GetDimensionOrDie("time")
    solver = routing.solver()
    for number, (point, k) in enumerate(zip(visit.tolist(), turn.tolist(), strict=True)):
        here = clock.CumulVar(manager.NodeToIndex(cars + number))
        gap, least = int(problem.gap[point]), int(problem.least_gap[point])
        if k == 0:
            here.SetMax(gap)
        else:
            before = clock.CumulVar(manager.NodeToIndex(cars + number - 1))
            solver.Add(here - before <= gap)
            solver.Add(here - before >= least)
        if number + 1 == len(visit) or turn[number + 1] == 0:
            here.SetMin(shift - gap + 1)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    search.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    search.time_limit.FromMilliseconds(int(1000 * seconds))
    found = routing.SolveWithParameters(search)
    if found is None:
        return None
    ways: list[list[int]] = []
    begins: list[list[int]] = [[] for _ in range(problem.points)]
    for car in range(cars):
        at, way_of = routing.Start(car), []
        while not routing.IsEnd(at):
            node = manager.IndexToNode(at)
            way_of.append(int(places[node]))
            if node >= cars:
                begins[int(visit[node - cars])].append(int(found.Min(clock.CumulVar(at))))
            at = found.Value(routing.NextVar(at))
        if len(way_of) > 1:
            ways.append([*way_of, int(posts[car])])
    return Visits(ways=ways, begins=[sorted(b) for b in begins])


def pyvrp_routes(problem: SpacingProblem, seconds: float, seed: int) -> Visits | None:
    """Return PyVRP's routes that make as many visits within the shift, at any time: it knows no spacing."""
    import pyvrp
    from pyvrp.stop import MaxRuntime

    visit, _, posts = _cars(problem)
    depots, count = np.unique(posts, return_counts=True)
    places = np.concatenate([depots, problem.posts + visit])
    legs: Any = np.ascontiguousarray(problem.seconds[0][np.ix_(places, places)].astype(np.int64))
    data: Any = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in places],
        clients=[
            pyvrp.Client(location=len(depots) + i, service_duration=int(problem.dwell[p]))
            for i, p in enumerate(visit.tolist())
        ],
        depots=[pyvrp.Depot(location=i) for i in range(len(depots))],
        vehicle_types=[
            pyvrp.VehicleType(
                num_available=int(c), start_depot=i, end_depot=i, fixed_cost=100_000, tw_early=0,
                tw_late=problem.shift_seconds, shift_duration=problem.shift_seconds, name=str(i),
            )
            for i, c in enumerate(count)
        ],
        distance_matrices=[legs],
        duration_matrices=[legs],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = pyvrp.solve(data, stop=MaxRuntime(seconds), seed=seed, display=False)
    if not result.is_feasible():
        return None
    ways: list[list[int]] = []
    begins: list[list[int]] = [[] for _ in range(problem.points)]
    for route in result.best.routes():
        way = [int(depots[route.start_depot()])]
        for stop in route.schedule():
            if stop.is_client():
                way.append(int(problem.posts + visit[stop.idx]))
                begins[int(visit[stop.idx])].append(int(stop.start_time + stop.wait_duration))
        ways.append([*way, int(depots[route.end_depot()])])
    return Visits(ways=ways, begins=[sorted(b) for b in begins])
