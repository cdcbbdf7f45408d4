"""Mutations of background jobs."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access import jobs
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.jobs.lookups import BackgroundJobLookup
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.upkeep import job_cancellation


@strawberry.input(description="Input of `backgroundJobRetry`, for a dead job.")
class BackgroundJobRetryInput:
    background_job: BackgroundJobLookup = strawberry.field(description="The job.")


@strawberry.input(description="Input of `backgroundJobCancel`, for a job that is queued or dead.")
class BackgroundJobCancelInput:
    background_job: BackgroundJobLookup = strawberry.field(description="The job.")


@strawberry.type(description="Payload of `backgroundJobRetry`.")
class BackgroundJobRetryPayload:
    background_job: BackgroundJob | None = optional("The job that will do the work.")
    already_queued: bool = optional("Whether that is an equal job, which was queued before.", default=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `backgroundJobCancel`.")
class BackgroundJobCancelPayload:
    background_job: BackgroundJob | None = optional("The cancelled job.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class JobsMutation:
    @mutation("Queues a dead background job again, as if it had never been tried. For maintainers of its project.")
    async def background_job_retry(
        self, info: Info, input: Annotated[BackgroundJobRetryInput, INPUT]
    ) -> BackgroundJobRetryPayload:
        retried = await jobs.retry(info.context.db, info.context.actor, input.background_job.required())
        return BackgroundJobRetryPayload(background_job=BackgroundJob.of(retried.job), already_queued=retried.joined)

    @mutation(
        "Gives up a background job that is queued or dead, unless it removes what was deleted. "
        "For maintainers of its project."
    )
    async def background_job_cancel(
        self, info: Info, input: Annotated[BackgroundJobCancelInput, INPUT]
    ) -> BackgroundJobCancelPayload:
        job = await job_cancellation.cancel(info.context.db, info.context.actor, input.background_job.required())
        return BackgroundJobCancelPayload(background_job=BackgroundJob.of(job))
