"""Reading the sign-in and access log: administrators read all of it, managers that of their members, all their own.

Lists are in the order of time, newest first. Every filter has an index that begins with it and goes on with that order,
so that a page costs the same however long the log has become; further filters are tested entry by entry. The cost of
1,000,000 entries stands in docs/decisions/0039-access-log.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, delete, func, literal_column, select

from app.access import groups, policy
from app.access.access_log import Action, printable
from app.access.groups import GroupAccess
from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.access.reads.loaders import of_groups as of_allowed_groups
from app.access.tables import User
from app.access.tables_of_people import AccessLogEntry as AccessLogEntry
from app.db import batch_reads
from app.db.database import Database, Snapshot
from app.errors import Forbidden, ModelyardError
from app.pagination import Keyset, Page, Window

ORDER: Keyset[AccessLogEntry] = Keyset(
    "access log",
    (AccessLogEntry.happened_at, AccessLogEntry.id),
    lambda entry: (entry.happened_at, entry.id),
    descending=True,
)
_MANAGED = GuardedReads(Permission.MEMBER_MANAGE)
_REMOVED_AT_ONCE = 5_000
_READ_AT_ONCE = 100
# Literals, not parameters: PostgreSQL uses a partial index only when it can see at planning that the condition holds.
_REFUSED, _EMPTY = literal_column("'refused'", Text), literal_column("''", Text)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries; None does not narrow them. ``until`` is not included."""

    username: str | None = None
    """Whom they are about, whatever the case: also a name that no one has."""
    actor: str | None = None
    """The name of the user who did it."""
    action: Action | None = None
    is_refused: bool | None = None
    address: str | None = None
    user_id: int | None = None
    group_id: int | None = None
    project_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


async def search(db: Database, actor: Actor, window: Window, filter: LogFilter) -> Page[AccessLogEntry]:
    """Entries of the whole installation, newest first.

    Raises:
        Forbidden: the actor is no administrator, or its token is confined to a project or group.
    """
    policy.require_signed_in(actor, to_write=False)
    if not reads_all(actor):
        raise Forbidden("Only administrators read the access log; `viewer.accessLog` has what is about you.")
    return await _page(db, window, matching(filter))


async def own(db: Database, actor: Actor, window: Window) -> Page[AccessLogEntry]:
    """Entries about the actor, newest first."""
    user_id = policy.require_signed_in(actor, to_write=False)
    return await _page(db, window, select(AccessLogEntry).where(AccessLogEntry.user_id == user_id))


async def of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window
) -> Results[Page[AccessLogEntry]]:
    """For loaders: entries about each project, newest first; for those who manage its members."""
    parent = (AccessLogEntry.about_project_id,)
    return await _MANAGED.pages(
        db, actor, keys, window, statement=select(AccessLogEntry), order=ORDER, row=AccessLogEntry, parent=parent
    )


async def of_groups(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window
) -> Results[Page[AccessLogEntry]]:
    """The same of groups; what is about the groups and projects in one stands with those."""

    def refuse(access: GroupAccess) -> ModelyardError | None:
        try:
            groups.require_in(actor, access, Permission.MEMBER_MANAGE)
        except ModelyardError as refusal:
            return refusal
        return None

    async def fetch(snap: Snapshot, allowed: list[tuple[int]]) -> Sequence[Page[AccessLogEntry]]:
        parent = (AccessLogEntry.about_group_id,)
        return await batch_reads.pages(
            snap, select(AccessLogEntry), ORDER, window, row=AccessLogEntry, parent=parent, keys=allowed
        )

    return await of_allowed_groups(db, actor, keys, refuse, fetch)


async def everything(db: Database, filter: LogFilter) -> AsyncIterator[AccessLogEntry]:
    """All entries that match, the oldest first: for commands of who sits at the machine. A page at a time."""
    order = Keyset("access log", ORDER.columns, ORDER.values)
    after: str | None = None
    while True:
        window = Window(first=_READ_AT_ONCE, after=after)
        async with db.read() as snap:
            page = order.page((await snap.scalars(order.apply(matching(filter), window))).all(), window)
        for entry in page.items:
            yield entry
        if not page.has_next:
            return
        after = page.cursors[-1]


async def remove_old(db: Database, keep: timedelta) -> int:
    """Remove entries that are older than ``keep``, some at a time; the number of them."""
    old = select(AccessLogEntry.id).where(AccessLogEntry.happened_at < func.now() - keep)
    batch = old.order_by(AccessLogEntry.happened_at).limit(_REMOVED_AT_ONCE).with_for_update(skip_locked=True)
    statement = delete(AccessLogEntry).where(AccessLogEntry.id.in_(batch)).returning(AccessLogEntry.id)
    removed = 0
    while True:
        async with db.write() as tx:
            gone = len((await tx.scalars(statement)).all())
        removed += gone
        if gone < _REMOVED_AT_ONCE:
            return removed


def plain(entry: AccessLogEntry) -> dict[str, Any]:
    """An entry as values by column, for exports."""
    return {column.key: getattr(entry, column.key) for column in AccessLogEntry.__table__.columns}


def reads_all(actor: Actor) -> bool:
    """Whether the actor may read the whole log."""
    return actor.is_admin and not actor.is_confined


def shows_origin(actor: Actor, entry: AccessLogEntry) -> bool:
    """Whether the actor may know from where it was done: else one could follow where others are."""
    return reads_all(actor) or entry.actor_id is None or entry.actor_id == actor.user_id


def matching(filter: LogFilter) -> Select[AccessLogEntry]:
    """The entries of a filter."""
    return select(AccessLogEntry).where(*_conditions(filter))


def _conditions(filter: LogFilter) -> list[ColumnElement[bool]]:
    equal = (
        (AccessLogEntry.user_id, filter.user_id),
        (AccessLogEntry.action, None if filter.action is None else str(filter.action)),
        (AccessLogEntry.about_group_id, filter.group_id),
        (AccessLogEntry.about_project_id, filter.project_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if filter.actor is not None:
        name = func.lower(User.username) == printable(filter.actor).lower()
        conditions.append(AccessLogEntry.actor_id == select(User.id).where(name).scalar_subquery())
    if filter.username is not None:
        name = func.lower(AccessLogEntry.username) == printable(filter.username).lower()
        conditions += [name, AccessLogEntry.username != _EMPTY]
    if filter.address is not None:
        conditions += [AccessLogEntry.address == printable(filter.address), AccessLogEntry.address != _EMPTY]
    if filter.is_refused is not None:
        refused = AccessLogEntry.result == _REFUSED
        conditions.append(refused if filter.is_refused else AccessLogEntry.result != _REFUSED)
    if filter.since is not None:
        conditions.append(AccessLogEntry.happened_at >= filter.since)
    if filter.until is not None:
        conditions.append(AccessLogEntry.happened_at < filter.until)
    return conditions


async def _page(db: Database, window: Window, statement: Select[AccessLogEntry]) -> Page[AccessLogEntry]:
    async with db.read() as snap:
        return ORDER.page((await snap.scalars(ORDER.apply(statement, window))).all(), window)
