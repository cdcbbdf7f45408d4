"""sealed, yanked and deprecated versions

Revision ID: 0021_seals
Revises: 0020_stages
Create Date: 2026-11-30 20:10:00
"""

from __future__ import annotations

from alembic import op

revision = "0021_seals"
down_revision = "0020_stages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
