"""One more, one fewer: curves of closing, opening, numbers of posts and moves, with intervals over bootstrap weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from api.schemas.posts import CurveQuestion, PinQuestion
from api.services.posts_figures import share_interval
from api.services.posts_ground import Ground, prepare
from api.services.posts_kernels import get_ready
from api.services.posts_models import mclp_problem
from api.services.posts_needs import by_columns, call_cells, wanted_calls
from api.services.posts_plan import demand_kind
from api.services.posts_solved import agree
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, ParameterError
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer, Progress
from planners.posts.check import check_mclp
from planners.posts.least_change import price_of_stability
from planners.posts.mclp import solve_mclp
from planners.posts.plan import PostPlan
from planners.posts.value_of_one_more import Interval, Step, closing_order, opening_order, value_curve

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def curve(
    workspace: Workspace, principal: Principal, question: CurveQuestion, observe: Observer
) -> dict[str, Json]:  # fmt: skip
    """Answer one of the four curves; every share carries n and its interval over bootstrap weeks."""
    ground = prepare(workspace, principal, question)
    get_ready(observe, "mclp")
    answered = {"close": _close, "open": _open, "value": _value, "moves": _moves}[question.kind](
        ground, question, observe
    )
    needs = ground.needs
    return {
        "kind": "posts_curve",
        **_titled(question.kind),
        "curve": question.kind,
        "demand_kind": demand_kind(question),
        "radius_seconds": ground.limit,
        "profile": question.profile,
        "n_calls": needs.n_calls,
        "n_unplaced": needs.n_unplaced,
        "from": needs.start.isoformat(),
        "to": needs.end.isoformat(),
        "basis": question.basis,
        "citizen": question.citizen,
        "seed": question.seed,
        **answered,
    }


def _titled(kind: str) -> dict[str, Json]:
    zh, en = {
        "close": ("撤点损失曲线", "Which to close"),
        "open": ("增点收益曲线", "Which to open"),
        "value": ("点数与覆盖曲线", "Cover by number of posts"),
        "moves": ("调整数与覆盖曲线", "Price of stability"),
    }[kind]
    return {"title": zh, "title_en": en}


def start_rows(ground: Ground, question: CurveQuestion) -> Rows:
    """Return the sites of the posts to start from: those named, or today's."""
    rows = ground.today if question.plan is None else np.array(ground.sites.numbers(list(question.plan)), np.int64)
    rows = np.unique(np.setdiff1d(rows, np.array(ground.closed, np.int64)))
    rows = np.union1d(rows, np.array(ground.fixed, np.int64))
    if not len(rows):
        raise InfeasibleError(
            "There is no post to start from; name some (plan) or import posts in operation",
            "没有可作起点的屯警点，请指定方案点位或先导入现有屯警点",
        )
    return rows


def weekly_demand(ground: Ground, question: CurveQuestion) -> Floats | None:
    """Return demand by week, float64[weeks, n], or None where demand has no time or fewer than two whole weeks."""
    if question.needs is not None or question.points is not None:
        return None
    wanted = wanted_calls(ground.workspace, ground.principal, question)
    rows, times = call_cells(ground.workspace, ground.principal, ground.needs, wanted)
    last = ground.needs.end
    ago = np.array([int((last - at) // timedelta(days=7)) for at in times], np.int64)
    whole = int((last - ground.needs.start) // timedelta(days=7))
    kept = ago < whole
    if whole < 2:
        return None
    return by_columns(rows[kept], ago[kept], n=len(ground.needs.weights), m=whole).T


def _open_plan(ground: Ground, rows: Rows) -> PostPlan:
    is_open = np.zeros(len(ground.sites), bool)
    is_open[rows] = True
    return PostPlan(sites=rows.astype(np.int32), assignment=ground.coverage().nearest_open(is_open))


def _stay(
    ground: Ground, question: CurveQuestion, order: Callable[..., tuple[Step, ...]], count: int
) -> dict[str, Json]:  # fmt: skip
    rows = start_rows(ground, question)
    problem = mclp_problem(ground, max(len(rows), len(ground.fixed)))
    plan = _open_plan(ground, rows)
    weekly = weekly_demand(ground, question)
    steps = order(problem, plan, count=count, weekly=weekly, seed=question.seed)
    weights = ground.needs.weights
    start = float(weights[ground.nearest_of(ground.sites.some(rows)) <= ground.limit].sum())
    agree("The curve's start", "曲线起点", start, check_mclp(problem, plan))
    out: list[Json] = []
    for done, step in enumerate(steps, start=1):
        site = step.site
        out.append(
            {
                "step": done,
                "post_id": ground.keys[site],
                "name": ground.sites.names[site],
                "lon": float(ground.sites.lonlat[site, 0]),
                "lat": float(ground.sites.lonlat[site, 1]),
                **_interval("change", step.change),
                "share": step.share_after,
                "interval": list(share_interval(step.share_after * float(weights.sum()), weights)),
            }
        )
    share = start / float(weights.sum())
    return {
        "start": {"posts": len(rows), "share": share, "interval": list(share_interval(start, weights))},
        "weeks": 0 if weekly is None else len(weekly),
        "points": out,
    }


def _interval(name: str, value: Interval | None) -> dict[str, Json]:
    if value is None:
        return {name: None, f"{name}_interval": None}
    ends: Json = None if value.low is None or value.high is None else [value.low, value.high]
    return {name: value.value, f"{name}_interval": ends}


def _close(ground: Ground, question: CurveQuestion, observe: Observer) -> dict[str, Json]:
    observe(Progress(seconds=0.0, share=0.1))
    free = len(np.setdiff1d(start_rows(ground, question), ground.fixed))
    return _stay(ground, question, closing_order, min(question.count, max(0, free - (0 if ground.fixed else 1))))


def _open(ground: Ground, question: CurveQuestion, observe: Observer) -> dict[str, Json]:
    observe(Progress(seconds=0.0, share=0.1))
    taken = np.union1d(start_rows(ground, question), ground.closed)
    left = len(ground.sites) - len(taken)
    if not left:
        raise InfeasibleError(
            "Every site is open already; allow candidates or sites on the streets", "全部点位均已启用，请放宽可选位置"
        )
    return _stay(ground, question, opening_order, min(question.count, left))


def _value(ground: Ground, question: CurveQuestion, observe: Observer) -> dict[str, Json]:
    usable = len(ground.sites) - len(set(ground.closed))
    middle = len(start_rows(ground, question))
    numbers = question.posts or tuple(range(middle - question.count // 2, middle + question.count // 2 + 1))
    numbers = tuple(sorted({n for n in numbers if max(1, len(ground.fixed)) <= n <= usable}))
    if not numbers:
        raise ParameterError(
            f"Numbers of posts must be within 1 and {usable}, the sites there are",
            f"点数应在 1 至 {usable}（可用点位数）之间",
        )
    weekly = weekly_demand(ground, question)
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    points = value_curve(
        mclp_problem(ground, numbers[0]), posts=numbers, budget=budget, weekly=weekly,
        observe=lambda share: observe(Progress(seconds=0.0, share=share)),
    )  # fmt: skip
    out: list[Json] = [
        {
            "posts": point.p,
            **_interval("share", point.share),
            **_interval("gain", point.gain),
            "bound_share": point.bound_share,
            "objective": point.outcome.objective,
            "bound": point.outcome.bound,
            "gap": point.outcome.gap,
            "proved": bool(point.outcome.proved),
        }
        for point in points
    ]
    return {"weeks": 0 if weekly is None else len(weekly), "points": out, "today": len(ground.today)}


def _moves(ground: Ground, question: CurveQuestion, observe: Observer) -> dict[str, Json]:
    rows = start_rows(ground, question)
    most = min(question.count, len(rows))
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    weights = ground.needs.weights
    points = price_of_stability(
        mclp_problem(ground, len(rows)), rows, moves=list(range(most)), budget=budget,
        observe=lambda share: observe(Progress(seconds=0.0, share=share)),
    )  # fmt: skip
    total = float(weights.sum())
    out: list[Json] = []
    for point in points:
        again = float(weights[ground.nearest_of(ground.sites.some(point.outcome.plan.sites.astype(np.int64))) <= ground.limit].sum())  # fmt: skip
        agree("The curve", "曲线", point.objective, again)
        chosen = point.outcome.plan.sites.astype(np.int64)
        out.append(
            {
                "moves": point.moves,
                "given_up": [ground.keys[i] for i in np.setdiff1d(rows, chosen).tolist()],
                "opened": [ground.keys[i] for i in np.setdiff1d(chosen, rows).tolist()],
                "objective": point.objective,
                "bound": point.bound,
                "gap": point.outcome.gap,
                "proved": bool(point.outcome.proved),
                "share": point.objective / total,
                "interval": list(share_interval(point.objective, weights)),
                "price": point.price,
            }
        )
    return {"points": out, "today": len(rows)}


def pinned(
    workspace: Workspace, principal: Principal, question: PinQuestion, observe: Observer
) -> Mapping[str, Json]:  # fmt: skip
    """Solve with and without one post held (or shut) and say what moves and what it costs."""
    ground = prepare(workspace, principal, question)
    [site] = ground.sites.numbers([question.post_id])
    get_ready(observe, "mclp")
    half = Budget(seconds=question.seconds / 2, iterations=question.iterations, seed=question.seed)
    free = solve_mclp(mclp_problem(ground, question.p), half, observe=observe)
    held_ground = Ground(
        workspace=workspace, principal=principal, question=question, needs=ground.needs, sites=ground.sites,
        fixed=[*ground.fixed, site] if question.must == "stay" else ground.fixed,
        closed=[*ground.closed, site] if question.must == "go" else ground.closed,
    )  # fmt: skip
    problem = mclp_problem(held_ground, question.p)
    held = solve_mclp(problem, half, observe=observe)
    agree("The solver", "求解器", held.objective, check_mclp(problem, held.plan))
    gone, come = np.setdiff1d(free.plan.sites, held.plan.sites), np.setdiff1d(held.plan.sites, free.plan.sites)
    total = float(ground.needs.weights.sum())
    name = ground.sites.names
    return {
        "kind": "posts_pin",
        "title": f"{'保留' if question.must == 'stay' else '撤除'} {question.post_id} 的影响",
        "title_en": f"What it takes for {question.post_id} to {question.must}",
        "post_id": question.post_id,
        "must": question.must,
        "demand_kind": demand_kind(question),
        "n_unplaced": ground.needs.n_unplaced,
        "from": ground.needs.start.isoformat(),
        "to": ground.needs.end.isoformat(),
        "basis": question.basis,
        "citizen": question.citizen,
        "p": question.p,
        "n_calls": ground.needs.n_calls,
        "free": _outcome(free.objective, free.bound, free.proved, total, ground),
        "held": _outcome(held.objective, held.bound, held.proved, total, ground),
        "price": max(0.0, free.objective - held.objective),
        "closed": [{"post_id": ground.keys[i], "name": name[i]} for i in gone.tolist()],
        "opened": [{"post_id": ground.keys[i], "name": name[i]} for i in come.tolist()],
        "seed": question.seed,
    }


def _outcome(objective: float, bound: float | None, proved: object, total: float, ground: Ground) -> dict[str, Json]:
    return {
        "objective": objective,
        "bound": bound,
        "gap": None if bound is None else max(0.0, bound - objective) / max(objective, 1e-9),
        "proved": bool(proved),
        "share": objective / total,
        "interval": list(share_interval(objective, ground.needs.weights)),
    }
