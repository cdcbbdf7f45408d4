"""Forgets links that ended long ago."""

from __future__ import annotations

from datetime import timedelta

from app.db.database import Database
from app.db.statements import Statement

KEEP = timedelta(days=30)
"""For so long after its end lists still show an invitation; what became of it stays in the access log."""
_BATCH = 1_000

_REMOVE_OLD = Statement(
    "access.remove_old_links",
    "Remove links that ended long ago, with their roles.",
    """
    WITH old AS (
      SELECT id FROM one_time_links l
      WHERE expires_at < now() - CAST(:keep AS interval)
        AND NOT EXISTS (SELECT FROM openid_requests r WHERE r.link_id = l.id)
      ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED
    ), roles AS (
      DELETE FROM invitation_roles WHERE link_id IN (SELECT id FROM old)
    )
    DELETE FROM one_time_links WHERE id IN (SELECT id FROM old)
    """,
)


async def remove_old(db: Database) -> int:
    """Remove links that ended a month ago; the number of them. Safe to repeat, and to run twice at once."""
    total = 0
    while True:
        async with db.write() as tx:
            removed = await _REMOVE_OLD.execute(tx, keep=KEEP, batch=_BATCH)
        total += removed
        if removed < _BATCH:
            return total
