"""Experiments, candidates and all that is logged to them. Private to this feature."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Milliseconds, Moment, Now, Row

PREFIX_LENGTH = 255
"""So much of a value is in its index; entries must not be longer than a third of a page."""
UNDATED = 2**63 - 1
"""``newest_first`` of candidates without a start."""
_PREFIX = sql(f'"left"(value, {PREFIX_LENGTH})')
_NEWEST_FIRST = sql(f"coalesce(~ start_time, '{UNDATED}')")
Noted = Annotated[datetime | None, mapped_column(DateTime(timezone=True), server_default=func.now(), deferred=True)]
"""When it was stored; None in rows that are older than this column."""
SortColumn = Annotated[int, mapped_column(BigInteger, deferred=True, deferred_raiseload=True)]
"""A copy of what a candidate never changes, in the rows that are logged to it, so that an index has both: its
experiment, and ``~start_time``, by which the newest come first. A trigger writes it where the writer does not."""


def _by_value(name: str, value: Any) -> Index:
    """Candidates of an experiment by a value, the newest first among equal ones: as searches sort."""
    return Index(name, "project_id", "experiment_number", "key", value, "newest_first", "candidate_id")


def _by_part_of_name(name: str) -> Index:
    """Trigrams, in the collation "default" (which knows upper and lower case); missing where the extension is."""
    return Index(name, "project_id", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})


class Experiment(Row):
    """A named set of candidates. ``deleted_at``: in the trash; ``purge_at``: condemned, its name is free."""

    __tablename__ = "experiments"
    __table_args__ = (
        Index(
            "uq_experiments_name",
            "project_id",
            "name",
            unique=True,
            postgresql_where=sql("purge_at is null"),
        ),
        Index("ix_experiments_created_at", "project_id", "created_at", "number"),
        _by_part_of_name("ix_experiments_name_part"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    tags: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]
    purge_at: Mapped[Moment | None]


class Candidate(Row):
    """One execution of training code. ``deleted_at``: in the trash; ``purge_at``: condemned, hidden from callers."""

    __tablename__ = "candidates"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "experiment_number"], ["experiments.project_id", "experiments.number"]),
        CheckConstraint("status between 1 and 5", name="status"),
        Index("ix_candidates_start_time", "project_id", "experiment_number", sql("start_time desc nulls last"), "id"),
        Index("ix_candidates_created_at", "project_id", "experiment_number", "created_at", "id"),
        Index("ix_candidates_parent_id", "project_id", "parent_id", postgresql_where=sql("parent_id is not null")),
        Index("ix_candidates_name", "project_id", "experiment_number", "name", _NEWEST_FIRST, "id"),
        _by_part_of_name("ix_candidates_name_part"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    experiment_number: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    status: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    start_time: Mapped[Milliseconds | None]
    end_time: Mapped[Milliseconds | None]
    user_name: Mapped[str] = mapped_column(Text, server_default="")
    parent_id: Mapped[UUID | None]
    of_version: Mapped[bool] = mapped_column(server_default=sql("false"))
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]
    purge_at: Mapped[Moment | None]


class CandidateParam(Row):
    """A hyper-parameter: written once."""

    __tablename__ = "candidate_params"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        _by_value("ix_candidate_params_value", _PREFIX),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    experiment_number: Mapped[SortColumn]
    newest_first: Mapped[SortColumn]


class CandidateTag(Row):
    """A tag: the last value wins."""

    __tablename__ = "candidate_tags"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        _by_value("ix_candidate_tags_value", _PREFIX),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    experiment_number: Mapped[SortColumn]
    newest_first: Mapped[SortColumn]
    set_at: Mapped[Noted]


class LatestMetric(Row):
    """Of every metric of a candidate the point with the greatest (step, timestamp, value)."""

    __tablename__ = "latest_metrics"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        _by_value("ix_latest_metrics_value", "value"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[float] = mapped_column(Float)
    step: Mapped[int] = mapped_column(BigInteger)
    timestamp: Mapped[Milliseconds]
    logged_model_id: Mapped[UUID | None]
    dataset_name: Mapped[str | None] = mapped_column(Text)
    dataset_digest: Mapped[str | None] = mapped_column(Text)
    experiment_number: Mapped[SortColumn]
    newest_first: Mapped[SortColumn]


class MetricPoint(Row):
    """The history of metrics. A repeated request may store a point twice; reading collapses equal ones.

    The largest table by far, so it has one index, and neither a key nor a reference that PostgreSQL would check with
    each row: points are stored under a lock on their candidate, and removed before it.
    """

    __tablename__ = "metric_points"
    __table_args__ = (Index("ix_metric_points_key", "project_id", "candidate_id", "key", "timestamp", "step", "value"),)

    project_id: Mapped[int] = mapped_column(BigInteger)
    candidate_id: Mapped[UUID] = mapped_column()
    id: Mapped[int] = mapped_column(BigInteger, Identity())
    key: Mapped[str] = mapped_column(Text(collation="C"))
    value: Mapped[float] = mapped_column(Float)
    step: Mapped[int] = mapped_column(BigInteger)
    timestamp: Mapped[Milliseconds]

    __mapper_args__ = {"primary_key": [project_id, candidate_id, id]}  # noqa: RUF012 - as the base class has it


class Dataset(Row):
    """Data that candidates read; (experiment, name, digest) is one data set."""

    __tablename__ = "datasets"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "experiment_number"], ["experiments.project_id", "experiments.number"]),
        Index("uq_datasets_digest", "project_id", "experiment_number", "name", "digest", unique=True),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    experiment_number: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    source_type: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    schema: Mapped[str | None] = mapped_column(Text)
    profile: Mapped[str | None] = mapped_column(Text)


class CandidateDataset(Row):
    """A data set as input of a candidate, with tags such as its context."""

    __tablename__ = "candidate_datasets"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        ForeignKeyConstraint(["project_id", "dataset_id"], ["datasets.project_id", "datasets.id"]),
        Index("ix_candidate_datasets_dataset_id", "project_id", "dataset_id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    tags: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    noted_at: Mapped[Noted]


class LoggedModel(Row):
    """A model that training code logged (MLflow 3): its files, params and tags, before a version is made of it."""

    __tablename__ = "logged_models"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "experiment_number"], ["experiments.project_id", "experiments.number"]),
        ForeignKeyConstraint(["project_id", "source_candidate_id"], ["candidates.project_id", "candidates.id"]),
        CheckConstraint("status between 1 and 3", name="status"),
        Index("ix_logged_models_created_at", "project_id", "experiment_number", "created_at", "id"),
        Index("ix_logged_models_source", "project_id", "source_candidate_id"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    experiment_number: Mapped[int] = mapped_column(BigInteger)
    source_candidate_id: Mapped[UUID | None]
    foreign_run: Mapped[str] = mapped_column(Text, server_default="")
    name: Mapped[str] = mapped_column(Text(collation="C"))
    model_type: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    params: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    tags: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    deleted_at: Mapped[Moment | None]
    purge_at: Mapped[Moment | None]


class LoggedModelMetric(Row):
    """The latest value of a metric of a logged model, per data set."""

    __tablename__ = "logged_model_metrics"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "logged_model_id"], ["logged_models.project_id", "logged_models.id"]),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    logged_model_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    dataset_name: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    dataset_digest: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    value: Mapped[float] = mapped_column(Float)
    step: Mapped[int] = mapped_column(BigInteger)
    timestamp: Mapped[Milliseconds]
    candidate_id: Mapped[UUID | None]


class CandidateModel(Row):
    """A logged model that a candidate read (``input``) or wrote (``output``)."""

    __tablename__ = "candidate_models"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"]),
        ForeignKeyConstraint(["project_id", "logged_model_id"], ["logged_models.project_id", "logged_models.id"]),
        CheckConstraint("direction in ('input', 'output')", name="direction"),
        Index("ix_candidate_models_logged_model_id", "project_id", "logged_model_id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    logged_model_id: Mapped[UUID] = mapped_column(primary_key=True)
    direction: Mapped[str] = mapped_column(Text, primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, server_default="0")


class NotedModel(Row):
    """A model that an MLflow 2 client logged: the uuid in its MLmodel file, and where its files are."""

    __tablename__ = "noted_models"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "candidate_id"], ["candidates.project_id", "candidates.id"], ondelete="CASCADE"
        ),
        Index("ix_noted_models_candidate_id", "project_id", "candidate_id"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    model_uuid: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    candidate_id: Mapped[UUID]
    artifact_folder: Mapped[str] = mapped_column(Text(collation="C"))
