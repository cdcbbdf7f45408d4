"""evaluations, online experiments and facts of versions

Revision ID: 0025_evaluations
Revises: 0024_promotions
Create Date: 2026-11-30 20:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025_evaluations"
down_revision = "0024_promotions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and two columns that are empty in old rows: nothing is written anew."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _evaluations()
    _runs()
    _online()
    _facts()
    _times()
    _note_runs()
    _journal()


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("dataset_name", sa.Text(), server_default="", nullable=False),
        sa.Column("dataset_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="api", nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=True),
        sa.Column("artifact_folder", sa.Text(), server_default="", nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("source in ('api', 'mlflow')", name=op.f("ck_evaluations_source")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_evaluations_created_by")),
        sa.ForeignKeyConstraint(
            ["project_id", "version_id"],
            ["model_versions.project_id", "model_versions.id"],
            name="fk_evaluations_version",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_evaluations_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_evaluations")),
    )
    op.create_index(
        "ix_evaluations_version_id", "evaluations", ["project_id", "version_id", "evaluated_at", "id"], unique=False
    )
    op.create_index(
        "uq_evaluations_idempotency_key",
        "evaluations",
        ["project_id", "version_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )
    op.create_index(
        "uq_evaluations_run",
        "evaluations",
        ["project_id", "version_id", "candidate_id", "dataset_name", "dataset_digest"],
        unique=True,
        postgresql_where=sa.text("source = 'mlflow'"),
    )
    op.create_index(
        "uq_evaluations_replaces_id",
        "evaluations",
        ["project_id", "version_id", "replaces_id"],
        unique=True,
        postgresql_where=sa.text("replaces_id is not null"),
    )
    op.create_table(
        "evaluation_metrics",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("slice", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "evaluation_id"],
            ["evaluations.project_id", "evaluations.id"],
            name="fk_evaluation_metrics_evaluation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "evaluation_id", "slice", "key", name=op.f("pk_evaluation_metrics")),
    )


def _runs() -> None:
    op.create_table(
        "noted_models",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("model_uuid", sa.Text(collation="C"), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("artifact_folder", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "candidate_id"],
            ["candidates.project_id", "candidates.id"],
            name=op.f("fk_noted_models_project_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_noted_models_project_id")),
        sa.PrimaryKeyConstraint("project_id", "model_uuid", name=op.f("pk_noted_models")),
    )
    op.create_index("ix_noted_models_candidate_id", "noted_models", ["project_id", "candidate_id"], unique=False)
    op.create_table(
        "evaluation_runs",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("is_pending", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_evaluation_runs_project_id")),
        sa.ForeignKeyConstraint(
            ["project_id", "candidate_id"],
            ["candidates.project_id", "candidates.id"],
            name="fk_evaluation_runs_candidate",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "candidate_id", name=op.f("pk_evaluation_runs")),
    )
    op.create_index(
        "ix_evaluation_runs_pending",
        "evaluation_runs",
        ["project_id", "candidate_id"],
        unique=False,
        postgresql_where=sa.text("is_pending"),
    )
    op.create_table(
        "evaluated_models",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "candidate_id"],
            ["evaluation_runs.project_id", "evaluation_runs.candidate_id"],
            name="fk_evaluated_models_run",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "candidate_id", "model", name=op.f("pk_evaluated_models")),
    )
    op.create_index("ix_evaluated_models_model", "evaluated_models", ["project_id", "model"], unique=False)


def _online() -> None:
    op.create_table(
        "online_experiments",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("concluded_by", sa.BigInteger(), nullable=True),
        sa.Column("concluded_by_name", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind in ('ab', 'canary', 'shadow')", name=op.f("ck_online_experiments_kind")),
        sa.CheckConstraint(
            "(concluded_at is null) = (conclusion is null)", name=op.f("ck_online_experiments_conclusion")
        ),
        sa.ForeignKeyConstraint(["concluded_by"], ["users.id"], name=op.f("fk_online_experiments_concluded_by")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_online_experiments_created_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_online_experiments_project_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_online_experiments")),
    )
    op.create_index(
        "ix_online_experiments_started_at", "online_experiments", ["project_id", "started_at", "id"], unique=False
    )
    op.create_index(
        "uq_online_experiments_idempotency_key",
        "online_experiments",
        ["project_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )
    op.create_table(
        "online_arms",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("model_name", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("share between 0 and 1", name=op.f("ck_online_arms_share")),
        sa.ForeignKeyConstraint(
            ["project_id", "experiment_id"],
            ["online_experiments.project_id", "online_experiments.id"],
            name="fk_online_arms_experiment",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "experiment_id", "name", name=op.f("pk_online_arms")),
    )
    op.create_index(
        "ix_online_arms_version_id", "online_arms", ["project_id", "version_id", "experiment_id"], unique=False
    )
    op.create_table(
        "online_shares",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        sa.Column("arm", sa.Text(collation="C"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "experiment_id", "arm"],
            ["online_arms.project_id", "online_arms.experiment_id", "online_arms.name"],
            name="fk_online_shares_arm",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "experiment_id", "arm", "since", name=op.f("pk_online_shares")),
    )
    op.create_table(
        "online_points",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        sa.Column("arm", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("sample_count", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "experiment_id", "arm"],
            ["online_arms.project_id", "online_arms.experiment_id", "online_arms.name"],
            name="fk_online_points_arm",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "experiment_id", "arm", "key", "at", name=op.f("pk_online_points")),
    )


def _facts() -> None:
    op.create_table(
        "fact_statements",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("entries", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("is_kept", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stated_by", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), server_default="", nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("ci_job", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "fact in ('source_commit', 'training_data', 'hyper_parameters', 'metrics', 'environment', 'stage')",
            name=op.f("ck_fact_statements_fact"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "version_id"],
            ["model_versions.project_id", "model_versions.id"],
            name="fk_fact_statements_version",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_fact_statements_project_id")),
        sa.ForeignKeyConstraint(["stated_by"], ["users.id"], name=op.f("fk_fact_statements_stated_by")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_fact_statements")),
    )
    op.create_index(
        "ix_fact_statements_version_id", "fact_statements", ["project_id", "version_id", "id"], unique=False
    )
    op.create_index(
        "uq_fact_statements_idempotency_key",
        "fact_statements",
        ["project_id", "version_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )


def _times() -> None:
    """When a tag was set and a data set noted; of older rows that is not known."""
    for table, column in (("candidate_tags", "set_at"), ("candidate_datasets", "noted_at")):
        op.add_column(table, sa.Column(column, sa.DateTime(timezone=True), nullable=True))
        op.alter_column(table, column, server_default=sa.text("now()"))


def _note_runs() -> None:
    """Triggers that note runs of `mlflow.evaluate`: when they end, and when a version is made of what they evaluated.

    A worker reads what they say. The first costs two probes of an index for a candidate that finishes, the second two
    for a statement that makes versions.
    """
    op.execute("""
        CREATE FUNCTION note_evaluation_run() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM candidate_tags t WHERE t.project_id = NEW.project_id AND t.candidate_id = NEW.id
                    AND t.key = 'mlflow.datasets')
                OR EXISTS (SELECT FROM candidate_models u WHERE u.project_id = NEW.project_id
                    AND u.candidate_id = NEW.id AND u.direction = 'input')
            THEN
                INSERT INTO evaluation_runs (project_id, candidate_id) VALUES (NEW.project_id, NEW.id)
                ON CONFLICT (project_id, candidate_id) DO UPDATE SET is_pending = true, noted_at = now();
            END IF;
            RETURN NULL;
        END $$""")
    op.execute(
        "CREATE TRIGGER note_evaluation_run AFTER UPDATE ON candidates FOR EACH ROW"
        " WHEN (NEW.status = 3 AND OLD.status <> 3) EXECUTE FUNCTION note_evaluation_run()"
    )
    op.execute("""
        CREATE FUNCTION note_evaluated_versions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- Most projects have nothing that was evaluated: one probe tells.
            IF NOT EXISTS (SELECT FROM evaluated_models e WHERE e.project_id = NEW.project_id) THEN
                RETURN NULL;
            END IF;
            UPDATE evaluation_runs r SET is_pending = true, noted_at = now()
            FROM (
                SELECT e.project_id, e.candidate_id FROM evaluated_models e
                WHERE e.project_id = NEW.project_id AND e.model = 'm-' || replace(NEW.logged_model_id::text, '-', '')
                UNION
                SELECT e.project_id, e.candidate_id FROM noted_models m
                JOIN evaluated_models e ON e.project_id = m.project_id AND e.model = m.model_uuid
                WHERE m.project_id = NEW.project_id AND m.candidate_id = NEW.candidate_id
            ) AS met
            WHERE r.project_id = met.project_id AND r.candidate_id = met.candidate_id AND NOT r.is_pending;
            RETURN NULL;
        END $$""")
    op.execute(
        "CREATE TRIGGER note_evaluated_versions AFTER INSERT ON model_versions FOR EACH ROW"
        " WHEN (NEW.candidate_id IS NOT NULL OR NEW.logged_model_id IS NOT NULL)"
        " EXECUTE FUNCTION note_evaluated_versions()"
    )


def _journal() -> None:
    """Entries for subscriptions, of what is new and of an experiment that is concluded."""
    for table, kind, object_type, object_id, detail in (
        ("evaluations", "EVALUATION_CREATED", "ModelVersion", "NEW.version_id::text", "NEW.dataset_name"),
        ("online_experiments", "ONLINE_EXPERIMENT_CREATED", "OnlineExperiment", "NEW.id::text", "NEW.kind"),
    ):
        _entry(f"journal_{table}", kind, object_type, object_id, detail)
        op.execute(
            f"CREATE TRIGGER journal_insert AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION journal_{table}()"
        )
    _entry("journal_facts", "FACT_STATED", "ModelVersion", "NEW.version_id::text", "NEW.fact")
    op.execute(
        "CREATE TRIGGER journal_insert AFTER INSERT ON fact_statements FOR EACH ROW WHEN (NOT NEW.is_kept)"
        " EXECUTE FUNCTION journal_facts()"
    )
    _entry("journal_conclusions", "ONLINE_EXPERIMENT_CONCLUDED", "OnlineExperiment", "NEW.id::text", "NEW.winner")
    op.execute(
        "CREATE TRIGGER journal_update AFTER UPDATE ON online_experiments FOR EACH ROW"
        " WHEN (NEW.concluded_at IS NOT NULL AND OLD.concluded_at IS NULL) EXECUTE FUNCTION journal_conclusions()"
    )


def _entry(function: str, kind: str, object_type: str, object_id: str, detail: str) -> None:
    op.execute(f"""
        CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO project_events (project_id, type, object_type, object_id, detail)
            VALUES (NEW.project_id, '{kind}', '{object_type}', {object_id}, {detail});
            RETURN NULL;
        END $$
    """)  # noqa: S608 - of constants
