"""The formats in which layers leave: ending, media type, and what each can carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from geo.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format of exports; ``driver`` is GDAL's name for it, ``shifted`` whether it may hold GCJ-02 or BD-09."""

    name: str
    suffix: str
    media_type: str
    driver: str | None = None
    shifted: bool = True


EXPORTS: Final[tuple[Format, ...]] = (
    Format(name="geojson", suffix=".geojson", media_type="application/geo+json", driver="GeoJSON"),
    Format(name="gpkg", suffix=".gpkg", media_type="application/geopackage+sqlite3", driver="GPKG"),
    Format(name="geoparquet", suffix=".parquet", media_type="application/vnd.apache.parquet"),
    Format(name="kml", suffix=".kml", media_type="application/vnd.google-earth.kml+xml", driver="KML", shifted=False),
    Format(name="gpx", suffix=".gpx", media_type="application/gpx+xml", shifted=False),
    Format(
        name="xlsx",
        suffix=".xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        driver="XLSX",
    ),
    Format(name="csv", suffix=".csv", media_type="text/csv; charset=utf-8"),
)
"""Every format that is written."""

_ALIASES: Final = {"json": "geojson", "parquet": "geoparquet", "geopackage": "gpkg"}


def export_format(name: str) -> Format:
    """Return the format by its name or ending, or raise ``ParameterError``."""
    plain = name.strip().lower().lstrip(".")
    plain = _ALIASES.get(plain, plain)
    for known in EXPORTS:
        if plain == known.name:
            return known
    listed = ", ".join(f.name for f in EXPORTS)
    raise ParameterError(
        f"{name!r} is not a format of exports; use one of {listed}",
        f"不支持导出格式 {name!r}，请使用以下格式之一：{listed}",
    )
