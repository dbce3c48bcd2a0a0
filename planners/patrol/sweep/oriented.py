"""Whole passings from a relaxed sweep: sides by trails, passings by a least-cost flow, sides turned while that helps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.relaxed import Relaxed

TRIES: Final = 400

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def rounded(relaxed: Relaxed, values: Floats, *, seconds: float, on: Callable[[], bool]) -> tuple[Ints, Flags] | None:
    """Return passings and first sides that balance every node, or None where the flow has no answer.

    Sides that the relaxation leaves open follow trails, so that only the ends of trails are out of balance (as Frederickson 1979 does);
    then the side whose turning promises most by the prices of the flow is turned, as long as that is better.
    """
    began = time.perf_counter()
    problem = relaxed.problem
    share = np.ones(problem.tasks)
    share[relaxed.either] = values[problem.arcs : problem.arcs + len(relaxed.either)]
    first_side = share >= 0.5
    _along_trails(problem, np.flatnonzero((share > 0.2) & (share < 0.8) & problem.two_way()), first_side)
    flow = _Flow(relaxed)
    best = flow.least(first_side)
    if best is None:
        return None
    refused = np.zeros(len(relaxed.either), np.bool_)
    for _ in range(TRIES):
        if time.perf_counter() - began > seconds or not on():
            break
        gains = np.where(refused, np.inf, flow.turning(first_side, best[2]))
        at = int(np.argmin(gains)) if len(gains) else -1
        if at < 0 or gains[at] >= -0.5:
            break
        other = first_side.copy()
        other[relaxed.either[at]] ^= True
        found = flow.least(other)
        if found is not None and found[0] < best[0] - 0.5:
            best, first_side = found, other
            refused[:] = False
        else:
            refused[at] = True
    return best[1], first_side


class _Flow:
    """The least-cost flow that balances given sides."""

    def __init__(self, relaxed: Relaxed) -> None:
        m = relaxed.problem.arcs
        balance, self.right = relaxed.balance()
        self.passing, self.turned = balance[:, :m].tocsc(), balance[:, m:].tocsc()
        costs, _ = relaxed.costs()
        self.costs, self.serve = costs[:m], costs[m:]
        self.either = relaxed.either

    def least(self, first_side: Flags) -> tuple[float, Ints, Floats] | None:
        """Return the cost, the passings and the prices of the nodes."""
        sides = first_side[self.either].astype(np.float64)
        solver: Any = linprog
        answer = solver(
            self.costs, A_eq=self.passing, b_eq=self.right - self.turned @ sides, bounds=(0, None), method="highs-ds"
        )
        if answer.x is None:
            return None
        cost = float(answer.fun) + float(self.serve @ sides)
        return cost, np.round(answer.x).astype(np.int64), np.asarray(answer.eqlin.marginals, np.float64)

    def turning(self, first_side: Flags, prices: Floats) -> Floats:
        """Return what turning each task of two sides promises to cost."""
        more = self.serve - self.turned.T @ prices
        return np.asarray(np.where(first_side[self.either], -more, more), np.float64)


def _along_trails(problem: SweepProblem, free: npt.NDArray[np.intp], first_side: Flags) -> None:
    """Give tasks the sides of trails through them, begun at nodes where an odd number of them meets."""
    beside: dict[int, list[int]] = {}
    ends = {}
    for task in free.tolist():
        arc = problem.task_arcs[task, 0]
        ends[task] = (int(problem.tails[arc]), int(problem.heads[arc]))
        for node in ends[task]:
            beside.setdefault(node, []).append(task)
    done: set[int] = set()
    odd = [node for node, tasks in beside.items() if len(tasks) % 2]
    for start in (*odd, *beside):
        node = start
        while True:
            while beside[node] and beside[node][-1] in done:
                beside[node].pop()
            if not beside[node]:
                break
            task = beside[node].pop()
            done.add(task)
            first_side[task] = ends[task][0] == node
            node = ends[task][1] if ends[task][0] == node else ends[task][0]
