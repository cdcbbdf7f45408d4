"""deleted models and versions that can be restored

Revision ID: 0022_trash
Revises: 0021_seals
Create Date: 2026-11-30 20:20:00
"""

from __future__ import annotations

from alembic import op

revision = "0022_trash"
down_revision = "0021_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
