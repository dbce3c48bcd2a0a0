"""Posts: evaluate today's, solve for better ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import As, InJobs, InWorkspace
from api.routers.filtering import AskedCalls
from api.schemas.jobs import JobStarted
from api.schemas.posts import PostsCoverage, PostsQuestion
from api.schemas.problems import answers
from api.services.place import check_profile
from api.services.posts import coverage_today, solve_posts

router = APIRouter(prefix="/api/posts", tags=["posts"])


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


@router.post("/solve", status_code=202, responses=answers(404, 409, 503))
def solve(
    question: PostsQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Choose the posts that cover most calls within the standard; watch the job for objective and bound."""
    check_profile(question.profile)
    record = runner.start(principal, "posts", lambda observe: solve_posts(workspace, principal, question, observe))
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)
