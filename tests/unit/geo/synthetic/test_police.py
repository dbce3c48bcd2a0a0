import numpy as np
import pytest
import shapely

from geo.synthetic.grids import Ground
from geo.synthetic.police import PoliceTree, draw_police_grids
from geo.synthetic.sizes import HELSINKI


@pytest.fixture(scope="module")
def police(ground: Ground) -> PoliceTree:
    return draw_police_grids(ground, sizes=HELSINKI)


def test_the_tree_has_its_numbers_and_nests(police: PoliceTree) -> None:
    frame = police.table.frame
    assert (len(frame), frame["area_code"].nunique(), frame["station_code"].nunique()) == (14, 4, 2)
    assert frame["code"].is_unique
    assert frame["name"].is_unique
    assert (frame["code"].str[:10] + "00" == frame["area_code"]).all()
    assert (frame["code"].str[:8] + "0000" == frame["station_code"]).all()
    assert frame.groupby("area_code")["station_code"].nunique().eq(1).all()
    assert frame["synthetic"].all()


def test_police_grids_are_exact_unions_of_grids(police: PoliceTree, ground: Ground) -> None:
    frame = police.table.frame
    grids = ground.table.frame[ground.table.frame["kind"] == "general"]
    grid_corners = {tuple(c) for c in shapely.get_coordinates(grids.geometry.to_numpy()).tolist()}
    for row, shape in enumerate(frame.geometry):
        members = grids.geometry.to_numpy()[police.police_grid_of_grid == row]
        assert len(members)
        assert shape.equals(shapely.coverage_union_all(members))
        assert {tuple(c) for c in shapely.get_coordinates(shape).tolist()} <= grid_corners
    assert bool(shapely.coverage_is_valid(frame.geometry.to_numpy()))


def test_stations_and_police_grids_are_in_one_piece(police: PoliceTree, ground: Ground) -> None:
    assert (police.table.frame.geom_type == "Polygon").all()
    for station in range(2):
        whole = shapely.coverage_union_all(ground.shapes[police.station_of_grid == station])
        assert whole.geom_type == "Polygon"


def test_work_is_shared_fairly(police: PoliceTree, ground: Ground) -> None:
    people = np.bincount(police.police_grid_of_grid, weights=ground.people)
    assert people.max() < 2.2 * people.mean()


def test_some_blocks_at_the_borders_of_stations_answer_across(ground: Ground) -> None:
    exact = draw_police_grids(ground, sizes=HELSINKI)
    traded = draw_police_grids(ground, sizes=HELSINKI, rng=np.random.default_rng(5))
    shapes = traded.table.frame.geometry.to_numpy()
    assert bool(shapely.coverage_is_valid(shapes))
    assert (traded.table.frame.geom_type == "Polygon").all()
    assert shapely.coverage_union_all(shapes).equals(shapely.coverage_union_all(exact.table.frame.geometry.to_numpy()))
    moved = shapely.equals(shapes, exact.table.frame.geometry.to_numpy())
    assert 0 < (~moved).sum() < len(moved)
    blocks = {tuple(c) for c in shapely.get_coordinates(ground.block_table().frame.geometry.to_numpy()).tolist()}
    assert {tuple(c) for c in shapely.get_coordinates(shapes).tolist()} <= blocks
