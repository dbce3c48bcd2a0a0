"""What each point asks of a shift: how often, how long, when, by whom; and the points that cannot be asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from geo.tables.points import Points

DAY: Final = 86_400
LEAST_SHARE: Final = 0.5
"""The least gap where none is stated, as a share of the gap: visits that follow at once would be no return."""
LEAST_DWELL: Final = 60
MIDDLE: Final = 3
"""等级 of a point that states none; 1 is the most important, 5 the least."""

SERVED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "car": ("car", "motorcycle", "off_road"),
    "motorcycle": ("motorcycle", "foot"),
    "foot": ("foot",),
    "video": ("video",),
    "off_road": ("off_road",),
}
"""Kinds of units that may visit a point, by its way of patrol (方式), where it does not name them itself."""

KIND_WORDS: Final[Mapping[str, str]] = {
    "car": "car", "motorcycle": "motorcycle", "foot": "foot", "video": "video",
    "车巡": "car", "汽车": "car", "摩托车": "motorcycle", "摩巡": "motorcycle", "步巡": "foot", "视频": "video",
    "off_road": "off_road", "off-road": "off_road", "越野": "off_road", "越野车": "off_road", "越野巡": "off_road",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How a level of duty and a day change what points ask for.

    ``gap_factor`` scales stated gaps, ``visits_factor`` the visits a shift from which other gaps follow, ``dwell_factor`` dwell;
    ``schools`` tells whether school posts are manned.
    """

    gap_factor: float = 1.0
    visits_factor: float = 1.0
    dwell_factor: float = 1.0
    schools: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTime:
    """A visit at a set time: it begins in ``[earliest, latest]``, seconds of the shift."""

    earliest: int
    latest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a point asks for: rounds within its gap, or visits at set times; seconds.

    ``row`` is its row in the table of points; ``priority`` rises with importance, 1 to 5.
    """

    row: int
    dwell: int
    gap: int
    least_gap: int
    kinds: tuple[str, ...]
    priority: int
    set_times: tuple[SetTime, ...] = ()
    together: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A point that is not planned for, and why in one sentence."""

    point_id: str
    code: str
    en: str
    zh: str


def demands_of(
    points: Points, *, start_minute: int, shift_seconds: int, template: Template | None = None
) -> tuple[list[Demand], list[Refused]]:
    """Return what each point asks of a shift that begins ``start_minute`` minutes after local midnight, and the points refused.

    A gap that is not stated is the shift divided by the visits. A point with a window, or one that several units visit together, is visited at
    set times: once in the window, else once in each equal part of the shift. A window of another shift asks for nothing in this one
    (code ``other_shift``), nor does a school post where the template mans none (code ``no_school``).
    """
    held = template or Template()
    asked: list[Demand] = []
    refused: list[Refused] = []
    for row, point in enumerate(points.frame.to_dict("records")):
        found = _demand(row, point, start_minute=start_minute, shift=shift_seconds, template=held)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            asked.append(found)
    return asked, refused


def _demand(
    row: int, point: Mapping[str, object], *, start_minute: int, shift: int, template: Template
) -> Demand | Refused:
    key, name = str(point["point_id"]), str(point["name"])
    kinds = _kinds(point)
    if kinds is None:
        return Refused(
            point_id=key, code="kinds",
            en=f"{name} ({key}) may be visited by {point['kinds']!r}; use car, motorcycle, foot, video, off_road",
            zh=f"{name}（{key}）的可派巡组“{point['kinds']}”无法识别，可填 车巡、摩巡、步巡、视频、越野巡",
        )  # fmt: skip
    dwell = max(LEAST_DWELL, round(_number(point, "dwell_seconds", 0) * template.dwell_factor))
    visits = max(1.0, _number(point, "visits", 1) * template.visits_factor)
    stated = _optional(point, "gap_minutes")
    gap = min(shift, int(shift / visits) if stated is None else max(60, round(stated * 60 * template.gap_factor)))
    least = _optional(point, "least_gap_minutes")
    least_gap = round(gap * LEAST_SHARE) if least is None else round(least * 60 * min(1.0, template.gap_factor))
    together = int(_number(point, "units_together", 1))
    demand = Demand(
        row=row, dwell=dwell, gap=gap, least_gap=least_gap, kinds=kinds, together=together,
        priority=6 - int(_number(point, "priority", MIDDLE)),
    )  # fmt: skip
    school = point["kind"] == "school"
    if school and not template.schools:
        return Refused(
            point_id=key, code="no_school", en=f"{name} is not manned: no school today", zh=f"{name} 今日不上学，不设岗"
        )
    start, end = _optional(point, "window_start"), _optional(point, "window_end")
    if start is not None or end is not None or school:
        return _windowed(demand, key, name, start, end, start_minute=start_minute, shift=shift)
    if together > 1:
        parts = max(1, round(visits))
        each = shift // parts
        if dwell > each:
            return _too_often(key, name, each, dwell)
        times = tuple(SetTime(earliest=n * each, latest=(n + 1) * each - dwell) for n in range(parts))
        return _with(demand, times)
    if dwell >= gap:
        return _too_often(key, name, gap, dwell)
    if least_gap > gap:
        return Refused(
            point_id=key, code="least_gap",
            en=f"{name} ({key}): the least gap of {least_gap / 60:g} min is above the gap of {gap / 60:g} min",
            zh=f"{name}（{key}）的最小间隔 {least_gap / 60:g} 分大于到点间隔 {gap / 60:g} 分",
        )  # fmt: skip
    return demand


def _with(demand: Demand, times: tuple[SetTime, ...]) -> Demand:
    return Demand(
        row=demand.row, dwell=demand.dwell, gap=demand.gap, least_gap=demand.least_gap, kinds=demand.kinds,
        priority=demand.priority, set_times=times, together=demand.together,
    )  # fmt: skip


def _too_often(key: str, name: str, gap: int, dwell: int) -> Refused:
    return Refused(
        point_id=key, code="too_often",
        en=f"{name} ({key}) asks for more visits than there are minutes: a gap of {gap / 60:g} min, a dwell of {dwell / 60:g} min",
        zh=f"{name}（{key}）要求的次数超过班次时长：到点间隔 {gap / 60:g} 分，驻守 {dwell / 60:g} 分",
    )  # fmt: skip


def _windowed(
    demand: Demand, key: str, name: str, start: float | None, end: float | None, *, start_minute: int, shift: int
) -> Demand | Refused:
    if start is None or end is None:
        return Refused(
            point_id=key, code="window_missing",
            en=f"{name} ({key}) has no time to arrive or no time to leave: fill in window_start and window_end",
            zh=f"{name}（{key}）缺到岗时刻或离岗时刻，请填写",
        )  # fmt: skip
    length = int((end - start) % 1440 or 1440) * 60
    if length < demand.dwell:
        return Refused(
            point_id=key, code="window_short",
            en=f"{name} ({key}): its window of {length / 60:g} min is shorter than the dwell of {demand.dwell / 60:g} min",
            zh=f"{name}（{key}）的时间窗 {length / 60:g} 分短于驻守时长 {demand.dwell / 60:g} 分",
        )  # fmt: skip
    offset = (int(start) - start_minute) * 60 % DAY
    fits = []
    for first in (offset - DAY, offset):
        earliest, latest = max(0, first), min(shift, first + length) - demand.dwell
        if latest >= earliest:
            fits.append(SetTime(earliest=earliest, latest=latest))
    if not fits:
        return Refused(
            point_id=key, code="other_shift", en=f"{name} is manned in another shift", zh=f"{name} 的到岗时刻不在本班次"
        )
    return _with(demand, tuple(fits))


def _kinds(point: Mapping[str, object]) -> tuple[str, ...] | None:
    stated = point.get("kinds")
    if stated is None or pd.isna(stated) or not str(stated).strip():  # type: ignore[call-overload]
        return SERVED_BY[str(point["mode"])]
    words: Sequence[str] = [word for word in re.split(r"[\s,，、;；/]+", str(stated).strip()) if word]
    found = [KIND_WORDS.get(word.lower()) for word in words]
    if None in found:
        return None
    return tuple(dict.fromkeys(kind for kind in found if kind is not None))


def _optional(point: Mapping[str, object], name: str) -> float | None:
    value = point.get(name)
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def _number(point: Mapping[str, object], name: str, otherwise: float) -> float:
    value = _optional(point, name)
    return otherwise if value is None else value
