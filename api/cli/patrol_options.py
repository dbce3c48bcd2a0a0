"""What the commands of patrols share: their options, and how dates, times of a shift and closed streets are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, cast

import orjson
import typer

from api.refusals import parsed
from api.schemas.patrol import Closure
from geo.errors import FileError, ParameterError
from web.paper.document import Lang

PlanId = Annotated[str, typer.Argument(help="方案编号 / number of the plan")]
Unit = Annotated[str, typer.Option("--unit", help="巡组 / unit")]
OnlyUnits = Annotated[list[str], typer.Option("--unit", help="只要这些巡组 / only these units")]
StopNumber = Annotated[int, typer.Option("--stop", min=1, help="第几个到点 / number of the stop on the sheet")]
AnyStop = Annotated[
    int | None,
    typer.Option("--stop", min=1, help="第几个到点，默认全部 / one stop, all unless given", show_default=False),
]
At = Annotated[str | None, typer.Option("--at", help="时刻 14:30 / time", show_default=False)]
Soft = Annotated[bool, typer.Option("--soft", help="超间隔也保留 / keep it even where gaps break")]
Preview = Annotated[bool, typer.Option("--preview", help="只看是否可行 / write nothing")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="版本 / version", show_default=False)]
Closed = Annotated[list[Path], typer.Option("--close", help="封闭道路 GeoJSON（线或面） / closed streets")]
ClosedNames = Annotated[
    list[str],
    typer.Option(
        "--close-street",
        help="封闭道路名称，可带时段 名称@22:00-23:30 / a closed street, with hours",
    ),
]
Seconds = Annotated[float, typer.Option("--seconds", min=0.1, help="求解时限（秒） / time limit")]
SeedNumber = Annotated[int, typer.Option("--seed", min=0, help="随机种子 / seed")]
StartPost = Annotated[str, typer.Option("--post", help="出发驻点 / post where units begin and end")]
StreetKinds = Annotated[str, typer.Option("--kind", help="car, motorcycle, foot, off_road")]
RouteFile = Annotated[Path | None, typer.Option("--file", help="写出 / write .geojson or .gpx", show_default=False)]

_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")
_HOURS = re.compile(r"^(.+)@(\d{1,2}:\d{2})-(\d{1,2}:\d{2})$")


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


def closures_of(
    files: Sequence[Path], streets: Sequence[str], *, at: Callable[[str], datetime | None]
) -> list[Closure]:
    """Return closures from GeoJSON files of lines and polygons in WGS84, and from names of streets.

    A name may be followed by hours, ``NAME@22:00-23:30``, and so may a shape have ``name``, ``from`` and ``to`` among its properties;
    ``at`` reads a time.
    """
    found = [_street(text, at) for text in streets]
    for file in files:
        try:
            held = orjson.loads(file.read_bytes())
        except (OSError, ValueError) as problem:
            raise FileError(
                f"{file} is not a GeoJSON file that can be read: {problem}", f"{file} 不是可读取的 GeoJSON 文件"
            ) from problem
        features = held.get("features") if isinstance(held, dict) and "features" in held else [held]
        if not features:
            raise FileError(f"{file} holds no line and no polygon", f"{file} 中没有线或面")
        found += [_closure(file, feature, at) for feature in features]
    return found


def _street(text: str, at: Callable[[str], datetime | None]) -> Closure:
    hours = _HOURS.match(text)
    if not hours:
        return parsed(Closure, {"street": text})
    return parsed(Closure, {"street": hours[1], "from": at(hours[2]), "to": at(hours[3])})


def _closure(file: Path, feature: object, at: Callable[[str], datetime | None]) -> Closure:
    whole = feature if isinstance(feature, Mapping) else {}
    shape, properties = whole.get("geometry") or whole, whole.get("properties") or {}
    held: dict[str, object] = {"name": properties.get("name") or file.stem}
    held |= {end: at(str(properties[end])) for end in ("from", "to") if properties.get(end)}
    where = (f"{file.name} 中", f"{file.name}:")
    coordinates = cast("Sequence[object]", shape.get("coordinates") or ())
    if shape.get("type") == "LineString":
        return parsed(Closure, {**held, "line": _corners(coordinates)}, where=where)
    if shape.get("type") == "Polygon" and coordinates:
        return parsed(Closure, {**held, "area": _corners(cast("Sequence[object]", coordinates[0]))}, where=where)
    raise FileError(
        f"{file} holds a {shape.get('type')!r}; a closure is a LineString or a Polygon",
        f"{file} 含 {shape.get('type')!r}，封闭范围应为 LineString 或 Polygon",
    )


def _corners(values: Sequence[object]) -> list[object]:
    """Return corners without a height."""
    return [c[:2] if isinstance(c, list) else c for c in values]


def languages(language: str) -> Lang:
    """Return the language of a paper."""
    return "zh" if language == "zh" else "en"


def write_whole(file: Path, body: bytes) -> None:
    """Write a file that is there whole or not at all."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_bytes(body)
        partial.replace(file)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise FileError(
            f"{file} cannot be written: {problem.strerror}", f"无法写入 {file}：{problem.strerror}"
        ) from None
