"""verdicts belong to bytes and name, and inspections take turns

Revision ID: 0013_known_verdicts
Revises: 0012_composed_names
Create Date: 2026-11-30 09:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013_known_verdicts"
down_revision = "0012_composed_names"
branch_labels = None
depends_on = None

IN_TURN = "state = 'queued' and kind in ('artifacts.ingest', 'artifacts.inspect')"
ALONE = "state = 'running' and kind = 'artifacts.inspect' and lane <> ''"


def upgrade() -> None:
    """Reads all artifacts once, about a second for each million; what was inspected before gets no verdict."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _verdicts()
    _turns()


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("name_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=True),
        sa.Column("scan", postgresql.JSONB(), nullable=True),
        sa.Column("inspected_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('ready', 'failed', 'quarantined')", name=op.f("ck_verdicts_state")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_verdicts_project_id")),
        sa.ForeignKeyConstraint(
            ["project_id", "blob_id"],
            ["blobs.project_id", "blobs.id"],
            name=op.f("fk_verdicts_project_id_blob_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["released_by"], ["users.id"], name=op.f("fk_verdicts_released_by")),
        sa.PrimaryKeyConstraint("project_id", "blob_id", "name_kind", name=op.f("pk_verdicts")),
    )
    op.add_column("blobs", sa.Column("has_trouble", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        "UPDATE blobs SET has_trouble = true FROM artifacts a"
        " WHERE a.project_id = blobs.project_id AND a.blob_id = blobs.id AND a.state IN ('failed', 'quarantined')"
    )
    op.drop_index("ix_multipart_uploads_batch_id", "multipart_uploads")
    op.create_index(
        "ix_multipart_uploads_batch_id",
        "multipart_uploads",
        ["project_id", "batch_id"],
        postgresql_where=sa.text("batch_id is not null"),
    )
    op.create_index(
        "ix_multipart_uploads_shared",
        "multipart_uploads",
        ["project_id", "blob_id"],
        postgresql_where=sa.text("state = 'verifying' and is_shared"),
    )


def _turns() -> None:
    table = "background_jobs"
    op.add_column(table, sa.Column("lane", sa.Text(collation="C"), server_default="", nullable=False))
    op.execute(
        "UPDATE background_jobs SET lane = payload ->> 'root_id'"
        " WHERE state = 'queued' AND kind = 'artifacts.inspect' AND payload ->> 'root_id' IS NOT NULL"
    )
    op.create_index(
        "ix_background_jobs_in_turn",
        table,
        ["kind", "project_id", "lane", "run_after", "id"],
        postgresql_where=sa.text(IN_TURN),
    )
    op.create_index("uq_background_jobs_lane", table, ["kind", "lane"], unique=True, postgresql_where=sa.text(ALONE))
