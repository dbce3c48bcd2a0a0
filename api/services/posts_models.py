"""The models of section one: from a question and its ground to an answer that was checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from api.schemas.posts import PostsQuestion
from api.services.posts_by_hour import solve_by_hour, solve_holding
from api.services.posts_ground import Ground
from api.services.posts_levels import solve_levels
from api.services.posts_solved import Solved, scaled, solved
from geo.errors import InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Observer
from planners.posts.allocation import AllocationProblem, build_allocation, check_allocation
from planners.posts.backup import backup_worth
from planners.posts.busy import busy_fraction, busy_worth
from planners.posts.capacity import CapacityProblem, check_capacity, solve_capacity
from planners.posts.check import check_mclp
from planners.posts.least_change import solve_least_change
from planners.posts.lscp import LscpProblem, check_lscp, solve_lscp
from planners.posts.mclp import solve_mclp
from planners.posts.multi_cover import build_multi_cover, check_multi_cover, shares_covered, solve_multi_cover
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median
from planners.posts.problem import MclpProblem
from planners.posts.site_budget import SiteBudgetProblem, check_site_budget, solve_site_budget

Floats = npt.NDArray[np.float64]
ROOM: Final = 1.3
"""How much more than its even part a post takes where no capacity is given."""


def posts_asked(question: PostsQuestion) -> int:
    """Return how many posts are asked for, or say that the number is missing."""
    if question.p is None:
        raise ParameterError("Say how many posts (p) there may be", "请给出点数 p")
    return question.p


def mclp_problem(ground: Ground, p: int) -> MclpProblem:
    """Build the covering problem of ``p`` posts."""
    return MclpProblem(
        coverage=ground.coverage(), weights=ground.needs.weights, site_keys=ground.keys, p=p,
        fixed=np.asarray(ground.fixed, np.int32), closed=np.asarray(ground.closed, np.int32),
    )  # fmt: skip


def allocation_problem(ground: Ground, p: int) -> AllocationProblem:
    """Build the problem of travel times over the demand that can be reached at all."""
    rows = ground.reached
    return build_allocation(
        ground.seconds[rows], weights=ground.needs.weights[rows], site_keys=ground.keys, p=p,
        fixed=ground.fixed, closed=ground.closed,
    )  # fmt: skip


def _mclp(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    if question.budget is not None:
        return _for_money(ground, question, budget, observe)
    problem = mclp_problem(ground, posts_asked(question))
    if question.max_moves is not None:
        outcome = solve_least_change(problem, ground.today, moves=question.max_moves, budget=budget, observe=observe)
        extra = _moves(ground, outcome.plan.sites)
    else:
        outcome, extra = solve_mclp(problem, budget, observe=observe), {}
    checked = check_mclp(problem, outcome.plan)
    return solved(outcome, outcome.plan.sites, measure="calls", checked=checked, extra=extra)


def _moves(ground: Ground, sites: npt.NDArray[np.int32]) -> dict[str, list[str]]:
    left = np.setdiff1d(ground.today, sites)
    come = np.setdiff1d(sites, ground.today)
    return {"given_up": [ground.keys[i] for i in left.tolist()], "opened": [ground.keys[i] for i in come.tolist()]}


def costs_of(ground: Ground, question: PostsQuestion) -> Floats:
    """Return the cost of each site; one that is named but not there is an error."""
    costs = np.full(len(ground.sites), question.site_cost, np.float64)
    for number, cost in zip(ground.sites.numbers(list(question.costs)), question.costs.values(), strict=True):
        costs[number] = cost
    return costs


def _for_money(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    if question.budget is None:
        raise ParameterError("Say what the posts may cost together (budget)", "请给出总预算 budget")
    costs = costs_of(ground, question)
    problem = SiteBudgetProblem(
        coverage=ground.coverage(), weights=ground.needs.weights, site_keys=ground.keys, costs=costs,
        budget=question.budget, fixed=np.asarray(ground.fixed, np.int32), closed=np.asarray(ground.closed, np.int32),
    )  # fmt: skip
    outcome = solve_site_budget(problem, budget, observe=observe)
    spent = math.fsum(costs[outcome.plan.sites].tolist())
    return solved(
        outcome, outcome.plan.sites, measure="calls", checked=check_site_budget(problem, outcome.plan),
        extra={"cost": spent, "budget": question.budget},
    )  # fmt: skip


def _lscp(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    priced = bool(question.costs) or question.site_cost != 1.0
    coverage = ground.coverage()
    problem = LscpProblem(
        coverage=coverage, site_keys=ground.keys, costs=costs_of(ground, question) if priced else None,
        fixed=np.asarray(ground.fixed, np.int32), closed=np.asarray(ground.closed, np.int32),
    )  # fmt: skip
    outcome = solve_lscp(problem, budget, observe=observe)
    usable = np.ones(len(ground.sites), bool)
    usable[ground.closed] = False
    beyond = ground.needs.weights[coverage.count_open(usable) == 0]
    return solved(
        outcome, outcome.plan.sites, measure="cost" if priced else "posts", checked=check_lscp(problem, outcome.plan),
        extra={"beyond_reach": float(beyond.sum()), "beyond_places": len(beyond)},
    )  # fmt: skip


def _p_median(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    problem = allocation_problem(ground, posts_asked(question))
    scale = 1.0 / math.fsum(problem.weights.tolist())
    told = scaled(observe, scale)
    if question.max_moves is not None:
        outcome = solve_least_change(problem, ground.today, moves=question.max_moves, budget=budget, observe=told)
        extra = _moves(ground, outcome.plan.sites)
    else:
        outcome, extra = solve_p_median(problem, budget, observe=told), {}
    total, _ = check_allocation(problem, outcome.plan)
    return solved(outcome, outcome.plan.sites, measure="mean_seconds", checked=total, scale=scale, extra=extra)


def _p_center(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    problem = allocation_problem(ground, posts_asked(question))
    outcome = solve_p_center(problem, budget, observe=observe)
    _, worst = check_allocation(problem, outcome.plan)
    return solved(outcome, outcome.plan.sites, measure="worst_seconds", checked=worst)


def _times(
    ground: Ground,
    question: PostsQuestion,
    budget: Budget,
    observe: Observer,
    worth: Floats,
    extra: Mapping[str, float],
) -> Solved:
    problem = build_multi_cover(
        ground.coverage(), weights=ground.needs.weights, worth=worth, site_keys=ground.keys, p=posts_asked(question),
        most_at_a_site=question.most_at_a_site, fixed=ground.fixed, closed=ground.closed,
    )  # fmt: skip
    outcome = solve_multi_cover(problem, budget, observe=observe)
    shares = shares_covered(problem, outcome.plan, up_to=max(3, question.k))
    return solved(
        outcome, outcome.plan.posts.sites, measure="calls", checked=check_multi_cover(problem, outcome.plan),
        units=outcome.plan.units.astype(np.int64), extra={**extra, "share_by_times": list(shares)},
    )  # fmt: skip


def _backup(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    worth = backup_worth(k=question.k, first_share=question.first_share)
    return _times(ground, question, budget, observe, worth, {"k": question.k, "first_share": question.first_share})


def busy_of(ground: Ground, question: PostsQuestion) -> float:
    """Return the busy fraction that is given, or the one that calls and their length make."""
    if question.busy is not None:
        return question.busy
    hours = (ground.needs.end - ground.needs.start).total_seconds() / 3600
    if hours <= 0 or question.needs is not None or question.points is not None:
        raise ParameterError(
            "A busy fraction can only be estimated from calls; give busy",
            "只有按警情布点才能估计繁忙率，请直接给出 busy",
        )
    return busy_fraction(
        calls_per_hour=ground.needs.n_calls / hours, minutes_per_call=question.minutes_per_call,
        units=posts_asked(question),
    )  # fmt: skip


def _mexclp(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    busy = busy_of(ground, question)
    worth = busy_worth(busy, units=posts_asked(question))
    return _times(ground, question, budget, observe, worth, {"busy": busy})


def capacities_of(ground: Ground, question: PostsQuestion, p: int) -> Floats:
    """Return what each site takes; 1.3 times an even part where nothing is given."""
    each = question.capacity
    if each is None:
        each = math.ceil(ROOM * float(ground.needs.weights[ground.reached].sum()) / p)
    room = np.full(len(ground.sites), each, np.float64)
    named = list(question.capacities)
    for number, value in zip(ground.sites.numbers(named), question.capacities.values(), strict=True):
        room[number] = value
    bad = [ground.keys[i] for i in np.flatnonzero(~np.isfinite(room) | (room < 0)).tolist()]
    if bad:
        raise InputError(
            f"The capacity of {', '.join(bad[:5])} is negative; set it to 0 or more",
            f"点位 {'、'.join(bad[:5])} 的承载能力为负数，请改为不小于 0",
            rows=bad,
        )
    return room


def _capacity(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    p, rows = posts_asked(question), ground.reached
    weights = ground.needs.weights[rows]
    problem = CapacityProblem(
        seconds=ground.seconds[rows], weights=weights, capacities=capacities_of(ground, question, p),
        site_keys=ground.keys, p=p, fixed=np.asarray(ground.fixed, np.int32), closed=np.asarray(ground.closed, np.int32),
        radius_seconds=ground.limit if question.within else None, split=question.split,
    )  # fmt: skip
    scale = 1.0 if question.within else 1.0 / math.fsum(weights.tolist())
    outcome = solve_capacity(problem, budget, observe=scaled(observe, scale))
    plan = outcome.plan
    loads = plan.loads(problem)
    return solved(
        outcome, plan.sites, measure="calls" if question.within else "mean_seconds",
        checked=check_capacity(problem, plan), scale=scale,
        extra={
            "loads": loads.tolist(),
            "capacities": problem.capacities[plan.sites].tolist(),
            "taken": [
                [int(r), int(np.searchsorted(plan.sites, t)), float(s)]
                for r, t, s in zip(rows[plan.rows], plan.takers, plan.shares, strict=True)
            ],
        },
    )  # fmt: skip


MODELS: Final[Mapping[str, Callable[[Ground, PostsQuestion, Budget, Observer], Solved]]] = {
    "mclp": _mclp,
    "lscp": _lscp,
    "p_median": _p_median,
    "p_center": _p_center,
    "backup": _backup,
    "capacity": _capacity,
    "mexclp": _mexclp,
    "hierarchy": solve_levels,
    "robust": solve_holding,
    "timed": solve_by_hour,
}
"""What solves each model."""


def require_question(question: PostsQuestion) -> None:
    """Say before any work what a question lacks or joins that does not go together."""
    if question.model not in ("lscp", "hierarchy") and not (question.model == "mclp" and question.budget is not None):
        posts_asked(question)
    if question.max_moves is not None and question.model not in ("mclp", "p_median"):
        raise ParameterError(
            "A limit on moves goes with the models mclp and p_median", "限制调整数只适用于“覆盖最多”和“平均最快”"
        )
    if question.max_moves is not None and question.budget is not None:
        raise ParameterError("Give either a budget or a limit on moves", "预算与调整数请只给一个")
    if question.budget is not None and question.model != "mclp":
        raise ParameterError("A budget goes with the model mclp", "预算只适用于“覆盖最多”")


def require_posts(ground: Ground, question: PostsQuestion) -> None:
    """Say before any solver starts that there are fewer sites than posts; the sentence gives the nearest number."""
    usable = len(ground.sites) - len(set(ground.closed))
    units = usable * (question.most_at_a_site if question.model in ("backup", "mexclp") else 1)
    if question.p is not None and question.model != "hierarchy" and question.p > units:
        raise InfeasibleError(
            f"{question.p} posts are asked for and only {usable} sites may be used; ask for at most {units} or add sites",
            f"要求 {question.p} 个点，但可用点位只有 {usable} 个；请减到 {units} 个以内，或增加点位",
        )
    if question.p is not None and len(set(ground.fixed)) > question.p and question.budget is None:
        raise InfeasibleError(
            f"{len(set(ground.fixed))} posts must stay and only {question.p} may be open; ask for at least "
            f"{len(set(ground.fixed))} or unlock some",
            f"有 {len(set(ground.fixed))} 个点必须保留，但只设 {question.p} 个；请至少设 {len(set(ground.fixed))} 个，或取消部分锁定",
        )
