"""Promotions, the requests for them, and who approved. Private to this package.

Rows keep names and numbers beside ids and refer to no version, model or stage by a foreign key: they are kept for ever,
and what they tell of may be gone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

OPEN = "state = 'open'"
OPEN_STATE = literal_column("'open'", Text)
"""A constant, so that PostgreSQL sees at planning that a partial index holds all matching rows."""
STANDING = "fell_at is null"


class PromotionRequest(Row):
    """A version is to enter a stage, as soon as others have approved."""

    __tablename__ = "promotion_requests"
    __table_args__ = (
        CheckConstraint("state in ('open', 'promoted', 'rejected', 'withdrawn', 'expired')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at is null)", name="ended"),
        Index(
            "uq_promotion_requests_open",
            "project_id",
            "version_id",
            "stage_id",
            unique=True,
            postgresql_where=sql(OPEN),
        ),
        Index("ix_promotion_requests_version_id", "project_id", "version_id", "id"),
        Index("ix_promotion_requests_model_id", "project_id", "model_id", "id"),
        Index("ix_promotion_requests_state", "project_id", "state", "id"),
        Index("ix_promotion_requests_stage", "project_id", "stage", "id"),
        Index("ix_promotion_requests_expires_at", "expires_at", postgresql_where=sql(OPEN)),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(Text(collation="C"))
    number: Mapped[int] = mapped_column(BigInteger)
    stage_id: Mapped[int] = mapped_column(BigInteger)
    stage: Mapped[str] = mapped_column(Text)
    """Its name when the request was opened."""
    state: Mapped[str] = mapped_column(Text, server_default="open")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    promotes_when_approved: Mapped[bool] = mapped_column(server_default=sql("false"))
    """Whether the last approval that is needed promotes."""
    keeps_others: Mapped[bool] = mapped_column(server_default=sql("false"))
    requested_by: Mapped[BigId | None]
    requested_by_name: Mapped[str] = mapped_column(Text)
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    expires_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[BigId | None]
    end_reason: Mapped[str] = mapped_column(Text, server_default="")


class PromotionApproval(Row):
    """A person approved what they saw: ``checked`` says which files, metrics, evaluations, gates and holder."""

    __tablename__ = "promotion_approvals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "request_id"],
            ["promotion_requests.project_id", "promotion_requests.id"],
            name="fk_promotion_approvals_request",
        ),
        Index(
            "uq_promotion_approvals_user",
            "project_id",
            "request_id",
            "user_id",
            unique=True,
            postgresql_where=sql(STANDING),
        ),
        Index("ix_promotion_approvals_request_id", "project_id", "request_id", "id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    username: Mapped[str] = mapped_column(Text)
    given_at: Mapped[Now]
    checked: Mapped[Json]
    fell_at: Mapped[Moment | None]
    fall_reason: Mapped[str] = mapped_column(Text, server_default="")


class PromotionRequestEvent(Row):
    """What happened to a request, one after the other."""

    __tablename__ = "promotion_request_events"
    __table_args__ = (
        CheckConstraint(
            "kind in ('opened', 'commented', 'approved', 'approval_fell', 'refused', 'rejected', 'withdrawn', "
            "'expired', 'promoted')",
            name="kind",
        ),
        ForeignKeyConstraint(
            ["project_id", "request_id"],
            ["promotion_requests.project_id", "promotion_requests.id"],
            name="fk_promotion_request_events_request",
        ),
        Index("ix_promotion_request_events_request_id", "project_id", "request_id", "id"),
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    user_id: Mapped[BigId | None]
    username: Mapped[str] = mapped_column(Text, server_default="")
    body: Mapped[str] = mapped_column(Text, server_default="")
    promotion_id: Mapped[BigId | None]
    happened_at: Mapped[Now]


class Promotion(Row):
    """A version entered a stage, or was refused: with every verdict, by whom, and what was checked. Never changed."""

    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint("state in ('completed', 'refused')", name="state"),
        CheckConstraint("state = 'completed' or bypass_reason = ''", name="bypass"),
        ForeignKeyConstraint(
            ["project_id", "request_id"],
            ["promotion_requests.project_id", "promotion_requests.id"],
            name="fk_promotions_request",
        ),
        Index("ix_promotions_version_id", "project_id", "version_id", "id"),
        Index("ix_promotions_model_id", "project_id", "model_id", "stage_id", "number", "id"),
        Index("ix_promotions_request_id", "project_id", "request_id", postgresql_where=sql("request_id is not null")),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(Text(collation="C"))
    number: Mapped[int] = mapped_column(BigInteger)
    stage_id: Mapped[int] = mapped_column(BigInteger)
    stage: Mapped[str] = mapped_column(Text)
    left_stage: Mapped[str] = mapped_column(Text)
    """The stage that the version was in before."""
    holder_number: Mapped[BigId | None]
    """The number of the version that the stage meant before; None: of no version."""
    holder_version: Mapped[str | None] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    bypass_reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why rules that had failed were bypassed; empty: none was."""
    verdicts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    checked: Mapped[Json]
    gate_set_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    request_id: Mapped[BigId | None]
    promoted_by: Mapped[BigId | None]
    promoted_by_name: Mapped[str] = mapped_column(Text)
    token_id: Mapped[BigId | None]
    ci_job: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
