"""Runs long work in threads, keeps each job's record in the store and its progress in memory."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from api.errors import problem_body
from geo.errors import CancelledError, ConflictError, NotFoundError, XungeError
from geo.store.port import JobRecord, Json, Principal, Store
from planners.contract import Observer, Progress

Work = Callable[[Observer], Mapping[str, Json]]
"""Does the work, reports to the observer, returns a small result (such as the id of a plan)."""

log = logging.getLogger("xunge.jobs")


@dataclass(slots=True)
class Live:
    """What is known of a job while this process runs it."""

    record: JobRecord
    objective: float | None = None
    bound: float | None = None
    revision: int = 0
    cancel: threading.Event = field(default_factory=threading.Event)
    future: Future[None] | None = None


class JobRunner:
    """Runs jobs one after another (or a few at a time) and lets them be watched and cancelled."""

    def __init__(self, store: Store, *, workers: int = 1, waiting: int = 20) -> None:
        self._store = store
        self._waiting = waiting
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="xunge-job")
        self._live: dict[str, Live] = {}
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    def start(self, principal: Principal, kind: str, work: Work) -> JobRecord:
        """Queue ``work`` and return its record at once; too many waiting jobs raise ``ConflictError``."""
        with self._changed:
            waiting = sum(live.record.state == "queued" for live in self._live.values())
            if waiting >= self._waiting:
                raise ConflictError(
                    f"{waiting} jobs are waiting already; cancel one or wait",
                    f"已有 {waiting} 个任务在排队，请稍候或取消其中之一",
                )
            now = datetime.now(UTC)
            job_id = f"{now:%Y%m%d-%H%M%S}-{next(self._numbers):03d}"
            record = JobRecord(
                job_id=job_id, kind=kind, state="queued", share=0.0, message="",
                created_at=now, created_by=principal.account,
            )  # fmt: skip
            live = Live(record)
            self._live[job_id] = live
        try:
            self._store.put_job(principal, record)
        except XungeError:
            del self._live[job_id]
            raise
        live.future = self._pool.submit(self._run, principal, live, work)
        return record

    def _run(self, principal: Principal, live: Live, work: Work) -> None:
        if live.cancel.is_set():
            self._finish(principal, live, state="cancelled")
            return
        self._change(live, state="running")
        try:
            result = work(lambda progress: self._observe(live, progress))
        except CancelledError as problem:
            self._finish(principal, live, state="cancelled", problem=problem)
        except XungeError as problem:
            self._finish(principal, live, state="failed", problem=problem)
        except Exception:  # a job must end in a state, whatever happens in it
            log.exception("job %s failed", live.record.job_id)
            broken = XungeError("The job failed; the server's log has the details", "任务失败，详情见服务器日志")
            self._finish(principal, live, state="failed", problem=broken)
        else:
            self._finish(principal, live, state="done", result=result)

    def _observe(self, live: Live, progress: Progress) -> bool:
        with self._changed:
            live.objective = progress.objective if progress.objective is not None else live.objective
            live.bound = progress.bound if progress.bound is not None else live.bound
            share = progress.share if progress.share is not None else live.record.share
            live.record = replace(live.record, share=share, message=progress.message or live.record.message)
            live.revision += 1
            self._changed.notify_all()
        return not live.cancel.is_set()

    def _change(self, live: Live, *, state: str) -> None:
        with self._changed:
            live.record = replace(live.record, state=state)
            live.revision += 1
            self._changed.notify_all()

    def _finish(
        self,
        principal: Principal,
        live: Live,
        *,
        state: str,
        result: Mapping[str, Json] | None = None,
        problem: XungeError | None = None,
    ) -> None:
        record = replace(
            live.record,
            state=state,
            share=1.0 if state == "done" else live.record.share,
            finished_at=datetime.now(UTC),
            result=result,
            problem=None if problem is None else _as_json(problem),
        )
        try:
            self._store.put_job(principal, record)
        except XungeError:
            # Whoever waits must hear of the end, also where it cannot be kept (such as on a full disk).
            log.exception("the end of job %s could not be kept", record.job_id)
        with self._changed:
            live.record = record
            live.revision += 1
            self._changed.notify_all()

    def job(self, principal: Principal, job_id: str) -> Live:
        """Return a job as it stands now; one of an earlier run comes from the store."""
        live = self._live.get(job_id)
        if live is not None:
            return live
        record = self._store.job(principal, job_id)
        if record.state in ("queued", "running"):
            problem = XungeError("The server was restarted while the job ran", "任务运行期间服务器重启")
            record = replace(record, state="failed", problem=_as_json(problem))
        return Live(record)

    def jobs(self, principal: Principal) -> list[Live]:
        """Return all jobs, newest first."""
        return [self.job(principal, record.job_id) for record in self._store.jobs(principal)]

    def cancel(self, principal: Principal, job_id: str) -> Live:
        """Ask a job to stop; a solve stops with its best plan, and a job that still waits for its turn ends at once."""
        live = self._live.get(job_id)
        if live is None:
            self._store.job(principal, job_id)
            raise NotFoundError(f"Job {job_id} is not running", f"任务 {job_id} 未在运行")
        live.cancel.set()
        if live.future is not None and live.future.cancel():
            self._finish(principal, live, state="cancelled")
        with self._changed:
            self._changed.notify_all()
        return live

    def wait(self, live: Live, revision: int, seconds: float) -> Live:
        """Block until the job has changed since ``revision`` or ``seconds`` have passed."""
        end = time.monotonic() + seconds
        with self._changed:
            while live.revision == revision and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
        return live

    def close(self) -> None:
        """Cancel what runs and wait for it to end."""
        for live in self._live.values():
            live.cancel.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _as_json(problem: XungeError) -> dict[str, Json]:
    body = problem_body(problem)
    return {key: value for key, value in body.items() if isinstance(value, str | int | float)}
