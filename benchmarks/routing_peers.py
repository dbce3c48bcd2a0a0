"""PyVRP as it comes: its own solve on its own model of the same instance, for the same seconds and seed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from planners.patrol.hot_spots.problem import HotSpotProblem
from planners.patrol.problem import PatrolProblem

_STEPS = 100_000


def pyvrp_routes(problem: PatrolProblem, *, seconds: float, seed: int) -> float | None:
    """Return the travel of PyVRP's best plan, None where it found none."""
    import pyvrp

    [car] = problem.vehicles
    legs: Any = np.ascontiguousarray(problem.seconds[0].astype(np.int64))
    visits = range(problem.visits)
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * (1 + problem.visits),
        clients=[
            pyvrp.Client(
                location=1 + v, delivery=[int(problem.load[v])], service_duration=int(problem.dwell[v]),
                tw_early=int(problem.window[v, 0]), tw_late=int(problem.window[v, 1]),
            )
            for v in visits
        ],
        depots=[pyvrp.Depot(location=0)],
        vehicle_types=[
            pyvrp.VehicleType(num_available=car.available, capacity=[car.capacity], tw_early=0, tw_late=car.shift_seconds)
        ],
        distance_matrices=[legs],
        duration_matrices=[legs],
    )  # fmt: skip
    best = _solved(data, seconds, seed)
    return float(best.distance()) if best.is_feasible() else None


def pyvrp_prize(problem: HotSpotProblem, *, seconds: float, seed: int) -> float | None:
    """Return the prize that PyVRP collects; one step of prize is worth more than all travel."""
    import pyvrp

    legs: Any = np.floor(problem.legs * _STEPS + 0.5).astype(np.int64)
    spots = np.flatnonzero(problem.reachable).tolist()
    step = 2 * int(legs.max()) * len(problem.keys)
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * len(problem.keys),
        clients=[pyvrp.Client(location=i, required=False, prize=int(problem.prize[i]) * step) for i in spots],
        depots=[pyvrp.Depot(location=problem.start), pyvrp.Depot(location=problem.end)],
        vehicle_types=[
            pyvrp.VehicleType(
                num_available=problem.units, start_depot=0, end_depot=1,
                shift_duration=int(problem.limit * _STEPS) + len(problem.keys) // 2,
            )
        ],
        distance_matrices=[legs],
        duration_matrices=[legs],
    )  # fmt: skip
    best = _solved(data, seconds, seed)
    return float(best.prizes()) / step if best.is_feasible() else None


def _solved(data: Any, seconds: float, seed: int) -> Any:
    import pyvrp
    from pyvrp.exceptions import PenaltyBoundWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        return pyvrp.solve(data, stop=pyvrp.stop.MaxRuntime(seconds), seed=seed, display=False).best
