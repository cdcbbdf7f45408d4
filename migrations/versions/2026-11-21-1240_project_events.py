"""a journal of what happens in projects, kept by triggers

Revision ID: 0007_events
Revises: 0006_ci
Create Date: 2026-11-21 12:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_events"
down_revision = "0006_ci"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "project_events",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id())::text::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "transaction", "id", name=op.f("pk_project_events")),
    )
    _models_and_versions()
    _aliases()
    _candidates()
    _background_jobs()
    _ci_jobs()


def _models_and_versions() -> None:
    deleted = "NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL"
    model = (
        f"CASE WHEN TG_OP = 'INSERT' THEN 'MODEL_CREATED' WHEN {deleted} THEN 'MODEL_DELETED' ELSE 'MODEL_UPDATED' END"
    )
    _journal("models", model, "Model", "NEW.id::text")
    _trigger("models", "INSERT")
    _trigger("models", "UPDATE", _changed("name", "description", "tags", "deleted_at"))
    version = (
        f"CASE WHEN TG_OP = 'INSERT' THEN 'MODEL_VERSION_CREATED' WHEN {deleted} THEN 'MODEL_VERSION_DELETED'"
        " WHEN NEW.stage <> OLD.stage THEN 'STAGE_CHANGED' ELSE 'MODEL_VERSION_UPDATED' END"
    )
    _journal("model_versions", version, "ModelVersion", "NEW.id::text", "NEW.stage")
    _trigger("model_versions", "INSERT")
    _trigger("model_versions", "UPDATE", _changed("version", "description", "tags", "stage", "deleted_at"))


def _aliases() -> None:
    kind = "CASE WHEN NEW.valid_until IS NULL THEN 'ALIAS_SET' ELSE 'ALIAS_REMOVED' END"
    _journal("aliases", kind, "ModelVersion", "NEW.version_id::text", "NEW.name")
    _trigger("aliases", "INSERT")
    _trigger("aliases", "UPDATE", _changed("valid_until", "version_id"))


def _candidates() -> None:
    kind = (
        "CASE WHEN TG_OP = 'INSERT' THEN 'CANDIDATE_CREATED'"
        " WHEN NEW.purge_at IS NOT NULL AND OLD.purge_at IS NULL THEN 'CANDIDATE_DELETED'"
        " WHEN NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL THEN 'CANDIDATE_TRASHED'"
        " WHEN NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL THEN 'CANDIDATE_RESTORED'"
        " ELSE 'CANDIDATE_UPDATED' END"
    )
    _journal("candidates", kind, "Candidate", "NEW.id::text")
    _trigger("candidates", "INSERT")
    _trigger("candidates", "UPDATE", _changed("name", "status", "start_time", "end_time", "deleted_at", "purge_at"))


def _background_jobs() -> None:
    kind = "CASE WHEN TG_OP = 'INSERT' THEN 'JOB_CREATED' ELSE 'JOB_UPDATED' END"
    _journal("background_jobs", kind, "BackgroundJob", "NEW.id::text", "NEW.state")
    _trigger("background_jobs", "INSERT", "NEW.project_id IS NOT NULL")
    _trigger("background_jobs", "UPDATE", f"NEW.project_id IS NOT NULL AND {_changed('state')}")


def _ci_jobs() -> None:
    kind = "CASE WHEN TG_OP = 'INSERT' THEN 'CI_JOB_CREATED' ELSE 'CI_JOB_UPDATED' END"
    _journal("ci_jobs", kind, "CiJob", "NEW.id::text", "NEW.link_state")
    _trigger("ci_jobs", "INSERT")
    _trigger("ci_jobs", "UPDATE", _changed("link_state", "status", "web_url"))
    for table, owner, key in (
        ("candidate_ci_jobs", "Candidate", "candidate_id"),
        ("version_ci_jobs", "ModelVersion", "version_id"),
    ):
        _journal(table, "'CI_JOB_LINKED'", owner, f"NEW.{key}::text", "NEW.ci_job_id::text")
        _trigger(table, "INSERT")


def _journal(table: str, kind: str, object_type: str, object_id: str, detail: str = "NULL") -> None:
    op.execute(f"""
        CREATE FUNCTION journal_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, {kind}, '{object_type}', {object_id}, {detail});
            RETURN NULL;
        END $$
    """)  # noqa: S608 - of constants


def _trigger(table: str, event: str, condition: str | None = None) -> None:
    when = f"WHEN ({condition})" if condition else ""
    op.execute(
        f"CREATE TRIGGER journal_{event.lower()} AFTER {event} ON {table} FOR EACH ROW {when}"
        f" EXECUTE FUNCTION journal_{table}()"
    )


def _changed(*columns: str) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"(({old}) IS DISTINCT FROM ({new}))"
