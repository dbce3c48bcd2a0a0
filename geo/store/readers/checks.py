"""What every layer must pass: a frame, finite coordinates the right way round, whole polygons; then lon/lat in WGS84."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import ProjError

from geo.errors import CoordinateError, FrameError, GeometryError, LimitError
from geo.frames import FRAMES, SHIFTED, Frame, inside_china, parse_frame, to_wgs84
from geo.store.limits import ReadLimits
from geo.store.readers.raw import RawLayer

_CGCS: Final = ("china 2000", "china_2000", "d_china_2000", "cgcs2000", "china geodetic coordinate system 2000")
_WGS: Final = ("world geodetic system 1984", "world geodetic system 1984 ensemble", "wgs_1984", "d_wgs_1984", "wgs 84")
_FAR_NORTH: Final = 72.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Object[n] shapes in WGS84 lon/lat, the frame they came in, and how many lie where that is ambiguous."""

    shapes: np.ndarray
    source_frame: str
    ambiguous: int


def place(raw: RawLayer, *, frame: str | None, bounds: Sequence[float] | None, limits: ReadLimits) -> Placed:
    """Check the shapes of a layer and convert them to WGS84.

    ``frame`` is one of the four frames or ``EPSG:n``. A frame given for a file that states a legal one wins, since
    shifted data are often labelled so. ``bounds`` are west, south, east, north where the data should lie.

    Raises
    ------
    FrameError
        Without a frame, with two that contradict each other, or with one that cannot be converted precisely.
    CoordinateError
        For NaN, infinite, swapped or impossible coordinates, naming rows.
    GeometryError
        For polygons that cross themselves or have too many vertices, naming rows and places.
    """
    shapes = np.asarray(shapely.force_2d(raw.shapes), dtype=object)
    shapes[shapely.is_empty(shapes)] = None
    _check_finite(shapes, raw.first_row)
    _check_size(shapes, raw.first_row, limits)
    source, named = _frame_of(raw, frame)
    if source is not None:
        shapes = _unproject(shapes, source, raw.first_row)
    _check_range(shapes, raw.first_row, bounds)
    ambiguous = 0
    if named in SHIFTED:
        shapes, ambiguous = _unshift(shapes, named)
    _check_valid(shapes, raw.first_row)
    return Placed(shapes=shapes, source_frame=_label(named, source), ambiguous=ambiguous)


def _label(named: Frame, source: pyproj.CRS | None) -> str:
    if source is None or named in SHIFTED:
        return named
    datum = _datum(source)
    if source.is_geographic and datum is not None:
        return datum
    code = source.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else source.name


def _frame_of(raw: RawLayer, frame: str | None) -> tuple[pyproj.CRS | None, Frame]:
    """Return the system to undo, if any, and the frame of the degrees that this leaves."""
    wanted = frame or raw.named_frame
    stated = _parsed(raw.crs) if raw.crs is not None else None
    if wanted is None and stated is None:
        known = ", ".join(FRAMES)
        raise FrameError(
            f"The file does not say in which coordinate frame it is; state it (--frame {known} or EPSG:n)",
            f"文件没有标明坐标系，请用 --frame 指明（{known} 或 EPSG:n）",
        )
    if (
        wanted is not None
        and wanted.strip().upper().startswith("EPSG:")
        and wanted.strip().upper() not in ("EPSG:4326", "EPSG:4490")
    ):
        given = _parsed(wanted)
        if stated is not None and not stated.equals(given, ignore_axis_order=True):
            raise _contradiction(stated, wanted)
        return given, "WGS84"
    if wanted is None:
        return stated, "WGS84"
    named = parse_frame(wanted)
    if stated is not None and _datum(stated) is None:
        raise _contradiction(stated, named)
    return stated, named


def _contradiction(stated: pyproj.CRS, wanted: str) -> FrameError:
    return FrameError(
        f"The file says that it is in {stated.name}, you say {wanted}; find out which is right",
        f"文件标明的坐标系是 {stated.name}，与指定的 {wanted} 矛盾，请核实",
    )


def _parsed(text: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(text)
    except ProjError as wrong:
        raise FrameError(
            f"The coordinate system {text[:80]!r} is not known; state the frame",
            f"坐标系 {text[:80]!r} 无法识别，请指明坐标系",
        ) from wrong


def _datum(crs: pyproj.CRS) -> Frame | None:
    base = crs.geodetic_crs
    datum = "" if base is None or base.datum is None else base.datum.name.lower()
    if datum in _CGCS:
        return "CGCS2000"
    return "WGS84" if datum in _WGS else None


def _unproject(shapes: np.ndarray, source: pyproj.CRS, first_row: int) -> np.ndarray:
    # CGCS2000 is WGS84 within centimetres, and PROJ has no transformation between them: its own degrees are taken.
    target = source.geodetic_crs if _datum(source) == "CGCS2000" else pyproj.CRS.from_epsg(4326)
    if target is None:
        raise FrameError(f"{source.name} has no place on the earth", f"坐标系 {source.name} 无法转换为经纬度")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            change = pyproj.Transformer.from_crs(source, target, always_xy=True, allow_ballpark=False)
    except ProjError as wrong:
        raise FrameError(
            f"{source.name} cannot be converted to WGS84 without local parameters; convert the file first",
            f"坐标系 {source.name} 没有当地转换参数，无法精确转换为 WGS84，请先转换文件",
        ) from wrong

    def moved(xy: np.ndarray) -> np.ndarray:
        try:
            x, y = change.transform(xy[:, 0], xy[:, 1])
        except ProjError as wrong:
            raise _outside(np.array([first_row]), source.name) from wrong
        return np.column_stack([x, y])

    made = np.asarray(shapely.transform(shapes, moved), dtype=object)
    bounds = shapely.bounds(made)
    lost = np.flatnonzero(~shapely.is_missing(made) & ~np.isfinite(bounds).all(axis=1))
    if len(lost):
        raise _outside(lost + first_row, source.name)
    return made


def _outside(rows: np.ndarray, name: str) -> CoordinateError:
    return CoordinateError(
        f"The coordinates of row {_list(rows)} lie outside {name}; the stated frame is not theirs",
        f"第 {_list(rows)} 行的坐标超出 {name} 的范围，坐标系与数据不符",
        rows=_keys(rows),
    )


def _unshift(shapes: np.ndarray, named: Frame) -> tuple[np.ndarray, int]:
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    converted = to_wgs84(xy, named)
    made = shapely.set_coordinates(shapes.copy(), converted.lonlat)
    return np.asarray(made, dtype=object), len(np.unique(owner[converted.ambiguous]))


def _list(rows: Sequence[int] | np.ndarray) -> str:
    return ", ".join(str(int(r)) for r in rows[:5]) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")


def _keys(rows: Sequence[int] | np.ndarray) -> list[str]:
    return [str(int(r)) for r in rows[:100]]


def _check_finite(shapes: np.ndarray, first_row: int) -> None:
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    bad = np.unique(owner[~np.isfinite(xy).all(axis=1)]) + first_row
    if len(bad):
        raise CoordinateError(
            f"The coordinates of row {_list(bad)} are NaN or infinite",
            f"第 {_list(bad)} 行的坐标为 NaN 或无穷大",
            rows=_keys(bad),
        )


def _check_size(shapes: np.ndarray, first_row: int, limits: ReadLimits) -> None:
    sizes = shapely.get_num_coordinates(shapes)
    big = np.flatnonzero(sizes > limits.vertices)
    if len(big):
        raise LimitError(
            f"The geometry of row {_list(big + first_row)} has {int(sizes[big[0]]):,} vertices, more than the "
            f"{limits.vertices:,} allowed; simplify it",
            f"第 {_list(big + first_row)} 行的几何有 {int(sizes[big[0]]):,} 个顶点，超过上限 {limits.vertices:,} 个，请先简化",
            rows=_keys(big + first_row),
        )


def _check_range(shapes: np.ndarray, first_row: int, bounds: Sequence[float] | None) -> None:
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    if not len(xy):
        return
    lon, lat = xy[:, 0], xy[:, 1]
    out = (np.abs(lon) > 180) | (np.abs(lat) > 90)
    turned = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    if (out & ~turned).any():
        bad = np.unique(owner[out & ~turned]) + first_row
        raise CoordinateError(
            f"The coordinates of row {_list(bad)} are not degrees of longitude and latitude; state the projection "
            "(--frame EPSG:n)",
            f"第 {_list(bad)} 行的坐标不是经纬度（度），请指明投影坐标系（--frame EPSG:n）",
            rows=_keys(bad),
        )
    if turned.any() or _looks_swapped(lon, lat, bounds):
        bad = np.unique(owner[turned] if turned.any() else owner) + first_row
        raise CoordinateError(
            f"Longitude and latitude are swapped in row {_list(bad)}; exchange the two columns",
            f"第 {_list(bad)} 行的经度和纬度颠倒了，请对调两列",
            rows=_keys(bad),
        )


def _looks_swapped(lon: np.ndarray, lat: np.ndarray, bounds: Sequence[float] | None) -> bool:
    if bounds is not None:
        west, south, east, north = bounds
        here = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        there = (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
        return bool(here.mean() < 0.05 and there.mean() > 0.5)
    # Nobody has streets north of 72 degrees, where a city of western China lies once it is swapped.
    return bool((np.abs(lat) > _FAR_NORTH).mean() > 0.5 and inside_china(np.column_stack([lat, lon])).mean() > 0.5)


def _check_valid(shapes: np.ndarray, first_row: int) -> None:
    there = np.flatnonzero(~shapely.is_missing(shapes))
    broken = there[~shapely.is_valid(shapes[there])]
    if not len(broken):
        return
    reasons = [str(shapely.is_valid_reason(shapes[i])) for i in broken[:5]]
    told = "; ".join(f"row {i + first_row}: {_reason(r)[0]}" for i, r in zip(broken[:5], reasons, strict=True))
    told_zh = "；".join(f"第 {i + first_row} 行：{_reason(r)[1]}" for i, r in zip(broken[:5], reasons, strict=True))
    more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
    more_zh = f"，另有 {len(broken) - 5} 行" if len(broken) > 5 else ""
    raise GeometryError(
        f"Broken geometry in {told}{more}; repair it in the source",
        f"几何有误：{told_zh}{more_zh}；请在源数据中修复",
        rows=_keys(broken + first_row),
    )


def _reason(said: str) -> tuple[str, str]:
    what, _, place = said.partition("[")
    spot = f" at {place.rstrip(']')}" if place else ""
    spot_zh = f"（{place.rstrip(']')}）" if place else ""
    if "Self-intersection" in what:
        return f"the boundary crosses itself{spot}", f"边界自相交{spot_zh}"
    known = next((zh for en, zh in _REASONS.items() if en in what), "图形损坏")
    return f"{what.strip().lower()}{spot}", f"{known}{spot_zh}"


_REASONS: Final = {
    "Hole lies outside shell": "内环在外环之外",
    "Holes are nested": "内环互相嵌套",
    "Interior is disconnected": "内部被内环隔断",
    "Nested shells": "部分之间互相嵌套",
    "Duplicate Rings": "环重复",
    "Too few points": "顶点过少",
    "Invalid Coordinate": "坐标无效",
    "Ring Self": "环自相接触",
}
