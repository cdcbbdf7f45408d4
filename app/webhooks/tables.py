"""Webhooks and the log of their deliveries. Private to this feature."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

ACTIVE = literal_column("'active'", Text)
PENDING = literal_column("'pending'", Text)


class Webhook(Row):
    """An address that gets events of a project. The secret is sealed; only ``client.WebhookClient`` opens it."""

    __tablename__ = "webhooks"
    __table_args__ = (CheckConstraint("status in ('active', 'disabled')", name="status"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text, server_default="active")
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class WebhookDelivery(Row):
    """One event for one webhook, and what became of it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'delivered', 'failed')", name="state"),
        ForeignKeyConstraint(
            ["project_id", "webhook_id"],
            ["webhooks.project_id", "webhooks.id"],
            name="fk_webhook_deliveries_webhook",
            ondelete="CASCADE",
        ),
        Index("ix_webhook_deliveries_webhook_id", "project_id", "webhook_id", "created_at", "id"),
        # The chore that forgets old ones looks through all projects at once.
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID]
    event: Mapped[str] = mapped_column(Text)
    data: Mapped[Json]
    occurred_at: Mapped[Now]
    replay_of: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    response_status: Mapped[int | None]
    response_body: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[str | None] = mapped_column(Text)
    next_attempt_at: Mapped[Moment | None]
    created_at: Mapped[Now]
    finished_at: Mapped[Moment | None]
