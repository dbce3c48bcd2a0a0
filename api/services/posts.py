"""Posts: what today's posts cover, and which posts would cover most."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import shapely
from scipy.stats import binomtest

from api.schemas.posts import PostsCoverage, PostsQuestion, WorstGrid
from api.services.demand import Demand, demand
from api.services.filters import CallFilter
from api.services.open_plan import keep_plan
from api.services.place import check_profile
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, NotFoundError
from geo.store.port import Json, PlanRecord, Principal
from geo.streets.snap import Places
from geo.tables.posts import Posts
from planners.contract import Budget, Observer, Outcome
from planners.posts.build import build_mclp
from planners.posts.check import check_mclp
from planners.posts.mclp import solve_mclp
from planners.posts.metrics import PostMetrics, evaluate
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Places where a post stands or could stand."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    lonlat: Floats
    states: tuple[str, ...]
    places: Places


def sites_of(workspace: Workspace, principal: Principal, profile: str, states: Sequence[str]) -> Sites:
    """Return the posts in ``states``, snapped to the streets of the profile."""
    table: Posts = workspace.posts(principal)
    frame = table.frame[table.frame["state"].isin(list(states))]
    lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array))
    return Sites(
        keys=tuple(frame["post_id"]), names=tuple(frame["name"]), lonlat=lonlat, states=tuple(frame["state"]),
        places=workspace.snap(profile, lonlat),
    )  # fmt: skip


def seconds_between(workspace: Workspace, profile: str, sites: Sites, needs: Demand) -> Floats:
    """Return street seconds from each site to each cell of demand, float64[demand, sites], inf = unreachable."""
    return workspace.travel(profile).matrix(sites.places, needs.places).T


def coverage_today(
    workspace: Workspace, principal: Principal, *, minutes: float, profile: str, wanted: CallFilter
) -> PostsCoverage:
    """Say what share of calls today's posts reach within ``minutes``, and where they come last."""
    check_profile(profile)
    needs = demand(workspace, principal, wanted, profile)
    sites = sites_of(workspace, principal, profile, ("fixed",))
    if not sites.keys:
        raise NotFoundError("There are no posts yet: xunge import posts FILE", "尚无屯警点，请先导入")
    version = (workspace.store.version("posts"), workspace.store.version("calls"), profile, needs.start, needs.end)
    nearest = workspace.derived.get(
        f"nearest:{profile}", (version, wanted), lambda: seconds_between(workspace, profile, sites, needs).min(axis=1)
    )
    figures = response(nearest, needs, minutes * 60)
    by_grid = seconds_by_grid(nearest, needs)
    worst = None
    if by_grid:
        code = max(by_grid, key=lambda key: by_grid[key])
        names = workspace.grids(principal).frame.set_index("code")["name"]
        worst = WorstGrid(code=code, name=names.get(code), seconds=by_grid[code])
    return PostsCoverage(
        n=needs.n_calls, n_unplaced=needs.n_unplaced, basis=wanted.basis, citizen=wanted.citizen,
        n_posts=len(sites.keys), minutes=minutes, profile=profile, start=needs.start, end=needs.end,
        share=figures.share, interval=figures.interval,
        mean_seconds=figures.mean_seconds, p90_seconds=figures.p90_seconds, worst_grid=worst,
        unreachable=unreachable_grids(nearest, needs), unreachable_calls=figures.unreachable_calls, by_grid=by_grid,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Share of calls reached in time (of all, unreachable ones included) and times of the reachable ones."""

    share: float
    interval: tuple[float, float]
    mean_seconds: float | None
    p90_seconds: float | None
    worst_seconds: float | None
    unreachable_calls: int


def response(nearest: Floats, needs: Demand, limit_seconds: float) -> Response:
    """Compute the figures of nearest-post seconds, float64[k]; the interval is Clopper and Pearson's, 95 %."""
    weights = needs.weights
    reached = np.isfinite(nearest)
    covered = int(weights[nearest <= limit_seconds].sum())
    total = int(weights.sum())
    exact = binomtest(covered, total).proportion_ci(method="exact")
    mean = p90 = worst = None
    if reached.any():
        times, counts = nearest[reached], weights[reached]
        order = np.argsort(times, kind="stable")
        running = np.cumsum(counts[order])
        mean = float(np.average(times, weights=counts))
        p90 = float(times[order][np.searchsorted(running, 0.9 * running[-1])])
        worst = float(times.max())
    return Response(
        share=covered / total, interval=(float(exact.low), float(exact.high)), mean_seconds=mean, p90_seconds=p90,
        worst_seconds=worst, unreachable_calls=int(weights[~reached].sum()),
    )  # fmt: skip


def seconds_by_grid(nearest: Floats, needs: Demand) -> dict[str, float]:
    """Return the call-weighted mean seconds of each grid with reachable calls."""
    known = np.isfinite(nearest) & np.array([code is not None for code in needs.grids])
    codes, rows = np.unique(needs.grids[known].astype(str), return_inverse=True)
    weights = needs.weights[known]
    totals = np.bincount(rows, weights=weights, minlength=len(codes))
    sums = np.bincount(rows, weights=weights * nearest[known], minlength=len(codes))
    return {str(code): float(s) for code, s in zip(codes, sums / np.maximum(totals, 1e-12), strict=True)}


def unreachable_grids(nearest: Floats, needs: Demand) -> list[str]:
    """Return the grids that have calls and none of them reachable."""
    codes = {str(c) for c in needs.grids if c is not None}
    reached = {str(c) for c, s in zip(needs.grids, nearest, strict=True) if c is not None and np.isfinite(s)}
    return sorted(codes - reached)


def solve_posts(
    workspace: Workspace, principal: Principal, question: PostsQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Choose the posts that cover most, check the plan on its own, keep it, and return its id."""
    profile = check_profile(question.profile)
    wanted = CallFilter(
        basis=question.basis, citizen=question.citizen, families=frozenset(question.families) if question.families else None,
        start=question.from_, end=question.to,
    )  # fmt: skip
    needs = demand(workspace, principal, wanted, profile)
    states = {"posts": ("fixed",), "candidates": ("candidate",), "all": ("fixed", "candidate")}[question.candidates]
    sites = sites_of(workspace, principal, profile, states)
    position = {key: i for i, key in enumerate(sites.keys)}
    unknown = [key for key in (*question.pinned, *question.closed) if key not in position]
    if unknown:
        raise NotFoundError(
            f"Posts {', '.join(unknown[:5])} are not among the sites", f"点位 {'、'.join(unknown[:5])} 不在备选范围内",
            rows=unknown,
        )  # fmt: skip
    if not sites.keys:
        raise InfeasibleError("There is no site to choose from", "没有可选点位")
    seconds = seconds_between(workspace, profile, sites, needs)
    limit = question.radius_minutes * 60
    problem = build_mclp(
        seconds, weights=needs.weights, site_keys=sites.keys, p=question.p, radius_seconds=limit,
        fixed=[position[k] for k in question.pinned], closed=[position[k] for k in question.closed],
    )  # fmt: skip
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    outcome = solve_mclp(problem, budget, observe=observe)
    check_mclp(problem, outcome.plan)
    body = _body(workspace, principal, question, problem, outcome, needs, sites, seconds)
    plan_id = f"posts-{workspace.clock.now():%Y%m%d}-{secrets.token_hex(3)}"
    keep_plan(
        workspace,
        principal,
        PlanRecord(
            plan_id=plan_id, kind="posts", title=str(body["title"]), created_at=datetime.now(UTC),
            created_by=principal.account, body=body,
        ),
    )  # fmt: skip
    return {"plan_id": plan_id}


def _body(
    workspace: Workspace,
    principal: Principal,
    question: PostsQuestion,
    problem: MclpProblem,
    outcome: Outcome[PostPlan],
    needs: Demand,
    sites: Sites,
    seconds: Floats,
) -> dict[str, Json]:
    plan = outcome.plan
    metrics = evaluate(problem, plan, seconds=seconds[:, plan.sites])
    nearest = seconds[:, plan.sites].min(axis=1)
    after = response(nearest, needs, problem.coverage.radius_seconds)
    today = sites_of(workspace, principal, question.profile, ("fixed",))
    before: Mapping[str, Json] | None = None
    if today.keys:
        now_nearest = seconds_between(workspace, question.profile, today, needs).min(axis=1)
        before = _figures(response(now_nearest, needs, problem.coverage.radius_seconds), len(today.keys))
    by_grid = seconds_by_grid(nearest, needs)
    limit = problem.coverage.radius_seconds
    return {
        "kind": "posts",
        "title": f"{question.p} 个屯警点 · {question.radius_minutes:g} 分钟",
        "title_en": f"{question.p} posts · {question.radius_minutes:g} min",
        "p": question.p,
        "radius_seconds": limit,
        "profile": question.profile,
        "method": "MCLP",
        "demand_method": "calls gathered into 100 m cells, snapped to the streets",
        "covered": metrics.covered_weight,
        "demand": metrics.total_weight,
        "share": metrics.coverage_share,
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        "proved": outcome.proved,
        "termination": outcome.termination.value,
        "seconds": outcome.seconds,
        "seed": outcome.seed,
        "solver": outcome.solver,
        "n_calls": needs.n_calls,
        "n_unplaced": needs.n_unplaced,
        "n_cells": len(needs.weights),
        "n_sites": len(sites.keys),
        "from": needs.start.isoformat(),
        "to": needs.end.isoformat(),
        "basis": question.basis,
        "citizen": question.citizen,
        "posts": _posts(outcome, metrics, sites, set(question.pinned)),
        "by_grid": {code: {"seconds": s, "covered": s <= limit} for code, s in by_grid.items()},
        "before": before,
        "after": _figures(after, question.p),
        "next_post_gain": metrics.next_gain,
        "next_post": sites.keys[metrics.next_site] if metrics.next_site >= 0 else None,
        "unreachable": unreachable_grids(nearest, needs),
    }


def _figures(figures: Response, posts: int) -> dict[str, Json]:
    return {
        "posts": posts,
        "share": figures.share,
        "interval": list(figures.interval),
        "mean_seconds": figures.mean_seconds,
        "p90_seconds": figures.p90_seconds,
        "worst_seconds": figures.worst_seconds,
        "unreachable_calls": figures.unreachable_calls,
    }


def _posts(outcome: Outcome[PostPlan], metrics: PostMetrics, sites: Sites, pinned: set[str]) -> list[Json]:
    rows: list[Json] = []
    for k, site in enumerate(outcome.plan.sites.tolist()):
        load, loss = float(metrics.load[k]), float(metrics.loss[k])
        reason = "指定保留；" if sites.keys[site] in pinned else ""
        rows.append(
            {
                "post_id": sites.keys[site],
                "name": sites.names[site],
                "lon": float(sites.lonlat[site, 0]),
                "lat": float(sites.lonlat[site, 1]),
                "state": sites.states[site],
                "demand": load,
                "loss": loss,
                "why": f"{reason}最近承担 {load:,.0f} 起；若撤除，少覆盖 {loss:,.0f} 起",
                "why_en": f"nearest to {load:,.0f} calls; without it {loss:,.0f} fewer are covered",
            }
        )
    return rows
