"""A city's patrols with spacing: 323 points every 2 hours, 200 camera rounds, 105 posts, on real streets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from benchmarks.cities import City, cities
from benchmarks.city_patrol_peers import Visits, has, or_tools, pyvrp_routes
from benchmarks.harness import Options, Row, absent, duration, timed, within
from geo.streets.snap import Places, Snapper
from geo.streets.travel import Travel
from geo.synthetic.patrol_city import Area, patrol_city
from planners.contract import Budget, Progress
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

_GAP: Final = 7200
_SHIFT: Final = 8 * 3600
_CITIES: Final = ("xian", "Coquimbo")


def rows(options: Options) -> list[Row]:
    """Plan the core and the whole of each city; the goal is 8 % above the proved least number of units."""
    found: list[Row] = []
    for city in cities(options):
        if city.name.startswith(_CITIES):
            for area in ("core", "whole"):
                if options.only in {None, area, f"{city.name.split(maxsplit=1)[0]} {area}"}:
                    found += _of_area(city, area, options)
    return found


def _of_area(city: City, area: Area, options: Options) -> Iterator[Row]:
    problem, places = placed(city, area, seed=options.seed)
    what = f"{city.name}, {area}"
    seconds = options.seconds or 60
    # Kernels are compiled, or read from their cache, before the clock runs.
    solve_spacing(problem, Budget(iterations=1, seed=options.seed), observe=_at_once)
    taken, first = timed(
        lambda: solve_spacing(placed(city, area, seed=options.seed)[0], Budget(seconds=seconds), observe=_at_once)
    )
    yield within(f"{what}: streets, problem and a first plan ({first.plan.units_used} units)", ours=taken, at_most=10)
    outcome = solve_spacing(problem, Budget(seconds=seconds, seed=options.seed))
    bound = bound_units(problem).units
    yield Row(
        what=f"{what}: units after {duration(outcome.seconds)}, {len(outcome.plan.left_out)} points left out",
        ours=f"{outcome.plan.units_used} units ({_cars(problem, outcome.plan)} cars)",
        peer="proved least number of units",
        peer_figure=f"{bound} units",
        ratio=bound / outcome.plan.units_used,
        goal="at most 8 % above",
        met=outcome.plan.units_used <= 1.08 * bound and not outcome.plan.left_out,
    )
    ours = _visits(problem, outcome.plan)
    travel = Travel(city.graph, city.milliseconds)
    mine = _figures(problem, ours, travel, places)
    for name, spaced, peer in (
        ("ortools", "the same spacing", lambda: or_tools(problem, seconds)),
        ("pyvrp", "no spacing", lambda: pyvrp_routes(problem, seconds, options.seed)),
    ):
        label = f"{what}: cars against {name} with {spaced}, {duration(seconds)}"
        if not has(name):
            yield absent(label, name, ours=mine)
            continue
        spent, theirs = timed(peer)
        figure = "no plan" if theirs is None else _figures(problem, theirs, travel, places)
        yield Row(
            what=label,
            ours=mine,
            peer=f"{name} ({duration(spent)})",
            peer_figure=figure,
            ratio=None if theirs is None else theirs.units / ours.units,
        )


def _at_once(_: Progress) -> bool:
    return False


def _visits(problem: SpacingProblem, plan: SpacedPlan) -> Visits:
    cars = [r for r in plan.routes if problem.vehicles[r.vehicle].kind == "car"]
    ways = [
        [problem.vehicles[r.vehicle].start_post, *(r.points + problem.posts), problem.vehicles[r.vehicle].end_post]
        for r in cars
    ]
    return Visits(ways=[[int(p) for p in way] for way in ways], begins=begins_by_point(problem, plan))


def _figures(problem: SpacingProblem, visits: Visits, travel: Travel, places: Places) -> str:
    """Return units, worst and mean gap with the ends of the shift, and metres along the streets of the quickest ways."""
    points = np.flatnonzero(problem.eligible[:, 0])
    steps = np.concatenate([np.diff([0, *visits.begins[p], _SHIFT]) for p in points])
    legs = Counter(pair for way in visits.ways for pair in pairwise(way) if pair[0] != pair[1])
    metres = sum(times * travel.path(places, i, places, j).metres for (i, j), times in legs.items())
    return (
        f"{visits.units} units, gap worst {steps.max() / 60:.0f} min, mean {steps.mean() / 60:.0f} min, "
        f"{metres / 1000:.0f} km"
    )


def problem_of(city: City, area: Area, *, seed: int) -> SpacingProblem:
    """Place posts, points and cameras on a city and take their times on its streets."""
    return placed(city, area, seed=seed)[0]


def placed(city: City, area: Area, *, seed: int) -> tuple[SpacingProblem, Places]:
    """Return the problem, and where its posts and points lie on the streets."""
    task = patrol_city(city.graph, seed=seed, area=area)
    places = Snapper(city.graph, "patrol_car", connected=True).snap(np.concatenate([task.posts, task.points]))
    seconds = Travel(city.graph, city.milliseconds).matrix(places, places)
    posts, points, videos = len(task.posts), len(task.points), len(task.video_dwell_seconds)
    problem = car_and_video(
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
    return problem, places


def _cars(problem: SpacingProblem, plan: SpacedPlan) -> int:
    return sum(problem.vehicles[route.vehicle].kind == "car" for route in plan.routes)
