"""Shares by area, calls and points: by hand, and summing to one whatever the layers."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.grids.crosswalk import Placed, build_crosswalk
from geo.tables.grids import Grids
from geo.tables.police_grids import PoliceGrids


def police(*shapes: shapely.Polygon, stations: str | None = None) -> PoliceGrids:
    codes = [f"J{i + 1}" for i in range(len(shapes))]
    held = {"code": codes, "station_code": list(stations or "A" * len(shapes))}
    return PoliceGrids.of(gpd.GeoDataFrame(held, geometry=list(shapes), crs=4326))


@pytest.fixture
def halves(mesh):
    """Two squares, and police grids of which the first takes three quarters of square 1, the second the rest of both."""
    return mesh(1, 2), police(shapely.box(100, 25.6, 100.0075, 25.61), shapely.box(100.0075, 25.6, 100.015, 25.61))


def test_shares_by_hand(halves) -> None:
    grids, areas = halves
    calls = Placed(lonlat=np.array([[100.001, 25.605]] * 3 + [[100.009, 25.605], [100.018, 25.605], [100.03, 25.605]]))
    walk = build_crosswalk(grids, areas, placed={"calls": calls})
    assert walk.source == tuple(grids.keys)
    assert walk.target == ("J1", "J2")
    assert walk.shares().toarray() == pytest.approx(np.array([[0.75, 0.25, 0], [0, 0.5, 0.5]]), abs=1e-9)
    assert walk.counts["calls"].tolist() == [3, 1, 0]
    assert walk.outside["calls"].tolist() == [0, 1]
    assert walk.unplaced["calls"] == 1
    assert walk.shares("calls").toarray() == pytest.approx(np.array([[0.75, 0.25, 0], [0, 0, 1.0]]))
    assert walk.main_target() == {grids.keys[0]: "J1", grids.keys[1]: "J2"}
    assert walk.mapping() == {
        grids.keys[0]: {"J1": pytest.approx(0.75), "J2": pytest.approx(0.25)},
        grids.keys[1]: {"J2": pytest.approx(0.5)},
    }


def test_the_frame_has_each_pair_and_each_part_outside(halves) -> None:
    grids, areas = halves
    calls = Placed(lonlat=np.array([[100.018, 25.605]]), weight=np.array([7]))
    frame = build_crosswalk(grids, areas, placed={"calls": calls}).frame()
    assert frame["target"].where(frame["target"].notna(), None).tolist() == ["J1", "J2", "J2", None]
    assert frame["area_share"].tolist() == pytest.approx([0.75, 0.25, 0.5, 0.5])
    assert frame["area_share_of_target"].tolist()[:3] == pytest.approx([1, 1 / 3, 2 / 3])
    assert frame["calls"].tolist() == [0, 0, 0, 7]
    assert frame["calls_share"].iloc[3] == 1
    assert pd.isna(frame["calls_share"].iloc[0])


def test_what_has_nothing_to_count_by_is_shared_by_area_and_named(halves) -> None:
    grids, areas = halves
    calls = Placed(lonlat=np.array([[100.001, 25.605]]))
    walk = build_crosswalk(grids, areas, placed={"calls": calls})
    assert walk.by_area("calls") == (grids.keys[1],)
    assert walk.shares("calls").toarray() == pytest.approx(np.array([[1, 0, 0], [0, 0.5, 0.5]]))
    assert walk.by_area("area") == ()
    with pytest.raises(ParameterError, match="no shares by rain"):
        walk.shares("rain")


def test_special_grids_are_left_out_unless_asked_for(mesh, halves) -> None:
    _, areas = halves
    market = gpd.GeoDataFrame(
        {"code": ["S1"], "kind": ["special"]}, geometry=[shapely.box(100, 25.6, 100.001, 25.601)], crs=4326
    )
    both = Grids.of(gpd.pd.concat([mesh(1, 2).frame, market], ignore_index=True))
    assert len(build_crosswalk(both, areas).source) == 2
    special = build_crosswalk(both, areas, source_kind="special")
    assert special.source == ("S1",)
    assert special.shares().toarray().tolist() == [[1, 0, 0]]


def test_a_thing_on_a_common_line_counts_once(mesh) -> None:
    grids = mesh(2, 2)
    corner = Placed(lonlat=np.array([[100.01, 25.61]]))
    walk = build_crosswalk(grids, grids, placed={"points": corner})
    assert walk.counts["points"].sum() == 1
    assert walk.counts["points"][0] == 1


def test_names_and_weights_are_checked(mesh) -> None:
    grids = mesh(1, 1)
    with pytest.raises(ParameterError, match="taken"):
        build_crosswalk(grids, grids, placed={"area": Placed(lonlat=np.zeros((0, 2)))})
    for weight in (np.array([1, 2]), np.array([-1])):
        with pytest.raises(ParameterError, match="Weights"):
            build_crosswalk(grids, grids, placed={"x": Placed(lonlat=np.array([[100.005, 25.605]]), weight=weight)})


def test_empty_layers_have_an_empty_crosswalk(mesh) -> None:
    walk = build_crosswalk(Grids.empty(), mesh(1, 1))
    assert walk.shares().shape == (0, 2)
    alone = build_crosswalk(mesh(1, 1), Grids.empty(), placed={"calls": Placed(lonlat=np.array([[100.005, 25.605]]))})
    assert alone.shares("calls").toarray().tolist() == [[1.0]]
    assert alone.shares().toarray().tolist() == [[1.0]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(0, 60))
def test_rows_sum_to_one_and_counts_are_kept(seed: int, areas: int, things: int) -> None:
    rng = np.random.default_rng(seed)
    frame = gpd.GeoDataFrame(
        {"code": [f"G{i}" for i in range(6)], "kind": "general"},
        geometry=[shapely.box(100 + i / 100, 25.6, 100.01 + i / 100, 25.61) for i in range(6)],
        crs=4326,
    )
    grids = Grids.of(frame)
    corners = np.sort(rng.uniform(99.99, 100.07, (areas, 2)), axis=1)
    boxes = [shapely.box(a, 25.595 + 0.01 * rng.random(), b + 1e-4, 25.62) for a, b in corners]
    lonlat = np.column_stack([rng.uniform(99.98, 100.08, things), rng.uniform(25.59, 25.62, things)])
    weight = rng.integers(0, 9, things)
    walk = build_crosswalk(grids, police(*boxes), placed={"calls": Placed(lonlat=lonlat, weight=weight)})
    for basis in walk.bases:
        shares = walk.shares(basis)
        assert np.asarray(shares.sum(axis=1)).ravel() == pytest.approx(np.ones(6), abs=1e-12)
        assert (shares.data > 0).all()
    assert walk.counts["calls"].sum() + walk.outside["calls"].sum() + walk.unplaced["calls"] == weight.sum()
    assert (walk.area_m2 <= walk.source_m2[walk.row] * (1 + 1e-9)).all()
