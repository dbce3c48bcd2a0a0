"""Hot-spot tours by ruin and refill, and by packing the best tours that were ever seen."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.hot_spots.bound import bound_prize
from planners.patrol.hot_spots.pack import best_disjoint
from planners.patrol.hot_spots.problem import SLACK, HotSpotPlan, HotSpotProblem, check_hot_spots, tour_seconds
from planners.patrol.hot_spots.search import polish, stretch

SOLVER = "patrol.hot_spots.ruin_and_pack"
DEFAULT_ITERATIONS = 5000
_HOT = 0.03
_WALKS = 2
"""Searches side by side, each on a processor of its own where there are as many."""
_STEPS = 250
_PATIENCE = 8
"""Stretches without a better plan after which a search starts anew."""
_MOST_SEEN = 20_000
_PACK_STEPS = 2_000_000
Ints = npt.NDArray[np.int64]


@dataclass(eq=False)
class _State:
    tours: Ints
    sizes: Ints
    out: npt.NDArray[np.bool_]

    def plan(self) -> HotSpotPlan:
        held = zip(self.tours, self.sizes.tolist(), strict=True)
        return HotSpotPlan(tours=tuple(tuple(tour[:size].tolist()) for tour, size in held))

    def worth(self, prize: npt.NDArray[np.float64]) -> float:
        return _worth(prize, self.plan())

    def copy(self) -> _State:
        return _State(self.tours.copy(), self.sizes.copy(), self.out.copy())


def _of(problem: HotSpotProblem, tours: tuple[tuple[int, ...], ...]) -> _State:
    held = np.zeros((problem.units, len(problem.keys)), np.int64)
    sizes = np.zeros(problem.units, np.int64)
    out = problem.reachable
    for r, tour in enumerate(tours):
        held[r, : len(tour)] = tour
        sizes[r] = len(tour)
        out[list(tour)] = False
    return _State(held, sizes, out)


class _Seen:
    """Different tours of good plans, the most worth first where there are too many."""

    def __init__(self, prize: npt.NDArray[np.float64]) -> None:
        self.prize = prize
        self.tours: dict[bytes, tuple[float, tuple[int, ...]]] = {}

    def note(self, tours: Ints, sizes: Ints, worth: npt.NDArray[np.float64]) -> None:
        for tour, size, value in zip(tours, sizes.tolist(), worth.tolist(), strict=True):
            key = np.sort(tour[:size]).tobytes()
            if key not in self.tours:
                self.tours[key] = (value, tuple(tour[:size].tolist()))
        if len(self.tours) > _MOST_SEEN:
            kept = sorted(self.tours.items(), key=lambda item: -item[1][0])[: _MOST_SEEN // 2]
            self.tours = dict(kept)

    def packed(self, units: int, least: float) -> tuple[tuple[int, ...], ...] | None:
        """Return disjoint tours that are worth more than ``least`` together, or None."""
        held = list(self.tours.values())
        if units < 2 or not held:
            return None
        words = np.zeros((len(held), -(-len(self.prize) // 64)), np.uint64)
        for row, (_, tour) in enumerate(held):
            places = np.array(tour)
            np.bitwise_or.at(words[row], places // 64, np.uint64(1) << (places % 64).astype(np.uint64))
        worth = np.array([value for value, _ in held])
        rows = best_disjoint(words, worth, units, least + 1e-9, _PACK_STEPS)
        return tuple(held[row][1] for row in rows.tolist() if row >= 0) if (rows >= 0).any() else None


class _Walk:
    """One search from its own random draws, with the best plan that it has seen."""

    def __init__(self, problem: HotSpotProblem, prize: npt.NDArray[np.float64], rng: np.random.Generator) -> None:
        self.problem, self.prize, self.rng = problem, prize, rng
        self.legs, self.limit = np.minimum(problem.legs, 1e15), problem.limit + SLACK / 2
        self.state = self.polished(())
        self.best = self.state.copy()
        room, n = problem.units * _STEPS, len(problem.keys)
        self.noted = (np.zeros((room, n), np.int64), np.zeros(room, np.int64), np.zeros(room))
        self.done = self.quiet = self.count = 0

    def polished(self, tours: tuple[tuple[int, ...], ...]) -> _State:
        """Return tours with which nothing can be made better by a single move."""
        problem, state = self.problem, _of(self.problem, tours)
        lengths = np.full(problem.units, self.legs[problem.start, problem.end])
        lengths[: len(tours)] = [tour_seconds(problem, tour) for tour in tours]
        polish(
            state.tours, state.sizes, lengths, state.out, self.prize, self.legs, problem.start, problem.end, self.limit
        )
        return state

    def on(self, steps: int) -> None:
        """Search for so many steps; holds no lock, so that walks run side by side."""
        n, cycle = len(self.problem.keys), _STEPS * _PATIENCE
        worth = self.best.worth(self.prize)
        hot = _HOT * (1.0 - (self.done % cycle + np.arange(steps)) / cycle)
        self.count = stretch(
            self.state.tours, self.state.sizes, self.state.out, self.prize, self.legs, self.problem.start,
            self.problem.end, self.limit, self.rng.random((steps, n + 7)), np.maximum(hot, 0.0), self.best.tours,
            self.best.sizes, *self.noted,
        )  # fmt: skip
        self.done += steps
        self.quiet = self.quiet + 1 if self.best.worth(self.prize) <= worth else 0
        if self.quiet >= _PATIENCE:
            self.quiet, self.state = 0, _of(self.problem, ())


def solve_hot_spots(problem: HotSpotProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[HotSpotPlan]:
    """Find tours with much prize; the bound is that of ``bound_prize``.

    Ruin and refill by worth for the way under a falling temperature; the tours of all good plans are kept, and disjoint ones
    among them are packed together, which joins what different plans do well. Two such searches run side by side and
    share what they have seen. ``budget.iterations`` counts the ruins of each, 5,000 where the budget says nothing.
    """
    began = time.perf_counter()
    prize = np.where(problem.reachable, problem.prize, 0.0)
    bound = bound_prize(problem)
    seen = _Seen(prize)
    walks = [_Walk(problem, prize, rng) for rng in np.random.default_rng(budget.seed).spawn(_WALKS)]
    best = walks[0].best.plan()
    none = budget.iterations is None and budget.seconds is None
    iterations = DEFAULT_ITERATIONS if none else budget.iterations
    done, termination = 0, Termination.ITERATIONS
    with ThreadPoolExecutor(len(walks)) as threads:
        while True:
            worth = _worth(prize, best)
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
            steps = _STEPS if iterations is None else min(_STEPS, iterations - done)
            list(threads.map(_Walk.on, walks, [steps] * len(walks)))
            done += steps
            best = _shared(problem, walks, seen, best)
    objective = check_hot_spots(problem, best)
    return Outcome(
        plan=best, objective=objective, bound=max(bound, objective), sense=1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver=SOLVER,
    )  # fmt: skip


def _shared(problem: HotSpotProblem, walks: list[_Walk], seen: _Seen, best: HotSpotPlan) -> HotSpotPlan:
    """Note what all walks saw; one goes on from the best plan that can be packed of it, where that is a better one."""
    for walk in walks:
        seen.note(walk.noted[0][: walk.count], walk.noted[1][: walk.count], walk.noted[2][: walk.count])
        best = max(best, walk.best.plan(), key=lambda plan: _worth(seen.prize, plan))
    joined = seen.packed(problem.units, _worth(seen.prize, best))
    if joined is None:
        return best
    first = walks[0]
    first.state, first.quiet = first.polished(joined), 0
    first.best = first.state.copy()
    return first.best.plan()


def _worth(prize: npt.NDArray[np.float64], plan: HotSpotPlan) -> float:
    return float(sum(prize[list(tour)].sum() for tour in plan.tours))
