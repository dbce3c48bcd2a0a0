"""What was acknowledged stays: through kill -9, beside readers, between processes, in backups."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

from geo.errors import FileError
from geo.grids.changes import Changes
from geo.grids.drafts import DraftRecord, Rules
from geo.grids.lineage import LineageStep
from geo.store.port import DEMO, TABLES, PlanRecord, Principal, Query, Store
from geo.store.schema import METADATA, REVISION
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grids import Grids

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]


def run_writers(*arguments: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, str(HERE / "writers.py"), *arguments],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_acknowledged_is_lost_when_writers_are_killed(sql_address: str) -> None:
    told = run_writers("kill", sql_address, "6")
    assert told["acked"] + told["edits"] >= 6 * 4
    assert told["found_edits"] >= told["edits"] >= 6


def test_two_processes_edit_one_grid_without_losing_an_edit(sql_address: str) -> None:
    told = run_writers("compete", sql_address, "15")
    assert told["failed"] == 0
    assert told["edits"] == 30
    assert told["version"] == 31
    assert told["steps"]
    assert told["calls"] == 2 * 15 * 3


def together(*works: Callable[[], None]) -> None:
    """Run each work in its own thread and raise the first error of any."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if errors:
        raise errors[0]


def test_readers_see_one_moment_while_a_writer_writes(store: Store, tables) -> None:
    versions = [tables.calls(rows, seed=rows) for rows in (100, 160, 220)]
    wanted = {len(table): table.frame["address"].tolist() for table in versions}
    store.put_table(DEMO, versions[0], source="x")
    over = threading.Event()
    reads: list[int] = []

    def write() -> None:
        try:
            for number in range(1, 16):
                assert store.put_table(DEMO, versions[number % 3], source="x") == number + 1
        finally:
            over.set()

    def read() -> None:
        while True:
            last = over.is_set()
            frame = store.table(DEMO, Calls).frame
            assert frame["address"].tolist() == wanted[len(frame)]
            page = store.query(DEMO, "calls", Query(bbox=(-180, -90, 180, 90), limit=1000))
            assert page.matched == len(page.frame)
            assert page.frame["address"].tolist() == wanted[page.matched]
            reads.append(len(frame))
            if last:
                return

    together(write, read, read, read)
    assert len(reads) >= 3
    assert store.version("calls") == 16


def test_many_threads_may_write_at_once(store: Store, tables) -> None:
    store.put_table(DEMO, tables.grids(4), source="x")

    def writer(number: int) -> Callable[[], None]:
        def work() -> None:
            for turn in range(5):
                rows = tables.calls(4, prefix=f"T{number}-{turn}-", seed=turn)
                assert store.upsert(Principal(account=f"a{number}"), rows, source="x") == (4, 0)

        return work

    together(*(writer(number) for number in range(6)))
    assert store.count(DEMO, "calls") == 6 * 5 * 4
    assert store.version("calls") == 30
    accounts = [record.account for record in store.audit(DEMO) if record.action == "table.upsert"]
    assert sorted(accounts) == sorted(f"a{number}" for number in range(6) for _ in range(5))


def fill(store: Store, tables) -> None:
    for table in (tables.grids(4), tables.calls(300), *tables.small().values()):
        store.put_table(DEMO, table, source="源.gpkg")
    moved = tables.grids(4).frame
    store.update_grids(
        Principal(account="wang"),
        Grids.of(moved.set_geometry(moved.geometry.translate(0.001, 0))),
        seen_version=1,
        note="改",
    )
    store.put_document(DEMO, "speeds", {"residential": 30.5})
    store.add_plan(
        DEMO,
        PlanRecord(
            plan_id="p",
            kind="posts",
            title="屯警",
            created_at=store.audit(DEMO)[0].at,
            created_by="demo",
            body={"n": [1]},
        ),
    )
    fill_editions(store)


def fill_editions(store: Store) -> None:
    """Record the grids as they stand, publish a draft that ends one and begins one, and leave another draft open."""
    day = date(2026, 11, 22)
    store.record_edition(DEMO, title="首版", valid_from=day, today=day)
    frame = store.table(DEMO, Grids).frame
    fresh = frame.iloc[[3]].assign(code="360702001001009", name="新")
    changes = Changes(changed=Grids.of(fresh), gone=(frame["code"][3],))
    alone = Rules(two_people=False)
    kept = None
    for draft_id in ("d1", "d2"):
        at = store.audit(DEMO, limit=1)[0].at
        draft = DraftRecord.begun(draft_id=draft_id, title="东关", base=1, actor=DEMO, at=at)
        kept = store.save_draft(
            DEMO, draft.saved(changes, actor=DEMO, at=at), seen_version=0, changes=changes, work={"strokes": [1]}
        )
    step = kept.taken("submit", actor=DEMO, at=at).taken("approve", actor=DEMO, at=at, rules=alone)
    kept = store.save_draft(DEMO, step, seen_version=1)
    steps = [LineageStep(kind="rename", before=changes.gone, after=("360702001001009",), note="换码")]
    store.publish_draft(
        DEMO, kept.published(day, actor=DEMO, at=at, rules=alone), seen_version=2, today=day, steps=steps
    )


def test_the_copy_of_any_store_opens_as_a_store_with_everything_in_it(store: Store, tables, tmp_path: Path) -> None:
    fill(store, tables)
    target = tmp_path / "copy.db"
    store.backup(str(target))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("copy")) == ["copy.db"]
    assert target.stat().st_mode & 0o077 == 0
    with SqlStore.open(target) as copy:
        for name, kind in TABLES.items():
            assert_frame_equal(copy.table(DEMO, kind).frame, store.table(DEMO, kind).frame)
            assert copy.version(name) == store.version(name)
            assert copy.count(DEMO, name) == store.count(DEMO, name)
        code = store.table(DEMO, Grids).keys[0]
        assert_frame_equal(copy.grid_history(DEMO, code), store.grid_history(DEMO, code))
        assert copy.audit(DEMO) == store.audit(DEMO)
        assert copy.drafts(DEMO) == store.drafts(DEMO)
        assert copy.draft_work(DEMO, "d1") == {"strokes": [1]}
        assert copy.draft_changes(DEMO, "d1").touched == store.draft_changes(DEMO, "d1").touched
        assert copy.editions(DEMO) == store.editions(DEMO)
        assert copy.edition_steps(DEMO, 2) == store.edition_steps(DEMO, 2)
        for number in (1, 2):
            assert_frame_equal(copy.edition_grids(DEMO, number).frame, store.edition_grids(DEMO, number).frame)
        assert copy.plans(DEMO) == store.plans(DEMO)
        assert copy.document(DEMO, "speeds") == {"residential": 30.5}
        assert copy.query(DEMO, "calls", Query(bbox=(114.9, 25.8, 114.95, 25.9))).matched > 0
        assert copy.facts()["integrity"] == "ok"
        assert copy.put_table(DEMO, tables.calls(3), source="x") == 2
        assert copy.put_document(DEMO, "after", {}) is None
    store.backup(str(target))
    with SqlStore.open(target) as again:
        assert again.version("calls") == 1


def test_a_backup_in_use_is_one_moment(store: Store, tables, tmp_path: Path) -> None:
    store.put_table(DEMO, tables.calls(10), source="x")
    over = threading.Event()

    def write() -> None:
        try:
            for number in range(12):
                store.put_table(DEMO, tables.calls(10 + number), source="x")
        finally:
            over.set()

    def copy() -> None:
        for number in range(3):
            target = tmp_path / f"copy{number}.db"
            store.backup(str(target))
            with SqlStore.open(target) as copied:
                rows = copied.count(DEMO, "calls")
                assert len(copied.table(DEMO, Calls)) == rows
                assert rows == 10 + max(copied.version("calls") - 2, 0)
                assert len(copied.audit(DEMO)) == copied.version("calls")

    together(write, copy)


def test_a_backup_that_cannot_be_written_says_so_and_leaves_nothing(store: Store, tables, tmp_path: Path) -> None:
    store.put_table(DEMO, tables.calls(3), source="x")
    with pytest.raises(FileError, match="nowhere"):
        store.backup(str(tmp_path / "nowhere" / "copy.db"))
    assert not list(tmp_path.glob("*copy*"))


@pytest.mark.parametrize("table", ["audit", "grids_history", "editions", "edition_grids", "editions_in_force"])
def test_audit_and_history_only_grow_whoever_asks(sql_store: SqlStore, tables, table: str) -> None:
    fill(sql_store, tables)
    texts = {"audit": "detail", "grids_history": "note", "edition_grids": "name", "editions_in_force": "row_by"}
    text = sa.column(texts.get(table, "title"))
    there = sa.table(table, sa.column("serial"), text)
    tries = [
        sa.delete(there),
        sa.update(there).values({text.name: "nothing happened"}),
        sa.text(f"DELETE FROM {table} WHERE serial = 1"),
    ]
    sqlite = sql_store._engines.writer.dialect.name == "sqlite"
    tries.append(sa.text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" if sqlite else f"TRUNCATE {table}"))
    if sqlite and table in (
        "edition_grids",
        "editions_in_force",
    ):  # by the other key that no two rows may have in common
        rest = ", ".join(column.name for column in METADATA.tables[table].columns if column.name != "serial")
        tries.append(
            sa.text(f"INSERT OR REPLACE INTO {table} (serial, {rest}) SELECT serial + 100, {rest} FROM {table}")
        )
    before = sql_store.audit(DEMO)
    for statement in tries:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), sql_store._engines.writer.begin() as connection:
            connection.execute(statement)
    assert sql_store.audit(DEMO) == before
    assert len(sql_store.grid_history(DEMO, tables.grids(1).keys[0])) == 1
    assert [e.title for e in sql_store.editions(DEMO).editions] == ["首版", "东关"]


def test_facts_name_the_engine_and_count_the_rows(sql_store: SqlStore, tables) -> None:
    fill(sql_store, tables)
    facts = sql_store.facts()
    assert facts["integrity"] == "ok"
    assert facts["schema"] == REVISION
    assert facts["rows.calls"] == 300
    assert facts["rows.grids"] == 4
    assert facts["kept.drafts"] == 2
    assert facts["kept.grids_history"] == 5
    assert facts["kept.edition_grids"] == 6
    assert int(facts["size_bytes"]) > 50_000
    assert str(facts["engine"]).startswith(("SQLite 3.", "PostgreSQL 1"))
    assert all(isinstance(value, (str, int)) and not isinstance(value, np.generic) for value in facts.values())
