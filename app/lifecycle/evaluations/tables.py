"""Evaluations, online experiments, and what was stated of versions. Private to this package.

Rows are appended and never changed, but for the end of an online experiment.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

_VERSION = ["model_versions.project_id", "model_versions.id"]


class Evaluation(Row):
    """Results of trying a version on a data set. ``source``: ``api``, or ``mlflow`` for a run of ``mlflow.evaluate``.

    The files of ``candidate_id`` below ``artifact_folder`` are its artifacts; the candidate may be gone.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "version_id"], _VERSION, name="fk_evaluations_version", ondelete="CASCADE"),
        CheckConstraint("source in ('api', 'mlflow')", name="source"),
        Index("ix_evaluations_version_id", "project_id", "version_id", "evaluated_at", "id"),
        Index(
            "uq_evaluations_idempotency_key",
            "project_id",
            "version_id",
            "idempotency_key",
            unique=True,
            postgresql_where=sql("idempotency_key is not null"),
        ),
        Index(
            "uq_evaluations_run",
            "project_id",
            "version_id",
            "candidate_id",
            "dataset_name",
            "dataset_digest",
            unique=True,
            postgresql_where=sql("source = 'mlflow'"),
        ),
        Index(
            "uq_evaluations_replaces_id",
            "project_id",
            "version_id",
            "replaces_id",
            unique=True,
            postgresql_where=sql("replaces_id is not null"),
        ),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    version_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text, server_default="")
    description: Mapped[str] = mapped_column(Text, server_default="")
    dataset_name: Mapped[str] = mapped_column(Text, server_default="")
    dataset_digest: Mapped[str] = mapped_column(Text, server_default="")
    source: Mapped[str] = mapped_column(Text, server_default="api")
    candidate_id: Mapped[UUID | None]
    artifact_folder: Mapped[str] = mapped_column(Text, server_default="")
    replaces_id: Mapped[BigId | None]
    """The evaluation that this one corrects; that one stays, and no longer counts."""
    evaluated_at: Mapped[Now]
    """When it was done, as its author says."""
    created_at: Mapped[Now]
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    username: Mapped[str] = mapped_column(Text, server_default="")
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
    """The CI job that added it, as ``provider:external id``."""
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of what was sent with the key, by which a repetition is told from another evaluation."""


class EvaluationMetric(Row):
    """A metric of an evaluation; ``slice`` names the part of the data set, empty: all of it."""

    __tablename__ = "evaluation_metrics"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "evaluation_id"],
            ["evaluations.project_id", "evaluations.id"],
            name="fk_evaluation_metrics_evaluation",
            ondelete="CASCADE",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    slice: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True, server_default="")
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class EvaluationRun(Row):
    """A finished candidate that evaluated a model through MLflow, kept until all versions of that model have it.

    ``is_pending``: a worker has not looked at it since it finished, or since a version was made of what it evaluated.
    """

    __tablename__ = "evaluation_runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "candidate_id"],
            ["candidates.project_id", "candidates.id"],
            name="fk_evaluation_runs_candidate",
            ondelete="CASCADE",
        ),
        Index("ix_evaluation_runs_pending", "project_id", "candidate_id", postgresql_where=sql("is_pending")),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_pending: Mapped[bool] = mapped_column(server_default=sql("true"))
    noted_at: Mapped[Now]


class EvaluatedModel(Row):
    """A model that such a candidate evaluated: the id of a logged model (``m-…``), or the uuid in an MLmodel file."""

    __tablename__ = "evaluated_models"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "candidate_id"],
            ["evaluation_runs.project_id", "evaluation_runs.candidate_id"],
            name="fk_evaluated_models_run",
            ondelete="CASCADE",
        ),
        Index("ix_evaluated_models_model", "project_id", "model"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)


class OnlineExperiment(Row):
    """Versions that served real requests side by side, until a conclusion."""

    __tablename__ = "online_experiments"
    __table_args__ = (
        CheckConstraint("kind in ('ab', 'canary', 'shadow')", name="kind"),
        CheckConstraint("(concluded_at is null) = (conclusion is null)", name="conclusion"),
        Index("ix_online_experiments_started_at", "project_id", "started_at", "id"),
        Index(
            "uq_online_experiments_idempotency_key",
            "project_id",
            "idempotency_key",
            unique=True,
            postgresql_where=sql("idempotency_key is not null"),
        ),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    started_at: Mapped[Now]
    created_at: Mapped[Now]
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    username: Mapped[str] = mapped_column(Text, server_default="")
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    concluded_at: Mapped[Moment | None]
    conclusion: Mapped[str | None] = mapped_column(Text)
    winner: Mapped[str | None] = mapped_column(Text)
    """The arm that won; None: none did."""
    concluded_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    concluded_by_name: Mapped[str] = mapped_column(Text, server_default="")


class OnlineArm(Row):
    """A version in an online experiment; its text and number stay when the version is gone."""

    __tablename__ = "online_arms"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "experiment_id"],
            ["online_experiments.project_id", "online_experiments.id"],
            name="fk_online_arms_experiment",
            ondelete="CASCADE",
        ),
        CheckConstraint("share between 0 and 1", name="share"),
        Index("ix_online_arms_version_id", "project_id", "version_id", "experiment_id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    position: Mapped[int]
    version_id: Mapped[int] = mapped_column(BigInteger)
    model_name: Mapped[str] = mapped_column(Text(collation="C"))
    version: Mapped[str] = mapped_column(Text(collation="C"))
    number: Mapped[int] = mapped_column(BigInteger)
    share: Mapped[float] = mapped_column(Float)
    """Of the traffic, 0 to 1, as it is now; ``online_shares`` has how it came there."""
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=sql("'{}'"))
    """The metrics that it has points of, by which the latest of each is read without reading all."""


class OnlineShare(Row):
    """The share of traffic that an arm had from a moment on."""

    __tablename__ = "online_shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "experiment_id", "arm"],
            ["online_arms.project_id", "online_arms.experiment_id", "online_arms.name"],
            name="fk_online_shares_arm",
            ondelete="CASCADE",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    arm: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    since: Mapped[Moment] = mapped_column(primary_key=True)
    share: Mapped[float] = mapped_column(Float)


class OnlinePoint(Row):
    """A metric of an arm at a moment; ``sample_count`` requests stand behind it, where the author says so."""

    __tablename__ = "online_points"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "experiment_id", "arm"],
            ["online_arms.project_id", "online_arms.experiment_id", "online_arms.name"],
            name="fk_online_points_arm",
            ondelete="CASCADE",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    arm: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    at: Mapped[Moment] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(Float)
    sample_count: Mapped[BigId | None]


class FactStatement(Row):
    """What someone said of one of the six facts of a version, or what was kept of it when the version was sealed."""

    __tablename__ = "fact_statements"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "version_id"], _VERSION, name="fk_fact_statements_version", ondelete="CASCADE"
        ),
        CheckConstraint(
            "fact in ('source_commit', 'training_data', 'hyper_parameters', 'metrics', 'environment', 'stage')",
            name="fact",
        ),
        Index("ix_fact_statements_version_id", "project_id", "version_id", "id"),
        Index(
            "uq_fact_statements_idempotency_key",
            "project_id",
            "version_id",
            "idempotency_key",
            unique=True,
            postgresql_where=sql("idempotency_key is not null"),
        ),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    version_id: Mapped[int] = mapped_column(BigInteger)
    fact: Mapped[str] = mapped_column(Text)
    entries: Mapped[Json]
    source: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    is_kept: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Whether it is a copy, made at the sealing, of what a tag, file or job said."""
    learned_at: Mapped[Now]
    stated_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    username: Mapped[str] = mapped_column(Text, server_default="")
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
