"""The register of indicators, and the response limits."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.deps import As, InWorkspace
from api.schemas.indicators import IndicatorBody, IndicatorsAnswer, LimitsBody, ReadAnswer
from api.schemas.problems import answers
from api.services import indicator_answers
from api.services.report_periods import Kind, asked_day

router = APIRouter(prefix="/api/indicators", tags=["indicators"])


@router.get("", responses=answers())
def register(workspace: InWorkspace, principal: As) -> IndicatorsAnswer:
    """Return the register with the history of each indicator and the names that formulas may use."""
    return indicator_answers.register_body(workspace, principal)


@router.put("", responses=answers(409))
def put(body: IndicatorBody, workspace: InWorkspace, principal: As, version: int | None = None) -> IndicatorsAnswer:
    """Add an indicator or put it in place of the one with its name; ``version`` is the one that was seen."""
    return indicator_answers.put(workspace, principal, body, seen=version)


@router.delete("/{name}", responses=answers(404, 409))
def delete(name: str, workspace: InWorkspace, principal: As, version: int | None = None) -> IndicatorsAnswer:
    """Take an indicator out, with its history."""
    return indicator_answers.remove(workspace, principal, name, seen=version)


@router.post("/readings", responses=answers())
def read(
    workspace: InWorkspace, principal: As, kind: Kind = "monthly", day: str | None = None, keep: bool = False
) -> ReadAnswer:
    """Read every indicator for a day, week or month; ``keep`` puts the readings into the history."""
    return indicator_answers.read(workspace, principal, kind, asked_day(day), keep=keep)


@router.get("/limits", responses=answers())
def limits(workspace: InWorkspace, principal: As) -> LimitsBody:
    """Return the response limits by station and priority."""
    return indicator_answers.limits(workspace, principal)


@router.put("/limits", status_code=204, responses=answers())
def put_limits(body: LimitsBody, workspace: InWorkspace, principal: As) -> Response:
    """Set the response limits; ``*`` stands for any."""
    indicator_answers.put_limits(workspace, principal, body)
    return Response(status_code=204)
