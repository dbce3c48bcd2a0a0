"""Pages of a collection, against the same question asked of the frame."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import numpy as np
import pytest
import shapely

from geo.errors import CoordinateError, FieldError, ParameterError
from geo.store.port import DEMO, Extent, Query, Store
from geo.tables.calls import Calls

BOXES = [
    None,
    (114.90, 25.80, 114.93, 25.86),
    (114.929, 25.849, 114.931, 25.851),
    (-180.0, -90.0, 180.0, 90.0),
    (0.0, 0.0, 1.0, 1.0),
    (114.93, 25.85, 114.93, 25.85),
]


def expected(frame, query: Query) -> list[str]:
    keep = np.ones(len(frame), dtype=bool)
    if query.bbox is not None:
        west, south, east, north = query.bbox
        lon, lat = frame.geometry.x, frame.geometry.y
        keep &= ((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).to_numpy()
    if query.start is not None:
        keep &= (frame["occurred_at"] >= query.start).to_numpy()
    if query.end is not None:
        keep &= (frame["occurred_at"] < query.end).to_numpy()
    for name, value in query.equals.items():
        keep &= (frame[name] == value).to_numpy(dtype=bool)
    for name, part in query.holds.items():
        keep &= np.array([isinstance(text, str) and part in text for text in frame[name]])
    return sorted(frame["call_id"][keep])


SPANS = [(None, None), (3, 4), (3, None), (None, 20), (-100, 100), (31, 40), (5, 5)]
EQUALS = [{}, {"family": "盗窃"}, {"family": "纠纷", "grid_code": "360702001001002"}, {"family": "无此类"}]


@pytest.mark.parametrize("bbox", [BOXES[:3], BOXES[3:]])
def test_boxes_and_times_find_what_a_scan_finds(store: Store, tables, day, bbox) -> None:
    table = tables.calls(250)
    store.put_table(DEMO, table, source="x")
    for box, span, equals in product(bbox, SPANS, EQUALS):
        start, end = (None if number is None else day(number) for number in span)
        keys = expected(table.frame, Query(bbox=box, start=start, end=end, equals=equals))
        for limit, offset in (
            (7, 3),
            (1000, 0),
            (0, 0),
            (10, 100_000),
            (7, 3),
        ):  # a repeated one comes from a count kept
            page = store.query(
                DEMO, "calls", Query(bbox=box, start=start, end=end, equals=equals, limit=limit, offset=offset)
            )
            assert page.matched == len(keys)
            assert page.frame["call_id"].tolist() == keys[offset : offset + limit]


@pytest.mark.parametrize("part", ["盗", "纠纷", "a", "A", "%", "_", "0702001", "'"])
def test_a_part_of_a_text_is_found_letter_by_letter(store: Store, tables, part: str) -> None:
    frame = tables.calls(60).frame.copy()
    frame["flags"] = [(None, "a=open", "A=Open", "50%", "x_y", "it's")[i % 6] for i in range(len(frame))]
    store.put_table(DEMO, Calls(frame), source="x")
    for name in ("flags", "family", "grid_code"):
        keys = expected(frame, Query(holds={name: part}))
        page = store.query(DEMO, "calls", Query(holds={name: part}, limit=1000))
        assert page.frame["call_id"].tolist() == keys
        assert page.matched == len(keys)
        both = store.query(DEMO, "calls", Query(holds={name: part}, equals={"family": "盗窃"}, limit=1000))
        assert both.frame["call_id"].tolist() == expected(frame, Query(holds={name: part}, equals={"family": "盗窃"}))


def test_edges_of_a_box_belong_to_it_and_the_end_of_a_time_does_not(store: Store, tables) -> None:
    table = tables.calls(20)
    store.put_table(DEMO, table, source="x")
    first = table.frame.iloc[0]
    lon, lat, at = first.geometry.x, first.geometry.y, first["occurred_at"].to_pydatetime()
    only = Query(bbox=(lon, lat, lon, lat), start=at, end=at + timedelta(microseconds=1))
    assert store.query(DEMO, "calls", only).frame["call_id"].tolist() == [first["call_id"]]
    assert store.query(DEMO, "calls", Query(bbox=(lon, lat, lon, lat), end=at)).matched == 0
    west_of = np.nextafter(lon, -np.inf)
    assert store.query(DEMO, "calls", Query(bbox=(west_of - 1, lat, west_of, lat))).matched == 0


def test_counts_follow_the_next_write(store: Store, tables) -> None:
    box = (-180.0, -90.0, 180.0, 90.0)
    for rows in (30, 10, 25):
        store.put_table(DEMO, tables.calls(rows), source="x")
        assert store.query(DEMO, "calls", Query(bbox=box)).matched == rows
        assert store.query(DEMO, "calls", Query(equals={"family": "盗窃"})).matched <= rows
    store.upsert(DEMO, tables.calls(40), source="x")
    assert store.query(DEMO, "calls", Query(bbox=box)).matched == 40


def test_areas_match_when_their_boxes_meet(store: Store, tables) -> None:
    store.put_table(DEMO, tables.grids(6), source="x")
    frame = tables.grids(6).frame
    for bbox in (
        *BOXES[1:],
        (114.905, 25.825, 114.906, 25.826),
        (114.92, 25.79, 114.92, 25.80),
        (114.9149, 25.8249, 114.9151, 25.8251),
    ):
        want = frame["code"][shapely.intersects(shapely.envelope(frame.geometry.array), shapely.box(*bbox))]
        page = store.query(DEMO, "grids", Query(bbox=bbox))
        assert page.frame["code"].tolist() == sorted(want)
        assert page.matched == len(want)


def test_a_box_taller_than_the_list_of_cells_finds_all(store: Store, tables) -> None:
    store.put_table(DEMO, tables.calls(300), source="x")
    assert store.query(DEMO, "calls", Query(bbox=(114.0, 20.0, 116.0, 30.0))).matched == 300


def test_rows_without_geometry_have_an_empty_one(store: Store, tables) -> None:
    store.put_table(DEMO, tables.small()["shifts"], source="x")
    page = store.query(DEMO, "shifts", Query(equals={"name": "夜班"}))
    assert page.frame["shift_id"].tolist() == ["S2"]
    assert page.frame.geometry.tolist() == [None]
    assert store.feature(DEMO, "shifts", "S1").geometry.tolist() == [None]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (Query(bbox=(115, 25, 114, 26)), ParameterError),
        (Query(bbox=(114, 26, 115, 25)), ParameterError),
        (Query(bbox=(float("nan"), 25, 115, 26)), CoordinateError),
        (Query(bbox=(114, 25, float("inf"), 26)), CoordinateError),
        (Query(limit=-1), ParameterError),
        (Query(offset=-1), ParameterError),
        (Query(start=datetime(2026, 1, 1)), ParameterError),  # noqa: DTZ001  # the zone is missing on purpose
        (Query(equals={"nobody": "x"}), FieldError),
        (Query(holds={"nobody": "x"}), FieldError),
        (Query(holds={"priority": "1"}), FieldError),
        (Query(holds={"family": ""}), ParameterError),
        (Query(equals={"priority": "1"}), FieldError),
        (Query(equals={"family; DROP TABLE calls": "x"}), FieldError),
    ],
)
def test_questions_that_make_no_sense_are_refused_with_a_sentence(
    store: Store, query: Query, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        store.query(DEMO, "calls", query)
    assert caught.value.zh
    assert caught.value.en


def test_boxes_and_times_are_refused_where_there_are_none(store: Store, day) -> None:
    with pytest.raises(ParameterError, match="shifts"):
        store.query(DEMO, "shifts", Query(bbox=(0, 0, 1, 1)))
    with pytest.raises(ParameterError, match="posts"):
        store.query(DEMO, "posts", Query(start=day(1)))
    with pytest.raises(ParameterError, match="backwards"):
        store.query(DEMO, "calls", Query(start=day(2), end=day(1)))


def test_extents(store: Store, tables) -> None:
    assert store.extent(DEMO, "calls") == Extent()
    for table in (tables.calls(50), tables.grids(3), *tables.small().values()):
        store.put_table(DEMO, table, source="x")
    frame = tables.calls(50).frame
    assert store.extent(DEMO, "calls") == Extent(
        bbox=tuple(frame.total_bounds),
        start=frame["occurred_at"].min().to_pydatetime(),
        end=frame["occurred_at"].max().to_pydatetime(),
    )
    assert store.extent(DEMO, "grids") == Extent(bbox=tuple(tables.grids(3).frame.total_bounds))
    assert store.extent(DEMO, "units") == Extent(bbox=(114.9, 25.8, 114.95, 25.85))
    assert store.extent(DEMO, "shifts") == Extent()
