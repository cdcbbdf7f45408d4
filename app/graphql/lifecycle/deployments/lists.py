"""The fields that projects, models and versions have of their deployments."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from app.access.policy import ProjectAccess
from app.graphql.context import Info
from app.graphql.lifecycle.deployments.loaders import Counts, Pages
from app.graphql.lifecycle.deployments.statuses import DeploymentStatus, for_members
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.lifecycle.deployments.reads import Filter, Key
from app.pagination import Page, Window

InStatus = Annotated[DeploymentStatus | None, strawberry.argument(description="Only those that stand so.")]
InEnvironment = Annotated[str | None, strawberry.argument(description="Only those of this environment.")]
OfYanked = Annotated[
    bool,
    strawberry.argument(
        description="Only those that have not ended and whose version was yanked, the longest yanked first."
    ),
]
AtEndpoint = Annotated[str | None, strawberry.argument(description="Only those of this endpoint.")]


@strawberry.type
class ProjectDeployments:
    """Mixed into the project."""

    access: strawberry.Private[ProjectAccess]

    @resolved("What runs, and ran, of its models, newest first.")
    async def deployments(
        self, info: Info, *, status: InStatus = None, environment: InEnvironment = None, endpoint: AtEndpoint = None,
        is_yanked: OfYanked = False,
        first: First = None, after: After = None, last: Last = None, before: Before = None,
    ) -> Connection[types.Deployment]:  # fmt: skip
        loaders = info.context.loaders.deployments
        wanted = _filter(info, status, environment, endpoint, is_yanked=is_yanked)
        page = window(first, after, last, before)
        return await _page(loaders.of_projects, loaders.counts_of_projects, (self.access.id,), page, wanted)


@strawberry.type
class ModelDeployments:
    """Mixed into the model."""

    row: strawberry.Private[Any]

    @resolved("What runs, and ran, of its versions, newest first.")
    async def deployments(
        self, info: Info, *, status: InStatus = None, environment: InEnvironment = None, endpoint: AtEndpoint = None,
        is_yanked: OfYanked = False,
        first: First = None, after: After = None, last: Last = None, before: Before = None,
    ) -> Connection[types.Deployment]:  # fmt: skip
        loaders, key = info.context.loaders.deployments, (self.row.project_id, self.row.id)
        wanted = _filter(info, status, environment, endpoint, is_yanked=is_yanked)
        page = window(first, after, last, before)
        return await _page(loaders.of_models, loaders.counts_of_models, key, page, wanted)


@strawberry.type
class VersionDeployments:
    """Mixed into the version."""

    row: strawberry.Private[Any]

    @resolved("What it runs, and ran, as, newest first.")
    async def deployments(
        self, info: Info, *, status: InStatus = None, environment: InEnvironment = None, endpoint: AtEndpoint = None,
        is_yanked: OfYanked = False,
        first: First = None, after: After = None, last: Last = None, before: Before = None,
    ) -> Connection[types.Deployment]:  # fmt: skip
        loaders, key = info.context.loaders.deployments, (self.row.project_id, self.row.id)
        wanted = _filter(info, status, environment, endpoint, is_yanked=is_yanked)
        page = window(first, after, last, before)
        return await _page(loaders.of_versions, loaders.counts_of_versions, key, page, wanted)


def _filter(
    info: Info, status: DeploymentStatus | None, environment: str | None, endpoint: str | None, *, is_yanked: bool
) -> Filter:
    silent_after = info.context.loaders.deployments.silent_after
    return Filter(silent_after, status.value if status else None, environment, endpoint, is_yanked)


async def _page(pages: Pages, counts: Counts, key: Key, page: Window, wanted: Filter) -> Connection[types.Deployment]:
    rows = await for_members(pages.load((key, (page, wanted))), Page())
    return connection(rows, types.Deployment.shown, lambda: for_members(counts.load((key, wanted)), 0))


# At the end, since the types of these modules refer to each other.
from app.graphql.lifecycle.deployments import types  # noqa: E402
