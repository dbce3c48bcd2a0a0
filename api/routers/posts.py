"""Posts: evaluate, score while they are dragged, solve by any model, ask for curves and fronts, check, export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import As, InJobs, InWorkspace
from api.jobs.runner import JobRunner, Work
from api.routers.filtering import AskedCalls
from api.schemas.jobs import JobStarted
from api.schemas.posts import (
    CurveQuestion,
    FrontQuestion,
    MatchQuestion,
    PinQuestion,
    PostsCoverage,
    PostsQuestion,
    Score,
    ScoreQuestion,
    SightQuestion,
)
from api.schemas.problems import answers
from api.services.place import check_profile
from api.services.posts import coverage_today, prepared, solve_prepared
from api.services.posts_curves import curve, pinned
from api.services.posts_export import plan_file
from api.services.posts_front import front
from api.services.posts_ground import prepare
from api.services.posts_plan import keep
from api.services.posts_recheck import recheck
from api.services.posts_score import score
from api.services.posts_sight import match, sight
from geo.store.port import Json, Principal

router = APIRouter(prefix="/api/posts", tags=["posts"])


def _started(runner: JobRunner, principal: Principal, kind: str, response: Response, work: Work) -> JobStarted:
    record = runner.start(principal, kind, work)
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


def _kept(workspace: InWorkspace, principal: Principal, body: Mapping[str, Json]) -> dict[str, Json]:
    return {"plan_id": keep(workspace, principal, body, kind=str(body["kind"]))}


@router.get("/coverage", responses=answers(404, 503))
def coverage(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    minutes: Annotated[float, Query(gt=0, le=60)] = 3.0,
    profile: str = "response_car",
) -> PostsCoverage:
    """Say what today's posts cover within the standard, and where they come last."""
    return coverage_today(workspace, principal, minutes=minutes, profile=profile, wanted=wanted)


@router.post("/score", responses=answers(404, 503))
def score_posts(question: ScoreQuestion, workspace: InWorkspace, principal: As) -> Score:
    """Say at once what posts are worth as they stand on the map now."""
    return score(workspace, principal, question)


@router.post("/solve", status_code=202, responses=answers(404, 409, 503))
def solve(
    question: PostsQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Choose posts by a model; watch the job for objective and bound."""
    check_profile(question.profile)
    ground = prepared(workspace, principal, question)
    return _started(runner, principal, "posts", response, lambda observe: solve_prepared(ground, question, observe))


@router.post("/front", status_code=202, responses=answers(404, 409, 503))
def solve_front(
    question: FrontQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Walk the front of coverage, mean, worst and equity and name three plans of it."""
    check_profile(question.profile)
    ground = prepare(workspace, principal, question)
    work: Work = lambda observe: front(workspace, principal, question, ground, observe)  # noqa: E731
    return _started(runner, principal, "posts_front", response, work)


@router.post("/curve", status_code=202, responses=answers(404, 409, 503))
def solve_curve(
    question: CurveQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Say which posts to close or open next, what each number of posts could do, or what each move brings."""
    check_profile(question.profile)
    prepare(workspace, principal, question)
    work: Work = lambda observe: _kept(workspace, principal, curve(workspace, principal, question, observe))  # noqa: E731
    return _started(runner, principal, "posts_curve", response, work)


@router.post("/pin", status_code=202, responses=answers(404, 409, 503))
def solve_pin(
    question: PinQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Say what moves when a post must stay or go."""
    check_profile(question.profile)
    prepare(workspace, principal, question).sites.numbers([question.post_id])
    work: Work = lambda observe: _kept(workspace, principal, pinned(workspace, principal, question, observe))  # noqa: E731
    return _started(runner, principal, "posts_pin", response, work)


@router.post("/sight", status_code=202, responses=answers(404, 409, 503))
def solve_sight(
    question: SightQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Say what cameras or alarms see, where they are blind, and where more would see most."""
    work: Work = lambda observe: _kept(workspace, principal, sight(workspace, principal, question, observe))  # noqa: E731
    return _started(runner, principal, "posts_sight", response, work)


@router.post("/match", status_code=202, responses=answers(404, 409, 503))
def solve_match(
    question: MatchQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Match mentors to towns, or officers to police areas, with least travel."""
    check_profile(question.profile)
    work: Work = lambda _: _kept(workspace, principal, match(workspace, question))  # noqa: E731
    return _started(runner, principal, "posts_match", response, work)


@router.get("/plans/{plan_id}/check", responses=answers(404, 409))
def check(plan_id: str, workspace: InWorkspace, principal: As) -> dict[str, object]:
    """Recompute a kept plan from where its posts stand and the streets alone."""
    return recheck(workspace, principal, plan_id)


@router.get("/plans/{plan_id}/export", response_class=Response, responses=answers(404))
def export(
    plan_id: str,
    workspace: InWorkspace,
    principal: As,
    kind: Annotated[str, Query(alias="f")] = "xlsx",
    frame: str = "WGS84",
) -> Response:
    """Return a kept plan as a file, a row for each post with its reasons."""
    made = plan_file(workspace, principal, plan_id, kind, frame_out=frame)
    return Response(
        made.body, media_type=made.media_type, headers={"Content-Disposition": f'attachment; filename="{made.name}"'}
    )
