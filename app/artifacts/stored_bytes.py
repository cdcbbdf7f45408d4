"""Limits of stored bytes: looked at before bytes are accepted, and held exactly when they become a project's.

A project or token that has a limit has a row in ``stored_bytes``, which triggers on blobs keep in the transaction that
makes bytes stored or removes them; the row is held until the commit, so two uploads at once do not pass a limit
together. The same bytes count once in a project, like their blob. Without a limit there is no row, and nothing is read.

Counting begins with a moment in which no other transaction writes blobs: from then on all of them see the row. Then
what is there is summed up, with the row held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError

from app.access import policy, projects
from app.access.limits.requests import Defaults
from app.access.policy import Actor, Permission, ProjectAccess
from app.artifacts.owners import IN_TRASH, TRASHED_BLOBS
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Statement
from app.errors import QuotaExceeded, TooLarge
from app.storage.blobs import StoredObject

_CONSTRAINT = "stored_bytes_limit"


class Kind(IntEnum):
    """Whose bytes are counted."""

    PROJECT = 1
    TOKEN = 2


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that holds for an upload."""

    kind: Kind
    id: int
    most: int
    is_default: bool


class _Counted(NamedTuple):
    kind: int
    subject_id: int
    used: int | None
    most: int
    is_default: bool


_READ = Statement(
    "artifacts.read_stored_bytes",
    "What is counted of some projects and tokens.",
    """
    SELECT s.kind, s.subject_id, s.used, s.most, s.is_default
    FROM unnest(:kinds::smallint[], :subjects::bigint[]) AS given(kind, id)
    JOIN stored_bytes s ON s.kind = given.kind AND s.subject_id = given.id
    """,
    row=_Counted,
)
_BARRIER = Statement(
    "artifacts.wait_for_blob_writers",
    "Wait until no other transaction has unfinished changes of blobs, and keep new ones waiting until the commit.",
    "LOCK TABLE blobs IN SHARE MODE",
)
_SET = Statement(
    "artifacts.set_stored_bytes_limit",
    "Begin to count, or go on with another limit.",
    """
    INSERT INTO stored_bytes (kind, subject_id, most, is_default) VALUES (:kind, :subject, :most, :is_default)
    ON CONFLICT (kind, subject_id) DO UPDATE SET most = excluded.most, is_default = excluded.is_default
    """,
)
_CHANGE = Statement(
    "artifacts.change_stored_bytes_limit",
    "Another limit for what is counted already.",
    """
    UPDATE stored_bytes SET most = :most, is_default = :is_default WHERE kind = :kind AND subject_id = :subject
    RETURNING used
    """,
)
_END = Statement(
    "artifacts.end_stored_bytes",
    "Count no more.",
    "DELETE FROM stored_bytes WHERE kind = :kind AND subject_id = :subject",
)
_HOLD = Statement(
    "artifacts.hold_stored_bytes",
    "Let no other transaction finish that stores or removes bytes of this one; those that have are seen from now on.",
    "SELECT used FROM stored_bytes WHERE kind = :kind AND subject_id = :subject FOR UPDATE",
)
_SUM = Statement(
    "artifacts.sum_stored_bytes",
    "Sum up what is there; the row is held.",
    """
    UPDATE stored_bytes SET used = coalesce(CASE WHEN kind = 1
      THEN (SELECT sum(b.size) FROM blobs b WHERE b.project_id = stored_bytes.subject_id AND b.state = 'stored')
      ELSE (SELECT sum(b.size) FROM blobs b WHERE b.token_id = stored_bytes.subject_id AND b.state = 'stored') END, 0)
    WHERE kind = :kind AND subject_id = :subject AND used IS NULL
    """,
)
_RESTORABLE = Statement(
    "artifacts.read_restorable_bytes",
    "The bytes of projects that only deleted things need which can still be restored.",
    f"""
    SELECT b.project_id, sum(b.size)::bigint AS size FROM ({TRASHED_BLOBS}) AS trashed
    JOIN blobs b ON b.project_id = trashed.project_id AND b.id = trashed.blob_id AND b.state = 'stored'
    WHERE NOT EXISTS (SELECT FROM artifacts
      WHERE artifacts.project_id = b.project_id AND artifacts.blob_id = b.id AND NOT {IN_TRASH})
    GROUP BY b.project_id
    """,  # noqa: S608 - put together from constants
)
_HAS_BYTES = Statement(
    "artifacts.has_bytes",
    "Whether a project has these bytes.",
    "SELECT id FROM blobs WHERE project_id = :project AND sha256 = :sha256 AND state = 'stored'",
)
_FORGET = Statement(
    "artifacts.forget_stored_bytes",
    "Count no more what follows another default than that of the settings.",
    """
    DELETE FROM stored_bytes WHERE is_default
      AND most IS DISTINCT FROM CASE WHEN kind = 1 THEN :project::bigint ELSE :token::bigint END
    """,
)


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes there are room for: by the limit of which, and what is used of that."""

    whose: str
    used: int
    most: int

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)


async def room_in(db: Database, actor: Actor, project_id: int) -> Room | None:
    """The room that is left for what the actor stores in a project; None: nothing limits it.

    Raises:
        ProjectNotFound: it does not exist, or may not be seen.
    """
    return await room_of(db, actor, await projects.get(db, actor, project_id))


async def room_of(db: Database, actor: Actor, access: ProjectAccess) -> Room | None:
    """The same of a project that was read."""
    limits = limits_of(actor, access)
    if not limits:
        return None
    used = await _counted(db, limits)
    names = {Kind.PROJECT: f"project `{access.project.full_path}`", Kind.TOKEN: "this token"}
    rooms = [Room(names[limit.kind], used[limit.kind], limit.most) for limit in limits]
    return min(rooms, key=lambda room: room.left)


def require(room: Room | None, size: int | None) -> None:
    """Refuse bytes for which there is no room. What is exact is the commit: see :func:`translated_errors`.

    ``size`` is their number where the sender has said so.

    Raises:
        QuotaExceeded: there is no room for so many, or, if their number is unknown, for any.
    """
    if room is not None and (room.left < 1 if size is None else size > room.left):
        raise _refusal(room, size)


@contextmanager
def bounded(room: Room | None, limit: int) -> Iterator[int]:
    """For bytes whose number is not known: the most that may come, of ``limit`` and of the room.

    Raises:
        QuotaExceeded: more have come than there is room for.
    """
    if room is None or room.left >= limit:
        yield limit
        return
    try:
        yield room.left
    except TooLarge as error:
        raise _refusal(room, None) from error


async def require_room_in(
    db: Database, actor: Actor, project_id: int, size: int | None, permission: Permission
) -> Room | None:
    """Refuse bytes before the transaction that looks whether the actor may; where it may not, that one says so.

    Raises:
        QuotaExceeded: see :func:`require`.
        ProjectNotFound: it does not exist, or may not be seen.
    """
    access = await projects.get(db, actor, project_id)
    if not policy.allows(actor, access, permission):
        return None
    room = await room_of(db, actor, access)
    require(room, size)
    return room


async def require_room_for(db: Database, actor: Actor, access: ProjectAccess, stored: StoredObject) -> None:
    """Refuse bytes that are in memory; those that the project has already need no room.

    Raises:
        QuotaExceeded: there is no room for them.
    """
    room = await room_of(db, actor, access)
    if room is None or stored.size <= room.left:
        return
    async with db.direct() as connection:
        if not await _HAS_BYTES.fetch(connection, project=access.id, sha256=stored.sha256):
            raise _refusal(room, stored.size)


def limits_of(actor: Actor, access: ProjectAccess, *, of_token: bool = True) -> Sequence[Limit]:
    """The limits that hold for what the actor stores in a project; without ``of_token``, those of the project alone."""
    defaults, limits = _defaults(actor), list[Limit]()
    own = access.project.storage_limit
    most = own if own is not None or defaults is None else defaults.project_bytes
    if most is not None:
        limits.append(Limit(Kind.PROJECT, access.id, most, is_default=own is None))
    if of_token and actor.token_id is not None:
        most = actor.storage_limit if actor.storage_limit is not None or defaults is None else defaults.token_bytes
        if most is not None:
            limits.append(Limit(Kind.TOKEN, actor.token_id, most, is_default=actor.storage_limit is None))
    return limits


def counted_token(actor: Actor) -> int | None:
    """The token whose bytes are counted, if what the actor stores counts for one."""
    defaults = _defaults(actor)
    is_limited = actor.storage_limit is not None or (defaults is not None and defaults.token_bytes is not None)
    return actor.token_id if is_limited else None


def _defaults(actor: Actor) -> Defaults | None:
    meter = actor.cache.meter if actor.cache is not None else None
    return meter.defaults if meter is not None else None


async def set_limit(tx: Tx, limit: Limit) -> None:
    """Step: this limit holds from the commit on. What was stored before it is summed up by the next upload.

    Raises:
        Busy: an upload that is being finished does not end in time; nothing is changed.
    """
    values = {"kind": int(limit.kind), "subject": limit.id, "most": limit.most, "is_default": limit.is_default}
    if not await _CHANGE.fetch(tx, **values):
        await _BARRIER.execute(tx)
        await _SET.execute(tx, **values)


async def end_limit(tx: Tx, kind: Kind, id: int) -> None:
    """Step: from the commit on nothing limits the bytes of that project or token."""
    await _END.execute(tx, kind=int(kind), subject=id)


async def follow_defaults(db: Database, project: int | None, token: int | None) -> int:
    """Count no more what follows defaults that are not those of the settings any more; how many there were.

    What follows the new ones begins to be counted with its next upload.
    """
    async with db.write() as tx:
        return await _FORGET.execute(tx, project=project, token=token)


async def restorable(snap: Snapshot, project_ids: Sequence[int]) -> dict[int, int]:
    """Read step: the bytes, by project, that would be freed if what is deleted and can be restored were gone."""
    rows = await _RESTORABLE.fetch(snap, projects=list(project_ids))
    return {row["project_id"]: row["size"] for row in rows}


@contextmanager
def translated_errors() -> Iterator[None]:
    """What the triggers refuse in this block becomes an error that says why; the transaction has to end.

    Raises:
        QuotaExceeded: other uploads have used the room meanwhile, or the bytes are more than was announced.
    """
    try:
        yield
    except IntegrityError as error:
        cause = getattr(error.orig, "__cause__", None)
        if getattr(cause, "constraint_name", None) != _CONSTRAINT:
            raise
        kind, _, size = str(getattr(cause, "detail", "")).split(" ")
        whose = "project" if int(kind) == Kind.PROJECT else "token"
        raise QuotaExceeded(
            f"The limit of stored bytes of this {whose} leaves no room for {int(size):,} more; nothing was stored. "
            "`Project.storage` (GraphQL) says what is used and what can be freed."
        ) from error


async def _counted(db: Database, limits: Sequence[Limit]) -> dict[Kind, int]:
    """What is used of each limit; begins to count where that has not begun, or follows another limit."""
    rows = await _rows(db, limits)
    for limit in limits:
        row = rows.get(limit.kind)
        if row is None or (row.most, row.is_default) != (limit.most, limit.is_default):
            async with db.write() as tx:
                await set_limit(tx, limit)
        if row is None or row.used is None:
            async with db.write() as tx:
                values = {"kind": int(limit.kind), "subject": limit.id}
                await _HOLD.fetch(tx, **values)
                await _SUM.execute(tx, **values)
    if any(row.used is None for row in rows.values()) or len(rows) < len(limits):
        rows = await _rows(db, limits)
    return {kind: row.used or 0 for kind, row in rows.items()}


async def _rows(db: Database, limits: Sequence[Limit]) -> dict[Kind, _Counted]:
    async with db.direct() as connection:
        rows = await _READ.fetch(
            connection, kinds=[int(limit.kind) for limit in limits], subjects=[limit.id for limit in limits]
        )
    return {Kind(row.kind): row for row in rows}


def _refusal(room: Room, size: int | None) -> QuotaExceeded:
    needed = f"{size:,} more bytes" if size else "more"
    return QuotaExceeded(
        f"The files of {room.whose} have {room.used:,} bytes of the {room.most:,} that its limit allows; there is no "
        f"room for {needed}. Nothing was stored. `Project.storage` (GraphQL) says what is used and what can be freed."
    )
