"""The register of indicators as answers: read, changed, and read for a period."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from api.schemas.indicators import (
    IndicatorBody,
    IndicatorsAnswer,
    IndicatorShown,
    Limit,
    LimitsBody,
    NameShown,
    ReadAnswer,
    ReadingShown,
)
from api.services.calls_cube import calls_cube
from api.services.clock_figures import clock_figures, put_response_limits, response_limits
from api.services.filters import CallFilter
from api.services.indicator_readings import NAMES, figures, readings
from api.services.indicator_register import keep_readings, put_indicator, register, remove_indicator, version
from api.services.page import families
from api.services.report_counts import counts
from api.services.report_periods import Kind, counted, known, period_of
from api.services.workspace import Workspace
from geo.incidents.indicators import COLOURS, Indicator, Reading
from geo.store.port import Principal


def register_body(workspace: Workspace, principal: Principal) -> IndicatorsAnswer:
    """Return the register with what formulas may name."""
    held = register(workspace, principal)
    names = [NameShown(name=name, zh=zh, en=en) for name, (zh, en) in NAMES.items()]
    names += [
        NameShown(name=f"类别_{view.id}", zh=f"{view.label_zh}警情数", en=f"calls of class {view.label_en}")
        for view in families(workspace, principal)
    ]
    return IndicatorsAnswer(
        version=version(workspace, principal),
        indicators=[
            IndicatorShown(**asdict(i), history=[shown(r) for r in held.history_of(i.name)]) for i in held.indicators
        ],
        names=names,
    )


def shown(reading: Reading) -> ReadingShown:
    """Return a reading with the name of its colour and its reason."""
    zh, en = COLOURS[reading.colour]
    return ReadingShown(
        name=reading.name, period=reading.period.isoformat(), value=reading.value, colour=reading.colour, colour_zh=zh,
        colour_en=en, why_zh=reading.zh, why_en=reading.en, n=reading.n,
    )  # fmt: skip


def put(workspace: Workspace, principal: Principal, body: IndicatorBody, *, seen: int | None) -> IndicatorsAnswer:
    """Add or replace an indicator."""
    put_indicator(workspace, principal, Indicator(**body.model_dump()), seen=seen)
    return register_body(workspace, principal)


def remove(workspace: Workspace, principal: Principal, name: str, *, seen: int | None) -> IndicatorsAnswer:
    """Take an indicator out."""
    remove_indicator(workspace, principal, name, seen=seen)
    return register_body(workspace, principal)


def read(workspace: Workspace, principal: Principal, kind: Kind, day: date | None, *, keep: bool) -> ReadAnswer:
    """Read every indicator of a period; readings of a period that is not over are never kept."""
    cube = calls_cube(workspace, principal)
    data = known(workspace, cube)
    period = period_of(workspace, kind, day)
    span = counted(period, data)
    wanted = CallFilter()
    now = counts(cube, wanted.cube(workspace.zone), span)
    clock = clock_figures(workspace, principal, wanted, span)
    made = [line.reading for line in readings(workspace, principal, period, span, wanted, now, clock)]
    whole = span.start == period.start and span.end == period.end
    if keep and whole:
        keep_readings(workspace, principal, made)
    return ReadAnswer(
        first=period.first.isoformat(), last=period.last.isoformat(), kept=keep and whole,
        readings=[shown(r) for r in made], values=figures(now, clock, span),
    )  # fmt: skip


def limits(workspace: Workspace, principal: Principal) -> LimitsBody:
    """Return the response limits."""
    held = response_limits(workspace, principal)
    return LimitsBody(limits=[Limit(area=a, priority=p, seconds=s) for (a, p), s in sorted(held.items())])


def put_limits(workspace: Workspace, principal: Principal, body: LimitsBody) -> None:
    """Set the response limits."""
    made = {(limit.area, limit.priority): limit.seconds for limit in body.limits}
    put_response_limits(workspace, principal, made, at=workspace.clock.now())
