"""Comparisons: any two periods, funnel, printed figures, treated and control places, alarms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.deps import As, InWorkspace
from api.schemas.comparing import (
    AlarmsAnswer,
    ComparisonAnswer,
    DisplacementAnswer,
    DisplacementQuestion,
    FunnelAnswer,
    SlipAnswer,
    SlipQuestion,
)
from api.schemas.problems import answers
from api.services import comparing
from api.services.comparing_words import alarm_words, comparison_words, displacement_words, funnel_words, slip_words
from api.services.family_filter import with_families
from api.services.filters import Basis, CallFilter, Citizen
from api.services.report_periods import asked_day

router = APIRouter(prefix="/api/comparisons", tags=["comparisons"])
Day = Annotated[str, Query(description="statistical day, such as 2026-11-22")]


def _asked(
    workspace: InWorkspace,
    principal: As,
    families: Annotated[str | None, Query(description="classes or families of classes, with commas")] = None,
    basis: Basis = "valid",
    citizen: Citizen = "any",
) -> CallFilter:
    named = frozenset(part for part in families.split(",") if part) if families else None
    return with_families(workspace, principal, CallFilter(basis=basis, citizen=citizen, families=named))


Wanted = Annotated[CallFilter, Depends(_asked)]


@router.get("", responses=answers())
def compare(
    workspace: InWorkspace,
    principal: As,
    wanted: Wanted,
    first: Day,
    last: Day,
    other_first: str | None = None,
    other_last: str | None = None,
) -> ComparisonAnswer:
    """Compare a period with last year, the period before, the season, the mean of years, and one of your choice."""
    period = comparing.asked_period(workspace, first, last)
    other = comparing.asked_period(workspace, other_first, other_last or other_first) if other_first else None
    made = comparing.compare(workspace, principal, period, wanted, other=other)
    return comparison_words(workspace, principal, made, wanted)


@router.get("/funnel", responses=answers(503))
def funnel(
    workspace: InWorkspace,
    principal: As,
    wanted: Wanted,
    first: Day,
    last: Day,
    by: comparing.By = "community",
    exposure: comparing.Exposure = "population",
    widened: bool = True,
) -> FunnelAnswer:
    """Say which areas stand out by more than their size explains; there is no ranking."""
    period = comparing.asked_period(workspace, first, last)
    made = comparing.areas_in_funnel(workspace, principal, period, wanted, by=by, exposure=exposure, widened=widened)
    return funnel_words(workspace, principal, made, by=by, exposure=exposure)


@router.post("/slips", responses=answers())
def slips(question: SlipQuestion) -> SlipAnswer:
    """Recompute printed shares and changes from the counts beside them."""
    return slip_words(question)


@router.post("/displacement", responses=answers(403))
def displacement(question: DisplacementQuestion, workspace: InWorkspace, principal: As) -> DisplacementAnswer:
    """Compare the change in treated grids with that in control grids."""
    return displacement_words(workspace, principal, question)


@router.get("/alarms", responses=answers())
def alarms(
    workspace: InWorkspace,
    principal: As,
    wanted: Wanted,
    day: str | None = None,
) -> AlarmsAnswer:
    """Say which classes have a spike that is still on, or a lasting rise."""
    made = comparing.alarms(workspace, principal, asked_day(day), wanted)
    return alarm_words(workspace, principal, made)
