import numpy as np
import shapely

from geo.synthetic.blocks import dissolve, merge_faces, smooth
from geo.synthetic.faces import Faces

NONE = np.array([], dtype=object)


def row_of_boxes(people: list[float], zone: list[int]) -> Faces:
    shapes = np.array([shapely.box(k * 1000, 0, k * 1000 + 1000, 1000) for k in range(len(people))], dtype=object)
    return Faces(shapes=shapes, zone=np.array(zone), people=np.array(people))


def test_small_blocks_join_until_none_is_small() -> None:
    group = merge_faces(row_of_boxes([40, 40, 40, 40, 40, 40], [0] * 6), NONE, target=100)
    people = np.bincount(group, weights=np.full(6, 40.0))
    assert people.sum() == 240
    assert people.min() >= 65


def test_blocks_never_join_across_zones() -> None:
    group = merge_faces(row_of_boxes([10, 10, 10, 10], [0, 0, 1, 1]), NONE, target=100)
    assert group.tolist() == [0, 0, 1, 1]


def test_a_block_joins_across_the_side_street_rather_than_the_main_street() -> None:
    main = np.array([shapely.LineString([(1000, -10), (1000, 2000)])], dtype=object)
    group = merge_faces(row_of_boxes([90, 30, 90], [0, 0, 0]), main, target=100)
    assert group[1] == group[2] != group[0]


def test_union_keeps_the_corners_of_neighbours() -> None:
    boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 1, 1, 2)], dtype=object)
    out = dissolve(boxes, np.array([0, 0, 1]))
    assert [shape.geom_type for shape in out] == ["Polygon", "Polygon"]
    assert shapely.area(out).tolist() == [2.0, 1.0]
    assert (1.0, 1.0) in list(out[0].exterior.coords)


def test_smoothing_drops_small_corners_on_both_sides_alike() -> None:
    jagged = [(1000, 0), (1100, 500), (1000, 1000)]
    left = shapely.Polygon([(0, 0), *jagged, (0, 1000)])
    right = shapely.Polygon([*jagged, (2000, 1000), (2000, 0)])
    out = smooth(np.array([left, right], dtype=object))
    assert bool(shapely.coverage_is_valid(out))
    assert shapely.area(out).tolist() == [1_000_000.0, 1_000_000.0]


def test_a_block_inside_another_joins_it() -> None:
    hole = shapely.box(400, 400, 600, 600)
    ring = shapely.box(0, 0, 1000, 1000).difference(hole)
    faces = Faces(
        shapes=np.array([ring, hole, shapely.box(1000, 0, 2000, 1000)], dtype=object),
        zone=np.zeros(3, dtype=np.int64),
        people=np.array([100.0, 80.0, 100.0]),
    )
    assert merge_faces(faces, NONE, target=100).tolist() == [0, 0, 1]
