"""``xunge export`` and ``xunge heat``: what the store holds, as files and figures."""

from __future__ import annotations

import math
from pathlib import Path

import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.services import heat as heating
from api.services.exports import export_file
from api.services.family_filter import with_families
from api.services.filters import parse_filter
from geo.errors import ParameterError
from geo.store.port import DEMO


def export(
    collection: str = typer.Argument(help="grids, police_grids, calls, posts, points, units"),
    file: Path = typer.Argument(help=".geojson .gpkg .parquet .kml .gpx .xlsx .csv"),
    frame: str = typer.Option("WGS84", help="WGS84, CGCS2000, GCJ02, BD09"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """导出图层 / write a collection to a file."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        written = export_file(workspace, DEMO, collection, file, frame_out=frame)
    notes = [zh if here.output.language == "zh" else en for en, zh in written.notes]
    body = {"file": str(file), "rows": written.rows, "frame": frame, "notes": notes}
    here.output.result(body, "\n".join([f"{written.rows:,} → {file}", *notes]))


def heat(
    families: str | None = typer.Option(None, help="类别，逗号分隔 / classes, with commas", show_default=False),
    start: str | None = typer.Option(None, "--from", help="ISO 8601", show_default=False),
    end: str | None = typer.Option(None, "--to", help="ISO 8601", show_default=False),
    hours: str | None = typer.Option(None, help="0-5,20", show_default=False),
    weekdays: str | None = typer.Option(None, help="1-7，1 为周一 / 1 is Monday", show_default=False),
    within: str | None = typer.Option(None, help="范围 / outline: lon,lat;lon,lat;…", show_default=False),
    areas: str | None = typer.Option(None, help="网格编码，逗号分隔 / grid codes", show_default=False),
    image: Path | None = typer.Option(None, help="写出 PNG / write a PNG of the whole city", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """警情数量与热力图 / counts of calls, and a heat map."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = parse_filter(
        families=families, start=start, end=end, hours=hours, weekdays=weekdays, within=within, areas=areas
    )
    with opened(here.settings) as workspace:
        wanted = with_families(workspace, DEMO, wanted)
        summary = heating.summary(workspace, DEMO, wanted, zoom=13, theme="light")
        if image is not None:
            if image.suffix.lower() != ".png":
                raise ParameterError("The image must end in .png", "图像文件应以 .png 结尾")
            image.write_bytes(heating.picture(workspace, DEMO, wanted))
    body = summary.model_dump(mode="json", by_alias=True)
    low, high = summary.interval
    period = f"{summary.start:%Y-%m-%d %H:%M} – {summary.end:%Y-%m-%d %H:%M}"
    sentence = (
        f"{summary.basis_zh} {summary.n:,} 起（95% 区间 {math.floor(low):,}–{math.ceil(high):,}）· {period} · 无案发地 {summary.n_unplaced:,} 起"
        if here.output.language == "zh"
        else f"{summary.n:,} {summary.basis_en} (95 % {math.floor(low):,}–{math.ceil(high):,}), {period}, {summary.n_unplaced:,} without a place"
    )
    here.output.result(body, sentence)
