"""``xunge patrol sweep`` and ``xunge patrol rounds``."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typer

from api.cli.context import Context, opened
from api.cli.patrol_options import RouteFile, Seconds, SeedNumber, StartPost, StreetKinds, write_whole
from api.cli.placed import placed
from api.refusals import parsed
from api.schemas.patrol_rounds import RoundsPoint, RoundsQuestion
from api.schemas.patrol_sweep import SweepQuestion
from api.services.patrol_rounds import plan_rounds
from api.services.patrol_sweep import plan_sweep
from api.services.plans import plan_body
from api.services.route_files import MEDIA, routes_file
from geo.errors import FileError, ParameterError
from geo.store.port import DEMO

COLUMNS: Final = {
    "point_id": "point_id", "编号": "point_id", "name": "name", "名称": "name", "lon": "lon", "经度": "lon",
    "lat": "lat", "纬度": "lat", "every_days": "every_days", "周期": "every_days", "周期天数": "every_days",
    "tolerance_days": "tolerance_days", "浮动天数": "tolerance_days", "service_minutes": "service_minutes", "时长": "service_minutes",
    "走访分钟": "service_minutes", "last_visit": "last_visit", "上次走访": "last_visit", "weekdays": "weekdays", "星期": "weekdays",
    "priority": "priority", "优先级": "priority",
}  # fmt: skip
"""What the columns of a table of places may be called."""


@placed
def sweep(
    here: Context,
    post: StartPost,
    grid: list[str] = typer.Option([], help="巡查这些网格的道路 / sweep the streets of these grids"),
    within: str | None = typer.Option(None, help="范围 / outline: lon,lat;lon,lat;…", show_default=False),
    units: int = typer.Option(1, min=1, help="巡组数 / units"),
    kind: StreetKinds = "car",
    sides: str = typer.Option("once", help="双向道路巡一次或两侧 / once, both"),
    goal: str = typer.Option("longest", help="最长一组最短，或总和最短 / longest, total"),
    limit: float | None = typer.Option(None, help="单组时限（分） / minutes of a unit at most", show_default=False),
    kph: float = typer.Option(15.0, help="巡查速度 / speed of sweeping"),
    seconds: Seconds = 20.0,
    seed: SeedNumber = 1,
    file: RouteFile = None,
) -> None:
    """规划全覆盖街道巡查 / plan ways along every street of a part."""
    form = _form(file)
    asked = {
        "post_id": post, "grid_codes": grid or None, "area": None if within is None else _ring(within), "units": units,
        "kind": kind, "sides": sides, "goal": goal, "limit_minutes": limit, "sweep_kph": kph, "seconds": seconds, "seed": seed,
    }  # fmt: skip
    question = parsed(SweepQuestion, asked)
    with opened(here.settings) as workspace, here.output.progress("街道巡查") as observe:
        result = plan_sweep(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    _write(body, file, form)
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


@placed
def rounds(
    here: Context,
    points: Path = typer.Argument(
        help="走访点 / places: .csv with name, lon, lat or point_id, every_days, service_minutes, …"
    ),
    *,
    post: StartPost,
    start: str = typer.Option(..., "--from", help="首日 / first day, 2026-11-23"),
    days: int = typer.Option(28, min=1, max=92, help="天数 / days"),
    units: int = typer.Option(2, min=1, help="每日巡组数 / units a day"),
    hours: float = typer.Option(7.0, help="每日时长（小时） / hours a day"),
    begin: str = typer.Option("08:30", help="每日出发时刻 / when units leave"),
    weekday: list[int] = typer.Option([], help="值勤星期，1 为周一，默认周一至周五 / weekdays on duty, 1 is Monday"),
    rest_day: list[str] = typer.Option([], help="不值勤的日期 / days off, 2026-12-01"),
    kind: StreetKinds = "car",
    seconds: Seconds = 20.0,
    seed: SeedNumber = 1,
    file: RouteFile = None,
) -> None:
    """规划周期走访 / plan visits every few days over weeks."""
    form = _form(file)
    try:
        first = datetime.fromisoformat(start).date()
    except ValueError as problem:
        raise ParameterError(
            f"{start!r} is not a day; write 2026-11-23", f"{start!r} 不是日期，应写作 2026-11-23"
        ) from problem
    asked = {
        "post_id": post, "points": _read_points(points), "from_day": first, "days": days, "units": units, "day_hours": hours,
        "kind": kind, "seconds": seconds, "seed": seed, "day_start": begin, "rest_days": rest_day,
        **({"duty_weekdays": weekday} if weekday else {}),
    }  # fmt: skip
    question = parsed(RoundsQuestion, asked)
    with opened(here.settings) as workspace, here.output.progress("周期走访") as observe:
        result = plan_rounds(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    _write(body, file, form)
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


def _read_points(path: Path) -> list[RoundsPoint]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileError(f"{path.name} cannot be read as UTF-8 text", f"{path.name} 无法按 UTF-8 文本读取") from problem
    reader = csv.DictReader(io.StringIO(text))
    found: list[RoundsPoint] = []
    for number, row in enumerate(reader, start=2):
        known: dict[str, Any] = {
            COLUMNS[name.strip()]: value.strip()
            for name, value in row.items()
            if isinstance(name, str) and name.strip() in COLUMNS and isinstance(value, str) and value.strip()
        }
        if "weekdays" in known:
            known["weekdays"] = known["weekdays"].replace("，", ",").replace(" ", ",").split(",")
        found.append(parsed(RoundsPoint, known, where=(f"{path.name} 第 {number} 行", f"{path.name} row {number}:")))
    if not found:
        raise FileError(f"{path.name} holds no place", f"{path.name} 中没有走访点")
    return found


def _ring(text: str) -> list[list[float]]:
    try:
        ring = [[float(v) for v in pair.split(",")] for pair in text.split(";") if pair.strip()]
    except ValueError:
        ring = []
    if len(ring) < 3 or any(len(pair) != 2 for pair in ring):
        raise ParameterError(
            "--within must be lon,lat;lon,lat;… with 3 corners or more", "--within 应为 经度,纬度;…，至少三个角点"
        )
    return ring


def _form(file: Path | None) -> str | None:
    if file is None:
        return None
    form = file.suffix.lower().lstrip(".")
    if form not in MEDIA:
        raise ParameterError(f"{file.name} must end in .geojson or .gpx", f"{file.name} 应以 .geojson 或 .gpx 结尾")
    return form


def _write(body: dict[str, Any], file: Path | None, form: str | None) -> None:
    if file is None or form is None:
        return
    write_whole(file, routes_file(body, str(body["plan_id"]), form).body)
