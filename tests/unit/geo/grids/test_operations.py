"""Splits, merges and transfers change just what they should, refuse with a sentence, and survive JSON."""

import json
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import GeometryError, NotFoundError, ParameterError
from geo.grids.arcs import LATTICE
from geo.grids.edit import InsertVertex, MoveVertex, RemoveVertex, ReshapeArc, SetArcs
from geo.grids.join import MergeGrids
from geo.grids.operations import KINDS, AnyOperation, apply_all, from_json, replay, to_json
from geo.grids.several import Several
from geo.grids.split import SplitAlongStreets, SplitByLine, apportioned, parts_of
from geo.grids.topology import Coverage
from geo.grids.transfer import AssignUnits, TransferBlocks, UnitShape
from geo.tables.grids import Grids


def at(lon: float, lat: float) -> tuple[int, int]:
    return round(lon * LATTICE), round(lat * LATTICE)


def line(*places: tuple[float, float]) -> tuple[tuple[int, int], ...]:
    return tuple(at(*place) for place in places)


def shape(coverage: Coverage, code: str) -> shapely.Polygon:
    return coverage.shapes[coverage.row_of[code]]


def unit(code: str, *bounds: float) -> UnitShape:
    return UnitShape.of(code, shapely.box(*bounds))


@pytest.fixture
def coverage(four: Grids) -> Coverage:
    frame = four.frame.copy()
    frame["name"] = ["甲", "乙", "丙", "丁"]
    frame["population"] = [101.0, 50.0, 7.0, np.nan]
    return Coverage.of(Grids.of(frame))


def test_a_line_splits_a_grid_and_its_counts(coverage: Coverage) -> None:
    cut = SplitByLine(code="A", line=line((-0.001, 0.0125), (0.011, 0.0125)), codes=("E",)).apply(coverage)
    assert (cut.changed_codes, cut.added_codes, cut.removed_codes) == (("A", "B"), ("E",), ())
    assert shape(cut.coverage, "A").equals(shapely.box(0, 0.0125, 0.01, 0.02))
    assert shape(cut.coverage, "E").equals(shapely.box(0, 0.01, 0.01, 0.0125))
    # B got the vertex at which the line ends, and kept its shape.
    assert shape(cut.coverage, "B").equals(shape(coverage, "B"))
    assert (0.01, 0.0125) in list(shape(cut.coverage, "B").exterior.coords)
    rows = cut.coverage.attributes.set_index("code")
    assert rows.loc["A", "population"] + rows.loc["E", "population"] == 101
    assert rows.loc["E", "population"] == 25
    assert rows.loc["A", "name"] == "甲"
    assert rows.loc["E", "name"] == "甲（二）"
    assert rows.loc["E", "parent_code"] == "p"
    assert cut.notes[0][1] == "网格 A 的人口按面积分摊"
    assert cut.before_m2["A"] == pytest.approx(cut.after_m2["A"] + cut.after_m2["E"], rel=1e-6)
    assert cut.coverage.check().whole


def test_a_line_near_a_vertex_takes_it(coverage: Coverage) -> None:
    cut = SplitByLine(code="A", line=line((-0.001, 0.015002), (0.011, 0.015002)), codes=("E",)).apply(coverage)
    assert cut.changed_codes == ("A",)  # B has that vertex already
    assert (0.01, 0.015) in list(shape(cut.coverage, "E").exterior.coords)


def test_a_place_chooses_which_part_keeps_the_code(coverage: Coverage) -> None:
    edit = SplitByLine(code="A", line=line((-0.001, 0.0125), (0.011, 0.0125)), codes=("E",), keep_at=at(0.005, 0.011))
    assert shape(edit.apply(coverage).coverage, "A").equals(shapely.box(0, 0.01, 0.01, 0.0125))


def test_a_closed_line_cuts_an_island_out(coverage: Coverage) -> None:
    ring = line((0.004, 0.014), (0.006, 0.014), (0.006, 0.016), (0.004, 0.016), (0.004, 0.014))
    cut = SplitByLine(code="A", line=ring, codes=("E",)).apply(coverage)
    assert len(shape(cut.coverage, "A").interiors) == 1
    assert shape(cut.coverage, "E").equals(shapely.box(0.004, 0.014, 0.006, 0.016))


def test_the_outer_boundary_keeps_its_area_to_the_square_step(grids_of: Callable[..., Grids]) -> None:
    crooked = shapely.Polygon([(0, 0), (0.0100003, 0.0013337), (0.0099991, 0.0110007), (-0.0007771, 0.0098989)])
    coverage = Coverage.of(grids_of(crooked))
    cut = SplitByLine(code="A", line=line((-0.001, 0.0047113), (0.011, 0.0061119)), codes=("E",)).apply(coverage)

    def steps2(held: Coverage) -> float:
        return sum(round(shapely.transform(s, lambda xy: np.rint(xy * LATTICE)).area * 2) for s in held.shapes)

    assert steps2(cut.coverage) == steps2(coverage)
    assert shapely.hausdorff_distance(shapely.union_all(cut.coverage.shapes), crooked) < 3e-7


@pytest.mark.parametrize(
    ("places", "codes", "says"),
    [
        (((0.002, 0.012), (0.008, 0.012)), ("E",), "does not divide grid A"),
        (((0.02, 0.02), (0.03, 0.03)), ("E",), "does not divide grid A"),
        (((-0.001, 0.0125), (0.011, 0.0125)), (), "into 2 parts, but codes for 1"),
        (((-0.001, 0.013), (0.012, 0.013), (0.012, 0.017), (-0.001, 0.017)), ("E",), "into 3 parts, but codes for 2"),
        (((-0.001, 0.0125), (0.011, 0.0125)), ("B",), "codes B are taken"),
        (((-0.001, 0.0125), (0.011, 0.0125)), (" ",), "code is empty"),
        (((0.001, 0.0125),), ("E",), "two or more places"),
        (((-0.001, 0.01999), (0.00012, 0.021)), ("E",), "does not divide|m² only"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(
    coverage: Coverage, places: tuple[tuple[float, float], ...], codes: tuple[str, ...], says: str
) -> None:
    with pytest.raises((GeometryError, ParameterError), match=says) as refused:
        SplitByLine(code="A", line=line(*places), codes=codes).apply(coverage)
    assert refused.value.zh != refused.value.en


def test_streets_cut_a_grid_in_four_and_small_islands_stay_with_a_part(coverage: Coverage) -> None:
    lines = (
        line((-0.001, 0.015), (0.011, 0.015)),
        line((0.005, 0.009), (0.005, 0.021)),
        line((0.00503, 0.009), (0.00503, 0.021)),  # the other carriageway, 3 m away
        line((0.002, 0.017), (0.003, 0.018)),  # a dead end
    )
    assert parts_of(coverage, "A", lines) == 6
    assert parts_of(coverage, "A", lines, least_m2=3000) == 4
    edit = SplitAlongStreets(code="A", lines=lines, codes=("E", "F", "G"), streets=("南北路",), least_m2=3000)
    cut = edit.apply(coverage)
    assert cut.added_codes == ("E", "F", "G")
    assert cut.coverage.check().whole


def test_parts_that_no_line_meets_stay_with_the_code(pond: Grids) -> None:
    coverage = Coverage.of(pond)
    cut = SplitByLine(code="C", line=line((0.009, 0.004), (0.021, 0.004)), codes=("E",)).apply(coverage)
    assert shape(cut.coverage, "C").geom_type == "MultiPolygon"
    assert shape(cut.coverage, "E").equals(shapely.box(0.01, 0, 0.02, 0.004))


def test_merging_keeps_the_larger_or_the_chosen_code(coverage: Coverage) -> None:
    small = SplitByLine(code="A", line=line((-0.001, 0.0125), (0.011, 0.0125)), codes=("E",)).apply(coverage).coverage
    merged = MergeGrids(codes=("E", "A")).apply(small)
    assert merged.removed_codes == ("E",)
    assert shape(merged.coverage, "A").equals(shape(coverage, "A"))
    assert merged.coverage.attributes.set_index("code").loc["A", "population"] == 101
    chosen = MergeGrids(codes=("A", "B", "C"), keep="C").apply(coverage)
    assert chosen.coverage.codes == ("C", "D")
    assert chosen.coverage.attributes["population"].iloc[0] == 158
    unknown = MergeGrids(codes=("C", "D")).apply(coverage)
    assert np.isnan(unknown.coverage.attributes["population"].iloc[2])


def test_a_merge_that_makes_no_sense_is_refused(coverage: Coverage, four: Grids) -> None:
    with pytest.raises(GeometryError, match="D share no boundary with grid A"):
        MergeGrids(codes=("A", "D")).apply(coverage)
    with pytest.raises(ParameterError, match="two or more"):
        MergeGrids(codes=("A",)).apply(coverage)
    with pytest.raises(ParameterError, match="not one of"):
        MergeGrids(codes=("A", "B"), keep="C").apply(coverage)
    with pytest.raises(NotFoundError, match="no general grid X"):
        MergeGrids(codes=("A", "X")).apply(coverage)
    frame = four.frame.copy()
    frame["parent_code"] = list("pqpq")
    two = Coverage.of(Grids.of(frame))
    with pytest.raises(GeometryError, match="different communities"):
        MergeGrids(codes=("A", "B")).apply(two)
    assert MergeGrids(codes=("A", "B"), allow_parent_change=True).apply(two).removed_codes == ("B",)


def test_a_stroke_gives_units_to_a_grid(coverage: Coverage) -> None:
    block = unit("u1", 0.01, 0.01, 0.013, 0.015)
    given = AssignUnits(to="A", units=(block,)).apply(coverage)
    assert shape(given.coverage, "A").area == pytest.approx(1e-4 + 1.5e-5)
    assert shapely.union_all(given.coverage.shapes).equals(shapely.union_all(coverage.shapes))
    assert "D" in given.changed_codes  # its corner got a vertex
    assert given.coverage.check().whole
    same = TransferBlocks(source="B", to="A", units=(block,)).apply(coverage)
    assert same.coverage.shapes.tolist() == given.coverage.shapes.tolist()


def test_strokes_are_refused_with_the_reason(coverage: Coverage, four: Grids) -> None:
    wall = unit("u1", 0.01, 0.014, 0.02, 0.016)
    with pytest.raises(GeometryError, match="Grid B: it would be torn into 2 parts") as torn:
        AssignUnits(to="A", units=(wall,)).apply(coverage)
    assert "割裂" in torn.value.zh
    with pytest.raises(GeometryError, match="Grid A: the units do not adjoin it"):
        AssignUnits(to="A", units=(unit("u1", 0.014, 0.01, 0.016, 0.012),)).apply(coverage)
    with pytest.raises(GeometryError, match="Grid B: it would lose all its land"):
        AssignUnits(to="A", units=(unit("u1", 0.01, 0.01, 0.02, 0.02),)).apply(coverage)
    with pytest.raises(GeometryError, match="Grid B: it is locked"):
        AssignUnits(to="A", units=(unit("u1", 0.01, 0.01, 0.013, 0.015),), locked=("B",)).apply(coverage)
    with pytest.raises(GeometryError, match="in grid A already"):
        AssignUnits(to="A", units=(unit("u1", 0.002, 0.012, 0.004, 0.014),)).apply(coverage)
    with pytest.raises(GeometryError, match="Grid D: the units reach into it, not only into B"):
        TransferBlocks(source="B", to="A", units=(unit("u1", 0.01, 0.005, 0.013, 0.015),)).apply(coverage)
    with pytest.raises(ParameterError, match="No unit"):
        AssignUnits(to="A", units=()).apply(coverage)
    frame = four.frame.copy()
    frame["parent_code"] = list("pqpq")
    block = unit("u1", 0.01, 0.01, 0.013, 0.015)
    two = Coverage.of(Grids.of(frame))
    with pytest.raises(GeometryError, match="Grid B: it belongs to another community than grid A"):
        AssignUnits(to="A", units=(block,)).apply(two)
    assert AssignUnits(to="A", units=(block,), allow_parent_change=True).apply(two).coverage.check().whole


def test_a_piece_of_a_line_is_redrawn(coverage: Coverage) -> None:
    arc = next(k for k, users in enumerate(coverage.cut.users.tolist()) if users == [0, 1])
    ends = coverage.cut.arcs[arc][[0, -1]]
    inner = line((0.012, 0.013), (0.012, 0.017)) if ends[0, 1] < ends[1, 1] else line((0.012, 0.017), (0.012, 0.013))
    done = ReshapeArc(arc=arc, first=0, last=2, line=inner, streets=("环路",)).apply(coverage)
    assert done.changed_codes == ("A", "B")
    assert done.coverage.cut.arcs[arc].tolist() == [ends[0].tolist(), *map(list, inner), ends[1].tolist()]
    assert np.array_equal(done.inverse.apply(done.coverage).coverage.cut.arcs[arc], coverage.cut.arcs[arc])
    with pytest.raises(ParameterError, match="has no vertex"):
        ReshapeArc(arc=arc, first=2, last=1, line=inner).apply(coverage)


def test_arc_numbers_stay_and_are_never_used_twice(coverage: Coverage) -> None:
    cut = SplitByLine(code="A", line=line((-0.001, 0.0125), (0.011, 0.0125)), codes=("E",)).apply(coverage).coverage
    before = {k: a.tolist() for k, a in enumerate(coverage.cut.arcs)}
    for number, arc in before.items():
        assert len(cut.cut.arcs[number]) == 0 or cut.cut.arcs[number].tolist() == arc
    gone = [number for number in before if not len(cut.cut.arcs[number])]
    assert gone
    with pytest.raises(ParameterError, match="no boundary line"):
        cut.moved({gone[0]: coverage.cut.arcs[gone[0]]})
    assert set(cut.topojson()["arc_ids"]).isdisjoint(gone)  # type: ignore[arg-type]
    again = MergeGrids(codes=("A", "E")).apply(cut).coverage
    assert len(again.cut.arcs) >= len(cut.cut.arcs)


EXAMPLES: list[AnyOperation] = [
    MoveVertex(arc=1, index=0, to=(3, 4)),
    InsertVertex(arc=1, index=0, to=(3, 4), allow_outer_change=True),
    RemoveVertex(arc=1, index=2),
    ReshapeArc(arc=0, first=1, last=3, line=((1, 2), (3, 4)), streets=("一马路",)),
    SetArcs(arcs=((4, ((0, 0), (1, 1))),)),
    SplitByLine(code="A", line=((0, 0), (1, 1)), codes=("E",), keep_at=(5, 5), snap_m=2.5),
    SplitAlongStreets(code="A", lines=(((0, 0), (1, 1)),), codes=("E",), streets=("一马路", "二马路")),
    MergeGrids(codes=("A", "B"), keep=None),
    TransferBlocks(source="A", to="B", units=(unit("u", 0, 0, 1, 1),)),
    AssignUnits(to="B", units=(unit("u", 0, 0, 1, 1),), locked=("C",)),
]


@pytest.mark.parametrize("edit", [*EXAMPLES, Several(operations=tuple(EXAMPLES))], ids=lambda edit: type(edit).__name__)
def test_every_edit_survives_json(edit: AnyOperation) -> None:
    assert from_json(json.loads(json.dumps(to_json(edit), ensure_ascii=False))) == edit


def test_the_inverse_survives_json_with_all_attributes(coverage: Coverage) -> None:
    frame = coverage.grids.frame.copy()
    frame["valid_from"] = "2026-03-01T00:00:00+08:00"
    frame["version"] = [1, 2, 3, 4]
    start = Coverage.of(Grids.of(frame))
    done = MergeGrids(codes=("A", "B")).apply(start)
    back = from_json(json.loads(json.dumps(to_json(done.inverse)))).apply(done.coverage)
    assert back.coverage.attributes.equals(start.attributes)
    assert shapely.to_wkb(back.coverage.shapes).tolist() == shapely.to_wkb(start.shapes).tolist()


def test_every_kind_is_tried() -> None:
    assert {type(edit) for edit in EXAMPLES} | {Several, KINDS["replace_grids"]} == set(KINDS.values())


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"kind": "explode"}, "'explode' is not an edit"),
        ({"kind": "merge_grids", "codes": "AB"}, "edit.codes of an edit is not a list"),
        ({"kind": "merge_grids", "codes": ["A", 3]}, r"edit.codes\[1\] of an edit is not str"),
        ({"kind": "merge_grids"}, "codes"),
        ({"kind": "merge_grids", "codes": ["A", "B"], "force": True}, "no member force"),
        ({"kind": "move_vertex", "arc": True, "index": 0, "to": [0, 0]}, "edit.arc of an edit is not int"),
        ({"kind": "move_vertex", "arc": 1, "index": 0, "to": [0, 0, 0]}, "a list of 2"),
        ({"kind": "several", "operations": ["x"]}, r"edit.operations\[0\] of an edit is not an object"),
    ],
)
def test_what_is_no_edit_is_refused(value: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        from_json(value)  # type: ignore[arg-type]


def test_several_are_all_or_none_and_a_replay_names_the_step(coverage: Coverage) -> None:
    good = SplitByLine(code="A", line=line((-0.001, 0.0125), (0.011, 0.0125)), codes=("E",))
    bad = MergeGrids(codes=("E", "D"))
    with pytest.raises(GeometryError, match="share no boundary"):
        apply_all(coverage, [good, bad])
    with pytest.raises(GeometryError, match="Edit 2: ") as refused:
        replay(coverage, [good, bad])
    assert refused.value.zh.startswith("第 2 步")
    both = apply_all(coverage, [good, MergeGrids(codes=("E", "C"))])
    assert (both.changed_codes, both.added_codes, both.removed_codes) == (("A", "B", "C"), (), ())
    with pytest.raises(ParameterError, match="No edit"):
        Several(operations=()).apply(coverage)


def test_an_edit_of_another_coverage_does_not_fit(coverage: Coverage) -> None:
    done = SplitByLine(code="A", line=line((-0.001, 0.0125), (0.011, 0.0125)), codes=("E",)).apply(coverage)
    other = AssignUnits(to="A", units=(unit("u1", 0.01, 0.017, 0.013, 0.02),)).apply(done.coverage)
    with pytest.raises(GeometryError, match="would not cover the same land as before"):
        done.inverse.apply(other.coverage)


def test_shares_add_up() -> None:
    assert apportioned(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(apportioned(101, [0.3, 0.3, 0.4])) == 101
    assert sum(apportioned(2.5, [1, 3])) == 2.5


def test_units_of_a_table_become_shapes_on_the_lattice() -> None:
    table = gpd.GeoSeries([shapely.box(0, 0, 1 / 3, 1)])
    assert max(x for x, _ in UnitShape.of("u", table.iloc[0]).polygons[0][0]) == 3_333_333
