"""Two people and one boundary: nobody's work is lost, and what was before is kept."""

from __future__ import annotations

import re
from datetime import timedelta

import geopandas as gpd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geo.errors import ConflictError, NotFoundError
from geo.store.port import DEMO, HISTORY_COLUMNS, Principal, Store
from geo.tables.grids import Grids

WANG = Principal(account="wang")
LI = Principal(account="li")


def moved(table: Grids, *codes: str, by: float = 0.001) -> Grids:
    frame = table.frame[table.frame["code"].isin(codes)].copy()
    return Grids.of(frame.set_geometry(frame.geometry.translate(by, by)))


def wkb(frame: gpd.GeoDataFrame) -> list[bytes]:
    return [bytes(value) for value in shapely.to_wkb(frame.geometry.array)]


def codes(table: Grids) -> list[str]:
    return list(table.keys)


def test_an_edit_replaces_just_its_grids_and_raises_the_version(store: Store, tables) -> None:
    before = tables.grids(4)
    store.put_table(DEMO, before, source="x")
    a, b, c, d = codes(before)
    change = moved(before, b, d)
    assert store.update_grids(WANG, change, seen_version=1, note="移动一个顶点") == 2
    after = store.table(DEMO, Grids).frame
    assert after["code"].tolist() == [a, b, c, d]
    assert wkb(after[after["code"].isin([b, d])]) == wkb(change.frame)
    assert_frame_equal(after[after["code"].isin([a, c])], before.frame[before.frame["code"].isin([a, c])])
    assert store.version("grids") == 2
    assert store.count(DEMO, "grids") == 4
    newest = store.audit(DEMO)[0]
    assert (newest.account, newest.action, newest.subject) == ("wang", "grids.update", "grids")
    assert b in newest.detail
    assert "移动一个顶点" in newest.detail


def test_the_second_of_two_edits_of_one_grid_is_told_who_was_first_and_when(store: Store, tables, clock) -> None:
    before = tables.grids(4)
    store.put_table(DEMO, before, source="x")
    a, b, c, _ = codes(before)
    store.update_grids(WANG, moved(before, a, b), seen_version=1, note="first")
    first_at = store.audit(DEMO)[0].at
    kept = store.table(DEMO, Grids)
    with pytest.raises(ConflictError) as caught:
        store.update_grids(LI, moved(before, b, c, by=-0.002), seen_version=1, note="second")
    said = re.search(r"by wang at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \+0800", caught.value.en)
    assert said is not None
    beijing = first_at.astimezone(clock.at.tzinfo)
    assert abs(beijing - beijing.strptime(f"{said[1]} +0800", "%Y-%m-%d %H:%M:%S %z")) < timedelta(seconds=3)
    assert said[1].startswith("2026-11-22 13:00")
    assert "wang" in caught.value.zh
    assert "重新读取" in caught.value.zh
    assert caught.value.rows == (b,)
    assert_frame_equal(store.table(DEMO, Grids).frame, kept.frame)
    assert store.version("grids") == 2


def test_edits_of_different_grids_from_the_same_reading_both_hold(store: Store, tables) -> None:
    before = tables.grids(4)
    store.put_table(DEMO, before, source="x")
    a, b, c, _ = codes(before)
    assert store.update_grids(WANG, moved(before, a), seen_version=1, note="") == 2
    assert store.update_grids(LI, moved(before, c), seen_version=1, note="") == 3
    after = store.table(DEMO, Grids).frame.set_index("code")
    first = before.frame.set_index("code")
    assert [code for code in first.index if not after.geometry[code].equals_exact(first.geometry[code])] == [a, c]
    with pytest.raises(ConflictError):
        store.update_grids(LI, moved(before, a, b), seen_version=1, note="")


def test_a_stale_window_of_the_same_account_is_stale(store: Store, tables) -> None:
    before = tables.grids(2)
    store.put_table(DEMO, before, source="x")
    change = moved(before, codes(before)[0])
    store.update_grids(WANG, change, seen_version=1, note="")
    with pytest.raises(ConflictError, match="wang"):
        store.update_grids(WANG, change, seen_version=1, note="")
    assert store.update_grids(WANG, change, seen_version=2, note="") == 3


def test_an_import_makes_open_edits_stale(store: Store, tables) -> None:
    before = tables.grids(2)
    store.put_table(DEMO, before, source="x")
    store.upsert(LI, before, source="again.gpkg")
    with pytest.raises(ConflictError, match="li"):
        store.update_grids(WANG, moved(before, codes(before)[0]), seen_version=1, note="")


def test_an_edit_from_the_future_means_that_a_backup_was_restored(store: Store, tables) -> None:
    before = tables.grids(2)
    store.put_table(DEMO, before, source="x")
    with pytest.raises(ConflictError, match="backup"):
        store.update_grids(WANG, moved(before, codes(before)[0]), seen_version=9, note="")


def test_unknown_grids_are_not_made_by_an_edit(store: Store, tables) -> None:
    before = tables.grids(2)
    store.put_table(DEMO, before, source="x")
    stranger = tables.grids(1, first=77)
    both = Grids.of(gpd.pd.concat([before.frame, stranger.frame], ignore_index=True))
    with pytest.raises(NotFoundError, match=codes(stranger)[0]):
        store.update_grids(WANG, both, seen_version=1, note="")
    assert_frame_equal(store.table(DEMO, Grids).frame, before.frame)
    assert store.version("grids") == 1


def test_every_former_boundary_is_kept_to_the_byte_with_who_and_when(store: Store, tables) -> None:
    before = tables.grids(3)
    store.put_table(LI, before, source="三月.gpkg")
    code = codes(before)[1]
    first = moved(before, code)
    store.update_grids(WANG, first, seen_version=1, note="沿河重划")
    second = moved(first, code)
    store.update_grids(LI, second, seen_version=2, note="改回路边")
    kept = store.grid_history(DEMO, code)
    assert list(kept.columns) == [*before.frame.columns, *HISTORY_COLUMNS]
    assert kept.crs == "EPSG:4326"
    assert wkb(kept) == wkb(first.frame) + wkb(before.frame[before.frame["code"] == code])
    assert kept["row_version"].tolist() == [2, 1]
    assert kept["row_by"].tolist() == ["wang", "li"]
    assert kept["replaced_version"].tolist() == [3, 2]
    assert kept["replaced_by"].tolist() == ["li", "wang"]
    assert kept["note"].tolist() == ["改回路边", "沿河重划"]
    assert kept["row_at"].iloc[0] == kept["replaced_at"].iloc[1] > kept["row_at"].iloc[1]
    untouched = store.grid_history(DEMO, codes(before)[0])
    assert len(untouched) == 0
    assert list(untouched.columns) == list(kept.columns)
    with pytest.raises(NotFoundError):
        store.grid_history(DEMO, "000")


def test_imports_keep_what_they_change_or_remove_and_nothing_else(store: Store, tables) -> None:
    before = tables.grids(4)
    store.put_table(DEMO, before, source="x")
    a, b, c, d = codes(before)
    after = Grids.of(gpd.pd.concat([before.frame[:2], moved(before, c).frame], ignore_index=True))
    store.put_table(WANG, after, source="新版.gpkg")
    assert [len(store.grid_history(DEMO, code)) for code in (a, b, c, d)] == [0, 0, 1, 1]
    gone = store.grid_history(DEMO, d)
    assert wkb(gone) == wkb(before.frame[3:])
    assert gone["note"].tolist() == ["新版.gpkg"]
    named = before.frame.copy()
    named["name"] = "同名"
    store.upsert(LI, Grids.of(named[1:2]), source="y")
    assert [len(store.grid_history(DEMO, code)) for code in (a, b, c, d)] == [0, 1, 1, 1]


def test_the_audit_is_newest_first_and_names_every_write(store: Store, tables) -> None:
    store.put_table(LI, tables.grids(2), source="网格.gpkg")
    store.upsert(WANG, tables.calls(3), source="警情.csv")
    store.put_document(WANG, "settings", {"a": 1})
    store.add_audit(LI, action="export", subject="calls", detail="3 rows")
    said = store.audit(DEMO)
    assert [(record.account, record.action, record.subject) for record in said] == [
        ("li", "export", "calls"),
        ("wang", "document.put", "settings"),
        ("wang", "table.upsert", "calls"),
        ("li", "table.put", "grids"),
    ]
    assert "警情.csv" in said[2].detail
    assert "2 rows from 网格.gpkg" in said[3].detail
    assert [record.at for record in said] == sorted((record.at for record in said), reverse=True)
    assert said[0].at.utcoffset() == timedelta(0)
    assert store.audit(DEMO, limit=2) == said[:2]
