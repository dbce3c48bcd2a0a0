"""Bad layers may stay bad but never get worse; merged layers tile what they covered, and every piece has a source."""

from collections import defaultdict

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grids.layer_check import check_layer
from geo.grids.merge_layers import MERGE_RULES, OwnedLayer, merge_layers
from geo.grids.repair import repair
from geo.grids.topology import Coverage

CELL = 2e-3  # degrees, about 200 m
METRE = 1 / 111_320.0


def squares(rng: np.random.Generator, side: int, *, bend: float = 0.15) -> np.ndarray:
    """Return side x side quadrilaterals that share their corners, row by row."""
    grid = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1) * CELL
    grid = np.round(grid + rng.uniform(-bend, bend, grid.shape) * CELL, 7)
    rings = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2).reshape(-1, 4, 2)
    return np.asarray(shapely.polygons(rings), dtype=object)


def layer(shapes: np.ndarray, *, side: int, prefix: str = "g") -> gpd.GeoDataFrame:
    parents = ["west" if k % side < side // 2 else "east" for k in range(len(shapes))]
    codes = [f"{prefix}{k:02d}" for k in range(len(shapes))]
    return gpd.GeoDataFrame({"code": codes, "kind": "general", "parent_code": parents}, geometry=shapes, crs=4326)


def spoiled(rng: np.random.Generator, side: int) -> gpd.GeoDataFrame:
    """Return a layer with shifted, torn, doubled, crossed, open, missing and overlapping grids."""
    shapes = squares(rng, side)
    for k in range(len(shapes)):
        xy = shapely.get_coordinates(shapes[k])
        kind = rng.integers(0, 12)
        if kind == 0:
            shapes[k] = shapely.affinity.translate(shapes[k], *(rng.normal(0, 2, 2) * METRE))
        elif kind == 1:  # a bow tie
            shapes[k] = shapely.Polygon(xy[[0, 2, 1, 3]])
        elif kind == 2:
            shapes[k] = shapely.Polygon(np.repeat(xy[:4], 2, axis=0))
        elif kind == 3:
            shapes[k] = shapely.LineString(xy[:4] if rng.integers(0, 2) else [*xy[:4], xy[0] + 0.2 * METRE])
        elif kind == 4:
            shapes[k] = shapely.affinity.scale(shapes[k], *rng.uniform(0.8, 1.2, 2))
        elif kind == 5:  # a vertex that the neighbour does not have, a little off the line
            shapes[k] = shapely.Polygon([xy[0], (xy[0] + xy[1]) / 2 + rng.normal(0, 0.2, 2) * METRE, *xy[1:4]])
        elif kind == 6 and k:
            shapes[k] = shapes[k - 1]
    made = layer(shapes, side=side)
    return made[rng.uniform(size=len(made)) > 0.05].reset_index(drop=True)


def communities(side: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    clean = layer(squares(rng, side), side=side)
    joined = clean.dissolve("parent_code", method="coverage").reset_index()
    return joined[["parent_code", "geometry"]].rename(columns={"parent_code": "code"})


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    side=st.integers(2, 5),
    tolerance_m=st.sampled_from([0.0, 0.3, 2.0]),
    gap_width_m=st.sampled_from([0.0, 1.0, 6.0]),
    with_parents=st.booleans(),
)
def test_no_repair_makes_anything_worse(
    seed: int, side: int, tolerance_m: float, gap_width_m: float, with_parents: bool
) -> None:
    frame = spoiled(np.random.default_rng(seed), side)
    parents = communities(side, np.random.default_rng(seed)) if with_parents else None
    done = repair(frame, tolerance_m=tolerance_m, gap_width_m=gap_width_m, parents=parents)
    was = check_layer(frame, parents=parents, gap_width_m=gap_width_m, sliver_width_m=gap_width_m)
    now = check_layer(done.grids, parents=parents, gap_width_m=gap_width_m, sliver_width_m=gap_width_m)
    before, after = was.totals, now.totals
    # An open crack that is closed at its mouth is told as a gap from then on, but no land is uncovered by that.
    covered = now.area_m2 >= was.area_m2 - 0.06
    for kind in ("overlap", "outside_parent") if covered else ("gap", "overlap", "outside_parent"):
        assert after.get(kind, (0, 0.0))[1] <= before.get(kind, (0, 0.0))[1] * (1 + 1e-5) + 0.06
    for kind in ("broken", "duplicate_vertex", "unclosed", "sliver", "unknown_parent"):
        assert after.get(kind, (0, 0))[0] <= before.get(kind, (0, 0))[0]
    assert len(now.unmatched) <= len(was.unmatched)
    assert "broken" not in after
    assert "duplicate_vertex" not in after
    # Nothing is lost: a code without an area is named among what is left.
    gone = set(frame["code"]) - set(done.grids.keys)
    assert gone <= {code for fault in done.left for code in fault.codes}
    assert all(change.sentence("zh") and change.sentence("en") for change in done.changes)
    assert all(fault.sentence("zh") and fault.sentence("en") for fault in done.left)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), side=st.integers(2, 5), tolerance_m=st.sampled_from([0.0, 0.3, 2.0]))
def test_nothing_moves_further_than_the_tolerance_but_what_is_listed(seed: int, side: int, tolerance_m: float) -> None:
    rng = np.random.default_rng(seed)
    shapes = squares(rng, side)
    moved = np.array([shapely.affinity.translate(s, *(rng.normal(0, 1.2, 2) * METRE)) for s in shapes], dtype=object)
    frame = layer(moved, side=side)
    done = repair(frame, tolerance_m=tolerance_m, gap_width_m=4.0)
    assert max((change.moved_m for change in done.changes), default=0.0) <= tolerance_m + 0.02
    given_away: dict[str, float] = defaultdict(float)
    for change in done.changes:
        for code in {*change.codes, change.to}:
            given_away[code] += change.area_m2
    old = dict(zip(frame["code"], frame.geometry, strict=True))
    for code, shape in zip(done.grids.keys, done.grids.frame.geometry, strict=True):
        differs = shapely.symmetric_difference(shape, old[code])
        near = shapely.buffer(shapely.boundary(old[code]), (tolerance_m + 0.03) * METRE)
        beyond = shapely.difference(differs, near).area / METRE**2
        assert beyond <= given_away[code] * 1.01 + 0.1
    assert not done.after.of("overlap")
    report = Coverage.of(done.grids).check()
    assert not report.overlaps
    assert not report.broken


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), rule=st.sampled_from(MERGE_RULES), least=st.sampled_from([0.0, 500.0, 5000.0]))
def test_merged_layers_tile_what_they_covered(seed: int, rule: str, least: float) -> None:
    rng = np.random.default_rng(seed)
    many = []
    for number, side in enumerate(rng.integers(2, 5, rng.integers(1, 4)).tolist()):
        shapes = squares(rng, side)
        spread = shapely.affinity.affine_transform
        factor = float(rng.uniform(3, 4)) / side
        shapes = np.array([spread(s, [factor, 0, 0, factor, *rng.uniform(0, CELL, 2)]) for s in shapes], dtype=object)
        many.append(OwnedLayer(name=f"层{number}", grids=layer(shapes, side=side, prefix=f"{'ab'[number % 2]}")))
    parents = gpd.GeoDataFrame(
        {"code": ["east", "west"]},
        geometry=[shapely.box(2 * CELL, -CELL, 9 * CELL, 9 * CELL), shapely.box(-CELL, -CELL, 2 * CELL, 9 * CELL)],
        crs=4326,
    )
    merged = merge_layers(many, rule=rule, min_piece_m2=least, parents=parents)
    made = np.asarray(merged.grids.frame.geometry.array, dtype=object)
    given_ = shapely.union_all(np.concatenate([np.asarray(one.grids.geometry.array) for one in many]))
    union = shapely.union_all(made)
    assert shapely.is_valid(made).all()
    assert shapely.coverage_is_valid(made)
    # Union in, union out: what differs is the rounding to the lattice, a few centimetres along the lines.
    near_lines = shapely.buffer(given_.boundary, 3e-7)
    assert shapely.difference(shapely.symmetric_difference(union, given_), near_lines).area < 1e-12
    assert abs(shapely.area(made).sum() - union.area) <= 1e-9 * union.area
    table = merged.provenance
    assert set(table["grid"]) == set(merged.grids.keys)
    own = table[table["role"].isin(["owner", "absorbed"])].groupby("grid")
    assert own["share_of_grid"].sum().to_numpy() == pytest.approx(np.ones(len(merged.grids)), abs=1e-9)
    assert (table[table["role"] == "owner"].groupby("grid").size() == 1).all()
    sources = {
        (one.name, code): shape
        for one in many
        for code, shape in zip(one.grids["code"], one.grids.geometry, strict=True)
    }
    held = table.groupby(["layer", "source_code"])["share_of_source"].sum()
    assert set(held.index) == set(sources)
    assert held.to_numpy() == pytest.approx(np.ones(len(held)), abs=1e-6)
    shuffled = [OwnedLayer(name=one.name, grids=one.grids.sample(frac=1, random_state=seed % 2**32)) for one in many]
    again = merge_layers(shuffled, rule=rule, min_piece_m2=least, parents=parents)
    assert shapely.to_wkb(np.asarray(again.grids.frame.geometry.array)).tolist() == shapely.to_wkb(made).tolist()
    assert again.provenance.equals(table)
    assert [c.sentence("zh") for c in again.contested] == [c.sentence("zh") for c in merged.contested]
