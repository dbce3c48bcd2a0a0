"""Levels of duty, the calendar and the rest of what holds for all patrol plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, cast

from api.schemas.patrol_settings import (
    Calendar,
    DayAnswer,
    DayKind,
    Level,
    LevelKey,
    PatrolSettings,
    PatrolSettingsAnswer,
    PatrolSettingsEdit,
)
from api.services.open_plan import require_planner
from api.services.workspace import Workspace
from geo.errors import ConflictError, ForbiddenError
from geo.store.port import Json, Principal
from planners.patrol.spacing.point_demands import Template

DOCUMENT: Final = "patrol_settings"
LEVEL_NAMES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("一级勤务", "duty level 1"), 2: ("二级勤务", "duty level 2"), 3: ("三级勤务", "duty level 3"),
}  # fmt: skip
KEYS: Final[Mapping[Level, LevelKey]] = {1: "1", 2: "2", 3: "3"}
WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SATURDAY: Final = 5


def settings(workspace: Workspace, principal: Principal) -> PatrolSettingsAnswer:
    """Return the settings; version 0 are those that an installation begins with."""
    held = workspace.store.document(principal, DOCUMENT)
    if held is None:
        return PatrolSettingsAnswer(version=0, settings=PatrolSettings())
    return PatrolSettingsAnswer(
        version=int(cast("int", held["version"])), settings=PatrolSettings.model_validate(held["settings"])
    )


def put_settings(workspace: Workspace, principal: Principal, edit: PatrolSettingsEdit) -> PatrolSettingsAnswer:
    """Keep settings; somebody else's newer ones raise ``ConflictError``, a missing role ``ForbiddenError``."""
    require_planner(principal)
    with workspace.editing:
        now = settings(workspace, principal)
        if edit.settings.crew_page != now.settings.crew_page and not principal.may("admin"):
            raise ForbiddenError(
                "Pages for crews (crew_page) are allowed or forbidden by an administrator; leave that setting as it is",
                "巡组手机页面（crew_page）只能由管理员启用或停用，请保持该项不变",
            )
        if now.version != edit.seen_version:
            raise ConflictError(
                f"The patrol settings were changed since (you saw {edit.seen_version}, they are at {now.version}): load them again",
                f"巡逻设置已被修改（您看到的是第 {edit.seen_version} 版，现为第 {now.version} 版），请重新载入",
            )
        body = cast("Mapping[str, Json]", edit.settings.model_dump(mode="json", by_alias=True))
        workspace.store.put_document(principal, DOCUMENT, {"version": now.version + 1, "settings": body})
        workspace.store.add_audit(
            principal, action="patrol settings", subject=DOCUMENT, detail=f"version {now.version + 1}"
        )
    return PatrolSettingsAnswer(version=now.version + 1, settings=edit.settings)


def day_of(held: PatrolSettings, day: date, kind: DayKind | None = None) -> DayAnswer:
    """Return what kind of day it is by the calendar (or as stated), and whether school is on."""
    calendar = held.calendar
    if kind is not None:
        found, zh, en = kind, "人工指定", "as stated"
    elif day in calendar.work_days:
        found, zh, en = "workday", "调休上班", "a workday by the calendar"
    elif day in calendar.rest_days:
        found, zh, en = "rest", "放假", "a day of rest by the calendar"
    elif day.weekday() >= SATURDAY:
        found, zh, en = "rest", WEEKDAYS[day.weekday()], "a weekend"
    else:
        found, zh, en = "workday", WEEKDAYS[day.weekday()], "a weekday"
    term, term_zh, term_en = _term(calendar, day)
    school = term and held.days[found].school
    return DayAnswer(
        day=day, kind=found, school=school,
        why_zh=f"{'工作日' if found == 'workday' else '休息日'}（{zh}）；{term_zh}；{'护学岗上岗' if school else '护学岗不设'}",
        why_en=f"{'workday' if found == 'workday' else 'day of rest'} ({en}); {term_en}; "
        f"school posts {'manned' if school else 'not manned'}",
    )  # fmt: skip


def _term(calendar: Calendar, day: date) -> tuple[bool, str, str]:
    if not calendar.terms:
        return True, "未录入校历，按上学期间", "no school calendar entered, term assumed"
    held = next((term for term in calendar.terms if term.start <= day <= term.end), None)
    if held is None:
        return False, "寒暑假", "school holidays"
    return True, f"学期 {held.name}".strip(), f"term {held.name}".strip()


def template_of(held: PatrolSettings, level: Level, day: DayAnswer) -> Template:
    """Return how a level on such a day scales what points ask for."""
    duty, rule = held.levels[KEYS[level]], held.days[day.kind]
    return Template(
        gap_factor=duty.gap_factor * rule.gap_factor,
        visits_factor=duty.visits_factor * rule.visits_factor,
        dwell_factor=duty.dwell_factor * rule.dwell_factor,
        schools=day.school,
    )
