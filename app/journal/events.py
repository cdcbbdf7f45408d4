"""Reading the journal of projects, and forgetting what is old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, bindparam, text

from app.db.database import Database, Snapshot
from app.journal.positions import Position

KEEP = timedelta(minutes=15)
_FORGOTTEN_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the journal; ``object_id`` is the key within its type and project."""

    project_id: int
    transaction: int
    id: int
    type: str
    object_type: str
    object_id: str
    detail: str | None
    at: datetime


# A statement, so that the rows and the mark are of one snapshot. The first condition can use the key's index.
_SINCE = text("""
    SELECT pg_current_snapshot()::text AS mark, found.*
    FROM (VALUES (1)) AS always
    LEFT JOIN LATERAL (
        SELECT e.project_id, e.transaction, e.id, e.type, e.object_type, e.object_id, e.detail, e.at
        FROM project_events AS e
        WHERE e.project_id = ANY (:projects)
          AND e.transaction >= pg_snapshot_xmin(CAST(CAST(:since AS text) AS pg_snapshot))::text::bigint
          AND e.transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint  -- not of a server before this one
          AND NOT pg_visible_in_snapshot(e.transaction::text::xid8, CAST(CAST(:since AS text) AS pg_snapshot))
        ORDER BY e.transaction, e.id LIMIT :most
    ) AS found ON true
""").bindparams(bindparam("projects", type_=ARRAY(BigInteger)))
_MARK = text("SELECT pg_current_snapshot()::text")
_FORGET = text("""
    DELETE FROM project_events AS e USING (
        SELECT project_id, transaction, id FROM project_events WHERE at < now() - CAST(:keep AS interval)
        LIMIT :most FOR UPDATE SKIP LOCKED
    ) AS old WHERE (e.project_id, e.transaction, e.id) = (old.project_id, old.transaction, old.id)
""").bindparams(keep=KEEP)


async def position(snap: Snapshot) -> Position:
    """Read step: what can be seen now."""
    return Position((await snap.execute(_MARK)).scalar_one())


async def since(snap: Snapshot, projects: Sequence[int], seen: Position, most: int) -> tuple[Position, list[Event]]:
    """Read step: events that the mark did not show yet, at most so many, and the mark up to which this is all."""
    rows = (await snap.execute(_SINCE, {"projects": list(projects), "since": seen.text, "most": most})).all()
    return Position(rows[0].mark), [Event(*row[1:]) for row in rows if row.project_id is not None]


async def remove_old(db: Database) -> int:
    """Remove events after a quarter of an hour, some at a time; the number of them."""
    async with db.write() as tx:
        found = await tx.execute(_FORGET, {"most": _FORGOTTEN_AT_ONCE})
        return int(found.rowcount)  # type: ignore[attr-defined] # a result of DELETE has one
