"""One iterated local search of PyVRP, built from its parts, with penalties that fit the instance where wanted.

PyVRP begins with penalties of 50,000 for a second late and a unit of load too many, and lowers them by a tenth every 500
steps: a short search never leaves the feasible plans. ``fitting_penalties`` begins near the worth of what they are weighed
against, as in Vidal, T. (2022). Hybrid genetic search for the CVRP. Computers & Operations Research 140, 105643.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from planners.patrol.problem import NO_WAY, PatrolProblem

Penalties = tuple[list[float], float, float]
"""For a unit of each load too many, a second late, a second of travel too much."""
LATE_PENALTY: Final = 5.0


def fitting_penalties(problem: PatrolProblem) -> Penalties:
    """Return ``LATE_PENALTY`` seconds of travel a second late, and the longest leg for the heaviest load too many."""
    usable = np.where(problem.seconds >= NO_WAY, 0, problem.seconds)
    load = float(usable.max()) / max(1, int(problem.load.max(initial=0)))
    loads = [float(np.clip(load, 0.1, 100_000.0))] if problem.load.any() else []
    return loads, LATE_PENALTY, LATE_PENALTY


@contextmanager
def quiet() -> Iterator[None]:
    """Silence PyVRP's warning about penalties; for all threads, hence not to be entered in one of several."""
    from pyvrp.exceptions import PenaltyBoundWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        yield


def searched(
    data: Any, *, seed: int, stop: Any, callbacks: Any = None, penalties: Penalties | None = None, start: Any = None
) -> Any:
    """Return PyVRP's result; without ``penalties`` and ``start`` it is that of ``pyvrp.solve`` with the same seed.

    A ``start`` that misses visits is completed first.
    """
    import pyvrp
    from pyvrp import search

    params = pyvrp.PenaltyParams()
    manager = pyvrp.PenaltyManager(params.midpoint_penalties(data) if penalties is None else penalties, params)
    rng = pyvrp.RandomNumberGenerator(seed=seed)
    local = search.LocalSearch(data, rng, search.compute_neighbours(data), search.PerturbationManager())
    for operator in search.OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    if start is None:
        start = pyvrp.Solution.make_random(data, rng)
    elif start.is_complete():
        return _run(data, manager, local, start, stop, callbacks)
    first = local(start, manager.max_cost_evaluator(), exhaustive=True)
    return _run(data, manager, local, first, stop, callbacks)


def _run(data: Any, manager: Any, local: Any, start: Any, stop: Any, callbacks: Any) -> Any:
    import pyvrp

    params = pyvrp.IteratedLocalSearchParams(callbacks=callbacks)
    return pyvrp.IteratedLocalSearch(data, manager, local, start, params).run(stop, collect_stats=False, display=False)
