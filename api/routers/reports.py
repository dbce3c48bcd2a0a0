"""Reports: figures, files, the page's sheet."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response

from api.deps import As, InJobs, InWorkspace, Language
from api.jobs.runner import JobRunner
from api.schemas.jobs import JobStarted
from api.schemas.problems import answers
from api.schemas.report_sheet import ReportSheet
from api.schemas.reports import DailyReport
from api.services import reports
from api.services.family_filter import with_families
from api.services.filters import Basis, CallFilter, Citizen
from api.services.report_document import Written, picture, sheet
from api.services.report_files import Form, Question, kept_report, report_file, started
from api.services.report_periods import Kind, asked_day
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.port import Principal
from web.paper.document import Lang

router = APIRouter(prefix="/api/reports", tags=["reports"])
ENDED = frozenset({"done", "failed", "cancelled"})
Wait = Annotated[float, Query(ge=0, le=120, description="seconds to wait for a report that is not made yet")]


def _question(
    workspace: InWorkspace,
    principal: As,
    kind: Kind,
    day: Annotated[str | None, Query(description="a day within the period, such as 2026-11-22")] = None,
    families: Annotated[str | None, Query(description="classes or families of classes, with commas")] = None,
    basis: Basis = "valid",
    citizen: Citizen = "any",
) -> Question:
    named = frozenset(part for part in families.split(",") if part) if families else None
    wanted = with_families(workspace, principal, CallFilter(basis=basis, citizen=citizen, families=named))
    return Question(kind=kind, day=asked_day(day), wanted=wanted)


Asked = Annotated[Question, Depends(_question)]


def _language(language: Language, lang: Literal["zh", "en"] | None = None) -> Lang:
    return lang or language


InLang = Annotated[Lang, Depends(_language)]


@router.get("/daily", responses=answers())
def daily(workspace: InWorkspace, principal: As, day: str | None = None) -> DailyReport:
    """Return one statistical day against the same weekday a week before."""
    return reports.daily(workspace, principal, day)


@router.get("/{kind}.{form}", response_class=Response, responses={**answers(404, 409), 202: {"model": JobStarted}})
def file(
    asked: Asked, form: Form, workspace: InWorkspace, principal: As, runner: InJobs, lang: InLang, wait: Wait = 1.0
) -> Response:
    """Return a report as a file; one that takes longer than ``wait`` is a job (202), after which the same address has it."""
    made = _made(workspace, principal, runner, asked, lang, wait, f"/api/reports/{asked.kind}.{form}")
    if isinstance(made, Response):
        return made
    done = report_file(made, form)
    return Response(
        done.body, media_type=done.media_type, headers={"Content-Disposition": f'attachment; filename="{done.name}"'}
    )


@router.get("/{kind}/sheet", response_model=ReportSheet, responses={**answers(404, 409), 202: {"model": JobStarted}})
def shown(
    asked: Asked, workspace: InWorkspace, principal: As, runner: InJobs, lang: InLang, wait: Wait = 1.0
) -> Response:
    """Return a report block by block, its cells as the files print them; a long one is a job (202)."""
    made = _made(workspace, principal, runner, asked, lang, wait, f"/api/reports/{asked.kind}/sheet")
    if isinstance(made, Response):
        return made
    return Response(ReportSheet.model_validate(sheet(made)).model_dump_json(), media_type="application/json")


@router.get("/{kind}/pictures/{number}.png", response_class=Response, responses=answers(404))
def report_picture(asked: Asked, number: int, workspace: InWorkspace, principal: As, lang: InLang) -> Response:
    """Return a picture of a report that was just made."""
    made = kept_report(workspace, principal, asked, lang)
    png = None if made is None else picture(made, number)
    if png is None:
        raise NotFoundError("The report has no such picture; make it again", "报告中没有这张图，请重新生成报告")
    return Response(png, media_type="image/png")


def _made(
    workspace: Workspace,
    principal: Principal,
    runner: JobRunner,
    asked: Question,
    lang: Lang,
    wait: float,
    path: str,
) -> Written | Response:
    kept = kept_report(workspace, principal, asked, lang)
    if kept is not None:
        return kept
    url = f"{path}?{urlencode(_query(asked, lang))}"
    record = started(workspace, principal, runner, asked, lang, url)
    live = runner.job(principal, record.job_id)
    end = time.monotonic() + wait
    while live.record.state not in ENDED and (left := end - time.monotonic()) > 0:
        live = runner.wait(live, live.revision, seconds=left)
    kept = kept_report(workspace, principal, asked, lang)
    if kept is not None:
        return kept
    status = f"/api/jobs/{record.job_id}"
    body = JobStarted(job_id=record.job_id, status_url=status).model_dump_json()
    return Response(body, 202, media_type="application/json", headers={"Location": status, "Retry-After": "2"})


def _query(asked: Question, lang: Lang) -> dict[str, str]:
    wanted = asked.wanted
    given = {
        "day": asked.day.isoformat() if isinstance(asked.day, date) else "",
        "families": ",".join(sorted(wanted.families or ())), "basis": wanted.basis, "citizen": wanted.citizen, "lang": lang,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}
