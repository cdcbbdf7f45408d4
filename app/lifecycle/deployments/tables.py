"""Deployments: what runs where, and what ran. Private to this feature."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Moment, Now, Row


class Deployment(Row):
    """A version that runs, or ran, under an environment, an endpoint and maybe an instance.

    It names the model and version by their texts, too, since it outlives both. ``heartbeat_at`` stands in no index, so
    that a heartbeat rewrites one row and nothing else.
    """

    __tablename__ = "deployments"
    __table_args__ = (
        Index(
            "uq_deployments_running",
            "project_id",
            "environment",
            "endpoint",
            "instance",
            unique=True,
            postgresql_where=sql("ended_at is null"),
        ),
        Index("ix_deployments_living", "project_id", "id", postgresql_where=sql("ended_at is null")),
        Index("ix_deployments_model_id", "project_id", "model_id", "id"),
        Index("ix_deployments_version_id", "project_id", "version_id", "id"),
        Index("ix_deployments_environment", "project_id", "environment", "id"),
        CheckConstraint("(ended_at is null) = (end_kind is null)", name="end"),
        CheckConstraint("end_kind in ('ended', 'replaced', 'lost')", name="end_kind"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    environment: Mapped[str] = mapped_column(Text(collation="C"))
    endpoint: Mapped[str] = mapped_column(Text(collation="C"))
    instance: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    model_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(BigInteger)
    follows: Mapped[str] = mapped_column(Text, server_default="")
    """The reference that the process resolves when it starts, such as ``stage:production``; empty: none."""
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the manifest of what the process has loaded, as it says."""
    started_at: Mapped[Moment]
    """Since when it runs, as the process says, between the creation of the version and now."""
    created_at: Mapped[Now]
    heartbeat_at: Mapped[Now]
    silent_at: Mapped[Moment | None]
    """When the silence was told of; a heartbeat clears it."""
    ended_at: Mapped[Moment | None]
    end_kind: Mapped[str | None] = mapped_column(Text)
    end_reason: Mapped[str] = mapped_column(Text, server_default="")
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    ended_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
