"""the index of checks is offered to checks alone

Revision ID: 0010_small_tables
Revises: 0009_reading
Create Date: 2026-11-21 17:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_small_tables"
down_revision = "0009_reading"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Takes about a second for each million of files; they can be read meanwhile, but none can be stored."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_blobs_checked_at_new",
        "blobs",
        ["checked_at"],
        postgresql_where=sa.text("state = 'stored' AND checked_at >= '-infinity'"),
    )
    op.drop_index("ix_blobs_checked_at", "blobs")
    op.execute("ALTER INDEX ix_blobs_checked_at_new RENAME TO ix_blobs_checked_at")
