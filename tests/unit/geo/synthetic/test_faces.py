import numpy as np
import pytest
import shapely

from geo.streets.graph import StreetGraph
from geo.synthetic.faces import People, settle, street_faces, street_lines, which
from geo.synthetic.positions import StreetPositions
from geo.synthetic.zones import Zones


def test_people_add_up_to_every_zone(zones: Zones, positions: StreetPositions) -> None:
    people = settle(zones, positions)
    assert np.bincount(people.zone, weights=people.count) == pytest.approx(zones.people)
    assert (which(zones.shapes, people.xy) >= 0).all()


def test_a_zone_without_streets_has_its_people_spread(positions: StreetPositions) -> None:
    bare = Zones(shapes=np.array([shapely.box(0, 0, 10_000, 10_000)], dtype=object), people=np.array([500]))
    people = settle(bare, positions)
    assert people.count.sum() == pytest.approx(500)
    assert len(people.xy) > 100


def test_blocks_tile_the_zones_and_keep_the_people(
    graph: StreetGraph, zones: Zones, positions: StreetPositions
) -> None:
    people = settle(zones, positions)
    faces = street_faces(zones, street_lines(graph), people, most_people=500.0)
    assert bool(shapely.coverage_is_valid(faces.shapes))
    for zone in range(len(zones)):
        own = faces.zone == zone
        assert shapely.area(faces.shapes[own]).sum() == pytest.approx(shapely.area(zones.shapes[zone]), rel=1e-4)
        assert faces.people[own].sum() == pytest.approx(zones.people[zone])


def test_a_block_with_too_many_people_is_cut_and_neighbours_get_the_new_corners() -> None:
    zones = Zones(
        shapes=np.array([shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], dtype=object),
        people=np.array([900, 100]),
    )
    rng = np.random.default_rng(2)
    xy = np.vstack([rng.uniform(50, 950, (300, 2)), rng.uniform(50, 950, (50, 2)) + np.array([1000, 0])])
    people = People(xy=xy, count=np.repeat([3.0, 2.0], [300, 50]), zone=np.repeat([0, 1], [300, 50]))
    faces = street_faces(zones, np.array([], dtype=object), people, most_people=400.0)
    assert (faces.zone == 0).sum() >= 3
    assert faces.people.max() < 450
    assert bool(shapely.coverage_is_valid(faces.shapes))
    assert shapely.area(faces.shapes).sum() == 2_000_000


def test_the_lowest_index_wins_on_a_shared_border() -> None:
    boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object)
    assert which(boxes, np.array([[1.0, 0.5], [1.5, 0.5], [9.0, 9.0]])).tolist() == [0, 1, -1]
