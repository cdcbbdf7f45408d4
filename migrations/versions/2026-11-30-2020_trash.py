"""deleted models and versions that can be restored, and what a project wants of the steps between versions

Revision ID: 0022_trash
Revises: 0021_seals
Create Date: 2026-11-30 20:20:00
"""

from __future__ import annotations

from alembic import op

revision = "0022_trash"
down_revision = "0021_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns are added without a rewrite; writes of models and versions wait for the indexes, a second for millions.

    What was deleted before has no ``purge_at``: it is due, as its job is.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, above in (("models", ""), ("model_versions", "model_id, ")):
        # In one command, so that PostgreSQL knows that there is nothing to check: all rows have null.
        op.execute(f"""
            ALTER TABLE {table} ADD COLUMN purge_at timestamptz,
                ADD COLUMN deleted_by bigint CONSTRAINT fk_{table}_deleted_by REFERENCES users (id)
        """)
        op.execute(f"""
            CREATE INDEX ix_{table}_deleted_at ON {table} (project_id, {above}deleted_at, id)
            WHERE deleted_at IS NOT NULL
        """)
    op.execute("ALTER TABLE projects ADD COLUMN bump_policy text DEFAULT 'hint' NOT NULL")
    op.create_check_constraint("bump_policy", "projects", "bump_policy in ('hint', 'warning', 'rule')")
    _journal()


def _journal() -> None:
    """What comes back is told as restored; a moment that is set anew on what is hidden already is not told."""
    op.execute("""
        CREATE OR REPLACE FUNCTION journal_models() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id)
            VALUES (NEW.project_id, CASE WHEN TG_OP = 'INSERT' THEN 'MODEL_CREATED'
                WHEN NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL THEN 'MODEL_DELETED'
                WHEN NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL THEN 'MODEL_RESTORED'
                ELSE 'MODEL_UPDATED' END, 'Model', NEW.id::text);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION journal_restored_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, 'MODEL_VERSION_RESTORED', 'ModelVersion', NEW.id::text, NEW.version);
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER journal_restored AFTER UPDATE ON model_versions FOR EACH ROW"
        " WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION journal_restored_version()"
    )
    op.execute("""
        CREATE OR REPLACE FUNCTION journal_candidates() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND NEW.purge_at IS NOT NULL AND OLD.purge_at IS NOT NULL THEN
                RETURN NULL;
            END IF;
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, CASE WHEN TG_OP = 'INSERT' THEN 'CANDIDATE_CREATED'
                WHEN NEW.purge_at IS NOT NULL THEN 'CANDIDATE_DELETED'
                WHEN OLD.purge_at IS NOT NULL THEN 'CANDIDATE_RESTORED'
                WHEN NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL THEN 'CANDIDATE_TRASHED'
                WHEN NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL THEN 'CANDIDATE_RESTORED'
                ELSE 'CANDIDATE_UPDATED' END, 'Candidate', NEW.id::text, NULL);
            RETURN NULL;
        END $$
    """)
