"""Hot-spot tours by ruin and refill, and by packing the best tours that were ever seen."""

from __future__ import annotations

import time
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
_STEPS = 250
_PATIENCE = 8
"""Stretches without a better plan after which the search starts anew."""
_HOT = 0.03
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
        return float(sum(prize[list(tour)].sum() for tour in self.plan().tours))


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


def solve_hot_spots(problem: HotSpotProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[HotSpotPlan]:
    """Find tours with much prize; the bound is that of ``bound_prize``.

    Ruin and refill by worth for the way under a falling temperature; the tours of all good plans are kept, and disjoint ones
    among them are packed together, which joins what different plans do well. ``budget.iterations`` counts ruins, 5,000
    where the budget says nothing.
    """
    began = time.perf_counter()
    rng = np.random.default_rng(budget.seed)
    n, units = len(problem.keys), problem.units
    legs, limit = np.minimum(problem.legs, 1e15), problem.limit + SLACK / 2
    prize = np.where(problem.reachable, problem.prize, 0.0)
    bound = bound_prize(problem)
    seen = _Seen(prize)
    state = _of(problem, ())
    best = _of(problem, ())
    lengths = np.full(units, legs[problem.start, problem.end])
    polish(state.tours, state.sizes, lengths, state.out, prize, legs, problem.start, problem.end, limit)
    best.tours[:], best.sizes[:] = state.tours, state.sizes
    none = budget.iterations is None and budget.seconds is None
    iterations = DEFAULT_ITERATIONS if none else budget.iterations
    room = units * _STEPS
    noted = (np.zeros((room, n), np.int64), np.zeros(room, np.int64), np.zeros(room))
    done, quiet, termination = 0, 0, Termination.ITERATIONS
    while True:
        worth = best.worth(prize)
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
        hot = _HOT * (1.0 - (done % (_STEPS * _PATIENCE) + np.arange(steps)) / (_STEPS * _PATIENCE))
        count = stretch(
            state.tours, state.sizes, state.out, prize, legs, problem.start, problem.end, limit,
            rng.random((steps, n + 7)), np.maximum(hot, 0.0), best.tours, best.sizes, *noted,
        )  # fmt: skip
        done += steps
        seen.note(noted[0][:count], noted[1][:count], noted[2][:count])
        joined = seen.packed(units, best.worth(prize))
        if joined is not None:
            best = _of(problem, joined)
            lengths = np.array([tour_seconds(problem, tour) for tour in best.plan().tours])
            polish(best.tours, best.sizes, lengths, best.out, prize, legs, problem.start, problem.end, limit)
            state = _State(best.tours.copy(), best.sizes.copy(), best.out.copy())
        quiet = quiet + 1 if best.worth(prize) <= worth else 0
        if quiet >= _PATIENCE:
            quiet, state = 0, _of(problem, ())
    plan = best.plan()
    objective = check_hot_spots(problem, plan)
    return Outcome(
        plan=plan, objective=objective, bound=max(bound, objective), sense=1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver=SOLVER,
    )  # fmt: skip
