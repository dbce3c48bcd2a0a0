"""Jobs end in a state whatever happens: cancelled while they wait, failing, or on a store that cannot keep them."""

from __future__ import annotations

import threading

import pytest

from api.jobs.runner import JobRunner, Live
from geo.errors import UnavailableError
from geo.store.memory import MemoryStore
from geo.store.port import DEMO, JobRecord, Principal


class Full(MemoryStore):
    """A store that keeps no end of a job, as on a full disk."""

    def put_job(self, principal: Principal, job: JobRecord) -> None:
        if job.finished_at is not None:
            raise UnavailableError("The disk is full", "磁盘已满")
        super().put_job(principal, job)


def ended(runner: JobRunner, job_id: str) -> Live:
    live = runner.job(DEMO, job_id)
    while live.record.state in ("queued", "running"):
        runner.wait(live, live.revision, 10)
    return live


def test_a_job_that_waits_is_cancelled_at_once() -> None:
    go = threading.Event()
    runner = JobRunner(MemoryStore())
    try:
        first = runner.start(DEMO, "patrol", lambda _: {"done": go.wait(10)})
        second = runner.start(DEMO, "patrol", lambda _: pytest.fail("it was cancelled"))
        assert runner.cancel(DEMO, second.job_id).record.state == "cancelled"
        assert runner.job(DEMO, first.job_id).record.state in ("queued", "running")
        go.set()
        assert ended(runner, first.job_id).record.state == "done"
        assert ended(runner, second.job_id).record.state == "cancelled"
    finally:
        go.set()
        runner.close()


def test_an_end_that_cannot_be_kept_is_still_told() -> None:
    runner = JobRunner(Full())
    try:
        job = runner.start(DEMO, "patrol", lambda _: {"plan_id": "p"})
        assert ended(runner, job.job_id).record.result == {"plan_id": "p"}
    finally:
        runner.close()


def test_a_job_that_breaks_says_so_in_a_sentence() -> None:
    runner = JobRunner(MemoryStore())
    try:
        job = runner.start(DEMO, "patrol", lambda _: {"x": 1 // 0})
        problem = ended(runner, job.job_id).record.problem
        assert problem is not None
        assert problem["detail_zh"] == "任务失败，详情见服务器日志"
    finally:
        runner.close()
