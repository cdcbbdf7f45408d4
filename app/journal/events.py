"""Reads the events of projects, and removes old ones.

Events are written by triggers in the transaction of the change that they tell of. A reader keeps its position, and
reads what that did not show yet: one statement for any number of projects, which costs as much as there are events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from app.db.database import Database, Snapshot
from app.db.statements import Statement, columns
from app.journal.positions import Position

KEPT = timedelta(minutes=15)
_REMOVED_AT_ONCE = 20_000


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


_FIELDS = tuple(field.name for field in fields(Event))
# One statement, so that events and position are of one snapshot. The first condition can use the key's index, and the
# second leaves out events of a server before this one, whose transactions may have higher numbers (after a restore).
_READ_SINCE = Statement(
    "journal.read_since",
    "Events of some projects that a position does not show, and the position up to which these are all.",
    f"""
    SELECT pg_current_snapshot()::text AS position, event.*
    FROM (VALUES (1)) AS always
    LEFT JOIN LATERAL (
        SELECT {columns(Event, of="e")}
        FROM project_events AS e
        WHERE e.project_id = ANY (:projects::bigint[])
          AND e.transaction >= pg_snapshot_xmin(CAST(:since::text AS pg_snapshot))::text::bigint
          AND e.transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
          AND NOT pg_visible_in_snapshot(e.transaction::text::xid8, CAST(:since::text AS pg_snapshot))
        ORDER BY e.transaction, e.id LIMIT :limit
    ) AS event ON true
    """,  # noqa: S608 - of constants
)
_READ_POSITION = Statement(
    "journal.read_position", "The position of a reader that has read everything.", "SELECT pg_current_snapshot()::text"
)
_REMOVE_OLD = Statement(
    "journal.remove_old",
    "Remove some of the events that are older than they are kept.",
    """
    DELETE FROM project_events AS e USING (
        SELECT project_id, transaction, id FROM project_events WHERE at < now() - :kept::interval
        LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AS old WHERE (e.project_id, e.transaction, e.id) = (old.project_id, old.transaction, old.id)
    """,
)


async def position(snap: Snapshot) -> Position:
    """Read step: the position behind everything that can be seen now."""
    return Position(await _READ_POSITION.fetch_value(snap))


async def since(snap: Snapshot, projects: Sequence[int], seen: Position, limit: int) -> tuple[Position, list[Event]]:
    """Read step: events that the position did not show yet, ``limit`` at most, and the position up to which these are
    all.
    """
    rows = await _READ_SINCE.fetch(snap, projects=list(projects), since=seen.text, limit=limit)
    events = [Event(**{name: row[name] for name in _FIELDS}) for row in rows if row["project_id"] is not None]
    return Position(rows[0]["position"]), events


async def remove_old(db: Database) -> int:
    """Remove events that are older than a quarter of an hour, a batch at a time; the number of them."""
    async with db.write() as tx:
        return await _REMOVE_OLD.execute(tx, kept=KEPT, limit=_REMOVED_AT_ONCE)
