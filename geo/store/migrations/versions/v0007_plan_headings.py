"""The short values of a plan beside its body, so that a list of plans need not read them whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; where it is empty, the body is read."""
    op.add_column("plans", sa.Column("heading", TEXT, nullable=True))
