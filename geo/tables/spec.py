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
from geo.errors import FrameError, TableError

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
        breaches: list[str] = []
        rows: list[str] = []
        out = self._shell(frame, breaches)
        keys = self._keys(frame, breaches, rows)
        for column in self.columns:
            if column.name in out.columns:
                out[column.name], bad = _coerce(out[column.name], column)
                for text, mask in bad:
                    _note(breaches, rows, keys, f"{column.name}: {text}", mask)
        if self.geometry:
            out = self._geometry(frame, out, keys, breaches, rows)
        if breaches:
            summary = "; ".join(breaches)
            raise TableError(
                f"{self.name}: {summary}",
                f"{self.label_zh or self.name}：{summary}",
                rows=rows[:100],
                breaches=breaches,
            )
        return out.reset_index(drop=True)

    def _shell(self, frame: pd.DataFrame, breaches: list[str]) -> pd.DataFrame:
        missing = [c.name for c in self.columns if c.name not in frame.columns and not c.nullable]
        if missing:
            breaches.append(f"missing fields {', '.join(missing)}")
        out = pd.DataFrame(index=frame.index)
        for column in self.columns:
            if column.name in frame.columns:
                out[column.name] = frame[column.name]
            elif column.nullable:
                out[column.name] = None
        return out

    def _keys(self, frame: pd.DataFrame, breaches: list[str], rows: list[str]) -> pd.Series[str]:
        if self.key not in frame.columns:
            return pd.Series([f"row {i + 1}" for i in range(len(frame))], index=frame.index, dtype=str)
        keys = frame[self.key].astype(str)
        double = keys.duplicated(keep=False)
        _note(breaches, rows, keys, f"{self.key}: not unique", double.to_numpy())
        return keys

    def _geometry(
        self,
        frame: pd.DataFrame,
        out: pd.DataFrame,
        keys: pd.Series[str],
        breaches: list[str],
        rows: list[str],
    ) -> pd.DataFrame:
        if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
            breaches.append("no geometry")
            return out
        if frame.crs is None:
            raise FrameError(
                f"{self.name}: the layer does not say in which coordinate frame it is; state one (--frame)",
                f"{self.label_zh or self.name}：图层没有标明坐标系，请用 --frame 指明",
            )
        shapes = np.asarray(frame.geometry.array, dtype=object)
        missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        _note(breaches, rows, keys, "no geometry", missing)
        kinds = np.array([None if s is None else s.geom_type for s in shapes], dtype=object)
        wrong = ~missing & ~np.isin(kinds.astype(str), self.geometry)
        _note(breaches, rows, keys, f"geometry is not {' or '.join(self.geometry)}", wrong)
        bounds = shapely.bounds(shapes)
        _note(breaches, rows, keys, "coordinates NaN or infinite", ~missing & ~np.isfinite(bounds).all(axis=1))
        ok = ~missing & np.isfinite(bounds).all(axis=1)
        broken = np.zeros(len(shapes), dtype=bool)
        broken[ok] = ~shapely.is_valid(shapes[ok])
        if broken.any():
            reason = shapely.is_valid_reason(shapes[broken][0])
            _note(breaches, rows, keys, f"geometry crosses itself or is broken ({reason})", broken)
        if frame.crs != LONLAT and not breaches:
            frame = frame.to_crs(LONLAT)
        result = gpd.GeoDataFrame(out, geometry=np.asarray(frame.geometry.array), crs=LONLAT)
        if not breaches and len(result):
            west, south, east, north = result.total_bounds
            if west < -180 or east > 180 or south < -90 or north > 90:
                breaches.append("coordinates outside the range of longitude and latitude (swapped or not degrees?)")
        return cast("pd.DataFrame", result)


def _note(breaches: list[str], rows: list[str], keys: pd.Series[str], text: str, mask: np.ndarray) -> None:
    hits = np.flatnonzero(mask)
    if len(hits):
        named = [str(keys.iloc[i]) for i in hits[:5]]
        more = f" and {len(hits) - 5} more" if len(hits) > 5 else ""
        breaches.append(f"{text} ({', '.join(named)}{more})")
        rows.extend(str(keys.iloc[i]) for i in hits)


def _coerce(series: pd.Series, column: Column) -> tuple[pd.Series, list[tuple[str, np.ndarray]]]:
    empty = series.isna().to_numpy()
    bad: list[tuple[str, np.ndarray]] = []
    if not column.nullable and empty.any():
        bad.append(("empty", empty))
    if column.kind == "text":
        result = series.astype(object).where(~empty, None)
        result = result.map(lambda v: v if v is None else str(v))
        if column.choices is not None:
            bad.append((f"not one of {', '.join(column.choices)}", ~empty & ~result.isin(column.choices).to_numpy()))
        return result.astype(object), bad
    if column.kind == "time":
        times = pd.to_datetime(series, utc=True, errors="coerce", format="ISO8601" if series.dtype == object else None)
        bad.append(("not a time", times.isna().to_numpy() & ~empty))
        return times.astype("datetime64[us, UTC]"), bad
    if column.kind == "bool":
        known = series.isin([True, False, 0, 1]).to_numpy()
        bad.append(("not true or false", ~empty & ~known))
        return series.where(known & ~empty, other=False).astype(bool), bad
    numbers = pd.to_numeric(series, errors="coerce").astype("float64")
    values = numbers.to_numpy()
    wrong = ~empty & ~np.isfinite(values)
    bad.append(("not a finite number", wrong))
    with np.errstate(invalid="ignore"):
        if column.minimum is not None:
            bad.append((f"below {column.minimum:g}", values < column.minimum))
        if column.maximum is not None:
            bad.append((f"above {column.maximum:g}", values > column.maximum))
    if column.kind == "int":
        with np.errstate(invalid="ignore"):
            bad.append(("not a whole number", ~empty & ~wrong & (values != np.round(values))))
        if column.nullable:
            return numbers.round().astype("Int64"), bad
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
