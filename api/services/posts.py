"""Posts: what today's posts cover, and which posts answer a planner's question best."""

from __future__ import annotations

from collections.abc import Mapping

from api.schemas.posts import PostsCoverage, PostsQuestion, WorstGrid
from api.services.demand import demand
from api.services.filters import CallFilter
from api.services.place import check_profile
from api.services.posts_figures import response, seconds_by_grid, unreachable_grids, worst_of
from api.services.posts_ground import Ground, prepare
from api.services.posts_kernels import get_ready
from api.services.posts_models import MODELS, require_posts, require_question
from api.services.posts_plan import keep, plan_of
from api.services.posts_recheck import figure_from_streets
from api.services.posts_sites import today_sites
from api.services.posts_solved import Solved, agree, timed_share
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer, Progress


def coverage_today(
    workspace: Workspace, principal: Principal, *, minutes: float, profile: str, wanted: CallFilter
) -> PostsCoverage:
    """Say what share of calls today's posts reach within ``minutes``, and where they come last."""
    check_profile(profile)
    needs = demand(workspace, principal, wanted, profile)
    sites = today_sites(workspace, principal, profile)
    version = (workspace.store.version("posts"), workspace.store.version("calls"), profile, needs.start, needs.end)
    nearest = workspace.derived.get(
        f"nearest:{profile}", (version, wanted),
        lambda: workspace.travel(profile).matrix(sites.places, needs.places).min(axis=0),
    )  # fmt: skip
    figures = response(nearest, needs, minutes * 60)
    by_grid = seconds_by_grid(nearest, needs)
    code = worst_of(by_grid)
    worst = None
    if code is not None:
        names = workspace.grids(principal).frame.set_index("code")["name"]
        worst = WorstGrid(code=code, name=names.get(code), seconds=by_grid[code])
    return PostsCoverage(
        n=needs.n_calls, n_unplaced=needs.n_unplaced, basis=wanted.basis, citizen=wanted.citizen,
        n_posts=len(sites), minutes=minutes, profile=profile, start=needs.start, end=needs.end,
        share=figures.share, interval=figures.interval,
        mean_seconds=figures.mean_seconds, p90_seconds=figures.p90_seconds, worst_grid=worst,
        unreachable=unreachable_grids(nearest, needs), unreachable_calls=figures.unreachable_calls, by_grid=by_grid,
    )  # fmt: skip


def prepared(workspace: Workspace, principal: Principal, question: PostsQuestion) -> Ground:
    """Gather what a question is about, or say what is wrong with it before any solver starts."""
    require_question(question)
    ground = prepare(workspace, principal, question)
    require_posts(ground, question)
    return ground


def answer(ground: Ground, question: PostsQuestion, observe: Observer) -> Solved:
    """Solve, check by the planner's own ``check``, and recompute the objective from the streets alone."""
    budget = Budget(seconds=question.seconds, iterations=question.iterations, seed=question.seed)
    get_ready(observe, "budget" if question.budget is not None else question.model)
    observe(Progress(seconds=0.0, share=0.0, message="求解 / solving"))
    found = MODELS[question.model](ground, question, budget, timed_share(observe, question.seconds))
    again = figure_from_streets(
        ground, question, found.sites, units=found.units, level=found.level, extra=found.extra
    )  # fmt: skip
    agree("The solver", "求解器", found.objective, again)
    return found


def solve_prepared(ground: Ground, question: PostsQuestion, observe: Observer) -> dict[str, Json]:
    """Answer a question whose ground is there, keep the plan, and return its number."""
    found = answer(ground, question, observe)
    return {"plan_id": keep(ground.workspace, ground.principal, plan_of(ground, question, found))}


def solve_posts(
    workspace: Workspace, principal: Principal, question: PostsQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Answer a question, check the plan on the streets, keep it, and return its number."""
    return solve_prepared(prepared(workspace, principal, question), question, observe)
