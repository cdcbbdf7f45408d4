"""Giving background jobs another chance, or giving them up."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.access import jobs
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.upkeep import job_cancellation


@strawberry.input(description="Another chance for a dead background job.")
class BackgroundJobRetryInput:
    id: strawberry.ID = strawberry.field(description="The id of the job.")


@strawberry.input(description="The end of a background job that waits or is dead.")
class BackgroundJobCancelInput:
    id: strawberry.ID = strawberry.field(description="The id of the job.")


@strawberry.type(description="What became of `backgroundJobRetry`.")
class BackgroundJobRetryPayload:
    background_job: BackgroundJob | None = optional("The job that will do the work.")
    joined: bool = optional("Whether that is an equal job, which was queued already.", default=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What became of `backgroundJobCancel`.")
class BackgroundJobCancelPayload:
    background_job: BackgroundJob | None = optional("The job, given up.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class JobsMutation:
    @mutation("Queues a dead background job again, as if it had never been tried. For maintainers of its project.")
    async def background_job_retry(
        self, info: Info, input: Annotated[BackgroundJobRetryInput, INPUT]
    ) -> BackgroundJobRetryPayload:
        retried = await jobs.retry(info.context.db, info.context.actor, _key(input.id))
        return BackgroundJobRetryPayload(background_job=BackgroundJob.of(retried.job), joined=retried.joined)

    @mutation(
        "Gives up a background job that is queued or dead, unless it removes what was deleted. "
        "For maintainers of its project."
    )
    async def background_job_cancel(
        self, info: Info, input: Annotated[BackgroundJobCancelInput, INPUT]
    ) -> BackgroundJobCancelPayload:
        job = await job_cancellation.cancel(info.context.db, info.context.actor, _key(input.id))
        return BackgroundJobCancelPayload(background_job=BackgroundJob.of(job))


def _key(id: str) -> UUID:
    key = ids.uuid(id, "BackgroundJob")
    if key is None:
        raise ids.missing("background job", id, "id")
    return key
