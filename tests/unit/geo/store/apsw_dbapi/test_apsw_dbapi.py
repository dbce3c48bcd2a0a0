"""The module against PEP 249 and against what SQLAlchemy's SQLite dialect does with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from geo.store import apsw_dbapi as dbapi


@pytest.fixture
def connection() -> Iterator[dbapi.Connection]:
    made = dbapi.connect(":memory:")
    yield made
    made.close()


def filled(connection: dbapi.Connection) -> dbapi.Cursor:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x, CHECK (x <> 'bad'))")
    cursor.executemany("INSERT INTO t (x) VALUES (?)", [("a",), (2.5,), (None,), (b"\x00\xff",)])
    connection.commit()
    return cursor


def test_the_module_names_what_pep_249_asks_for() -> None:
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 1, "qmark")
    for name in ("InterfaceError", "DatabaseError"):
        assert issubclass(getattr(dbapi, name), dbapi.Error)
    for name in (
        "DataError",
        "OperationalError",
        "IntegrityError",
        "InternalError",
        "ProgrammingError",
        "NotSupportedError",
    ):
        assert issubclass(getattr(dbapi, name), dbapi.DatabaseError)
        assert getattr(dbapi.Connection, name) is getattr(dbapi, name)
    for name in ("Binary", "Date", "Time", "Timestamp", "DateFromTicks", "TimestampFromTicks"):
        assert callable(getattr(dbapi, name))
    assert dbapi.sqlite_version_info >= (3, 51, 3)


def test_values_of_every_kind_come_back(connection: dbapi.Connection) -> None:
    row = (None, 2**63 - 1, -(2**63), 0.1, "字\u2028🚓", b"\x00\xff", "")
    cursor = connection.cursor().execute("SELECT ?, ?, ?, ?, ?, ?, ?", row)
    assert cursor.fetchone() == row
    assert cursor.fetchone() is None
    assert connection.cursor().execute("SELECT :a || :b", {"a": "x", "b": "y"}).fetchall() == [("xy",)]
    assert connection.cursor().execute("SELECT ?", (True,)).fetchone() == (1,)


def test_rows_are_given_one_by_one_in_portions_and_all(connection: dbapi.Connection) -> None:
    cursor = filled(connection).execute("SELECT id FROM t ORDER BY id")
    assert cursor.fetchone() == (1,)
    assert cursor.fetchmany(2) == [(2,), (3,)]
    assert cursor.fetchall() == [(4,)]
    assert cursor.fetchall() == []
    assert cursor.fetchmany(5) == []
    assert list(cursor.execute("SELECT id FROM t WHERE id > 2 ORDER BY id")) == [(3,), (4,)]
    cursor.execute("SELECT id FROM t ORDER BY id")
    assert cursor.fetchmany() == [(1,)]


def test_columns_are_described_also_without_rows(connection: dbapi.Connection) -> None:
    cursor = filled(connection)
    for where in ("1 = 0", "1 = 1"):
        cursor.execute(f"SELECT id, x AS y FROM t WHERE {where}")
        assert [column[0] for column in cursor.description] == ["id", "y"]
        assert {len(column) for column in cursor.description} == {7}
    cursor.execute("UPDATE t SET x = 1")
    assert cursor.description is None


def test_changed_rows_are_counted(connection: dbapi.Connection) -> None:
    cursor = filled(connection)
    counts = [
        cursor.execute(statement).rowcount
        for statement in (
            "SELECT * FROM t",
            "UPDATE t SET x = 1 WHERE id > 2",
            "UPDATE t SET x = 1 WHERE id > 200",
            "  -- a remark\n /* and\nanother */ DELETE FROM t WHERE id = 1",
            "WITH few AS (SELECT 2 AS id) UPDATE t SET x = 5 WHERE id IN (SELECT id FROM few)",
            "CREATE TABLE u (x)",
            "INSERT INTO t (x) VALUES (7), (8) RETURNING id",
        )
    ]
    assert counts == [-1, 2, 0, 1, 1, -1, 2]
    assert cursor.fetchall() == [(5,), (6,)]
    assert cursor.lastrowid == 6
    assert cursor.executemany("UPDATE t SET x = ? WHERE id >= ?", [(1, 5), (2, 6), (3, 99)]).rowcount == 3


def test_a_transaction_opens_by_itself_and_is_taken_back(connection: dbapi.Connection) -> None:
    cursor = filled(connection)
    assert not connection.in_transaction
    cursor.execute("DELETE FROM t")
    assert connection.in_transaction
    connection.rollback()
    assert cursor.execute("SELECT count(*) FROM t").fetchone() == (4,)
    cursor.execute("CREATE TABLE u (x)")
    connection.rollback()
    with pytest.raises(dbapi.OperationalError, match="no such table"):
        cursor.execute("SELECT * FROM u")
    connection.commit()
    connection.commit()
    connection.rollback()


def test_autocommit_when_asked(connection: dbapi.Connection) -> None:
    cursor = filled(connection)
    connection.isolation_level = None
    cursor.execute("DELETE FROM t")
    assert not connection.in_transaction
    connection.rollback()
    assert cursor.execute("SELECT count(*) FROM t").fetchone() == (0,)


@pytest.mark.parametrize(
    ("statement", "parameters", "error"),
    [
        ("INSERT INTO t (id) VALUES (1)", (), dbapi.IntegrityError),
        ("INSERT INTO t (x) VALUES ('bad')", (), dbapi.IntegrityError),
        ("SELEC 1", (), dbapi.OperationalError),
        ("SELECT * FROM nowhere", (), dbapi.OperationalError),
        ("SELECT ?", (), dbapi.ProgrammingError),
        ("SELECT ?", (1, 2), dbapi.ProgrammingError),
        ("SELECT ?", (object(),), dbapi.ProgrammingError),
        ("SELECT ?", (2**63,), dbapi.DataError),
        ("SELECT ?", ("\ud800",), dbapi.DataError),
        ("SELECT abs(-9223372036854775808)", (), dbapi.OperationalError),
    ],
)
def test_errors_have_the_class_of_pep_249(
    connection: dbapi.Connection, statement: str, parameters: tuple, error: type[Exception]
) -> None:
    cursor = filled(connection)
    with pytest.raises(error) as caught:
        cursor.execute(statement, parameters).fetchall()
    assert type(caught.value) is error
    connection.rollback()
    assert cursor.execute("SELECT count(*) FROM t").fetchone() == (4,)


def test_the_code_of_sqlite_is_kept(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.IntegrityError) as caught:
        filled(connection).execute("INSERT INTO t (id) VALUES (1)")
    assert caught.value.sqlite_code == 1555  # SQLITE_CONSTRAINT_PRIMARYKEY


def test_rows_from_many_parameters_are_refused(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError):
        connection.cursor().executemany("SELECT ?", [(1,)])


def test_closed_objects_say_so(connection: dbapi.Connection) -> None:
    cursor = filled(connection)
    cursor.close()
    cursor.close()
    with pytest.raises(dbapi.ProgrammingError, match="closed cursor"):
        cursor.execute("SELECT 1")
    with pytest.raises(dbapi.ProgrammingError, match="closed cursor"):
        cursor.fetchone()
    connection.close()
    connection.close()
    with pytest.raises(dbapi.ProgrammingError, match=r"Cannot operate on a closed database\."):
        connection.cursor()


def test_functions_of_ours_run_in_sql(connection: dbapi.Connection) -> None:
    connection.create_function("twice", 1, lambda value: value * 2, deterministic=True)
    assert connection.cursor().execute("SELECT twice(21)").fetchall() == [(42,)]
    connection.create_function("twice", 1, None)
    with pytest.raises(dbapi.OperationalError):
        connection.cursor().execute("SELECT twice(21)")


def test_a_missing_file_is_not_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(dbapi.OperationalError):
        dbapi.connect(str(tmp_path / "x.db"), create=False)
    assert not list(tmp_path.iterdir())
    with pytest.raises(dbapi.OperationalError):
        dbapi.connect(str(tmp_path / "no" / "x.db"))


def test_a_reader_cannot_write_and_a_second_writer_waits_no_longer_than_told(tmp_path: Path) -> None:
    path = str(tmp_path / "x.db")
    first = dbapi.connect(path, isolation_level="IMMEDIATE", pragmas={"journal_mode": "WAL"})
    filled(first)
    reader = dbapi.connect(path, read_only=True)
    with pytest.raises(dbapi.OperationalError, match="readonly"):
        reader.cursor().execute("DELETE FROM t")
    first.cursor().execute("DELETE FROM t")
    second = dbapi.connect(path, timeout=0.01, isolation_level="IMMEDIATE")
    with pytest.raises(dbapi.OperationalError) as caught:
        second.cursor().execute("SELECT 1")
    assert caught.value.sqlite_code & 0xFF == 5  # SQLITE_BUSY
    assert reader.cursor().execute("SELECT count(*) FROM t").fetchone() == (4,)
    for one in (first, second, reader):
        one.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(
        "sqlite://", module=dbapi, creator=lambda: dbapi.connect(str(tmp_path / "x.db")), poolclass=sa.QueuePool
    )
    yield made
    made.dispose()


METADATA = sa.MetaData()
THINGS = sa.Table(
    "things",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, unique=True),
    sa.Column("body", sa.LargeBinary),
    sa.Column("valid", sa.Boolean),
    sa.Column("size", sa.Double),
)


def test_sqlalchemy_core_goes_through(engine: sa.Engine) -> None:
    METADATA.create_all(engine)
    with engine.begin() as connection:
        made = [{"name": f"n{i}", "body": bytes([i]), "valid": i % 2 == 0, "size": i / 3} for i in range(5)]
        assert connection.execute(sa.insert(THINGS), made).rowcount == 5
        one = connection.execute(sa.insert(THINGS).values(name="last"))
        assert one.inserted_primary_key == (6,)
        ids = connection.execute(sa.insert(THINGS).returning(THINGS.c.id), [{"name": "x"}, {"name": "y"}]).scalars()
        assert sorted(ids) == [7, 8]
        assert connection.execute(sa.update(THINGS).where(THINGS.c.id > 6).values(size=1)).rowcount == 2
        again = sa.dialects.sqlite.insert(THINGS).values(name="last", size=9.0)
        connection.execute(again.on_conflict_do_update(index_elements=["name"], set_={"size": again.excluded.size}))
    with engine.connect() as connection:
        row = connection.execute(sa.select(THINGS).where(THINGS.c.name == "n2")).one()
        assert tuple(row) == (3, "n2", b"\x02", True, 2 / 3)
        assert connection.scalar(sa.select(THINGS.c.size).where(THINGS.c.name == "last")) == 9.0
        names = connection.scalars(sa.select(THINGS.c.name).where(THINGS.c.name.regexp_match("^n[0-2]$"))).all()
        assert sorted(names) == ["n0", "n1", "n2"]
        assert list(connection.execute(sa.select(THINGS).where(sa.false())).keys()) == [
            "id",
            "name",
            "body",
            "valid",
            "size",
        ]
        parts = connection.execution_options(yield_per=3).execute(sa.select(THINGS.c.id)).partitions()
        assert [len(part) for part in parts] == [3, 3, 2]
    assert [column["name"] for column in sa.inspect(engine).get_columns("things")] == [
        "id",
        "name",
        "body",
        "valid",
        "size",
    ]


def test_sqlalchemy_takes_back_what_fails_and_names_the_error(engine: sa.Engine) -> None:
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(THINGS).values(name="a"))
    with pytest.raises(sa.exc.IntegrityError, match="UNIQUE"), engine.begin() as connection:
        connection.execute(sa.insert(THINGS), [{"name": "b"}, {"name": "a"}])
    with engine.begin() as connection:
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(sa.insert(THINGS), [{"name": "c"}, {"name": "a"}])
        connection.execute(sa.insert(THINGS).values(name="d"))
    with engine.connect() as connection:
        assert connection.scalars(sa.select(THINGS.c.name).order_by(THINGS.c.name)).all() == ["a", "d"]
    with pytest.raises(sa.exc.OperationalError), engine.connect() as connection:
        connection.exec_driver_sql("SELEC")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.delete(THINGS))
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(THINGS)) == 0


def test_threads_have_their_own_connections(engine: sa.Engine) -> None:
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(THINGS), [{"name": str(i)} for i in range(500)])
    totals: list[int] = []

    def read() -> None:
        for _ in range(20):
            with engine.connect() as connection:
                totals.append(len(connection.execute(sa.select(THINGS)).all()))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [500] * 80
