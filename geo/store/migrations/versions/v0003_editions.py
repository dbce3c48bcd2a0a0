"""Drafts and editions of grids; estates, buildings and posts in grids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from geo.store.migrations.append_only import make_append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLLECTIONS = ("estates", "buildings", "grid_posts")


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


def _serial() -> sa.Column[object]:
    return sa.Column("serial", SERIAL, primary_key=True, nullable=False)


def _row() -> list[sa.Column[object]]:
    return [*_ints("row_version"), *_texts("row_by"), *_ints("row_at")]


def _area() -> list[sa.Column[object]]:
    return [
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        *_doubles("min_lon", "min_lat", "max_lon", "max_lat"),
    ]


def _grid() -> list[sa.Column[object]]:
    return [
        *_texts("code"),
        *_texts("name", nullable=True),
        *_texts("kind"),
        *_texts("parent_code", "parent_name", nullable=True),
        *_doubles("population", "households", nullable=True),
        *_ints("valid_from", "valid_to", "version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_area(),
    ]


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
    _collections()
    _drafts()
    _editions()


def _collections() -> None:
    op.create_table(
        "estates",
        _key("estate_id"),
        *_texts("name", nullable=True),
        *_ints("households", "population", "buildings", nullable=True),
        *_texts("grid_code", nullable=True),
        *_ints("version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_area(),
        *_row(),
    )
    op.create_index("ix_estates_box", "estates", ["min_lat", "max_lat", "min_lon", "max_lon", "estate_id"])
    _shape("estates")
    op.create_table(
        "buildings",
        _key("building_id"),
        *_texts("name", "estate_id", nullable=True),
        *_ints("households", "population", "floors", "version", nullable=True),
        *_bools("synthetic", nullable=True),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        *_doubles("lon", "lat"),
        *_ints("cell_y", "cell_x"),
        *_row(),
    )
    op.create_index("ix_buildings_cell", "buildings", ["cell_y", "cell_x", "lon", "lat", "building_id"])
    _shape("buildings")
    op.create_table(
        "grid_posts",
        _key("post_id"),
        *_texts("unit_code", "role"),
        *_ints("filled"),
        *_texts("holder", nullable=True),
        *_ints("version", nullable=True),
        *_bools("synthetic", nullable=True),
        *_row(),
    )
    versions = sa.table("collections", sa.column("name"), sa.column("version"), sa.column("rows"), sa.column("source"))
    op.bulk_insert(versions, [{"name": name, "version": 0, "rows": 0, "source": ""} for name in COLLECTIONS])


def _drafts() -> None:
    op.create_table(
        "drafts",
        _key("draft_id"),
        *_texts("title", "area"),
        *_ints("base"),
        *_texts("state"),
        *_ints("version"),
        *_texts("valid_from", nullable=True),
        *_ints("edition", nullable=True),
        *_texts("record", "work", "row_by"),
        *_ints("row_at"),
    )
    op.create_index("ix_drafts_row_at", "drafts", ["row_at", "draft_id"])
    op.create_table("draft_grids", *_texts("draft_id"), *_grid(), sa.PrimaryKeyConstraint("draft_id", "code"))


def _editions() -> None:
    op.create_table(
        "editions",
        _serial(),
        *_texts("title", "valid_from"),
        *_ints("recorded_at"),
        *_texts("recorded_by"),
        *_ints("base", nullable=True),
        *_texts("draft_id", nullable=True),
        *_texts("note"),
        *_ints("grids", "changed", "gone"),
        *_texts("steps", nullable=True),
    )
    op.create_table("edition_grids", _serial(), *_ints("edition"), *_bools("ended"), *_grid())
    op.create_index("ix_edition_grids_code", "edition_grids", ["code", "edition"], unique=True)
    op.create_index("ix_edition_grids_edition", "edition_grids", ["edition", "code"])
    op.create_table(
        "editions_in_force",
        _serial(),
        sa.Column("edition", sa.BigInteger(), nullable=False, unique=True),
        *_ints("version"),
        *_texts("row_by"),
        *_ints("row_at"),
    )
    make_append_only(op.get_bind(), "editions")
    make_append_only(op.get_bind(), "edition_grids", unique=("code", "edition"))
    make_append_only(op.get_bind(), "editions_in_force", unique=("edition",))
