"""The map beneath: streets drawn from the street graph, areas and points from tables, with their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.tables.spec import Table
from geo.tiles.layers import Properties, Value, VectorLayer

_STYLE: Final[dict[str, tuple[int, int]]] = {
    "motorway": (1, 5), "motorway_link": (1, 11), "trunk": (1, 6), "trunk_link": (1, 11),
    "primary": (2, 8), "primary_link": (2, 12), "secondary": (3, 10), "secondary_link": (3, 12),
    "tertiary": (4, 11), "tertiary_link": (4, 13), "unclassified": (5, 13), "residential": (5, 13),
    "living_street": (5, 13), "pedestrian": (6, 14), "service": (6, 15), "track": (6, 14), "cycleway": (6, 15),
    "footway": (6, 15), "path": (6, 15), "steps": (6, 16), "other": (6, 14),
}  # fmt: skip
"""Rank (1 to 6) and first zoom of each road class."""


def street_layers(graph: StreetGraph) -> list[VectorLayer]:
    """Return the layer ``streets``: each street once, whole lines by name and class, main roads on top.

    A street that runs both ways is two arcs but one line; pieces of the same name and class that follow each
    other become one line, so that a label has room. Properties: ``k`` class, ``r`` rank, ``n`` name.
    """
    arc = np.arange(graph.arcs)
    once = np.flatnonzero((graph.reverse < 0) | (arc < graph.reverse))
    group_key = graph.road_class[once].astype(np.int64) * len(graph.names) + graph.name_ids[once]
    order = once[np.argsort(group_key, kind="stable")]
    keys, group = np.unique(np.sort(group_key), return_inverse=True)
    lengths = np.diff(graph.geometry_offsets)[order]
    rows = np.repeat(graph.geometry_offsets[order] - np.r_[0, np.cumsum(lengths)[:-1]], lengths)
    rows = rows + np.arange(len(rows))
    arcs = shapely.linestrings(graph.geometry_lonlat[rows], indices=np.repeat(np.arange(len(order)), lengths))
    merged = shapely.line_merge(shapely.multilinestrings(arcs, indices=group))
    lines, owner = shapely.get_parts(merged, return_index=True)
    kind, name = keys[owner] // len(graph.names), keys[owner] % len(graph.names)
    ranks = np.array([_STYLE[k][0] for k in ROAD_CLASSES])[kind]
    zooms = np.array([_STYLE[k][1] for k in ROAD_CLASSES])[kind]
    drawn = np.lexsort((np.arange(len(lines)), kind, -ranks))
    properties = [_street(ROAD_CLASSES[kind[i]], int(ranks[i]), graph.names[name[i]]) for i in drawn]
    return [VectorLayer.of("streets", lines[drawn], properties, min_zooms=zooms[drawn].astype(np.int8))]


def _street(kind: str, rank: int, name: str) -> Properties:
    return {"k": kind, "r": rank, "n": name} if name else {"k": kind, "r": rank}


def area_layers(
    table: Table,
    *,
    measures: Mapping[str, npt.NDArray[np.float64]] | None = None,
    min_zoom: int = 10,
    label_zoom: int = 13,
) -> list[VectorLayer]:
    """Return two layers of grids, police grids or other areas: the polygons, and one label point in each.

    They are called after the table (``grids``) and ``grids_labels``. Properties: ``code``, ``n`` (name or, without
    one, the code), ``r``, the table's ``kind`` and ``parent``, and each of ``measures`` (float64[n], row order;
    NaN is left out).
    """
    frame, key = table.frame, table.SPEC.key
    shapes = np.asarray(frame.geometry.array, dtype=object)
    parent = next((c for c in ("parent_code", "area_code", "station_code") if c in frame.columns), None)
    codes = [str(v) for v in frame[key]]
    texts = {"n": _texts(frame, "name", codes)}
    if "kind" in frame.columns:
        texts["kind"] = _texts(frame, "kind", [""] * len(frame))
    if parent is not None:
        texts["parent"] = _texts(frame, parent, [""] * len(frame))
    held = {name: np.asarray(values, dtype=np.float64) for name, values in (measures or {}).items()}
    properties: list[dict[str, Value]] = []
    for row, code in enumerate(codes):
        of_row: dict[str, Value] = {"code": code, "r": 5}
        of_row |= {name: values[row] for name, values in texts.items() if values[row]}
        of_row |= {name: float(values[row]) for name, values in held.items() if np.isfinite(values[row])}
        properties.append(of_row)
    name = table.SPEC.name
    labels = shapely.point_on_surface(shapes)
    return [
        VectorLayer.of(name, shapes, properties, min_zooms=min_zoom),
        VectorLayer.of(f"{name}_labels", labels, properties, min_zooms=label_zoom),
    ]


def point_layer(table: Table, *, min_zoom: int = 10) -> VectorLayer:
    """Return posts, points or other point tables as a layer: ``code``, ``n``, ``r`` and, where it has one, ``kind``."""
    frame, key = table.frame, table.SPEC.key
    codes = [str(v) for v in frame[key]]
    names = _texts(frame, "name", codes)
    kinds = _texts(frame, "kind", [""] * len(frame)) if "kind" in frame.columns else [""] * len(frame)
    properties: list[dict[str, Value]] = []
    for code, name, kind in zip(codes, names, kinds, strict=True):
        properties.append(
            {"code": code, "n": name, "r": 3, "kind": kind} if kind else {"code": code, "n": name, "r": 3}
        )
    shapes = np.asarray(frame.geometry.array, dtype=object)
    return VectorLayer.of(table.SPEC.name, shapes, properties, min_zooms=min_zoom)


def _texts(frame: pd.DataFrame, column: str, otherwise: Sequence[str]) -> list[str]:
    if column not in frame.columns:
        return list(otherwise)
    return [str(v) if isinstance(v, str) and v else other for v, other in zip(frame[column], otherwise, strict=True)]
