"""Long work as seen from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.jobs.runner import Live
from api.schemas.values import Value


class JobStarted(Value):
    """A job was queued; ``status_url`` tells how it goes."""

    job_id: str
    status_url: str


class Job(Value):
    """A job: ``state`` is queued, running, done, failed or cancelled; ``gap`` is relative."""

    job_id: str
    kind: str
    state: str
    share: float
    message: str
    objective: float | None
    bound: float | None
    gap: float | None
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] | None
    problem: dict[str, str | int | float] | None

    @classmethod
    def of(cls, live: Live) -> Job:
        """Return the public form of a job."""
        record = live.record
        gap = None
        if live.objective is not None and live.bound is not None:
            gap = abs(live.bound - live.objective) / max(abs(live.objective), 1e-9)
        return cls(
            job_id=record.job_id, kind=record.kind, state=record.state, share=record.share, message=record.message,
            objective=live.objective, bound=live.bound, gap=gap,
            created_at=record.created_at, finished_at=record.finished_at,
            result=None if record.result is None else dict(record.result), problem=_flat(record.problem),
        )  # fmt: skip


def _flat(value: object) -> dict[str, str | int | float] | None:
    if not isinstance(value, dict):
        return None
    return {str(key): item for key, item in value.items() if isinstance(item, str | int | float)}


class Jobs(Value):
    """All jobs, newest first."""

    jobs: list[Job]
