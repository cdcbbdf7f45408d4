"""Lists of many projects or groups at once: the number of statements does not grow with them.

Keys are the ids of projects or groups, and results come in their order. Of members, tokens and background jobs, a key
that the actor may not read has its refusal as the result.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

from sqlalchemy import Select, or_, select

from app.access import groups, jobs, members, policy, projects, repository, tokens
from app.access.groups import GroupAccess, GroupNotFound
from app.access.members import Member, member_of
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.reads.guarded import GuardedReads, Results, only_members
from app.access.tables import Group, Project, Token, User
from app.db import batch_reads
from app.db.database import Database, Snapshot
from app.errors import ModelyardError
from app.pagination import Page, Window
from app.queue import search
from app.queue.outbox import BackgroundJob
from app.queue.search import JobFilter

T = TypeVar("T")
K = TypeVar("K", bound=tuple[int, ...])
IdKey: TypeAlias = tuple[int]
MemberKey: TypeAlias = tuple[int, int]
"""A project or group, and a user."""
_ONE = Window(first=1)
_MEMBERS = GuardedReads(Permission.MEMBER_READ, members_only=True)
_TOKENS = GuardedReads(Permission.TOKEN_MANAGE)
_JOBS = GuardedReads(Permission.PROJECT_READ)


async def projects_of_groups(
    db: Database, actor: Actor, ids: Sequence[int], window: Window
) -> list[Page[ProjectAccess]]:
    """Projects directly in each group that the actor may see, by path; in the order of the ids."""
    async with db.read() as snap:
        return await batch_reads.pages(
            snap,
            repository.visible_projects(actor),
            projects.ORDER,
            window,
            row=Project,
            parent=[Project.group_id],
            keys=[(id,) for id in ids],
            convert=repository.access_of,
        )


async def count_projects_of_groups(db: Database, actor: Actor, ids: Sequence[int]) -> list[int]:
    """How many projects directly in each group the actor may see; in the order of the ids."""
    async with db.read() as snap:
        statement = repository.visible_projects(actor)
        return await batch_reads.counts(snap, statement, parent=[Project.group_id], keys=[(id,) for id in ids])


async def groups_of_groups(db: Database, actor: Actor, ids: Sequence[int], window: Window) -> list[Page[GroupAccess]]:
    """Groups directly in each group that the actor may see, by path; in the order of the ids."""
    async with db.read() as snap:
        return await batch_reads.pages(
            snap,
            repository.visible_groups(actor),
            groups.ORDER,
            window,
            row=Group,
            parent=[Group.parent_id],
            keys=[(id,) for id in ids],
            convert=groups.access_of,
        )


async def count_groups_of_groups(db: Database, actor: Actor, ids: Sequence[int]) -> list[int]:
    """How many groups directly in each group the actor may see; in the order of the ids."""
    async with db.read() as snap:
        statement = repository.visible_groups(actor)
        return await batch_reads.counts(snap, statement, parent=[Group.parent_id], keys=[(id,) for id in ids])


async def members_of_projects(
    db: Database, actor: Actor, keys: Sequence[IdKey], window: Window
) -> Results[Page[Member]]:
    """All members of each project, inherited ones too, by name; for members."""
    statement = repository.members_of_projects()
    return await _MEMBERS.pages(
        db,
        actor,
        keys,
        window,
        statement=statement,
        order=members.ORDER,
        row=User,
        parent=(Project.id,),
        convert=member_of,
    )


async def members_of_groups(db: Database, actor: Actor, keys: Sequence[IdKey], window: Window) -> Results[Page[Member]]:
    """All members of each group, inherited ones too, by name; for members."""

    def refuse(access: GroupAccess) -> ModelyardError | None:
        return _refuse_members(actor, access)

    async def fetch(snap: Snapshot, allowed: list[IdKey]) -> Sequence[Page[Member]]:
        statement = repository.members_of_groups()
        return await batch_reads.pages(
            snap, statement, members.ORDER, window, row=User, parent=(Group.id,), keys=allowed, convert=member_of
        )

    return await of_groups(db, actor, keys, refuse, fetch)


def _refuse_members(actor: Actor, access: GroupAccess) -> ModelyardError | None:
    try:
        policy.require_scope(actor, Permission.MEMBER_READ)
    except ModelyardError as refusal:
        return refusal
    return only_members(actor) if access.role is None else None


async def tokens_of_projects(db: Database, actor: Actor, keys: Sequence[IdKey], window: Window) -> Results[Page[Token]]:
    """The tokens of each project, newest first; for those who manage them."""
    parent = (Token.project_id,)
    return await _TOKENS.pages(
        db, actor, keys, window, statement=select(Token), order=tokens.ORDER, row=Token, parent=parent
    )


async def tokens_of_groups(db: Database, actor: Actor, keys: Sequence[IdKey], window: Window) -> Results[Page[Token]]:
    """The tokens of each group, newest first; for those who manage them."""

    def refuse(access: GroupAccess) -> ModelyardError | None:
        try:
            groups.require_in(actor, access, Permission.TOKEN_MANAGE)
        except ModelyardError as refusal:
            return refusal
        return None

    async def fetch(snap: Snapshot, allowed: list[IdKey]) -> Sequence[Page[Token]]:
        parent = (Token.group_id,)
        return await batch_reads.pages(
            snap, select(Token), tokens.ORDER, window, row=Token, parent=parent, keys=allowed
        )

    return await of_groups(db, actor, keys, refuse, fetch)


async def project_members_by_keys(db: Database, actor: Actor, keys: Sequence[MemberKey]) -> Results[Member | None]:
    """Users as members of projects; None where the user has no role there. For members."""
    pages = await _MEMBERS.pages(
        db,
        actor,
        keys,
        _ONE,
        statement=repository.members_of_projects(),
        order=members.ORDER,
        row=User,
        parent=(Project.id, User.id),
        convert=member_of,
    )
    return [page if isinstance(page, ModelyardError) else _only(page) for page in pages]


async def group_members_by_keys(db: Database, actor: Actor, keys: Sequence[MemberKey]) -> Results[Member | None]:
    """The same of groups."""

    def refuse(access: GroupAccess) -> ModelyardError | None:
        return _refuse_members(actor, access)

    async def fetch(snap: Snapshot, allowed: list[MemberKey]) -> Sequence[Member | None]:
        statement, parent = repository.members_of_groups(), (Group.id, User.id)
        pages = await batch_reads.pages(
            snap, statement, members.ORDER, _ONE, row=User, parent=parent, keys=allowed, convert=member_of
        )
        return [_only(page) for page in pages]

    return await of_groups(db, actor, keys, refuse, fetch)


async def tokens_by_ids(db: Database, actor: Actor, ids: Sequence[int]) -> list[Token | None]:
    """Tokens that the actor may revoke: that of the request, its own, those of projects and groups that it manages."""
    if actor.is_anonymous:
        return [None] * len(ids)
    async with db.read() as snap:
        rows = list(await snap.scalars(select(Token).where(Token.id.in_(ids))))
        projects_managed = await managed_projects(snap, actor, {row.project_id for row in rows if row.project_id})
        groups_managed = await managed_groups(snap, actor, {row.group_id for row in rows if row.group_id})
    is_anybodys = actor.is_administrator
    sees_own = policy.has_scope(actor, Permission.ACCOUNT_READ)
    seen = {
        row.id: row
        for row in rows
        if row.project_id in projects_managed
        or row.group_id in groups_managed
        or row.id == actor.token_id
        or (sees_own and not row.project_id and not row.group_id and (row.user_id == actor.user_id or is_anybodys))
    }
    return [seen.get(id) for id in ids]


async def managed_projects(snap: Snapshot, actor: Actor, ids: set[int]) -> set[int]:
    """Read step: those of the projects whose tokens the actor manages."""
    seen = await projects.visible_by_ids(snap, actor, sorted(ids)) if ids else {}
    return {id for id, access in seen.items() if policy.allows(actor, access, Permission.TOKEN_MANAGE)}


async def managed_groups(snap: Snapshot, actor: Actor, ids: set[int]) -> set[int]:
    """The same of groups."""
    if not ids:
        return set()
    rows = await snap.execute(repository.visible_groups(actor).where(Group.id.in_(ids)))
    seen = [groups.access_of(row) for row in rows]
    return {access.group.id for access in seen if groups.allows(actor, access, Permission.TOKEN_MANAGE)}


async def jobs_of_projects(
    db: Database, actor: Actor, keys: Sequence[IdKey], window: Window, filter: JobFilter
) -> Results[Page[BackgroundJob]]:
    """The background jobs of each project, newest first; visitors see only those that they requested."""

    async def fetch(snap: Snapshot, allowed: list[IdKey]) -> Sequence[Page[BackgroundJob]]:
        statement, parent = await _shown_jobs(snap, actor, allowed, filter), (BackgroundJob.project_id,)
        return await batch_reads.pages(
            snap, statement, search.ORDER, window, row=BackgroundJob, parent=parent, keys=allowed
        )

    return await _JOBS.read(db, actor, keys, fetch)


async def count_jobs_of_projects(db: Database, actor: Actor, keys: Sequence[IdKey], filter: JobFilter) -> Results[int]:
    """How many of them there are."""

    async def fetch(snap: Snapshot, allowed: list[IdKey]) -> Sequence[int]:
        statement = await _shown_jobs(snap, actor, allowed, filter)
        return await batch_reads.counts(snap, statement, parent=(BackgroundJob.project_id,), keys=allowed)

    return await _JOBS.read(db, actor, keys, fetch)


async def _shown_jobs(snap: Snapshot, actor: Actor, keys: Sequence[IdKey], filter: JobFilter) -> Select[BackgroundJob]:
    seen = await projects.visible_by_ids(snap, actor, [id for (id,) in keys])
    own = [id for id, access in seen.items() if jobs.sees_all(actor, access)]
    statement = search.matching(filter)
    if len(own) == len(seen):
        return statement
    # No user has the number 0: an anonymous caller has requested nothing.
    own_requests = BackgroundJob.requested_by == jobs.requester(actor)
    return statement.where(or_(BackgroundJob.project_id.in_(own), own_requests))


async def of_groups(
    db: Database,
    actor: Actor,
    keys: Sequence[K],
    refuse: Callable[[GroupAccess], ModelyardError | None],
    fetch: Callable[[Snapshot, list[K]], Awaitable[Sequence[T]]],
) -> Results[T]:
    """What ``fetch`` answers for the groups that the actor sees and ``refuse`` does not refuse."""
    async with db.read() as snap:
        rows = await snap.execute(repository.visible_groups(actor).where(Group.id.in_([key[0] for key in keys])))
        seen = {row[0].id: groups.access_of(row) for row in rows}
        missing = {key[0]: GroupNotFound(f"There is no group `{key[0]}`, or you may not see it.") for key in keys}
        refused = {id: refuse(seen[id]) if id in seen else missing[id] for id in missing}
        allowed = [key for key in keys if refused[key[0]] is None]
        results = dict(zip(allowed, await fetch(snap, allowed), strict=True)) if allowed else {}
    return [refused[key[0]] or results[key] for key in keys]


def _only(page: Page[Member]) -> Member | None:
    return page.items[0] if page.items else None
