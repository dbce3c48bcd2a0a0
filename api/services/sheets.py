"""Tables of a report as the bytes of a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.store.exchange import export_format, to_bytes
from geo.tables.spec import LONLAT

JSON_TYPE: Final = "application/json"
GEOJSON_TYPE: Final = "application/geo+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body with its kind and, for a file, its name."""

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def sheet(
    table: pd.DataFrame, *, name: str, headings: Mapping[str, str], places: npt.NDArray[np.object_] | None = None
) -> Answer:
    """Return a table as XLSX, its columns under the names that a reader knows; ``places`` add lon and lat."""
    form = export_format("xlsx")
    named = table.rename(columns=dict(headings))[[headings[column] for column in headings if column in table.columns]]
    nowhere = np.full(len(table), None, dtype=object)
    layer = gpd.GeoDataFrame(named, geometry=nowhere if places is None else places, crs=LONLAT)
    return Answer(
        body=to_bytes(layer, "xlsx", name=name),
        media_type=form.media_type,
        headers={"Content-Disposition": f'attachment; filename="xunge-{name}.xlsx"'},
    )


def plain_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows as JSON has them: missing values are None, NumPy numbers plain ones."""
    columns = {str(name): [_plain(value) for value in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return None if value is None or value is pd.NA or value is pd.NaT else value
