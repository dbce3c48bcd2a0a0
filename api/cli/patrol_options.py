"""What the commands of patrols read: dates, times of a shift, closed streets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

import orjson

from api.schemas.patrol import Closure
from geo.errors import FileError, ParameterError
from web.paper.document import Lang

_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


def day_of(text: str | None) -> date | None:
    """Return the date that is written as 2026-11-22."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"{text!r} is not a date such as 2026-11-22", f"“{text}”不是日期，应如 2026-11-22"
        ) from None


def moment_of(text: str | None, body: Mapping[str, object]) -> datetime | None:
    """Return the time of the plan's shift that ``14:30`` means, or an ISO 8601 time with offset."""
    if text is None:
        return None
    start = datetime.fromisoformat(str(cast("Mapping[str, str]", body["shift"])["start"]))
    clock = _CLOCK.match(text)
    if clock and int(clock[1]) < 24 and int(clock[2]) < 60:
        found = start.replace(hour=int(clock[1]), minute=int(clock[2]), second=0)
        return found if found >= start else found + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"{text!r} is not a time such as 14:30 or 2026-11-22T14:30+08:00", f"“{text}”不是时刻，应如 14:30"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=start.tzinfo)


def closures_of(files: Sequence[Path], streets: Sequence[str]) -> list[Closure]:
    """Return closures from GeoJSON files of lines and polygons in WGS84, and from names of streets."""
    found = [Closure(street=name) for name in streets]
    for file in files:
        try:
            held = orjson.loads(file.read_bytes())
        except (OSError, ValueError) as problem:
            raise FileError(
                f"{file} is not a GeoJSON file that can be read: {problem}", f"{file} 不是可读取的 GeoJSON 文件"
            ) from problem
        shapes = (
            [f.get("geometry") or {} for f in held.get("features", [])]
            if "features" in held
            else [held.get("geometry") or held]
        )
        found += [_closure(file, shape) for shape in shapes]
    return found


def _closure(file: Path, shape: Mapping[str, object]) -> Closure:
    name = file.stem
    coordinates = cast("Sequence[object]", shape.get("coordinates") or ())
    if shape.get("type") == "LineString":
        return Closure(name=name, line=_corners(coordinates))
    if shape.get("type") == "Polygon" and coordinates:
        return Closure(name=name, area=_corners(cast("Sequence[object]", coordinates[0])))
    raise FileError(
        f"{file} holds a {shape.get('type')!r}; a closure is a LineString or a Polygon",
        f"{file} 含 {shape.get('type')!r}，封闭范围应为 LineString 或 Polygon",
    )


def _corners(values: Sequence[object]) -> list[tuple[float, float]]:
    return [(float(c[0]), float(c[1])) for c in cast("Sequence[Sequence[float]]", values)]


def languages(language: str) -> Lang:
    """Return the language of a paper."""
    return "zh" if language == "zh" else "en"
