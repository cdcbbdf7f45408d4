"""Subscriptions: what happens, as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Any, TypeVar, cast

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.context import Info
from app.graphql.jobs.lookups import BackgroundJobLookup
from app.graphql.jobs.types import BackgroundJob
from app.graphql.live.types import CandidateUpdate, ProjectEvent, ProjectEventType
from app.graphql.tracking.lookups import CandidateLookup
from app.graphql.types import ids
from app.journal.positions import Cursor
from app.live import streams

F = TypeVar("F", bound=Callable[..., Any])

After = Annotated[
    str | None,
    strawberry.argument(description="The last `cursor` that was received: what was missed since then comes first."),
]

Kinds = Annotated[
    list[ProjectEventType] | None,
    strawberry.argument(description="Only events of these types, and RESET; all when left out."),
]

AfterLook = Annotated[
    str | None,
    strawberry.argument(description="The last `cursor` that was received: only what differs from it is sent."),
]


def _told(description: str) -> Callable[[F], F]:
    return cast("Callable[[F], F]", strawberry.subscription(description=description))


@strawberry.type(description="Changes as they happen, over WebSocket (graphql-transport-ws) or server-sent events.")
class Subscription:
    @_told("A background job as it is, and whenever it changes; ends with the job.")
    async def background_job_updated(
        self,
        info: Info,
        by: Annotated[BackgroundJobLookup, strawberry.argument(description="The background job.")],
        after: AfterLook = None,
    ) -> AsyncGenerator[BackgroundJob, None]:
        context, key = info.context, by.key()
        if key is None:
            raise ids.missing("background job", by.id or by.uuid or "", "by")
        async with aclosing(streams.job(context.live, context.actor, key, after)) as rows:
            async for row in rows:
                context.renew()
                yield BackgroundJob.of(row)

    @_told("A candidate with all its latest metrics, and then what changes, twice a second at most.")
    async def candidate_updated(
        self,
        info: Info,
        by: Annotated[CandidateLookup, strawberry.argument(description="The candidate.")],
        after: After = None,
    ) -> AsyncGenerator[CandidateUpdate, None]:
        context, cursor = info.context, _cursor(after)
        async with aclosing(streams.candidate(context.live, context.actor, by.key("by"), cursor)) as states:
            async for state in states:
                context.renew()
                yield CandidateUpdate.of(state)

    @_told("Events of a project: of models, versions, aliases, stages, candidates, background and CI jobs.")
    async def project_events(
        self,
        info: Info,
        project: Annotated[ProjectLookup, strawberry.argument(description="The project.")],
        after: After = None,
        types: Kinds = None,
    ) -> AsyncGenerator[ProjectEvent, None]:
        context, cursor = info.context, _cursor(after)
        async with aclosing(streams.project(context.live, context.actor, project.key(), cursor)) as messages:
            async for message in messages:
                context.renew()
                event = ProjectEvent.of(message)
                if types is None or event.type in types or event.type is ProjectEventType.RESET:
                    yield event


def _cursor(after: str | None) -> Cursor | None:
    return Cursor.parse(after) if after else None
