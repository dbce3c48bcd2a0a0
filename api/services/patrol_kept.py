"""A kept patrol plan, opened for an edit: its ground, problem, timetable and locks; and closed again as a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

from api.schemas.patrol import PatrolQuestion
from api.services import patrol_timetable
from api.services.open_plan import require_planner
from api.services.patrol_body import Made, Proof, body_of
from api.services.patrol_ground import Ground, ground_of
from api.services.patrol_marks import marked
from api.services.patrol_routes import Body
from api.services.patrol_tasks import issue_after
from api.services.patrol_terms import Terms
from api.services.patrol_versions import Step, keep_next, patrol_record, require_seen, version_of
from api.services.workspace import Workspace
from geo.errors import CheckError, ConflictError
from geo.store.port import Json, PlanRecord, Principal
from planners.patrol.mend.timetable import Lock
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """A plan as it was kept; ``ground.crews`` is the problem as events left it."""

    record: PlanRecord
    ground: Ground
    plan: SpacedPlan
    video: SpacedPlan | None
    locks: frozenset[Lock]

    @classmethod
    def open(cls, workspace: Workspace, principal: Principal, plan_id: str, *, seen: int) -> Self:
        """Open the newest version, which must be the one seen.

        Raises
        ------
        ForbiddenError
            If the account may not change plans.
        ConflictError
            If it is stale, or streets, points or units were changed so that its times do not hold any more.
        """
        require_planner(principal)
        record = patrol_record(workspace, principal, plan_id)
        require_seen(workspace, record, seen)
        body = record.body
        question = PatrolQuestion.model_validate(body["question"])
        terms = Terms.from_json(cast("Mapping[str, Json]", body["terms"]), cast("Mapping[str, Json]", body["shift"]))
        ground = ground_of(workspace, principal, question, terms)
        problem, plan = patrol_timetable.from_json(ground.crews, cast("Mapping[str, Json]", body["timetable"]))
        video = None
        if ground.video is not None and body["video_timetable"] is not None:
            _, video = patrol_timetable.from_json(ground.video, cast("Mapping[str, Json]", body["video_timetable"]))
        try:
            check_spacing(problem, plan)
        except CheckError as gone:
            raise ConflictError(
                f"Streets, points or units were changed since {plan_id} was made ({gone.en}); plan anew",
                f"{plan_id} 生成后路网、必巡点或巡组已变更（{gone.zh}），请重新规划",
            ) from gone
        locks = frozenset(_locks(problem, cast("Sequence[Sequence[Json]]", body["locks"])))
        return cls(record=record, ground=replace(ground, crews=problem), plan=plan, video=video, locks=locks)

    def body(
        self,
        plan: SpacedPlan,
        *,
        locks: frozenset[Lock] | None = None,
        ground: Ground | None = None,
        termination: str = "edited",
        extra: Mapping[str, Json] | None = None,
    ) -> Body:
        """Return the body of the plan with another timetable; what was proved stays where the question is the same."""
        ground, before = ground or self.ground, self.record.body
        same = not ground.crews.starts and ground.closed is self.ground.closed
        bound = cast("float | None", before["bound"]) if same else None
        proof = Proof(
            objective=units_of(ground.crews, plan), bound=bound,
            units=cast("int | None", before["lower_bound_units"]) if same else None, termination=termination,
            seconds=float(cast("float", before["seconds"])), seed=int(cast("int", before["seed"])),
            solver=str(before["solver"]),
        )  # fmt: skip
        made = Made(
            plan=plan, video=self.video, proof=proof, locks=self.locks if locks is None else locks, edited=True,
            extra={
                **{name: self._of_before(name, plan) for name in ("cover", "regularity")},
                "issues": before.get("issues") or [], "events": before.get("events") or [],
                **(_no_bound(before) if bound is None else {}), **(extra or {}),
            },
            notes=cast("Sequence[Mapping[str, Json]]", before["kept_notes"]),
        )  # fmt: skip
        body = body_of(ground, made, before=before)
        return body | {"issue": issue_after(before.get("issue"), body)}

    def _of_before(self, name: str, plan: SpacedPlan) -> Json:
        """Return a figure of the version before, marked where the timetable is another now."""
        held = self.record.body.get(name)
        return held if plan is self.plan else marked(held, version_of(self.record.body))

    def keep(self, workspace: Workspace, principal: Principal, body: Body, step: Step) -> int:
        """Keep a body as the next version and return its number."""
        seen = version_of(self.record.body)
        return keep_next(workspace, principal, self.record.plan_id, body, seen=seen, step=step)


def _no_bound(before: Mapping[str, Json]) -> Body:
    """Return in words why there is no bound any more, and the one that the plan had."""
    planned = (
        before["lower_bound_units"] if before.get("planned_bound_units") is None else before["planned_bound_units"]
    )
    was = (f"（{planned} 组）", f" ({planned} units)") if planned is not None else ("", "")
    return {
        "planned_bound_units": planned,
        "bound_note_zh": f"事件后已执行的部分不可更改，规划时的理论下限{was[0]}不再适用，未另行计算",
        "bound_note_en": f"what was driven before the event cannot be changed: the bound of the plan{was[1]} no longer holds, none is computed",
    }  # fmt: skip


def units_of(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the objective of a checked plan without its optional stops, whose worth is told apart."""
    prizes = sum(stop.prize for stop in problem.optional)
    collected = sum(problem.optional[i].prize for route in plan.routes for i in route.optional.tolist() if i >= 0)
    return float(check_spacing(problem, plan) + collected / (prizes + 1))


def _locks(problem: SpacingProblem, held: Sequence[Sequence[Json]]) -> list[Lock]:
    places = {key: number - problem.posts for number, key in enumerate(problem.post_keys)}
    places |= {key: number for number, key in enumerate(problem.point_keys)}
    return [
        Lock(unit=str(unit), point=places[str(place)], begin=int(cast("int", begin)))
        for unit, place, begin in held
        if str(place) in places
    ]
