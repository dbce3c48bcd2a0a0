"""A running shift of a city mended when units are pulled away or late or streets close, against solving it anew; and edits by hand."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.cities import City, cities
from benchmarks.city_patrol import problem_of
from benchmarks.harness import Options, Row, duration, timed, within
from geo.errors import InfeasibleError
from geo.synthetic.patrol_city import Area
from planners.contract import Budget
from planners.patrol.mend.edit import move
from planners.patrol.mend.events import Event, StreetsChanged, UnitAway, UnitLate
from planners.patrol.mend.replan import Replanned, replan
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

_NOW: Final = 4 * 3600
_CITIES: Final = ("xian", "Coquimbo")
_LONG: Final = 6000
"""Steps of the search that is taken as what can be reached."""


def rows(options: Options) -> list[Row]:
    """Mend the core and the whole of each city at mid-shift, one event at a time; the goal is 2 s."""
    found: list[Row] = []
    for city in cities(options):
        if city.name.startswith(_CITIES):
            for area in ("core", "whole"):
                if options.only in {None, area, f"{city.name.split(maxsplit=1)[0]} {area}"}:
                    found += _of_city(city, area, options)
    return found


def _of_city(city: City, area: Area, options: Options) -> list[Row]:
    problem = problem_of(city, area, seed=options.seed)
    plan = solve_spacing(problem, Budget(seconds=options.seconds or 10, seed=options.seed)).plan
    cars = [problem.unit_key(r.vehicle, r.unit) for r in plan.routes if problem.vehicles[r.vehicle].kind == "car"]
    rng = np.random.default_rng(options.seed)
    away = [cars[i] for i in rng.permutation(len(cars))[: options.sample or 8]]
    replan(problem, plan, [UnitAway(unit=away[0], at=_NOW)], now=_NOW, iterations=2)
    mended = [replan(problem, plan, [UnitAway(unit=unit, at=_NOW)], now=_NOW, seed=options.seed) for unit in away]
    anew = [timed(lambda unit=unit: _anew(problem, unit, options.seed)) for unit in away[:3]]  # type: ignore[misc]
    what = f"{city.name}, {area}, {len(cars)} cars: one of them away at mid-shift"
    seconds = [found.seconds for found in mended]
    return [
        within(f"{what}, the slowest of {len(away)}", ours=max(seconds), at_most=2.0),
        Row(
            what=f"{what}, median time",
            ours=duration(statistics.median(seconds)),
            peer="solved anew without the unit, first plan",
            peer_figure=duration(statistics.median([taken for taken, _ in anew])),
            ratio=statistics.median([taken for taken, _ in anew]) / statistics.median(seconds),
        ),
        Row(
            what=f"{what}, median crews with other stops to come",
            ours=_crews([len(found.reordered) for found in mended]),
            peer="solved anew without the unit",
            peer_figure=_crews([_other_stops(plan, made) for _, made in anew]),
        ),
        Row(
            what=f"{what}, median minutes over the gaps",
            ours=_over(mended),
            peer="left as it is",
            peer_figure=f"{statistics.median([f.before for f in mended]):.0f} min",
            ratio=statistics.median([f.before for f in mended])
            / max(1.0, statistics.median([f.overdue for f in mended])),
        ),
        _against_long(problem, plan, away[:2], mended[:2], what=what, seed=options.seed),
        *_others(problem, plan, cars, what=f"{city.name}, {area}", seed=options.seed),
        _edits(
            problem, plan, cars, what=f"{city.name}, {area}: a stop moved to another unit or time", seed=options.seed
        ),
    ]


def _others(problem: SpacingProblem, plan: SpacedPlan, cars: list[str], *, what: str, seed: int) -> list[Row]:
    """Mend late units and closed streets, and measure wall and processor time."""
    rng = np.random.default_rng(seed)
    late: list[Event] = [
        UnitLate(unit=cars[i], seconds=int(rng.integers(600, 2400))) for i in rng.permutation(len(cars))[:4]
    ]
    places = problem.posts + rng.permutation(problem.points)[:4]
    closed: list[Event] = [StreetsChanged(seconds=_slower(problem, int(place))) for place in places]
    found = []
    for name, events in (("a car 10 to 40 min late", late), ("4 min more on all ways by one place", closed)):
        walls, spent, over = [], [], []
        for event in events:
            began = time.process_time()
            made = replan(problem, plan, [event], now=_NOW, seed=seed)
            spent.append(time.process_time() - began)
            walls.append(made.seconds)
            over.append(len({gap.point for gap in made.plan.broken}))
        cpu = f"processor time {duration(statistics.median(spent))}, most {duration(max(spent))}"
        said = f"{what}: {name}, the slowest of {len(walls)} ({cpu}; {statistics.median(over):.0f} points over)"
        found.append(within(said, ours=max(walls), at_most=2.0))
    return found


def _slower(problem: SpacingProblem, place: int) -> npt.NDArray[np.int32]:
    """Return times with four minutes more on all ways that lead by a place, or nearly."""
    seconds = problem.seconds.astype(np.int64)
    by = seconds[:, :, [place]] + seconds[:, [place], :]
    more = (by <= 1.05 * seconds) & (seconds > 0) & (seconds < NO_WAY)
    return np.where(more, seconds + 240, seconds).astype(np.int32)


def _against_long(
    problem: SpacingProblem, plan: SpacedPlan, away: list[str], mended: list[Replanned], *, what: str, seed: int
) -> Row:
    """Compare with a search of many more steps, which stands for what can be reached with the same units."""
    events = [UnitAway(unit=unit, at=_NOW) for unit in away]
    longer = [replan(problem, plan, [event], now=_NOW, seed=seed, iterations=_LONG) for event in events]
    return Row(
        what=f"{what}, two of them, points over their gap", ours=_points(mended), peer=f"{_LONG} steps of the search",
        peer_figure=_points(longer), ratio=sum(len(f.plan.broken) for f in longer) / max(1, sum(len(f.plan.broken) for f in mended)),
    )  # fmt: skip


def _points(mended: list[Replanned]) -> str:
    told = ", ".join(f"{len({g.point for g in f.plan.broken})} ({f.overdue:.0f} min)" for f in mended)
    return f"{told} points"


def _over(mended: list[Replanned]) -> str:
    saved = [found.one_more_unit.saved if found.one_more_unit else 0.0 for found in mended]
    left, points = (
        statistics.median([f.overdue for f in mended]),
        statistics.median([len(f.plan.broken) for f in mended]),
    )
    bound = statistics.median([found.bound for found in mended])
    return (
        f"{left:.0f} min in {points:.0f} gaps (bound {bound:.0f}; one more unit saves {statistics.median(saved):.0f})"
    )


def _crews(numbers: list[int]) -> str:
    return f"{statistics.median(numbers):.0f} crews"


def _anew(problem: SpacingProblem, unit: str, seed: int) -> SpacedPlan:
    vehicles = tuple(replace(v, unit_keys=tuple(k for k in v.unit_keys if k != unit)) for v in problem.vehicles)
    return solve_spacing(replace(problem, vehicles=vehicles), Budget(iterations=1, seed=seed)).plan


def _other_stops(plan: SpacedPlan, other: SpacedPlan) -> int:
    """Return how many units have other stops from now on, whatever they did before."""
    left = [
        {(r.vehicle, r.unit): r.points[r.begin > _NOW].tolist() for r in made.routes} for made in (plan, other)
    ]  # fmt: skip
    return sum(left[0].get(unit) != left[1].get(unit) for unit in left[0].keys() | left[1].keys())


def _edits(problem: SpacingProblem, plan: SpacedPlan, cars: list[str], *, what: str, seed: int) -> Row:
    rng = np.random.default_rng(seed)
    routes = {problem.unit_key(r.vehicle, r.unit): r for r in plan.routes}
    times, kept = [], 0
    for _ in range(60):
        unit, to = (cars[int(rng.integers(len(cars)))] for _ in range(2))
        index = int(rng.integers(len(routes[unit].points)))
        begin = int(routes[unit].begin[index]) + int(rng.integers(-900, 901))
        taken, fits = timed(lambda a=(unit, index, to, begin): _fits(problem, plan, *a))  # type: ignore[misc]
        times.append(taken)
        kept += fits
    return Row(
        what=f"{what}, median of 60 ({kept} fit), slowest {duration(max(times))}",
        ours=duration(statistics.median(times)),
    )


def _fits(problem: SpacingProblem, plan: SpacedPlan, unit: str, index: int, to: str, begin: int) -> bool:
    try:
        move(problem, plan, unit=unit, index=index, to=to, begin=begin, tolerance=300)
    except InfeasibleError:
        return False
    return True
