"""stages, protected names, and the history of both

Revision ID: 0020_stages
Revises: 0019_limits
Create Date: 2026-11-30 20:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020_stages"
down_revision = "0019_limits"
branch_labels = None
depends_on = None

_OPEN = sa.text("valid_until is null")
_LIVING = sa.text("retired_at is null")


def upgrade() -> None:
    """New tables, and columns without defaults: nothing is written anew.

    A history begins for each version that is in another stage than the first one, which are few.
    """
    op.execute("SET LOCAL lock_timeout = '5s'")
    _stages()
    _protections()
    _intervals()
    _holders()
    _defaults()
    _present_stages()
    _aliases()
    _journal()


def _stages() -> None:
    op.create_table(
        "project_stages",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("mlflow_name", sa.Text(collation="C"), nullable=True),
        sa.Column("is_initial", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_guarded", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("seals", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "mlflow_name in ('None', 'Staging', 'Production', 'Archived')", name=op.f("ck_project_stages_mlflow_name")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_stages_project_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_project_stages_created_by")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_project_stages")),
    )
    op.create_index("uq_project_stages_key", "project_stages", ["project_id", "key"], unique=True)
    for column in ("name", "mlflow_name"):
        op.create_index(
            f"uq_project_stages_{column}",
            "project_stages",
            ["project_id", column],
            unique=True,
            postgresql_where=_LIVING,
        )


def _protections() -> None:
    op.create_table(
        "name_protections",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(collation="C"), nullable=False),
        sa.Column("least_role", sa.SmallInteger(), nullable=False),
        sa.Column("movers", sa.Text(), server_default="anyone", nullable=False),
        sa.Column("approvals", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('alias', 'stage')", name=op.f("ck_name_protections_kind")),
        sa.CheckConstraint("movers in ('anyone', 'people', 'ci_tokens')", name=op.f("ck_name_protections_movers")),
        sa.CheckConstraint("approvals between 0 and 10", name=op.f("ck_name_protections_approvals")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_name_protections_project_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_name_protections_set_by")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_name_protections")),
    )
    op.create_index("uq_name_protections_pattern", "name_protections", ["project_id", "kind", "pattern"], unique=True)


def _made_and_ended() -> list[sa.Column[object]]:
    """Who began an interval and who ended it, by which token or CI job, and why."""
    return [
        sa.Column("set_by_name", sa.Text(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_by_name", sa.Text(), nullable=True),
        sa.Column("ended_token_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_ci_job", sa.Text(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
    ]


def _intervals() -> None:
    op.create_table(
        "stage_intervals",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("precedence", sa.LargeBinary(), nullable=False),
        sa.Column("is_prerelease", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("promotion_id", sa.BigInteger(), nullable=True),
        *_made_and_ended(),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_stage_intervals_order")),
        sa.ForeignKeyConstraint(
            ["project_id", "model_id"],
            ["models.project_id", "models.id"],
            name=op.f("fk_stage_intervals_project_id_model_id"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "stage_id"],
            ["project_stages.project_id", "project_stages.id"],
            name=op.f("fk_stage_intervals_project_id_stage_id"),
        ),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_stage_intervals_set_by")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_stage_intervals")),
    )
    op.create_index(
        "uq_stage_intervals_version",
        "stage_intervals",
        ["project_id", "version_id"],
        unique=True,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_stage_intervals_standing",
        "stage_intervals",
        ["project_id", "model_id", "stage_id", sa.text("is_prerelease desc"), "precedence", "number"],
        postgresql_where=_OPEN,
    )
    op.create_index("ix_stage_intervals_version_id", "stage_intervals", ["project_id", "version_id", "valid_from"])
    op.create_index("ix_stage_intervals_model_id", "stage_intervals", ["project_id", "model_id", "valid_from", "id"])
    op.create_index(
        "ix_stage_intervals_stage_id", "stage_intervals", ["project_id", "model_id", "stage_id", "valid_from", "id"]
    )


def _holders() -> None:
    """What ``stage:x`` meant: intervals that follow each other, so that any moment is one probe of an index."""
    op.create_table(
        "stage_holders",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("interval_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_stage_holders_order")),
        sa.ForeignKeyConstraint(
            ["project_id", "interval_id"],
            ["stage_intervals.project_id", "stage_intervals.id"],
            name=op.f("fk_stage_holders_project_id_interval_id"),
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_stage_holders")),
    )
    op.create_index(
        "uq_stage_holders_stage",
        "stage_holders",
        ["project_id", "model_id", "stage_id"],
        unique=True,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_stage_holders_moment", "stage_holders", ["project_id", "model_id", "stage_id", "valid_from"])
    op.create_index("ix_stage_holders_interval_id", "stage_holders", ["project_id", "interval_id"])


def _aliases() -> None:
    """The history of an alias outlives its versions, so it has their numbers and texts; there are few rows.

    A process of the release before does not write them: then a trigger does.
    """
    op.add_column("aliases", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("aliases", sa.Column("version", sa.Text(collation="C"), nullable=True))
    for column in _made_and_ended():
        op.add_column("aliases", column)
    op.drop_constraint("fk_aliases_project_id_version_id", "aliases", type_="foreignkey")
    op.execute("""
        UPDATE aliases a SET number = v.number, version = v.version FROM model_versions v
        WHERE v.project_id = a.project_id AND v.id = a.version_id
    """)
    op.alter_column("aliases", "number", nullable=False)
    op.alter_column("aliases", "version", nullable=False)
    op.execute("""
        CREATE FUNCTION say_version_of_alias() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT v.number, v.version INTO NEW.number, NEW.version FROM model_versions v
            WHERE v.project_id = NEW.project_id AND v.id = NEW.version_id;
            RETURN NEW;
        END $$""")
    op.execute(
        "CREATE TRIGGER say_version BEFORE INSERT ON aliases FOR EACH ROW WHEN (NEW.number IS NULL)"
        " EXECUTE FUNCTION say_version_of_alias()"
    )


def _defaults() -> None:
    """Every project has the four stages of MLflow. In new ones production is protected, and seals what enters it."""
    op.execute("""
        CREATE FUNCTION add_default_stages(of_project bigint, seals_production boolean) RETURNS void
        LANGUAGE sql AS $$
            INSERT INTO project_stages (project_id, key, name, position, mlflow_name, is_initial, is_guarded, seals)
            VALUES (of_project, 'none', 'none', 1, 'None', true, false, false),
                (of_project, 'staging', 'staging', 2, 'Staging', false, true, false),
                (of_project, 'production', 'production', 3, 'Production', false, true, seals_production),
                (of_project, 'archived', 'archived', 4, 'Archived', false, false, false)
        $$""")
    op.execute("""
        CREATE FUNCTION begin_project_stages() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM add_default_stages(NEW.id, true);
            INSERT INTO name_protections (project_id, kind, pattern, least_role)
            VALUES (NEW.id, 'stage', 'production', 40);
            RETURN NULL;
        END $$""")
    op.execute(
        "CREATE TRIGGER begin_project_stages AFTER INSERT ON projects FOR EACH ROW"
        " EXECUTE FUNCTION begin_project_stages()"
    )
    op.execute("SELECT add_default_stages(id, false) FROM projects ORDER BY id")


def _present_stages() -> None:
    """Since when a version is in its stage was not kept; it has been at least since its last change."""
    op.execute("""
        INSERT INTO stage_intervals
            (project_id, model_id, version_id, stage_id, number, version, precedence, is_prerelease, valid_from)
        SELECT v.project_id, v.model_id, v.id, s.id, v.number, v.version, v.precedence, v.is_prerelease, v.updated_at
        FROM model_versions v JOIN project_stages s ON s.project_id = v.project_id AND s.key = v.stage
        WHERE v.stage <> 'none' AND v.deleted_at IS NULL
    """)
    op.execute("""
        INSERT INTO stage_holders (project_id, model_id, stage_id, interval_id, version_id, valid_from)
        SELECT DISTINCT ON (project_id, model_id, stage_id)
            project_id, model_id, stage_id, id, version_id, max(valid_from) OVER w
        FROM stage_intervals WINDOW w AS (PARTITION BY project_id, model_id, stage_id)
        ORDER BY project_id, model_id, stage_id, is_prerelease, precedence DESC, number DESC
    """)


def _journal() -> None:
    """Events name a stage as its project calls it."""
    op.execute("""
        CREATE FUNCTION stage_name(of_project bigint, of_key text) RETURNS text LANGUAGE sql STABLE AS
        $$ SELECT s.name FROM project_stages s WHERE s.project_id = of_project AND s.key = of_key $$""")
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
                    WHEN kind = 'MODEL_VERSION_DELETED' THEN stage_name(OLD.project_id, OLD.stage)
                    ELSE stage_name(NEW.project_id, NEW.stage) END);
            END LOOP;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE OR REPLACE FUNCTION journal_new_model_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, CASE NEW.state WHEN 'ready' THEN 'MODEL_VERSION_CREATED'
                WHEN 'open' THEN 'MODEL_VERSION_OPENED' ELSE 'MODEL_VERSION_' || upper(NEW.state) END,
                'ModelVersion', NEW.id::text, coalesce(NEW.state_reason, stage_name(NEW.project_id, NEW.stage)));
            RETURN NULL;
        END $$""")
