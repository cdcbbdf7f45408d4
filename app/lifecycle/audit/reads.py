"""Reading the audit log: maintainers that of their project, administrators all of it.

A page is read from the chain, in its order; filters have indexes of the chain, so the entries themselves are read only
for the page. What has no place yet, a second or two, is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Select, func, literal_column, select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.access.users import User
from app.db.database import Database, Snapshot
from app.errors import NotFound
from app.lifecycle.audit.tables import AuditEntry, AuditLink
from app.lifecycle.audit.tables import AuditHead as AuditHead
from app.pagination import Keyset, Page, Window

NO_PROJECT = 0
"""The chain of what belongs to no project: users, groups, sign-ins, settings of the installation."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; None does not narrow them. ``until`` is not included."""

    username: str | None = None
    action: str | None = None
    object_type: str | None = None
    object_key: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audited(NamedTuple):
    """An entry in its place; ``entry`` is None when it was removed from the log by other means than this service."""

    link: AuditLink
    entry: AuditEntry | None
    content: str | None
    """Its canonical JSON, of which ``link.entry_hash`` is the SHA-256."""

    def author(self) -> dict[str, Any]:
        """What the transaction was told of its author."""
        return parsed(self.entry.context if self.entry else None)


def parsed(text: str | None) -> dict[str, Any]:
    """A part of an entry; empty where it is none, or was written by other means and is no JSON object."""
    try:
        values = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return values if isinstance(values, dict) else {}


_NEWEST: Keyset[Audited] = Keyset("audit log", (AuditLink.seq,), lambda one: (one.link.seq,), descending=True)
_OLDEST: Keyset[Audited] = Keyset("audit log upwards", (AuditLink.seq,), lambda one: (one.link.seq,))
_HEADS: Keyset[AuditHead] = Keyset("audit heads", (AuditHead.seq,), lambda head: (head.seq,), descending=True)


async def search(
    db: Database, actor: Actor, project: int | str | None, window: Window, filter: Filter, *, oldest_first: bool = False
) -> Page[Audited]:
    """Entries of a project, or of what belongs to none (``project`` None), in the order of the chain.

    Raises:
        NotFound: there is no such project for the actor. Administrators read that of a deleted one by its number.
        Forbidden: the actor is no maintainer of it, or no administrator.
    """
    async with db.read() as snap:
        chain = await _chain(snap, actor, project)
        order = _OLDEST if oldest_first else _NEWEST
        statement = order.apply(await _matching(snap, chain, filter), window)
        rows = [Audited(link, entry, content) for link, entry, content in (await snap.execute(statement)).all()]
        return order.page(rows, window)


async def heads(db: Database, actor: Actor, project: int | str | None, window: Window) -> Page[AuditHead]:
    """The heads of a chain, newest first; see :func:`search`."""
    async with db.read() as snap:
        chain = await _chain(snap, actor, project)
        statement = _HEADS.apply(select(AuditHead).where(AuditHead.chain_id == chain), window)
        return _HEADS.page((await snap.scalars(statement)).all(), window)


async def _chain(snap: Snapshot, actor: Actor, project: int | str | None) -> int:
    if project is None:
        policy.require_administrator(actor, "read the audit log of the installation", to_write=False)
        return NO_PROJECT
    try:
        access = await projects.visible(snap, actor, project)
    except NotFound:
        # What happened in a project stays when the project is gone.
        if isinstance(project, int) and actor.is_administrator and await _has_entries(snap, project):
            policy.require_administrator(actor, "read the audit log of a deleted project", to_write=False)
            return project
        raise
    policy.require(actor, access, Permission.AUDIT_READ)
    return access.id


async def _has_entries(snap: Snapshot, chain: int) -> bool:
    return await snap.scalar(select(AuditLink.seq).where(AuditLink.chain_id == chain).limit(1)) is not None


async def _matching(snap: Snapshot, chain: int, filter: Filter) -> Select[AuditLink, AuditEntry, str]:
    content = func.audit_canonical(literal_column(AuditEntry.__tablename__)).label("content")
    statement = (
        select(AuditLink, AuditEntry, content)
        .join(AuditEntry, AuditEntry.id == AuditLink.entry_id, isouter=True)
        .where(AuditLink.chain_id == chain)
    )
    equal = [
        (AuditLink.action, filter.action),
        (AuditLink.object_type, filter.object_type),
        (AuditLink.object_key, filter.object_key),
    ]
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if filter.username is not None:
        name = func.lower(User.username) == filter.username.lower()
        conditions.append(AuditLink.actor_id == (await snap.scalar(select(User.id).where(name)) or -1))
    if filter.since is not None:
        conditions.append(AuditLink.at >= filter.since)
    if filter.until is not None:
        conditions.append(AuditLink.at < filter.until)
    return statement.where(*conditions)
