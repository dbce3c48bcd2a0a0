"""What became of each grid, from what was done or from how the land lies."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geo.errors import CheckError
from geo.grids.crosswalk import Placed
from geo.grids.lineage import Lineage, LineageStep, build_lineage, descent, heirs
from geo.tables.grids import Grids

C = "532901001001"


def box(west: float, east: float) -> shapely.Polygon:
    return shapely.box(100 + west / 100, 25.6, 100 + east / 100, 25.61)


def row_of(**spans: tuple[float, float]) -> Grids:
    """Make grids along a line, each named and from a column to a column."""
    codes = list(spans)
    return Grids.of(
        gpd.GeoDataFrame({"code": codes, "kind": "general"}, geometry=[box(*spans[c]) for c in codes], crs=4326)
    )


def told(lineage: Lineage) -> dict[tuple[tuple[str, ...], tuple[str, ...]], str]:
    return {(e.before, e.after): e.fate for e in lineage.events}


OLD = row_of(A=(0, 1), B=(1, 2), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 6))


def test_every_fate_is_told() -> None:
    new = row_of(A=(0, 0.6), G=(0.6, 1), B=(1, 3), H=(3, 4), E=(4, 5.1), F=(5.1, 6), K=(7, 8))
    lineage = build_lineage(OLD, new)
    assert told(lineage) == {
        (("A",), ("A", "G")): "split",
        (("B", "C"), ("B",)): "merged",
        (("D",), ("H",)): "renamed",
        (("E",), ("E",)): "shifted",
        (("F",), ("F",)): "shifted",
        ((), ("K",)): "new",
    }
    assert lineage.counts() == {"split": 1, "merged": 1, "renamed": 1, "shifted": 2, "new": 1}
    assert_frame_equal(lineage.replay(OLD).frame, new.frame.sort_values("code", ignore_index=True))
    words = lineage.frame().set_index("before")["zh"]
    assert words["A"] == "A 拆分为 A、G"
    assert words["B C"] == "B、C 合并为 B"
    shares = lineage.crosswalk.mapping()
    assert shares["A"] == {"A": pytest.approx(0.6), "G": pytest.approx(0.4)}
    assert shares["F"] == {"E": pytest.approx(0.1), "F": pytest.approx(0.9)}


def test_land_that_did_not_change_is_kept_to_the_bit() -> None:
    lineage = build_lineage(OLD, OLD)
    assert set(told(lineage).values()) == {"kept"}
    assert len(lineage.changes) == 0
    named = Grids.of(OLD.frame.assign(name=["甲", *[None] * 5]))
    assert told(build_lineage(OLD, named))[("A",), ("A",)] == "edited"


def test_a_grid_that_is_divided_among_others_is_gone_and_says_where_to() -> None:
    new = row_of(A=(0, 1.34), C=(1.66, 3), X=(1.34, 1.66), D=(3, 4), E=(4, 5), F=(5, 6))
    events = told(build_lineage(row_of(A=(0, 1), B=(1, 2), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 6)), new))
    # X lies wholly in B, so B descends to X; without X it has no heir.
    assert events[("B",), ("X",)] == "renamed"
    none = build_lineage(row_of(A=(0, 2), B=(2, 3), C=(3, 5)), row_of(A=(0, 2.4), C=(2.6, 5), W=(2.4, 2.6)))
    assert told(none)[("B",), ("W",)] == "renamed"
    thirds = build_lineage(row_of(A=(0, 2), B=(2, 3), C=(3, 5)), row_of(A=(0, 2.45), C=(2.45, 5)))
    assert told(thirds)[("B", "C"), ("C",)] == "merged"
    three = Grids.of(
        gpd.GeoDataFrame(
            {"code": ["A", "C", "D"], "kind": "general"},
            geometry=[
                shapely.union_all([box(0, 2), shapely.box(100.02, 25.6, 100.03, 25.604)]),
                shapely.union_all([box(3, 5), shapely.box(100.02, 25.604, 100.03, 25.607)]),
                shapely.union_all([shapely.box(100, 25.61, 100.05, 25.62), shapely.box(100.02, 25.607, 100.03, 25.61)]),
            ],
            crs=4326,
        )
    )
    before = Grids.of(
        gpd.GeoDataFrame(
            {"code": ["A", "B", "C", "D"], "kind": "general"},
            geometry=[box(0, 2), box(2, 3), box(3, 5), shapely.box(100, 25.61, 100.05, 25.62)],
            crs=4326,
        )
    )
    lineage = build_lineage(before, three)
    gone = next(e for e in lineage.events if e.fate == "gone")
    assert (gone.before, gone.after) == (("B",), ("A", "C", "D"))
    assert gone.sentence() == "撤销 B，并入 A、C、D"
    assert heirs([lineage], "B") == ("A", "C", "D")


def test_two_into_three_is_regrouped_when_the_middle_one_is_of_both() -> None:
    rest = {"C": (2, 3), "D": (3, 4), "E": (4, 5), "F": (5, 6)}
    mostly = told(build_lineage(OLD, row_of(P=(0, 0.65), Q=(0.65, 1.25), R=(1.25, 2), **rest)))
    assert mostly[("A",), ("P", "Q")] == "split"
    assert mostly[("B",), ("R",)] == "renamed"
    even = told(build_lineage(OLD, row_of(P=(0, 0.25), Q=(0.25, 1.75), R=(1.75, 2), **rest)))
    assert even[("A", "B"), ("P", "Q", "R")] == "regrouped"


def test_special_grids_are_followed_by_themselves() -> None:
    def with_special(west: float) -> Grids:
        special = gpd.GeoDataFrame({"code": ["S1"], "kind": ["special"]}, geometry=[box(west, west + 1)], crs=4326)
        return Grids.of(gpd.pd.concat([OLD.frame, special], ignore_index=True))

    lineage = build_lineage(with_special(0), with_special(0.2))
    event = next(e for e in lineage.events if e.before == ("S1",))
    assert (event.fate, event.kind) == ("shifted", "special")
    assert len(lineage.crosswalk.source) == 6


def test_shares_may_be_counted_by_points() -> None:
    new = row_of(A=(0, 0.6), G=(0.6, 1), B=(1, 2), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 6))
    homes = Placed(lonlat=np.array([[100.001, 25.605], [100.009, 25.605]]), weight=np.array([30, 10]))
    lineage = build_lineage(OLD, new, placed={"households": homes})
    assert lineage.crosswalk.mapping("households")["A"] == {"A": pytest.approx(0.75), "G": pytest.approx(0.25)}


STEPS = (
    LineageStep(kind="split", before=("A",), after=("A", "G")),
    LineageStep(kind="shift", before=("E", "F"), after=("E", "F")),
    LineageStep(kind="merge", before=("B", "C"), after=("B",)),
    LineageStep(kind="rename", before=("D",), after=("H",)),
    LineageStep(kind="new", before=(), after=("K",)),
)


def test_operations_lead_from_the_old_codes_to_the_new_ones() -> None:
    new = row_of(A=(0, 0.6), G=(0.6, 1), B=(1, 3), H=(3, 4), E=(4, 5.1), F=(5.1, 6), K=(7, 8))
    done = build_lineage(OLD, new, steps=STEPS)
    assert told(done) == told(build_lineage(OLD, new))
    assert {e.source for e in done.events} == {"operations"}


def test_operations_know_what_overlap_cannot() -> None:
    """A sliver split off and then grown at the cost of a neighbour still descends from where it was split off."""
    new = row_of(A=(0, 0.95), G=(0.95, 1.6), B=(1.6, 2), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 6))
    steps = [
        LineageStep(kind="split", before=("A",), after=("A", "G")),
        LineageStep(kind="shift", before=("B", "G"), after=("B", "G")),
    ]
    assert told(build_lineage(OLD, new, steps=steps))[("A",), ("A", "G")] == "split"
    assert ("A",) in [before for before, _ in told(build_lineage(OLD, new))]
    assert told(build_lineage(OLD, new))[("B",), ("B", "G")] == "split"


def test_steps_in_a_row_are_composed() -> None:
    steps = [
        LineageStep(kind="split", before=("A",), after=("A", "X")),
        LineageStep(kind="merge", before=("X", "B"), after=("B",)),
        LineageStep(kind="rename", before=("B",), after=("Z",)),
        LineageStep(kind="gone", before=("C",), after=()),
    ]
    assert descent(steps, "ABC", "AZ") == {("A", "A"), ("A", "Z"), ("B", "Z")}


@pytest.mark.parametrize(
    "steps",
    [
        [LineageStep(kind="rename", before=("Q",), after=("R",))],
        [LineageStep(kind="split", before=("A",), after=("A", "B"))],
        [LineageStep(kind="split", before=("A",), after=("A", "G"))],
        [],
    ],
)
def test_operations_that_do_not_lead_there_are_refused(steps: list[LineageStep]) -> None:
    with pytest.raises(CheckError):
        build_lineage(
            OLD, row_of(A=(0, 0.5), B=(1, 3), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 5.5), Y=(5.5, 6)), steps=steps
        )


def test_heirs_follow_a_chain_of_editions() -> None:
    second = row_of(A=(0, 0.6), G=(0.6, 1), B=(1, 2), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 6))
    third = row_of(A=(0, 0.6), B=(0.6, 2), C=(2, 3), D=(3, 4), E=(4, 5), F=(5, 6))
    chain = [build_lineage(OLD, second), build_lineage(second, third)]
    assert heirs(chain, "A") == ("A", "B")
    assert heirs(chain, "F") == ("F",)
    assert heirs(chain, "none") == ()
