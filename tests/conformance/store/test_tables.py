"""What is written comes back: every kind of table, whole, in part, again, and never by halves."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geo.errors import EncodingError, FieldError, NotFoundError, UnavailableError
from geo.store.port import DEMO, TABLES, Query, Store
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grids import Grids
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.spec import Table


def in_key_order(table: Table) -> pd.DataFrame:
    order = sorted(range(len(table)), key=lambda i: table.keys[i])
    return table.frame.iloc[order].reset_index(drop=True)


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert type(found) is type(wanted)
    assert_frame_equal(found, wanted)
    if isinstance(wanted, gpd.GeoDataFrame):
        assert found.crs == wanted.crs
        assert shapely.to_wkb(found.geometry.array).tolist() == shapely.to_wkb(wanted.geometry.array).tolist()


def test_every_kind_of_table_comes_back_in_key_order(store: Store, tables) -> None:
    made = {"grids": tables.grids(), "calls": tables.calls(), **tables.small()}
    assert set(made) == set(TABLES)
    for table in made.values():
        assert store.put_table(DEMO, table, source="测试.gpkg") == 1
    for name, table in made.items():
        back = store.table(DEMO, type(table))
        assert type(back) is type(table)
        assert_same(back.frame, in_key_order(table))
        assert store.count(DEMO, name) == len(table)
        assert store.version(name) == 1


def test_a_table_that_came_back_passes_its_own_check_unchanged(store: Store, tables) -> None:
    store.put_table(DEMO, tables.calls(), source="x")
    back = store.table(DEMO, Calls)
    assert_same(Calls.of(back.frame).frame, back.frame)


def test_an_empty_store_has_empty_tables_of_the_right_types(store: Store) -> None:
    for name, kind in TABLES.items():
        assert_frame_equal(store.table(DEMO, kind).frame, kind.empty().frame)
        assert store.version(name) == 0
        assert store.count(DEMO, name) == 0
        page = store.query(DEMO, name, Query())
        assert (page.matched, len(page.frame)) == (0, 0)


def test_times_are_kept_to_the_microsecond_across_the_whole_calendar(store: Store, tables) -> None:
    frame = tables.grids(5).frame.copy()
    frame["valid_from"] = pd.Series(
        ["1700-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", None]
    )  # fmt: skip
    made = Grids.of(frame)
    store.put_table(DEMO, made, source="x")
    assert_same(store.table(DEMO, Grids).frame, made.frame)


def test_numbers_are_kept_to_the_last_bit(store: Store, tables) -> None:
    frame = tables.grids(4).frame.copy()
    frame["population"] = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, np.nan]
    frame["version"] = pd.array([2**53 - 1, 0, None, 2**40], dtype="Int64")
    made = Grids.of(frame)
    store.put_table(DEMO, made, source="x")
    assert_same(store.table(DEMO, Grids).frame, made.frame)


def test_coordinates_keep_their_bits_and_their_height(store: Store) -> None:
    places = [
        shapely.Point(0.1 + 0.2, -1e-17),
        shapely.Point(179.99999999999997, 89.99999999999999, 8848.86),
        shapely.Point(-180, -90),
    ]
    made = Posts.of(
        gpd.GeoDataFrame(
            {"post_id": ["a", "b", "c"], "name": "", "kind": "kiosk", "state": "fixed"}, geometry=places, crs=4326
        )
    )
    store.put_table(DEMO, made, source="x")
    assert_same(store.table(DEMO, Posts).frame, made.frame)


def test_putting_a_table_replaces_the_old_one(store: Store, tables) -> None:
    store.put_table(DEMO, tables.calls(50), source="one")
    assert store.put_table(DEMO, tables.calls(20, prefix="D"), source="two") == 2
    assert [key[0] for key in store.table(DEMO, Calls).keys] == ["D"] * 20
    assert store.put_table(DEMO, Calls.empty(), source="three") == 3
    assert store.count(DEMO, "calls") == 0


def test_upsert_inserts_updates_and_repeats_without_effect(store: Store, tables) -> None:
    old, new = tables.calls(60), tables.calls(90, seed=8)
    assert store.upsert(DEMO, old, source="x") == (60, 0)
    assert store.upsert(DEMO, new, source="x") == (30, 60)
    assert_same(store.table(DEMO, Calls).frame, new.frame)
    assert store.upsert(DEMO, new, source="x") == (0, 90)
    assert_same(store.table(DEMO, Calls).frame, new.frame)
    assert store.upsert(DEMO, tables.calls(2, prefix="A"), source="x") == (2, 0)
    assert store.table(DEMO, Calls).keys[:3] == ["A00000", "A00001", "C00000"]
    assert store.count(DEMO, "calls") == 92
    assert store.version("calls") == 4
    assert store.upsert(DEMO, Calls.empty(), source="x") == (0, 0)


def test_keys_are_ordered_by_code_point_on_every_store(store: Store) -> None:
    keys = ["b", "a", "B", "A", "_", "10", "9", "é", "中", "丁", "🚓", "～", "a b", "a-b", "ab"]
    shifts = Shifts.of(pd.DataFrame({"shift_id": keys, "name": "", "start_minute": 0, "length_minutes": 1}))
    store.put_table(DEMO, shifts, source="x")
    assert store.table(DEMO, Shifts).keys == sorted(keys)
    paged = [
        store.query(DEMO, "shifts", Query(limit=4, offset=at)).frame["shift_id"].tolist() for at in range(0, 15, 4)
    ]
    assert [key for page in paged for key in page] == sorted(keys)


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("name", "半\x00角", EncodingError),
        ("name", "\ud83d", EncodingError),
        ("shift_id", "\x00", EncodingError),
        ("shift_id", "长" * 201, FieldError),
    ],
)
def test_texts_that_some_database_cannot_hold_are_refused_by_all(
    store: Store, field: str, text: str, error: type[Exception]
) -> None:
    good = pd.DataFrame({"shift_id": ["S1"], "name": "", "start_minute": 0, "length_minutes": 1})
    store.put_table(DEMO, Shifts.of(good), source="x")
    bad = good.assign(shift_id="S2").assign(**{field: pd.Series([text], dtype=object)})
    for write in (store.put_table, store.upsert):
        with pytest.raises(error, match=field):
            write(DEMO, Shifts.of(bad), source="x")
    assert store.table(DEMO, Shifts).keys == ["S1"]
    assert store.version("shifts") == 1


def test_long_texts_and_the_longest_keys_are_kept(store: Store) -> None:
    made = Shifts.of(
        pd.DataFrame({"shift_id": ["长" * 200], "name": "名" * 100_000, "start_minute": 0, "length_minutes": 1})
    )
    store.put_table(DEMO, made, source="x")
    assert_same(store.table(DEMO, Shifts).frame, made.frame)


class Broken(Calls):
    """A table whose keys are not unique, which its check would have refused."""

    __slots__ = ()


def test_a_write_that_fails_half_way_leaves_the_old_rows(sql_store: SqlStore, tables) -> None:
    store, old = sql_store, tables.calls(50)
    store.put_table(DEMO, old, source="x")
    frame = tables.calls(5000, seed=9).frame.copy()
    frame.loc[4999, "call_id"] = frame.loc[0, "call_id"]
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.put_table(DEMO, Broken(frame), source="x")
    assert_same(store.table(DEMO, Calls).frame, old.frame)
    assert store.version("calls") == 1
    assert [record.action for record in store.audit(DEMO)] == ["table.put"]


def test_unknown_collections_and_keys_are_not_found(store: Store, tables) -> None:
    store.put_table(DEMO, tables.calls(5), source="x")
    for ask in (store.version, lambda name: store.count(DEMO, name), lambda name: store.query(DEMO, name, Query())):
        with pytest.raises(NotFoundError, match="police_grids"):
            ask("persons")
    with pytest.raises(NotFoundError):
        store.feature(DEMO, "persons", "x")
    for key in ("C99999", "", "\x00", "C00001' OR '1'='1"):
        with pytest.raises(NotFoundError):
            store.feature(DEMO, "calls", key)


def test_one_row_by_its_key(store: Store, tables) -> None:
    made = tables.calls(30)
    store.put_table(DEMO, made, source="x")
    assert_same(store.feature(DEMO, "calls", "C00017"), made.frame[17:18].reset_index(drop=True))


def test_what_is_given_back_may_be_changed_without_changing_the_store(store: Store, tables) -> None:
    made = tables.calls(5)
    store.put_table(DEMO, made, source="x")
    back = store.table(DEMO, Calls).frame
    back["family"] = "改"
    back.loc[0, "address"] = "改"
    page = store.query(DEMO, "calls", Query()).frame
    page.loc[0, "family"] = "改"
    assert_same(store.table(DEMO, Calls).frame, made.frame)


def test_a_closed_store_says_so(store: Store, tables) -> None:
    store.close()
    for ask in (
        lambda: store.put_table(DEMO, tables.calls(1), source="x"),
        lambda: store.table(DEMO, Calls),
        lambda: store.version("calls"),
        lambda: store.audit(DEMO),
        lambda: store.put_document(DEMO, "x", {}),
    ):
        with pytest.raises(UnavailableError, match="closed"):
            ask()
    store.close()
