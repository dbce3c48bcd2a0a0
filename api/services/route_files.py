"""Routes that were planned as GeoJSON and GPX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast
from xml.sax.saxutils import escape

import orjson

from api.services.exports import Download
from geo.errors import NotFoundError, ParameterError
from geo.store.port import Json

Held = Mapping[str, Json]
MEDIA: Final[Mapping[str, str]] = {"geojson": "application/geo+json", "gpx": "application/gpx+xml"}
_LINE: Final = ("line", "stops", "passes")


def routes_file(body: Held, plan_id: str, form: str, *, day: str | None = None) -> Download:
    """Return the routes of a plan, or those of one day, in WGS84: lines with what is known of each, and stops."""
    if form not in MEDIA:
        raise ParameterError(
            f"Unknown format {form!r}; there are {', '.join(MEDIA)}", f"未知的格式 {form!r}，可用：{'、'.join(MEDIA)}"
        )
    routes = [cast("Held", route) for route in cast("Sequence[Json]", body["routes"])]
    if day is not None:
        routes = [route for route in routes if route.get("day") == day]
        if not routes:
            raise NotFoundError(f"The plan has no route on {day}", f"方案在 {day} 没有路线")
    made = orjson.dumps({"type": "FeatureCollection", "features": _features(routes)})
    if form == "gpx":
        made = _gpx(routes, str(body["title"])).encode()
    return Download(f"xunge-{plan_id}{'' if day is None else f'-{day}'}.{form}", MEDIA[form], made)


def _features(routes: Sequence[Held]) -> list[Json]:
    features: list[Json] = []
    for route in routes:
        about = {name: value for name, value in route.items() if name not in _LINE}
        shape: Json = {"type": "LineString", "coordinates": [[x, y] for x, y, _ in _line(route)]}
        features.append({"type": "Feature", "geometry": shape, "properties": {**about, "what": "route"}})
        for number, stop in enumerate(_stops(route), start=1):
            told = {name: value for name, value in stop.items() if name not in ("lon", "lat")}
            at: Json = {"type": "Point", "coordinates": [stop["lon"], stop["lat"]]}
            properties: Json = {**told, "what": "stop", "number": number, "route": route["name"]}
            features.append({"type": "Feature", "geometry": at, "properties": properties})
    return features


def _gpx(routes: Sequence[Held], title: str) -> str:
    points: list[str] = []
    tracks: list[str] = []
    for route in routes:
        points += [
            f'<wpt lat="{stop["lat"]}" lon="{stop["lon"]}"><name>{_text(route["name"])} {number} {_text(stop["name"])}</name></wpt>\n'
            for number, stop in enumerate(_stops(route), start=1)
        ]
        track = "".join(f'<trkpt lat="{y}" lon="{x}"></trkpt>' for x, y, _ in _line(route))
        tracks.append(f"<trk><name>{_text(route['name'])}</name><trkseg>{track}</trkseg></trk>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="xunge" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"<metadata><name>{_text(title)}</name></metadata>\n{''.join(points)}{''.join(tracks)}</gpx>\n"
    )


def _line(route: Held) -> Sequence[Sequence[float]]:
    return cast("Sequence[Sequence[float]]", route["line"])


def _stops(route: Held) -> Sequence[Held]:
    return cast("Sequence[Held]", route.get("stops") or ())


def _text(value: Json) -> str:
    return escape(str(value))
