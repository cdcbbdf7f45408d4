"""Queries of background jobs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.access import jobs, projects
from app.graphql.access.lookups import ProjectLookup
from app.graphql.context import Info
from app.graphql.jobs.lookups import BackgroundJobLookup
from app.graphql.jobs.types import BackgroundJob, InStatus, OfKind, jobs_of
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved

InProject = Annotated[ProjectLookup | None, strawberry.argument(description="Only those of this project.")]


@strawberry.type
class JobsQuery:
    @resolved("A background job; null when it does not exist or may not be seen.")
    async def background_job(
        self, info: Info, by: Annotated[BackgroundJobLookup, strawberry.argument(description="The background job.")]
    ) -> BackgroundJob | None:
        key = by.key()
        return await job_by_id(info, key) if key else None

    @resolved("Background jobs, newest first: of a project, or (without one) those you asked for; administrators: all.")
    async def background_jobs(
        self,
        info: Info,
        *,
        project: InProject = None,
        status: InStatus = None,
        kind: OfKind = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[BackgroundJob] | None:
        page = window(first, after, last, before)
        if project is not None:
            access = await projects.get(info.context.db, info.context.actor, project.key())
            return await jobs_of(info, access.id, page, status, kind)
        db, actor = info.context.db, info.context.actor
        filters = {"state": status.value if status else None, "kind": kind}
        rows = await jobs.search(db, actor, page, **filters)
        return connection(rows, BackgroundJob.of, lambda: jobs.count(db, actor, **filters))


async def job_by_id(info: Info, job_id: UUID) -> BackgroundJob | None:
    """The job of that id, if the actor may see it, by the request's loader."""
    row = await info.context.loaders.access.jobs.load(job_id)
    return BackgroundJob.of(row) if row else None
