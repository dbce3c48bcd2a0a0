"""An account sees and writes its own area, by every call, and cannot tell what lies beyond from nothing."""

from __future__ import annotations

import geopandas as gpd
import pytest

from geo.errors import ForbiddenError, NotFoundError
from geo.store.port import DEMO, Extent, Principal, Query, Store
from geo.tables.calls import Calls
from geo.tables.grids import Grids
from geo.tables.posts import Posts

WEST = Principal(account="west", scopes=("360702",))
EAST = Principal(account="east", scopes=("360703001", "360703002"))
NOWHERE = Principal(account="nowhere", scopes=("999999",))


@pytest.fixture
def filled(store: Store, tables) -> Store:
    west, east = tables.grids(3), tables.grids(2, county="360703", lon=115.5)
    store.put_table(DEMO, Grids.of(gpd.pd.concat([west.frame, east.frame], ignore_index=True)), source="x")
    store.put_table(DEMO, tables.calls(120), source="x")
    store.put_table(DEMO, tables.small()["posts"], source="x")
    return store


def test_reading_stays_inside_the_scope(filled: Store, tables) -> None:
    frame = tables.calls(120).frame
    for principal, prefix in ((WEST, "360702"), (EAST, "360703001")):
        mine = frame["call_id"][[code is not None and code.startswith(prefix) for code in frame["grid_code"]]].tolist()
        assert 0 < len(mine) < len(frame)
        assert filled.table(principal, Calls).keys == mine
        assert filled.count(principal, "calls") == len(mine)
        assert filled.query(principal, "calls", Query(limit=1000)).frame["call_id"].tolist() == mine
        boxed = filled.query(principal, "calls", Query(bbox=(-180, -90, 180, 90), limit=3, offset=2))
        assert (boxed.matched, boxed.frame["call_id"].tolist()) == (len(mine), mine[2:5])
        theirs = next(key for key in frame["call_id"] if key not in mine)
        assert filled.feature(principal, "calls", mine[0])["call_id"].tolist() == mine[:1]
        with pytest.raises(NotFoundError):
            filled.feature(principal, "calls", theirs)
        assert {code[:6] for code in filled.table(principal, Grids).keys} == {prefix[:6]}
        assert filled.extent(principal, "grids").bbox == tuple(filled.table(principal, Grids).frame.total_bounds)


def test_equal_questions_of_different_accounts_do_not_share_counts(filled: Store) -> None:
    query = Query(bbox=(-180, -90, 180, 90))
    counts = [filled.query(who, "calls", query).matched for who in (DEMO, WEST, EAST, NOWHERE, DEMO)]
    assert counts[0] == counts[4] == 120
    assert counts[1] + counts[2] < 120
    assert counts[3] == 0


def test_a_scope_without_rows_sees_nothing_and_tables_without_codes_are_seen_whole(filled: Store) -> None:
    assert len(filled.table(NOWHERE, Calls)) == 0
    assert filled.extent(NOWHERE, "calls") == Extent()
    assert filled.count(NOWHERE, "grids") == 0
    assert len(filled.table(NOWHERE, Posts)) == 2


def test_a_prefix_is_not_a_pattern(filled: Store) -> None:
    for scope in ("%", "36070_", "*", "360702%"):
        assert filled.count(Principal(account="x", scopes=(scope,)), "calls") == 0


def test_writing_outside_the_scope_is_refused_whole(filled: Store, tables) -> None:
    mixed = tables.calls(10, prefix="X")
    for write in (filled.put_table, filled.upsert):
        with pytest.raises(ForbiddenError) as caught:
            write(WEST, mixed, source="x")
        assert caught.value.rows
    assert filled.count(DEMO, "calls") == 120
    assert filled.version("calls") == 1


def test_the_rows_of_others_cannot_be_taken_over_by_their_keys(filled: Store, tables) -> None:
    claimed = tables.calls(120, codes=("360702001001001",))
    before = filled.table(DEMO, Calls).frame
    for write in (filled.put_table, filled.upsert):
        with pytest.raises(ForbiddenError):
            write(WEST, claimed, source="x")
    assert before.equals(filled.table(DEMO, Calls).frame)


def test_replacing_a_collection_replaces_the_part_that_is_seen(filled: Store, tables) -> None:
    others = set(filled.table(DEMO, Calls).keys) - set(filled.table(WEST, Calls).keys)
    mine = tables.calls(7, prefix="W", codes=("360702009009009",))
    assert filled.put_table(WEST, mine, source="x") == 2
    assert filled.table(WEST, Calls).keys == list(mine.keys)
    assert set(filled.table(DEMO, Calls).keys) == others | set(mine.keys)
    assert filled.count(DEMO, "calls") == len(others) + 7


def test_edits_and_history_stay_inside_the_scope(filled: Store, tables) -> None:
    west = tables.grids(3)
    frame = west.frame.set_geometry(west.frame.geometry.translate(0.001, 0))
    with pytest.raises(NotFoundError):
        filled.update_grids(EAST, Grids.of(frame), seen_version=1, note="")
    assert filled.update_grids(WEST, Grids.of(frame), seen_version=1, note="") == 2
    code = west.keys[0]
    assert len(filled.grid_history(WEST, code)) == 1
    with pytest.raises(NotFoundError):
        filled.grid_history(EAST, code)
