"""Mutations of users, groups, projects, members and tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import strawberry

from app.access import groups, members, projects, tokens, users
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.projects import CreateProject, UpdateProject
from app.access.token_rules import rotation
from app.access.token_rules.expiry import LongestLives
from app.access.tokens import IssueToken
from app.access.users import CreateUser, Email
from app.errors import Invalid
from app.graphql.access.groups import Group
from app.graphql.access.groups_and_projects import Project
from app.graphql.access.inputs import (
    GroupCreateInput,
    MemberDeleteInput,
    MemberSetInput,
    ProjectCreateInput,
    ProjectDeleteInput,
    ProjectUpdateInput,
    TokenCreateInput,
    TokenRevokeInput,
    TokenRotateInput,
    UserCreateInput,
)
from app.graphql.access.lookups import GroupOrProjectLookup
from app.graphql.access.queries import find_group, find_project
from app.graphql.access.service_accounts import ServiceAccountsMutation, account_key
from app.graphql.access.types import Member, Token, User, member_id, token_by_id
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.upkeep import project_deletion


@strawberry.type(description="Payload of `userCreate`.")
class UserCreatePayload:
    user: User | None = optional("The new user.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `groupCreate`.")
class GroupCreatePayload:
    group: Group | None = optional("The new group.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `projectCreate`.")
class ProjectCreatePayload:
    project: Project | None = optional("The new project.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `projectUpdate`.")
class ProjectUpdatePayload:
    project: Project | None = optional("The project as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `projectDelete`.")
class ProjectDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the project that is gone.")
    background_job: BackgroundJob | None = optional("The job that removes what was in it.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `memberSet`.")
class MemberSetPayload:
    member: Member | None = optional("The user with the new role.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `memberDelete`.")
class MemberDeletePayload:
    deleted_id: strawberry.ID | None = optional(
        "The id of the member whose own role is gone; an inherited one may be left."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `tokenCreate`.")
class TokenCreatePayload:
    token: Token | None = optional("The new token.")
    secret: str | None = optional("What to send as `Authorization: Bearer …`. Never shown again.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `tokenRevoke`.")
class TokenRevokePayload:
    deleted_id: strawberry.ID | None = optional("The id of the token, which is refused from now on.")
    token: Token | None = optional("The token; lists still show it.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `tokenRotate`.")
class TokenRotatePayload:
    token: Token | None = optional("The token that replaces the old one.")
    secret: str | None = optional("What to send as `Authorization: Bearer …`. Never shown again.")
    replaced: Token | None = optional("The old one, with the end that it has now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class AccessMutation(ServiceAccountsMutation):
    @mutation("Makes a user with a namespace of the same name. For administrators.")
    async def user_create(self, info: Info, input: Annotated[UserCreateInput, INPUT]) -> UserCreatePayload:
        command = CreateUser(input.username, input.name, is_admin=input.is_admin, email=input.email)
        return UserCreatePayload(user=User.of(await users.create(info.context.db, info.context.actor, command)))

    @mutation("Makes a group; you become its owner.")
    async def group_create(self, info: Info, input: Annotated[GroupCreateInput, INPUT]) -> GroupCreatePayload:
        command = CreateGroup(
            path=input.path,
            name=input.name,
            parent=input.parent.key("parent") if input.parent else None,
            visibility=input.visibility.value,
        )
        return GroupCreatePayload(group=Group.of(await groups.create(info.context.db, info.context.actor, command)))

    @mutation("Makes a project in a group that you maintain.")
    async def project_create(self, info: Info, input: Annotated[ProjectCreateInput, INPUT]) -> ProjectCreatePayload:
        command = CreateProject(
            group=input.group.key(),
            path=input.path,
            name=input.name,
            description=input.description,
            visibility=input.visibility.value,
        )
        made = await projects.create(info.context.db, info.context.actor, command)
        return ProjectCreatePayload(project=Project.of(made))

    @mutation("Changes name, description, visibility and switches of a project.")
    async def project_update(self, info: Info, input: Annotated[ProjectUpdateInput, INPUT]) -> ProjectUpdatePayload:
        command = UpdateProject(
            project=input.project.key(),
            name=input.name,
            description=input.description,
            visibility=input.visibility.value if input.visibility else None,
            registry_access=input.registry_access.value if input.registry_access else None,
            experiments_access=input.experiments_access.value if input.experiments_access else None,
            version_reuse=input.allows_version_reuse,
            bump_policy=input.version_bump_policy.value if input.version_bump_policy else None,
        )
        changed = await projects.edit(info.context.db, info.context.actor, command)
        return ProjectUpdatePayload(project=Project.of(changed))

    @mutation("Deletes a project with everything in it, at once and for good; workers remove its bytes. For owners.")
    async def project_delete(self, info: Info, input: Annotated[ProjectDeleteInput, INPUT]) -> ProjectDeletePayload:
        context, project = info.context, (await find_project(info, input.project)).id
        job = await project_deletion.delete(context.db, context.actor, project, input.confirm)
        return ProjectDeletePayload(deleted_id=ids.of("Project", project), background_job=await job_by_id(info, job))

    @mutation("Gives a user a role in a group or project, or another one.")
    async def member_set(self, info: Info, input: Annotated[MemberSetInput, INPUT]) -> MemberSetPayload:
        where = await target(info, input.group_or_project)
        ends = members.UNCHANGED if input.expires_at is strawberry.UNSET else input.expires_at
        who = named_person(input.username, input.email)
        member = await members.set_role(info.context.db, info.context.actor, where, who, input.role, expires_at=ends)
        return MemberSetPayload(member=Member.of(where, member))

    @mutation("Takes a user's own role in a group or project away.")
    async def member_delete(self, info: Info, input: Annotated[MemberDeleteInput, INPUT]) -> MemberDeletePayload:
        where = await target(info, input.group_or_project)
        user = await members.remove(info.context.db, info.context.actor, where, input.username)
        return MemberDeletePayload(deleted_id=member_id(where, user.id))

    @mutation("Makes an access token: your own, or one of a group or project that you maintain.")
    async def token_create(self, info: Info, input: Annotated[TokenCreateInput, INPUT]) -> TokenCreatePayload:
        if input.group_or_project and input.service_account_id:
            raise Invalid(
                "A service account has a group or project already; name one of the two.", field="serviceAccountId"
            )
        where = await target(info, input.group_or_project) if input.group_or_project else GroupOrProject()
        account = input.service_account_id
        command = IssueToken(
            name=input.name,
            scopes=tuple(input.scopes),
            project_id=where.project_id,
            group_id=where.group_id,
            role=input.role,
            expires_at=input.expires_at,
            service_account_id=account_key(account, "serviceAccountId") if account else None,
            model_patterns=input.model_patterns,
            request_limit=input.request_limit,
            storage_limit=input.storage_limit,
        )
        issued = await tokens.issue(info.context.db, info.context.actor, command, longest=_longest(info))
        return TokenCreatePayload(token=Token.of(issued.token), secret=issued.secret)

    @mutation("Makes a new secret with the name, scopes, patterns and limits of a token, which ends after the overlap.")
    async def token_rotate(self, info: Info, input: Annotated[TokenRotateInput, INPUT]) -> TokenRotatePayload:
        key = ids.integer(input.id, "Token")
        if key is None:
            raise ids.missing("token", input.id, "id")
        rotated = await rotation.rotate(
            info.context.db,
            info.context.actor,
            key,
            overlap=timedelta(seconds=input.overlap_seconds),
            expires_at=input.expires_at,
            longest=_longest(info),
        )
        return TokenRotatePayload(
            token=Token.of(rotated.token), secret=rotated.secret, replaced=await token_by_id(info, key)
        )

    @mutation("Ends a token at once; every token may end itself.")
    async def token_revoke(self, info: Info, input: Annotated[TokenRevokeInput, INPUT]) -> TokenRevokePayload:
        key = ids.integer(input.id, "Token")
        if key is None:
            raise ids.missing("token", input.id, "id")
        revoked = Token.of(await tokens.revoke(info.context.db, info.context.actor, key))
        return TokenRevokePayload(deleted_id=revoked.id, token=revoked)


async def target(info: Info, lookup: GroupOrProjectLookup) -> GroupOrProject:
    """The group or project that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    if lookup.project:
        return GroupOrProject(project_id=(await find_project(info, lookup.project)).id)
    assert lookup.group, "one of the two is given"
    return GroupOrProject(group_id=(await find_group(info, lookup.group)).id)


def _longest(info: Info) -> LongestLives:
    settings = info.context.runtime.settings
    return LongestLives.of_days(settings.token_max_days, settings.bot_token_max_days)


def named_person(username: str | None, email: str | None) -> str | Email:
    """The person that an input names.

    Raises:
        Invalid: in both ways, or in none.
    """
    if (username is None) == (email is None):
        raise Invalid("Name the person by `username` or by `email`, in one of the two ways.", field="username")
    return username if username is not None else Email(email or "")
