"""Calls from a layer: the mapping of columns, and what is special about calls without a place or a time of their own."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from geo.errors import CoordinateError, FieldError
from geo.tables.calls import Calls
from geo.tables.mapping import Imported, ImportProfile, guess_profile, to_table


def read_calls(frame: gpd.GeoDataFrame, profile: ImportProfile | None = None, *, first_row: int = 1) -> Imported[Calls]:
    """Map a layer to calls.

    A call without coordinates is kept, marked as not placed, at the middle of the others: it is counted beside the map.
    A file that has only the time of the report gives that as the time of the event, and the report says so. Errors as
    ``to_table``; deeper cleaning (repeats, impossible clocks) is done on the table.
    """
    used = profile or guess_profile(frame, Calls)
    flags: dict[str, int] = {}
    notes: list[tuple[str, str]] = []
    layer = frame.copy()
    shapes = np.asarray(layer.geometry.array, dtype=object)
    nowhere = np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if nowhere.all() and len(shapes):
        raise CoordinateError("No call in the file has coordinates", "文件中的警情都没有坐标")
    if nowhere.any():
        middle = np.median(shapely.get_coordinates(shapes[~nowhere]), axis=0)
        shapes = shapes.copy()
        shapes[nowhere] = shapely.Point(np.round(middle, 6))
        layer = layer.set_geometry(gpd.GeoSeries(list(shapes), index=layer.index, crs=frame.crs))
        flags["without_place"] = int(nowhere.sum())
        notes.append(
            (
                f"{nowhere.sum()} calls have no place: counted, not drawn",
                f"{nowhere.sum()} 起警情没有案发地坐标：只计数，不上图",
            )
        )
    used = _with_times(used, layer, notes)
    used = _with_place(used, layer, nowhere)
    made = to_table(layer.reset_index(drop=True), Calls, used, first_row=first_row)
    report = replace(made.report, fields={s: c for s, c in made.report.fields.items() if s not in (_PLACED, _OCCURRED)})
    report = report.plus(flags=flags, notes=notes)
    return Imported(table=made.table, report=report)


_PLACED = "xunge placed"
_OCCURRED = "xunge occurred"


def _with_times(used: ImportProfile, layer: gpd.GeoDataFrame, notes: list[tuple[str, str]]) -> ImportProfile:
    columns = {column: source for source, column in used.fields.items()}
    reported = columns.get("reported_at")
    if "occurred_at" in columns or "occurred_at" in used.constants:
        return used
    if reported is None or reported not in layer.columns:
        has = ", ".join(str(c) for c in layer.columns[:30])
        raise FieldError(
            f"Nothing in the file gives the time of the event or of the report. The file has: {has}",
            f"文件中没有案发时间或报警时间列。现有列：{has}",
        )
    layer[_OCCURRED] = layer[reported]
    notes.append(
        ("The file has no time of the event: the time of the report stands for it", "文件没有案发时间，以报警时间代替")
    )
    return _replaced(used, {_OCCURRED: "occurred_at"})


def _with_place(used: ImportProfile, layer: gpd.GeoDataFrame, nowhere: np.ndarray) -> ImportProfile:
    if "placed" in used.fields.values() or "placed" in used.constants:
        return used
    layer[_PLACED] = ~nowhere
    return _replaced(used, {_PLACED: "placed"})


def _replaced(used: ImportProfile, more: dict[str, str]) -> ImportProfile:
    return replace(used, fields={**used.fields, **more})
