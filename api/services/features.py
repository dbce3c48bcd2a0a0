"""Collections as features: pages of GeoJSON in key order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from api.schemas.ogc import Collection, Collections, Extent, Link, SpatialExtent, TemporalExtent
from geo.errors import NotFoundError, ParameterError
from geo.store.port import TABLES, Page, Principal, Query, Store

GEOJSON: Final = "application/geo+json"
TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "grids": ("网格", "Grids: each inside one village or community"),
    "police_grids": ("警格", "Police grids: the area of a community officer"),
    "communities": ("村（社区）", "Villages and communities: no grid crosses them"),
    "blocks": ("街区", "Blocks between streets: the smallest pieces that change hands between grids"),
    "linear_grids": ("线性网格（段）", "Linear grids: pieces of a border, river or highway by chainage"),
    "estates": ("小区", "Estates: housing areas with counts of households"),
    "buildings": ("楼栋", "Buildings with counts of households"),
    "grid_posts": ("网格岗位", "Posts in grids: roles and how many are filled; no geometry"),
    "shifts": ("班次", "Shifts; no geometry"),
    "calls": ("警情", "Calls; those without a place carry placed=false"),
    "posts": ("屯警点", "Posts where units stand"),
    "points": ("必巡点", "Points that patrols visit"),
    "units": ("巡组", "Units and their last known position"),
    "streets": ("道路", "Streets, as vector tiles only"),
}
TILED: Final = ("streets", "grids", "blocks")
"""Collections that are served as vector tiles."""
MAX_LIMIT: Final = 10_000

FEATURE_COLLECTIONS: Final = tuple(name for name in TITLES if name != "streets")


def parse_bbox(text: str | None) -> tuple[float, float, float, float] | None:
    """Read ``west,south,east,north`` (or the six-number form, heights ignored)."""
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[i] for i in (0, 1, 3, 4)]
    if len(numbers) != 4 or not np.isfinite(numbers).all() or numbers[1] > numbers[3] or numbers[0] > numbers[2]:
        raise ParameterError(
            "bbox must be west,south,east,north in degrees, west before east and south before north",
            "bbox 应为“西,南,东,北”四个经纬度数值，西小于东、南小于北",
        )
    return numbers[0], numbers[1], numbers[2], numbers[3]


def parse_instant(text: str) -> datetime:
    """Read one ISO 8601 instant; without an offset it is taken as UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"{text!r} is not a time such as 2026-11-22T08:00:00+08:00",
            f"时间 {text!r} 无法识别，应形如 2026-11-22T08:00:00+08:00",
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def parse_interval(text: str | None) -> tuple[datetime | None, datetime | None]:
    """Read an OGC ``datetime``: an instant, ``a/b``, ``../b`` or ``a/..``; the end is exclusive inside."""
    if not text:
        return None, None
    parts = text.split("/")
    if len(parts) > 2:
        raise ParameterError(f"{text!r} is not a period a/b", f"时段 {text!r} 无法识别，应为 起/止")
    ends = [None if part in ("", "..") else parse_instant(part) for part in parts]
    start = ends[0]
    end = ends[-1]
    if end is not None:
        end = end + pd.Timedelta(microseconds=1).to_pytimedelta()
    if start and end and start >= end:
        raise ParameterError("The period ends before it begins", "时段的结束早于开始")
    return start, end


def plain(value: object) -> object:
    """Return a table value as JSON has it: times as ISO 8601 in UTC, missing as None."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_convert(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000Z", "Z")
    if isinstance(value, np.generic):
        return value.item()
    return value


def feature_rows(frame: gpd.GeoDataFrame, key: str) -> list[dict[str, object]]:
    """Return rows as GeoJSON features; the id is the key."""
    shapes = np.array(frame.geometry.array, dtype=object)
    if "placed" in frame.columns:  # a call without a place holds the point of the station that took it
        shapes[~frame["placed"].to_numpy(dtype=bool)] = None
    geometry = shapely.to_geojson(shapes)
    columns = [name for name in frame.columns if name != frame.active_geometry_name]
    values = {name: [plain(v) for v in frame[name]] for name in columns}
    return [
        {
            "type": "Feature",
            "id": str(values[key][i]),
            "geometry": None if geometry[i] is None else orjson.Fragment(geometry[i]),
            "properties": {name: values[name][i] for name in columns},
        }
        for i in range(len(frame))
    ]


def _known(name: str) -> str:
    if name not in FEATURE_COLLECTIONS:
        raise NotFoundError(
            f"There is no collection {name!r}; there are {', '.join(FEATURE_COLLECTIONS)}",
            f"没有名为 {name!r} 的图层，可用：{'、'.join(FEATURE_COLLECTIONS)}",
        )
    return TABLES[name].SPEC.key


def query_of(
    name: str, *, bbox: str | None, interval: str | None, limit: int, offset: int, equals: Mapping[str, str]
) -> Query:
    """Return the query of an items request; an unknown filter raises ``ParameterError`` naming the known ones."""
    _known(name)
    text = {column.name for column in TABLES[name].SPEC.columns if column.kind == "text"}
    unknown = sorted(set(equals) - text)
    if unknown:
        raise ParameterError(
            f"Unknown parameter {unknown[0]!r}; {name} can be filtered by {', '.join(sorted(text))}",
            f"未知参数 {unknown[0]!r}，可用：{', '.join(sorted(text))}",
        )
    start, end = parse_interval(interval)
    return Query(
        bbox=parse_bbox(bbox), start=start, end=end, equals=dict(equals), limit=min(limit, MAX_LIMIT), offset=offset
    )


def items(store: Store, principal: Principal, name: str, query: Query, *, url: str) -> bytes:
    """Return one page of a collection as a GeoJSON document with its links."""
    key = _known(name)
    page: Page = store.query(principal, name, query)
    body = {
        "type": "FeatureCollection",
        "features": feature_rows(page.frame, key),
        "numberMatched": page.matched,
        "numberReturned": len(page.frame),
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": _page_links(url, query, page),
    }
    return orjson.dumps(body)


def _page_links(url: str, query: Query, page: Page) -> list[dict[str, str]]:
    asked: dict[str, str] = dict(query.equals)
    if query.bbox:
        asked["bbox"] = ",".join(f"{v:.10g}" for v in query.bbox)
    if query.start or query.end:
        ends = [query.start, query.end - pd.Timedelta(microseconds=1).to_pytimedelta() if query.end else None]
        asked["datetime"] = "/".join(".." if end is None else end.isoformat() for end in ends)

    def link(rel: str, offset: int) -> dict[str, str]:
        parts = {**asked, "limit": str(query.limit), "offset": str(offset)}
        return {"rel": rel, "type": GEOJSON, "href": f"{url}?{urlencode(parts)}"}

    links = [link("self", query.offset)]
    if query.offset + len(page.frame) < page.matched:
        links.append(link("next", query.offset + query.limit))
    if query.offset:
        links.append(link("prev", max(0, query.offset - query.limit)))
    return links


def item(store: Store, principal: Principal, name: str, key_value: str, *, url: str) -> bytes:
    """Return one feature as GeoJSON with its links."""
    key = _known(name)
    row = feature_rows(store.feature(principal, name, key_value), key)[0]
    row["links"] = [
        {"rel": "self", "type": GEOJSON, "href": url},
        {"rel": "collection", "type": "application/json", "href": url.split("/items/", maxsplit=1)[0]},
    ]
    return orjson.dumps(row)


def describe(
    store: Store, principal: Principal, name: str, *, base: str, bounds: tuple[float, float, float, float] | None
) -> Collection:
    """Return the description of one collection; ``base`` is the address of ``/api``."""
    if name != "streets":
        _known(name)
    zh, en = TITLES[name]
    here = f"{base}/collections/{name}"
    links = [Link(href=here, rel="self", type="application/json")]
    if name != "streets":
        links.append(Link(href=f"{here}/items", rel="items", type=GEOJSON, title=zh))
    if name in TILED:
        tiles = f"{here}/tiles/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
        links.append(Link(href=tiles, rel="http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"))
    extent = None
    if bounds is not None:
        temporal = None
        if name == "calls":
            temporal = TemporalExtent(interval=[_span(store, principal)])
        extent = Extent(spatial=SpatialExtent(bbox=[list(bounds)]), temporal=temporal)
    return Collection(id=name, title=zh, description=en, extent=extent, links=links)


def _span(store: Store, principal: Principal) -> list[str | None]:
    facts = store.document(principal, "calls_span") or {}
    return [str(facts["start"]) if "start" in facts else None, str(facts["end"]) if "end" in facts else None]


def collections(
    store: Store, principal: Principal, *, base: str, bounds: tuple[float, float, float, float] | None
) -> Collections:
    """Return the descriptions of all collections."""
    found = [describe(store, principal, name, base=base, bounds=bounds) for name in TITLES]
    return Collections(collections=found, links=[Link(href=f"{base}/collections", rel="self", type="application/json")])
