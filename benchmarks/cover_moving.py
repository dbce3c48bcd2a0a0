"""Cover while moving: calls that units on patrol reach in time, against the plain plan and the same units standing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.cities import City
from benchmarks.city_patrol import problem_of
from benchmarks.harness import Options, Row, duration
from benchmarks.patrol_cities import patrol_cities
from geo.streets.snap import Snapper
from geo.streets.travel import Travel
from geo.synthetic.patrol_city import patrol_city
from planners.contract import Budget
from planners.patrol.cover.curve import calls_at, cover_curve, visible
from planners.patrol.cover.improve import improve_cover
from planners.patrol.cover.limit import cover_limit
from planners.patrol.cover.on_streets import cover_on_streets
from planners.patrol.cover.problem import CoverProblem
from planners.patrol.cover.standing import proved_posts
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.solve import solve_spacing

_PLAIN: Final = 15.0
"""Search for the plan that cover is no part of."""
_STANDARD: Final = 300.0
_DEMAND: Final = 600


def rows(options: Options) -> list[Row]:
    """Improve the cover of the core's patrols; the goal is half of the gap to standing units at 5 % more driving at most."""
    return [row for city in patrol_cities(options) for row in _of_city(city, options)]


def _of_city(city: City, options: Options) -> Iterator[Row]:
    problem = problem_of(city, "core", seed=options.seed)
    cover = cover_of(city, seed=options.seed)
    plain = solve_spacing(problem, Budget(seconds=_PLAIN, seed=options.seed)).plan
    before = way_seconds(problem, list(plain.routes))
    units = sum(visible(problem, route) for route in plain.routes)
    demand = calls_at(problem, cover, 60).sum(axis=0)
    standing, most = proved_posts(cover, demand, range(problem.posts), units)
    # Kernels are compiled, or read from their cache, before the clock runs.
    improve_cover(problem, plain, cover, Budget(iterations=1, seed=options.seed))
    outcome = improve_cover(problem, plain, cover, Budget(seconds=options.seconds or 60, seed=options.seed))
    curve = cover_curve(problem, outcome.plan, cover, plain=plain, standing=standing)
    assert curve.plain_mean is not None
    gap = curve.standing_mean - curve.plain_mean
    closed = (curve.mean - curve.plain_mean) / gap if gap > 0 else 1.0
    more = way_seconds(problem, list(outcome.plan.routes)) / before - 1
    yield Row(
        what=f"{city.name}: calls reached in {duration(_STANDARD)} by {curve.n_units} units on patrol, after {duration(outcome.seconds)}",
        ours=f"{curve.mean:.2%}, {more:+.1%} driving, {closed:.0%} of the gap closed; at most {curve.timing_bound:.2%} by timing alone, "
        f"{cover_limit(problem, cover, units):.2%} by any plan",
        peer=f"plain plan; its {units} units standing where they cover most (at most {most / demand.sum():.2%})",
        peer_figure=f"{curve.plain_mean:.2%}; {curve.standing_mean:.2%}",
        goal=">= 50 % of the gap, <= 5 % more driving",
        met=closed >= 0.5 and more <= 0.05,
    )


def cover_of(city: City, *, seed: int) -> CoverProblem:
    """Calls of a made-up day: clusters of crossings in the core with gamma weights, more in the evening."""
    task = patrol_city(city.graph, seed=seed, area="core")
    places = Snapper(city.graph, "patrol_car", connected=True).snap(np.concatenate([task.posts, task.points]))
    rng = np.random.default_rng(seed + 1)
    low, high = task.points.min(axis=0), task.points.max(axis=0)
    inside = np.flatnonzero(((city.graph.node_lonlat >= low) & (city.graph.node_lonlat <= high)).all(axis=1))
    nodes = rng.choice(inside, min(_DEMAND, len(inside)), replace=False)
    weights: npt.NDArray[np.float64] = rng.gamma(0.7, 20.0, len(nodes)) + 1.0
    by_hour = np.array([0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.2, 1.0])
    travel = Travel(city.graph, city.milliseconds)
    return cover_on_streets(travel, places, nodes, by_hour[:, None] * weights, standard_seconds=_STANDARD)
