"""stages, protected names, and the history of both

Revision ID: 0020_stages
Revises: 0019_limits
Create Date: 2026-11-30 20:00:00
"""

from __future__ import annotations

from alembic import op

revision = "0020_stages"
down_revision = "0019_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
