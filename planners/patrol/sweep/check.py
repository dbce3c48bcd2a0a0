"""Recompute a sweep from the problem alone, or raise; and its measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.errors import CheckError
from planners.patrol.sweep.plan import SweepPlan, SweepRoute
from planners.patrol.sweep.problem import SweepProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepMetrics:
    """What a plan costs: of all routes, of the longest and the shortest, and how much of it only passes.

    ``passing_share`` is the cost of driving without sweeping over the cost of all driving.
    """

    units: int
    total: int
    longest: int
    shortest: int
    swept: int
    passing: int
    passing_share: float
    heaviest: int


def check_sweep(problem: SweepProblem, plan: SweepPlan) -> float:
    """Return the objective, recomputed arc by arc: the total, or the longest route.

    Raises
    ------
    CheckError
        Naming the breach: a route that does not begin or end at the depot or has a gap, a task never swept, swept twice or on a
        wrong arc, too many routes, or one above the capacity or the limit.
    """
    times = np.zeros(problem.tasks, np.int64)
    costs: list[int] = []
    for number, route in enumerate(plan.routes, start=1):
        cost, load = _check_route(problem, route, number)
        np.add.at(times, route.task[route.task >= 0], 1)
        if problem.capacity is not None and load > problem.capacity:
            raise CheckError(
                f"Route {number} carries {load}, above {problem.capacity}",
                f"第 {number} 条路线载量 {load} 超过 {problem.capacity}",
            )
        if problem.limit is not None and cost > problem.limit:
            raise CheckError(
                f"Route {number} takes {cost}, above {problem.limit}",
                f"第 {number} 条路线用时 {cost} 超过 {problem.limit}",
            )
        costs.append(cost)
    if problem.vehicles is not None and len(plan.routes) > problem.vehicles:
        raise CheckError(
            f"The plan has {len(plan.routes)} routes for {problem.vehicles} units",
            f"方案有 {len(plan.routes)} 条路线，但只有 {problem.vehicles} 个巡组",
        )
    for bad, en, zh in (
        (times == 0, "is never swept", "未被巡查"),
        (times > 1, "is swept more than once", "被重复巡查"),
    ):
        if bad.any():
            keys = [problem.task_keys[i] for i in np.flatnonzero(bad)]
            raise CheckError(f"{keys[0]} {en} ({len(keys)} in all)", f"{keys[0]} {zh}（共 {len(keys)} 段）", rows=keys)
    return float(max(costs) if problem.goal == "longest" else sum(costs))


def evaluate_sweep(problem: SweepProblem, plan: SweepPlan) -> SweepMetrics:
    """Return the measures of a plan that ``check_sweep`` accepts."""
    found = [_check_route(problem, route, number) for number, route in enumerate(plan.routes, start=1)]
    costs, total = [cost for cost, _ in found], sum(cost for cost, _ in found)
    swept = sum(int(_costs(problem, route)[route.task >= 0].sum()) for route in plan.routes)
    return SweepMetrics(
        units=len(costs), total=total, longest=max(costs), shortest=min(costs), swept=swept, passing=total - swept,
        passing_share=(total - swept) / total if total else 0.0, heaviest=max(load for _, load in found),
    )  # fmt: skip


def _costs(problem: SweepProblem, route: SweepRoute) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    task = np.maximum(route.task, 0)
    second = (problem.task_arcs[task, 0] != route.arcs).astype(np.int64)
    return np.where(route.task >= 0, problem.serve[task, second], problem.cost[route.arcs])


def _check_route(problem: SweepProblem, route: SweepRoute, number: int) -> tuple[int, int]:
    if len(route.arcs) == 0 or len(route.arcs) != len(route.task):
        raise CheckError(f"Route {number} is empty or not complete", f"第 {number} 条路线为空或不完整")
    outside = (route.arcs < 0) | (route.arcs >= problem.arcs) | (route.task < -1) | (route.task >= problem.tasks)
    if outside.any():
        raise CheckError(f"Route {number} names an unknown street", f"第 {number} 条路线引用了不存在的道路")
    tails, heads = problem.tails[route.arcs], problem.heads[route.arcs]
    if tails[0] != problem.depot or heads[-1] != problem.depot:
        raise CheckError(f"Route {number} does not begin and end at the depot", f"第 {number} 条路线未从驻点出发并返回")
    if (heads[:-1] != tails[1:]).any():
        raise CheckError(f"Route {number} jumps from one street to another", f"第 {number} 条路线不连续")
    tasks = route.task[route.task >= 0]
    if (problem.task_arcs[tasks] != route.arcs[route.task >= 0][:, None]).all(axis=1).any():
        raise CheckError(f"Route {number} sweeps a street on another one", f"第 {number} 条路线巡查的道路与任务不符")
    return int(_costs(problem, route).sum()), int(problem.demand[tasks].sum())
