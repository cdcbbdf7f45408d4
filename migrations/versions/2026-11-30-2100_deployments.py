"""deployments, lineage and what was downloaded

Revision ID: 0026_deployments
Revises: 0025_evaluations
Create Date: 2026-11-30 21:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026_deployments"
down_revision = "0025_evaluations"
branch_labels = None
depends_on = None

TAGS = "ARRAY['modelyard.derived_from', 'base_model']"
"""Tags that say what a version was made from."""


def upgrade() -> None:
    """New tables, and triggers that are added without reading a row."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _deployments()
    _lineage()
    _pulls()
    _journal_of_deployments()
    _note_tags()
    _forget_versions()


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("environment", sa.Text(collation="C"), nullable=False),
        sa.Column("endpoint", sa.Text(collation="C"), nullable=False),
        sa.Column("instance", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("follows", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("silent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_kind", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.CheckConstraint("end_kind in ('ended', 'replaced', 'lost')", name=op.f("ck_deployments_end_kind")),
        sa.CheckConstraint("(ended_at is null) = (end_kind is null)", name=op.f("ck_deployments_end")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_deployments_created_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_deployments_ended_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_deployments_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_deployments")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_deployments_environment", "deployments", ["project_id", "environment", "id"], unique=False)
    op.create_index(
        "ix_deployments_living",
        "deployments",
        ["project_id", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("ix_deployments_model_id", "deployments", ["project_id", "model_id", "id"], unique=False)
    op.create_index("ix_deployments_version_id", "deployments", ["project_id", "version_id", "id"], unique=False)
    op.create_index(
        "uq_deployments_running",
        "deployments",
        ["project_id", "environment", "endpoint", "instance"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def _lineage() -> None:
    op.create_table(
        "derivations",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("base_project_id", sa.BigInteger(), nullable=True),
        sa.Column("base_version_id", sa.BigInteger(), nullable=True),
        sa.Column("base", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('fine_tuned', 'quantized', 'distilled', 'merged', 'adapted', 'other')",
            name=op.f("ck_derivations_kind"),
        ),
        sa.CheckConstraint("(base_version_id is null) = (base_project_id is null)", name=op.f("ck_derivations_base")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_derivations_created_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_derivations_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_derivations")),
    )
    op.create_index(
        "ix_derivations_base_version_id",
        "derivations",
        ["base_version_id", "id"],
        unique=False,
        postgresql_where=sa.text("base_version_id is not null"),
    )
    op.create_index("ix_derivations_version_id", "derivations", ["project_id", "version_id", "id"], unique=False)
    op.create_index(
        "uq_derivations_base",
        "derivations",
        ["project_id", "version_id", "kind", "base_version_id"],
        unique=True,
        postgresql_where=sa.text("base_version_id is not null"),
    )
    op.create_index(
        "uq_derivations_elsewhere",
        "derivations",
        ["project_id", "version_id", "kind", "base"],
        unique=True,
        postgresql_where=sa.text("base_version_id is null"),
    )
    op.create_table(
        "unread_lineage_tags",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "version_id", name=op.f("pk_unread_lineage_tags")),
    )


def _pulls() -> None:
    op.create_table(
        "pulls",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.Text(collation="C"), nullable=False),
        sa.Column("downloads", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resolutions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("door in ('link', 'mlflow', 'packages')", name=op.f("ck_pulls_door")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_pulls_project_id")),
        sa.PrimaryKeyConstraint("project_id", "version_id", "day", "user_id", "door", name=op.f("pk_pulls")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_pulls_day", "pulls", ["day"], unique=False)


def _journal_of_deployments() -> None:
    """Heartbeats change neither column, and are no events."""
    op.execute("""
        CREATE FUNCTION journal_deployments() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (
                NEW.project_id,
                CASE WHEN NEW.ended_at IS NOT NULL THEN 'DEPLOYMENT_ENDED'
                    WHEN NEW.silent_at IS NOT NULL THEN 'DEPLOYMENT_SILENT' ELSE 'DEPLOYMENT_STARTED' END,
                'Deployment', NEW.id::text, NEW.environment
            );
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER journal_insert AFTER INSERT ON deployments FOR EACH ROW EXECUTE FUNCTION journal_deployments()"
    )
    op.execute("""
        CREATE TRIGGER journal_update AFTER UPDATE ON deployments FOR EACH ROW
        WHEN (
            (NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL)
            OR (NEW.silent_at IS NOT NULL AND OLD.silent_at IS NULL)
        )
        EXECUTE FUNCTION journal_deployments()
    """)


def _note_tags() -> None:
    """A worker reads them: naming a base may take other projects, which a trigger must not look into."""
    op.execute("""
        CREATE FUNCTION note_lineage_tags() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO unread_lineage_tags (project_id, version_id) VALUES (NEW.project_id, NEW.id)
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
    """)
    op.execute(f"""
        CREATE TRIGGER note_lineage_tags_insert AFTER INSERT ON model_versions FOR EACH ROW
        WHEN (jsonb_exists_any(NEW.tags, {TAGS})) EXECUTE FUNCTION note_lineage_tags()
    """)
    op.execute(f"""
        CREATE TRIGGER note_lineage_tags_update AFTER UPDATE OF tags ON model_versions FOR EACH ROW
        WHEN (NEW.tags IS DISTINCT FROM OLD.tags AND jsonb_exists_any(NEW.tags, {TAGS}))
        EXECUTE FUNCTION note_lineage_tags()
    """)


def _forget_versions() -> None:
    """What a version was made from goes with its row; what was made from it keeps the name of the base."""
    op.execute("""
        CREATE FUNCTION forget_derivations() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM derivations WHERE project_id = OLD.project_id AND version_id = OLD.id;
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER forget_derivations AFTER DELETE ON model_versions"
        " FOR EACH ROW EXECUTE FUNCTION forget_derivations()"
    )
