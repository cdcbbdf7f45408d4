"""the audit log and its chain

Revision ID: 0027_audit
Revises: 0026_deployments
Create Date: 2026-11-30 21:10:00
"""

from __future__ import annotations

from alembic import op

revision = "0027_audit"
down_revision = "0026_deployments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
