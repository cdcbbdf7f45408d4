"""announced uploads, and what is known of files

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-21 11:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _artifacts()
    _uploads()


def _artifacts() -> None:
    op.add_column("artifacts", sa.Column("state", sa.Text(), server_default="ready", nullable=False))
    op.add_column("artifacts", sa.Column("state_reason", sa.Text(), nullable=True))
    op.add_column("artifacts", sa.Column("format", sa.Text(), nullable=True))
    op.add_column("artifacts", sa.Column("facts", postgresql.JSONB(), nullable=True))
    op.add_column("artifacts", sa.Column("scan", postgresql.JSONB(), nullable=True))
    op.add_column("artifacts", sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("artifacts", sa.Column("released_by", sa.BigInteger(), nullable=True))
    op.add_column("artifacts", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_artifacts_state"), "artifacts", "state in ('ready', 'failed', 'quarantined')")
    op.create_foreign_key(op.f("fk_artifacts_released_by"), "artifacts", "users", ["released_by"], ["id"])
    op.create_index(
        "ix_artifacts_uninspected",
        "artifacts",
        ["project_id", "root_id"],
        postgresql_where=sa.text("inspected_at is null"),
    )


def _uploads() -> None:
    table = "multipart_uploads"
    op.drop_constraint(op.f("ck_multipart_uploads_state"), table)
    op.create_check_constraint(
        op.f("ck_multipart_uploads_state"), table, "state in ('open', 'verifying', 'completed', 'failed', 'aborted')"
    )
    op.drop_constraint(op.f("ck_multipart_uploads_parts"), table)
    op.create_check_constraint(op.f("ck_multipart_uploads_parts"), table, "parts between 0 and 10000")
    op.add_column(table, sa.Column("size", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("sha256", sa.LargeBinary(), nullable=True))
    op.add_column(table, sa.Column("part_size", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("is_shared", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(table, sa.Column("stored_sha256", sa.LargeBinary(), nullable=True))
    op.add_column(table, sa.Column("batch_id", sa.Uuid(), nullable=True))
    op.add_column(table, sa.Column("job_id", sa.Uuid(), nullable=True))
    op.add_column(table, sa.Column("reason", sa.Text(), nullable=True))
    op.create_index(
        "ix_multipart_uploads_batch_id",
        table,
        ["project_id", "batch_id"],
        postgresql_where=sa.text("state = 'verifying'"),
    )
    op.create_index("ix_multipart_uploads_candidate_id", table, ["project_id", "candidate_id", "id"])
    op.create_index("ix_multipart_uploads_logged_model_id", table, ["project_id", "logged_model_id", "id"])
