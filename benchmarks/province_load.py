"""What a province of grids costs from file to store, in a process of its own so that its memory can be told."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import shapely

from benchmarks.harness import timed
from benchmarks.tree_memory import TreeMemory
from geo.grids.locate import AreaIndex
from geo.grids.numbering import check_codes
from geo.grids.topology import Coverage
from geo.store.importing import import_table
from geo.store.port import DEMO, Principal
from geo.store.sql import SqlStore
from geo.synthetic.county import synthetic_county
from geo.tables.grids import Grids
from geo.tiles.layers import VectorLayer
from geo.tiles.mercator import to_cells
from geo.tiles.mvt import encode_tile


def load(layer: Path, folder: Path) -> dict[str, float]:
    """Import, check and store the grids of a file; return seconds by step, and megabytes.

    ``memory_mb`` is the most that this process and the one that reads the file held together.
    """
    seconds: dict[str, float] = {}
    with TreeMemory() as memory:
        grids, store = _loaded(layer, folder, seconds)
    seconds["memory_mb"] = memory.peak_mb
    counties = grids.frame["code"].str[:6].value_counts()
    # The median of the three largest counties.
    views: list[tuple[float, float, int]] = []
    for code in counties.index[:3]:
        viewer = Principal(account="county", roles=frozenset({"read"}), scopes=(str(code),))
        read, county = timed(lambda viewer=viewer: store.table(viewer, Grids))  # type: ignore[misc]
        views.append((read, timed(lambda county=county: _tile(county))[0], len(county)))  # type: ignore[misc]
    seconds["county_read"], seconds["county_tile"], seconds["county_grids"] = sorted(views)[len(views) // 2]
    store.close()
    return seconds


def _loaded(layer: Path, folder: Path, seconds: dict[str, float]) -> tuple[Grids, SqlStore]:
    """Return the table of a file and the store that it was put in, once it is checked."""
    seconds["import"], imported = timed(lambda: import_table(layer, Grids))
    grids = imported.table
    seconds["codes"], report = timed(lambda: check_codes(grids.keys, parents=grids.frame["parent_code"].tolist()))
    seconds["coverage"], coverage = timed(lambda: Coverage.of(grids))
    seconds["check"], checked = timed(coverage.check)
    if not (report.good and checked.whole):
        raise AssertionError("the made-up province is not whole")
    del coverage
    store = SqlStore.open(folder / "province.sqlite")
    seconds["store"], _ = timed(lambda: store.put_table(DEMO, grids, source="benchmark"))
    return grids, store


def _tile(county: Grids) -> bytes:
    """Return a tile of zoom 11, about 20 km wide, from the middle of a county."""
    shapes = county.frame.geometry.to_numpy()
    made = VectorLayer.of("grids", shapes, [{"n": code} for code in county.keys])
    middle = shapely.get_coordinates(shapely.centroid(shapes[len(shapes) // 2]))
    column, row = to_cells(middle, 11)
    return encode_tile([made], 11, int(column[0]), int(row[0]))


if __name__ == "__main__":
    # Compiles, so that the times are those of the work.
    warm = synthetic_county(grids=200)
    AreaIndex.of(warm.grids)
    Coverage.of(warm.grids).check()
    with tempfile.TemporaryDirectory(prefix="xunge-province-") as scratch:
        json.dump(load(Path(sys.argv[1]), Path(scratch)), sys.stdout)
