"""Background jobs: PostgreSQL owns them, Redis only notifies. Private to the queue."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, literal_column
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import BigId, Json, Moment, Now, Row

# Literals, not parameters: PostgreSQL uses a partial index only when it can see at planning that the condition holds.
QUEUED = literal_column("'queued'", Text)
RUNNING = literal_column("'running'", Text)
DEAD = literal_column("'dead'", Text)
# Kinds that the indexes below name: a rule says the same of them (tests/architecture).
ONE_PER_LANE = "artifacts.inspect"
"""Of this kind one job at a time runs in a lane."""
ROUND_ROBIN = ("artifacts.ingest", ONE_PER_LANE)
"""Kinds of which projects take turns."""


class BackgroundJob(Row):
    """One piece of work for later, committed together with its reason."""

    __tablename__ = "background_jobs"
    __table_args__ = (
        CheckConstraint("state in ('queued', 'running', 'succeeded', 'dead', 'cancelled')", name="state"),
        Index("ix_background_jobs_due", "kind", "run_after", "id", postgresql_where=sql("state = 'queued'")),
        Index("ix_background_jobs_leased", "kind", "lease_until", postgresql_where=sql("state = 'running'")),
        Index("ix_background_jobs_finished", "finished_at", postgresql_where=sql("finished_at is not null")),
        Index("ix_background_jobs_project_id", "project_id", "id"),
        Index("ix_background_jobs_project_state", "project_id", "state", "id"),
        Index("ix_background_jobs_project_kind", "project_id", "kind", "id"),
        Index(
            "ix_background_jobs_requested_by", "requested_by", "id", postgresql_where=sql("requested_by is not null")
        ),
        # Also for the gauges of every scrape, which need nothing but the index.
        Index(
            "ix_background_jobs_unfinished",
            "state",
            "id",
            postgresql_where=sql("state in ('queued', 'running', 'dead')"),
            postgresql_include=["kind", "run_after"],
        ),
        # Literals, since a statement that names its kind as a parameter would not be seen to fit.
        Index(
            "ix_background_jobs_in_turn",
            "kind",
            "project_id",
            "lane",
            "run_after",
            "id",
            postgresql_where=sql(f"state = 'queued' and kind in {ROUND_ROBIN!r}"),
        ),
        Index(
            "uq_background_jobs_lane",
            "kind",
            "lane",
            unique=True,
            postgresql_where=sql(f"state = 'running' and kind = '{ONE_PER_LANE}' and lane <> ''"),
        ),
        # Not over running ones: a job enqueued during a run may concern rows that the run has already read.
        Index("uq_background_jobs_key", "kind", "key", unique=True, postgresql_where=sql("state = 'queued'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    lane: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    """Whose work it is, where kinds are taken in round robin; of some kinds one at a time runs in a lane."""
    project_id: Mapped[BigId | None] = mapped_column(ForeignKey("projects.id"))
    requested_by: Mapped[BigId | None] = mapped_column(ForeignKey("users.id"))
    payload: Mapped[Json]
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    attempt: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int] = mapped_column(server_default="10")
    run_after: Mapped[Now]
    lease_epoch: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_until: Mapped[Moment | None]
    worker: Mapped[str | None] = mapped_column(Text)
    done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total: Mapped[BigId | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
