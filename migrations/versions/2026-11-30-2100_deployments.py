"""deployments, lineage and what was downloaded

Revision ID: 0026_deployments
Revises: 0025_evaluations
Create Date: 2026-11-30 21:00:00
"""

from __future__ import annotations

from alembic import op

revision = "0026_deployments"
down_revision = "0025_evaluations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
