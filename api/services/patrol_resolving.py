"""Patrol plans solved again around what is locked."""

from __future__ import annotations

from collections.abc import Mapping

from api.schemas.patrol import Resolve
from api.services.open_plan import require_planner
from api.services.patrol_cover import cover_of, told
from api.services.patrol_kept import Kept
from api.services.patrol_regularity import regular_now
from api.services.patrol_solving import between, sharing, unvisited_out
from api.services.patrol_versions import Step, patrol_record, require_seen
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer
from planners.patrol.mend.chances import with_optional
from planners.patrol.mend.improve import improve
from planners.patrol.spacing.check import check_spacing


def require_newest(workspace: Workspace, principal: Principal, plan_id: str, asked: Resolve) -> None:
    """Raise before any work where the plan is not there, or was changed since it was seen."""
    require_planner(principal)
    require_seen(workspace, patrol_record(workspace, principal, plan_id), asked.version)


def resolve(
    workspace: Workspace, principal: Principal, plan_id: str, asked: Resolve, observe: Observer
) -> Mapping[str, Json]:
    """Solve a plan again around its locked stops; keep the best as the next version."""
    kept = Kept.open(workspace, principal, plan_id, seen=asked.version)
    budget = Budget(seconds=asked.seconds, iterations=asked.iterations, seed=asked.seed)
    outcome = improve(
        kept.ground.crews,
        between(kept.ground.crews, kept.plan),
        budget,
        locks=kept.locks,
        idle=True,
        observe=sharing(observe, asked.seconds, 0.0, 0.95),
    )
    problem = kept.ground.crews
    plan = min(kept.plan, unvisited_out(problem, outcome.plan), key=lambda p: check_spacing(problem, p))
    if problem.optional:
        plan = with_optional(problem, plan)
    cover = cover_of(workspace, principal, kept.ground)
    extra = {"cover": told(kept.ground, plan, cover), "regularity": regular_now(workspace, principal, kept, plan).held}
    body = kept.body(plan, termination=outcome.termination.value, extra=extra)
    body |= {"seed": outcome.seed, "solver": outcome.solver, "seconds": outcome.seconds}
    n = len(kept.locks)
    step = Step(action="resolve", zh=f"保留 {n} 个锁定停留重新求解", en=f"solved again around {n} locked stops")
    return {"plan_id": plan_id, "version": kept.keep(workspace, principal, body, step)}
