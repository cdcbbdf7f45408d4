"""Background jobs as the client sees them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from app.graphql import ids
from app.graphql.fields import value
from app.graphql.node import Node
from app.graphql.scalars import Long
from app.queue import outbox


@strawberry.enum(description="How far a background job is.")
class BackgroundJobState(Enum):
    QUEUED = value("queued", "It waits, perhaps for its next attempt.")
    RUNNING = value("running", "A worker is at it.")
    SUCCEEDED = value("succeeded", "It is done.")
    DEAD = value("dead", "It was given up after its last attempt.")


@strawberry.type(description="Work that a worker does later, visible to its requester and to members of its project.")
class BackgroundJob(Node):
    kind: str = strawberry.field(description="What it does, e.g. `registry.purge_model`.")
    state: BackgroundJobState = strawberry.field(description="How far it is.")
    attempt: int = strawberry.field(description="How many attempts have failed.")
    done: Long = strawberry.field(description="How much of it is done, in steps of its own kind.")
    total: Long | None = strawberry.field(description="How much there is to do; null while that is not known.")
    last_error: str | None = strawberry.field(description="Why the last attempt failed.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When its first attempt began.")
    finished_at: datetime | None = strawberry.field(description="When it was done or given up.")

    @classmethod
    def of(cls, row: outbox.BackgroundJob) -> BackgroundJob:
        return cls(
            id=ids.of("BackgroundJob", row.id),
            kind=row.kind,
            state=BackgroundJobState(row.state),
            attempt=row.attempt,
            done=Long(row.done),
            total=Long(row.total) if row.total is not None else None,
            last_error=row.last_error,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
