"""operation: jobs by kind, suspects, damage, deleted projects

Revision ID: 0005_operation
Revises: 0005
Create Date: 2026-11-21 11:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_operation"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _jobs()
    _blobs()
    _projects()


def _blobs() -> None:
    moment, now = sa.DateTime(timezone=True), sa.text("now()")
    c = sa.Text(collation="C")
    # In the order of their bytes, as stores list them: the reconciler reads both side by side.
    for table in ("blobs", "condemned_objects"):
        op.alter_column(table, "object_key", type_=c, existing_type=sa.Text(), existing_nullable=False)
    op.add_column("blobs", sa.Column("checked_at", moment, server_default=now, nullable=False))
    op.add_column("blobs", sa.Column("damaged_at", moment, nullable=True))
    op.add_column("blobs", sa.Column("damage", sa.Text(), nullable=True))
    op.create_index("ix_blobs_checked_at", "blobs", ["checked_at"], postgresql_where=sa.text("state = 'stored'"))
    op.create_index("ix_blobs_damaged_at", "blobs", ["damaged_at"], postgresql_where=sa.text("damaged_at is not null"))
    op.create_table(
        "suspect_objects",
        sa.Column("object_key", c, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("suspected_at", moment, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_suspect_objects")),
    )
    op.create_index("ix_suspect_objects_suspected_at", "suspect_objects", ["suspected_at"])


def _jobs() -> None:
    op.drop_constraint(op.f("ck_background_jobs_state"), "background_jobs")
    op.create_check_constraint(
        op.f("ck_background_jobs_state"),
        "background_jobs",
        "state in ('queued', 'running', 'succeeded', 'dead', 'cancelled')",
    )
    op.drop_index("ix_background_jobs_due", "background_jobs")
    op.drop_index("ix_background_jobs_leased", "background_jobs")
    queued, running = sa.text("state = 'queued'"), sa.text("state = 'running'")
    unfinished, requested = sa.text("state in ('queued', 'running', 'dead')"), sa.text("requested_by is not null")
    for name, columns, where in (
        ("due", ["kind", "run_after", "id"], queued),
        ("leased", ["kind", "lease_until"], running),
        ("project_state", ["project_id", "state", "id"], None),
        ("project_kind", ["project_id", "kind", "id"], None),
        ("requested_by", ["requested_by", "id"], requested),
    ):
        op.create_index(f"ix_background_jobs_{name}", "background_jobs", columns, postgresql_where=where)
    op.create_index(
        "ix_background_jobs_unfinished",
        "background_jobs",
        ["state", "id"],
        postgresql_where=unfinished,
        postgresql_include=["kind", "run_after"],
    )


def _projects() -> None:
    op.add_column("projects", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("uq_projects_full_path", "projects")
    op.create_index(
        "uq_projects_full_path",
        "projects",
        [sa.literal_column("lower(full_path)")],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
    )
