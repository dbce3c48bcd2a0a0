"""What ``xunge patrol plan`` reads beside the shift: a question in a file, breaks, optional stops, roads, pins and bans."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Final

import orjson

from api.services.shifts import ShiftSpan
from geo.errors import FieldError, FileError, ParameterError

Values = dict[str, object]

_BREAK: Final = re.compile(r"^(\d+(?:\.\d+)?)@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)(?:@(post|here))?$")
_ROAD: Final = re.compile(
    r"^(?P<road>.+?)(?::(?P<low>K?[\d.]+(?:\+[\d.]+)?)-(?P<high>K?[\d.]+(?:\+[\d.]+)?))?"
    r"(?:@(?P<minutes>\d+)(?:/(?P<kph>\d+))?)?$",
    re.IGNORECASE,
)
_PIN: Final = re.compile(r"^([^=]+)=([^@]+)@(\d{1,2}:\d{2})-(\d{1,2}:\d{2})$")
_CLOCK: Final = re.compile(r"^(\d{1,2}):(\d{2})$")
KINDS: Final = ("car", "motorcycle", "foot", "off_road")
COLUMNS: Final = {
    "name": "name", "名称": "name", "lon": "lon", "经度": "lon", "lat": "lat", "纬度": "lat", "from": "from", "开始": "from",
    "to": "to", "结束": "to", "prize": "prize", "价值": "prize", "dwell_minutes": "dwell_minutes", "驻守（分）": "dwell_minutes",
}  # fmt: skip


def question_in(file: Path | None) -> Values:
    """Return the question of a JSON file, as HTTP takes it; none without a file."""
    if file is None:
        return {}
    try:
        held = orjson.loads(file.read_bytes())
    except (OSError, ValueError) as problem:
        raise FileError(
            f"{file} is not a JSON file that can be read: {problem}", f"{file} 不是可读取的 JSON 文件"
        ) from problem
    if not isinstance(held, dict):
        raise FileError(f"{file} does not hold one question as a JSON object", f"{file} 应为一个 JSON 对象")
    return held


def breaks_of(texts: Sequence[str]) -> list[Values]:
    """Return breaks that are written as ``40@3-5`` (minutes, hours of the shift) or ``40@3-5@here``."""
    found: list[Values] = []
    for text in texts:
        held = _BREAK.match(text)
        if not held:
            raise ParameterError(
                f"--break takes MINUTES@HOUR-HOUR, such as 40@3-5, not {text!r}",
                f"--break 应为 分钟@小时-小时，如 40@3-5，而非“{text}”",
            )
        found.append({"minutes": held[1], "after_hours": held[2], "before_hours": held[3], "at": held[4] or "post"})
    return found


def roads_of(texts: Sequence[str], *, by: str) -> list[Values]:
    """Return roads that are written as ``ROAD``, ``ROAD:K12+300-K15+000`` or ``ROAD:K12+300-K15+000@120/30`` (minutes, km/h)."""
    found: list[Values] = []
    for text in texts:
        held = _ROAD.match(text.strip())
        if not held:
            raise ParameterError(
                f"A road is written as NAME:K12+300-K15+000@120/30, not {text!r}",
                f"路段应写成 名称:K12+300-K15+000@120/30，而非“{text}”",
            )
        road: Values = {by: held["road"]}
        road |= {"from": held["low"], "to": held["high"]} if held["low"] else {}
        road |= {"every_minutes": held["minutes"]} if held["minutes"] else {}
        road |= {"kph": held["kph"]} if held["kph"] else {}
        found.append(road)
    return found


def bans_of(texts: Sequence[str]) -> list[Values]:
    """Return forbidden stops that are written as ``UNIT=POINT`` or ``KIND=POINT``."""
    found: list[Values] = []
    for text in texts:
        who, _, point = text.partition("=")
        if not who or not point:
            raise ParameterError(f"--ban takes UNIT=POINT, not {text!r}", f"--ban 应为 巡组=必巡点，而非“{text}”")
        found.append({"kind" if who in KINDS else "unit_id": who, "point_id": point})
    return found


def pins_of(texts: Sequence[str], shift: ShiftSpan) -> list[Values]:
    """Return set stops that are written as ``UNIT=POINT@01:30-02:00``, times of the shift."""
    found: list[Values] = []
    for text in texts:
        held = _PIN.match(text)
        if not held:
            raise ParameterError(
                f"--pin takes UNIT=POINT@01:30-02:00, not {text!r}", f"--pin 应为 巡组=必巡点@01:30-02:00，而非“{text}”"
            )
        low, high = clock_in(held[3], shift), clock_in(held[4], shift)
        found.append({"unit_id": held[1], "point_id": held[2], "earliest": low.isoformat(), "latest": high.isoformat()})
    return found


def offers_in(file: Path, shift: ShiftSpan) -> list[Values]:
    """Return the optional stops of a CSV file with name, lon, lat, from, to (``01:30``) and prize.

    Raises
    ------
    FileError, FieldError
        Naming the row.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileError(f"{file.name} cannot be read as UTF-8 text", f"{file.name} 无法按 UTF-8 文本读取") from problem
    found: list[Values] = []
    for number, row in enumerate(csv.DictReader(StringIO(text)), start=2):
        known: Values = {
            COLUMNS[k.strip()]: v.strip() for k, v in row.items() if k and k.strip() in COLUMNS and v and v.strip()
        }
        try:
            for end in ("from", "to"):
                if _CLOCK.match(str(known[end])):
                    known[end] = clock_in(str(known[end]), shift).isoformat()
        except (KeyError, ParameterError):
            raise FieldError(
                f"{file.name} row {number} needs a time such as 01:30 in from and to",
                f"{file.name} 第 {number} 行的 开始、结束 应为时刻，如 01:30",
                rows=[str(number)],
            ) from None
        found.append(known)
    if not found:
        raise FileError(f"{file.name} holds no optional stop", f"{file.name} 中没有可选停留")
    return found


def clock_in(text: str, shift: ShiftSpan) -> datetime:
    """Return the time of a shift that ``01:30`` means, the next day where it lies before the begin."""
    held = _CLOCK.match(text)
    if not held or int(held[1]) > 23 or int(held[2]) > 59:
        raise ParameterError(f"{text!r} is not a time such as 01:30", f"“{text}”不是时刻，应如 01:30")
    found = shift.start.replace(hour=int(held[1]), minute=int(held[2]), second=0, microsecond=0)
    return found if found >= shift.start else found + timedelta(days=1)
