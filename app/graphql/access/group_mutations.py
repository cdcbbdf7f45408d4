"""Mutations of groups with all that stands in them, and the move of a project."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access.administration import group_changes, transfer
from app.access.administration.group_changes import UpdateGroup
from app.graphql.access.enums import Visibility
from app.graphql.access.groups import Group
from app.graphql.access.groups_and_projects import Project
from app.graphql.access.lookups import GroupLookup, ProjectLookup
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.upkeep import group_deletion


@strawberry.input(description="Input of `groupUpdate`; what is left out stays.")
class GroupUpdateInput:
    group: GroupLookup = strawberry.field(description="The group; not the namespace of a user.")
    name: str | None = optional("For people to read.")
    path: str | None = optional("Its part of the address; the full paths of all that is in it change with it.")
    visibility: Visibility | None = optional("Who may know of it; not fewer than may know of anything in it.")


@strawberry.type(description="Payload of `groupUpdate`.")
class GroupUpdatePayload:
    group: Group | None = optional("The group as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `groupDelete`; everything in the group is deleted with it.")
class GroupDeleteInput:
    group: GroupLookup = strawberry.field(description="The group; not the namespace of a user.")
    confirm: str | None = optional("Its full path, to show that this one is meant; an empty group needs none.")


@strawberry.type(description="Payload of `groupDelete`.")
class GroupDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the group that is gone.")
    background_job: BackgroundJob | None = optional("The job that removes what was in it.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `projectTransfer`.")
class ProjectTransferInput:
    project: ProjectLookup = strawberry.field(description="The project, of which you are owner.")
    group: GroupLookup = strawberry.field(description="Where it goes: a group, or a namespace, that you maintain.")


@strawberry.type(description="Payload of `projectTransfer`.")
class ProjectTransferPayload:
    project: Project | None = optional("The project with its new path.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class GroupsMutation:
    @mutation("Changes name, path and visibility of a group. Former paths lead nowhere any more. For owners.")
    async def group_update(self, info: Info, input: Annotated[GroupUpdateInput, INPUT]) -> GroupUpdatePayload:
        command = UpdateGroup(
            group=input.group.key(),
            name=input.name,
            path=input.path,
            visibility=input.visibility.value if input.visibility else None,
        )
        return GroupUpdatePayload(
            group=Group.of(await group_changes.edit(info.context.db, info.context.actor, command))
        )

    @mutation("Deletes a group with everything in it, at once and for good; a worker removes the rest. For owners.")
    async def group_delete(self, info: Info, input: Annotated[GroupDeleteInput, INPUT]) -> GroupDeletePayload:
        context = info.context
        gone = await group_deletion.delete(context.db, context.actor, input.group.key(), input.confirm)
        job = await job_by_id(info, gone.job_id) if gone.job_id else None
        return GroupDeletePayload(deleted_id=ids.of("Group", gone.id), background_job=job)

    @mutation("Moves a project of yours to another group that you maintain; its former path leads nowhere any more.")
    async def project_transfer(
        self, info: Info, input: Annotated[ProjectTransferInput, INPUT]
    ) -> ProjectTransferPayload:
        project, group = input.project.key(), input.group.key()
        moved = await transfer.transfer(info.context.db, info.context.actor, project, group)
        return ProjectTransferPayload(project=Project.of(moved))
