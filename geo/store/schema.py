"""The tables of a store in SQLAlchemy Core, one declaration for SQLite and PostgreSQL.

The migrations beside this file make them; a test holds that both say the same.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from geo.store.port import TABLES
from geo.store.records import POINT_COLUMNS, geometry_columns
from geo.store.values import INDEXED, TIME_COLUMN
from geo.tables.spec import Column, TableSpec

REVISION: Final = "0007"
"""The newest migration; a store that is newer than this is refused."""

KEPT_HISTORY: Final = ("grids",)
"""Collections of which every replaced row is kept."""

METADATA: Final = sa.MetaData()

TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text in the order of code points on both databases."""

_KINDS: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "text": TEXT,
    "int": sa.BigInteger(),
    "float": sa.Double(),
    "bool": sa.Boolean(),
    "time": sa.BigInteger(),
}
_PLACES: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "wkb": sa.LargeBinary(),
    "cell_y": sa.BigInteger(),
    "cell_x": sa.BigInteger(),
}
SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A key that counts up by itself."""


def _field(column: Column, *, key: str | None) -> sa.Column[Any]:
    return sa.Column(
        column.name, _KINDS[column.kind], nullable=column.nullable, primary_key=column.name == key, autoincrement=False
    )


def _row_columns(spec: TableSpec, *, key: str | None) -> list[sa.Column[Any]]:
    columns = [_field(column, key=key) for column in spec.columns]
    columns.extend(sa.Column(name, _PLACES.get(name, sa.Double()), nullable=False) for name in geometry_columns(spec))
    columns.append(sa.Column("row_version", sa.BigInteger(), nullable=False))
    columns.append(sa.Column("row_by", TEXT, nullable=False))
    columns.append(sa.Column("row_at", sa.BigInteger(), nullable=False))
    return columns


def _collection(spec: TableSpec) -> sa.Table:
    table = sa.Table(spec.name, METADATA, *_row_columns(spec, key=spec.key))
    key = table.c[spec.key]
    filters = [table.c[name] for name in INDEXED.get(spec.name, ()) if name != spec.key]
    time = [table.c[TIME_COLUMN[spec.name]]] if spec.name in TIME_COLUMN else []
    # Each index holds all that a search compares, so that a search reads no row that it does not return.
    if geometry_columns(spec) == POINT_COLUMNS:
        place = [table.c.lon, table.c.lat]
        sa.Index(f"ix_{spec.name}_cell", table.c.cell_y, table.c.cell_x, *time, *place, *filters, key)
        if time:
            sa.Index(f"ix_{spec.name}_time", *time, *place, *filters, key)
        for column in filters:
            sa.Index(
                f"ix_{spec.name}_{column.name}", column, *time, *place, *(f for f in filters if f is not column), key
            )
    elif spec.geometry:
        sa.Index(f"ix_{spec.name}_box", table.c.min_lat, table.c.max_lat, table.c.min_lon, table.c.max_lon, key)
    return table


COLLECTIONS: Final[dict[str, sa.Table]] = {name: _collection(kind.SPEC) for name, kind in TABLES.items()}
"""The table of each collection: fields, geometry, and who wrote the row when."""

HISTORIES: Final[dict[str, sa.Table]] = {
    name: sa.Table(
        f"{name}_history",
        METADATA,
        sa.Column("serial", SERIAL, primary_key=True),
        *_row_columns(TABLES[name].SPEC, key=None),
        sa.Column("replaced_version", sa.BigInteger(), nullable=False),
        sa.Column("replaced_by", TEXT, nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Index(f"ix_{name}_history_{TABLES[name].SPEC.key}", TABLES[name].SPEC.key, "replaced_version"),
    )
    for name in KEPT_HISTORY
}
"""Rows as they were before a change, by whom and when they were replaced; append-only."""

VERSIONS: Final = sa.Table(
    "collections",
    METADATA,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.Column("rows", sa.BigInteger(), nullable=False),
    sa.Column("source", TEXT, nullable=False),
    sa.Column("written_by", TEXT),
    sa.Column("written_at", sa.BigInteger()),
)
"""How often each collection was written, last by whom and from what; its row is also the lock of its writers."""

PLANS: Final = sa.Table(
    "plans",
    METADATA,
    sa.Column("plan_id", TEXT, primary_key=True),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("title", TEXT, nullable=False),
    sa.Column("created_at", sa.BigInteger(), nullable=False),
    sa.Column("created_by", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False),
    sa.Column("heading", TEXT),
    sa.Index("ix_plans_created_at", "created_at", "plan_id"),
)

JOBS: Final = sa.Table(
    "jobs",
    METADATA,
    sa.Column("job_id", TEXT, primary_key=True),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("share", sa.Double(), nullable=False),
    sa.Column("message", TEXT, nullable=False),
    sa.Column("created_at", sa.BigInteger(), nullable=False),
    sa.Column("created_by", TEXT, nullable=False),
    sa.Column("finished_at", sa.BigInteger()),
    sa.Column("result", TEXT),
    sa.Column("problem", TEXT),
    sa.Index("ix_jobs_created_at", "created_at", "job_id"),
)

DOCUMENTS: Final = sa.Table(
    "documents",
    METADATA,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("body", TEXT, nullable=False),
    sa.Column("written_by", TEXT, nullable=False),
    sa.Column("written_at", sa.BigInteger(), nullable=False),
)

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("account", TEXT, nullable=False),
    sa.Column("action", TEXT, nullable=False),
    sa.Column("subject", TEXT, nullable=False),
    sa.Column("detail", TEXT, nullable=False),
)
"""Who did what to what; append-only."""


DRAFTS: Final = sa.Table(
    "drafts",
    METADATA,
    sa.Column("draft_id", TEXT, primary_key=True),
    sa.Column("title", TEXT, nullable=False),
    sa.Column("area", TEXT, nullable=False),
    sa.Column("base", sa.BigInteger(), nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.Column("valid_from", TEXT),
    sa.Column("edition", sa.BigInteger()),
    sa.Column("record", TEXT, nullable=False),
    sa.Column("work", TEXT, nullable=False),
    sa.Column("row_by", TEXT, nullable=False),
    sa.Column("row_at", sa.BigInteger(), nullable=False),
    sa.Index("ix_drafts_row_at", "row_at", "draft_id"),
)
"""Drafts: where each stands; ``record`` holds steps, touched and gone codes, ``work`` what its editor keeps."""


def _grid_row() -> list[sa.Column[Any]]:
    spec = TABLES["grids"].SPEC
    return [
        *(_field(column, key=None) for column in spec.columns),
        *(sa.Column(name, _PLACES.get(name, sa.Double()), nullable=False) for name in geometry_columns(spec)),
    ]


DRAFT_GRIDS: Final = sa.Table(
    "draft_grids",
    METADATA,
    sa.Column("draft_id", TEXT, nullable=False),
    *_grid_row(),
    sa.PrimaryKeyConstraint("draft_id", "code"),
)
"""The grids that a draft changes or makes, as they shall be."""

EDITIONS: Final = sa.Table(
    "editions",
    METADATA,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("title", TEXT, nullable=False),
    sa.Column("valid_from", TEXT, nullable=False),
    sa.Column("recorded_at", sa.BigInteger(), nullable=False),
    sa.Column("recorded_by", TEXT, nullable=False),
    sa.Column("base", sa.BigInteger()),
    sa.Column("draft_id", TEXT),
    sa.Column("note", TEXT, nullable=False),
    sa.Column("grids", sa.BigInteger(), nullable=False),
    sa.Column("changed", sa.BigInteger(), nullable=False),
    sa.Column("gone", sa.BigInteger(), nullable=False),
    sa.Column("steps", TEXT),
)
"""Editions, numbered by ``serial``; append-only."""

EDITION_GRIDS: Final = sa.Table(
    "edition_grids",
    METADATA,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("edition", sa.BigInteger(), nullable=False),
    sa.Column("ended", sa.Boolean(), nullable=False),
    *_grid_row(),
    sa.Index("ix_edition_grids_code", "code", "edition", unique=True),
    sa.Index("ix_edition_grids_edition", "edition", "code"),
)
"""What each edition changes of the one before: grids as they became, or as they last were where they ended."""

IN_FORCE: Final = sa.Table(
    "editions_in_force",
    METADATA,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("edition", sa.BigInteger(), nullable=False, unique=True),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.Column("row_by", TEXT, nullable=False),
    sa.Column("row_at", sa.BigInteger(), nullable=False),
)
"""When each edition took effect, and the version of the grids that it made; append-only."""
