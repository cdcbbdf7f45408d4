"""What there is for the viewer in all projects that the viewer is a member of."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Annotated, Any, TypeVar

import strawberry

from app.access.reads import own_jobs
from app.graphql.context import Info
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob, InStatus
from app.graphql.lifecycle.promotions.types import PromotionRequest, request_by_key
from app.graphql.registry.orders import ModelVersionStatus
from app.graphql.registry.types import ModelVersion, version_by_key
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.page_loaders import together
from app.lifecycle.promotions import reads as promotion_reads
from app.pagination import Page
from app.registry.reads import own_versions

T = TypeVar("T")
InStatuses = Annotated[
    list[ModelVersionStatus] | None,
    strawberry.argument(description="Only those in one of these; in any when left out."),
]


@strawberry.type
class ViewerLists:
    """A part of ``Viewer``: a fixed number of statements for each list, however many the projects are."""

    @resolved("Versions in your projects, the last changed first.")
    async def model_versions(
        self,
        info: Info,
        *,
        status: InStatuses = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ModelVersion]:
        states = None if status is None else [one.value for one in status]
        page = await own_versions.page(info.context.db, info.context.actor, window(first, after, last, before), states)
        return await _shown(page, (version_by_key(info, row.project_id, row.id) for row in page.items))

    @resolved("Open requests in your projects that you may approve and did not open yourself, latest first.")
    async def promotion_requests(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PromotionRequest]:
        page = await promotion_reads.requests_to_approve(
            info.context.db, info.context.actor, window(first, after, last, before)
        )
        return await _shown(page, (request_by_key(info, row.project_id, row.id) for row in page.items))

    @resolved("Background jobs of your projects, newest first.")
    async def background_jobs(
        self,
        info: Info,
        *,
        status: InStatus = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[BackgroundJob]:
        state = status.value if status else None
        page = await own_jobs.page(info.context.db, info.context.actor, window(first, after, last, before), state)
        return await _shown(page, (job_by_id(info, one) for one in page.items))


async def _shown(page: Page[Any], reads: Iterable[Awaitable[T | None]]) -> Connection[T]:
    """The connection of what is still there when it is read by the request's loaders."""
    nodes = await together(reads)
    there = [(node, cursor) for node, cursor in zip(nodes, page.cursors, strict=True) if node is not None]
    return connection(
        Page([node for node, _ in there], [cursor for _, cursor in there], page.has_next, page.has_previous),
        lambda node: node,
    )
