"""A city's patrols with spacing: 323 points every 2 hours, 200 camera rounds, 105 posts, on real streets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.cities import City, cities
from benchmarks.harness import Options, Row, duration, timed, within
from geo.streets.snap import Snapper
from geo.streets.travel import Travel
from geo.synthetic.patrol_city import Area, patrol_city
from planners.contract import Budget
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing, travel_seconds

_GAP: Final = 7200
_SHIFT: Final = 8 * 3600
_CITIES: Final = ("xian", "Coquimbo")


def rows(options: Options) -> list[Row]:
    """Plan the core and the whole of each city; the goal is 8 % above the proved least number of units."""
    found: list[Row] = []
    for city in cities(options):
        if city.name.startswith(_CITIES):
            for area in ("core", "whole"):
                found += _of_area(city, area, options)
    return found


def _of_area(city: City, area: Area, options: Options) -> Iterator[Row]:
    problem = problem_of(city, area, seed=options.seed)
    what = f"{city.name}, {area}"
    taken, first = timed(lambda: solve_spacing(problem, Budget(iterations=1, seed=options.seed)))
    yield within(f"{what}: a first plan ({_cars(problem, first.plan)} cars) and its bound", ours=taken, at_most=10)
    outcome = solve_spacing(problem, Budget(seconds=options.seconds or 60, seed=options.seed))
    steps = [np.diff([0, *begins, _SHIFT]) for begins in begins_by_point(problem, outcome.plan) if begins]
    worst, mean = max(int(s.max()) for s in steps), float(np.concatenate(steps).mean())
    bound = bound_units(problem).units
    yield Row(
        what=f"{what}: units after {duration(outcome.seconds)}, {len(outcome.plan.left_out)} points left out",
        ours=f"{outcome.plan.units_used} units ({_cars(problem, outcome.plan)} cars), worst gap {worst / 60:.1f} min, "
        f"mean {mean / 60:.1f} min, {travel_seconds(problem, outcome.plan) / 3600:.1f} h on the road",
        peer="proved least number of units",
        peer_figure=f"{bound} units",
        ratio=bound / outcome.plan.units_used,
        goal="at most 8 % above",
        met=outcome.plan.units_used <= 1.08 * bound and not outcome.plan.left_out,
    )


def problem_of(city: City, area: Area, *, seed: int) -> SpacingProblem:
    """Place posts, points and cameras on a city and take their times on its streets."""
    task = patrol_city(city.graph, seed=seed, area=area)
    places = Snapper(city.graph, "patrol_car", connected=True).snap(np.concatenate([task.posts, task.points]))
    seconds = Travel(city.graph, city.milliseconds).matrix(places, places)
    posts, points, videos = len(task.posts), len(task.points), len(task.video_dwell_seconds)
    return car_and_video(
        seconds=seconds,
        metres=None,
        post_keys=[f"post {i + 1}" for i in range(posts)],
        point_keys=[f"point {i + 1}" for i in range(points)],
        dwell=task.dwell_seconds,
        cars_at=np.ones(posts, np.int64),
        shift_seconds=_SHIFT,
        gap_seconds=_GAP,
        least_gap_seconds=_GAP // 2,
        video_keys=[f"camera {i + 1}" for i in range(videos)],
        video_dwell=task.video_dwell_seconds,
        operators=8,
    )


def _cars(problem: SpacingProblem, plan: SpacedPlan) -> int:
    return sum(problem.vehicles[route.vehicle].kind == "car" for route in plan.routes)
