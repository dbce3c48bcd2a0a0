"""A province of 392,000 made-up grids: import, check, store, roll-up; a county renumbered. No peer does the same."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.harness import Options, Row, duration, timed, within
from geo.errors import CheckError
from geo.grids.locate import AreaIndex
from geo.grids.numbering import renumber
from geo.grids.rollup import RollUp, roll_up
from geo.synthetic.county import COUNTY_GRIDS, PROVINCE_GRIDS, SyntheticLand, synthetic_county, synthetic_province
from geo.tables.grids import Grids

LOAD_SECONDS = 300.0
LOAD_MB = 4_000.0
VIEW_SECONDS = 0.5
ROLLUP_SECONDS = 60.0
RENUMBER_SECONDS = 1.0
POINTS = 5_000_000


def rows(options: Options) -> list[Row]:
    """Return the table; ``sample`` sets the number of grids, points and the county scale with it."""
    grids = options.sample or PROVINCE_GRIDS
    share = grids / PROVINCE_GRIDS
    seconds, land = timed(lambda: synthetic_province(grids=grids, seed=options.seed))
    found = [within(f"make a province of {grids:,} nested grids", ours=seconds)]
    found += _loaded(land)
    found += _rolled(land, max(10_000, round(POINTS * share)), seed=options.seed)
    del land
    found.append(_renumbered(max(200, min(COUNTY_GRIDS, grids)), seed=options.seed))
    return found


def _loaded(land: SyntheticLand) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="xunge-province-") as folder:
        layer = Path(folder, "grids.gpkg")
        frame = land.grids.frame[
            ["code", "name", "kind", "parent_code", "parent_name", "population", "households", "geometry"]
        ]
        frame.to_file(layer, driver="GPKG", engine="pyogrio")
        size = layer.stat().st_size / 1e6
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.province_load", str(layer)], check=True, capture_output=True, text=True
        )
    took: dict[str, float] = json.loads(told.stdout)
    steps = ("import", "codes", "coverage", "check", "store")
    count = len(land.grids)
    listed = ", ".join(f"{name} {duration(took[name])}" for name in steps)
    peak = took["memory_mb"]
    view = took["county_read"] + took["county_tile"]
    return [
        within(
            f"{count:,} grids, GeoPackage of {size:.0f} MB: {listed}",
            ours=sum(took[name] for name in steps), at_most=LOAD_SECONDS,
        ),
        Row(
            what="peak memory of that, the reading process included", ours=f"{peak / 1000:.2f} GB",
            goal=f"< {LOAD_MB / 1000:g} GB", met=peak < LOAD_MB,
        ),
        within(
            f"a county's view: its {took['county_grids']:,.0f} grids out of that store "
            f"{duration(took['county_read'])}, first tile {duration(took['county_tile'])}",
            ours=view, at_most=VIEW_SECONDS,
        ),
    ]  # fmt: skip


def _rolled(land: SyntheticLand, count: int, *, seed: int) -> list[Row]:
    places = land.points(count, seed=seed + 1)
    small = synthetic_county(grids=200, seed=seed)
    _all_levels(small, small.points(30_000, seed=seed))
    seconds, rolled = timed(lambda: _all_levels(land, places))
    tree = rolled.tree
    sums = [int(rolled.values[tree.at(level.key)].sum()) for level in tree.levels]
    if set(sums) != {int(rolled.inside)} or rolled.total != count:
        raise CheckError("The levels do not add up", "各层合计不一致")
    what = f"{count:,} points over {len(tree.levels)} levels and {len(tree):,} units, {int(rolled.outside):,} outside"
    return [within(f"{what}: index, find, tree and sums", ours=seconds, at_most=ROLLUP_SECONDS)]


def _all_levels(land: SyntheticLand, places: np.ndarray) -> RollUp:
    tree = land.tree(top="province")
    index = AreaIndex.of(land.grids, threads=2)
    of_area = tree.rows_of(index.codes)
    rows = index.rows(places)
    return roll_up(tree, np.where(rows >= 0, of_area[rows], -1))


def _renumbered(grids: int, *, seed: int) -> Row:
    old = synthetic_county(grids=grids, seed=seed).grids
    new = _redrawn(old, seed=seed)
    renumber(old, new)
    seconds, made = timed(lambda: renumber(old, new))
    kept = sum(made.kept)
    what = f"renumber a county of {grids:,} grids into {len(new):,}: {kept:,} unchanged, {len(made.retired):,} numbers retired"
    return within(what, ours=seconds, at_most=RENUMBER_SECONDS)


def _redrawn(old: Grids, *, seed: int) -> Grids:
    """Merge a twentieth of the grids with the next one of their village, and cut another twentieth in two."""
    frame = old.frame
    shapes = frame.geometry.to_numpy()
    parents = frame["parent_code"].tolist()
    rng = np.random.default_rng(seed)
    fate = rng.choice(["keep", "merge", "split"], len(old), p=[0.9, 0.05, 0.05])
    made: list[tuple[shapely.Geometry, str]] = []
    row = 0
    while row < len(old):
        last = row + 1 == len(old) or parents[row + 1] != parents[row]
        if fate[row] == "merge" and not last and shapely.relate_pattern(shapes[row], shapes[row + 1], "F***1****"):
            made.append((shapely.union(shapes[row], shapes[row + 1]), parents[row]))
            row += 2
            continue
        halves = _halves(shapes[row]) if fate[row] == "split" else [shapes[row]]
        made += [(half, parents[row]) for half in halves]
        row += 1
    return Grids.of(
        gpd.GeoDataFrame(
            {"code": [f"{k}" for k in range(len(made))], "kind": "general", "parent_code": [p for _, p in made]},
            geometry=[shape for shape, _ in made],
            crs=4326,
        )
    )


def _halves(shape: shapely.Polygon) -> list[shapely.Geometry]:
    west, south, east, north = shape.bounds
    middle = (west + east) / 2
    boxes = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    halves: list[shapely.Geometry] = [shapely.intersection(shape, box) for box in boxes]
    areal = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    return halves if all(shapely.get_type_id(half) in areal for half in halves) else [shape]
