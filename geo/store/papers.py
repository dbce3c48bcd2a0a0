"""Plans, jobs, documents and the audit in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from geo.errors import ConflictError
from geo.store.port import AuditRecord, JobRecord, Json, PlanRecord
from geo.store.schema import AUDIT, DOCUMENTS, JOBS, PLANS
from geo.store.values import dump, instant_of, load, microseconds, packed, require_texts, unpacked

_SHORT: Final = 200
"""Letters of a text that still goes into a heading."""


def _put(connection: sa.Connection, table: sa.Table, values: Mapping[str, object]) -> None:
    """Insert the row or put it in place of the one with the same key."""
    key = next(iter(table.primary_key.columns))
    updated = connection.execute(sa.update(table).where(key == values[key.name]).values(**values))
    if updated.rowcount == 0:
        connection.execute(sa.insert(table).values(**values))


def plan_values(plan: PlanRecord) -> dict[str, object]:
    """Return the stored values of a plan."""
    require_texts("plan", [plan.plan_id, plan.kind, plan.title, plan.created_by])
    return {
        "plan_id": plan.plan_id,
        "kind": plan.kind,
        "title": plan.title,
        "created_at": microseconds(plan.created_at),
        "created_by": plan.created_by,
        "body": packed(dump(f"plan {plan.plan_id}", plan.body)),
        "heading": dump(f"plan {plan.plan_id}", heading(plan.body)),
    }


def heading(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the short values of a body, and those of the objects in it."""
    short = {
        name: {inner: value[inner] for inner in value if _short(value[inner])} if isinstance(value, Mapping) else value
        for name, value in body.items()
    }
    return {name: value for name, value in short.items() if isinstance(value, dict) or _short(value)}


def _short(value: Json) -> bool:
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _SHORT)


def plan_of(row: Mapping[str, Any], *, headings: bool = False) -> PlanRecord:
    """Return the plan of stored values; with ``headings`` only the short values of its body, which old rows have in it alone."""
    stored = row["heading"] if headings else None
    body = load(stored) if stored is not None else load(unpacked(row["body"]))
    values = {name: value for name, value in row.items() if name != "heading"}
    return PlanRecord(
        **{
            **values,
            "created_at": instant_of(row["created_at"]),
            "body": heading(body) if headings and stored is None else body,
        }
    )


def job_values(job: JobRecord) -> dict[str, object]:
    """Return the stored values of a job."""
    require_texts("job", [job.job_id, job.kind, job.state, job.message, job.created_by])
    name = f"job {job.job_id}"
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "state": job.state,
        "share": float(job.share),
        "message": job.message,
        "created_at": microseconds(job.created_at),
        "created_by": job.created_by,
        "finished_at": None if job.finished_at is None else microseconds(job.finished_at),
        "result": None if job.result is None else dump(name, job.result),
        "problem": None if job.problem is None else dump(name, job.problem),
    }


def job_of(row: Mapping[str, Any]) -> JobRecord:
    """Return the job of stored values."""
    return JobRecord(
        **{
            **row,
            "created_at": instant_of(row["created_at"]),
            "finished_at": None if row["finished_at"] is None else instant_of(row["finished_at"]),
            "result": None if row["result"] is None else load(row["result"]),
            "problem": None if row["problem"] is None else load(row["problem"]),
        }
    )


def put_plan(connection: sa.Connection, plan: PlanRecord, seen: PlanRecord | None) -> None:
    """Keep a plan, with ``seen`` in place of that and no other."""
    if seen is not None:
        statement = sa.select(PLANS).where(PLANS.c.plan_id == plan.plan_id).with_for_update()
        row = connection.execute(statement).mappings().first()
        require_still(seen, None if row is None else {**row})
    _put(connection, PLANS, plan_values(plan))


def require_still(seen: PlanRecord, row: Mapping[str, Any] | None) -> None:
    """Raise ``ConflictError`` where a plan is not kept as it was seen: another program was faster."""
    if row is None or plan_of(row).body != seen.body:
        raise ConflictError(
            f"Plan {seen.plan_id} was changed by another program meanwhile: load it again; nothing was changed",
            f"方案 {seen.plan_id} 刚被其他程序修改，请重新载入；本次未写入",
        )


def plan(connection: sa.Connection, plan_id: str) -> PlanRecord | None:
    """Return one plan, or None."""
    row = connection.execute(sa.select(PLANS).where(PLANS.c.plan_id == plan_id)).mappings().first()
    return None if row is None else plan_of({**row})


def plans(
    connection: sa.Connection, kind: str | None, between: tuple[str, str] | None, *, headings: bool
) -> list[PlanRecord]:
    """Return plans, newest first; of ``between`` those whose id lies there; with ``headings`` their short values alone."""
    body = sa.case((PLANS.c.heading.is_(None), PLANS.c.body), else_="") if headings else PLANS.c.body
    columns = [body.label("body") if column.name == "body" else column for column in PLANS.c]
    statement = sa.select(*columns).order_by(PLANS.c.created_at.desc(), PLANS.c.plan_id.desc())
    if kind is not None:
        statement = statement.where(PLANS.c.kind == kind)
    if between is not None:
        statement = statement.where(PLANS.c.plan_id >= between[0], PLANS.c.plan_id < between[1])
    return [plan_of({**row}, headings=headings) for row in connection.execute(statement).mappings()]


def put_job(connection: sa.Connection, job: JobRecord) -> None:
    """Keep a job."""
    _put(connection, JOBS, job_values(job))


def job(connection: sa.Connection, job_id: str) -> JobRecord | None:
    """Return one job, or None."""
    row = connection.execute(sa.select(JOBS).where(JOBS.c.job_id == job_id)).mappings().first()
    return None if row is None else job_of({**row})


def jobs(connection: sa.Connection) -> list[JobRecord]:
    """Return jobs, newest first."""
    statement = sa.select(JOBS).order_by(JOBS.c.created_at.desc(), JOBS.c.job_id.desc())
    return [job_of({**row}) for row in connection.execute(statement).mappings()]


def put_document(connection: sa.Connection, name: str, body: Mapping[str, Json], account: str, at: int) -> None:
    """Keep a document."""
    require_texts("document", [name])
    _put(connection, DOCUMENTS, {"name": name, "body": dump(name, body), "written_by": account, "written_at": at})


def document(connection: sa.Connection, name: str) -> Mapping[str, Json] | None:
    """Return a document, or None."""
    text = connection.execute(sa.select(DOCUMENTS.c.body).where(DOCUMENTS.c.name == name)).scalar()
    return None if text is None else load(text)


def put_audit(connection: sa.Connection, record: AuditRecord) -> None:
    """Add to the audit."""
    require_texts("audit", [record.account, record.action, record.subject, record.detail])
    connection.execute(
        sa.insert(AUDIT).values(
            at=microseconds(record.at),
            account=record.account,
            action=record.action,
            subject=record.subject,
            detail=record.detail,
        )
    )


def audit(connection: sa.Connection, limit: int) -> list[AuditRecord]:
    """Return the newest audit records first."""
    columns = (AUDIT.c.at, AUDIT.c.account, AUDIT.c.action, AUDIT.c.subject, AUDIT.c.detail)
    rows = connection.execute(sa.select(*columns).order_by(AUDIT.c.serial.desc()).limit(limit)).mappings()
    return [AuditRecord(**{**row, "at": instant_of(row["at"])}) for row in rows]
