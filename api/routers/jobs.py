"""Long work: list, watch, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api.deps import As, InJobs
from api.events import event, stream
from api.jobs.runner import JobRunner, Live
from api.schemas.jobs import Job, Jobs
from api.schemas.problems import answers

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

ENDED = frozenset({"done", "failed", "cancelled"})


@router.get("", responses=answers())
def jobs(runner: InJobs, principal: As) -> Jobs:
    """Return all jobs, newest first."""
    return Jobs(jobs=[Job.of(live) for live in runner.jobs(principal)])


@router.get("/{job_id}", responses=answers(404))
def job(job_id: str, runner: InJobs, principal: As) -> Job:
    """Return one job."""
    return Job.of(runner.job(principal, job_id))


@router.delete("/{job_id}", responses=answers(404))
def cancel(job_id: str, runner: InJobs, principal: As) -> Job:
    """Ask a job to stop; a solve stops with the best plan that it has."""
    return Job.of(runner.cancel(principal, job_id))


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=answers(404))
async def watch(request: Request, job_id: str, runner: InJobs, principal: As) -> StreamingResponse:
    """Stream ``progress`` events until the job has ended."""
    first = await asyncio.to_thread(runner.job, principal, job_id)

    async def progress() -> AsyncIterator[bytes]:
        live = first
        yield event("progress", Job.of(live).model_dump(mode="json"))
        while live.record.state not in ENDED and not await request.is_disconnected():
            live = await asyncio.to_thread(_after, runner, live)
            yield event("progress", Job.of(live).model_dump(mode="json"))

    return stream(progress())


def _after(runner: JobRunner, live: Live) -> Live:
    return runner.wait(live, live.revision, seconds=2.0)
