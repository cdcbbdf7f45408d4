"""Limits of requests and stored bytes as the client sees them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.artifacts import project_limits
from app.graphql.access import groups_and_projects
from app.graphql.access.lookups import ProjectLookup
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.graphql.types.scalars import Long


@strawberry.type(description="How much may be used; null: the default of the installation, which may be no limit.")
class UsageLimits:
    request_limit: Long | None = strawberry.field(description="Requests in a minute, of all callers together.")
    storage_limit: Long | None = strawberry.field(
        description="Bytes in the store; the same bytes count once in a project."
    )

    @classmethod
    def of(cls, requests: int | None, size: int | None) -> UsageLimits:
        limits = [None if value is None else Long(value) for value in (requests, size)]
        return cls(request_limit=limits[0], storage_limit=limits[1])


@strawberry.input(description="Input of `projectLimitsUpdate`; what is left out stays, null is the installation's.")
class ProjectLimitsUpdateInput:
    project: ProjectLookup = strawberry.field(description="The project.")
    request_limit: Long | None = optional("Requests in a minute, of all callers together.", default=strawberry.UNSET)
    storage_limit: Long | None = optional("Bytes in the store.", default=strawberry.UNSET)

    def changes(self) -> dict[str, int | None]:
        """What is to be changed."""
        given = {"request_limit": self.request_limit, "storage_limit": self.storage_limit}
        return {name: value for name, value in given.items() if value is not strawberry.UNSET}


@strawberry.type(description="Payload of `projectLimitsUpdate`.")
class ProjectLimitsUpdatePayload:
    project: groups_and_projects.Project | None = optional("The project as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class LimitsMutation:
    @mutation("Change how much may be used in a project. Administrators only.")
    async def project_limits_update(
        self, info: Info, input: Annotated[ProjectLimitsUpdateInput, INPUT]
    ) -> ProjectLimitsUpdatePayload:
        access = await project_limits.edit(info.context.db, info.context.actor, input.project.key(), **input.changes())
        return ProjectLimitsUpdatePayload(project=groups_and_projects.Project.of(access))
