"""The kept form of a plan of posts: what it is, what it is worth, and why each post stands where it does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from api.schemas.posts import Asked, PostsQuestion, ScoreQuestion
from api.services.open_plan import keep_plan
from api.services.posts_figures import GridRows, response, worst_of
from api.services.posts_ground import Ground
from api.services.posts_solved import Solved
from api.services.workspace import Workspace
from geo.store.port import Json, PlanRecord, Principal

Floats = npt.NDArray[np.float64]
TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "mclp": ("覆盖最多", "Most covered"),
    "lscp": ("全部覆盖用最少点", "All covered, fewest posts"),
    "p_median": ("平均最快", "Fastest on average"),
    "p_center": ("最远最近", "Farthest is nearest"),
    "backup": ("双重覆盖", "Covered twice"),
    "capacity": ("不超承载", "Within capacity"),
    "mexclp": ("考虑繁忙", "With busy units"),
    "hierarchy": ("分级响应", "Levels of response"),
    "robust": ("各时期都稳", "Holds in every period"),
    "timed": ("分时段设点", "Posts by the hour"),
}


def plan_of(ground: Ground, question: PostsQuestion, found: Solved) -> dict[str, Json]:
    """Return everything that is kept of a plan."""
    sites, limit, needs = ground.sites.some(found.sites), ground.limit, ground.needs
    times = ground.times_of(sites, question.profile)
    nearest = times.min(axis=1)
    after = response(nearest, needs, limit)
    grids = GridRows.of(needs)
    by_grid = grids.seconds(nearest, needs.weights)
    covered = float(needs.weights[nearest <= limit].sum())
    worst = worst_of(by_grid)
    gain, opened = _next(ground, nearest <= limit, found)
    held = ground.before()
    before: dict[str, Json] | None = None
    if held is not None:
        before = response(held[1], needs, limit).as_json(len(held[0]))
        before["by_grid"] = dict(grids.seconds(held[1], needs.weights))
    zh, en = TITLES[question.model]
    asked = {**question.model_dump(mode="json", by_alias=True)}
    if question.needs is None and question.points is None:
        asked |= {"from": needs.start.isoformat(), "to": needs.end.isoformat()}
    return {
        **found.extra,
        "kind": "posts",
        "model": question.model,
        "title": f"{zh} · {len(found.sites)} 个屯警点 · {question.radius_minutes:g} 分钟",
        "title_en": f"{en} · {len(found.sites)} posts · {question.radius_minutes:g} min",
        "question": asked,
        "p": len(found.sites),
        "radius_seconds": limit,
        "profile": question.profile,
        "method": question.model.upper().replace("_", "-"),
        "demand_method": _demand_method(question),
        "demand_kind": demand_kind(question),
        "measure": found.measure,
        "covered": covered,
        "demand": float(needs.weights.sum()),
        "share": after.share,
        "objective": found.objective,
        "bound": found.bound,
        "gap": found.gap,
        "proved": found.proved,
        "termination": found.termination,
        "seconds": found.seconds,
        "seed": found.seed,
        "solver": found.solver,
        "n_calls": needs.n_calls,
        "n_unplaced": needs.n_unplaced,
        "n_cells": len(needs.weights),
        "n_sites": len(ground.sites),
        "from": needs.start.isoformat(),
        "to": needs.end.isoformat(),
        "basis": question.basis,
        "citizen": question.citizen,
        "posts": _posts(ground, question, found, times),
        "by_grid": {code: {"seconds": s, "covered": s <= limit} for code, s in by_grid.items()},
        "worst_grid": worst,
        "worst_grid_name": _grid_name(ground, worst),
        "before": before,
        "after": after.as_json(len(found.sites)),
        "next_post_gain": gain,
        "next_post": opened,
        "unreachable": list(grids.unreachable(nearest)),
    }


def _demand_method(question: PostsQuestion) -> str:
    if question.needs is not None:
        return "places listed in the question"
    if question.points is not None:
        return f"points: {', '.join(question.points)}"
    return "calls gathered into 100 m cells, snapped to the streets"


def _grid_name(ground: Ground, code: str | None) -> str | None:
    if code is None:
        return None
    frame = ground.workspace.grids(ground.principal).frame
    names = frame.loc[frame["code"] == code, "name"]
    return None if names.empty or names.iloc[0] is None else str(names.iloc[0])


def _next(ground: Ground, held: npt.NDArray[np.bool_], found: Solved) -> tuple[float, str | None]:
    """Return what one more post would cover at most, and where."""
    coverage = ground.coverage()
    missing = np.where(held, 0.0, ground.needs.weights)
    gain = np.bincount(coverage.sites, weights=missing[coverage.row_of_pair()], minlength=len(ground.sites))
    gain[[*found.sites.tolist(), *ground.closed]] = 0.0
    best = int(np.argmax(gain))
    return float(gain[best]), ground.keys[best] if gain[best] > 0 else None


def _posts(ground: Ground, question: PostsQuestion, found: Solved, times: Floats) -> list[Json]:
    weights, limit = ground.needs.weights, ground.limit
    near = times <= limit
    once = near & (near.sum(axis=1) == 1)[:, None]
    loss, within = weights @ once, weights @ near
    reached = np.isfinite(times.min(axis=1))
    load = np.bincount(times.argmin(axis=1)[reached], weights=weights[reached], minlength=times.shape[1])
    mean = _mean_of_nearest(times, weights)
    total, rows = float(weights.sum()), list[Json]()
    codes = ground.workspace.grid_index(ground.principal).at(ground.sites.lonlat[found.sites])
    listed = found.extra.get("levels")
    for k, site in enumerate(found.sites.tolist()):
        key = ground.keys[site]
        level = None if found.level is None else int(found.level[k])
        named = listed[level] if level is not None and isinstance(listed, list) else None
        units = None if found.units is None else int(found.units[k])
        zh, en = _why(
            demand=demand_kind(question), pinned=key in question.pinned, load=float(load[k]), part=float(load[k]) / total, within=float(within[k]),
            loss=float(loss[k]), mean=mean[k], minutes=question.radius_minutes, units=units,
            level=None if not isinstance(named, dict) else str(named["minutes"]), hours=question.opening.get(key),
        )  # fmt: skip
        post: dict[str, Json] = {
            "post_id": key,
            "name": ground.sites.names[site],
            "lon": float(ground.sites.lonlat[site, 0]),
            "lat": float(ground.sites.lonlat[site, 1]),
            "state": ground.sites.states[site],
            "kind": ground.sites.kinds[site],
            "grid": None if codes[k] is None else str(codes[k]),
            "pinned": key in question.pinned,
            "demand": float(load[k]),
            "within": float(within[k]),
            "loss": float(loss[k]),
            "mean_seconds": mean[k],
            "why": zh,
            "why_en": en,
        }
        if units is not None:
            post["units"] = units
        if level is not None:
            post["level"] = level
        rows.append(post)
    return rows


def _mean_of_nearest(times: Floats, weights: Floats) -> list[float | None]:
    """Return the mean seconds of the demand that is nearest to each post."""
    owner, best = times.argmin(axis=1), times.min(axis=1)
    kept = np.isfinite(best)
    count = times.shape[1]
    sums = np.bincount(owner[kept], weights=(weights * np.where(kept, best, 0))[kept], minlength=count)
    totals = np.bincount(owner[kept], weights=weights[kept], minlength=count)
    return [float(s / t) if t > 0 else None for s, t in zip(sums, totals, strict=True)]


def demand_kind(question: Asked | ScoreQuestion) -> Literal["calls", "points", "needs"]:
    """Return what the demand of a question counts: calls, points of a kind, or the weights of listed places."""
    if question.needs is not None:
        return "needs"
    return "calls" if question.points is None else "points"


COUNTED: Final = {
    "calls": ("{:,.0f} 起", "{:,.0f} calls"),
    "points": ("{:,.0f} 处", "{:,.0f} places"),
    "needs": ("需求 {:,.10g}", "a demand of {:,.10g}"),
}
"""How an amount of demand is said."""


def _why(
    *,
    demand: Literal["calls", "points", "needs"],
    pinned: bool,
    load: float,
    part: float,
    within: float,
    loss: float,
    mean: float | None,
    minutes: float,
    units: int | None,
    level: str | None,
    hours: str | None,
) -> tuple[str, str]:
    """Say why a post stands here, in both languages."""
    zh, en = [], []
    if pinned:
        zh.append("指定保留")
        en.append("locked by the planner")
    if level is not None:
        zh.append(f"{level} 分钟级")
        en.append(f"level of {level} min")
    if units is not None and units > 1:
        zh.append(f"驻 {units} 组")
        en.append(f"{units} units")
    if hours is not None:
        zh.append(f"开放 {hours} 时")
        en.append(f"open {hours}")
    away = "" if mean is None else f"，平均 {mean / 60:.1f} 分到"
    away_en = "" if mean is None else f", {mean / 60:.1f} min on average"
    n_zh, n_en = (form.format for form in COUNTED[demand])
    zh.append(f"最近承担 {n_zh(load)}（{part:.1%}{away}）")
    en.append(f"nearest to {n_en(load)} ({part:.1%}{away_en})")
    zh.append(f"{minutes:g} 分钟内可到 {n_zh(within)}")
    en.append(f"{n_en(within)} within {minutes:g} min")
    if loss > 0:
        zh.append(f"若撤除，少覆盖 {n_zh(loss)}")
        en.append(f"without it {n_en(loss)} less is covered")
    else:
        zh.append("其覆盖范围均有他点后备")
        en.append("all that it covers is covered by others too")
    return "；".join(zh), "; ".join(en)


def keep(workspace: Workspace, principal: Principal, body: Mapping[str, Json], *, kind: str = "posts") -> str:
    """Keep a plan, or another answer about posts, and return its number."""
    plan_id = f"{kind.replace('_', '-')}-{workspace.clock.now():%Y%m%d}-{secrets.token_hex(3)}"
    keep_plan(
        workspace,
        principal,
        PlanRecord(
            plan_id=plan_id, kind=kind, title=str(body["title"]), created_at=datetime.now(UTC),
            created_by=principal.account, body=dict(body),
        ),
    )  # fmt: skip
    return plan_id
