"""The made-up county and province."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import FieldError, ParameterError
from geo.grids.layout import UNIT15
from geo.grids.numbering import check_codes, mint
from geo.grids.topology import Coverage
from geo.grids.tree_sources import unit_names
from geo.synthetic.county import SyntheticLand, synthetic_county, synthetic_land, synthetic_province
from geo.synthetic.mesh import divided, draw_mesh


@pytest.fixture(scope="module")
def province() -> SyntheticLand:
    return synthetic_province(grids=3000, seed=7)


def shapes(land: SyntheticLand) -> np.ndarray:
    return np.asarray(land.grids.frame.geometry.array, dtype=object)


def test_grids_tile_the_land_on_the_lattice(province: SyntheticLand) -> None:
    report = Coverage.of(province.grids).check()
    assert report.whole
    assert report.parts == 1
    degrees = shapely.get_coordinates(shapes(province))
    assert (np.rint(degrees * 1e7) / 1e7 == degrees).all()
    assert report.area_m2 / 1e6 == pytest.approx(3000, rel=0.05)
    areas = shapely.area(shapes(province))
    assert 3 < areas.max() / areas.min() < 60


def test_every_unit_is_one_piece_of_land(province: SyntheticLand) -> None:
    codes = np.array(province.grids.keys)
    for lead in (4, 6, 9, 12):
        units = np.unique(codes.astype(f"<U{lead}"), return_inverse=True)[1]
        for unit in range(units.max() + 1):
            union = shapely.coverage_union_all(shapes(province)[units == unit])
            assert union.geom_type == "Polygon"
            assert not union.interiors


def test_codes_are_nested_unique_made_up_and_in_reading_order(province: SyntheticLand) -> None:
    frame = province.grids.frame
    report = check_codes(frame["code"].tolist(), parents=frame["parent_code"].tolist())
    assert report.good
    assert UNIT15.valid(frame["code"].tolist()).all()
    assert set(frame["code"].str[:2]) == {"99"}
    centres = shapely.get_coordinates(shapely.centroid(shapes(province)))
    assert mint(frame["parent_code"].tolist(), centres) == frame["code"].tolist()
    assert set(frame["parent_code"]) == set(province.communities)
    assert len(set(province.names.values())) == len(province.names)


def test_its_tree_reaches_from_the_province_to_the_grids(province: SyntheticLand) -> None:
    tree = province.tree(top="province")
    assert [len(tree.at(level.key)) > 0 for level in tree.levels] == [True] * 6
    assert len(tree.at("grid")) == 3000
    assert tree.names[tree.roots[0]] == "合成省"
    assert (tree.codes[tree.parent[tree.at("grid")]] == province.grids.frame["parent_code"].to_numpy(dtype=str)).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other, third = (synthetic_county(grids=200, seed=seed) for seed in (1, 1, 2))
    assert shapely.to_wkb(shapes(one)).tolist() == shapely.to_wkb(shapes(other)).tolist()
    assert one.grids.keys == other.grids.keys
    assert shapely.to_wkb(shapes(one)).tolist() != shapely.to_wkb(shapes(third)).tolist()


def test_points_lie_on_the_lattice_crowd_and_partly_fall_outside(province: SyntheticLand) -> None:
    places = province.points(20_000, seed=3, outside=0.05)
    assert places.shape == (20_000, 2)
    assert (np.rint(places * 1e7) / 1e7 == places).all()
    grid, _ = shapely.STRtree(shapely.points(places)).query(shapes(province), predicate="intersects")
    assert 0.9 < len(grid) / 20_000 < 0.96
    found = np.bincount(grid, minlength=3000)
    assert np.quantile(found, 0.97) > 4 * np.median(found)


def test_given_villages_are_used_as_they_are() -> None:
    names = {"990101001001": "东村", "990101001002": "西村", "990101": "北县"}
    land = synthetic_land(["990101001002", "990101001001"], grids=9, seed=0, names=names, grid_km2=0.2)
    assert land.communities == ("990101001001", "990101001002")
    assert set(land.grids.frame["parent_name"]) == {"东村", "西村"}
    assert land.grids.frame["name"].iloc[0] == "东村第1网格"
    assert land.tree().names[0] == "北县"


@pytest.mark.shared_data
def test_a_county_under_real_village_names(shared: Path) -> None:
    frame = pd.read_csv(shared / "cn_admin" / "cn_hierarchy_county_town_village.csv.gz", dtype=str)
    county = frame[frame["areaCode"] == "610723"]
    land = synthetic_land(
        county["code"].tolist(), grids=4 * len(county), seed=1, names=unit_names(county), grid_km2=0.27
    )
    assert sorted(set(land.grids.frame["parent_code"])) == sorted(county["code"])
    assert set(land.grids.frame["parent_name"]) == set(county["name"])
    assert bool(shapely.coverage_is_valid(shapes(land)))
    assert len(land.tree().at("town")) == county["streetCode"].nunique()


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ParameterError, match="do not suffice"):
        synthetic_land(["990101001001", "990101001002"], grids=1, seed=0)
    with pytest.raises(ParameterError, match="too many"):
        synthetic_land(["990101001001"], grids=601, seed=0)
    with pytest.raises(FieldError, match="occurs twice"):
        synthetic_land(["990101001001"] * 2, grids=5, seed=0)
    with pytest.raises(FieldError, match="12"):
        synthetic_land(["12"], grids=5, seed=0)
    with pytest.raises(ParameterError, match="does not fit the globe"):
        synthetic_land(["990101001001"], grids=5, seed=0, west=179.99, grid_km2=100)
    with pytest.raises(ParameterError, match="does not fit the globe"):
        draw_mesh(columns=2, rows=2, west=0, south=0, cell_m=0.5, rng=np.random.default_rng(0))
    with pytest.raises(ParameterError, match="too few"):
        divided(2, 2, np.ones(5), np.zeros(5, dtype=np.int8))


def test_no_cell_of_a_mesh_turns_over() -> None:
    mesh = draw_mesh(columns=400, rows=300, west=100, south=30, cell_m=20, rng=np.random.default_rng(1))
    assert mesh.size == (400, 300)
    x, y = mesh.x.astype(np.int64), mesh.y.astype(np.int64)
    right = np.stack([np.diff(x, axis=1), np.diff(y, axis=1)])
    up = np.stack([np.diff(x, axis=0), np.diff(y, axis=0)])
    for i in (0, 1):
        for j in (0, 1):
            a, b = right[:, i : i + 300], up[:, :, j : j + 400]
            assert (a[0] * b[1] - a[1] * b[0] > 0).all()
