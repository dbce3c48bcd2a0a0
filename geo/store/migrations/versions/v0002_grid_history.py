"""Grids as they were before each change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from geo.store.migrations.append_only import make_append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the history of grids, with the same columns as the grids and who replaced them."""
    op.create_table(
        "grids_history",
        sa.Column("serial", SERIAL, primary_key=True, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", TEXT),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("parent_code", TEXT),
        sa.Column("parent_name", TEXT),
        sa.Column("population", sa.Double()),
        sa.Column("households", sa.Double()),
        sa.Column("valid_from", sa.BigInteger()),
        sa.Column("valid_to", sa.BigInteger()),
        sa.Column("version", sa.BigInteger()),
        sa.Column("synthetic", sa.Boolean()),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.Column("min_lon", sa.Double(), nullable=False),
        sa.Column("min_lat", sa.Double(), nullable=False),
        sa.Column("max_lon", sa.Double(), nullable=False),
        sa.Column("max_lat", sa.Double(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("row_by", TEXT, nullable=False),
        sa.Column("row_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_version", sa.BigInteger(), nullable=False),
        sa.Column("replaced_by", TEXT, nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
    )
    op.create_index("ix_grids_history_code", "grids_history", ["code", "replaced_version"])
    make_append_only(op.get_bind(), "grids_history")
