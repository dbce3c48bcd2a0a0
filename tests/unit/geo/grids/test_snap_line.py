"""Boundaries laid on streets: the way between two corners, redrawn or split along."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import InfeasibleError, NotFoundError, ParameterError
from geo.grids.snap_line import StreetLines, reshape_along, split_along
from geo.grids.topology import Coverage
from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.streets.lines import LineFields, read_lines
from geo.tables.grids import Grids


@pytest.fixture(scope="module")
def streets() -> StreetLines:
    """Streets near the inner lines of the four squares: a one-way ring road, and one that is far away."""
    lines = {
        "环路": [(0.01, 0.01), (0.0115, 0.012), (0.0112, 0.017), (0.01, 0.0195)],
        "直路": [(0.01, 0.0195), (0.002, 0.0195)],
        "横街": [(-0.002, 0.0151), (0.012, 0.0149)],
        "孤路": [(0.05, 0.05), (0.06, 0.05)],
    }
    table = gpd.GeoDataFrame(
        {
            "name": list(lines),
            "oneway": ["yes", "no", "no", "no"],
            "fclass": ["primary", "residential", "primary", "primary"],
        },
        geometry=[shapely.LineString(xy) for xy in lines.values()],
        crs=4326,
    )
    graph = read_lines(table, LineFields(name="name", oneway="oneway", road_class="fclass"))
    assert isinstance(graph, StreetGraph)
    return StreetLines(graph)


def test_the_way_between_two_corners_follows_the_streets_both_ways(streets: StreetLines) -> None:
    start, end = streets.node_at((0.01, 0.01)), streets.node_at((0.002, 0.0195))
    way, back = streets.between(start, end), streets.between(end, start)
    assert way.streets == ("环路", "直路")
    assert back.streets == ("直路", "环路")
    assert way.line == back.line[::-1]
    assert way.line[0] == (100_000, 100_000)
    assert way.metres == pytest.approx(back.metres)
    assert (115_000, 120_000) in way.line


def test_corners_that_are_far_or_apart_are_refused(streets: StreetLines) -> None:
    with pytest.raises(NotFoundError, match="within 50 m"):
        streets.node_at((0.03, 0.03))
    one, far = streets.node_at((0.01, 0.01)), streets.node_at((0.05, 0.05))
    with pytest.raises(InfeasibleError, match="No street connects"):
        streets.between(one, far)
    with pytest.raises(ParameterError, match="same street corner"):
        streets.between(one, one)


def test_a_boundary_is_laid_on_a_street(streets: StreetLines, four: Grids) -> None:
    coverage = Coverage.of(four)
    arc = next(k for k, users in enumerate(coverage.cut.users.tolist()) if users == [0, 1])
    way = streets.between(streets.node_at((0.01, 0.01)), streets.node_at((0.01, 0.0195)))
    edit = reshape_along(coverage, arc, way)
    assert edit.streets == ("环路",)
    done = edit.apply(coverage)
    assert done.changed_codes == ("A", "B")
    assert {(115_000, 120_000), (112_000, 170_000)} <= set(map(tuple, done.coverage.cut.arcs[arc].tolist()))
    assert done.coverage.check().whole
    # Drawn from the other end it is the same edit.
    back = streets.between(streets.node_at((0.01, 0.0195)), streets.node_at((0.01, 0.01)))
    assert reshape_along(coverage, arc, back) == edit


def test_a_street_that_is_near_one_vertex_only_is_refused(streets: StreetLines, four: Grids) -> None:
    coverage = Coverage.of(four)
    way = streets.between(streets.node_at((0.01, 0.0195)), streets.node_at((0.002, 0.0195)))
    arc = next(k for k, users in enumerate(coverage.cut.users.tolist()) if users == [2, 3])
    with pytest.raises(ParameterError, match="same vertex"):
        reshape_along(coverage, arc, way)
    with pytest.raises(ParameterError, match="no boundary line 999"):
        reshape_along(coverage, 999, way)


def test_a_grid_is_split_along_the_streets_inside_it(streets: StreetLines, four: Grids) -> None:
    coverage = Coverage.of(four)
    ways = streets.inside(coverage.shapes[0], road_classes=(ROAD_CLASSES.index("primary"),))
    assert "横街" in {name for way in ways for name in way.streets}
    edit = split_along("A", ways, ("E",))
    done = edit.apply(coverage)
    assert done.added_codes == ("E",)
    assert done.coverage.check().whole
    parts = [done.coverage.shapes[done.coverage.row_of[code]].area for code in ("A", "E")]
    assert np.array(parts) == pytest.approx([5e-5, 5e-5], rel=0.05)
