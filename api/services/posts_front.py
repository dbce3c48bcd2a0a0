"""Several aims at once: the front, and the three plans of it that have a name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from api.schemas.posts import FrontQuestion, PostsQuestion
from api.services.posts_by_hour import solve_holding
from api.services.posts_figures import share_interval
from api.services.posts_ground import Ground
from api.services.posts_kernels import get_ready
from api.services.posts_models import MODELS, allocation_problem, mclp_problem
from api.services.posts_plan import demand_kind, keep, plan_of
from api.services.posts_recheck import figure_from_streets
from api.services.posts_solved import Solved, agree, solved
from api.services.workspace import Workspace
from geo.errors import CancelledError, InfeasibleError
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer, Outcome, Progress
from planners.posts.check import check_mclp
from planners.posts.mclp import solve_mclp
from planners.posts.pareto import FrontPoint, solve_front
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem

FEWER_PART, FASTER_PART, STEADIER_PART = 0.2, 0.25, 0.2
"""Parts of the time that go to the three named plans; the front is walked in the rest."""
WALK_PART: Final = 1 - FEWER_PART - FASTER_PART - STEADIER_PART


def question_of(question: FrontQuestion, model: str, *, p: int) -> PostsQuestion:
    """Return the single question that an option of the front answers."""
    asked = question.model_dump(mode="json", by_alias=True, exclude={"levels", "p"})
    return PostsQuestion.model_validate({**asked, "model": model, "p": p})


def fewest(ground: Ground, question: FrontQuestion, *, share: float, seconds: float, observe: Observer) -> Solved:
    """Find the fewest posts that cover at least ``share`` of demand, by halving the number of posts."""
    problem = mclp_problem(ground, question.p)
    wanted = share * float(ground.needs.weights.sum()) * (1 - 1e-9)
    low, high = max(1, len(ground.fixed)), question.p
    steps = int(np.ceil(np.log2(high - low + 1))) + 1
    budget = Budget(seconds=max(0.2, seconds / steps), iterations=question.iterations, seed=question.seed)
    best: tuple[MclpProblem, Outcome[PostPlan]] | None = None
    while low < high:
        each = replace(problem, p=(low + high) // 2)
        outcome = solve_mclp(each, budget, observe=observe)
        if outcome.objective >= wanted:
            best, high = (each, outcome), each.p
        else:
            low = each.p + 1
    if best is None or best[0].p != high:
        each = replace(problem, p=high)
        best = each, solve_mclp(each, budget, observe=observe)
    chosen, found = best
    return solved(found, found.plan.sites, measure="calls", checked=check_mclp(chosen, found.plan))


def front(
    workspace: Workspace, principal: Principal, question: FrontQuestion, ground: Ground, observe: Observer
) -> Mapping[str, Json]:
    """Walk the front, name three plans of it, keep all."""
    get_ready(observe, "mclp", "p_median", "p_center", "robust")
    began = time.perf_counter()
    rows = ground.reached
    problem = allocation_problem(ground, question.p)
    budget = Budget(
        seconds=question.seconds * WALK_PART, iterations=question.iterations, seed=question.seed
    )  # fmt: skip

    def told(share: float, point: FrontPoint) -> bool:
        mean = point.aims.mean_seconds
        return observe(
            Progress(
                seconds=time.perf_counter() - began, objective=mean, share=share * WALK_PART, message=point.question
            )
        )  # fmt: skip

    walked = solve_front(problem, radius_seconds=ground.limit, levels=question.levels, budget=budget, observe=told)
    if not walked.points:
        raise CancelledError("Stopped before a first plan was found", "在得到第一个方案之前已停止")
    weights = ground.needs.weights[rows]
    reached_share = float(weights.sum() / ground.needs.weights.sum())
    most = max(point.aims.covered_share for point in walked.points) * reached_share
    before = ground.before()
    today = None
    if before is not None:
        today = float(ground.needs.weights[before[1] <= ground.limit].sum() / ground.needs.weights.sum())
    target = most * 0.98 if today is None or today >= most else today
    few = fewest(ground, question, share=target, seconds=question.seconds * FEWER_PART, observe=_quiet(observe))
    options: list[Json] = []
    for name, model, answer in (
        ("fewer", "mclp", few),
        ("faster", "p_median", fastest(ground, question, walked.points, observe=_quiet(observe))),
        steadiest(ground, question, walked.points, observe=_quiet(observe)),
    ):  # fmt: skip
        asked = question_of(question, model, p=len(answer.sites))
        again = figure_from_streets(ground, asked, answer.sites, units=None, level=None, extra={})
        agree("The front", "方案前沿", answer.objective, again)
        body = plan_of(ground, asked, answer)
        zh, en = NAMES[name]
        body["title"], body["title_en"] = f"{zh} · {body['title']}", f"{en} · {body['title_en']}"
        body["option"] = name
        options.append({"option": name, "plan_id": keep(workspace, principal, body), **_summary(body)})
    aims = [_aims(point, ground, reached_share) for point in walked.points]
    body = {
        "kind": "posts_front",
        "demand_kind": demand_kind(question),
        "title": f"方案前沿 · {question.p} 个屯警点 · {question.radius_minutes:g} 分钟",
        "title_en": f"Front · {question.p} posts · {question.radius_minutes:g} min",
        "p": question.p,
        "radius_seconds": ground.limit,
        "profile": question.profile,
        "n_calls": ground.needs.n_calls,
        "n_unplaced": ground.needs.n_unplaced,
        "n_reached": float(weights.sum()),
        "from": ground.needs.start.isoformat(),
        "to": ground.needs.end.isoformat(),
        "basis": question.basis,
        "citizen": question.citizen,
        "complete": walked.complete,
        "today_share": today,
        "target_share": target,
        "points": aims,
        "options": options,
        "termination": "optimal" if walked.complete else "time",
        "seconds": time.perf_counter() - began,
        "seed": question.seed,
    }
    return {"plan_id": keep(workspace, principal, body, kind="posts_front")}


NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "fewer": ("省人", "Fewer"),
    "faster": ("更快", "Faster"),
    "steadier": ("更稳", "Steadier"),
    "nearer": ("更近", "Nearer at worst"),
}


def _part(question: FrontQuestion, part: float) -> Budget:
    return Budget(seconds=question.seconds * part, iterations=question.iterations, seed=question.seed)


def _better(own: Solved, points: Sequence[FrontPoint], value: Callable[[FrontPoint], float]) -> Solved:
    """Return the least of an answer and the points of the front, against the answer's bound."""
    best = min(points, key=value)
    found = float(value(best))
    if found >= own.objective:
        return own
    gap = None if own.bound is None else float(max(0.0, found - own.bound) / max(found, 1e-9))
    return replace(
        own, sites=best.plan.sites.astype(np.int64), objective=found, gap=gap, proved=gap is not None and gap <= 1e-6,
        solver="posts.pareto",
    )  # fmt: skip


def fastest(ground: Ground, question: FrontQuestion, points: Sequence[FrontPoint], *, observe: Observer) -> Solved:
    """Find the plan with the least mean time, with the bound of its own solve."""
    asked = question_of(question, "p_median", p=question.p)
    own = MODELS["p_median"](ground, asked, _part(question, FASTER_PART), observe)
    return _better(own, points, lambda point: point.aims.mean_seconds)


def steadiest(
    ground: Ground, question: FrontQuestion, points: Sequence[FrontPoint], *, observe: Observer
) -> tuple[str, str, Solved]:
    """Find the plan whose worst month is covered most; where demand has no months, the one with the least longest time."""
    budget = _part(question, STEADIER_PART)
    if question.needs is None and question.points is None:
        try:
            return (
                "steadier",
                "robust",
                solve_holding(ground, question_of(question, "robust", p=question.p), budget, observe),
            )
        except InfeasibleError:
            # A period of less than two full months has no worst one.
            pass
    own = MODELS["p_center"](ground, question_of(question, "p_center", p=question.p), budget, observe)
    return "nearer", "p_center", _better(own, points, lambda point: point.aims.worst_seconds)


def _aims(point: FrontPoint, ground: Ground, reached_share: float) -> dict[str, Json]:
    weights = ground.needs.weights
    share = point.aims.covered_share * reached_share
    return {
        "question": point.question,
        "limit": point.limit,
        "value": point.value,
        "bound": point.bound,
        "gap": point.gap,
        "share": share,
        "interval": list(share_interval(share * float(weights.sum()), weights)),
        "mean_seconds": point.aims.mean_seconds,
        "worst_seconds": point.aims.worst_seconds,
        "equal_seconds": point.aims.equal_seconds,
        "posts": [ground.keys[i] for i in point.plan.sites.tolist()],
    }


def _summary(body: Mapping[str, Json]) -> dict[str, Json]:
    after = body["after"]
    figures = after if isinstance(after, dict) else {}
    return {
        "posts": body["p"],
        "share": body["share"],
        "interval": figures.get("interval"),
        "mean_seconds": figures.get("mean_seconds"),
        "worst_seconds": figures.get("worst_seconds"),
        "objective": body["objective"],
        "bound": body["bound"],
        "gap": body["gap"],
        "proved": body["proved"],
        "measure": body["measure"],
        "model": body["model"],
        "scenarios": body.get("scenarios"),
    }


def _quiet(observe: Observer) -> Observer:
    """Return an observer that may stop the work and shows no other objective than the front's."""
    return lambda step: observe(
        Progress(seconds=step.seconds, share=(1 + WALK_PART) / 2, message="省人、更快、更稳 / three named plans")
    )
