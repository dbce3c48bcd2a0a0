"""How often a watcher of the last 14 nights is right about tonight, against chance, at the highest entropy that near-equal plans reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.cities import City
from benchmarks.city_patrol import problem_of
from benchmarks.harness import Options, Row, duration, timed
from benchmarks.patrol_cities import patrol_cities
from planners.contract import Budget
from planners.patrol.guess.alternatives import Alternatives, alternatives
from planners.patrol.guess.drawn import cost_of_bits, drawn
from planners.patrol.guess.entropy import measured
from planners.patrol.guess.predictor import NIGHTS, Guessed, frequency, guess, logistic, onlooker
from planners.patrol.guess.presence import presences, watched_points
from planners.patrol.guess.reserve import solve_with_reserve
from planners.patrol.guess.todays import EPOCH, draw_of_day
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

_PLANS: Final = 60
_SECONDS: Final = 12.0
"""Search for the plan of the fewest units."""
_EPOCHS: Final = 3
_RESERVE: Final = 50
_GOAL: Final = 1.10


def rows(options: Options) -> list[Row]:
    """Draw three epochs of nights in each city's core; the goal is 1.10 times chance given the visit counts."""
    return [row for city in patrol_cities(options) for row in _of_city(city, options)]


def _of_city(city: City, options: Options) -> Iterator[Row]:
    problem = problem_of(city, "core", seed=options.seed)
    budget = Budget(seconds=options.seconds or _SECONDS, seed=options.seed)
    tight = solve_spacing(problem, budget).plan
    count = options.sample or _PLANS
    taken, made = timed(lambda: alternatives(problem, tight, count=count // 2, seed=options.seed))
    yield from _guessed(
        f"{city.name}, fewest units found ({tight.units_used})", problem, made, taken, options, goal=False
    )
    plan = solve_with_reserve(problem, Budget(iterations=1, seed=options.seed), reserve_seconds=_RESERVE)
    taken, made = timed(lambda: alternatives(problem, plan, count=count, seed=options.seed, reserve_seconds=_RESERVE))
    name = f"{city.name}, {_RESERVE} s a stop in reserve ({plan.units_used} units)"
    yield from _guessed(name, problem, made, taken, options, goal=True)
    same = np.repeat(presences(problem, [tight])[:, watched_points(problem)], 2 * NIGHTS, axis=0)
    yield _row(f"{city.name}: the same timetable every night", guess(same, frequency), goal=False)


def _guessed(
    name: str, problem: SpacingProblem, made: Alternatives, taken: float, options: Options, *, goal: bool
) -> Iterator[Row]:
    seen = presences(problem, made.plans)[:, watched_points(problem)]
    extra = (made.travel - made.base_travel) / made.base_travel
    mixture = drawn(seen, extra)
    nights = seen[[draw_of_day(mixture, seed=options.seed, day=day)[0] for day in range(_EPOCHS * EPOCH)]]
    yield Row(
        what=f"{name}: {len(made.plans)} near-equal plans, {duration(taken)}",
        ours=f"{extra.mean():+.1%} driving on average, {extra.max():+.1%} at most",
        goal="<= 5 % more driving",
        met=bool(extra.max() <= 0.05),
    )
    best = max((guess(nights, score) for score in (frequency, logistic)), key=lambda g: g.ratio)
    yield _row(f"{name}: watcher of the last {NIGHTS} nights, the better of two", best, goal=goal)
    once = seen[np.random.default_rng(options.seed).permutation(len(seen))]
    if len(once) > NIGHTS + 1:
        best = max((guess(once, score) for score in (frequency, logistic)), key=lambda g: g.ratio)
        yield _row(f"{name}: the same, no plan ever twice", best, goal=False)
    entropy = measured(nights)
    assert entropy.interval is not None
    yield Row(
        what=f"{name}: entropy at the floor, bits a point and slot of 5 min",
        ours=f"{mixture.bits:.4f} given plans and weights",
        peer="measured from nights; evenly drawn slots",
        peer_figure=f"{entropy.bits:.4f} ({entropy.interval[0]:.4f}-{entropy.interval[1]:.4f}, n = {entropy.nights}); "
        f"{mixture.even_bits:.4f}",
    )
    curve = "; ".join(f"{step.bits:.3f} bits {step.cost:+.2%}" for step in cost_of_bits(seen, extra, steps=5))
    yield Row(what=f"{name}: least mean driving above the plan they come from, by entropy", ours=curve)
    yield _row(f"{name}: a watcher who also sees tonight up to the slot before", guess(nights, onlooker), goal=False)


def _row(what: str, found: Guessed, *, goal: bool) -> Row:
    interval = "" if found.interval is None else f" ({found.interval[0]:.3f}-{found.interval[1]:.3f})"
    return Row(
        what=f"{what}, {found.nights} nights guessed",
        ours=f"{found.hit_rate:.2%} right",
        peer="chance given the visit counts",
        peer_figure=f"{found.chance:.2%}; ratio {found.ratio:.3f}{interval}",
        goal=f"ratio <= {_GOAL:g}" if goal else "",
        met=found.ratio <= _GOAL if goal else None,
    )
