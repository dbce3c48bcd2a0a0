import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.grids.code import GridCode, missing_serials
from geo.grids.topology import Coverage
from geo.streets.graph import StreetGraph
from geo.synthetic.borders import shared_segments
from geo.synthetic.grids import COUNTY, FIRST_SPECIAL, Ground, plane
from geo.synthetic.lattice import to_degrees
from geo.synthetic.zones import Zones


@pytest.fixture(scope="module")
def general(ground: Ground) -> gpd.GeoDataFrame:
    frame = ground.table.frame
    return frame[frame["kind"] == "general"]


def test_general_grids_are_a_whole_coverage_on_the_lattice(ground: Ground, general: gpd.GeoDataFrame) -> None:
    assert bool(shapely.coverage_is_valid(general.geometry.to_numpy()))
    report = Coverage.of(ground.table).check()
    assert report.whole
    degrees = shapely.get_coordinates(general.geometry.to_numpy())
    assert (np.rint(degrees * 1e7) / 1e7 == degrees).all()


def test_their_union_is_the_union_of_the_zones(general: gpd.GeoDataFrame, zones: Zones) -> None:
    land = shapely.union_all(to_degrees(zones.shapes))
    ours = shapely.union_all(general.geometry.to_numpy())
    assert ours.symmetric_difference(land).area < 2e-6 * land.area
    assert ours.geom_type == "Polygon"
    assert len(ours.interiors) == 0


def test_a_corner_where_three_grids_meet_is_a_corner_of_all_three(general: gpd.GeoDataFrame) -> None:
    corners, owner = shapely.get_coordinates(general.geometry.to_numpy(), return_index=True)
    unique, inverse = np.unique(corners, axis=0, return_inverse=True)
    having = pd.DataFrame({"corner": inverse, "grid": owner}).drop_duplicates().groupby("corner").size()
    touching = shapely.STRtree(shapely.points(unique)).query(general.geometry.to_numpy(), predicate="intersects")
    met = np.bincount(touching[1], minlength=len(unique))
    assert (met >= 3).sum() > 20
    assert (having.to_numpy() == met).all()


def test_people_and_households_add_up_exactly(ground: Ground, general: gpd.GeoDataFrame, zones: Zones) -> None:
    by_community = general.groupby("parent_code")["population"].sum()
    assert [by_community[code] for code in ground.communities.code] == zones.people.tolist()
    homes = general.groupby("parent_code")["households"].sum()
    assert [homes[code] for code in ground.communities.code] == np.rint(zones.people / 2.8).tolist()
    assert (general["population"] == np.floor(general["population"])).all()


def test_most_grids_are_near_the_wanted_size(general: gpd.GeoDataFrame) -> None:
    assert general["population"].median() == pytest.approx(361, rel=0.25)
    assert general["population"].max() < 2.5 * 361


def test_codes_are_unique_nested_and_fictitious(ground: Ground, general: gpd.GeoDataFrame) -> None:
    frame = ground.table.frame
    codes = [GridCode.parse(code) for code in frame["code"]]
    assert len(set(codes)) == len(frame)
    assert {code.county for code in codes} == {COUNTY}
    assert [code.parent for code in codes] == frame["parent_code"].tolist()
    assert len(set(ground.communities.code)) == len(set(ground.communities.name)) == len(ground.communities.code)
    assert not any(missing_serials(GridCode.parse(code) for code in general["code"]).values())
    assert (ground.table.frame["code"] == sorted(ground.table.frame["code"])).all()


def test_serials_begin_in_the_north_west(ground: Ground) -> None:
    xy = plane(ground.shapes)
    for community in range(len(ground.communities.code)):
        own = np.flatnonzero(ground.community == community)
        if len(own) > 3:
            half = len(own) // 2
            assert xy[own[:half], 1].mean() > xy[own[half:], 1].mean()


def test_borders_follow_streets(graph: StreetGraph, ground: Ground) -> None:
    segments = shared_segments(ground.shapes)
    # Borders between communities are given; those between grids of one community are ours.
    ours = ground.community[segments.left] == ground.community[segments.right]
    length = np.hypot(*(segments.end - segments.start).T) * ours
    middle = shapely.points((segments.start + segments.end) / 2)
    counts = np.diff(graph.geometry_offsets)
    streets = shapely.linestrings(graph.geometry_lonlat * 1e7, indices=np.repeat(np.arange(graph.arcs), counts))
    near, _ = shapely.STRtree(streets).query(middle, predicate="dwithin", distance=500.0)
    on_street = np.isin(np.arange(len(middle)), near)
    assert length[on_street].sum() > 0.7 * length.sum()


def test_special_grids_lie_on_top_inside_one_community(ground: Ground, zones: Zones) -> None:
    frame = ground.table.frame
    special = frame[frame["kind"] == "special"]
    assert len(special) == 3
    assert special["population"].isna().all()
    assert (special["code"].str[12:].astype(int) >= FIRST_SPECIAL).all()
    land = dict(zip(ground.communities.code, to_degrees(zones.shapes), strict=True))
    for shape, parent in zip(special.geometry, special["parent_code"], strict=True):
        assert land[parent].covers(shape)


def test_everything_says_that_it_is_synthetic(ground: Ground) -> None:
    assert ground.table.frame["synthetic"].all()
