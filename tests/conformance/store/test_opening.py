"""Opening: new, old, newer, foreign, damaged, busy, out of reach."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import apsw
import pytest
import shapely
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pandas.testing import assert_frame_equal

from geo.errors import FileError, ParameterError, UnavailableError
from geo.store import migrate, postgres, rows, schema, sql
from geo.store.engines import Engines
from geo.store.port import DEMO, PlanRecord
from geo.store.postgres import postgres_engines
from geo.store.sql import SqlStore
from geo.store.sqlite_file import require_path, sqlite_engines
from geo.tables.calls import Calls
from geo.tables.grids import Grids
from geo.tables.posts import Posts


def engines_of(address: str) -> Engines:
    if "://" in address:
        return postgres_engines(sa.make_url(address), busy_seconds=5)
    require_path(Path(address))
    return sqlite_engines(Path(address), busy_seconds=5)


def make_old(address: str, table: Grids) -> None:
    """Make a store as revision 0001 left it, with rows in it."""
    engines = engines_of(address)
    with engines.writer.begin() as connection:
        migrate.upgrade(connection, "0001")
        writing = rows.begin(connection, DEMO, "grids", 1)
        rows._insert(writing, rows.records(table))
        rows.end(writing, source="old", action="table.put", detail="old")
    engines.dispose()


@pytest.fixture
def empty_server_address(request: pytest.FixtureRequest) -> str:
    server = request.getfixturevalue("server")
    return server.url(server.new_database())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres])])
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of nothing yet."""
    return str(tmp_path / "new.db") if request.param == "sqlite" else request.getfixturevalue("empty_server_address")


def test_the_steps_make_the_schema_that_the_code_declares(empty_address: str) -> None:
    SqlStore.open(empty_address).close()
    engines = engines_of(empty_address)
    ours = set(schema.METADATA.tables)

    def include(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        if kind == "table":
            return name in ours
        return not (name or "").endswith("shape")  # PostGIS's own column and index

    with engines.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include, "compare_type": True})
        with pytest.warns(sa.exc.SAWarning, match="geometry") if "://" in empty_address else _nothing():
            assert compare_metadata(context, schema.METADATA) == []
        assert migrate.stored_revision(connection, "here") == schema.REVISION == migrate.known_revisions()[-1]
        kept = connection.execute(sa.select(schema.VERSIONS.c.name)).scalars().all()
        assert sorted(kept) == sorted(schema.COLLECTIONS)
    engines.dispose()


class _nothing:  # noqa: N801  # a context like pytest.warns
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def test_an_older_store_is_backed_up_and_brought_up_to_date(empty_address: str, tables, tmp_path: Path) -> None:
    table = tables.grids(5)
    make_old(empty_address, table)
    folder = tmp_path / "backups"
    folder.mkdir()
    given = None if "://" not in empty_address else folder
    with SqlStore.open(empty_address, backup_folder=given) as store:
        assert_frame_equal(store.table(DEMO, Grids).frame, table.frame)
        assert store.version("grids") == 1
        assert store.facts()["schema"] == schema.REVISION
        moved = table.frame.set_geometry(table.frame.geometry.translate(0.001, 0))
        assert store.update_grids(DEMO, Grids.of(moved), seen_version=1, note="") == 2
    (copy,) = (given or tmp_path).glob("*.backup")
    assert ".schema-0001" in copy.name
    assert copy.stat().st_mode & 0o077 == 0
    raw = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
    assert raw.execute("SELECT version_num FROM alembic_version").get == "0001"
    assert raw.execute("SELECT count(*) FROM grids").get == 5
    assert raw.execute("SELECT wkb FROM grids ORDER BY code LIMIT 1").get == shapely.to_wkb(table.frame.geometry[0])
    raw.close()
    with SqlStore.open(copy) as restored:
        assert_frame_equal(restored.table(DEMO, Grids).frame, table.frame)


def test_backups_are_never_overwritten_by_the_next(tmp_path: Path, tables) -> None:
    for _ in range(2):
        make_old(str(tmp_path / "s.db"), tables.grids(1))
        SqlStore.open(tmp_path / "s.db").close()
        (tmp_path / "s.db").unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.db.schema-0001.backup", "s.db.schema-0001.backup-2"]


def test_a_current_store_is_opened_without_a_backup(tmp_path: Path) -> None:
    for _ in range(2):
        SqlStore.open(tmp_path / "s.db").close()
    assert [path.name for path in tmp_path.iterdir()] == ["s.db"]
    assert (tmp_path / "s.db").stat().st_mode & 0o077 == 0


@pytest.mark.postgres
def test_an_older_server_is_not_touched_without_a_folder_for_the_backup(empty_server_address: str, tables) -> None:
    make_old(empty_server_address, tables.grids(2))
    with pytest.raises(UnavailableError, match="folder"):
        SqlStore.open(empty_server_address)
    engines = engines_of(empty_server_address)
    with engines.reader.connect() as connection:
        assert migrate.stored_revision(connection, "") == "0001"
    engines.dispose()


def test_a_step_that_fails_leaves_the_old_store(
    empty_address: str, tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(empty_address, tables.grids(2))

    def broken(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE halfway (x INTEGER)")
        connection.exec_driver_sql("UPDATE collections SET version = 99")
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(migrate, "upgrade", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            SqlStore.open(empty_address, backup_folder=tmp_path)
    engines = engines_of(empty_address)
    with engines.reader.connect() as connection:
        assert migrate.stored_revision(connection, "") == "0001"
        assert not sa.inspect(connection).has_table("halfway")
    engines.dispose()
    with SqlStore.open(empty_address, backup_folder=tmp_path) as store:
        assert store.version("grids") == 1


def test_a_newer_store_is_refused_and_nothing_is_written(empty_address: str, tmp_path: Path) -> None:
    SqlStore.open(empty_address).close()
    engines = engines_of(empty_address)
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0999'")
    engines.dispose()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileError, match="newer version") as caught:
        SqlStore.open(empty_address)
    assert "0999" in caught.value.zh
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_tables_of_another_program_are_refused(empty_address: str) -> None:
    engines = engines_of(empty_address)
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE grids (x INTEGER)")
    engines.dispose()
    with pytest.raises(FileError, match="something else"):
        SqlStore.open(empty_address)


def test_files_that_are_no_store_are_refused_untouched(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("巡逻记录\n" * 200, encoding="utf-8")
    with pytest.raises(FileError, match="not a store"):
        SqlStore.open(text)
    assert text.read_text(encoding="utf-8") == "巡逻记录\n" * 200
    with pytest.raises(FileError, match="folder"):
        SqlStore.open(tmp_path)
    with pytest.raises(FileError, match="nowhere"):
        SqlStore.open(tmp_path / "nowhere" / "s.db")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.db"]


def test_a_damaged_file_is_told_as_damaged(tmp_path: Path, tables) -> None:
    path = tmp_path / "s.db"
    with SqlStore.open(path) as store:
        store.put_table(DEMO, tables.calls(2000), source="x")
    size = path.stat().st_size
    with path.open("r+b") as file:
        for at in range(8192, size, 4096):
            file.seek(at)
            file.write(os.urandom(64))
    with pytest.raises(FileError, match="damaged") as caught, SqlStore.open(path) as store:
        store.table(DEMO, Calls)
    assert "备份" in caught.value.zh


@pytest.mark.parametrize(
    "address", [":memory:", "sqlite://", "sqlite:///:memory:", "mysql://a@b/c", "postgresql://[::bad", "nonsense://x"]
)
def test_addresses_that_cannot_be_used_are_refused(address: str) -> None:
    with pytest.raises(ParameterError):
        SqlStore.open(address)


def test_an_address_of_sqlite_is_a_path(tmp_path: Path, tables) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/a b.db") as store:
        store.put_table(DEMO, tables.calls(3), source="x")
    with SqlStore.open(tmp_path / "a b.db") as store:
        assert store.count(DEMO, "calls") == 3


def test_a_server_out_of_reach_is_told_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed: the extra xunge[postgres]")
    with pytest.raises(UnavailableError) as caught:
        SqlStore.open(f"postgresql://xunge:geheim@/store?host={tmp_path}")
    assert "geheim" not in caught.value.en + caught.value.zh


def test_a_server_without_postgis_is_told_what_to_install() -> None:
    class Nothing:
        def exec_driver_sql(self, statement: str) -> Nothing:
            assert "postgis" in statement
            return self

        def scalar(self) -> None:
            return None

    with pytest.raises(UnavailableError, match="postgis-3"):
        postgres.require_postgis(Nothing(), "postgresql://server/store")


def test_a_writer_that_does_not_finish_is_waited_for_and_then_told(sql_address: str, tables) -> None:
    with SqlStore.open(sql_address, busy_seconds=0.2) as store:
        store.put_table(DEMO, tables.calls(5), source="x")
        other = engines_of(sql_address)
        with other.writer.connect() as connection:
            connection.execute(sa.update(schema.VERSIONS).values(source="busy"))
            with pytest.raises(UnavailableError) as caught:
                store.put_table(DEMO, tables.calls(6), source="x")
            assert "未写入" in caught.value.zh
            assert store.count(DEMO, "calls") == 5
            connection.rollback()
        other.dispose()
        assert store.put_table(DEMO, tables.calls(6), source="x") == 2


def test_a_full_disk_is_told_and_leaves_the_old_rows(tmp_path: Path, tables, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tables.calls(100)
    with SqlStore.open(tmp_path / "s.db") as store:
        store.put_table(DEMO, old, source="x")
        with store._engines.writer.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
        with pytest.raises(UnavailableError, match="full"):
            store.put_table(DEMO, tables.calls(5000), source="x")
        assert_frame_equal(store.table(DEMO, Calls).frame, old.frame)
        assert store.put_table(DEMO, tables.calls(90), source="x") == 2


def test_many_may_open_a_new_store_at_once(empty_address: str) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            SqlStore.open(empty_address).close()
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=open_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with SqlStore.open(empty_address) as store:
        assert store.count(DEMO, "calls") == 0


def test_a_store_is_not_its_own_backup(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqlStore.open(path) as store:
        with pytest.raises(FileError, match="own backup"):
            store.backup(str(path))
        os.link(path, tmp_path / "same.db")
        with pytest.raises(FileError, match="own backup"):
            store.backup(str(tmp_path / "same.db"))


@pytest.mark.postgres
def test_postgis_sees_the_same_geometry(place: Callable[[str], str], tables) -> None:
    with SqlStore.open(place("postgres")) as store:
        store.put_table(DEMO, tables.grids(4), source="x")
        store.put_table(DEMO, tables.small()["posts"], source="x")
        with store._engines.reader.connect() as connection:
            ask = connection.exec_driver_sql
            assert ask("SELECT bool_and(ST_AsBinary(shape) = wkb AND ST_SRID(shape) = 4326) FROM grids").scalar_one()
            assert ask("SELECT ST_AsText(shape) FROM posts WHERE post_id = 'P1'").scalar_one() == "POINT(114.95 25.85)"
            assert (
                ask(
                    "SELECT count(*) FROM grids WHERE shape && ST_MakeEnvelope(114.9, 25.8, 114.905, 25.81, 4326)"
                ).scalar_one()
                == 1
            )
            indexes = ask("SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%%_shape'").scalars().all()
        assert len(indexes) == 11
        assert all("USING gist (shape)" in index for index in indexes)
        assert store.table(DEMO, Posts).keys == ["P1", "P2"]


def test_one_file_can_be_moved_while_closed(tmp_path: Path, tables) -> None:
    with SqlStore.open(tmp_path / "a.db") as store:
        store.put_table(DEMO, tables.calls(10), source="x")
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    shutil.move(tmp_path / "a.db", tmp_path / "b.db")
    with SqlStore.open(tmp_path / "b.db") as store:
        assert store.count(DEMO, "calls") == 10


def test_the_steps_are_shipped_beside_the_code() -> None:
    folder = Path(sql.__file__).with_name("migrations")
    assert {path.stem.split("_")[0] for path in (folder / "versions").glob("v*.py")} == {
        f"v{name}" for name in migrate.known_revisions()
    }


def test_a_plan_kept_before_headings_is_listed_with_its_short_values(tmp_path: Path) -> None:
    plan = PlanRecord(
        plan_id="p", kind="patrol", title="", created_at=datetime(2026, 11, 22, tzinfo=UTC), created_by="demo",
        body={"bound": 12.0, "stops": [1, 2], "issue": {"at": "now", "tasks": []}},
    )  # fmt: skip
    with SqlStore.open(tmp_path / "s.db") as store:
        store.add_plan(DEMO, plan)
    raw = apsw.Connection(str(tmp_path / "s.db"))
    raw.execute("UPDATE plans SET heading = NULL")
    raw.close()
    with SqlStore.open(tmp_path / "s.db") as store:
        (made,) = store.plans(DEMO, headings=True)
        assert made.body == {"bound": 12.0, "issue": {"at": "now"}}
        assert store.plan(DEMO, "p") == plan
