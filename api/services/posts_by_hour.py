"""Posts in time: sites that open by the hour, and plans that hold in every month or by day and night."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from api.schemas.posts import PostsQuestion
from api.services.filters import parse_filter
from api.services.posts_ground import Ground
from api.services.posts_needs import by_columns, call_cells, wanted_calls
from api.services.posts_solved import Solved, solved
from geo.errors import InfeasibleError, ParameterError
from planners.contract import Budget, Observer
from planners.posts.check import check_mclp
from planners.posts.mclp import solve_mclp
from planners.posts.problem import MclpProblem
from planners.posts.robust import RobustProblem, check_robust, scenario_shares, solve_robust
from planners.posts.timed import build_timed_cover

Floats = npt.NDArray[np.float64]
WEEK = 168
ENOUGH = 30
"""Calls that a month must have to count as a scenario: below, its share says little."""
NIGHT = (20, 8)


def _require_calls(question: PostsQuestion) -> None:
    if question.needs is not None or question.points is not None:
        raise ParameterError(
            "This model needs the times of calls; ask for calls as demand", "本模型需要警情的时间，请以警情为需求"
        )


def week_weights(ground: Ground, question: PostsQuestion) -> Floats:
    """Return calls by demand point and hour of the week (Monday 0:00 first), float64[n, 168]."""
    wanted = wanted_calls(ground.workspace, ground.principal, question)
    rows, times = call_cells(ground.workspace, ground.principal, ground.needs, wanted)
    hours = np.array([at.weekday() * 24 + at.hour for at in times], np.int64)
    return by_columns(rows, hours, n=len(ground.needs.weights), m=WEEK)


def open_hours(ground: Ground, question: PostsQuestion) -> npt.NDArray[np.bool_]:
    """Return when a post at each site would stand, bool[sites, 168].

    Hours are spelled ``7-8,16-17``, or ``1-5@7-8,16-17`` on some weekdays.
    """
    stands = np.ones((len(ground.sites), WEEK), bool)
    for site, text in zip(ground.sites.numbers(list(question.opening)), question.opening.values(), strict=True):
        days, _, hours = text.rpartition("@")
        read = parse_filter(hours=hours, weekdays=days or None)
        if read.hours is None:
            raise ParameterError(
                f"The opening hours of {ground.keys[site]} are empty; write them like 7-8,16-17",
                f"点位 {ground.keys[site]} 的开放时段为空，请写作 7-8,16-17",
            )
        stands[site] = [
            (read.weekdays is None or hour // 24 + 1 in read.weekdays) and hour % 24 in read.hours
            for hour in range(WEEK)
        ]
    return stands


def solve_by_hour(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    """Cover most demand when each post only counts in its hours."""
    _require_calls(question)
    weights, stands = week_weights(ground, question), open_hours(ground, question)
    timed = build_timed_cover(
        [ground.coverage()], weights=weights, site_keys=ground.keys, p=question.p or 1, open_hours=stands,
        fixed=ground.fixed, closed=ground.closed,
    )  # fmt: skip
    outcome = solve_mclp(timed.problem, budget, observe=observe)
    shares = timed.share_by_hour(outcome.plan)
    total = weights.sum(axis=0)
    held = np.where(np.isfinite(shares), shares, 0.0) * total
    by_hour = held.reshape(7, 24).sum(axis=0) / np.maximum(total.reshape(7, 24).sum(axis=0), 1e-12)
    return solved(
        outcome, outcome.plan.sites, measure="calls", checked=check_mclp(timed.problem, outcome.plan),
        extra={
            "share_by_hour": [float(v) for v in by_hour],
            "calls_by_hour": [float(v) for v in total.reshape(7, 24).sum(axis=0)],
            "opening": dict(question.opening),
        },
    )  # fmt: skip


def scenarios_of(ground: Ground, question: PostsQuestion) -> tuple[Floats, tuple[str, ...]]:
    """Return calls by scenario and demand point, float64[s, n], and the scenarios' names."""
    wanted = wanted_calls(ground.workspace, ground.principal, question)
    rows, times = call_cells(ground.workspace, ground.principal, ground.needs, wanted)
    if question.scenarios == "day_night":
        night = np.array([at.hour >= NIGHT[0] or at.hour < NIGHT[1] for at in times], np.int64)
        names: tuple[str, ...] = ("白天 08–20", "夜间 20–08")
        columns = night
    else:
        months = np.array([f"{at:%Y-%m}" for at in times])
        found, columns = np.unique(months, return_inverse=True)
        names = tuple(str(name) for name in found)
    weights = by_columns(rows, columns.ravel().astype(np.int64), n=len(ground.needs.weights), m=len(names)).T
    enough = weights.sum(axis=1) >= ENOUGH
    if enough.sum() < 2:
        raise InfeasibleError(
            f"Fewer than 2 scenarios have {ENOUGH} calls; choose a longer period",
            f"达到 {ENOUGH} 起警情的时段不足 2 个，请延长时段",
        )
    return weights[enough], tuple(name for name, keep in zip(names, enough.tolist(), strict=True) if keep)


def solve_holding(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    """Find the plan whose worst month, or time of day, is covered most."""
    _require_calls(question)
    weights, names = scenarios_of(ground, question)
    single = MclpProblem(
        coverage=ground.coverage(), weights=ground.needs.weights, site_keys=ground.keys, p=question.p or 1,
        fixed=np.asarray(ground.fixed, np.int32), closed=np.asarray(ground.closed, np.int32),
    )  # fmt: skip
    problem = RobustProblem(problem=single, weights=weights, names=names)
    outcome = solve_robust(problem, budget, observe=observe)
    shares = scenario_shares(problem, outcome.plan)
    return solved(
        outcome, outcome.plan.sites, measure="share", checked=check_robust(problem, outcome.plan),
        extra={
            "scenarios": [
                {"name": name, "share": float(share), "n": float(row.sum())}
                for name, share, row in zip(names, shares, weights, strict=True)
            ]
        },
    )  # fmt: skip
