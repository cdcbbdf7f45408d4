"""CI settings of projects, CI jobs, and what they are linked to. Private to this feature."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

_PROVIDERS = "provider in ('gitlab', 'github')"


class CiSettings(Row):
    """The CI system of a project. Secrets are sealed; only ``client.CiClient`` opens them.

    The ``identity_…`` columns say which identity tokens of CI jobs are exchanged, and for what. Without the number of
    the CI project none is: such rows are of a release that trusted paths. Without that of its owner any owner will do.
    """

    __tablename__ = "ci_settings"
    __table_args__ = (CheckConstraint(_PROVIDERS, name="provider"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)
    ci_project: Mapped[str] = mapped_column(Text)
    sealed_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_hook_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_enabled: Mapped[bool] = mapped_column(server_default=sql("false"))
    identity_issuer: Mapped[str] = mapped_column(Text)
    identity_audience: Mapped[str] = mapped_column(Text, server_default="")
    identity_ci_project_id: Mapped[str | None] = mapped_column(Text)
    identity_ci_owner_id: Mapped[str | None] = mapped_column(Text)
    identity_claims: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    identity_role: Mapped[int] = mapped_column(SmallInteger)
    identity_scope: Mapped[str] = mapped_column(Text, server_default="api")
    bot_id: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    updated_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class CiJob(Row):
    """A job of a CI system, and what was last read of it.

    ``ci_project`` is empty until tags or settings name it. ``awaits_settings``: nothing happens until the
    CI settings change. ``next_check_at`` is null when no poll follows.
    """

    __tablename__ = "ci_jobs"
    __table_args__ = (
        CheckConstraint(_PROVIDERS, name="provider"),
        CheckConstraint("link_state in ('pending', 'linked', 'finished', 'failed')", name="link_state"),
        Index("uq_ci_jobs_external_id", "project_id", "provider", "ci_project", "external_id", unique=True),
        Index("ix_ci_jobs_awaiting", "project_id", "id", postgresql_where=sql("awaits_settings")),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    ci_project: Mapped[str] = mapped_column(Text, server_default="")
    external_id: Mapped[str] = mapped_column(Text)
    link_state: Mapped[str] = mapped_column(Text, server_default="pending")
    reason: Mapped[str | None] = mapped_column(Text)
    awaits_settings: Mapped[bool] = mapped_column(server_default=sql("false"))
    status: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(Text)
    commit_sha: Mapped[str | None] = mapped_column(Text)
    pipeline_id: Mapped[str | None] = mapped_column(Text)
    pipeline_url: Mapped[str | None] = mapped_column(Text)
    merge_request_iid: Mapped[BigId | None]
    merge_request_url: Mapped[str | None] = mapped_column(Text)
    user_name: Mapped[str | None] = mapped_column(Text)
    user_url: Mapped[str | None] = mapped_column(Text)
    log_url: Mapped[str | None] = mapped_column(Text)
    web_url: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    looks: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    notes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    followed_since: Mapped[Now]
    last_checked_at: Mapped[Moment | None]
    next_check_at: Mapped[Moment | None]
    created_at: Mapped[Now]


class CandidateCiJob(Row):
    """A candidate that a CI job produced."""

    __tablename__ = "candidate_ci_jobs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "candidate_id"],
            ["candidates.project_id", "candidates.id"],
            name="fk_candidate_ci_jobs_owner",
        ),
        ForeignKeyConstraint(
            ["project_id", "ci_job_id"], ["ci_jobs.project_id", "ci_jobs.id"], name="fk_candidate_ci_jobs_job"
        ),
        Index("ix_candidate_ci_jobs_ci_job_id", "project_id", "ci_job_id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(primary_key=True)
    ci_job_id: Mapped[UUID] = mapped_column(primary_key=True)
    linked_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    linked_at: Mapped[Now]


class VersionCiJob(Row):
    """A model version that a CI job produced."""

    __tablename__ = "version_ci_jobs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "version_id"],
            ["model_versions.project_id", "model_versions.id"],
            name="fk_version_ci_jobs_owner",
        ),
        ForeignKeyConstraint(
            ["project_id", "ci_job_id"], ["ci_jobs.project_id", "ci_jobs.id"], name="fk_version_ci_jobs_job"
        ),
        Index("ix_version_ci_jobs_ci_job_id", "project_id", "ci_job_id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ci_job_id: Mapped[UUID] = mapped_column(primary_key=True)
    linked_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    linked_at: Mapped[Now]
