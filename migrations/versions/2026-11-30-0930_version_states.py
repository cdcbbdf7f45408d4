"""versions have a state; the texts of deleted ones stay reserved

Revision ID: 0011_version_states
Revises: 0010_small_tables
Create Date: 2026-11-30 09:30:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_version_states"
down_revision = "0010_small_tables"
branch_labels = None
depends_on = None

_ABOVE = [sa.text("is_prerelease desc"), "precedence", "number"]
_UNANNOUNCED = "(state <> announced_state OR (was_ready AND NOT is_announced)) AND deleted_at is null"
_FINISHED = "(3, 4, 5)"
"""The statuses of candidates that have ended (MLflow: RunStatus)."""


def upgrade() -> None:
    """Takes about a second for each million of files and versions; versions cannot be read meanwhile."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _columns()
    _indexes()
    _retired_versions()
    _state_functions()
    _state_triggers()
    _present_states()
    _journal()


def _columns() -> None:
    for column in (
        sa.Column("state", sa.Text(), server_default="ready", nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("open_until", sa.Text(), server_default="", nullable=False),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_ready", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_announced", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("announced_state", sa.Text(), server_default="ready", nullable=False),
    ):
        op.add_column("model_versions", column)
    op.create_check_constraint("state", "model_versions", "state in ('open', 'ready', 'failed', 'quarantined')")
    op.create_check_constraint("open_until", "model_versions", "open_until in ('', 'completed', 'files_ready')")
    op.add_column("projects", sa.Column("version_reuse", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def _indexes() -> None:
    """``latest``, ranges and stages see versions that are READY, so their indexes hold no others."""
    ready = sa.text("deleted_at is null AND state = 'ready'")
    for name, columns in (("precedence", []), ("stage", ["stage"])):
        op.create_index(
            f"ix_model_versions_{name}_ready",
            "model_versions",
            ["project_id", "model_id", *columns, *_ABOVE],
            postgresql_where=ready,
        )
        op.drop_index(f"ix_model_versions_{name}", "model_versions")
        op.execute(f"ALTER INDEX ix_model_versions_{name}_ready RENAME TO ix_model_versions_{name}")
    op.create_index(
        "ix_model_versions_not_ready",
        "model_versions",
        ["project_id", "model_id", "precedence"],
        postgresql_where=sa.text("deleted_at is null AND state <> 'ready'"),
    )
    op.create_index(
        "ix_model_versions_open",
        "model_versions",
        ["project_id", "id"],
        postgresql_where=sa.text("open_until <> '' AND deleted_at is null"),
    )
    op.create_index(
        "ix_model_versions_unannounced",
        "model_versions",
        ["project_id", "id"],
        postgresql_where=sa.text(_UNANNOUNCED),
    )
    op.create_index(
        "ix_artifacts_not_ready",
        "artifacts",
        ["project_id", "root_id"],
        postgresql_where=sa.text("state <> 'ready'"),
    )


def _retired_versions() -> None:
    op.create_table(
        "retired_versions",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("precedence", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "model_id", "version", name=op.f("pk_retired_versions")),
        sa.ForeignKeyConstraint(
            ["project_id", "model_id"], ["models.project_id", "models.id"], name="fk_retired_versions_model"
        ),
    )
    op.create_index("ix_retired_versions_precedence", "retired_versions", ["project_id", "model_id", "precedence"])


def _state_functions() -> None:
    """A version's state follows from its own columns and from the states of its files.

    ``version_state`` derives it; ``refresh_version_states`` writes it for all versions that share files. The lock is
    taken in the order model, files, version: by the maker of a version shared, by whoever changes a file alone.
    """
    op.execute("""
        CREATE FUNCTION version_files_lock(root uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS
        $$ SELECT hashtextextended(root::text, 1985) $$
    """)
    op.execute("""
        CREATE FUNCTION version_state(v model_versions, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
        BEGIN
            IF v.location = '' THEN
                SELECT a.state, left('`' || a.path || '`: ' || coalesce(a.state_reason, 'no reason was given'), 2000)
                INTO state, reason FROM artifacts a
                WHERE a.project_id = v.project_id AND a.root_id = coalesce(v.logged_model_id, v.candidate_id)
                  AND a.state <> 'ready'
                  AND (v.artifact_folder = '' OR a.path = v.artifact_folder
                       OR starts_with(a.path, v.artifact_folder || '/'))
                ORDER BY a.state = 'quarantined' DESC, a.path LIMIT 1;
                IF FOUND THEN
                    RETURN;
                END IF;
            END IF;
            state := CASE WHEN v.open_until = '' THEN 'ready' WHEN v.given_up_at IS NULL THEN 'open' ELSE 'failed' END;
            reason := CASE WHEN state = 'failed' THEN
                'It was given up, since it was not completed within a day; send its files again, or delete it.' END;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION refresh_version_states(of_project bigint, of_candidate uuid, of_logged_model uuid)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            v model_versions;
            derived record;
        BEGIN
            PERFORM pg_advisory_xact_lock(version_files_lock(coalesce(of_logged_model, of_candidate)));
            FOR v IN  -- one of both has rows; each has an index of its own
                SELECT * FROM model_versions m WHERE m.project_id = of_project AND m.id = ANY (ARRAY(
                    SELECT o.id FROM model_versions o
                    WHERE o.project_id = of_project AND o.logged_model_id = of_logged_model AND o.deleted_at IS NULL
                    UNION ALL
                    SELECT o.id FROM model_versions o
                    WHERE o.project_id = of_project AND o.candidate_id = of_candidate AND o.logged_model_id IS NULL
                      AND of_logged_model IS NULL AND o.deleted_at IS NULL))
                AND m.deleted_at IS NULL ORDER BY m.id FOR UPDATE
            LOOP
                derived := version_state(v);
                IF (derived.state, derived.reason) IS DISTINCT FROM (v.state, v.state_reason) THEN
                    UPDATE model_versions m SET state = derived.state, state_reason = derived.reason,
                        was_ready = m.was_ready OR derived.state = 'ready'
                    WHERE m.project_id = v.project_id AND m.id = v.id;
                END IF;
            END LOOP;
        END $$
    """)


def _state_triggers() -> None:
    op.execute("""
        CREATE FUNCTION begin_version_state() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            derived record;
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(version_files_lock(coalesce(NEW.logged_model_id, NEW.candidate_id)));
            derived := version_state(NEW);
            NEW.state := derived.state;
            NEW.state_reason := derived.reason;
            NEW.was_ready := derived.state = 'ready';
            NEW.is_announced := NEW.was_ready;
            NEW.announced_state := derived.state;
            RETURN NEW;
        END $$
    """)
    # Who makes a version with a candidate of its own knows that there are no files, and says the state.
    op.alter_column("model_versions", "state", server_default="underived")
    op.execute(
        "CREATE TRIGGER begin_state BEFORE INSERT ON model_versions FOR EACH ROW WHEN (NEW.state = 'underived')"
        " EXECUTE FUNCTION begin_version_state()"
    )
    op.execute("""
        CREATE FUNCTION follow_file_state() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                PERFORM refresh_version_states(OLD.project_id, OLD.candidate_id, OLD.logged_model_id);
            ELSE
                PERFORM refresh_version_states(NEW.project_id, NEW.candidate_id, NEW.logged_model_id);
            END IF;
            RETURN NULL;
        END $$
    """)
    for event, condition in (
        ("INSERT", "NEW.state <> 'ready'"),
        ("UPDATE", "(OLD.state, OLD.state_reason) IS DISTINCT FROM (NEW.state, NEW.state_reason)"),
        ("DELETE", "OLD.state <> 'ready'"),
    ):
        op.execute(
            f"CREATE TRIGGER version_state_{event.lower()} AFTER {event} ON artifacts FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION follow_file_state()"
        )


def _present_states() -> None:
    """Versions with files that failed or are in quarantine; what webhooks were told of them stays as it was."""
    op.execute("""
        WITH bad AS MATERIALIZED (
            SELECT DISTINCT project_id, root_id FROM artifacts WHERE state <> 'ready'
        ), derived AS MATERIALIZED (
            SELECT v.project_id, v.id, (version_state(v)).* FROM model_versions v
            JOIN bad ON bad.project_id = v.project_id AND bad.root_id = coalesce(v.logged_model_id, v.candidate_id)
            WHERE v.deleted_at IS NULL
        )
        UPDATE model_versions v SET state = d.state, state_reason = d.reason, announced_state = d.state
        FROM derived d WHERE d.project_id = v.project_id AND d.id = v.id AND d.state <> 'ready'
    """)


def _journal() -> None:
    """A version is told as created once it is whole; before that as opened."""
    op.execute("""
        CREATE OR REPLACE FUNCTION journal_model_versions() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            kinds text[] := '{}';
            kind text;
        BEGIN
            IF NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL THEN
                kinds := ARRAY['MODEL_VERSION_DELETED'];
            ELSE
                IF NEW.was_ready AND NOT OLD.was_ready THEN
                    kinds := kinds || 'MODEL_VERSION_CREATED'::text;
                END IF;
                IF NEW.state <> OLD.state THEN
                    kinds := kinds || ('MODEL_VERSION_' || CASE NEW.state WHEN 'open' THEN 'OPENED'
                        ELSE upper(NEW.state) END);
                END IF;
                IF NEW.stage <> OLD.stage THEN
                    kinds := kinds || 'STAGE_CHANGED'::text;
                END IF;
                IF (NEW.version, NEW.description, NEW.tags)
                    IS DISTINCT FROM (OLD.version, OLD.description, OLD.tags) THEN
                    kinds := kinds || 'MODEL_VERSION_UPDATED'::text;
                END IF;
            END IF;
            FOREACH kind IN ARRAY kinds LOOP
                INSERT INTO project_events (project_id, type, object_type, object_id, detail)
                VALUES (NEW.project_id, kind, 'ModelVersion', NEW.id::text,
                    CASE WHEN kind IN ('MODEL_VERSION_FAILED', 'MODEL_VERSION_QUARANTINED') THEN NEW.state_reason
                    ELSE NEW.stage END);
            END LOOP;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION journal_new_model_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, CASE NEW.state WHEN 'ready' THEN 'MODEL_VERSION_CREATED'
                WHEN 'open' THEN 'MODEL_VERSION_OPENED' ELSE 'MODEL_VERSION_' || upper(NEW.state) END,
                'ModelVersion', NEW.id::text, coalesce(NEW.state_reason, NEW.stage));
            RETURN NULL;
        END $$
    """)
    op.execute("DROP TRIGGER journal_insert ON model_versions")
    op.execute(
        "CREATE TRIGGER journal_insert AFTER INSERT ON model_versions FOR EACH ROW"
        " EXECUTE FUNCTION journal_new_model_version()"
    )
    changed = ("version", "description", "tags", "stage", "deleted_at", "state", "was_ready")
    old, new = (", ".join(f"{row}.{name}" for name in changed) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER journal_update ON model_versions")
    op.execute(
        "CREATE TRIGGER journal_update AFTER UPDATE ON model_versions FOR EACH ROW"
        f" WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION journal_model_versions()"
    )
    op.execute("""
        CREATE FUNCTION journal_candidate_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id)
            VALUES (NEW.project_id, 'CANDIDATE_FINISHED', 'Candidate', NEW.id::text);
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER journal_update_end AFTER UPDATE ON candidates FOR EACH ROW"
        f" WHEN (NEW.status IN {_FINISHED} AND OLD.status NOT IN {_FINISHED}) EXECUTE FUNCTION journal_candidate_end()"
    )
