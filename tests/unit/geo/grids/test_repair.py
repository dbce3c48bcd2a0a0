"""Each fault is mended by its rule and listed; what no rule covers stays as it was."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import ParameterError
from geo.grids.area import area_m2
from geo.grids.repair import Repaired, repair
from geo.grids.topology import Coverage
from geo.tables.grids import Grids

M = 1 / 111_320.0
U = 1e-3  # about 111 m


def layer(*shapes: shapely.Geometry, parents: str | None = None) -> gpd.GeoDataFrame:
    codes = [chr(ord("A") + k) for k in range(len(shapes))]
    columns = {"code": codes, "kind": "general", "parent_code": list(parents or "p" * len(shapes))}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326)


def areas(done: Repaired) -> dict[str, float]:
    return {code: area_m2(shape) for code, shape in zip(done.grids.keys, done.grids.frame.geometry, strict=True)}


def kinds(done: Repaired) -> set[str]:
    return {change.kind for change in done.changes}


def test_a_clean_layer_comes_back_byte_for_byte() -> None:
    frame = layer(shapely.box(0, 0, U, U), shapely.box(U, 0, 2 * U, U))
    done = repair(frame, tolerance_m=1, gap_width_m=1)
    assert done.changes == ()
    assert done.left == ()
    assert shapely.to_wkb(done.grids.frame.geometry.array).tolist() == shapely.to_wkb(frame.geometry.array).tolist()


def test_a_narrow_gap_goes_to_the_longest_border_and_a_wide_one_stays() -> None:
    # A frame of four around a hole of 60 x 2 m; the two long sides are A below and B above.
    hole = shapely.box(U, U, 1.5 * U, U + 2 * M)
    below = shapely.Polygon([(0, 0), (2 * U, 0), (2 * U, U), (1.5 * U, U), (U, U), (0, U)])
    rest = shapely.difference(shapely.box(0, U, 2 * U, 2 * U), hole)
    done = repair(layer(below, rest), tolerance_m=0, gap_width_m=3)
    (change,) = [change for change in done.changes if change.kind == "gap_closed"]
    assert change.to == "B"  # three of its four sides
    assert change.area_m2 == pytest.approx(area_m2(hole), rel=5e-3)  # 2 m are not a whole number of steps
    assert done.after.clean
    wide = repair(layer(below, rest), tolerance_m=0, gap_width_m=1)
    assert not any(change.kind == "gap_closed" for change in wide.changes)
    assert [fault.kind for fault in wide.left] == ["gap"]


@pytest.mark.parametrize(("rule", "to"), [("border", "B"), ("code", "A"), ("parent", "A")])
def test_an_overlap_goes_by_the_rule(rule: str, to: str) -> None:
    # B holds three sides of the disputed land, A one.
    a = shapely.union(shapely.box(0, 0, U, U), shapely.box(U, 0.4 * U, 1.2 * U, 0.6 * U))
    b = shapely.box(U, 0, 2 * U, U)
    done = repair(layer(a, b), tolerance_m=0, gap_width_m=1, rule=rule)  # type: ignore[arg-type]
    (change,) = [change for change in done.changes if change.kind == "overlap_given"]
    assert (change.codes, change.to) == (("A", "B"), to)
    assert change.area_m2 == pytest.approx(area_m2(shapely.box(U, 0.4 * U, 1.2 * U, 0.6 * U)), rel=1e-3)
    assert done.after.clean
    assert sum(areas(done).values()) == pytest.approx(done.before.area_m2, rel=1e-6)


def test_the_right_community_comes_before_the_border() -> None:
    a = shapely.union(shapely.box(0, 0, U, U), shapely.box(U, 0.4 * U, 1.2 * U, 0.6 * U))
    parents = gpd.GeoDataFrame(
        {"code": ["p", "q"]}, geometry=[a, shapely.difference(shapely.box(U, 0, 2 * U, U), a)], crs=4326
    )
    done = repair(layer(a, shapely.box(U, 0, 2 * U, U), parents="pq"), tolerance_m=0, gap_width_m=1, parents=parents)
    (change,) = [change for change in done.changes if change.kind == "overlap_given"]
    assert change.to == "A"
    assert done.after.clean


def test_large_overlaps_can_be_left_for_a_person() -> None:
    frame = layer(shapely.box(0, 0, 1.5 * U, U), shapely.box(U, 0, 2 * U, U))
    done = repair(frame, tolerance_m=0, gap_width_m=1, most_overlap_m2=100)
    assert [fault.kind for fault in done.left if fault.kind == "overlap"] == ["overlap"]
    assert done.after.of("overlap")[0].size == pytest.approx(done.before.of("overlap")[0].size)


def test_a_grid_inside_another_keeps_its_land_and_twins_stay() -> None:
    inner = shapely.box(0.3 * U, 0.3 * U, 0.6 * U, 0.6 * U)
    done = repair(layer(shapely.box(0, 0, U, U), inner), tolerance_m=0, gap_width_m=1)
    assert areas(done)["B"] == pytest.approx(area_m2(inner), rel=1e-6)
    assert done.after.clean
    twins = repair(layer(shapely.box(0, 0, U, U), shapely.box(0, 0, U, U)), tolerance_m=0, gap_width_m=1)
    assert twins.grids.keys == ["A", "B"]
    assert [fault.kind for fault in twins.left] == ["overlap"]


def test_vertices_within_the_tolerance_come_together() -> None:
    a = shapely.Polygon([(0, 0), (U, 0), (U, U), (0, U)])
    b = shapely.Polygon([(U + 0.3 * M, 0), (2 * U, 0), (2 * U, U), (U + 0.3 * M, U + 0.2 * M)])
    done = repair(layer(a, b), tolerance_m=0.5, gap_width_m=0)
    (change,) = [change for change in done.changes if change.kind == "snapped"]
    assert change.count == 2
    assert change.moved_m == pytest.approx(np.hypot(0.3, 0.2), abs=0.02)
    assert done.after.clean
    coverage = Coverage.of(done.grids)
    assert (coverage.cut.users[:, 1] >= 0).sum() == 1


def test_a_hanging_vertex_is_put_into_the_neighbours_line() -> None:
    below = shapely.Polygon([(0, 0), (2 * U, 0), (2 * U, U), (0, U)])
    left = shapely.Polygon([(0, U), (U, U + 0.1 * M), (U, 2 * U), (0, 2 * U)])
    right = shapely.Polygon([(U, U + 0.1 * M), (2 * U, U), (2 * U, 2 * U), (U, 2 * U)])
    done = repair(layer(below, left, right), tolerance_m=0.5, gap_width_m=0)
    (change,) = [change for change in done.changes if change.kind == "noded"]
    assert (change.codes, change.count) == (("A",), 1)
    assert change.moved_m == pytest.approx(0.1, abs=0.02)
    assert done.after.clean


def test_open_double_and_crossed_rings_are_mended_and_listed() -> None:
    open_ = shapely.LineString([(0, 0), (U, 0), (U, U), (0, U), (0, 0.3 * M)])
    double = shapely.Polygon([(U, 0), (2 * U, 0), (2 * U, 0), (2 * U, U), (U, U)])
    tie = shapely.Polygon([(3 * U, 0), (4 * U, U), (4 * U, 0), (3 * U, U)])
    done = repair(layer(open_, double, tie), tolerance_m=0.5, gap_width_m=1)
    assert {("closed", "A"), ("vertices_dropped", "B"), ("made_valid", "C")} <= {
        (change.kind, change.codes[0]) for change in done.changes
    }
    assert done.grids.keys == ["A", "B", "C"]
    assert not done.after.of("broken")
    far = repair(layer(open_, double), tolerance_m=0.1, gap_width_m=1)
    assert far.grids.keys == ["B"]
    assert [fault.codes for fault in far.left] == [("A",)]


def test_narrow_land_outside_the_community_goes_back() -> None:
    parents = gpd.GeoDataFrame(
        {"code": ["p", "q"]}, geometry=[shapely.box(0, 0, U, U), shapely.box(U, 0, 2 * U, U)], crs=4326
    )
    edge = U + 1.5 * M
    frame = layer(shapely.box(0, 0, edge, U), shapely.box(edge, 0, 2 * U, U), parents="pq")
    done = repair(frame, tolerance_m=0, gap_width_m=3, parents=parents)
    (change,) = [change for change in done.changes if change.kind == "given_to_parent"]
    assert (change.codes, change.to) == (("A",), "B")
    assert done.after.clean


def test_a_web_of_cracks_is_shared_by_its_neighbours() -> None:
    half = 0.5 * M
    cells = [
        shapely.box(x * U + half, y * U + half, (x + 1) * U - half, (y + 1) * U - half)
        for x in range(3)
        for y in range(3)
    ]
    wall = shapely.difference(shapely.box(-U, -U, 4 * U, 4 * U), shapely.box(0, 0, 3 * U, 3 * U))
    done = repair(layer(*cells, wall), tolerance_m=0, gap_width_m=2)
    assert done.after.clean
    assert len({change.to for change in done.changes if change.kind == "gap_closed"}) > 3
    cell = area_m2(shapely.box(0, 0, U, U))
    assert all(abs(area - cell) < 0.03 * cell for code, area in areas(done).items() if code != "J")


def test_special_grids_stay_where_they_were() -> None:
    frame = layer(
        shapely.box(0, 0, 1.1 * U, U), shapely.box(0.2 * U, 0.2 * U, 0.4 * U, 0.4 * U), shapely.box(U, 0, 2 * U, U)
    )
    frame["kind"] = ["general", "special", "general"]
    done = repair(Grids.of(frame), tolerance_m=0, gap_width_m=1)
    assert done.grids.keys == ["A", "B", "C"]
    assert done.grids.frame.geometry.iloc[1].equals(frame.geometry.iloc[1])
    assert done.after.clean


def test_all_sentences_are_in_two_languages() -> None:
    frame = layer(shapely.box(0, 0, 1.1 * U, U), shapely.box(U, 0, 2 * U, U))
    for change in repair(frame, tolerance_m=0, gap_width_m=1).changes:
        assert "网格" in change.sentence("zh")
        assert "grid" in change.sentence("en").lower()


def test_a_distance_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="between 0 and 100"):
        repair(layer(shapely.box(0, 0, U, U)), tolerance_m=-1, gap_width_m=1)
