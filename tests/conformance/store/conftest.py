"""Every store under one suite: memory, SQLite, and PostgreSQL on a private server that lives as long as the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import count
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.store.memory import MemoryStore
from geo.store.port import Store
from geo.store.schema import METADATA
from geo.store.sql import SqlStore
from geo.tables.blocks import Blocks
from geo.tables.buildings import Buildings
from geo.tables.calls import Calls
from geo.tables.communities import Communities
from geo.tables.estates import Estates
from geo.tables.grid_posts import GridPosts
from geo.tables.grids import Grids
from geo.tables.linear_grids import LinearGrids
from geo.tables.points import Points
from geo.tables.police_grids import PoliceGrids
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.spec import Table
from geo.tables.units import Units

BEIJING = timezone(timedelta(hours=8))


class TickingClock:
    """A clock that starts on 2026-11-22 13:00 +08:00 and moves on a second at each look."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 13, 0, 0, 123456, tzinfo=BEIJING)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


class PrivateServer:
    """A PostgreSQL cluster in a temporary folder, reached by a socket in it; root runs it as another account."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.account = self._account()
        self.folder = Path(tempfile.mkdtemp(prefix="xunge-pg-"))
        self.names = count(1)
        if self.account is not None:
            shutil.chown(self.folder, self.account)
        try:
            self._run(
                binaries / "initdb",
                "-D",
                self.folder / "data",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "-U",
                "xunge",
            )
            options = (
                f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off -c max_connections=60"
            )
            self._run(
                binaries / "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start"
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @staticmethod
    def _account() -> str | None:
        if os.getuid() != 0:
            return None
        known = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"

    def _run(self, *command: object) -> None:
        before = [] if self.account is None else ["runuser", "-u", self.account, "--"]
        done = subprocess.run(
            [*before, *(str(part) for part in command)],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}")

    def url(self, database: str) -> str:
        return f"postgresql://xunge@/{database}?host={self.folder}"

    def new_database(self) -> str:
        name = f"store_{next(self.names)}"
        self._ask("postgres", f"CREATE DATABASE {name}")
        return name

    def emptied(self, database: str) -> str:
        """Return the address of a store with nothing in it, as it was just made."""
        tables = ", ".join(name for name in METADATA.tables if name != "collections")
        self._ask(
            database,
            "SET session_replication_role = replica",  # past the triggers that keep the audit
            f"TRUNCATE {tables} RESTART IDENTITY",
            "UPDATE collections SET version = 0, rows = 0, source = '', written_by = NULL, written_at = NULL",
        )
        return self.url(database)

    def _ask(self, database: str, *statements: str) -> None:
        address = sa.make_url(self.url(database)).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def stop(self) -> None:
        try:
            self._run(self.binaries / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[PrivateServer]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if not found:
        pytest.skip("PostgreSQL is not installed: as root, make system")
    version = found[-1].parts[4]
    if not Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists():
        pytest.skip(f"PostgreSQL {version} has no PostGIS: as root, make system")
    pytest.importorskip("psycopg", reason="psycopg is not installed: the extra xunge[postgres]")
    running = PrivateServer(found[-1].parent)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def ready_database(server: PrivateServer) -> str:
    """Return the name of the database that tests share one after the other."""
    name = server.new_database()
    SqlStore.open(server.url(name)).close()
    return name


POSTGRES = pytest.param("postgres", marks=[pytest.mark.postgres])


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Return a maker of addresses of empty SQL stores."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return str(tmp_path / "store.db")
        server: PrivateServer = request.getfixturevalue("server")
        return server.emptied(request.getfixturevalue("ready_database"))

    return make


@pytest.fixture(params=["memory", "sqlite", POSTGRES])
def store(request: pytest.FixtureRequest, clock: TickingClock, place: Callable[[str], str]) -> Iterator[Store]:
    """Return an empty store of each kind."""
    made = MemoryStore(clock=clock) if request.param == "memory" else SqlStore.open(place(request.param), clock=clock)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(params=["sqlite", POSTGRES])
def sql_address(request: pytest.FixtureRequest, place: Callable[[str], str]) -> str:
    """Return the address of an empty store of each database."""
    return place(request.param)


@pytest.fixture
def sql_store(sql_address: str, clock: TickingClock) -> Iterator[SqlStore]:
    with SqlStore.open(sql_address, clock=clock) as made:
        yield made


@cache
def grids(rows: int = 4, *, county: str = "360702", first: int = 1, lon: float = 114.90, lat: float = 25.80) -> Grids:
    """Return squares of 0.01 degrees in a row from west to east; every second one is a pair of islands."""
    shapes = []
    for i in range(rows):
        west = lon + 0.01 * i
        square = shapely.box(west, lat, west + 0.01, lat + 0.01)
        far = shapely.box(west, lat + 0.02, west + 0.005, lat + 0.03)
        shapes.append(shapely.MultiPolygon([square, far]) if i % 2 else square)
    return Grids.of(
        gpd.GeoDataFrame(
            {
                "code": [f"{county}001001{first + i:03d}" for i in range(rows)],
                "name": [f"网格{i}" if i % 3 else None for i in range(rows)],
                "kind": "general",
                "population": [1234.5 + i if i % 2 else None for i in range(rows)],
                "version": pd.array([i if i % 2 else None for i in range(rows)], dtype="Int64"),
                "valid_from": [
                    pd.Timestamp("2024-02-29T23:59:59.999999+08:00") if i % 2 else None for i in range(rows)
                ],
            },
            geometry=shapes,
            crs=4326,
        )
    )


@cache
def calls(rows: int = 200, *, seed: int = 7, prefix: str = "C", codes: tuple[str | None, ...] | None = None) -> Calls:
    """Return calls around 114.93 E 25.85 N over thirty days, with empty fields of every kind."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2026-10-01T00:00:00+00:00").as_unit("us")
    times = start + pd.to_timedelta(rng.integers(0, 30 * 86_400_000_000, rows), unit="us").as_unit("us")
    codes = codes or ("360702001001001", "360702001001002", "360703001001001", None)
    return Calls.of(
        gpd.GeoDataFrame(
            {
                "call_id": [f"{prefix}{i:05d}" for i in range(rows)],
                "occurred_at": times,
                "occurred_to": times.where(rng.random(rows) < 0.5),
                "family": rng.choice(["盗窃", "纠纷", "交通事故"], rows),
                "intake": rng.choice(["报警", None], rows),
                "priority": pd.array(rng.choice([1, 5, None], rows), dtype="Int64"),
                "valid": rng.random(rows) < 0.9,
                "filed_case": rng.random(rows) < 0.1,
                "placed": True,
                "reported_at": times,
                "grid_code": rng.choice(np.array(codes, dtype=object), rows),
                "address": [f"东关路 {i} 号 “'; DROP TABLE calls; --” 🚓" if i % 3 else None for i in range(rows)],
            },
            geometry=shapely.points(114.93 + rng.normal(0, 0.02, rows), 25.85 + rng.normal(0, 0.02, rows)),
            crs=4326,
        )
    )


def two(table: type[Table], /, **columns: object) -> Table:
    """Return a table of two points; the second one has a height."""
    places = [shapely.Point(114.9, 25.8), shapely.Point(114.95, 25.85, 12.5)]
    return table.of(gpd.GeoDataFrame(columns, geometry=places, crs=4326))


def small_tables() -> dict[str, Table]:
    """Return a table of every kind but grids and calls, two rows each."""
    seen = [pd.Timestamp("2026-11-22T05:00:00.000001Z"), None]
    boxes = [shapely.box(114.9, 25.8, 115, 25.9), shapely.box(115, 25.8, 115.1, 25.9)]
    shifts = {"shift_id": ["S1", "S2"], "name": ["白班", "夜班"], "start_minute": [480, 1200], "length_minutes": 720}
    return {
        "posts": two(
            Posts, post_id=["P2", "P1"], name=["东关", "西关"], kind="kiosk", state=["fixed", "candidate"], units=[1, None]
        ),
        "points": two(
            Points, point_id=["B1", "B2"], name=["市场", "学校"], kind=["must_visit", "school"], mode="foot",
            dwell_seconds=900, visits=[1, 3],
        ),
        "units": two(
            Units, unit_id=["U1", "U2"], name=["一组", "二组"], kind="car", post_id="P1", shift_id="S1", officers=2,
            auxiliaries=[0, 3], state="patrol", seen_at=seen,
        ),
        "shifts": Shifts.of(pd.DataFrame(shifts)),
        "police_grids": PoliceGrids.of(
            gpd.GeoDataFrame({"code": ["J1", "J2"], "name": ["警格一", None]}, geometry=boxes, crs=4326)
        ),
        "estates": Estates.of(
            gpd.GeoDataFrame(
                {"estate_id": ["E2", "E1"], "name": ["东关小区", None], "households": [320, None]}, geometry=boxes, crs=4326
            )
        ),
        "blocks": Blocks.of(
            gpd.GeoDataFrame(
                {"code": ["K2", "K1"], "grid_code": ["360702001001001", None], "population": [31.0, None]}, geometry=boxes, crs=4326
            )
        ),
        "communities": Communities.of(
            gpd.GeoDataFrame({"code": ["360702001002", "360702001001"], "name": ["东关社区", None]}, geometry=boxes, crs=4326)
        ),
        "linear_grids": LinearGrids.of(
            gpd.GeoDataFrame(
                {"code": ["D2", "D1"], "line": "东河", "start_m": [0.0, 500.0], "end_m": [500.0, 912.5],
                 "owner_village": ["东关村", None]},
                geometry=[shapely.LineString([(114.9, 25.8), (114.95, 25.85)]), shapely.LineString([(114.95, 25.85), (115, 25.9)])],
                crs=4326,
            )
        ),
        "buildings": two(Buildings, building_id=["B2", "B1"], estate_id="E1", households=[24, None]),
        "grid_posts": GridPosts.of(
            pd.DataFrame(
                {"post_id": ["2", "1"], "unit_code": "360702001001001", "role": ["chief", "worker"], "filled": [1, 0],
                 "holder": ["王网格长", None]}
            )
        ),
    }  # fmt: skip


class Tables:
    """The makers above, for tests."""

    grids = staticmethod(grids)
    calls = staticmethod(calls)
    small = staticmethod(small_tables)


@pytest.fixture
def tables() -> type[Tables]:
    return Tables


@pytest.fixture
def day() -> Callable[[int], datetime]:
    """Return a maker of midnights (UTC) counted from 2026-10-01."""
    return lambda number: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=number)
