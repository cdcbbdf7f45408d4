"""How much is stored, how much waits for its removal, and what would be removed now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.reads.guarded import GuardedReads, Results
from app.artifacts import stored_bytes, visibility
from app.artifacts.tables import PENDING, Artifact, Blob, CondemnedObject, MultipartUpload, SuspectObject
from app.artifacts.upkeep import garbage, reconcile
from app.artifacts.upkeep.reconcile import ORPHAN_AGE, SUSPICION
from app.db.database import Database, Snapshot
from app.errors import ModelyardError
from app.storage.blobs import BlobStore

_LISTS = GuardedReads(Permission.PROJECT_READ)


@dataclass(frozen=True, slots=True)
class Amount:
    """Objects, and their bytes as far as their sizes are known."""

    objects: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a project has in the store, each blob once however many artifacts share it."""

    stored: Amount
    pending: Amount
    """On their way; the sizes are not known yet."""
    damaged: Amount
    """Of the stored ones: missing or altered."""
    condemned: Amount
    """Deleted, and about to leave the store."""


@dataclass(frozen=True, slots=True)
class PendingRemoval:
    """Condemned objects of one reason."""

    reason: str
    amount: Amount
    due: Amount
    """Those of them that the next sweep takes."""
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a run of the garbage collection would find in the tables now."""

    waiting: list[PendingRemoval]
    silent_uploads: int
    """Pending blobs whose upload has gone silent."""
    ended_uploads: int
    """Uploads in parts whose time has run out."""
    open_uploads: int


@dataclass(frozen=True, slots=True)
class OrphanObject:
    """An object that no row knows."""

    key: str
    size: int
    modified: datetime
    suspected_at: datetime | None
    condemned_from: datetime
    """When a run of the reconciler condemns it, if it is still unknown then."""


async def of_projects(db: Database, actor: Actor, keys: Sequence[tuple[int]]) -> Results[Usage]:
    """For loaders: what each project has in the store, in the order of the keys; two statements for all.

    Members are told of everything, visitors of the files that they may see.
    """

    async def fetch(snap: Snapshot, allowed: list[tuple[int]]) -> list[Usage]:
        ids = [id for (id,) in allowed]
        seen = await projects.visible_by_ids(snap, actor, ids)
        whole = [id for id, access in seen.items() if _sees_all(actor, access)]
        states = (Blob.state == "stored", Blob.state == "pending", Blob.damaged_at.is_not(None))
        columns = [column for state in states for column in _amount(Blob.size, state)]
        mine = (Blob.project_id.in_(ids), or_(Blob.project_id.in_(whole), await _of_shown_files(snap, actor, ids)))
        of_these = select(Blob.project_id, *columns).where(*mine).group_by(Blob.project_id)
        amounts = {row[0]: _amounts(row[1:]) for row in await snap.execute(of_these)}
        condemned = {row[0]: Amount(row[1], int(row[2])) for row in await snap.execute(_condemned(whole))}
        nothing = (Amount(), Amount(), Amount())
        return [Usage(*amounts.get(id, nothing), condemned.get(id, Amount())) for id in ids]

    return await _LISTS.read(db, actor, keys, fetch)


async def restorable(db: Database, actor: Actor, keys: Sequence[tuple[int]]) -> Results[Amount | None]:
    """For loaders: what of the stored bytes is deleted and can be restored, in the order of the keys; None to visitors.

    Objects are not counted.
    """

    async def fetch(snap: Snapshot, allowed: list[tuple[int]]) -> list[Amount | None]:
        seen = await projects.visible_by_ids(snap, actor, [id for (id,) in allowed])
        sizes = await stored_bytes.restorable(snap, [id for id, access in seen.items() if access.role is not None])
        return [Amount(0, sizes.get(id, 0)) if seen[id].role is not None else None for (id,) in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def of_project(db: Database, actor: Actor, project_id: int) -> Usage:
    """What one project has in the store.

    Raises:
        ProjectNotFound: it does not exist, or may not be seen.
    """
    (usage,) = await of_projects(db, actor, [(project_id,)])
    if isinstance(usage, ModelyardError):
        raise usage
    return usage


def _sees_all(actor: Actor, access: ProjectAccess) -> bool:
    """Members of a project do, with a token that is not for a part of it only."""
    is_member = access.role is not None and policy.has_scope(actor, Permission.STORAGE_READ)
    return is_member or policy.allows(actor, access, Permission.CANDIDATE_READ)


async def _of_shown_files(snap: Snapshot, actor: Actor, ids: Sequence[int]) -> ColumnElement[bool]:
    same = (Artifact.project_id == Blob.project_id, Artifact.blob_id == Blob.id)
    return exists().where(*same, await visibility.visible_files(snap, actor, ids))


def _condemned(ids: Sequence[int]) -> Select[int, int, int]:
    """Keys begin with their project; after `/` comes `0`."""
    given = func.unnest(literal(list(ids), ARRAY(BigInteger))).table_valued("id", name="given").render_derived()
    project = literal("v1/").concat(cast(given.c.id, Text))
    key = CondemnedObject.object_key
    mine = and_(key >= project.concat("/"), key < project.concat("0"))
    counted = (func.count(key), func.coalesce(func.sum(CondemnedObject.size), 0))
    return select(given.c.id, *counted).select_from(given.join(CondemnedObject, mine)).group_by(given.c.id)


def _amounts(row: Sequence[Any]) -> tuple[Amount, Amount, Amount]:
    stored, pending, damaged = (Amount(row[at], int(row[at + 1])) for at in (0, 2, 4))
    return stored, pending, damaged


async def leftovers(db: Database, keep: timedelta = garbage.GRACE) -> Leftovers:
    """What waits for its removal in all projects, where condemned bytes are kept for ``keep``."""
    due = CondemnedObject.not_before <= func.now() - garbage.longer(keep)
    everything = CondemnedObject.object_key.is_not(None)
    columns = (*_amount(CondemnedObject.size, everything), *_amount(CondemnedObject.size, due))
    statement = select(CondemnedObject.reason, *columns, func.min(CondemnedObject.condemned_at))
    silent = select(func.count()).where(Blob.state == PENDING, Blob.lease_until < func.now())
    past = MultipartUpload.expires_at < func.now()
    uploads = select(func.count().filter(past), func.count().filter(~past, MultipartUpload.state == "open"))
    async with db.read() as snap:
        rows = await snap.execute(statement.group_by(CondemnedObject.reason).order_by(CondemnedObject.reason))
        waiting = [
            PendingRemoval(reason, Amount(count, int(size)), Amount(now, int(now_size)), oldest)
            for reason, count, size, now, now_size, oldest in rows
        ]
        ended, still_open = (await snap.execute(uploads)).one()
        return Leftovers(waiting, await snap.scalar(silent) or 0, ended, still_open)


async def orphans(db: Database, blobs: BlobStore) -> AsyncIterator[OrphanObject]:
    """Objects that no row knows, by key; walks the whole bucket."""
    async for pair in reconcile.side_by_side(db, blobs):
        if pair.row is not None or pair.listed is None:
            continue
        listed, this = pair.listed, SuspectObject.object_key == pair.listed.key
        async with db.read() as snap:
            gone = select(CondemnedObject.object_key).where(CondemnedObject.object_key == listed.key)
            if await snap.scalar(gone) is not None:
                continue
            suspected = await snap.scalar(select(SuspectObject.suspected_at).where(this))
        first = max(listed.modified + ORPHAN_AGE, datetime.now(UTC))
        yield OrphanObject(listed.key, listed.size, listed.modified, suspected, (suspected or first) + SUSPICION)


def _amount(size: Any, condition: ColumnElement[bool]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.count().filter(condition), func.coalesce(func.sum(case((condition, size))), 0)
