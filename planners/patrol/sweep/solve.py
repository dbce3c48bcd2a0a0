"""Plan sweeps: one closed way, few routes within a capacity, or several of equal length."""

from __future__ import annotations

import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent, stopped_before_any_plan
from planners.patrol.sweep.bound import LEAST_SECONDS, SweepBound, bound_of, bound_sweep
from planners.patrol.sweep.check import check_sweep
from planners.patrol.sweep.evolve import FREE, Population, spots_of
from planners.patrol.sweep.ground import Ground, ground_of
from planners.patrol.sweep.islands import Island, Islands
from planners.patrol.sweep.plan import SweepPlan
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.walk import joined, walked

BOUND_SHARE: Final = 0.3
BOUND_SHARE_STREETS: Final = 0.4
BOUND_SECONDS: Final = 60.0
DEFAULT_ITERATIONS: Final = 300
POPULATIONS: Final = 2
ROUGH: Final = 1.2


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
    done: bool = False
    islands: Islands | None = None

    def spent(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self.began

    def on(self) -> bool:
        """Tell the observer; return whether to go on."""
        seconds = self.budget.seconds
        spent = self.spent()
        share = None if seconds is None else min(1.0, spent / seconds)
        known = self.known()
        if not self.cancelled:
            try:
                self.cancelled = not self.observe(
                    Progress(seconds=spent, objective=known, bound=self.bound, share=share)
                )
            except BaseException:
                self.cancelled = True  # heard by the thread that proves the bound
                raise
        self.late = seconds is not None and spent >= seconds
        # Without a clock all breed to the end of their turn, so that the answer repeats.
        self.done = seconds is not None and self.bound is not None and known is not None and known <= self.bound
        return not (self.cancelled or self.late or self.done)

    def known(self) -> float | None:
        """Return the best objective so far."""
        best = self.objective if self.islands is None else min(self.objective, self.islands.value)
        return None if math.isinf(best) else best

    def heard(self, progress: Progress) -> bool:
        """Pass on the bound while it is proved."""
        self.bound = progress.bound if progress.bound is not None and self.problem.goal == "total" else self.bound
        self.cancelled = self.cancelled or not self.observe(
            Progress(seconds=self.spent(), objective=self.known(), bound=self.bound)
        )
        return not self.cancelled

    def heard_beside(self, progress: Progress) -> bool:
        """Note the bound on another thread than that of the observer."""
        self.bound = self.bound if progress.bound is None else progress.bound
        return not (self.cancelled or self.late or self.done)

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
    with ThreadPoolExecutor(1) as pool:
        first = _populations(run, pool, most=1, count=1).together(lambda island: island.population.first(), run.on)[0]
    best = [walked(problem, run.ground, [[task for route in first.routes for task in route]])]
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


def _populations(run: _Run, pool: ThreadPoolExecutor, *, most: int, count: int) -> Islands:
    """Return populations without members; that of number 0 breeds by the seed itself."""
    problem, stop, spots = run.problem, np.zeros(1, np.int64), spots_of(run.ground.close)
    members = [
        Island(
            problem,
            Population.begin(
                run.ground, most=most, capacity=problem.capacity, limit=problem.limit, spots=spots,
                stop=stop, seed=(run.budget.seed, number) if number else run.budget.seed,
            ),
        )
        for number in range(count)
    ]  # fmt: skip
    return Islands(members, pool, stop)


def _routes(run: _Run) -> Outcome[SweepPlan]:
    problem, budget = run.problem, run.budget
    iterations = budget.iterations
    if iterations is None and budget.seconds is None:
        iterations = DEFAULT_ITERATIONS
    cores = os.cpu_count() or 1
    # On one core a second population only takes time from the first, unless the answer has to repeat everywhere.
    count = POPULATIONS if cores > 1 or iterations is not None else 1
    # One thread more for the bound.
    with ThreadPoolExecutor(min(count, cores) + 1) as pool:
        islands = _populations(run, pool, most=_most(problem), count=count)
        rough = _rough_limit(problem)
        for island in islands.members:
            island.population.tighten(min(rough, island.population.limit))
        home = islands.members[0]
        # The rough limit is no rule: to keep it at any price takes long on many streets.
        strict = rough == FREE
        islands.together(lambda island: island is home and island.heard(island.population.first(strict=strict)), run.on)
        islands.share()
        run.islands = islands
        total = _bounded(run, islands)
        bound = bound_of(problem, run.ground, total.total)
        run.bound = float(bound)
        for island in islands.members:
            island.bound = run.bound
            island.tighten()
        if total.passings is not None and total.first_side is not None:
            way = joined(problem, total.passings, total.first_side).routes[0]
            order = way.task[way.task >= 0].astype(np.int64)
            # Each better longest route tightens the limit, by which the same way is cut again.
            while (
                any(islands.together(lambda island: island.heard(island.population.grown(order)), run.on)) and run.on()
            ):
                pass
        islands.search(run.on, iterations=iterations)
    if islands.best is None:
        if run.cancelled:
            raise stopped_before_any_plan()
        raise _none_found(problem, total.total)
    return run.outcome(walked(problem, run.ground, islands.best.routes), bound, "hybrid genetic search")


def _bounded(run: _Run, islands: Islands) -> SweepBound:
    """Prove the bound: first, or where the time is limited and capacity counts beside the search, which then needs no bound to begin."""
    problem, budget = run.problem, run.budget
    if budget.seconds is None:
        return bound_sweep(problem, seconds=BOUND_SECONDS, seed=budget.seed, observe=run.heard)
    seconds = max(LEAST_SECONDS, min(_bound_share(problem) * budget.seconds, budget.seconds - run.spent()))
    if problem.goal == "longest" or problem.capacity is None or budget.iterations is not None:
        return bound_sweep(problem, seconds=seconds, seed=budget.seed, observe=run.heard)
    proof = islands.pool.submit(bound_sweep, problem, seconds=seconds, seed=budget.seed, observe=run.heard_beside)
    islands.search(lambda: run.on() and not proof.done(), iterations=None)
    total = proof.result()
    islands.stop[0] = 0
    return total


def _rough_limit(problem: SweepProblem) -> int:
    """Return a limit by which first routes come out about as long as each other, without one where their sum counts."""
    if problem.goal == "total" or problem.vehicles is None:
        return FREE
    return int(ROUGH * problem.serve[:, 0].sum() / problem.vehicles) + 1


def _bound_share(problem: SweepProblem) -> float:
    """Return the share of the time for the bound: more where its answer, cut into routes, is the best start."""
    return BOUND_SHARE if problem.capacity is not None else BOUND_SHARE_STREETS


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
