"""Every kind of fault is found, named and placed; a clean layer has none."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import FieldError, FrameError, ParameterError
from geo.grids.area import area_m2, areas_m2
from geo.grids.layer_check import check_layer
from geo.tables.grids import Grids

M = 1 / 111_320.0  # a metre in degrees on the equator


def layer(*shapes: shapely.Geometry | None, parents: str | None = None) -> gpd.GeoDataFrame:
    codes = [chr(ord("A") + k) for k in range(len(shapes))]
    columns = {"code": codes, "kind": "general", "parent_code": list(parents or "p" * len(shapes))}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(west * 1e-3, south * 1e-3, east * 1e-3, north * 1e-3)


LEFT, RIGHT = box(0, 0, 1, 1), box(1, 0, 2, 1)


def test_a_clean_layer_has_no_fault_and_the_area_of_its_union() -> None:
    report = check_layer(layer(LEFT, RIGHT))
    assert report.clean
    assert report.area_m2 == pytest.approx(area_m2(box(0, 0, 2, 1)))
    assert (report.parts, report.grids) == (1, 2)


def test_a_gap_names_its_neighbours_and_size() -> None:
    ring = [box(0, 0, 3, 1), box(0, 1, 1, 2), box(2, 1, 3, 2), box(0, 2, 3, 3)]
    ring[0] = shapely.Polygon(np.array([[0, 0], [3, 0], [3, 1], [2, 1], [1, 1], [0, 1]]) * 1e-3)
    ring[3] = shapely.Polygon(np.array([[0, 2], [1, 2], [2, 2], [3, 2], [3, 3], [0, 3]]) * 1e-3)
    (gap,) = check_layer(layer(*ring)).faults
    assert (gap.kind, gap.codes) == ("gap", ("A", "B", "C", "D"))
    assert gap.size == pytest.approx(area_m2(box(1, 1, 2, 2)), rel=1e-6)
    assert shapely.contains_xy(box(1, 1, 2, 2), *gap.place)
    assert "空隙" in gap.sentence("zh")
    assert gap.sentence("en").startswith("A gap of 12,3")


def test_an_overlap_names_both_and_its_size() -> None:
    report = check_layer(layer(box(0, 0, 1.2, 1), RIGHT))
    (overlap,) = report.of("overlap")
    assert overlap.codes == ("A", "B")
    assert overlap.size == pytest.approx(area_m2(box(1, 0, 1.2, 1)), rel=1e-6)
    assert report.unmatched == {"A", "B"}


def test_two_stacked_layers_overlap_although_all_their_edges_match() -> None:
    cells = [box(x, y, x + 1, y + 1) for x in range(3) for y in range(3)]
    found = check_layer(layer(*cells, *cells)).of("overlap")
    assert len(found) == 9
    assert all(fault.size == pytest.approx(area_m2(LEFT), rel=1e-3) for fault in found)


def test_a_vertex_that_only_one_side_has_is_told() -> None:
    lower = shapely.Polygon(np.array([[0, 0], [2, 0], [2, 1], [1.3, 1], [0, 1]]) * 1e-3)
    report = check_layer(layer(lower, box(0, 1, 2, 2)))
    assert {fault.kind for fault in report.faults} == {"mismatch"}
    assert {code for fault in report.faults for code in fault.codes} <= {"A", "B"}


def test_a_sliver_is_told_with_its_width() -> None:
    thin = shapely.box(0, 0, 1e-3, 0.4 * M)
    (sliver,) = check_layer(layer(thin, box(2, 2, 3, 3))).faults
    assert (sliver.kind, sliver.codes) == ("sliver", ("A",))
    assert sliver.size == pytest.approx(0.4, rel=0.02)
    assert check_layer(layer(thin), sliver_width_m=0.3).clean


def test_an_open_ring_tells_how_far_open() -> None:
    ring = shapely.LineString([(0, 0), (1e-3, 0), (1e-3, 1e-3), (0, 1e-3), (0, 2 * M)])
    report = check_layer(layer(ring, RIGHT))
    (open_,) = report.of("unclosed")
    assert open_.size == pytest.approx(2.0, rel=1e-6)
    assert "未闭合" in open_.sentence()
    closed = shapely.LineString([(0, 0), (1e-3, 0), (1e-3, 1e-3), (0, 1e-3), (0, 0)])
    assert check_layer(layer(closed, RIGHT)).clean


def test_double_vertices_are_counted() -> None:
    twice = shapely.Polygon([(0, 0), (1e-3, 0), (1e-3, 0), (1e-3, 1e-3), (0, 1e-3), (0, 1e-3 + 1e-9)])
    (double,) = check_layer(layer(twice, RIGHT)).faults
    assert (double.kind, double.codes, double.size) == ("duplicate_vertex", ("A",), 2)
    assert double.place == (1e-3, 0.0)


def test_a_bow_tie_is_broken_at_its_crossing() -> None:
    tie = shapely.Polygon([(0, 0), (1e-3, 1e-3), (1e-3, 0), (0, 1e-3)])
    (broken,) = check_layer(layer(tie)).faults
    assert (broken.kind, broken.detail) == ("broken", "Self-intersection")
    assert broken.place == (5e-4, 5e-4)


def test_a_row_without_an_area_is_told() -> None:
    report = check_layer(layer(None, shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), LEFT))
    assert [fault.codes for fault in report.of("no_area")] == [("A",), ("B",), ("C",)]


def test_land_outside_the_community_and_land_left_over_are_told() -> None:
    parents = gpd.GeoDataFrame({"code": ["p", "q"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326)
    crossing = check_layer(layer(box(0, 0, 1.1, 1), box(1.1, 0, 2, 1), parents="pq"), parents=parents)
    (outside,) = crossing.of("outside_parent")
    assert (outside.codes, outside.parent) == (("A",), "p")
    assert outside.size == pytest.approx(area_m2(box(1, 0, 1.1, 1)), rel=1e-6)
    (left,) = crossing.of("gap")
    assert (left.codes, left.parent) == (("B",), "q")
    assert check_layer(layer(LEFT, RIGHT, parents="pq"), parents=parents).clean
    (unknown,) = check_layer(layer(LEFT, RIGHT, parents="px"), parents=parents).of("unknown_parent")
    assert (unknown.codes, unknown.parent) == (("B",), "x")


def test_special_grids_are_left_out() -> None:
    frame = layer(LEFT, box(0.2, 0.2, 0.4, 0.4))
    frame["kind"] = ["general", "special"]
    assert check_layer(Grids.of(frame)).clean


def test_a_layer_without_frame_or_codes_is_refused() -> None:
    with pytest.raises(FrameError, match="coordinate frame"):
        check_layer(layer(LEFT).set_crs(None, allow_override=True))
    with pytest.raises(FieldError, match="no column of codes"):
        check_layer(layer(LEFT).drop(columns="code"))
    twice = layer(LEFT, RIGHT)
    twice["code"] = "A"
    with pytest.raises(FieldError, match="codes A twice"):
        check_layer(twice)
    with pytest.raises(ParameterError, match="between 0 and 100"):
        check_layer(layer(LEFT), gap_width_m=-1)


def test_another_frame_is_read_too() -> None:
    assert check_layer(layer(LEFT, RIGHT).to_crs(3857)).clean


def test_fast_areas_agree_with_geodesics() -> None:
    shapes = np.array([shapely.box(116, lat, 116.01, lat + 0.01) for lat in (-50, 0, 25.5, 40, 60)], dtype=object)
    assert areas_m2(shapes) == pytest.approx([area_m2(shape) for shape in shapes], rel=1e-7)


def test_a_thin_grid_between_two_others_is_no_crack_between_them() -> None:
    # C is half a metre thin at its tip; A and B meet there, and both lie beside O, the only grid with an outer edge.
    tip, bend, top, foot = (3, 5), (3.09, 5.005), (7, 5.05), (7, 5)
    a = shapely.Polygon(np.array([(1, 1), (9, 1), (9, 5), foot, tip, (1, 5)]) * 1e-3)
    b = shapely.Polygon(np.array([(1, 5), tip, bend, top, foot, (9, 5), (9, 9), (1, 9)]) * 1e-3)
    c = shapely.Polygon(np.array([tip, foot, top, bend]) * 1e-3)
    outer = np.array([(0, 0), (10, 0), (10, 10), (0, 10)]) * 1e-3
    hole = np.array([(1, 1), (9, 1), (9, 5), (9, 9), (1, 9), (1, 5)]) * 1e-3
    shapes = np.array([a, b, c, shapely.Polygon(outer, [hole])], dtype=object)
    assert not shapely.is_empty(shapely.coverage_invalid_edges(shapes[[0, 1, 3]], gap_width=M)).all()
    assert check_layer(layer(*shapes), gap_width_m=1.0).clean
