"""Background jobs as the client sees them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from app.access import policy
from app.access.jobs import JobFilter
from app.access.policy import Permission
from app.graphql.access.types import User, named_user
from app.graphql.context import Info
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.pagination import Window
from app.queue import change_tokens, jobs, outbox


@strawberry.enum(description="The status of a background job.")
class BackgroundJobStatus(Enum):
    QUEUED = value("queued", "It waits to run, or to run again.")
    RUNNING = value("running", "A worker runs it.")
    SUCCEEDED = value("succeeded", "It is done.")
    DEAD = value("dead", "It was given up after its last attempt; `backgroundJobRetry` queues it again.")
    CANCELLED = value("cancelled", "A user gave it up, or an equal job does its work; `statusReason` says which.")


InStatus = Annotated[BackgroundJobStatus | None, strawberry.argument(description="Only those of this status.")]
OfKind = Annotated[str | None, strawberry.argument(description="Only those of this kind, e.g. `webhooks.deliver`.")]


@strawberry.type(description="Work that a worker does later, visible to its requester and to members of its project.")
class BackgroundJob(Node):
    row: strawberry.Private[outbox.BackgroundJob]
    kind: str = strawberry.field(description="What it does, e.g. `registry.purge_model`.")
    status: BackgroundJobStatus = strawberry.field(description="Its status.")
    attempt_count: int = strawberry.field(description="How many attempts have failed.")
    done: Long = strawberry.field(description="How much of it is done, in steps of its own kind.")
    total: Long | None = strawberry.field(description="How much there is to do; null while that is not known.")
    status_reason: str | None = strawberry.field(description="Why the last attempt failed.")
    max_attempts: int = strawberry.field(description="After how many failed attempts it is dead.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is due; null unless it is queued.")
    created_at: datetime = strawberry.field(description="When it was requested.")
    started_at: datetime | None = strawberry.field(description="When its first attempt began.")
    finished_at: datetime | None = strawberry.field(description="When it was done, or given up.")

    @classmethod
    def of(cls, row: outbox.BackgroundJob) -> BackgroundJob:
        return cls(
            id=ids.of("BackgroundJob", row.id),
            row=row,
            kind=row.kind,
            status=BackgroundJobStatus(row.state),
            attempt_count=row.attempt,
            done=Long(row.done),
            total=Long(row.total) if row.total is not None else None,
            status_reason=row.last_error,
            max_attempts=row.max_attempts,
            next_attempt_at=row.run_after if row.state == "queued" else None,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @resolved("The project that it belongs to; null: none that you may see.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("Its current version; pass it as `after` of `backgroundJobUpdated` to get only changes.")
    def cursor(self) -> str:
        return change_tokens.change_token(self.row)

    @resolved("Who requested it, if that may be seen.")
    async def requested_by(self, info: Info) -> User | None:
        return await named_user(info, self.row.requested_by)

    @resolved("Whether it is dead and you may retry it.")
    async def viewer_can_retry(self, info: Info) -> bool:
        return self.row.state == "dead" and await self._may_manage(info)

    @resolved("Whether it is queued or dead and you may cancel it.")
    async def viewer_can_cancel(self, info: Info) -> bool:
        cancellable = self.row.state in {"queued", "dead"} and jobs.is_cancellable(self.kind)
        return cancellable and await self._may_manage(info)

    async def _may_manage(self, info: Info) -> bool:
        actor = info.context.actor
        if self.row.project_id is None:
            return actor.is_administrator and policy.has_scope(actor, Permission.ACCOUNT_MANAGE)
        access = await info.context.loaders.access.projects.load(self.row.project_id)
        return access is not None and policy.allows(actor, access, Permission.JOB_MANAGE)


async def jobs_of(
    info: Info, project_id: int, page: Window, status: BackgroundJobStatus | None, kind: str | None
) -> Connection[BackgroundJob]:
    """A page of a project's jobs, by the request's loader."""
    loaders, filters = info.context.loaders.access, JobFilter(status.value if status else None, kind)
    rows = await loaders.jobs_of_projects.load(((project_id,), (page, filters)))
    return connection(rows, BackgroundJob.of, lambda: loaders.job_counts_of_projects.load(((project_id,), filters)))


from app.graphql.access import groups_and_projects  # noqa: E402 - types of these modules refer to each other
