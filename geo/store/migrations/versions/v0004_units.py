"""Blocks, communities and linear grids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COLLECTIONS = ("blocks", "communities", "linear_grids")


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _doubles(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Double(), nullable=nullable) for name in names]


def _end() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.BigInteger()),
        sa.Column("synthetic", sa.Boolean()),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        *_doubles("min_lon", "min_lat", "max_lon", "max_lat"),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        *_texts("row_by"),
        sa.Column("row_at", sa.BigInteger(), nullable=False),
    ]


def _key() -> sa.Column[object]:
    return sa.Column("code", TEXT, primary_key=True, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    people = ("population", "households")
    op.create_table(
        "blocks", _key(), *_texts("name", "grid_code", nullable=True), *_doubles(*people, nullable=True), *_end()
    )
    op.create_table(
        "communities", _key(), *_texts("name", "town_name", nullable=True), *_doubles(*people, nullable=True), *_end()
    )
    owners = ("owner_province", "owner_prefecture", "owner_county", "owner_town", "owner_village")
    op.create_table(
        "linear_grids",
        _key(),
        *_texts("name", nullable=True),
        *_texts("line"),
        *_doubles("start_m", "end_m"),
        *_texts(*owners, nullable=True),
        *_end(),
    )
    for table in COLLECTIONS:
        op.create_index(f"ix_{table}_box", table, ["min_lat", "max_lat", "min_lon", "max_lon", "code"])
        _shape(table)
    versions = sa.table("collections", sa.column("name"), sa.column("version"), sa.column("rows"), sa.column("source"))
    op.bulk_insert(versions, [{"name": name, "version": 0, "rows": 0, "source": ""} for name in COLLECTIONS])


def _shape(table: str) -> None:
    """Give PostGIS its own column, made from the WKB, and an index for its own searches and for QGIS."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN shape geometry(Geometry, 4326) "
            "GENERATED ALWAYS AS (ST_Force2D(ST_GeomFromWKB(wkb, 4326))) STORED"
        )
        op.execute(f"CREATE INDEX ix_{table}_shape ON {table} USING gist (shape)")
