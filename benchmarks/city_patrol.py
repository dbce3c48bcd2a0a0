"""A city's patrols with spacing: 323 points every 2 hours, 200 camera rounds, 105 posts, on real streets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from benchmarks.cities import City
from benchmarks.city_patrol_figures import Ground
from benchmarks.city_patrol_peers import has, or_tools, pyvrp_routes, vroom_routes
from benchmarks.harness import Options, Row, absent, duration, timed, within
from benchmarks.patrol_cities import patrol_cities
from geo.streets.snap import Places, Snapper
from geo.streets.travel import Travel
from geo.synthetic.patrol_city import Area, patrol_city
from planners.contract import Budget, Outcome, Progress
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

_GAP: Final = 7200
_SHIFT: Final = 8 * 3600
_AREAS: Final[tuple[Area, ...]] = ("core", "whole")


def rows(options: Options) -> list[Row]:
    """Plan the core and the whole of each city; the goal is 8 % above the proved least number of units.

    ``--only`` is an area, or the first word of a city and an area: ``core``, ``Coquimbo whole``. ``--sample N`` plans N tasks of the
    generator, their seeds one after the other; peers plan the first.
    """
    found: list[Row] = []
    for city in patrol_cities(replace(options, only=None)):
        for area in _AREAS:
            if options.only in {None, area, f"{city.name.split(maxsplit=1)[0]} {area}"}:
                found += _of_area(city, area, options)
    return found


def _of_area(city: City, area: Area, options: Options) -> Iterator[Row]:
    what = f"{city.name}, {area}"
    seconds = options.seconds or 60
    above = []
    for seed in range(options.seed, options.seed + (options.sample or 1)):
        problem, places = placed(city, area, seed=seed)
        if seed == options.seed:
            # Kernels are compiled, or read from their cache, before the clock runs.
            solve_spacing(problem, Budget(iterations=1, seed=seed), observe=_at_once)
            taken, first = timed(partial(_first, city, area, seed))
            yield within(
                f"{what}: streets, problem and a first plan ({first.plan.units_used} units)", ours=taken, at_most=10
            )
        outcome = solve_spacing(problem, Budget(seconds=seconds, seed=seed))
        bound = bound_units(problem).units
        above.append(outcome.plan.units_used / bound - 1)
        yield Row(
            what=f"{what}, seed {seed}: units after {duration(outcome.seconds)}, {len(outcome.plan.left_out)} points left out",
            ours=f"{outcome.plan.units_used} units ({len(_of_cars(problem, outcome.plan).routes)} cars)",
            peer="proved least number of units",
            peer_figure=f"{bound} units",
            ratio=bound / outcome.plan.units_used,
            goal="at most 8 % above",
            met=above[-1] <= 0.08 and not outcome.plan.left_out,
        )
        if seed == options.seed:
            ground = Ground.of(city, problem, places, area=area, seed=seed)
            yield from _against(what, ground, outcome.plan, seconds, seed)
    if len(above) > 1:
        yield Row(
            what=f"{what}: units above the proved least, {len(above)} seeds",
            ours=f"{np.mean(above):.1%} on average, {max(above):.1%} at worst",
            goal="at most 8 % above",
            met=max(above) <= 0.08,
        )


def _first(city: City, area: Area, seed: int) -> Outcome[SpacedPlan]:
    return solve_spacing(placed(city, area, seed=seed)[0], Budget(seconds=60, seed=seed), observe=_at_once)


def _against(what: str, ground: Ground, plan: SpacedPlan, seconds: float, seed: int) -> Iterator[Row]:
    problem = ground.problem
    cars = _of_cars(problem, plan)
    mine = ground.figures(cars, bits=ground.bits(plan, seed=seed))
    peers: tuple[tuple[str, str, Callable[[], SpacedPlan | None]], ...] = (
        ("ortools", "the same spacing", lambda: or_tools(problem, seconds)),
        ("pyvrp", "no spacing", lambda: pyvrp_routes(problem, seconds, seed)),
        ("vroom", "no spacing", lambda: vroom_routes(problem, seconds)),
    )
    for name, spaced, peer in peers:
        label = f"{what}: cars against {name} with {spaced}, {duration(seconds)}"
        if not has(name):
            yield absent(label, name, ours=mine)
            continue
        spent, theirs = timed(peer)
        yield Row(
            what=label,
            ours=mine,
            peer=f"{name} ({duration(spent)}), the same plan every night",
            peer_figure="no plan" if theirs is None else ground.figures(theirs, bits=0.0),
            ratio=None if theirs is None else len(theirs.routes) / len(cars.routes),
        )


def _at_once(step: Progress) -> bool:
    """Stop as soon as there is a plan."""
    return step.objective is None


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


def _of_cars(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    return SpacedPlan(routes=tuple(r for r in plan.routes if problem.vehicles[r.vehicle].kind == "car"))
