"""A line measured along itself: places by chainage (桩号) in metres, chainage of places, exact pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geo.compiled import compiled
from geo.errors import CoordinateError, FieldError, GeometryError, ParameterError

Floats = npt.NDArray[np.float64]
_GEOD: Final = Geod(ellps="WGS84")
_WRITTEN: Final = re.compile(r"^K?(?P<km>\d+)\+(?P<m>\d{1,3}(?:\.\d+)?)$", re.IGNORECASE)
_BLOCK: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChainedLine:
    """A line with its chainage; where it has parts, the chainage runs on from one to the next without a jump.

    Attributes
    ----------
    vertices : float64[k, 2] lon, lat degrees, as they were given
    metres : float64[k], chainage of each vertex, never falling
    first : int64[p + 1], first vertex of each part
    """

    vertices: Floats
    metres: Floats
    first: npt.NDArray[np.int64]

    @classmethod
    def of(cls, shape: BaseGeometry, *, length_m: float | None = None, allow_breaks: bool = False) -> Self:
        """Measure a line in degrees on the WGS84 ellipsoid from its first vertex.

        Parts of a MultiLineString are joined where their ends meet, and run as the first part does.

        Parameters
        ----------
        length_m
            The official length, to which the chainage is stretched evenly.
        allow_breaks
            Take parts that do not meet (a border along which a lake lies): the next part begins where it is nearest to
            the end of the last.

        Raises
        ------
        GeometryError
            If the shape is no line, has no length, or falls into parts that may not be; the sentence names the places.
        CoordinateError
            If a coordinate is not a finite number within the globe.
        ParameterError
            If the official length differs from the measured one by more than a fifth.
        """
        parts = _joined(shape)
        if len(parts) > 1 and not allow_breaks:
            ends = ", ".join(f"{part[-1, 0]:.6f} {part[-1, 1]:.6f}" for part in parts[:5])
            raise GeometryError(
                f"The line falls into {len(parts)} parts, which end at {ends}; join them or allow breaks",
                f"线路分为 {len(parts)} 段且不相连，各段终点：{ends}，请先连接或允许中断",
            )
        ordered = _in_turn(parts)
        vertices = np.concatenate(ordered)
        first = np.cumsum([0, *(len(part) for part in ordered)]).astype(np.int64)
        steps = np.zeros(len(vertices))
        lon, lat = vertices.T
        steps[1:] = _GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2]
        steps[first[1:-1]] = 0.0
        metres = np.cumsum(steps)
        measured = float(metres[-1])
        if length_m is not None:
            if not 0.8 * measured <= length_m <= 1.2 * measured:
                raise ParameterError(
                    f"The line measures {measured:,.0f} m, but its length is said to be {length_m:,.0f} m",
                    f"线路实测长 {measured:,.0f} 米，与给定长度 {length_m:,.0f} 米相差过大",
                )
            metres = metres * (length_m / measured)
            metres[-1] = length_m
        for array in (vertices, metres, first):
            array.setflags(write=False)
        return cls(vertices=vertices, metres=metres, first=first)

    @property
    def length_m(self) -> float:
        """The chainage of the last vertex."""
        return float(self.metres[-1])

    def at(self, metres: npt.ArrayLike) -> Floats:
        """Return the places of chainages, float64[n, 2] degrees; where parts break, the beginning of the later one.

        Raises
        ------
        ParameterError
            If a chainage is not on the line.
        """
        asked = np.atleast_1d(np.asarray(metres, dtype=np.float64))
        off = asked[~((asked >= 0) & (asked <= self.length_m))]
        if len(off):
            raise self._beyond(float(off[0]))
        part = np.searchsorted(self.metres[self.first[:-1]], asked, side="right") - 1
        return np.array([self._place(int(p), float(m)) for p, m in zip(part, asked, strict=True)]).reshape(-1, 2)

    def piece(self, start_m: float, end_m: float) -> shapely.LineString | shapely.MultiLineString:
        """Return the line from one chainage to another; its vertices are those of the line and the two places.

        Pieces that follow each other share the place between them to the last bit.

        Raises
        ------
        ParameterError
            If the chainages are not on the line or not rising.
        """
        for asked in (start_m, end_m):
            if not 0 <= asked <= self.length_m:
                raise self._beyond(asked)
        if not start_m < end_m:
            raise ParameterError(
                f"A piece of line must end after it begins: {written(start_m)} to {written(end_m)}",
                f"段的终点里程应大于起点里程：{written(start_m)} 至 {written(end_m)}",
            )
        made = []
        for part, (i, j) in enumerate(pairwise(self.first.tolist())):
            low, high = max(start_m, float(self.metres[i])), min(end_m, float(self.metres[j - 1]))
            if low < high:
                inner = self.vertices[i:j][(self.metres[i:j] > low) & (self.metres[i:j] < high)]
                made.append(shapely.LineString(np.vstack([self._place(part, low), inner, self._place(part, high)])))
        return made[0] if len(made) == 1 else shapely.MultiLineString(made)

    def locate(self, lonlat: Floats) -> tuple[Floats, Floats]:
        """Return the chainage of the nearest place of the line, and how far it is, for float64[n, 2] degrees.

        Distances are those of a plane that touches the earth at the point, good to a thousandth over 10 km. Of two
        places that are equally near, that with the lower chainage counts.

        Raises
        ------
        CoordinateError
            If a coordinate is not finite.
        """
        places = np.ascontiguousarray(np.asarray(lonlat, dtype=np.float64).reshape(-1, 2))
        bad = np.flatnonzero(~np.isfinite(places).all(axis=1))
        if len(bad):
            raise CoordinateError(
                f"Point {bad[0] + 1} has a coordinate that is not a finite number",
                f"第 {bad[0] + 1} 个点的坐标无效",
                rows=[str(bad[0])],
            )
        inner = np.ones(len(self.vertices) - 1, dtype=np.bool_)
        inner[self.first[1:-1] - 1] = False
        edges = np.flatnonzero(inner)
        low = np.minimum(self.vertices[edges], self.vertices[edges + 1])
        high = np.maximum(self.vertices[edges], self.vertices[edges + 1])
        at = np.arange(0, len(edges), _BLOCK)
        boxes = np.hstack([np.minimum.reduceat(low, at), np.maximum.reduceat(high, at)])
        return _nearest(self.vertices, self.metres, edges, boxes, places)

    def _place(self, part: int, asked: float) -> Floats:
        """Return the place of a chainage in a part, a vertex itself where it is one."""
        begin, end = int(self.first[part]), int(self.first[part + 1])
        k = begin + int(np.searchsorted(self.metres[begin:end], asked))
        if self.metres[k] == asked:
            vertex: Floats = self.vertices[k]
            return vertex
        share = (asked - self.metres[k - 1]) / (self.metres[k] - self.metres[k - 1])
        place: Floats = self.vertices[k - 1] + share * (self.vertices[k] - self.vertices[k - 1])
        return place

    def _beyond(self, asked: float) -> ParameterError:
        name = written(asked) if np.isfinite(asked) else str(asked)
        return ParameterError(
            f"{name} is not on the line, which runs from K0+000 to {written(self.length_m)}",
            f"里程 {name} 不在线路上，线路为 K0+000 至 {written(self.length_m)}",
        )


def written(metres: float) -> str:
    """Return a chainage as it stands on a mark: 12345.6 m is K12+345.6."""
    millimetres = round(metres * 1000)
    sign = "-" if millimetres < 0 else ""
    km, rest = divmod(abs(millimetres), 1_000_000)
    whole, part = divmod(rest, 1000)
    return f"{sign}K{km}+{whole:03d}" + (f".{part:03d}".rstrip("0") if part else "")


def read(text: str) -> float:
    """Return the metres of a chainage: ``K12+345.6``, ``12+345.6`` or plain metres.

    Raises
    ------
    FieldError
        If it is none of these.
    """
    found = _WRITTEN.match(text.strip())
    if found:
        return int(found["km"]) * 1000 + float(found["m"])
    try:
        metres = float(text)
    except ValueError:
        metres = float("nan")
    if not (np.isfinite(metres) and metres >= 0):
        raise FieldError(
            f"{text!r} is no chainage; write K12+345 or metres", f"“{text}”不是里程桩号，请写成 K12+345 或米数"
        )
    return metres


def _joined(shape: BaseGeometry | None) -> list[Floats]:
    """Return the vertices of the parts of a line, joined where they meet, the first running as it was given."""
    if shape is None or shape.is_empty or shape.geom_type not in ("LineString", "MultiLineString", "LinearRing"):
        raise GeometryError("A linear grid needs a line; this shape is none", "线性网格需要线要素，所给图形不是线")
    given = [_distinct(shapely.get_coordinates(part)) for part in shapely.get_parts(shape)]
    given = [part for part in given if len(part) > 1]
    flat = np.concatenate(given) if given else np.zeros((0, 2))
    if not (np.isfinite(flat).all() and (np.abs(flat) <= [180.0, 90.0]).all()):
        raise CoordinateError(
            "A vertex of the line is not a place on the globe; is the layer in degrees?",
            "线路有顶点坐标无效，图层单位是否为度？",
        )
    if not given:
        raise GeometryError("The line has no length", "线路长度为零")
    lines = shapely.MultiLineString([shapely.LineString(part) for part in given])
    merged = shapely.line_merge(lines, directed=True)
    if merged.geom_type != "LineString":
        merged = shapely.line_merge(lines)
    parts = [np.asarray(shapely.get_coordinates(part)) for part in shapely.get_parts(merged)]
    head = given[0][:2]
    for k, part in enumerate(parts):
        turned = _from_head(part, head)
        if turned is not None:
            return [turned, *parts[:k], *parts[k + 1 :]]
    return parts


def _distinct(vertices: Floats) -> Floats:
    kept = np.ones(len(vertices), dtype=np.bool_)
    kept[1:] = (np.diff(vertices, axis=0) != 0).any(axis=1)
    return vertices[kept]


def _from_head(part: Floats, head: Floats) -> Floats | None:
    """Return a part so that it runs through the first edge of the source in its direction, a ring from there; or None."""
    for line in (part, part[::-1]):
        hits = (line[:-1] == head[0]).all(axis=1) & (line[1:] == head[1]).all(axis=1)
        at = np.flatnonzero(hits)
        if len(at):
            ring = (line[0] == line[-1]).all()
            return np.concatenate([line[at[0] : -1], line[: at[0] + 1]]) if ring else line
    return None


def _in_turn(parts: list[Floats]) -> list[Floats]:
    """Order parts from the first one on, each turned so that it begins nearest to where the last ended."""
    ordered, left = [parts[0]], list(parts[1:])
    while left:
        end = ordered[-1][-1]
        scale = np.array([np.cos(np.radians(end[1])), 1.0])
        ends = np.array([[part[0], part[-1]] for part in left])
        gaps = (((ends - end) * scale) ** 2).sum(axis=2)
        k, backwards = divmod(int(gaps.argmin()), 2)
        part = left.pop(k)
        ordered.append(part[::-1] if backwards else part)
    return ordered


@compiled()
def _nearest(
    vertices: Floats, metres: Floats, edges: npt.NDArray[np.int64], boxes: Floats, places: Floats
) -> tuple[Floats, Floats]:
    along, off = np.empty(len(places)), np.empty(len(places))
    for i in range(len(places)):
        lon, lat = places[i]
        turn = np.radians(lat)
        # Metres of a degree on the WGS84 ellipsoid at this latitude.
        down = 111_132.95 - 559.85 * np.cos(2 * turn) + 1.18 * np.cos(4 * turn)
        across = 111_412.88 * np.cos(turn) - 93.5 * np.cos(3 * turn) + 0.12 * np.cos(5 * turn)
        best, found = np.inf, 0.0
        for b in range(len(boxes)):
            dx = max(boxes[b, 0] - lon, 0.0, lon - boxes[b, 2]) * across
            dy = max(boxes[b, 1] - lat, 0.0, lat - boxes[b, 3]) * down
            if dx * dx + dy * dy >= best:
                continue
            for e in edges[b * _BLOCK : (b + 1) * _BLOCK]:
                x1, y1 = (vertices[e, 0] - lon) * across, (vertices[e, 1] - lat) * down
                x2, y2 = (vertices[e + 1, 0] - lon) * across, (vertices[e + 1, 1] - lat) * down
                ux, uy = x2 - x1, y2 - y1
                share = min(max(-(x1 * ux + y1 * uy) / max(ux * ux + uy * uy, 1e-300), 0.0), 1.0)
                px, py = x1 + share * ux, y1 + share * uy
                apart = px * px + py * py
                if apart < best:
                    best, found = apart, metres[e] + share * (metres[e + 1] - metres[e])
        along[i], off[i] = found, np.sqrt(best)
    return along, off
