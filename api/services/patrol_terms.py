"""The terms of a patrol plan, fixed when it is made: later settings and plans do not change what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self, cast

from api.schemas.patrol import PatrolQuestion
from api.schemas.patrol_settings import DayAnswer, PatrolSettings
from api.services.patrol_settings import day_of, settings
from api.services.shifts import ShiftSpan, span_of, span_on
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.store.port import Json, Principal
from geo.tables.shifts import Shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for all versions of a plan.

    ``since`` are (point, seconds from its last visit to the start of the shift), ``speed_hour`` is the hour of the shift in
    which streets are slowest.
    """

    shift: ShiftSpan
    settings: PatrolSettings
    day: DayAnswer
    speed_hour: int
    speed_factor: float
    since: tuple[tuple[str, int], ...] = ()

    @property
    def shift_start(self) -> datetime:
        """When the shift begins."""
        return self.shift.start

    @property
    def shift_seconds(self) -> int:
        """Length of the shift."""
        return int((self.shift.end - self.shift.start).total_seconds())

    def at(self, seconds: float) -> datetime:
        """Return the time that is so many seconds after the start."""
        return self.shift.start + timedelta(seconds=seconds)

    def second(self, moment: datetime) -> int:
        """Return how many whole seconds after the start a time is."""
        return round((moment - self.shift.start).total_seconds())

    def to_json(self) -> dict[str, Json]:
        """Return the terms as plain values."""
        return {
            "settings": cast("Json", self.settings.model_dump(mode="json", by_alias=True)),
            "day": cast("Json", self.day.model_dump(mode="json")),
            "speed_hour": self.speed_hour,
            "speed_factor": self.speed_factor,
            "since": dict(self.since),
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Json], shift: Mapping[str, Json]) -> Self:
        """Return what ``to_json`` wrote, for the shift of the same plan."""
        since = cast("Mapping[str, int]", held["since"])
        return cls(
            shift=ShiftSpan(
                shift_id=str(shift["id"]), name=str(shift["name"]), start=datetime.fromisoformat(str(shift["start"])),
                end=datetime.fromisoformat(str(shift["end"])),
            ),
            settings=PatrolSettings.model_validate(held["settings"]),
            day=DayAnswer.model_validate(held["day"]),
            speed_hour=int(cast("int", held["speed_hour"])),
            speed_factor=float(cast("float", held["speed_factor"])),
            since=tuple(sorted((str(k), int(v)) for k, v in since.items())),
        )  # fmt: skip


def terms_of(
    workspace: Workspace, principal: Principal, question: PatrolQuestion, *, since: Mapping[str, int]
) -> Terms:
    """Return the terms of a question as everything stands now."""
    shift = shift_of(workspace, principal, question)
    held = settings(workspace, principal).settings
    if question.auxiliaries_alone is not None:
        held = held.model_copy(update={"auxiliaries_alone": question.auxiliaries_alone})
    hour, factor = _slowest(workspace, shift)
    return Terms(
        shift=shift, settings=held, day=day_of(held, shift.start.astimezone(workspace.zone).date(), question.day_kind),
        speed_hour=hour, speed_factor=factor, since=tuple(sorted(since.items())),
    )  # fmt: skip


def shift_of(workspace: Workspace, principal: Principal, question: PatrolQuestion) -> ShiftSpan:
    """Return the occurrence of the shift that a question is about."""
    shifts = workspace.store.table(principal, Shifts)
    if question.day is None:
        return span_of(shifts, question.shift_id, workspace.clock.now(), workspace.zone)
    return span_on(shifts, question.shift_id, question.day, workspace.zone)


def _slowest(workspace: Workspace, shift: ShiftSpan) -> tuple[int, float]:
    """Return the hour of a shift in which vehicles are slowest, the first of several, and its factor."""
    factors = workspace.speeds().hour_factor
    start = shift.start.astimezone(workspace.zone)
    hours = []
    at = start.replace(minute=0, second=0, microsecond=0)
    while at < shift.end:
        hours.append(at.hour)
        at += timedelta(hours=1)
    if not hours:
        raise ParameterError("A shift must last longer than 0 seconds", "班次时长必须大于 0 秒")
    slowest = min(hours, key=lambda hour: factors[hour])
    return slowest, float(factors[slowest])
