"""A draft beside its base: pieces, tables and totals that add up."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.grids.comparison import compare_draft, polsby_popper
from geo.grids.crosswalk import Placed
from geo.grids.lineage import LineageStep
from geo.tables.grids import Grids

HEIGHT = (25.6, 25.61)


def box(west: float, east: float) -> shapely.Polygon:
    return shapely.box(100 + west / 100, HEIGHT[0], 100 + east / 100, HEIGHT[1])


def row_of(spans: dict[str, tuple[float, float]], **columns: object) -> Grids:
    codes = list(spans)
    held = {"code": codes, "kind": "general", **columns}
    return Grids.of(gpd.GeoDataFrame(held, geometry=[box(*spans[c]) for c in codes], crs=4326))


BASE = row_of(
    {"A": (0, 1), "B": (1, 2), "C": (2, 3), "D": (3, 4)},
    name=["甲", None, "丙", "丁"], households=[100, 100, 100, None], population=[250.5, 100, 100, 100],
)  # fmt: skip
DRAFT = row_of(
    {"A": (0, 0.8), "B": (0.8, 2), "C": (2, 2.5), "E": (2.5, 3), "D": (3, 4)},
    name=["甲", None, "丙", "新", "丁"], households=[100, 100, 100, None, None], population=[250.5, 100, 100, None, 100],
)  # fmt: skip


def calls(*places: tuple[float, int]) -> Placed:
    at = np.array([[100 + column / 100, 25.605] for column, _ in places])
    return Placed(lonlat=at, weight=np.array([count for _, count in places]))


CALLS = calls((0.5, 10), (0.9, 6), (1.5, 4), (2.2, 3), (2.7, 5), (3.5, 50))


def by_code(frame: pd.DataFrame, column: str) -> dict[str, float]:
    return dict(zip(frame["code"], frame[column], strict=True))


def test_who_moves_is_told_by_land_and_by_calls() -> None:
    made = compare_draft(BASE, DRAFT, placed={"calls": CALLS})
    pieces = made.pieces
    assert list(zip(pieces["from_code"], pieces["to_code"], pieces["calls"], strict=True)) == [
        ("A", "B", 6),
        ("C", "E", 5),
    ]
    assert pieces.geometry.iloc[0].symmetric_difference(box(0.8, 1)).area < 1e-15
    assert pieces.crs == 4326
    table = made.grids
    assert table["code"].tolist() == ["A", "B", "C", "E"]
    assert table["fate"].tolist() == ["shifted", "shifted", "split", "split"]
    assert by_code(table, "calls_before")["A"] == 16
    assert by_code(table, "calls_after") == {"A": 10, "B": 10, "C": 3, "E": 5}
    assert by_code(table, "calls_change") == {"A": -6, "B": 6, "C": -5, "E": 5}
    assert np.isnan(by_code(table, "calls_before")["E"])
    assert by_code(table, "area_m2_change")["A"] == pytest.approx(-float(pieces["area_m2"].iloc[0]), rel=1e-9)


def test_households_and_people_are_shared_by_area_and_said_to_be() -> None:
    made = compare_draft(BASE, DRAFT)
    assert by_code(made.grids, "households_after") == {"A": 80, "B": 120, "C": 50, "E": 50}
    assert by_code(made.grids, "population_after")["A"] == pytest.approx(200.4)
    assert made.methods == {
        "area_m2": "geometry", "households": "area", "population": "area", "compactness": "geometry"
    }  # fmt: skip
    totals = made.totals.set_index("measure")
    assert totals.loc["households", ["before", "after", "left_over"]].tolist() == [300, 300, 0]
    assert totals["left_over"].abs().max() < 1e-6
    homes = calls((0.1, 90), (0.9, 10))
    placed = compare_draft(BASE, DRAFT, placed={"households": homes})
    assert by_code(placed.grids, "households_after")["A"] == 90
    assert placed.methods["households"] == "points"


def test_totals_add_up_when_land_is_lost_and_won() -> None:
    draft = row_of({"A": (0, 1), "B": (1, 1.6), "D": (3, 4.5)}, households=[100, 100, None])
    made = compare_draft(BASE, draft, placed={"calls": CALLS})
    pieces = made.pieces
    assert set(zip(pieces["from_code"].fillna(""), pieces["to_code"].fillna(""), strict=True)) == {
        ("B", ""),
        ("C", ""),
        ("", "D"),
    }
    totals = made.totals.set_index("measure")
    assert totals.loc["calls", ["before", "after", "in", "out", "left_over"]].tolist() == [78, 70, 0, 8, 0]
    assert totals.loc["households", ["before", "after", "out", "left_over"]].tolist() == [300, 160, 140, 0]
    assert totals.loc["area_m2", "left_over"] == pytest.approx(0, abs=0.1)
    assert totals.loc["area_m2", "in"] > 0


def test_workload_follows_calls_and_its_balance_is_of_all_grids() -> None:
    load = {"A": 16.0, "B": 4.0, "C": 8.0, "D": 50.0}
    made = compare_draft(BASE, DRAFT, placed={"calls": CALLS}, workload=load)
    assert by_code(made.grids, "workload_after") == {"A": 10, "B": 10, "C": 3, "E": 5}
    assert made.methods["workload"] == "share"
    before, after = np.array([16, 4, 8, 50]), np.array([10, 10, 3, 5, 50])
    assert made.balance == pytest.approx((before.std() / before.mean(), after.std() / after.mean()))
    assert compare_draft(BASE, DRAFT, workload=load).methods["workload"] == "area"
    assert compare_draft(BASE, DRAFT).balance is None


def test_a_square_is_as_compact_as_a_square() -> None:
    side = 0.001
    square = shapely.box(0, 0, side, side * 1.00674)  # a degree of latitude is shorter at the equator
    assert polsby_popper(np.array([square], dtype=object))[0] == pytest.approx(np.pi / 4, rel=1e-3)
    assert polsby_popper(np.array([shapely.Point(0, 0).buffer(side, quad_segs=64)], dtype=object))[0] > 0.99
    assert len(polsby_popper(np.array([], dtype=object))) == 0


def test_everything_but_the_map_is_plain() -> None:
    made = compare_draft(BASE, DRAFT, placed={"calls": CALLS}, workload={"A": 1.0})
    plain = json.loads(json.dumps(made.plain(), allow_nan=False, ensure_ascii=False))
    assert plain["pieces"][0]["from_code"] == "A"
    assert plain["grids"][3]["calls_before"] is None
    assert plain["labels"]["area_m2"] == ["area, m²", "面积（平方米）"]
    assert [event["zh"] for event in plain["events"]][-1] == "C 拆分为 C、E"


def test_a_rename_and_an_attribute_move_no_land() -> None:
    frame = BASE.frame.assign(code=["A", "B2", "C", "D"], name=["甲改", None, "丙", "丁"])
    made = compare_draft(BASE, Grids.of(frame), placed={"calls": CALLS})
    assert made.grids["fate"].tolist() == ["edited", "renamed", "renamed"]
    assert list(zip(made.pieces["from_code"], made.pieces["to_code"], made.pieces["calls"], strict=True)) == [
        ("B", "B2", 4)
    ]
    assert made.grids["code"].tolist() == ["A", "B", "B2"]


def test_nothing_changed_is_nothing_to_compare() -> None:
    made = compare_draft(BASE, BASE, placed={"calls": CALLS}, workload={"A": 1.0})
    assert len(made.grids) == len(made.pieces) == 0
    assert made.plain()["grids"] == []


def test_operations_give_the_lineage() -> None:
    steps = [
        LineageStep(kind="split", before=("C",), after=("C", "E")),
        LineageStep(kind="shift", before=("A", "B"), after=("A", "B")),
        LineageStep(kind="shift", before=("D",), after=("D",)),
    ]
    made = compare_draft(BASE, DRAFT, steps=steps)
    assert {event.source for event in made.lineage.events} == {"operations"}
    assert made.grids["code"].tolist() == ["A", "B", "C", "D", "E"]


def test_special_grids_have_a_row_without_land() -> None:
    special = gpd.GeoDataFrame({"code": ["S1"], "kind": ["special"]}, geometry=[box(0, 1)], crs=4326)
    made = compare_draft(BASE, Grids.of(pd.concat([BASE.frame, special], ignore_index=True)))
    assert made.grids["fate"].tolist() == ["new"]
    assert len(made.pieces) == 0
