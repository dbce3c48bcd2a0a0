"""Collections, plans, jobs, documents and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from geo.store.migrations.append_only import make_append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLLECTIONS = ("grids", "police_grids", "calls", "posts", "points", "units", "shifts")


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _ints(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _doubles(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Double(), nullable=nullable) for name in names]


def _bools(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Boolean(), nullable=nullable) for name in names]


def _key(name: str) -> sa.Column[object]:
    return sa.Column(name, TEXT, primary_key=True, nullable=False)


def _area() -> list[sa.Column[object]]:
    return [
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        *_doubles("min_lon", "min_lat", "max_lon", "max_lat"),
    ]


def _point() -> list[sa.Column[object]]:
    return [
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        *_doubles("lon", "lat"),
        *_ints("cell_y", "cell_x"),
    ]


def _row() -> list[sa.Column[object]]:
    return [*_ints("row_version"), *_texts("row_by"), *_ints("row_at")]


def _shape(table: str) -> None:
    """Give PostGIS its own column, made from the WKB, and an index for its own searches and for QGIS."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN shape geometry(Geometry, 4326) "
            "GENERATED ALWAYS AS (ST_Force2D(ST_GeomFromWKB(wkb, 4326))) STORED"
        )
        op.execute(f"CREATE INDEX ix_{table}_shape ON {table} USING gist (shape)")


def upgrade() -> None:
    """Make the tables."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    _areas()
    _calls()
    _points()
    op.create_table("shifts", _key("shift_id"), *_texts("name"), *_ints("start_minute", "length_minutes"), *_row())
    versions = op.create_table(
        "collections",
        _key("name"),
        *_ints("version", "rows"),
        *_texts("source"),
        *_texts("written_by", nullable=True),
        *_ints("written_at", nullable=True),
    )
    op.bulk_insert(versions, [{"name": name, "version": 0, "rows": 0, "source": ""} for name in COLLECTIONS])
    _records()
    make_append_only(connection, "audit")


def _areas() -> None:
    op.create_table(
        "grids",
        _key("code"),
        *_texts("name", nullable=True),
        *_texts("kind"),
        *_texts("parent_code", "parent_name", nullable=True),
        *_doubles("population", "households", nullable=True),
        *_ints("valid_from", "valid_to", "version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_area(),
        *_row(),
    )
    op.create_table(
        "police_grids",
        _key("code"),
        *_texts("name", "area_code", "area_name", "station_code", "station_name", nullable=True),
        *_ints("version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_area(),
        *_row(),
    )
    for table in ("grids", "police_grids"):
        op.create_index(f"ix_{table}_box", table, ["min_lat", "max_lat", "min_lon", "max_lon", "code"])
        _shape(table)


def _calls() -> None:
    op.create_table(
        "calls",
        _key("call_id"),
        *_ints("occurred_at"),
        *_ints("occurred_to", nullable=True),
        *_texts("family"),
        *_texts("intake", nullable=True),
        *_ints("priority", nullable=True),
        *_bools("valid"),
        *_bools("filed_case", "citizen", nullable=True),
        *_bools("placed"),
        *_ints("reported_at", "answered_at", "assigned_at", "accepted_at", nullable=True),
        *_ints("departed_at", "arrived_at", "handled_at", "closed_at", nullable=True),
        *_texts("grid_code", "address", nullable=True),
        *_bools("synthetic", nullable=True),
        *_point(),
        *_row(),
    )
    place = ["occurred_at", "lon", "lat"]
    op.create_index("ix_calls_cell", "calls", ["cell_y", "cell_x", *place, "family", "grid_code", "call_id"])
    op.create_index("ix_calls_time", "calls", [*place, "family", "grid_code", "call_id"])
    op.create_index("ix_calls_family", "calls", ["family", *place, "grid_code", "call_id"])
    op.create_index("ix_calls_grid_code", "calls", ["grid_code", *place, "family", "call_id"])
    _shape("calls")


def _points() -> None:
    op.create_table(
        "posts",
        _key("post_id"),
        *_texts("name", "kind", "state"),
        *_ints("units", "version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_point(),
        *_row(),
    )
    op.create_table(
        "points",
        _key("point_id"),
        *_texts("name", "kind", "mode"),
        *_ints("dwell_seconds", "visits"),
        *_ints("priority", "version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_point(),
        *_row(),
    )
    op.create_table(
        "units",
        _key("unit_id"),
        *_texts("name", "kind", "post_id", "shift_id"),
        *_ints("officers", "auxiliaries"),
        *_texts("state"),
        *_ints("seen_at", "version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_point(),
        *_row(),
    )
    for table, key in (("posts", "post_id"), ("points", "point_id"), ("units", "unit_id")):
        op.create_index(f"ix_{table}_cell", table, ["cell_y", "cell_x", "lon", "lat", key])
        _shape(table)


def _records() -> None:
    op.create_table(
        "plans",
        _key("plan_id"),
        *_texts("kind", "title"),
        *_ints("created_at"),
        *_texts("created_by", "body"),
    )
    op.create_index("ix_plans_created_at", "plans", ["created_at", "plan_id"])
    op.create_table(
        "jobs",
        _key("job_id"),
        *_texts("kind", "state"),
        *_doubles("share"),
        *_texts("message"),
        *_ints("created_at"),
        *_texts("created_by"),
        *_ints("finished_at", nullable=True),
        *_texts("result", "problem", nullable=True),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at", "job_id"])
    op.create_table("documents", _key("name"), *_texts("body", "written_by"), *_ints("written_at"))
    op.create_table(
        "audit",
        sa.Column("serial", SERIAL, primary_key=True, nullable=False),
        *_ints("at"),
        *_texts("account", "action", "subject", "detail"),
    )
