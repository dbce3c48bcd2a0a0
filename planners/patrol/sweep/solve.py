"""Plan sweeps: one closed way, few routes within a capacity, or several of equal length."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent, stopped_before_any_plan
from planners.patrol.sweep.bound import SweepBound, bound_of, bound_sweep
from planners.patrol.sweep.check import check_sweep
from planners.patrol.sweep.evolve import FREE, Draft, Population, search
from planners.patrol.sweep.ground import Ground, ground_of
from planners.patrol.sweep.plan import SweepPlan
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.walk import joined, walked

BOUND_SHARE: Final = 0.15
BOUND_SHARE_STREETS: Final = 0.4
BOUND_SECONDS: Final = 60.0
DEFAULT_ITERATIONS: Final = 300


def solve_sweep(problem: SweepProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[SweepPlan]:
    """Plan a sweep, with a proved bound.

    One unit without capacity and limit drives the rural postman's way on streets of one and two ways, by whole passings with
    cuts (exact where it finishes). Otherwise routes come from hybrid genetic search (Vidal 2017) and the bound from
    the same cuts with what a unit can carry; with the goal "longest" the limit is tightened until no better plan is found.
    Without a time or iterations it breeds 300 plans.

    Raises
    ------
    InfeasibleError
        Naming streets that cannot be reached or that one unit cannot sweep, or the number of units that are needed.
    """
    compile_kernels()
    began = time.perf_counter()
    run = _Run(problem, ground_of(problem), budget, observe, began)
    alone = problem.vehicles == 1 or (problem.vehicles is None and problem.goal == "total")
    if alone and problem.capacity is None and problem.limit is None:
        return _one_way(run)
    return _routes(run)


@dataclass(slots=True)
class _Run:
    """What one solve has found so far."""

    problem: SweepProblem
    ground: Ground
    budget: Budget
    observe: Observer
    began: float
    objective: float = math.inf
    bound: float | None = None
    cancelled: bool = False
    late: bool = False
    routes: tuple[tuple[int, ...], ...] = ()

    def spent(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self.began

    def on(self) -> bool:
        """Tell the observer; return whether to go on."""
        seconds = self.budget.seconds
        spent = self.spent()
        share = None if seconds is None else min(1.0, spent / seconds)
        known = None if math.isinf(self.objective) else self.objective
        self.cancelled = self.cancelled or not self.observe(
            Progress(seconds=spent, objective=known, bound=self.bound, share=share)
        )
        self.late = seconds is not None and spent >= seconds
        done = self.bound is not None and self.objective <= self.bound
        return not (self.cancelled or self.late or done)

    def heard(self, progress: Progress) -> bool:
        """Pass on the bound while it is proved."""
        self.bound = progress.bound if progress.bound is not None and self.problem.goal == "total" else self.bound
        self.cancelled = self.cancelled or not self.observe(
            Progress(
                seconds=self.spent(), objective=None if math.isinf(self.objective) else self.objective, bound=self.bound
            )
        )
        return not self.cancelled

    def outcome(self, plan: SweepPlan, bound: int, solver: str) -> Outcome[SweepPlan]:
        """Return the outcome of a plan, its objective recomputed."""
        objective = check_sweep(self.problem, plan)
        low = min(float(bound), objective)
        termination = Termination.ITERATIONS
        if objective <= low:
            termination = Termination.OPTIMAL
        elif self.cancelled:
            termination = Termination.CANCELLED
        elif self.late:
            termination = Termination.TIME
        return Outcome(
            plan=plan, objective=objective, bound=low, sense=-1, termination=termination, seconds=self.spent(),
            seed=self.budget.seed, solver=solver,
        )  # fmt: skip


def _one_way(run: _Run) -> Outcome[SweepPlan]:
    problem, budget = run.problem, run.budget
    first = _nearest_first(run, most=1)
    best = [walked(problem, run.ground, [first])]
    run.objective = check_sweep(problem, best[0])

    def answered(found: SweepBound) -> None:
        if found.passings is None or found.first_side is None:
            return
        plan = joined(problem, found.passings, found.first_side)
        objective = check_sweep(problem, plan)
        if objective < run.objective:
            best[0], run.objective = plan, objective

    seconds = BOUND_SECONDS if budget.seconds is None else max(0.2, budget.seconds - run.spent())
    found = bound_sweep(problem, seconds=seconds, seed=budget.seed, observe=run.heard, answered=answered)
    run.late = budget.seconds is not None and run.spent() >= budget.seconds
    return run.outcome(best[0], found.total, "mixed rural postman")


def _nearest_first(run: _Run, most: int) -> list[int]:
    """Return all tasks in the order of a first tour, improved where they are few."""
    population = Population.begin(run.ground, most=most, capacity=None, limit=None, seed=run.budget.seed)
    draft = population.first()
    return [task for route in draft.routes for task in route]


def _routes(run: _Run) -> Outcome[SweepPlan]:
    problem, budget = run.problem, run.budget
    population = Population.begin(
        run.ground, most=_most(problem), capacity=problem.capacity, limit=problem.limit, seed=budget.seed
    )
    _heard(run, population, population.first())
    seconds = BOUND_SECONDS if budget.seconds is None else _bound_share(problem) * budget.seconds
    total = bound_sweep(problem, seconds=seconds, seed=budget.seed, observe=run.heard)
    bound = bound_of(problem, run.ground, total.total)
    run.bound = float(bound)
    _tighten(run, population)
    if total.passings is not None and total.first_side is not None:
        way = joined(problem, total.passings, total.first_side).routes[0]
        order = way.task[way.task >= 0].astype(np.int64)
        # Each better longest route tightens the limit, by which the same way is cut again.
        while _heard(run, population, population.grown(order)) and run.on():
            pass

    def found(draft: Draft) -> bool:
        return _heard(run, population, draft)

    iterations = budget.iterations
    if iterations is None and budget.seconds is None:
        iterations = DEFAULT_ITERATIONS
    search(population, found=found, on=run.on, iterations=iterations)
    if not run.routes:
        if run.cancelled:
            raise stopped_before_any_plan()
        raise _none_found(problem, total.total)
    return run.outcome(walked(problem, run.ground, run.routes), bound, "hybrid genetic search")


def _heard(run: _Run, population: Population, draft: Draft) -> bool:
    """Keep a draft that is the best so far; with the goal "longest" ask for a shorter longest route from then on."""
    problem = run.problem
    if draft.above(population.capacity, FREE if problem.limit is None else problem.limit) != (0, 0):
        return False
    value = float(draft.costs.max()) if problem.goal == "longest" else float(draft.total)
    if value >= run.objective:
        return False
    run.objective, run.routes = value, draft.routes
    _tighten(run, population)
    return True


def _bound_share(problem: SweepProblem) -> float:
    """Return the share of the time for the bound: more where its answer, cut into routes, is the best start."""
    return BOUND_SHARE if problem.capacity is not None else BOUND_SHARE_STREETS


def _tighten(run: _Run, population: Population) -> None:
    """With the goal "longest", ask for routes half-way between the longest so far and the bound."""
    if run.problem.goal == "longest" and run.bound is not None and run.routes:
        population.tighten(int(min(run.objective - 1, max(run.bound, (run.objective + run.bound) / 2))))


def _most(problem: SweepProblem) -> int:
    """Return how many routes the search may use."""
    if problem.vehicles is not None:
        return problem.vehicles
    most = 1.0
    if problem.capacity is not None:
        most = max(most, 2.0 * problem.demand.sum() / problem.capacity)
    if problem.limit is not None:
        most = max(most, 4.0 * problem.serve[:, 0].sum() / problem.limit)
    return min(problem.tasks, int(most) + 4)


def _none_found(problem: SweepProblem, total: int) -> InfeasibleError:
    need = 1
    if problem.limit is not None:
        need = max(need, -(-total // problem.limit))
    if problem.capacity is not None:
        need = max(need, -(-int(problem.demand.sum()) // problem.capacity))
    given = problem.vehicles if problem.vehicles is not None else _most(problem)
    en, zh = ("the time of a unit", "单组时限") if problem.limit is not None else ("what a unit can carry", "单组容量")
    if need > given:
        return InfeasibleError(
            f"{given} units cannot keep {en}: at least {need} are needed; add units or raise it",
            f"{given} 个巡组无法满足{zh}，至少需要 {need} 组，请增加巡组或放宽限制",
        )
    return InfeasibleError(
        f"No plan with {given} units that keeps {en} was found; add units, raise it, or give more time",
        f"未找到 {given} 个巡组满足{zh}的方案，请增加巡组、放宽限制或延长求解时间",
    )


@cache
def compile_kernels() -> None:
    """Compile what the search runs on, once a process, so that it is not taken from a time limit."""
    tails, heads = np.array([0, 1, 2, 1, 2, 0]), np.array([1, 2, 0, 0, 1, 2])
    toy = SweepProblem(
        nodes=3, tails=tails.astype(np.int32), heads=heads.astype(np.int32), cost=np.ones(6, np.int64), task_keys=("a", "b", "c"),
        task_arcs=np.array([[0, 3], [1, 4], [2, 5]], np.int32), serve=np.ones((3, 2), np.int64), demand=np.ones(3, np.int64),
        depot=0, capacity=2, street_arcs=np.zeros(0, np.int32),
    )  # fmt: skip
    population = Population.begin(ground_of(toy), most=3, capacity=2, limit=None, seed=1)
    for number in range(2):
        population.seed(number)
    population.child()
    bound_sweep(toy, seconds=60.0)
