"""How often a watcher of the last 14 nights is right about tonight, against chance, at the highest entropy that near-equal plans reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.cities import City, cities
from benchmarks.city_patrol import problem_of
from benchmarks.harness import Options, Row, duration, timed
from planners.contract import Budget
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.drawn import cost_of_bits, drawn
from planners.patrol.guess.entropy import measured
from planners.patrol.guess.predictor import NIGHTS, Guessed, frequency, guess, logistic, onlooker
from planners.patrol.guess.presence import presences, watched_points
from planners.patrol.guess.reserve import solve_with_reserve
from planners.patrol.guess.todays import EPOCH, draw_of_day
from planners.patrol.spacing.solve import solve_spacing

_CITIES: Final = ("xian", "Coquimbo")
_PLANS: Final = 150
_EPOCHS: Final = 3
_RESERVE: Final = 50
_GOAL: Final = 1.10


def rows(options: Options) -> list[Row]:
    """Draw three epochs of nights in each city's core; the goal is 1.10 times chance given the visit counts."""
    found: list[Row] = []
    for city in cities(options):
        if city.name.startswith(_CITIES) and (options.only is None or city.name.startswith(options.only)):
            found += _of_city(city, options)
    return found


def _of_city(city: City, options: Options) -> Iterator[Row]:
    problem = problem_of(city, "core", seed=options.seed)
    tight = solve_spacing(problem, Budget(iterations=1, seed=options.seed)).plan.units_used
    plan = solve_with_reserve(problem, Budget(iterations=1, seed=options.seed), reserve_seconds=_RESERVE)
    taken, made = timed(lambda: alternatives(problem, plan, count=options.sample or _PLANS, seed=options.seed))
    seen = presences(problem, made.plans)[:, watched_points(problem)]
    extra = (made.travel - made.base_travel) / made.base_travel
    mixture = drawn(seen, extra)
    nights = seen[[draw_of_day(mixture, seed=options.seed, day=day)[0] for day in range(_EPOCHS * EPOCH)]]
    yield Row(
        what=f"{city.name}: {len(made.plans)} near-equal plans of {plan.units_used} units ({tight} with no reserve), {duration(taken)}",
        ours=f"{extra.mean():+.1%} driving on average, {extra.max():+.1%} at most",
        goal="<= 5 % more driving",
        met=bool(extra.max() <= 0.05),
    )
    entropy = measured(nights)
    assert entropy.interval is not None
    yield Row(
        what=f"{city.name}: entropy at the floor, bits a point and slot of 5 min",
        ours=f"{mixture.bits:.4f} given plans and weights",
        peer="measured from nights; evenly drawn slots",
        peer_figure=f"{entropy.bits:.4f} ({entropy.interval[0]:.4f}-{entropy.interval[1]:.4f}, n = {entropy.nights}); "
        f"{mixture.even_bits:.4f}",
    )
    best = max((guess(nights, score) for score in (frequency, logistic)), key=lambda g: g.ratio)
    yield _row(f"{city.name}: watcher of the last {NIGHTS} nights, the better of two", best, goal=True)
    yield _row(
        f"{city.name}: the same, who also sees tonight up to the slot before", guess(nights, onlooker), goal=False
    )
    same = np.repeat(seen[:1], 2 * NIGHTS, axis=0)
    yield _row(f"{city.name}: the same timetable every night", guess(same, frequency), goal=False)
    curve = "; ".join(f"{step.bits:.3f} bits {step.cost:+.2%}" for step in cost_of_bits(seen[:60], extra[:60], steps=5))
    yield Row(what=f"{city.name}: least mean driving above the plain plan by entropy, of 60 plans", ours=curve)


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
