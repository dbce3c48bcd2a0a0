"""``xunge patrol sweep`` and ``xunge patrol rounds``."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import ValidationError

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.schemas.patrol_rounds import RoundsPoint, RoundsQuestion
from api.schemas.patrol_sweep import SweepQuestion
from api.services.patrol_rounds import plan_rounds
from api.services.patrol_sweep import plan_sweep
from api.services.plans import plan_body
from api.services.route_files import MEDIA, routes_file
from geo.errors import FieldError, FileError, ParameterError
from geo.store.port import DEMO

COLUMNS: Final = {
    "point_id": "point_id", "编号": "point_id", "name": "name", "名称": "name", "lon": "lon", "经度": "lon",
    "lat": "lat", "纬度": "lat", "every_days": "every_days", "周期": "every_days", "周期天数": "every_days",
    "tolerance_days": "tolerance_days", "浮动天数": "tolerance_days", "service_minutes": "service_minutes", "时长": "service_minutes",
    "走访分钟": "service_minutes", "last_visit": "last_visit", "上次走访": "last_visit", "weekdays": "weekdays", "星期": "weekdays",
    "priority": "priority", "优先级": "priority",
}  # fmt: skip
"""What the columns of a table of places may be called."""


def sweep(
    post: str = typer.Option(..., help="出发驻点 / post where units begin and end"),
    grid: list[str] = typer.Option([], help="巡查这些网格的道路 / sweep the streets of these grids"),
    within: str | None = typer.Option(None, help="范围 / outline: lon,lat;lon,lat;…", show_default=False),
    units: int = typer.Option(1, min=1, help="巡组数 / units"),
    kind: str = typer.Option("car", help="car, motorcycle, foot, off_road"),
    sides: str = typer.Option("once", help="双向道路巡一次或两侧 / once, both"),
    goal: str = typer.Option("longest", help="最长一组最短，或总和最短 / longest, total"),
    limit: float | None = typer.Option(None, help="单组时限（分） / minutes of a unit at most", show_default=False),
    kph: float = typer.Option(15.0, help="巡查速度 / speed of sweeping"),
    seconds: float = typer.Option(20.0, min=0.1, help="求解时限（秒） / time limit"),
    seed: int = typer.Option(1, help="随机种子 / seed"),
    file: Path | None = typer.Option(None, help="写出 / write .geojson or .gpx", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """规划全覆盖街道巡查 / plan ways along every street of a part."""
    here = context_of(home, as_json=as_json, language=lang)
    form = _form(file)
    asked = {
        "post_id": post, "grid_codes": grid or None, "area": None if within is None else _ring(within), "units": units,
        "kind": kind, "sides": sides, "goal": goal, "limit_minutes": limit, "sweep_kph": kph, "seconds": seconds, "seed": seed,
    }  # fmt: skip
    question = _valid(SweepQuestion, asked)
    with opened(here.settings) as workspace, here.output.progress("街道巡查") as observe:
        result = plan_sweep(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    _write(body, file, form)
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


def rounds(
    points: Path = typer.Argument(
        help="走访点 / places: .csv with name, lon, lat or point_id, every_days, service_minutes, …"
    ),
    post: str = typer.Option(..., help="出发驻点 / post where units begin and end"),
    start: str = typer.Option(..., "--from", help="首日 / first day, 2026-11-23"),
    days: int = typer.Option(28, min=1, max=92, help="天数 / days"),
    units: int = typer.Option(2, min=1, help="每日巡组数 / units a day"),
    hours: float = typer.Option(7.0, help="每日时长（小时） / hours a day"),
    kind: str = typer.Option("car", help="car, motorcycle, foot, off_road"),
    seconds: float = typer.Option(20.0, min=0.1, help="求解时限（秒） / time limit"),
    seed: int = typer.Option(1, help="随机种子 / seed"),
    file: Path | None = typer.Option(None, help="写出 / write .geojson or .gpx", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """规划周期走访 / plan visits every few days over weeks."""
    here = context_of(home, as_json=as_json, language=lang)
    form = _form(file)
    try:
        first = datetime.fromisoformat(start).date()
    except ValueError as problem:
        raise ParameterError(
            f"{start!r} is not a day; write 2026-11-23", f"{start!r} 不是日期，应写作 2026-11-23"
        ) from problem
    asked = {
        "post_id": post, "points": _read_points(points), "from_day": first, "days": days, "units": units, "day_hours": hours,
        "kind": kind, "seconds": seconds, "seed": seed,
    }  # fmt: skip
    question = _valid(RoundsQuestion, asked)
    with opened(here.settings) as workspace, here.output.progress("周期走访") as observe:
        result = plan_rounds(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    _write(body, file, form)
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


def _valid(kind: Any, asked: dict[str, Any]) -> Any:
    try:
        return kind.model_validate(asked)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ParameterError(f"{where}: {first['msg']}", f"参数 {where} 有误：{first['msg']}") from problem


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
        try:
            found.append(RoundsPoint.model_validate(known))
        except ValidationError as problem:
            first = problem.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise FieldError(
                f"{path.name} row {number}: {field}: {first['msg']}",
                f"{path.name} 第 {number} 行 {field} 的值“{first['input']}”不符合要求，请改正",
                rows=[str(number)],
            ) from problem
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
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_bytes(routes_file(body, str(body["plan_id"]), form).body)
        partial.replace(file)
    except OSError as problem:
        raise FileError(
            f"{file} cannot be written: {problem.strerror}", f"无法写入 {file}：{problem.strerror}"
        ) from None
