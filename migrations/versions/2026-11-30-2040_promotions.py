"""promotions, requests for them, and their approvals

Revision ID: 0024_promotions
Revises: 0023_gates
Create Date: 2026-11-30 20:40:00
"""

from __future__ import annotations

from alembic import op

revision = "0024_promotions"
down_revision = "0023_gates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
