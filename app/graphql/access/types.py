"""Users, members and tokens as the client sees them."""

from __future__ import annotations

from datetime import datetime, timedelta

import strawberry

from app.access import members, policy, tokens, users
from app.access.members import GroupOrProject
from app.access.token_rules import expiry
from app.graphql.access.enums import Role, TokenScope
from app.graphql.context import Info
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.pagination import Page


@strawberry.type(description="An account: a person, or the bot of a project or group token.")
class User(Node):
    row: strawberry.Private[users.User]
    username: str = strawberry.field(description="Unique, whatever the case.")
    name: str = strawberry.field(description="For people to read.")
    is_bot: bool = strawberry.field(description="Whether this is the bot of a project or group token.")
    is_deleted: bool = strawberry.field(description="Whether the person was deleted; what they made is left.")
    created_at: datetime = strawberry.field(description="When the user was made.")

    @classmethod
    def of(cls, row: users.User) -> User:
        return cls(
            id=ids.of("User", row.id),
            row=row,
            username=row.username,
            name=row.name,
            is_bot=row.is_bot,
            is_deleted=row.deleted_at is not None,
            created_at=row.created_at,
        )

    @resolved("The e-mail address, for the user and for people who are members of anything together with the user.")
    async def email(self, info: Info) -> str | None:
        if self.row.email is None or not policy.sees_addresses(info.context.actor):
            return None
        if self._is_managed(info) or await info.context.loaders.access.seen_users.load(self.row.id):
            return self.row.email
        return None

    @resolved("Whether the user administers the installation. Null for all but the user and administrators.")
    def is_admin(self, info: Info) -> bool | None:
        return self.row.is_admin if self._is_managed(info) else None

    @resolved("When the user was deactivated; null: the user is active, or you are no administrator.")
    def deactivated_at(self, info: Info) -> datetime | None:
        return self.row.blocked_at if self._is_managed(info) else None

    @resolved("The latest use of a session or token, to the minute. Null for all but the user and administrators.")
    def last_active_at(self, info: Info) -> datetime | None:
        return self.row.last_active_at if self._is_managed(info) else None

    @resolved("Whether you may change name and e-mail address.")
    def viewer_can_update(self, info: Info) -> bool:
        actor = info.context.actor
        is_person = not self.row.is_bot and self.row.deleted_at is None
        return is_person and policy.has_scope(actor, policy.Permission.ACCOUNT_MANAGE) and self._is_managed(info)

    @resolved("Whether you may deactivate, reactivate and delete the user, and make it an administrator.")
    def viewer_can_manage(self, info: Info) -> bool:
        return self.viewer_can_update(info) and info.context.actor.is_administrator

    def _is_managed(self, info: Info) -> bool:
        actor = info.context.actor
        return actor.is_administrator or (not actor.is_confined and actor.user_id == self.row.id)


async def user_by_id(info: Info, user_id: int | None) -> User | None:
    """The user of that id, if the viewer is a member of anything that the user is a member of, too."""
    row = await info.context.loaders.access.seen_users.load(user_id) if user_id is not None else None
    return User.of(row) if row else None


async def named_user(info: Info, user_id: int | None) -> User | None:
    """The user of that id, for the user itself and for members of the group or project in which it appears."""
    row = await info.context.loaders.access.users.load(user_id) if user_id is not None else None
    return User.of(row) if row else None


async def maker(info: Info, user_id: int | None, project_id: int) -> User | None:
    """Who made something that the viewer sees in a project.

    Members learn the name. Visitors know a person by the username, and of a bot only that it was one: its name is that
    of its token.
    """
    user = await named_user(info, user_id)
    if user is None or user.row.id == info.context.actor.user_id:
        return user
    access = await info.context.loaders.access.projects.load(project_id)
    if access is None or access.role is None:
        user.name = "Bot" if user.is_bot else user.username
    return user


@strawberry.type(description="A user with a role in a group or project.")
class Member(Node):
    user: User = strawberry.field(description="Who.")
    role: Role = strawberry.field(description="The highest role here, inherited or direct.")
    expires_at: datetime | None = strawberry.field(description="When that role ends; null: never.")

    @classmethod
    def of(cls, where: GroupOrProject, member: members.Member) -> Member:
        return cls(
            id=member_id(where, member.user.id),
            user=User.of(member.user),
            role=member.role,
            expires_at=member.expires_at,
        )


def members_of(where: GroupOrProject, page: Page[members.Member]) -> Connection[Member]:
    """A page of the members of a group or project."""
    return connection(page, lambda member: Member.of(where, member))


def member_id(where: GroupOrProject, user_id: int) -> strawberry.ID:
    """The id of a user as a member of a group or project."""
    if where.project_id is not None:
        return ids.of("Member", "project", where.project_id, user_id)
    assert where.group_id is not None, "it is one of the two"
    return ids.of("Member", "group", where.group_id, user_id)


async def member_by_id(info: Info, id: str) -> Member | None:
    """The member of that id, by the request's loaders; None for who may not see the members."""
    parts = ids.parts(id, "Member", 3)
    keys = [ids.as_integer(part) for part in parts[1:]] if parts else []
    if parts is None or None in keys or parts[0] not in {"group", "project"}:
        return None
    loaders, key = info.context.loaders.access, (keys[0] or 0, keys[1] or 0)
    if parts[0] == "project":
        project, where = await loaders.projects.load(key[0]), GroupOrProject(project_id=key[0])
        row = await loaders.project_members.load(key) if project and project.role is not None else None
    else:
        group, where = await loaders.groups.load(key[0]), GroupOrProject(group_id=key[0])
        row = await loaders.group_members.load(key) if group and group.role is not None else None
    return Member.of(where, row) if row else None


@strawberry.type(description="An access token. Its secret is shown once, when it is made.")
class Token(Node):
    row: strawberry.Private[tokens.Token]
    name: str = strawberry.field(description="What it is for.")
    scopes: list[TokenScope] = strawberry.field(
        description="What it was made for; MANAGE_… and DELETE_… hold while who made it could give them again."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="From when on it is refused; null: never.")
    model_patterns: list[str] | None = strawberry.field(
        description="Names of models that it is confined to, `*` standing for any characters; null: to none."
    )
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to the minute.")
    last_address: str | None = strawberry.field(description="From which address that was; null: not known.")
    last_client: str | None = strawberry.field(
        description="What the program said that it is (User-Agent); null: it did not say."
    )
    request_limit: Long | None = strawberry.field(description="Requests in a minute that it may make; null: no limit.")
    storage_limit: Long | None = strawberry.field(
        description="Bytes that may be stored with it; null: no limit of its own."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null: it was not.")

    @classmethod
    def of(cls, row: tokens.Token) -> Token:
        return cls(
            id=ids.of("Token", row.id),
            row=row,
            name=row.name,
            scopes=[policy.Scope(scope) for scope in row.scopes],
            created_at=row.created_at,
            expires_at=row.expires_at,
            model_patterns=row.model_patterns,
            last_used_at=row.last_used_at,
            last_address=row.last_address or None,
            last_client=row.last_client or None,
            request_limit=None if row.request_limit is None else Long(row.request_limit),
            storage_limit=None if row.storage_limit is None else Long(row.storage_limit),
            revoked_at=row.revoked_at,
        )

    @resolved(
        "Whether it is still valid and ends soon: within the days that the installation reminds of, a week by default."
    )
    def is_expiring(self, info: Info) -> bool:
        within = timedelta(days=info.context.runtime.settings.token_reminder_days)
        return expiry.is_ending(self.row.expires_at, self.row.revoked_at, within)

    @resolved("The token that it replaces, whose rotation made it.")
    async def replaces(self, info: Info) -> Token | None:
        return await token_by_id(info, self.row.replaces_id)

    @resolved("The user that it acts as.")
    async def user(self, info: Info) -> User | None:
        return await named_user(info, self.row.user_id)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await named_user(info, self.row.created_by)

    @resolved("Whether it is still valid and you may revoke it.")
    def viewer_can_revoke(self, info: Info) -> bool:
        actor = info.context.actor
        may = policy.has_scope(actor, policy.Permission.ACCOUNT_MANAGE) or actor.token_id == self.row.id
        return self.row.revoked_at is None and may


async def token_by_id(info: Info, token_id: int | None) -> Token | None:
    """The token of that id, if the viewer may revoke it, through the request's loader."""
    row = await info.context.loaders.access.tokens.load(token_id) if token_id is not None else None
    return Token.of(row) if row else None
