"""Owned segments of a line."""

import numpy as np
import pytest
import shapely

from geo.errors import ParameterError
from geo.grids.chainage import ChainedLine
from geo.grids.linear import (
    OWNERS,
    ChainageReport,
    Segment,
    check_segments,
    cut_line,
    even_segments,
    locate_on_segments,
)
from geo.tables.linear_grids import LinearGrids

FULL = ("云南省", "大理州", "弥渡县", "寅街镇", "大庄村")


@pytest.fixture
def river() -> ChainedLine:
    return ChainedLine.of(shapely.LineString([(100.0, 25.0), (100.05, 25.0), (100.05, 25.03)]))


def checked(river: ChainedLine, *spans: tuple[float, float]) -> ChainageReport:
    segments = [Segment(code=f"s{k}", start_m=a, end_m=b, owners=FULL) for k, (a, b) in enumerate(spans)]
    return check_segments(cut_line("红河", river, segments), {"红河": river})


def test_a_line_is_cut_into_owned_segments_that_cover_it(river: ChainedLine) -> None:
    segments = [
        Segment(code=s.code, start_m=s.start_m, end_m=s.end_m, owners=FULL)
        for s in even_segments(river, about_m=1000, prefix="H")
    ]
    table = cut_line("红河", river, segments)
    assert table.keys[:2] == ["H001", "H002"]
    assert len(table) == round(river.length_m / 1000)
    report = check_segments(table, {"红河": river})
    assert report.whole
    assert not report.unowned
    assert list(table.frame[list(OWNERS)].iloc[0]) == list(FULL)
    assert shapely.line_merge(shapely.MultiLineString(list(table.frame.geometry))).length == pytest.approx(0.08)


def test_gaps_overlaps_and_ends_are_found(river: ChainedLine) -> None:
    end = river.length_m
    assert checked(river, (0, 3000), (3000, end)).whole
    report = checked(river, (100, 3000), (2500, 4000), (2800, 2900), (5000, end - 1))
    assert [(round(g.start_m), round(g.end_m), g.codes) for g in report.gaps] == [
        (0, 100, ("s0",)), (4000, 5000, ("s1", "s3")), (round(end - 1), round(end), ("s3",)),
    ]  # fmt: skip
    assert [(o.start_m, o.end_m, o.codes) for o in report.overlaps] == [
        (2500, 2800, ("s0", "s1")), (2800, 2900, ("s0", "s1", "s2")), (2900, 3000, ("s0", "s1")),
    ]  # fmt: skip
    assert str(report.overlaps[0]) == "红河 K2+500-K2+800"
    assert not report.whole
    empty = check_segments(LinearGrids.empty(), {"红河": river})
    assert [(g.start_m, g.end_m, g.codes) for g in empty.gaps] == [(0.0, end, ())]


def test_shapes_lines_and_owners_are_checked(river: ChainedLine) -> None:
    table = cut_line(
        "红河",
        river,
        [Segment(code="a", start_m=0, end_m=2000), Segment(code="b", start_m=2000, end_m=river.length_m, owners=FULL)],
    )
    frame = table.frame.copy()
    frame.loc[0, "end_m"] = 1990.0
    report = check_segments(LinearGrids.of(frame), {"红河": river})
    assert report.detached == ("a",)
    assert [round(g.end_m - g.start_m) for g in report.gaps] == [10]
    assert report.unowned == {"a": OWNERS}
    frame["line"] = ["红河", "黑河"]
    frame["start_m"] = [3000.0, 2000.0]
    report = check_segments(LinearGrids.of(frame), {"红河": river})
    assert report.beyond == ("a",)
    assert report.unknown == ("b",)


def test_a_segment_off_the_line_is_named(river: ChainedLine) -> None:
    with pytest.raises(ParameterError, match="Segment x of 红河") as refused:
        cut_line("红河", river, [Segment(code="x", start_m=0, end_m=1e6)])
    assert refused.value.rows == ("x",)


def test_even_segments_are_bounded(river: ChainedLine) -> None:
    one = even_segments(river, about_m=1e9, prefix="H")
    assert [(s.start_m, s.end_m) for s in one] == [(0.0, river.length_m)]
    short = ChainedLine.of(shapely.LineString([(0, 0), (0, 0.00002)]))
    tiny = even_segments(short, about_m=0.3, prefix="H")
    assert min(s.end_m - s.start_m for s in tiny) > 0
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ParameterError, match="long"):
            even_segments(river, about_m=wrong, prefix="H")
    with pytest.raises(ParameterError, match="cannot be numbered"):
        even_segments(river, about_m=1, prefix="H")


def test_points_find_their_segment_and_chainage(river: ChainedLine) -> None:
    road = ChainedLine.of(shapely.LineString([(100.0, 25.01), (100.04, 25.01)]))
    lines = {"红河": river, "国道": road}
    frames = [
        cut_line(
            "红河",
            river,
            [Segment(code="h2", start_m=2000, end_m=river.length_m), Segment(code="h1", start_m=0, end_m=2000)],
        ).frame,
        cut_line(
            "国道", road, [Segment(code="g1", start_m=0, end_m=1000), Segment(code="g0", start_m=500, end_m=1000)]
        ).frame,
    ]
    import pandas as pd

    table = LinearGrids.of(pd.concat(frames, ignore_index=True))
    places = np.vstack([
        river.at([1999.9, 2000.1, river.length_m]), [[100.001, 25.009], [100.001, 25.004]], road.at([700.0, 1500.0]), [[100.2, 25.0]],
    ])  # fmt: skip
    found = locate_on_segments(table, lines, places)
    assert [table.keys[row] if row >= 0 else None for row in found.rows.tolist()] == [
        "h1",
        "h2",
        "h2",
        "g1",
        "h1",
        "g0",
        None,
        None,
    ]
    assert found.metres[:3] == pytest.approx([1999.9, 2000.1, river.length_m], abs=0.01)
    assert np.isnan(found.metres[-1])
    assert np.isinf(found.offset_m[-1])
    assert found.offset_m[3] == pytest.approx(110.77, abs=0.5)
