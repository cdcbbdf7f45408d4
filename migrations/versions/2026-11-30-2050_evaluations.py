"""evaluations, online experiments and facts of versions

Revision ID: 0025_evaluations
Revises: 0024_promotions
Create Date: 2026-11-30 20:50:00
"""

from __future__ import annotations

from alembic import op

revision = "0025_evaluations"
down_revision = "0024_promotions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
