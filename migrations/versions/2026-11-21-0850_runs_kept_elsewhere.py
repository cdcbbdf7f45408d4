"""runs kept elsewhere

Rules: forward only; compatible with the code that runs while it is applied (expand, backfill in batches,
contract in a later release); indexes on large tables CONCURRENTLY in a migration of their own.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21 08:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LOCATION = """
    UPDATE model_versions SET location = source
    WHERE location = '' AND source ~* '^[a-z][a-z0-9+.-]*://.' AND source !~* '^(file|mlflow-artifacts):'
    AND source !~* '/mlflow-artifacts/artifacts/'
"""

_DEFAULT = """
    UPDATE experiments SET created_at = projects.created_at
    FROM projects WHERE projects.id = experiments.project_id AND experiments.number = 0
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("model_versions", sa.Column("foreign_run", sa.Text(), server_default="", nullable=False))
    op.add_column("model_versions", sa.Column("location", sa.Text(), server_default="", nullable=False))
    op.add_column("logged_models", sa.Column("foreign_run", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_model_versions_foreign_run",
        "model_versions",
        ["project_id", "foreign_run"],
        postgresql_where=sa.text("foreign_run <> ''"),
    )
    op.execute(_LOCATION)
    op.execute(_DEFAULT)
