"""How often a point is visited, when, by which units, and by how many at one time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERS = ("gap_minutes", "least_gap_minutes", "window_start", "window_end", "units_together")


def upgrade() -> None:
    """Add the columns; where they are empty, the visits a shift and the way of patrol hold."""
    for name in NUMBERS:
        op.add_column("points", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("points", sa.Column("kinds", TEXT, nullable=True))
