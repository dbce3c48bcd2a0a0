"""A patrol plan as a file: GeoJSON, GPX with times, KML, XLSX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast
from xml.sax.saxutils import escape

import orjson

from api.services.exports import Download
from api.services.patrol_sheet import chosen_routes
from api.services.patrol_versions import body_at, version_of
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.store.port import Json, Principal
from web.paper.document import Cell, Column, Document, Paragraph, Table
from web.paper.xlsx import to_xlsx

Held = Mapping[str, Json]
Form = Literal["geojson", "gpx", "kml", "xlsx"]
MEDIA: Final[Mapping[str, str]] = {
    "geojson": "application/geo+json", "gpx": "application/gpx+xml", "kml": "application/vnd.google-earth.kml+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def plan_export(
    workspace: Workspace,
    principal: Principal,
    plan_id: str,
    form: str,
    *,
    version: int | None = None,
    unit_ids: Sequence[str] | None = None,
) -> Download:
    """Return the routes of a plan, or of some of its units, in WGS84."""
    if form not in MEDIA:
        raise ParameterError(
            f"Unknown format {form!r}; there are {', '.join(MEDIA)}", f"未知的格式 {form!r}，可用：{'、'.join(MEDIA)}"
        )
    body = body_at(workspace, principal, plan_id, version)
    routes = chosen_routes(body, unit_ids)
    if form == "xlsx":
        made = to_xlsx(_document(body, routes, plan_id))
    elif form == "geojson":
        made = orjson.dumps(
            {
                "type": "FeatureCollection",
                "features": [*_features(routes), *(_point_features(body) if unit_ids is None else [])],
            }
        )
    else:
        start = datetime.fromisoformat(str(cast("Held", body["shift"])["start"]))
        made = (_gpx if form == "gpx" else _kml)(routes, start, str(body["title"])).encode()
    return Download(f"xunge-{plan_id}.{form}", MEDIA[form], made)


def _features(routes: Sequence[Held]) -> list[Json]:
    features: list[Json] = []
    for route in routes:
        about = {name: route[name] for name in ("unit_id", "name", "kind", "start", "end", "metres")}
        line = cast("Sequence[Sequence[float]]", route["line"])
        if line:
            shape: Json = {"type": "LineString", "coordinates": [[x, y] for x, y, _ in line]}
            features.append({"type": "Feature", "geometry": shape, "properties": {**about, "what": "route"}})
        for stop in _stops(route):
            told = {
                name: stop[name]
                for name in (
                    "name",
                    "arrive",
                    "begin",
                    "depart",
                    "dwell_seconds",
                    "role",
                    "gap_before_minutes",
                    "gap_allowed_minutes",
                    "why",
                    "why_en",
                )
            }
            at: Json = {"type": "Point", "coordinates": [stop["lon"], stop["lat"]]}
            properties = {
                **told, "what": "stop", "number": int(cast("int", stop["index"])) + 1, "unit_id": route["unit_id"],
                "point_id": stop["point_id"],
            }  # fmt: skip
            features.append({"type": "Feature", "geometry": at, "properties": properties})
            driven = cast("Sequence[Sequence[float]]", stop.get("line") or ())
            if driven:
                along: Json = {"type": "LineString", "coordinates": [[x, y] for x, y, _ in driven]}
                features.append({"type": "Feature", "geometry": along, "properties": {**properties, "what": "road"}})
    return features


def _point_features(body: Held) -> list[Json]:
    """Return the points with what they asked for and got; gaps and windows can be read back with the points."""
    features: list[Json] = []
    for point in cast("Sequence[Held]", body.get("points") or ()):
        told = {
            name: point.get(name)
            for name in (
                "point_id", "name", "kind", "mode", "gap_minutes", "least_gap_minutes", "dwell_seconds", "priority", "begins",
                "worst_gap_minutes", "left_out", "reason_zh", "reason_en",
            )
        }  # fmt: skip
        low, high = _window(point)
        told |= {"window_start": low, "window_end": high, "what": "point"}
        at: Json = {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
        features.append({"type": "Feature", "geometry": at, "properties": cast("Json", told)})
    return features


def _window(point: Held) -> tuple[str | None, str | None]:
    held = cast("Mapping[str, str] | None", point.get("window"))
    if held is None:
        return None, None
    low, high = (datetime.fromisoformat(held[end]) for end in ("from", "to"))
    return f"{low:%H:%M}", f"{high:%H:%M}"


def _gpx(routes: Sequence[Held], start: datetime, title: str) -> str:
    points: list[str] = []
    tracks: list[str] = []
    for route in routes:
        points += [
            f'<wpt lat="{stop["lat"]}" lon="{stop["lon"]}"><time>{_utc(stop["begin"])}</time>'
            f"<name>{_text(_label(route, stop))}</name><desc>{_text(stop['why'])}</desc></wpt>\n"
            for stop in _stops(route)
        ]
        line = cast("Sequence[Sequence[float]]", route["line"])
        if line:
            track = "".join(
                f'<trkpt lat="{y}" lon="{x}"><time>{_utc((start + timedelta(seconds=t)).isoformat())}</time></trkpt>'
                for x, y, t in line
            )
            tracks.append(f"<trk><name>{_text(route['name'])}</name><trkseg>{track}</trkseg></trk>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="xunge" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"<metadata><name>{_text(title)}</name></metadata>\n{''.join(points)}{''.join(tracks)}</gpx>\n"
    )


def _kml(routes: Sequence[Held], _: datetime, title: str) -> str:
    folders = []
    for route in routes:
        marks = "".join(
            f"<Placemark><name>{_text(_label(route, stop))}</name><description>{_text(stop['why'])}</description>"
            f"<TimeSpan><begin>{_utc(stop['begin'])}</begin><end>{_utc(stop['depart'])}</end></TimeSpan>"
            f"<Point><coordinates>{stop['lon']},{stop['lat']}</coordinates></Point></Placemark>\n"
            for stop in _stops(route)
        )
        line = cast("Sequence[Sequence[float]]", route["line"])
        if line:
            at = " ".join(f"{x},{y}" for x, y, _t in line)
            marks += (
                f"<Placemark><name>{_text(route['name'])}</name><LineString><tessellate>1</tessellate>"
                f"<coordinates>{at}</coordinates></LineString></Placemark>\n"
            )
        folders.append(f"<Folder><name>{_text(route['name'])}</name>\n{marks}</Folder>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{_text(title)}</name>\n{''.join(folders)}</Document></kml>\n"
    )


def _document(body: Held, routes: Sequence[Held], plan_id: str) -> Document:
    stops: list[tuple[Cell, ...]] = [
        (
            str(route["unit_id"]), str(route["name"]), int(cast("int", stop["index"])) + 1, str(stop["name"]),
            str(stop["point_id"] or ""), *(_local(stop[name]) for name in ("arrive", "begin", "depart")),
            int(cast("int", stop["dwell_seconds"])) / 60, str(stop["why"]),
        )
        for route in routes
        for stop in _stops(route)
    ]  # fmt: skip
    points: list[tuple[Cell, ...]] = [
        (
            str(p["point_id"]), str(p["name"]), len(cast("Sequence[Json]", p["begins"])), _float(p["gap_minutes"]),
            _float(p["least_gap_minutes"]), *(end or "" for end in _window(p)),
            _float(p["worst_gap_minutes"]), "、".join(_local(b) for b in cast("Sequence[Json]", p["begins"])),
            str(p["reason_zh"] or ""),
        )
        for p in cast("Sequence[Held]", body.get("points") or ())
    ]  # fmt: skip
    breaks, optional = cast("Sequence[Held]", body.get("breaks") or ()), cast("Held | None", body.get("optional"))
    beside = [str(row["zh"]) for row in (*breaks, *cast("Sequence[Held]", body.get("lines") or ()))]
    beside += [str(optional["zh"])] if optional is not None else []
    return Document(
        title=str(body["title"]), subtitle=f"{plan_id}　第 {version_of(body)} 版", lang="zh",
        blocks=(
            Paragraph(text=str(body["sentence_zh"])),
            *(Paragraph(text=text) for text in beside),
            Table(
                title="到点安排",
                columns=_columns(
                    "巡组编号", "巡组", "序:count", "地点", "地点编号", "到达", "开始", "离开", "驻守（分）:decimal", "理由"
                ),
                rows=tuple(stops),
            ),
            Table(
                title="各点间隔",
                columns=_columns(
                    "编号", "名称", "次数:count", "到点间隔（分）:decimal", "最小间隔（分）:decimal", "到岗时刻", "离岗时刻",
                    "最长间隔（分）:decimal", "到点时刻", "未安排原因"
                ),
                rows=tuple(points),
            ),
        ),
    )  # fmt: skip


def _columns(*headings: str) -> tuple[Column, ...]:
    found = []
    for heading in headings:
        name, _, kind = heading.partition(":")
        found.append(Column(heading=name, kind=cast("Literal['text', 'count', 'decimal', 'share']", kind or "text")))
    return tuple(found)


def _stops(route: Held) -> Sequence[Held]:
    return cast("Sequence[Held]", route["stops"])


def _label(route: Held, stop: Held) -> str:
    return f"{route['unit_id']} {int(cast('int', stop['index'])) + 1} {stop['name']} {_local(stop['begin'])}"


def _text(value: Json) -> str:
    return escape(str(value))


def _local(value: Json) -> str:
    return f"{datetime.fromisoformat(str(value)):%m-%d %H:%M}"


def _utc(value: Json) -> str:
    return f"{datetime.fromisoformat(str(value)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _float(value: Json) -> float | None:
    return None if value is None else float(cast("float", value))
