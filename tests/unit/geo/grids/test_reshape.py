"""Moving a shared boundary changes both sides, or nothing, with a sentence that names the grids."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely

from geo.errors import GeometryError, ParameterError
from geo.grids.arcs import LATTICE
from geo.grids.edit import Edit, InsertVertex, MoveVertex, RemoveVertex, changes_of
from geo.grids.topology import Coverage
from geo.tables.grids import Grids


def wkb(grids: Grids) -> list[bytes]:
    return shapely.to_wkb(np.asarray(grids.frame.geometry.array)).tolist()


def at(lon: float, lat: float) -> tuple[int, int]:
    return round(lon * LATTICE), round(lat * LATTICE)


def between(coverage: Coverage, *codes: str) -> int:
    rows = sorted(coverage.codes.index(code) for code in codes)
    rows = rows if len(rows) == 2 else [*rows, -1]
    return next(i for i, users in enumerate(coverage.cut.users.tolist()) if users == rows)


def vertex(coverage: Coverage, arc: int, lon: float, lat: float) -> int:
    return coverage.cut.arcs[arc].tolist().index(list(at(lon, lat)))


@pytest.fixture
def coverage(four: Grids) -> Coverage:
    return Coverage.of(four)


def corner(coverage: Coverage, lon: float, lat: float) -> list[Edit]:
    arc = between(coverage, "A", "B")
    return [MoveVertex(arc=arc, index=vertex(coverage, arc, 0.01, 0.01), to=at(lon, lat))]


def test_the_neighbour_follows_a_moved_vertex(coverage: Coverage) -> None:
    arc = between(coverage, "A", "B")
    edit = MoveVertex(arc=arc, index=1, to=at(0.012, 0.015))
    moved = coverage.moved(changes_of(coverage, [edit]))
    assert moved.grids.keys == ["A", "B"]
    a, b = moved.grids.frame.geometry
    # The triangle of base 0.01 and height 0.002 degrees goes from B to A.
    assert a.area == pytest.approx(1e-4 + 1e-5)
    assert b.area == pytest.approx(1e-4 - 1e-5)
    assert (0.012, 0.015) in list(a.exterior.coords)
    assert (0.012, 0.015) in list(b.exterior.coords)
    assert moved.coverage.check().whole
    assert sum(moved.after_m2.values()) == pytest.approx(sum(moved.before_m2.values()), rel=1e-9)
    assert moved.after_m2["A"] > moved.before_m2["A"]
    assert moved.arcs == (arc,)


def test_the_old_coverage_is_untouched(coverage: Coverage, four: Grids) -> None:
    coverage.moved(changes_of(coverage, [MoveVertex(arc=between(coverage, "A", "B"), index=1, to=at(0.012, 0.015))]))
    assert wkb(coverage.grids) == wkb(four)


def test_all_four_grids_follow_a_moved_corner(coverage: Coverage) -> None:
    moved = coverage.moved(changes_of(coverage, corner(coverage, 0.011, 0.0105)))
    assert moved.grids.keys == ["A", "B", "C", "D"]
    assert all((0.011, 0.0105) in list(shape.exterior.coords) for shape in moved.grids.frame.geometry)
    assert moved.coverage.check().whole


def test_nothing_new_changes_nothing(coverage: Coverage) -> None:
    arc = between(coverage, "A", "B")
    moved = coverage.moved({arc: coverage.cut.arcs[arc].copy()})
    assert len(moved.grids) == 0
    assert moved.arcs == ()


def test_undo_gives_the_same_bytes(coverage: Coverage, four: Grids) -> None:
    arc = between(coverage, "A", "B")
    edits: list[Edit] = [
        InsertVertex(arc=arc, index=0, to=at(0.0102, 0.012)),
        RemoveVertex(arc=arc, index=2),
        *corner(coverage, 0.0105, 0.01),
    ]
    moved = coverage.moved(changes_of(coverage, edits[:2])).coverage
    moved = moved.moved(changes_of(moved, edits[2:])).coverage
    assert wkb(moved.grids) != wkb(four)
    back = moved.moved(dict(enumerate(coverage.cut.arcs)))
    assert wkb(back.coverage.grids) == wkb(four)


def test_a_ring_starts_where_it_did_after_its_first_vertex_came_back(grids_of: Callable[..., Grids]) -> None:
    # Ring A starts in the middle of the line that it shares with B.
    a = shapely.Polygon([(0.01, 0.005), (0.01, 0.01), (0, 0.01), (0, 0), (0.01, 0)])
    b = shapely.Polygon([(0.01, 0), (0.02, 0), (0.02, 0.01), (0.01, 0.01), (0.01, 0.005)])
    grids = grids_of(a, b)
    coverage = Coverage.of(grids)
    arc = between(coverage, "A", "B")
    without = coverage.moved(changes_of(coverage, [RemoveVertex(arc=arc, index=1)])).coverage
    assert shapely.get_num_coordinates(without.grids.frame.geometry.array).tolist() == [5, 5]
    other = without.moved(changes_of(without, [InsertVertex(arc=arc, index=0, to=at(0.011, 0.007))])).coverage
    back = other.moved({arc: coverage.cut.arcs[arc]}).coverage
    assert wkb(back.grids) == wkb(grids)


def test_the_shore_of_an_island_moves_on_both_sides(pond: Grids) -> None:
    coverage = Coverage.of(pond)
    shore = between(coverage, "A", "B")
    moved = coverage.moved(changes_of(coverage, [MoveVertex(arc=shore, index=0, to=at(0.003, 0.003))]))
    assert moved.grids.keys == ["A", "B"]
    assert moved.coverage.check().whole is True
    assert sum(moved.after_m2.values()) == pytest.approx(sum(moved.before_m2.values()), rel=1e-9)


def test_a_line_dragged_over_another_names_the_grids_and_the_place(coverage: Coverage) -> None:
    arc = between(coverage, "A", "B")
    with pytest.raises(GeometryError, match=r"Grids A, B, .*cross or touch at 0\.01\d+, 0\.01") as refused:
        coverage.moved(changes_of(coverage, [MoveVertex(arc=arc, index=1, to=at(0.014, 0.008))]))
    assert set(refused.value.rows) >= {"A", "B", "D"}
    assert "网格 A、B" in refused.value.zh


def test_touching_is_refused_too(coverage: Coverage) -> None:
    arc = between(coverage, "A", "B")
    for place in (at(0.0175, 0.01), at(0.015, 0.01), at(0.02, 0.02)):
        with pytest.raises(GeometryError):
            coverage.moved(changes_of(coverage, [MoveVertex(arc=arc, index=1, to=place)]))


def test_a_line_that_crosses_itself_is_refused(coverage: Coverage) -> None:
    arc = between(coverage, "A", "B")
    line = coverage.cut.arcs[arc]
    knot = [at(0.009, 0.018), at(0.011, 0.012), at(0.011, 0.018), at(0.009, 0.012)]
    knot = knot if line[0, 1] > line[-1, 1] else knot[::-1]
    with pytest.raises(GeometryError, match="Grids A, B: the line between them crosses itself"):
        coverage.moved({arc: np.vstack([line[:1], knot, line[-1:]])})


def test_a_corner_that_leaves_its_lines_behind_is_refused(coverage: Coverage) -> None:
    changes = changes_of(coverage, corner(coverage, 0.011, 0.0105))
    changes.pop(between(coverage, "C", "D"))
    with pytest.raises(GeometryError, match="were not moved together"):
        coverage.moved(changes)


def test_a_corner_dragged_far_away_is_refused(coverage: Coverage) -> None:
    with pytest.raises(GeometryError):
        coverage.moved(changes_of(coverage, corner(coverage, 0.05, 0.05)))


def test_an_island_turned_inside_out_is_refused(pond: Grids) -> None:
    coverage = Coverage.of(pond)
    shore = between(coverage, "A", "B")
    with pytest.raises(GeometryError, match="inside out"):
        coverage.moved({shore: coverage.cut.arcs[shore][::-1].copy()})


def test_an_island_dragged_out_of_its_grid_is_refused(pond: Grids) -> None:
    coverage = Coverage.of(pond)
    shore = between(coverage, "A", "B")
    with pytest.raises(GeometryError):
        coverage.moved({shore: coverage.cut.arcs[shore] + np.array(at(0.021, 0.0))})


@pytest.mark.parametrize("index", [1, 2, 3])
def test_an_island_may_not_touch_a_corner(pond: Grids, index: int) -> None:
    coverage = Coverage.of(pond)
    shore = between(coverage, "A", "B")
    with pytest.raises(GeometryError):
        coverage.moved(changes_of(coverage, [MoveVertex(arc=shore, index=index, to=at(0.01, 0.01))]))


def test_an_open_shore_is_refused(pond: Grids) -> None:
    coverage = Coverage.of(pond)
    shore = between(coverage, "A", "B")
    line = coverage.cut.arcs[shore].copy()
    line[-1] += 1
    with pytest.raises(GeometryError, match="not closed"):
        coverage.moved({shore: line})


def test_the_line_between_communities_moves_only_on_demand(four: Grids) -> None:
    frame = four.frame.copy()
    frame["parent_code"] = ["p", "q", "p", "q"]
    coverage = Coverage.of(Grids.of(frame))
    change = changes_of(coverage, [MoveVertex(arc=between(coverage, "A", "B"), index=1, to=at(0.012, 0.015))])
    with pytest.raises(GeometryError, match=r"Grids A, B: .*boundary of communities"):
        coverage.moved(change)
    assert coverage.moved(change, allow_parent_change=True).coverage.check().whole


def test_the_outer_line_moves_only_on_demand(coverage: Coverage) -> None:
    arc = between(coverage, "A")
    change = {arc: _pushed_west(coverage, arc)}
    with pytest.raises(GeometryError, match="outer boundary"):
        coverage.moved(change)
    moved = coverage.moved(change, allow_outer_change=True)
    assert moved.grids.keys == ["A"]
    assert moved.after_m2["A"] > moved.before_m2["A"]
    assert moved.coverage.check().whole


def _pushed_west(coverage: Coverage, arc: int) -> np.ndarray:
    """Return the outer line of A with its north-western vertex pulled out."""
    line = coverage.cut.arcs[arc].copy()
    line[line.tolist().index(list(at(0, 0.02)))] = at(-0.001, 0.021)
    return line


def test_an_outer_line_may_not_swallow_another_grid(grids_of: Callable[..., Grids]) -> None:
    coverage = Coverage.of(grids_of(shapely.box(0, 0, 0.01, 0.01), shapely.box(0.02, 0.004, 0.021, 0.006)))
    line = coverage.cut.arcs[between(coverage, "A")].copy()
    line[line[:, 0] > 0] = [at(0.03, y) for y in line[line[:, 0] > 0, 1] / LATTICE]
    with pytest.raises(GeometryError, match="Grids A, B: the grids would overlap"):
        coverage.moved({between(coverage, "A"): line}, allow_outer_change=True)


@pytest.mark.parametrize(
    "line",
    [np.array([[0.5, 1.0], [2.0, 3.0]]), np.array([[1, 2]]), np.array([1, 2]), np.array([[1, 2], [3, 10**10]])],
)
def test_what_is_not_a_line_on_the_lattice_is_refused(coverage: Coverage, line: np.ndarray) -> None:
    with pytest.raises(ParameterError):
        coverage.moved({0: line})


def test_unknown_arcs_and_double_vertices_are_refused(coverage: Coverage) -> None:
    with pytest.raises(ParameterError, match="no boundary line 99"):
        coverage.moved({99: coverage.cut.arcs[0]})
    arc = between(coverage, "A", "B")
    line = coverage.cut.arcs[arc]
    with pytest.raises(GeometryError, match="two vertices in one place"):
        coverage.moved({arc: np.vstack([line[:1], line])})


@pytest.mark.parametrize(
    "edit",
    [
        MoveVertex(arc=99, index=0, to=(0, 0)),
        MoveVertex(arc=0, index=99, to=(0, 0)),
        RemoveVertex(arc=0, index=0),
        InsertVertex(arc=0, index=-1, to=(0, 0)),
    ],
)
def test_edits_of_vertices_that_are_not_there_are_refused(coverage: Coverage, edit: Edit) -> None:
    with pytest.raises(ParameterError):
        changes_of(coverage, [edit])
