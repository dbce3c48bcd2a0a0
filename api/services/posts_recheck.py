"""Recompute a plan from where its posts stand and the streets alone, without the solver or what it was given."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from api.schemas.posts import PostsQuestion
from api.services.posts_by_hour import open_hours, scenarios_of, week_weights
from api.services.posts_figures import response
from api.services.posts_ground import Ground, prepare
from api.services.posts_models import busy_of, costs_of
from api.services.posts_solved import agree
from api.services.workspace import Workspace
from geo.errors import CheckError, ConflictError
from geo.store.port import Json, Principal
from planners.posts.problem import brief

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def figure_from_streets(
    ground: Ground,
    question: PostsQuestion,
    rows: Rows,
    *,
    units: Rows | None,
    level: Rows | None,
    extra: Mapping[str, Json],
) -> float:
    """Return the objective of posts at ``rows`` of the sites, in the user's unit, from fresh searches on the streets."""
    weights, limit = ground.needs.weights, ground.limit
    if question.model == "hierarchy":
        return _by_levels(ground, rows, level, extra)
    times = ground.times_of(ground.sites.some(rows), question.profile)
    nearest = times.min(axis=1)
    near = times <= limit
    if question.model == "mclp":
        return math.fsum(weights[nearest <= limit].tolist())
    if question.model == "lscp":
        return _cheapest(ground, question, rows, nearest)
    if question.model in ("p_median", "p_center"):
        kept = ground.reached
        if question.model == "p_center":
            return float(nearest[kept].max())
        return math.fsum((nearest * weights)[kept].tolist()) / math.fsum(weights[kept].tolist())
    if question.model in ("backup", "mexclp"):
        count = near @ (np.ones(len(rows), np.int64) if units is None else units)
        if question.model == "mexclp":
            worth = 1.0 - busy_of(ground, question) ** count
        else:
            worth = question.first_share * (count >= 1) + (1 - question.first_share) * (count >= question.k)
        return math.fsum((weights * worth).tolist())
    if question.model == "capacity":
        return _taken(ground, question, times, extra)
    if question.model == "timed":
        by_hour, stands = week_weights(ground, question), open_hours(ground, question)[rows]
        return math.fsum(
            float(by_hour[near[:, stands[:, hour]].any(axis=1), hour].sum()) for hour in range(by_hour.shape[1])
        )
    scenarios, _ = scenarios_of(ground, question)
    held = nearest <= limit
    return float((scenarios[:, held].sum(axis=1) / scenarios.sum(axis=1)).min())


def _by_levels(ground: Ground, rows: Rows, level: Rows | None, extra: Mapping[str, Json]) -> float:
    held = np.ones(len(ground.needs.weights), bool)
    listed = extra.get("levels")
    for number, named in enumerate(listed if isinstance(listed, list) else []):
        if level is not None and isinstance(named, dict):
            own = rows[level == number]
            times = ground.times_of(ground.sites.some(own), str(named["profile"]))
            held &= times.min(axis=1) <= float(str(named["minutes"])) * 60
    return math.fsum(ground.needs.weights[held].tolist())


def _cheapest(ground: Ground, question: PostsQuestion, rows: Rows, nearest: Floats) -> float:
    usable = np.setdiff1d(np.arange(len(ground.sites)), np.array(ground.closed, np.int64))
    could = ground.nearest_of(ground.sites.some(usable)) <= ground.limit
    left = np.flatnonzero(could & (nearest > ground.limit))
    if len(left):
        names = [str(row + 1) for row in left.tolist()]
        raise CheckError(
            f"The plan leaves the demand points {brief(names)} uncovered",
            f"方案未覆盖需求点 {brief(names)}",
            rows=names,
        )
    priced = bool(question.costs) or question.site_cost != 1.0
    return math.fsum(costs_of(ground, question)[rows].tolist()) if priced else float(len(rows))


def _taken(ground: Ground, question: PostsQuestion, times: Floats, extra: Mapping[str, Json]) -> float:
    taken, room = extra.get("taken"), extra.get("capacities")
    parts = np.array(taken if isinstance(taken, list) else [], np.float64).reshape(-1, 3)
    demand, post, share = parts[:, 0].astype(np.int64), parts[:, 1].astype(np.int64), parts[:, 2]
    weights = ground.needs.weights
    load = np.bincount(post, weights=share * weights[demand], minlength=times.shape[1])
    whole = np.bincount(demand, weights=share, minlength=len(weights))
    most = np.array(room if isinstance(room, list) else [], np.float64)
    if len(most) != len(load) or (load > most * (1 + 1e-6) + 1e-6).any() or (whole > 1 + 1e-6).any():
        raise CheckError("A post takes more than it can", "有点位承担超过其承载能力")
    if not question.within:
        kept = ground.reached
        if (whole[kept] < 1 - 1e-6).any():
            raise CheckError("Some demand is served by nobody", "有需求无人承担")
        return math.fsum((times[demand, post] * share * weights[demand]).tolist()) / math.fsum(weights[kept].tolist())
    if (times[demand, post] > ground.limit + 1e-9).any():
        raise CheckError("A post serves demand beyond the limit", "有点位承担了时限以外的需求")
    return math.fsum((share * weights[demand]).tolist())


def recheck(workspace: Workspace, principal: Principal, plan_id: str) -> dict[str, object]:
    """Recompute a kept plan and compare it with what it shows.

    Raises
    ------
    CheckError
        The streets say something else than the plan.
    ConflictError
        Calls, posts or streets have changed since, so that the plan is about other data.
    """
    body = workspace.store.plan(principal, plan_id).body
    asked = body.get("question")
    if not isinstance(asked, dict):
        raise ConflictError(
            "This plan was kept without its question and cannot be recomputed; solve it again",
            "该方案未保存求解条件，无法复核，请重新求解",
        )
    question = PostsQuestion.model_validate(asked)
    ground = prepare(workspace, principal, question)
    posts = body.get("posts")
    listed = [post for post in posts if isinstance(post, dict)] if isinstance(posts, list) else []
    rows = np.array(ground.sites.numbers([str(post["post_id"]) for post in listed]), np.int64)
    units = np.array([_whole(post.get("units"), 1) for post in listed], np.int64)
    level = np.array([_whole(post.get("level"), 0) for post in listed], np.int64)
    if ground.needs.n_calls != body.get("n_calls"):
        raise ConflictError(
            f"The plan is about {body.get('n_calls')} calls and there are {ground.needs.n_calls} now; solve it again",
            f"方案基于 {body.get('n_calls')} 起警情，现为 {ground.needs.n_calls} 起，请重新求解",
        )
    found = figure_from_streets(ground, question, rows, units=units, level=level, extra=body)
    shown = float(str(body["objective"]))
    agree("The plan", "方案", shown, found)
    nearest = ground.nearest_of(ground.sites.some(rows))
    figures = response(nearest, ground.needs, ground.limit)
    agree("The plan's share", "方案的覆盖率", float(str(body["share"])), figures.share)
    return {
        "plan_id": plan_id,
        "agrees": True,
        "model": question.model,
        "measure": body.get("measure"),
        "shown": shown,
        "recomputed": found,
        "n": ground.needs.n_calls,
        "posts": len(rows),
        **{key: value for key, value in figures.as_json(len(rows)).items() if key != "posts"},
    }


def _whole(value: Json, other: int) -> int:
    return int(value) if isinstance(value, int | float) else other
