import numpy as np
import pytest
import shapely

from geo.synthetic.estates import Housing, draw_estates
from geo.synthetic.grids import Ground


@pytest.fixture(scope="module")
def housing(ground: Ground) -> Housing:
    return draw_estates(ground, count=24, rng=np.random.default_rng(7))


def test_estates_do_not_overlap_and_lie_on_the_land(housing: Housing, ground: Ground) -> None:
    shapes = np.asarray(housing.estates.frame.geometry.array, dtype=object)
    assert 10 < len(shapes) <= 24
    land = shapely.union_all(ground.table.frame.geometry.to_numpy())
    assert shapely.covers(land, shapes).all()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (one == other).all()


def test_buildings_stand_inside_their_estate_and_share_its_households(housing: Housing) -> None:
    estates = housing.estates.frame.set_index("estate_id")
    buildings = housing.buildings.frame
    within = shapely.covers(estates.geometry[buildings["estate_id"]].to_numpy(), buildings.geometry.to_numpy())
    assert within.all()
    by_estate = buildings.groupby("estate_id")
    for name in ("households", "population"):
        assert by_estate[name].sum().to_dict() == estates[name].to_dict()
    assert by_estate.size().to_dict() == estates["buildings"].to_dict()
    assert buildings["building_id"].is_unique
    assert buildings.geometry.to_wkb().is_unique


def test_no_more_households_are_housed_than_live_there(housing: Housing, ground: Ground) -> None:
    assert housing.estates.frame["population"].sum() <= ground.people.sum()
    assert housing.estates.frame["synthetic"].all()
    assert housing.buildings.frame["synthetic"].all()
