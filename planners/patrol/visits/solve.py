"""Plan periodic rounds: days of each place and routes of each day together."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.problem import NO_WAY
from planners.patrol.visits.bound import bound_visits
from planners.patrol.visits.check import check_visits, impossible
from planners.patrol.visits.plan import DayRoute, VisitsPlan
from planners.patrol.visits.problem import VisitsProblem
from planners.patrol.visits.search import Book, Country, anneal, copy_book, empty_book, fill

STEPS: Final = 200
DEFAULT_ROUNDS: Final = 60
MOST_OUT: Final = 20
BOUND_SECONDS: Final = 15.0
BOUND_SHARE: Final = 0.25
HOT, COLD = 0.5, 0.005
"""Temperatures at the start and at the end, as a share of the median way between two places."""


def solve_visits(problem: VisitsProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[VisitsPlan]:
    """Plan periodic rounds, with a proved bound.

    Large neighbourhood search with simulated annealing: some points near to each other are taken out of all their days; each is
    put back on the cheapest days that keep its frequency, by a shortest path over the days whose costs are the cheapest insertions;
    or some visits of one day are put in other routes of that day. An iteration is 200 such steps; without a limit
    there are 60. Points for which there is no room are left out, those of least priority first.
    """
    began = time.perf_counter()
    allowed = BOUND_SECONDS if budget.seconds is None else BOUND_SHARE * budget.seconds

    def on() -> bool:
        return observe(Progress(seconds=time.perf_counter() - began))

    bound = float(bound_visits(problem, seconds=allowed, on=on))
    points = [p for p in np.flatnonzero(problem.due()).tolist() if impossible(problem, p) is None]
    hopeless = [p for p in np.flatnonzero(problem.due()).tolist() if impossible(problem, p) is not None]
    lost = problem.price_of_leaving_out * int(problem.priority[hopeless].sum())
    bound = max(bound, float(lost))
    if not points:
        return _outcome(
            problem, VisitsPlan(routes=(), left_out=tuple(hopeless)), bound, Termination.OPTIMAL, began, budget
        )
    land = _country(problem, points)
    most = int(problem.units.max())
    now, trial, best = (empty_book(len(points), problem.days, most) for _ in range(3))
    now.out[:] = False
    state = np.array([budget.seed * 2654435761 + 88172645463325252], np.uint64)
    fill(np.argsort(land.high, kind="stable"), now, land, state)
    copy_book(now, best)
    legs = land.legs[1:, 1:][~np.eye(len(points), dtype=bool)]
    typical = float(np.median(legs[legs < NO_WAY])) if (legs < NO_WAY).any() else 60.0
    rounds = budget.iterations or (DEFAULT_ROUNDS if budget.seconds is None else 1 << 40)
    termination = Termination.ITERATIONS
    ready = time.perf_counter() - began
    for number in range(rounds):
        spent = time.perf_counter() - began
        share = (
            number / rounds
            if budget.seconds is None
            else max(number / rounds, (spent - ready) / max(1e-9, budget.seconds - ready))
        )
        objective = float(best.cost[0] + lost)
        if not observe(Progress(seconds=spent, objective=objective, bound=bound, share=min(1.0, share))):
            termination = Termination.CANCELLED
            break
        if objective <= bound:
            break
        if budget.seconds is not None and spent >= budget.seconds:
            termination = Termination.TIME
            break
        anneal(now, trial, best, land, state, STEPS, typical * HOT * (COLD / HOT) ** min(1.0, share), MOST_OUT)
    plan = _plan(best, points, hopeless)
    return _outcome(problem, plan, bound, termination, began, budget)


def _outcome(
    problem: VisitsProblem, plan: VisitsPlan, bound: float, termination: Termination, began: float, budget: Budget
) -> Outcome[VisitsPlan]:
    objective = check_visits(problem, plan)
    bound = min(bound, objective)
    return Outcome(
        plan=plan, objective=objective, bound=bound, sense=-1,
        termination=Termination.OPTIMAL if objective <= bound else termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="large neighbourhood search over days",
    )  # fmt: skip


def _country(problem: VisitsProblem, points: list[int]) -> Country:
    rows = np.array(points)
    places = np.concatenate([[0], rows + 1])
    legs = problem.seconds[np.ix_(places, places)].astype(np.int64)
    apart = np.minimum(legs[1:, 1:], legs[1:, 1:].T)
    every, slack = problem.every[rows].astype(np.int64), problem.tolerance[rows].astype(np.int64)
    span = np.array([problem.first_days(p) for p in points], np.int64)
    return Country(
        legs=np.ascontiguousarray(legs), near=np.argsort(apart, axis=1, kind="stable"),
        service=problem.service[rows].astype(np.int64), low=every - slack, high=every + slack, first=span[:, 0],
        latest=span[:, 1], last=np.array([problem.last_day(p) for p in points], np.int64),
        lost=problem.price_of_leaving_out * problem.priority[rows], units=problem.units.astype(np.int64),
        length=problem.day_seconds.astype(np.int64), may=np.ascontiguousarray(problem.may[rows]), unit=problem.unit_seconds,
    )  # fmt: skip


def _plan(book: Book, points: list[int], hopeless: list[int]) -> VisitsPlan:
    rows = np.array(points)
    routes = []
    for day, k in zip(*np.nonzero(book.stops), strict=True):
        stops = book.stop[day, k, 1 : book.stops[day, k] + 1]
        routes.append(DayRoute(day=int(day), points=rows[stops - 1].astype(np.int32)))
    out = sorted([*hopeless, *rows[book.out].tolist()])
    return VisitsPlan(routes=tuple(routes), left_out=tuple(out))
