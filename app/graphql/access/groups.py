"""Groups as the client sees them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.access import groups
from app.access.groups import GroupAccess
from app.access.members import GroupOrProject
from app.access.policy import Permission
from app.graphql.access.enums import Role, Visibility
from app.graphql.access.types import Member, Token, members_of
from app.graphql.context import Info
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node


@strawberry.type(description="A namespace that nests: a group of people, or one user's own.")
class Group(Node):
    access: strawberry.Private[GroupAccess]
    name: str = strawberry.field(description="For people to read.")
    path: str = strawberry.field(description="Its part of the address.")
    full_path: str = strawberry.field(description="The paths from the top, joined by slashes.")
    visibility: Visibility = strawberry.field(description="Who may know of it.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, access: GroupAccess) -> Group:
        row = access.group
        return cls(
            id=ids.of("Group", row.id),
            access=access,
            name=row.name,
            path=row.path,
            full_path=row.full_path,
            visibility=Visibility(row.visibility),
            created_at=row.created_at,
        )

    @resolved("The group that it is in, when that may be seen.")
    async def parent(self, info: Info) -> Group | None:
        return await group_by_id(info, self.access.group.parent_id)

    @resolved("Groups directly in it, by path.")
    async def groups(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Group]:
        loaders, here = info.context.loaders.access, self.access.id
        page = await loaders.groups_of_group.load((here, window(first, after, last, before)))
        return connection(page, Group.of, lambda: loaders.group_count_of_group.load(here))

    @resolved("Projects directly in it, by path.")
    async def projects(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[groups_and_projects.Project]:
        loaders, here = info.context.loaders.access, self.access.id
        page = await loaders.projects_of_group.load((here, window(first, after, last, before)))
        return connection(page, groups_and_projects.Project.of, lambda: loaders.project_count_of_group.load(here))

    @resolved("Every user with a role in it, inherited ones too, by name. For members: null with an error for others.")
    async def members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Member] | None:
        request = ((self.access.id,), window(first, after, last, before))
        page = await info.context.loaders.access.members_of_groups.load(request)
        return members_of(GroupOrProject(group_id=self.access.id), page)

    @resolved("Its tokens, newest first. For callers that manage them: null with an error for others.")
    async def tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Token] | None:
        request = ((self.access.id,), window(first, after, last, before))
        return connection(await info.context.loaders.access.tokens_of_groups.load(request), Token.of)

    @resolved("Its service accounts, newest first. For callers that manage tokens: null with an error for others.")
    async def service_accounts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[accounts.ServiceAccount] | None:
        request = ((self.access.id,), window(first, after, last, before))
        page = await info.context.loaders.access.service_accounts_of_groups.load(request)
        return connection(page, accounts.ServiceAccount.of)

    @resolved("What is logged of its members and tokens, newest first. For who manages them: null with an error else.")
    async def access_log(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[access_log.AccessLogEntry] | None:
        request = ((self.access.id,), window(first, after, last, before))
        return access_log.entries(await info.context.loaders.access.log_of_groups.load(request))

    @resolved("Invitations to it, newest first. For owners: null with an error for others.")
    async def invitations(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[invitation_types.Invitation] | None:
        request = ((self.access.id,), window(first, after, last, before))
        return invitation_types.of_page(await info.context.loaders.invitations.of_groups.load(request))

    @resolved("Your role in it; null: you are a visitor.")
    def viewer_role(self) -> Role | None:
        return self.access.role

    @resolved("Whether you may make projects and groups in it and manage its members and tokens.")
    def viewer_can_manage(self, info: Info) -> bool:
        wanted = (Permission.GROUP_CREATE, Permission.PROJECT_CREATE, Permission.MEMBER_MANAGE, Permission.TOKEN_MANAGE)
        return all(groups.allows(info.context.actor, self.access, permission) for permission in wanted)

    @resolved("Whether you may change its name, path and visibility.")
    def viewer_can_update(self, info: Info) -> bool:
        return groups.allows(info.context.actor, self.access, Permission.GROUP_UPDATE)

    @resolved("Whether you may delete it.")
    def viewer_can_delete(self, info: Info) -> bool:
        is_namespace = self.access.group.owner_user_id is not None
        return not is_namespace and groups.allows(info.context.actor, self.access, Permission.GROUP_DELETE)


async def group_by_id(info: Info, group_id: int | None) -> Group | None:
    """The group of that id, if it may be seen, through the request's loader."""
    access = await info.context.loaders.access.groups.load(group_id) if group_id is not None else None
    return Group.of(access) if access else None


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.access import service_accounts as accounts  # noqa: E402
from app.graphql.people import access_log, invitation_types  # noqa: E402
