"""Queries of access: the viewer, groups and projects."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access import groups, policy, projects, tokens
from app.access.reads import access_log as log
from app.access.reads import own_projects
from app.graphql.access.enums import TokenScope
from app.graphql.access.groups import Group
from app.graphql.access.groups_and_projects import Project
from app.graphql.access.lookups import GroupLookup, ProjectLookup
from app.graphql.access.types import Token, User, named_user
from app.graphql.access.viewer_lists import ViewerLists
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.people import access_log
from app.graphql.people.identities import Identity, own_identities
from app.graphql.people.sessions import ViewerSessions
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved

Search = Annotated[str, strawberry.argument(description="Only what has this text in its full path, whatever the case.")]


@strawberry.type(description="The caller.")
class Viewer(ViewerSessions, ViewerLists):
    scopes: list[TokenScope] = strawberry.field(
        description="What the token in use may do; with a session, all that you may."
    )
    is_admin: bool = strawberry.field(description="Whether you administer the installation.")

    @resolved("You, or the bot in whose name the token acts.")
    async def user(self, info: Info) -> User | None:
        return await named_user(info, info.context.actor.user_id)

    @resolved("The token of this request; null with a browser's sign-in.")
    async def token(self, info: Info) -> Token | None:
        row = await tokens.current(info.context.db, info.context.actor)
        return Token.of(row) if row else None

    @resolved("Your personal tokens, newest first, revoked ones too. A narrow token sees itself only.")
    async def tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Token]:
        page = await tokens.own(info.context.db, info.context.actor, window(first, after, last, before))
        return connection(page, Token.of)

    @resolved("Projects that you are a member of, yourself or by a group, by path.")
    async def projects(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Project]:
        db, actor = info.context.db, info.context.actor
        page = await own_projects.page(db, actor, window(first, after, last, before))
        return connection(page, Project.of, lambda: own_projects.count(db, actor))

    @resolved("Who you are at OpenID providers, the oldest first; you sign in with these.")
    async def identities(self, info: Info) -> list[Identity] | None:
        return await own_identities(info)

    @resolved("What is logged about you, newest first: sign-ins, tokens, roles.")
    async def access_log(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[access_log.AccessLogEntry] | None:
        page = await log.own(info.context.db, info.context.actor, window(first, after, last, before))
        return access_log.entries(page)


@strawberry.type
class AccessQuery:
    @resolved("The caller; null without a token or session.")
    def viewer(self, info: Info) -> Viewer | None:
        actor = info.context.actor
        if actor.is_anonymous:
            return None
        return Viewer(scopes=[scope for scope in policy.Scope if scope in actor.scopes], is_admin=actor.is_admin)

    @resolved("A group; null when it does not exist or may not be seen.")
    async def group(
        self, info: Info, by: Annotated[GroupLookup, strawberry.argument(description="The group.")]
    ) -> Group | None:
        access = await or_none(find_group(info, by))
        return Group.of(access) if access else None

    @resolved("A project; null when it does not exist or may not be seen.")
    async def project(
        self, info: Info, by: Annotated[ProjectLookup, strawberry.argument(description="The project.")]
    ) -> Project | None:
        access = await or_none(find_project(info, by))
        return Project.of(access) if access else None

    @resolved("Groups that you may see, by path.")
    async def groups(
        self,
        info: Info,
        *,
        search: Search = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Group]:
        db, actor = info.context.db, info.context.actor
        page = await groups.search(db, actor, window(first, after, last, before), text=search)
        return connection(page, Group.of, lambda: groups.count(db, actor, text=search))

    @resolved("Projects that you may see, by path.")
    async def projects(
        self,
        info: Info,
        *,
        search: Search = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Project]:
        db, actor = info.context.db, info.context.actor
        page = await projects.search(db, actor, window(first, after, last, before), text=search)
        return connection(page, Project.of, lambda: projects.count(db, actor, text=search))


async def find_group(info: Info, by: GroupLookup) -> groups.GroupAccess:
    """The group that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    return await groups.get(info.context.db, info.context.actor, by.key())


async def find_project(info: Info, by: ProjectLookup) -> policy.ProjectAccess:
    """The project that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    return await projects.get(info.context.db, info.context.actor, by.key())


async def project_id(info: Info, reference: int | str) -> int:
    """The number of a project that a lookup names; use cases that get the same reference do not read it again.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    if isinstance(reference, int):
        return reference
    return (await projects.get(info.context.db, info.context.actor, reference)).id
