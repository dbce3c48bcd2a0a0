"""Peers on a city's patrol: OR-Tools with the same spacing, PyVRP and VROOM without; visits of cars only."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from planners.patrol.guess.turns import route_through
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]


def has(name: str) -> bool:
    """Return whether a peer is installed."""
    return importlib.util.find_spec(name) is not None


def _cars(problem: SpacingProblem) -> tuple[Ints, Ints, Ints]:
    """Return the points of cars, each as often as it is visited, the number of the visit, and the posts of the cars."""
    points = np.flatnonzero(problem.eligible[:, 0])
    times = -(-problem.shift_seconds // problem.gap[points].astype(np.int64))
    posts = np.array([problem.vehicles[v].start_post for v, _ in _units(problem)])
    return np.repeat(points, times), np.concatenate([np.arange(t) for t in times]), posts


def _units(problem: SpacingProblem) -> list[tuple[int, int]]:
    """Return type and number of each car."""
    return [
        (number, unit)
        for number, vehicle in enumerate(problem.vehicles)
        if vehicle.kind == problem.kinds[0]
        for unit in range(vehicle.available)
    ]


def _plan(problem: SpacingProblem, stops: dict[tuple[int, int], list[tuple[int, int]]]) -> SpacedPlan:
    """Return the plan of points and begins by unit; it may keep no gap."""
    routes = []
    for unit, held in sorted(stops.items()):
        points, begins = np.array(held, np.int64).T
        routes.append(route_through(problem, unit, points, begins))
    return SpacedPlan(routes=tuple(routes))


def or_tools(problem: SpacingProblem, seconds: float) -> SpacedPlan | None:
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
    stops: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for car, unit in enumerate(_units(problem)):
        at = routing.Start(car)
        while not routing.IsEnd(at):
            node = manager.IndexToNode(at)
            if node >= cars:
                stops.setdefault(unit, []).append((int(visit[node - cars]), int(found.Min(clock.CumulVar(at)))))
            at = found.Value(routing.NextVar(at))
    return _plan(problem, stops)


def pyvrp_routes(problem: SpacingProblem, seconds: float, seed: int) -> SpacedPlan | None:
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
    free: dict[int, list[tuple[int, int]]] = {}
    for unit in _units(problem):
        free.setdefault(problem.vehicles[unit[0]].start_post, []).append(unit)
    return _plan(
        problem,
        {
            free[int(depots[route.start_depot()])].pop(0): [
                (int(visit[stop.idx]), int(stop.start_time + stop.wait_duration))
                for stop in route.schedule()
                if stop.is_client()
            ]
            for route in result.best.routes()
        },
    )


def vroom_routes(problem: SpacingProblem, seconds: float) -> SpacedPlan | None:
    """Return VROOM's routes that make as many visits within the shift, at any time: it knows no spacing."""
    vroom: Any = importlib.import_module("vroom")

    visit, _, _ = _cars(problem)
    units = _units(problem)
    asked = vroom.Input()
    # In C order: an array in Fortran order is read transposed, without a word.
    asked.set_durations_matrix("car", np.ascontiguousarray(problem.seconds[0].astype(np.uint32)))
    for number, (vehicle, _) in enumerate(units):
        kind = problem.vehicles[vehicle]
        asked.add_vehicle(
            vroom.Vehicle(
                number, start=kind.start_post, end=kind.end_post, time_window=vroom.TimeWindow(0, problem.shift_seconds),
                costs=vroom.VehicleCosts(fixed=100_000),
            )
        )  # fmt: skip
    for number, point in enumerate(visit.tolist()):
        asked.add_job(vroom.Job(number, problem.posts + point, default_service=int(problem.dwell[point])))
    found = asked.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=seconds))
    if found.to_dict()["summary"]["unassigned"]:
        return None
    stops: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for route in found.to_dict()["routes"]:
        stops[units[route["vehicle"]]] = [
            (int(visit[step["id"]]), int(step["arrival"] + step["waiting_time"]))
            for step in route["steps"]
            if step["type"] == "job"
        ]
    return _plan(problem, stops)
