"""How background jobs look at the moment, in short: for those who look on while they run."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from app.db.database import Snapshot

_STATE = text("""
    SELECT id, concat_ws(' ', state, attempt, done, total, md5(last_error)) AS state
    FROM background_jobs WHERE id = ANY (:ids)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def states(snap: Snapshot, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Read step: of each job, what changes when anything changes that is shown of it."""
    return {row.id: row.state for row in await snap.execute(_STATE, {"ids": list(ids)})}
