"""What is seen as files: a workbook with every table of the page, and the hot places and grids as GeoJSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import numpy as np
import orjson
import shapely

from api.schemas.heat import GridValues, HeatSummary
from api.schemas.hot_places import HotPlaces
from api.services import heat
from api.services.choropleth import grid_values
from api.services.few import places_shown, values_shown
from api.services.filters import CallFilter
from api.services.hot_ground import CellKind
from api.services.hot_places import english, hot_places
from api.services.hot_words import HotMethod
from api.services.report_parts import Writer
from api.services.sheets import GEOJSON_TYPE, Answer
from api.services.workspace import Workspace
from geo.store.exchange import export_format
from geo.store.port import Principal
from web.paper.document import Column, Document, Paragraph, Table
from web.paper.xlsx import to_xlsx

Kind = Literal["xlsx", "geojson"]
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def exported(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, kind: Kind, method: HotMethod, cells: CellKind,
    size_m: float, lang: Literal["zh", "en"],
) -> Answer:  # fmt: skip
    """Return the figures of a filter as a file."""
    summary = heat.summary(workspace, principal, wanted, zoom=13, theme="light")
    places = places_shown(
        workspace, principal, hot_places(workspace, principal, wanted, method=method, cells=cells, size_m=size_m)
    )
    stamp = f"{summary.start:%Y%m%d}-{summary.end - timedelta(minutes=1):%Y%m%d}"
    headers = {"Content-Disposition": f'attachment; filename="xunge-heat-{stamp}.{kind}"'}
    if kind == "geojson":
        return Answer(
            body=_geojson(workspace, principal, wanted, places, lang=lang), media_type=GEOJSON_TYPE, headers=headers
        )
    body = to_xlsx(_document(workspace, principal, wanted, summary, places, lang))
    return Answer(body=body, media_type=export_format("xlsx").media_type, headers=headers)


def _document(
    workspace: Workspace, principal: Principal, wanted: CallFilter, summary: HeatSummary, places: HotPlaces,
    lang: Literal["zh", "en"],
) -> Document:  # fmt: skip
    zh = lang == "zh"
    last = summary.end - timedelta(minutes=1)
    period = f"{summary.start:%Y-%m-%d %H:%M} – {last:%Y-%m-%d %H:%M}"
    labels = english(workspace)
    low, high = ("95% 低", "95% 高") if zh else ("95 % low", "95 % high")
    counts = (
        Column(heading="n", kind="count"), Column(heading=low, kind="decimal"), Column(heading=high, kind="decimal"),
    )  # fmt: skip
    values = _grid_values(workspace, principal, wanted)
    of_family = tuple((f.id if zh else labels.get(f.id, f.id), f.n, *f.interval) for f in summary.by_family)
    few = Writer.of(workspace, principal, lang).few_text()
    of_grid = tuple(
        (code, few if v.n is None else v.n, v.value, v.low, v.high)
        for code, v in sorted(values.values.items(), key=lambda item: -(item[1].n or 0))
    )
    days = _WEEKDAYS if zh else _DAYS
    unplaced = (
        f"无案发地 {summary.n_unplaced} 起，不在图上"
        if zh
        else f"{summary.n_unplaced} calls without a place, not on the map"
    )
    asked = _asked(wanted, zh=zh)
    low_n, high_n = summary.interval
    total = f"{summary.basis_zh if zh else summary.basis_en}: n = {summary.n} ({low_n:.0f}–{high_n:.0f}, 95 %)"
    return Document(
        title="警情热力" if zh else "Heat of calls", subtitle=period, lang=lang,
        footer="xunge",
        blocks=(
            Paragraph(text=total),
            Paragraph(text=unplaced), Paragraph(text=asked), Paragraph(text=places.note_zh if zh else places.note_en),
            Table(
                title="热点" if zh else "Hot places",
                columns=(
                    Column(heading="#", kind="count"), Column(heading="地点" if zh else "place", kind="text"),
                    Column(heading="网格" if zh else "grid", kind="text"), *counts,
                    Column(heading="经度" if zh else "lon", kind="text"), Column(heading="纬度" if zh else "lat", kind="text"),
                    Column(heading="可信度" if zh else "chance", kind="text"),
                    Column(heading="为何在此" if zh else "why here", kind="text"),
                ),
                rows=tuple(
                    (p.rank, p.name, p.grid_code or "", p.n, *p.interval, f"{p.lon:.6f}", f"{p.lat:.6f}",
                     p.chance_zh if zh else p.chance_en, p.why_zh if zh else p.why_en)
                    for p in places.places
                ),
            ),
            Table(title="类别" if zh else "Classes", columns=(Column(heading="类别" if zh else "class", kind="text"), *counts), rows=of_family),
            Table(
                title="时段" if zh else "Hours",
                columns=(Column(heading="时" if zh else "hour", kind="count"), counts[0]),
                rows=tuple(enumerate(summary.by_hour)),
            ),
            Table(
                title="星期" if zh else "Weekdays",
                columns=(Column(heading="星期" if zh else "day", kind="text"), counts[0]),
                rows=tuple(zip(days, summary.by_weekday, strict=True)),
            ),
            Table(
                title="逐日" if zh else "Days",
                columns=(Column(heading="日期" if zh else "date", kind="text"), counts[0]),
                rows=tuple((d.day, d.n) for d in summary.by_day),
            ),
            Table(
                title="网格" if zh else "Grids",
                columns=(Column(heading="网格" if zh else "grid", kind="text"), counts[0],
                         Column(heading=values.unit if zh else values.unit_en, kind="decimal"), counts[1], counts[2]),
                rows=of_grid, note=f"{'版本' if zh else 'edition'} {values.edition}",
            ),
        ),
    )  # fmt: skip


def _grid_values(workspace: Workspace, principal: Principal, wanted: CallFilter) -> GridValues:
    made = grid_values(workspace, principal, wanted, measure="calls_per_km2_week")
    return values_shown(workspace, principal, made)


def _asked(wanted: CallFilter, *, zh: bool) -> str:
    def some(values: frozenset[int] | frozenset[str] | None) -> str:
        return ("全部" if zh else "all") if values is None else ", ".join(str(v) for v in sorted(values))

    who = {"only": ("仅群众报警", "citizen calls only"), "any": ("含自接", "all sources")}[wanted.citizen][
        0 if zh else 1
    ]
    if zh:
        return f"筛选：类别 {some(wanted.families)}；时 {some(wanted.hours)}；星期 {some(wanted.weekdays)}；{who}"
    return (
        f"Filter: classes {some(wanted.families)}; hours {some(wanted.hours)}; weekdays {some(wanted.weekdays)}; {who}"
    )


def _geojson(
    workspace: Workspace, principal: Principal, wanted: CallFilter, places: HotPlaces, *, lang: Literal["zh", "en"]
) -> bytes:
    """Return hot places and grids with their figures in one collection, told apart by ``layer``."""
    values = _grid_values(workspace, principal, wanted)
    frame = workspace.grids(principal).frame.set_index("code")
    unit = values.unit if lang == "zh" else values.unit_en
    features: list[dict[str, object]] = [
        {
            "type": "Feature", "id": f"hot-{p.rank}", "geometry": p.geometry,
            "properties": {
                "layer": "hot_places", **p.model_dump(mode="json", exclude={"geometry", "id"}), "method": places.method,
            },
        }
        for p in places.places
    ]  # fmt: skip
    for code, v in values.values.items():
        shape = shapely.set_precision(frame.loc[code]["geometry"], 1e-7, mode="pointwise")
        features.append(
            {
                "type": "Feature", "id": code, "geometry": shapely.geometry.mapping(shape),
                "properties": {
                    "layer": "grids", "code": code, "n": v.n, "value": v.value, "low": v.low, "high": v.high, "unit": unit,
                },
            }
        )  # fmt: skip
    body = {
        "type": "FeatureCollection", "features": features, "from": places.start, "to": places.end,
        "basis": wanted.basis, "n": places.n, "n_unplaced": places.n_unplaced, "edition": values.edition,
    }  # fmt: skip
    return orjson.dumps(body, default=lambda v: v.tolist() if isinstance(v, np.generic) else str(v))
