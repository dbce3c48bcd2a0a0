"""Check a province, repair a county and merge two layers of one, against what Shapely and GeoPandas do of it."""

from __future__ import annotations

from typing import Any, cast

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.grid_layers import tessellation
from benchmarks.harness import Options, Row, against, timed, within
from geo.grids.layer_check import check_layer
from geo.grids.merge_layers import OwnedLayer, merge_layers
from geo.grids.repair import repair

PROVINCE = (560, 700)
COUNTY = (110, 106)


def rows(options: Options) -> list[Row]:
    """Measure check, repair and merge; ``--sample`` is the number of grids of the smaller layers."""
    side = int(np.sqrt(options.sample)) if options.sample else 0
    high, wide = (side, side) if side else COUNTY
    found = []
    if not side:
        province = tessellation(*PROVINCE, seed=options.seed)
        seconds, report = timed(lambda: check_layer(province))
        found.append(within(f"{len(province):,} grids: check ({len(report.faults)} faults)", ours=seconds, at_most=120))
        part = _shifted(province.frame, options.seed, share=0.01)
        seconds, report = timed(lambda: check_layer(part))
        what = f"{len(province):,} grids, one in a hundred shifted: check ({len(report.faults):,} faults)"
        found.append(within(what, ours=seconds, at_most=120))
    county = tessellation(high, wide, seed=options.seed)
    apart = _shifted(county.frame, options.seed, share=1.0)
    seconds, done = timed(lambda: repair(apart, tolerance_m=2, gap_width_m=3))
    clean = cast("Any", shapely).coverage_clean  # since Shapely 2.2, unknown to its stubs
    theirs, cleaned = timed(lambda: clean(np.asarray(apart.geometry.array), gap_width=3e-5, snapping_distance=2e-5))
    left = len(check_layer(apart.set_geometry(np.asarray(cleaned), crs=4326)).faults)
    what = f"{len(county):,} grids drawn apart: repair, all changes listed ({len(done.left)} faults left)"
    note = f"no list of changes, {left} faults left"
    found.append(against(what, ours=seconds, peer="shapely.coverage_clean", theirs=theirs, note=note))
    other = tessellation(high * 2 // 3, wide * 2 // 3, seed=options.seed + 1).frame
    other = other.set_geometry(
        _spread(np.asarray(other.geometry.array), np.asarray(county.frame.geometry.array)), crs=4326
    )
    layers = [OwnedLayer(name="公安", grids=county), OwnedLayer(name="民政", grids=other)]
    seconds, merged = timed(lambda: merge_layers(layers, rule="priority", min_piece_m2=500))
    theirs, overlaid = timed(lambda: gpd.overlay(county.frame, other, how="union"))
    what = f"{len(county):,} and {len(other):,} grids: merged with provenance ({len(merged.grids):,} grids)"
    note = f"{len(overlaid):,} pieces, nobody owns them"
    found.append(against(what, ours=seconds, peer="geopandas.overlay", theirs=theirs, note=note))
    return found


def _shifted(frame: gpd.GeoDataFrame, seed: int, *, share: float) -> gpd.GeoDataFrame:
    """Return a layer of which some grids are shifted by about 30 cm each."""
    rng = np.random.default_rng(seed)
    shapes = np.array(frame.geometry.array, dtype=object)
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    away = rng.normal(0, 3e-6, (len(shapes), 2)) * (rng.uniform(size=len(shapes)) < share)[:, None]
    return frame.set_geometry(shapely.set_coordinates(shapes, xy + away[row]), crs=4326)


def _spread(shapes: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Return shapes stretched over the bounds of others."""
    west, south, east, north = shapely.total_bounds(over)
    w, s, e, n = shapely.total_bounds(shapes)
    factor = np.array([(east - west) / (e - w), (north - south) / (n - s)])
    moved = shapely.transform(shapes, lambda xy: np.round((xy - [w, s]) * factor + [west, south], 7))
    return np.asarray(moved, dtype=object)
