"""gates of stages

Revision ID: 0023_gates
Revises: 0022_trash
Create Date: 2026-11-30 20:30:00
"""

from __future__ import annotations

from alembic import op

revision = "0023_gates"
down_revision = "0022_trash"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
