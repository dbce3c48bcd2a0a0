"""A coverage is cut into arcs that exist once, and comes back to the last bit."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import GeometryError
from geo.grids.arcs import LATTICE
from geo.grids.area import areas_km2
from geo.grids.topology import Coverage
from geo.tables.grids import Grids


def wkb(grids: Grids) -> list[bytes]:
    return shapely.to_wkb(np.asarray(grids.frame.geometry.array)).tolist()


def shape_from_topojson(topology: dict, geometry: dict) -> shapely.Geometry:
    """Decode TopoJSON by its specification, knowing nothing of ours."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [[(x * sx + tx, y * sy + ty) for x, y in np.cumsum(arc, axis=0).tolist()] for arc in topology["arcs"]]

    def ring(refs: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for ref in refs:
            line = arcs[ref] if ref >= 0 else arcs[~ref][::-1]
            points += line if not points else line[1:]
        return points

    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    return shapely.MultiPolygon([shapely.Polygon(ring(p[0]), [ring(r) for r in p[1:]]) for p in polygons])


def test_four_squares_are_four_outer_and_four_inner_arcs(four: Grids) -> None:
    coverage = Coverage.of(four)
    assert len(coverage.cut.arcs) == 8
    assert sorted(coverage.locks) == [""] * 4 + ["outer"] * 4
    inner = {tuple(sorted(coverage.codes[u] for u in users)) for users in coverage.cut.users if users[1] >= 0}
    assert inner == {("A", "B"), ("A", "C"), ("B", "D"), ("C", "D")}
    assert len(coverage.cut.node_xy) == 5
    assert [0.01 * LATTICE, 0.01 * LATTICE] in coverage.cut.node_xy.tolist()


def test_every_vertex_exists_once(four: Grids) -> None:
    coverage = Coverage.of(four)
    inside = [tuple(xy) for arc in coverage.cut.arcs for xy in arc[1:-1].tolist()]
    nodes = [tuple(xy) for xy in coverage.cut.node_xy.tolist()]
    everything = shapely.get_coordinates(four.frame.geometry)
    assert len(set(inside + nodes)) == len(inside) + len(nodes) == len(np.unique(everything, axis=0))


@pytest.mark.parametrize("name", ["four", "pond"])
def test_geometry_comes_back_to_the_last_bit(name: str, request: pytest.FixtureRequest) -> None:
    grids: Grids = request.getfixturevalue(name)
    assert wkb(Coverage.of(grids).grids) == wkb(grids)


def test_islands_and_parts_are_kept(pond: Grids) -> None:
    coverage = Coverage.of(pond)
    assert [len(polygons) for polygons in coverage.cut.shapes] == [1, 1, 2]
    assert [len(rings) for rings in coverage.cut.shapes[0]] == [2]
    (ref,), (other,) = coverage.cut.shapes[1][0][0].refs, coverage.cut.shapes[0][0][1].refs
    shore = max(ref, ~ref)
    assert shore == max(other, ~other)
    assert coverage.cut.users[shore].tolist() == [0, 1]
    assert coverage.locks[shore] == ""


def test_the_same_table_gives_the_same_arcs(four: Grids) -> None:
    one, other = Coverage.of(four), Coverage.of(four)
    assert all(np.array_equal(a, b) for a, b in zip(one.cut.arcs, other.cut.arcs, strict=True))


def test_special_grids_lie_on_top_and_are_left_out(grids_of: Callable[..., Grids]) -> None:
    grids = grids_of(shapely.box(0, 0, 1, 1), shapely.box(0.2, 0.2, 0.4, 0.4), kinds=("general", "special"))
    assert Coverage.of(grids).codes == ("A",)


def test_coordinates_move_to_the_lattice(grids_of: Callable[..., Grids]) -> None:
    third = 1 / 3
    grids = grids_of(shapely.Polygon([(0, 0), (third, 0), (third, third)]))
    held = shapely.get_coordinates(Coverage.of(grids).grids.frame.geometry)
    assert held[1, 0] == 0.3333333
    assert np.array_equal(held, np.round(held, 7))


def test_a_line_between_communities_is_locked(four: Grids) -> None:
    frame = four.frame.copy()
    frame["parent_code"] = ["p", "q", "p", "q"]
    coverage = Coverage.of(Grids.of(frame))
    locks = {
        tuple(coverage.codes[u] for u in users): lock
        for users, lock in zip(coverage.cut.users, coverage.locks, strict=True)
        if users[1] >= 0
    }
    assert locks == {("A", "B"): "parent", ("C", "D"): "parent", ("A", "C"): "", ("B", "D"): ""}


def test_an_edge_of_three_grids_is_refused_with_their_names(grids_of: Callable[..., Grids]) -> None:
    square = shapely.box(0, 0, 1, 1)
    with pytest.raises(GeometryError, match="A, B, C overlap along an edge") as refused:
        Coverage.of(grids_of(square, square, square))
    assert refused.value.rows == ("A", "B", "C")


def test_a_ring_below_the_lattice_is_refused(grids_of: Callable[..., Grids]) -> None:
    with pytest.raises(GeometryError, match="Grid A has a ring"):
        Coverage.of(grids_of(shapely.box(0, 0, 2e-8, 2e-8)))


@pytest.mark.parametrize("name", ["four", "pond"])
def test_topojson_decodes_to_the_grids(name: str, request: pytest.FixtureRequest) -> None:
    grids: Grids = request.getfixturevalue(name)
    topology = Coverage.of(grids).topojson()
    geometries = topology["objects"]["grids"]["geometries"]
    assert [g["properties"]["code"] for g in geometries] == list(grids.keys)
    for geometry, shape in zip(geometries, grids.frame.geometry, strict=True):
        assert (
            shape_from_topojson(topology, geometry)
            .normalize()
            .equals_exact(shapely.MultiPolygon(shapely.get_parts(shape).tolist()).normalize(), 1e-9)
        )
    assert topology["arc_ids"] == list(range(len(topology["arcs"])))
    assert len(topology["locked"]) == len(topology["lock"]) == len(topology["arcs"])


def test_a_part_of_the_map_keeps_numbers_and_locks_its_rim(four: Grids) -> None:
    coverage = Coverage.of(four)
    part = coverage.topojson((0.002, 0.012, 0.008, 0.018))
    (geometry,) = part["objects"]["grids"]["geometries"]
    assert geometry["properties"]["code"] == "A"
    for local, arc in zip(part["arcs"], part["arc_ids"], strict=True):
        assert np.array_equal(np.cumsum(local, axis=0), coverage.cut.arcs[arc])
    assert sorted(part["lock"]) == ["outer", "view", "view"]
    assert part["bbox"] == [0.0, 0.01, 0.01, 0.02]


def test_an_empty_table_is_an_empty_coverage() -> None:
    coverage = Coverage.of(Grids.empty())
    assert coverage.topojson()["arcs"] == []
    assert coverage.check().whole


def test_check_finds_nothing_wrong_with_a_whole_coverage(four: Grids) -> None:
    report = Coverage.of(four).check()
    assert report.whole
    assert report.parts == 1
    assert report.area_m2 == pytest.approx(areas_km2(four).sum() * 1e6)


def test_check_names_the_grids_around_a_gap(pond: Grids) -> None:
    report = Coverage.of(Grids.of(pond.frame[pond.frame["code"] != "B"])).check()
    (gap,) = report.gaps
    assert gap.codes == ("A",)
    assert gap.area_m2 == pytest.approx(areas_km2(pond)[1] * 1e6)
    assert report.parts == 2


def test_check_names_the_grids_of_an_overlap(grids_of: Callable[..., Grids]) -> None:
    report = Coverage.of(grids_of(shapely.box(0, 0, 1, 1), shapely.box(0.9, 0, 2, 1))).check()
    (overlap,) = report.overlaps
    assert overlap.codes == ("A", "B")
    assert overlap.shape.equals(shapely.box(0.9, 0, 1, 1))
    assert not report.whole


def test_check_names_grids_whose_vertices_do_not_match(grids_of: Callable[..., Grids]) -> None:
    halves = [shapely.box(1, 0, 2, 0.5), shapely.box(1, 0.5, 2, 1)]
    report = Coverage.of(grids_of(shapely.box(0, 0, 1, 1), *halves)).check()
    assert "A" in report.mismatched
    assert not report.overlaps


def test_check_sees_a_crack_that_opens_to_the_outside(grids_of: Callable[..., Grids]) -> None:
    crack = grids_of(shapely.box(0, 0, 1, 1), shapely.box(1.000002, 0, 2, 1))
    assert Coverage.of(crack).check(gap_width_m=1.0).mismatched == ("A", "B")
    assert Coverage.of(crack).check(gap_width_m=0.1).whole


@pytest.mark.shared_data
@pytest.mark.parametrize("layer", ["chicago_police_beats", "chicago_police_districts"])
def test_real_boundaries_are_cut_and_come_back(layer: str, shared: object) -> None:
    real = gpd.read_file(f"{shared}/beats/{layer}.gpkg").to_crs(4326)
    codes = [f"{i:03d}" for i in range(len(real))]
    grids = Grids.of(gpd.GeoDataFrame({"code": codes, "kind": "general"}, geometry=np.asarray(real.geometry), crs=4326))
    coverage = Coverage.of(grids)
    report = coverage.check()
    assert report.whole
    assert report.area_m2 == pytest.approx(areas_km2(coverage.grids).sum() * 1e6, rel=1e-9)
    assert report.area_m2 == pytest.approx(areas_km2(grids).sum() * 1e6, rel=1e-7)
    assert (coverage.cut.users[:, 1] >= 0).mean() > 0.7
