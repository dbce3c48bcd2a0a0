"""Which grid a point lies in, against GeoPandas and SedonaDB on the same grids and points."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from benchmarks.harness import Options, Row, absent, against, interleaved
from geo.errors import CheckError
from geo.grids.locate import AreaIndex
from geo.synthetic.county import PROVINCE_GRIDS, SyntheticLand, synthetic_county, synthetic_province

SJOIN_GOAL = 3.0
SEDONA_GOAL = 1.5
THREADS = 2
COLD = "index and join, 2 threads"
COLD_ALONE = "index and join, 1 thread"
WARM = "join, index reused, 2 threads"
_SQL = "SELECT p.row, a.code FROM points p JOIN areas a ON ST_Intersects(a.geometry, p.geometry)"

Codes = npt.NDArray[np.object_]


def rows(options: Options) -> list[Row]:
    """Return the table: a county and a province of made-up grids; ``sample`` sets the grids of the province."""
    grids = options.sample or PROVINCE_GRIDS
    found: list[Row] = []
    county = synthetic_county(grids=min(5_000, grids), seed=options.seed)
    # The first call compiles.
    AreaIndex.of(county.grids).at(county.points(50_000, seed=options.seed))
    found += _case("county", county, 1_000_000, rounds=3, options=options)
    province = synthetic_province(grids=grids, seed=options.seed)
    many = max(50_000, round(5_000_000 * grids / PROVINCE_GRIDS))
    # Few points for so many grids: most of the time is that of the index.
    found += _case("province", province, many // 5, rounds=3, options=options)
    found += _case("province", province, many, rounds=1, options=options)
    return found


def _case(name: str, land: SyntheticLand, count: int, *, rounds: int, options: Options) -> list[Row]:
    places = land.points(count, seed=options.seed + 1)
    areas = land.grids.frame[["code", "geometry"]]
    points = gpd.GeoDataFrame(
        {"row": np.arange(count)}, geometry=gpd.points_from_xy(places[:, 0], places[:, 1]), crs=4326
    )
    index = AreaIndex.of(land.grids, threads=THREADS)
    ours = index.at(places)

    def cold() -> Codes:
        return AreaIndex.of(land.grids, threads=THREADS).at(places)

    def alone() -> Codes:
        return AreaIndex.of(land.grids).at(places)

    def warm() -> Codes:
        return index.at(places)

    def sjoin() -> gpd.GeoDataFrame:
        return gpd.sjoin(points, areas, predicate="intersects")

    what = f"{name}: {count:,} points in {len(land.grids):,} grids"
    joined = sjoin()
    _agree("GeoPandas", ours, joined["row"].to_numpy(), joined["code"].to_numpy(dtype=object))
    taken = interleaved([cold, sjoin, alone], rounds=rounds, seconds=options.seconds)
    peer, theirs = "GeoPandas sjoin", taken[1]
    found = [
        against(f"{what}, {COLD}", ours=taken[0], peer=peer, theirs=theirs, at_least=SJOIN_GOAL),
        against(f"{what}, {COLD_ALONE}", ours=taken[2], peer=peer, theirs=theirs),
    ]
    sedona = _sedona(points, areas)
    if sedona is None:
        taken = interleaved([warm], rounds=rounds, seconds=options.seconds)
        found.append(absent(f"{what}, {WARM}", "SedonaDB", ours=f"{taken[0]:.3g} s", goal=f">= {SEDONA_GOAL:g}x"))
        return found
    answer = sedona()
    _agree("SedonaDB", ours, answer["row"].to_numpy(), answer["code"].to_numpy(zero_copy_only=False))
    taken = interleaved([warm, sedona], rounds=rounds, seconds=options.seconds)
    found.append(
        against(f"{what}, {WARM}", ours=taken[0], peer="SedonaDB", theirs=taken[1], at_least=SEDONA_GOAL),
    )
    return found


def _agree(peer: str, ours: Codes, row: npt.NDArray[np.int64], code: Codes) -> None:
    """Raise ``CheckError`` unless the peer found the same grid for every point; of several the lowest code."""
    theirs = np.full(len(ours), None, dtype=object)
    order = np.argsort(code.astype(str), kind="stable")[::-1]
    theirs[row[order]] = code[order]
    apart = int((ours != theirs).sum())
    if apart:
        raise CheckError(f"{peer} finds another grid for {apart} points", f"{peer} 对 {apart} 个点给出不同的网格")


def _sedona(points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Callable[[], Any] | None:
    """Return the join in SedonaDB over tables that it already holds, or None where it is not installed."""
    try:
        sedonadb: Any = importlib.import_module("sedonadb")
        importlib.import_module("geoarrow.pyarrow")
    except ImportError:
        return None
    session = sedonadb.connect()
    session.create_data_frame(points).to_memtable().to_view("points", overwrite=True)
    session.create_data_frame(areas).to_memtable().to_view("areas", overwrite=True)
    return lambda: session.sql(_SQL).to_arrow_table()
