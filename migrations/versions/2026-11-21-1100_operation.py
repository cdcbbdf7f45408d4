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
        postgresql_include=["kind"],
    )
