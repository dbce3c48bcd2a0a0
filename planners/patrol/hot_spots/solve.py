"""Hot-spot tours by ruin and refill, and by packing the best tours that were ever seen."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.hot_spots.bound import bound_prize
from planners.patrol.hot_spots.problem import SLACK, HotSpotPlan, HotSpotProblem, check_hot_spots
from planners.patrol.hot_spots.search import DRAWS, Ground, Pool, Tours, polish, room_for, stretch, worth_of
from planners.patrol.hot_spots.seen import SeenTours, Tour, words_of

SOLVER = "patrol.hot_spots.ruin_and_pack"
DEFAULT_ITERATIONS = 20_000
_HOT = 0.03
_SHARE = 0.75
_WALKS = 2
"""Searches side by side, each on a processor of its own where there are as many."""
_CYCLE = 6000
"""Steps from hot to cold, and steps without a better plan after which a search starts anew; fewer where the budget is small."""
_STRETCH = 12_000_000
"""Steps at a time are this by the square of the places, so that a stop or a limit of seconds is heard soon."""
_MOST_STEPS = 1000
_MOST_NOTED = 4000


def _tours(problem: HotSpotProblem, made: tuple[Tour, ...]) -> Tours:
    ways = np.zeros((problem.units, len(problem.keys) + 2), np.int64)
    sizes, out = np.zeros(problem.units, np.int64), problem.reachable
    ways[:, 0], ways[:, 1] = problem.start, problem.end
    for r, tour in enumerate(made):
        ways[r, 1 : len(tour) + 2] = [*tour, problem.end]
        sizes[r] = len(tour)
        out[list(tour)] = False
    return Tours(ways, sizes, out)


def _plan(tours: Tours) -> HotSpotPlan:
    held = zip(tours.ways, tours.sizes.tolist(), strict=True)
    return HotSpotPlan(tours=tuple(tuple(way[1 : size + 1].tolist()) for way, size in held))


class _Walk:
    """One search from its own random draws, with the best tours that it has seen."""

    def __init__(self, problem: HotSpotProblem, ground: Ground, rng: np.random.Generator, cycle: int) -> None:
        self.problem, self.ground, self.rng, self.cycle = problem, ground, rng, cycle
        self.tours = self.polished(())
        self.best = self.tours.copy()
        n = len(problem.keys)
        self.seen = room_for(min(problem.units * _MOST_STEPS, _MOST_NOTED), n, words_of(n))
        self.done = self.quiet = self.noted = 0

    @property
    def worth(self) -> float:
        """Prize of the best tours."""
        return worth_of(self.best, self.ground.prize)

    def polished(self, made: tuple[Tour, ...]) -> Tours:
        """Return tours with which nothing can be made better by a single move."""
        tours = _tours(self.problem, made)
        polish(tours, self.ground)
        return tours

    def on(self, steps: int, pool: Pool) -> None:
        """Search for so many steps; holds no lock, so that walks run side by side."""
        before = self.worth
        hot = _HOT * (1.0 - (self.done + np.arange(steps)) % self.cycle / self.cycle)
        draws = self.rng.random((steps, len(self.problem.keys) + DRAWS))
        self.noted = stretch(self.tours, self.best, self.ground, draws, hot, _SHARE, pool, self.seen)
        self.done += steps
        self.quiet = self.quiet + steps if self.worth <= before else 0
        if self.quiet >= self.cycle:
            self.quiet, self.tours = 0, _tours(self.problem, ())


def solve_hot_spots(problem: HotSpotProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[HotSpotPlan]:
    """Find tours with much prize; the bound is that of ``bound_prize``.

    Ruin and refill by worth for the way under a falling temperature; the tours of all good plans are kept, and disjoint ones
    among them are packed together, which joins what different plans do well. Two such searches run side by side and
    share what they have seen. ``budget.iterations`` counts the ruins of each, 20,000 where the budget says nothing.
    """
    began = time.perf_counter()
    prize, n = np.where(problem.reachable, problem.prize, 0.0), len(problem.keys)
    bound = bound_prize(problem)
    legs = np.minimum(problem.legs, 1e15)
    ground = Ground(prize, legs, np.argsort(legs + legs.T, axis=1, kind="stable"), problem.limit + SLACK / 2)
    seen = SeenTours(n)
    most = int(np.clip(_STRETCH // n**2, 1, _MOST_STEPS))
    none = budget.iterations is None and budget.seconds is None
    iterations = DEFAULT_ITERATIONS if none else budget.iterations
    cycle = _CYCLE if iterations is None else max(1, min(_CYCLE, iterations))
    walks = [_Walk(problem, ground, rng, cycle) for rng in np.random.default_rng(budget.seed).spawn(_WALKS)]
    done, termination = 0, Termination.ITERATIONS
    best = walks[0].best
    with ThreadPoolExecutor(len(walks)) as threads:
        while True:
            worth = worth_of(best, prize)
            spent = time.perf_counter() - began
            if not observe(Progress(seconds=spent, objective=worth, bound=bound)):
                termination = Termination.CANCELLED
                break
            if worth >= bound * (1 - 1e-9):
                termination = Termination.OPTIMAL
                break
            if budget.seconds is not None and spent >= budget.seconds:
                termination = Termination.TIME
                break
            if iterations is not None and done >= iterations:
                break
            steps = most if iterations is None else min(most, iterations - done)
            list(threads.map(_Walk.on, walks, [steps] * len(walks), [seen.pool] * len(walks)))
            done += steps
            if iterations is None and budget.seconds is not None:
                now = time.perf_counter() - began
                ahead = steps * (budget.seconds - now) / max(now - spent, 1e-6)
                for walk in walks:
                    walk.cycle = int(np.clip(done + ahead, steps, _CYCLE))
            best = _shared(problem, walks, seen)
    plan = _plan(best)
    objective = check_hot_spots(problem, plan)
    return Outcome(
        plan=plan, objective=objective, bound=max(bound, objective), sense=1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver=SOLVER,
    )  # fmt: skip


def _shared(problem: HotSpotProblem, walks: list[_Walk], seen: SeenTours) -> Tours:
    """Note what all walks saw; the first goes on from the best plan that can be packed of it, where that is a better one."""
    for walk in walks:
        found, new = walk.seen, slice(walk.noted)
        seen.note(found.ways[new], found.sizes[new], found.worth[new], found.words[new])
    best = max(walks, key=lambda walk: walk.worth)
    joined = seen.packed(problem.units, best.worth)
    if joined is None:
        return best.best.copy()
    first = walks[0]
    first.tours, first.quiet = first.polished(joined), 0
    first.best = first.tours.copy()
    return first.best.copy()
