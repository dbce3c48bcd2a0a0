"""Levels of response such as 1-3-5: street posts within one minute, cars within three, stations within five."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from api.schemas.posts import Level, PostsQuestion
from api.services.place import check_profile
from api.services.posts_ground import Ground
from api.services.posts_solved import Solved, solved
from geo.errors import InfeasibleError
from planners.contract import Budget, Observer
from planners.posts.build import build_coverage
from planners.posts.hierarchy import check_hierarchy, covered_by_level, levels_135, solve_hierarchy
from planners.posts.problem import MclpProblem

Rows = npt.NDArray[np.int64]


def levels_of(ground: Ground, question: PostsQuestion) -> tuple[Level, ...]:
    """Return the levels asked for, or 1-3-5 with as many posts of each kind as stand today."""
    if question.levels:
        return question.levels
    today = [ground.sites.kinds[i] for i in ground.today.tolist()]
    stations = today.count("station")
    return (
        Level(minutes=1, p=max(1, len(today) - stations), profile="motorcycle", kinds=("street_post", "kiosk")),
        Level(minutes=3, p=question.p or max(1, len(today)), profile="response_car"),
        Level(minutes=5, p=max(1, stations), profile="response_car", kinds=("station",)),
    )


def rows_of(ground: Ground, level: Level) -> Rows:
    """Return the sites that may hold a post of the level."""
    return np.array(
        [i for i, kind in enumerate(ground.sites.kinds) if not level.kinds or kind in level.kinds], np.int64
    )


def solve_levels(ground: Ground, question: PostsQuestion, budget: Budget, observe: Observer) -> Solved:
    """Cover most demand by all levels at once; a locked post belongs to the narrowest level that may hold it."""
    levels = levels_of(ground, question)
    choice = [rows_of(ground, level) for level in levels]
    home = {site: _narrowest(levels, choice, site) for site in ground.fixed}
    problems = []
    for number, (level, rows) in enumerate(zip(levels, choice, strict=True)):
        check_profile(level.profile)
        usable = np.setdiff1d(rows, np.array(ground.closed, np.int64))
        if len(usable) < level.p:
            raise InfeasibleError(
                f"The level of {level.minutes:g} min asks for {level.p} posts and {len(usable)} sites may hold one; "
                f"ask for at most {len(usable)} or allow more kinds",
                f"{level.minutes:g} 分钟级要求 {level.p} 个点，可用点位只有 {len(usable)} 个；请减到 {len(usable)} 个以内，或放宽点位类型",
            )
        at = {int(site): k for k, site in enumerate(rows.tolist())}
        coverage = build_coverage(
            ground.times_of(ground.sites.some(rows), level.profile), demand=len(ground.needs.weights), sites=len(rows),
            radius_seconds=level.minutes * 60, closed=[at[c] for c in ground.closed if c in at],
        )  # fmt: skip
        problems.append(
            MclpProblem(
                coverage=coverage, weights=ground.needs.weights, site_keys=tuple(ground.keys[i] for i in rows.tolist()),
                p=level.p, fixed=np.array([at[s] for s, n in home.items() if n == number], np.int32),
                closed=np.array([at[c] for c in ground.closed if c in at], np.int32),
            )
        )  # fmt: skip
    problem = levels_135(problems)
    outcome = solve_hierarchy(problem, budget, observe=observe)
    sites = [rows[plan.sites] for rows, plan in zip(choice, outcome.plan.levels, strict=True)]
    held = covered_by_level(problem, outcome.plan)
    weights = ground.needs.weights
    return solved(
        outcome, np.concatenate(sites), measure="calls", checked=check_hierarchy(problem, outcome.plan),
        level=np.concatenate([np.full(len(part), number) for number, part in enumerate(sites)]),
        extra={
            "levels": [
                {
                    "minutes": level.minutes, "p": level.p, "profile": level.profile, "kinds": list(level.kinds),
                    "share": float(weights[row].sum() / weights.sum()),
                }
                for level, row in zip(levels, held, strict=True)
            ],
            "share_by_all": outcome.objective / float(weights.sum()),
        },
    )  # fmt: skip


def _narrowest(levels: tuple[Level, ...], choice: list[Rows], site: int) -> int:
    may = [number for number, rows in enumerate(choice) if site in rows]
    return min(may, key=lambda number: (len(levels[number].kinds) or 9, number)) if may else -1
