"""What a table promises, and the check that finds every breach at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import pick_metric_crs
from geo.errors import FrameError
from geo.tables.breaches import Breaches

Kind = Literal["text", "int", "float", "bool", "time"]
LONLAT = "EPSG:4326"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its kind, whether it may be empty, its range or choices."""

    name: str
    kind: Kind
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] | None = None
    label_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """A table's name, unique key, columns and kinds of geometry (none for a plain table)."""

    name: str
    key: str
    columns: tuple[Column, ...]
    geometry: tuple[str, ...] = ()
    label_zh: str = ""

    def column(self, name: str) -> Column:
        """Return the column called ``name``."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, without the geometry."""
        return tuple(column.name for column in self.columns)

    def validated(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a normalised copy of ``frame`` in lon/lat with just the columns of this specification.

        Nullable columns that are missing are added empty; times become UTC.

        Raises
        ------
        FrameError
            A layer without a coordinate frame.
        TableError
            With all breaches together, each naming up to five row keys.
        """
        found = Breaches.of(frame, self.key)
        out = self._shell(frame, found)
        if self.key in frame.columns:
            double = frame[self.key].astype(str).duplicated(keep=False)
            found.rows_where(double.to_numpy(), f"{self.key}: not unique", f"{self._label(self.key)}重复")
        for column in self.columns:
            if column.name in out.columns:
                out[column.name], bad = _coerce(out[column.name], column)
                for (en, zh), mask in bad:
                    found.rows_where(mask, f"{column.name}: {en}", f"{column.label_zh or column.name}{zh}")
        if self.geometry:
            out = self._geometry(frame, out, found)
        found.refuse(self.name, self.label_zh)
        return out.reset_index(drop=True)

    def _label(self, name: str) -> str:
        return self.column(name).label_zh or name

    def _shell(self, frame: pd.DataFrame, found: Breaches) -> pd.DataFrame:
        missing = [c.name for c in self.columns if c.name not in frame.columns and not c.nullable]
        if missing:
            labels = "、".join(f"{self._label(name)}（{name}）" for name in missing)
            found.note(f"missing fields {', '.join(missing)}", f"缺少字段 {labels}")
        out = pd.DataFrame(index=frame.index)
        for column in self.columns:
            if column.name in frame.columns:
                out[column.name] = frame[column.name]
            elif column.nullable:
                out[column.name] = None
        return out

    def _geometry(self, frame: pd.DataFrame, out: pd.DataFrame, found: Breaches) -> pd.DataFrame:
        if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
            found.note("no geometry", "没有几何")
            return out
        if frame.crs is None:
            raise FrameError(
                f"{self.name}: the layer does not say in which coordinate frame it is; state one (--frame)",
                f"{self.label_zh or self.name}：图层没有标明坐标系，请用 --frame 指明",
            )
        shapes = np.asarray(frame.geometry.array, dtype=object)
        missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        found.rows_where(missing, "no geometry", "没有几何")
        kinds = np.array([None if s is None else s.geom_type for s in shapes], dtype=object)
        wrong = ~missing & ~np.isin(kinds.astype(str), self.geometry)
        wanted = " or ".join(self.geometry)
        found.rows_where(wrong, f"geometry is not {wanted}", f"几何类型不是 {wanted}")
        finite = np.isfinite(shapely.bounds(shapes)).all(axis=1)
        found.rows_where(~missing & ~finite, "coordinates NaN or infinite", "坐标为空值或无穷大")
        ok = ~missing & finite
        broken = np.zeros(len(shapes), dtype=bool)
        broken[ok] = ~shapely.is_valid(shapes[ok])
        if broken.any():
            reason = shapely.is_valid_reason(shapes[broken][0])
            found.rows_where(
                broken, f"geometry crosses itself or is broken ({reason})", f"几何自相交或损坏（{reason}）"
            )
        if frame.crs != LONLAT and not found.en:
            frame = frame.to_crs(LONLAT)
        result = gpd.GeoDataFrame(out, geometry=np.asarray(frame.geometry.array), crs=LONLAT)
        if not found.en and len(result):
            west, south, east, north = result.total_bounds
            if west < -180 or east > 180 or south < -90 or north > 90:
                found.note(
                    "coordinates outside the range of longitude and latitude (swapped or not degrees?)",
                    "坐标超出经纬度范围（是否颠倒，或单位不是度？）",
                )
        return cast("pd.DataFrame", result)


Bad = list[tuple[tuple[str, str], np.ndarray]]


def _coerce(series: pd.Series, column: Column) -> tuple[pd.Series, Bad]:
    empty = series.isna().to_numpy()
    bad: Bad = []
    if not column.nullable and empty.any():
        bad.append((("empty", "为空"), empty))
    if column.kind == "text":
        # One by one, since pandas turns None into NaN when it guesses that a column is text.
        texts = [None if gone else str(v) for v, gone in zip(series, empty, strict=True)]
        result = pd.Series(texts, index=series.index, dtype=object)
        if column.choices is not None:
            choices = ", ".join(column.choices)
            bad.append(
                (
                    (f"not one of {choices}", f"不在可选值 {choices} 之内"),
                    ~empty & ~result.isin(column.choices).to_numpy(),
                )
            )
        return result, bad
    if column.kind == "time":
        written = series.dtype == object or isinstance(series.dtype, pd.StringDtype)
        times = pd.to_datetime(series, utc=True, errors="coerce", format="ISO8601" if written else None)
        bad.append((("not a time", "不是有效时间"), times.isna().to_numpy() & ~empty))
        return times.astype("datetime64[us, UTC]"), bad
    if column.kind == "bool":
        known = series.isin([True, False, 0, 1]).to_numpy()
        bad.append((("not true or false", "不是“是”或“否”"), ~empty & ~known))
        return series.where(known & ~empty, other=False).astype(bool), bad
    numbers = pd.to_numeric(series, errors="coerce").astype("float64")
    values = numbers.to_numpy()
    wrong = ~empty & ~np.isfinite(values)
    bad.append((("not a finite number", "不是有效数字"), wrong))
    with np.errstate(invalid="ignore"):
        if column.minimum is not None:
            bad.append(((f"below {column.minimum:g}", f"小于 {column.minimum:g}"), values < column.minimum))
        if column.maximum is not None:
            bad.append(((f"above {column.maximum:g}", f"大于 {column.maximum:g}"), values > column.maximum))
    if column.kind == "int":
        with np.errstate(invalid="ignore"):
            bad.append((("not a whole number", "不是整数"), ~empty & ~wrong & (values != np.round(values))))
        if column.nullable:
            return numbers.where(np.isfinite(values)).round().astype("Int64"), bad
        return numbers.fillna(0).replace([np.inf, -np.inf], 0).astype("int64"), bad
    return numbers, bad


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A validated table; the frame is in lon/lat (EPSG:4326) and must not be changed in place.

    Lon/lat is kept because grid boundaries live on an integer lattice of 1e-7 degrees, which a
    round trip through a projection would disturb; ``metric()`` gives metres.
    """

    frame: gpd.GeoDataFrame
    SPEC: ClassVar[TableSpec]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Validate ``frame`` (any stated frame) against the specification; see ``TableSpec.validated``."""
        return cls(cls.SPEC.validated(frame))

    @classmethod
    def empty(cls) -> Self:
        """Return a table with no rows."""
        columns = {c.name: pd.Series([], dtype=object) for c in cls.SPEC.columns}
        if cls.SPEC.geometry:
            return cls.of(gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=LONLAT), crs=LONLAT))
        return cls.of(pd.DataFrame(columns))

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def keys(self) -> Sequence[str]:
        """Keys in row order."""
        return [str(k) for k in self.frame[self.SPEC.key]]

    def metric(self, crs: str | None = None) -> gpd.GeoDataFrame:
        """Return a copy in metres, in ``crs`` or the transverse Mercator zone of the layer's centre."""
        return self.frame.to_crs(crs or pick_metric_crs(self.frame.total_bounds))

    def lonlat(self) -> np.ndarray:
        """Return representative points as float64[n, 2] lon, lat in degrees."""
        points = shapely.point_on_surface(np.asarray(self.frame.geometry.array))
        return cast("np.ndarray", shapely.get_coordinates(points))
