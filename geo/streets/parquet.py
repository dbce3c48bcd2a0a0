"""Street networks kept as two Parquet tables, nodes and directed edges."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import CoordinateError, FieldError, FileError
from geo.streets.assemble import assemble
from geo.streets.directed import Links, pieces_of
from geo.streets.graph import CAR, FOOT, MOTORCYCLE, RESPONSE, ROAD_CLASSES, StreetGraph

_NODE_FIELDS: Final = ("node", "lon", "lat")
_EDGE_FIELDS: Final = ("u", "v", "length_m")


def read_parquet(
    nodes: str | Path,
    edges: str | Path,
    *,
    source: str = "© OpenStreetMap contributors, ODbL 1.0",
    foot_both_ways: bool = False,
) -> StreetGraph:
    """Read nodes (``node, lon, lat``) and directed edges (``u, v, length_m``, optional ``speed_kph, highway, name``).

    The arcs are those of the file and straight between their nodes; lengths are the file's. Without a ``highway``
    column the class of every arc is ``other`` and the file's speed is what counts.

    Parameters
    ----------
    foot_both_ways
        Adds an arc for walking back along each one-way edge.
    """
    node_table = _read(Path(nodes), _NODE_FIELDS)
    edge_table = _read(Path(edges), _EDGE_FIELDS)
    if node_table.empty or edge_table.empty:
        raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
    lonlat = node_table[["lon", "lat"]].to_numpy(np.float64)
    _check_nodes(lonlat, Path(nodes).name)
    ids = node_table["node"].to_numpy(np.int64)
    order = np.argsort(ids, kind="stable")
    if (np.diff(ids[order]) == 0).any():
        raise FieldError(
            f"{Path(nodes).name}: a number in field node is there twice", f"{Path(nodes).name}：字段 node 有重复编号"
        )
    tails, heads = (_rows(edge_table[key], ids, order, Path(edges).name) for key in ("u", "v"))
    metres = edge_table["length_m"].to_numpy(np.float64)
    bad = np.flatnonzero(~(np.isfinite(metres) & (metres >= 0)))
    if bad.size:
        raise FieldError(
            f"{Path(edges).name}: field length_m has no valid length in {bad.size} rows",
            f"{Path(edges).name}：字段 length_m 有 {bad.size} 行长度无效",
            rows=[str(row) for row in bad[:10]],
        )
    count = len(edge_table)
    names, name_ids = _names(edge_table)
    kph = edge_table["speed_kph"].to_numpy(np.float32) if "speed_kph" in edge_table else np.full(count, np.nan)
    links = Links(
        tails=tails,
        heads=heads,
        ids=np.arange(count, dtype=np.int64),
        offsets=np.arange(count + 1, dtype=np.int64) * 2,
        lonlat=lonlat[np.column_stack([tails, heads]).ravel()],
        metres=metres,
        road_class=_classes(edge_table),
        name_ids=name_ids,
        access=np.full(count, CAR | MOTORCYCLE | RESPONSE | FOOT, np.uint8),
        kph=np.where(np.asarray(kph) > 0, kph, np.nan).astype(np.float32),
    )
    pieces = pieces_of(links, node_ids=ids, node_lonlat=lonlat, names=names, foot_both_ways=foot_both_ways)
    return assemble(pieces, source=source).graph


def _read(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise FileError(f"The street file {path.name} does not exist", f"路网文件 {path.name} 不存在")
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as problem:
        raise FileError(
            f"{path.name} is not a complete Parquet file", f"{path.name} 不是完整的 Parquet 文件"
        ) from problem
    missing = [name for name in needed if name not in table]
    if missing:
        raise FieldError(
            f"{path.name} lacks the field {', '.join(missing)}", f"{path.name} 缺少字段 {'、'.join(missing)}"
        )
    text = [name for name in needed if not pd.api.types.is_numeric_dtype(table[name])]
    if text:
        raise FieldError(
            f"{path.name}: field {', '.join(text)} is not a number", f"{path.name}：字段 {'、'.join(text)} 不是数字"
        )
    return table


def _check_nodes(lonlat: npt.NDArray[np.float64], name: str) -> None:
    bad = np.flatnonzero(~np.isfinite(lonlat).all(axis=1))
    if bad.size:
        raise CoordinateError(
            f"{name}: {bad.size} nodes have no finite coordinate",
            f"{name}：{bad.size} 个节点坐标无效",
            rows=[str(row) for row in bad[:10]],
        )
    if (np.abs(lonlat[:, 1]) > 90).any():
        raise CoordinateError(
            f"{name}: latitudes are beyond ±90, lon and lat look swapped", f"{name}：纬度超出 ±90，经纬度可能颠倒"
        )


def _rows(
    column: pd.Series, ids: npt.NDArray[np.int64], order: npt.NDArray[np.intp], name: str
) -> npt.NDArray[np.int32]:
    wanted = column.to_numpy(np.int64)
    at = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    rows = order[at]
    lost = np.flatnonzero(ids[rows] != wanted)
    if lost.size:
        raise FieldError(
            f"{name}: field {column.name} names {lost.size} nodes that are not in the node file",
            f"{name}：字段 {column.name} 有 {lost.size} 个节点不在节点文件中",
            rows=[str(row) for row in lost[:10]],
        )
    return rows.astype(np.int32)


def _classes(table: pd.DataFrame) -> npt.NDArray[np.int8]:
    other = ROAD_CLASSES.index("other")
    if "highway" not in table:
        return np.full(len(table), other, np.int8)
    known = {name: row for row, name in enumerate(ROAD_CLASSES)}
    return table["highway"].map(known).fillna(other).to_numpy().astype(np.int8)


def _names(table: pd.DataFrame) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    if "name" not in table:
        return ("",), np.zeros(len(table), np.int32)
    codes, found = pd.factorize(table["name"].fillna("").astype(str))
    listed = ["", *(str(name) for name in found if name != "")]
    position = {name: row for row, name in enumerate(listed)}
    return tuple(listed), np.array([position[str(name)] for name in found], dtype=np.int32)[codes]
