"""Where calls come from, and what was noticed about each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; older calls have neither."""
    for name in ("source", "flags"):
        op.add_column("calls", sa.Column(name, TEXT, nullable=True))
