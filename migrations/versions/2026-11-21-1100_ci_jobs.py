"""CI jobs

Revision ID: 0006_ci
Revises: 0005_operation
Create Date: 2026-11-21 11:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_ci"
down_revision = "0005_operation"
branch_labels = None
depends_on = None

MOMENT, NOW = sa.DateTime(timezone=True), sa.text("now()")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("tokens", sa.Column("ci_job", sa.Text(), nullable=True))
    _settings()
    _jobs()
    _links("candidate", sa.Uuid(), "candidates")
    _links("version", sa.BigInteger(), "model_versions")


def _settings() -> None:
    op.create_table(
        "ci_settings",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("ci_project", sa.Text(), nullable=False),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_hook_secret", sa.LargeBinary(), nullable=True),
        sa.Column("identity_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("identity_issuer", sa.Text(), nullable=False),
        sa.Column("identity_audience", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "identity_claims", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("identity_role", sa.SmallInteger(), nullable=False),
        sa.Column("identity_scope", sa.Text(), server_default="api", nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("provider in ('gitlab', 'github')", name=op.f("ck_ci_settings_provider")),
        sa.ForeignKeyConstraint(["bot_id"], ["users.id"], name=op.f("fk_ci_settings_bot_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name=op.f("fk_ci_settings_updated_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_ci_settings_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_ci_settings")),
    )


def _jobs() -> None:
    texts = "status name ref commit_sha pipeline_id pipeline_url".split()
    more_texts = "merge_request_url user_name user_url log_url web_url".split()
    op.create_table(
        "ci_jobs",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("ci_project", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("link_state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("awaits_settings", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in texts),
        sa.Column("merge_request_iid", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in more_texts),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("notes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("followed_since", MOMENT, server_default=NOW, nullable=False),
        sa.Column("last_checked_at", MOMENT, nullable=True),
        sa.Column("next_check_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("provider in ('gitlab', 'github')", name=op.f("ck_ci_jobs_provider")),
        sa.CheckConstraint(
            "link_state in ('pending', 'linked', 'finished', 'failed')", name=op.f("ck_ci_jobs_link_state")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_ci_jobs_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_ci_jobs")),
    )
    key = ["project_id", "provider", "ci_project", "external_id"]
    op.create_index("uq_ci_jobs_external_id", "ci_jobs", key, unique=True)
    op.create_index(
        "ix_ci_jobs_awaiting",
        "ci_jobs",
        ["project_id", "id"],
        unique=False,
        postgresql_where=sa.text("awaits_settings"),
    )


def _links(owner: str, key: sa.types.TypeEngine[object], owners: str) -> None:
    table = f"{owner}_ci_jobs"
    op.create_table(
        table,
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column(f"{owner}_id", key, nullable=False),
        sa.Column("ci_job_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by", sa.BigInteger(), nullable=True),
        sa.Column("linked_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", f"{owner}_id"], [f"{owners}.project_id", f"{owners}.id"], name=f"fk_{table}_owner"
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "ci_job_id"], ["ci_jobs.project_id", "ci_jobs.id"], name=f"fk_{table}_job"
        ),
        sa.ForeignKeyConstraint(["linked_by"], ["users.id"], name=op.f(f"fk_{table}_linked_by")),
        sa.PrimaryKeyConstraint("project_id", f"{owner}_id", "ci_job_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_ci_job_id", table, ["project_id", "ci_job_id"], unique=False)
