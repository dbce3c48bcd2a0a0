import numpy as np
import shapely

from geo.synthetic.grids import Ground
from geo.synthetic.lattice import to_degrees
from geo.synthetic.street_blocks import street_blocks


def test_the_blocks_of_a_grid_make_it_up_vertex_for_vertex(ground: Ground) -> None:
    blocks = ground.blocks
    assert bool(shapely.coverage_is_valid(blocks.shapes))
    for grid, shape in enumerate(ground.shapes):
        assert shapely.equals(shapely.coverage_union_all(blocks.shapes[blocks.grid == grid]), shape)


def test_people_and_households_of_blocks_add_up_to_those_of_grids(ground: Ground) -> None:
    frame = ground.table.frame.set_index("code").loc[ground.code]
    for name, held in (("population", ground.blocks.people), ("households", ground.blocks.households)):
        assert np.bincount(ground.blocks.grid, weights=held).tolist() == frame[name].tolist()


def test_the_table_is_numbered_inside_each_community(ground: Ground) -> None:
    frame = ground.block_table().frame
    assert frame["code"].is_unique
    assert (frame["code"].str[:12] == frame["grid_code"].str[:12]).all()
    assert frame["synthetic"].all()
    degrees = shapely.get_coordinates(frame.geometry.to_numpy())
    assert (np.rint(degrees * 1e7) / 1e7 == degrees).all()


def test_specks_join_a_neighbour_of_their_own_grid() -> None:
    # Steps of about a centimetre: blocks of 100 m and a strip of 1 m between them.
    shapes = np.array(
        [
            shapely.box(0, 0, 10_000, 10_000),
            shapely.box(10_000, 0, 10_100, 10_000),
            shapely.box(10_100, 0, 20_000, 10_000),
        ],
        dtype=object,
    )
    made = street_blocks(
        shapes, np.array([0, 0, 1]), np.array([30.0, 0.0, 10.0]), count=np.array([30, 10]), households=np.array([11, 4])
    )
    assert made.grid.tolist() == [0, 1]
    assert shapely.bounds(made.shapes[0]).tolist() == [0, 0, 10_100, 10_000]
    assert (made.people.tolist(), made.households.tolist()) == ([30, 10], [11, 4])


def test_communities_are_the_unions_of_their_grids(ground: Ground) -> None:
    frame = ground.community_table().frame.set_index("code")
    assert sorted(frame.index) == sorted(ground.communities.code)
    for c, code in enumerate(ground.communities.code):
        mine = to_degrees(ground.shapes[ground.community == c])
        assert shapely.equals(frame.geometry[code], shapely.coverage_union_all(mine))
    assert frame["population"].tolist() == [
        dict(zip(ground.communities.code, ground.communities.people.tolist(), strict=True))[code]
        for code in frame.index
    ]
    assert frame["town_name"].str.endswith(("街道", "镇")).all()
