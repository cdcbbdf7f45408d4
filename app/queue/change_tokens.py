"""Short tokens that change whenever a background job does, for clients that watch jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Statement
from app.queue.tables import BackgroundJob


def change_token(job: BackgroundJob) -> str:
    """Opaque; another one as soon as anything has changed that is told of the job."""
    parts = (job.id, job.state, job.attempt, job.done, job.total, job.last_error)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


_READ_STATES = Statement(
    "queue.read_states",
    "What changes in a row when anything changes that is shown of the job.",
    """
    SELECT id, concat_ws(' ', state, attempt, done, total, md5(last_error)) AS state
    FROM background_jobs WHERE id = ANY (:ids)
    """,
)


async def change_tokens(snap: Snapshot, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Read step: of each job, what changes when anything changes that is shown of it."""
    return {row.id: row.state for row in await snap.execute(_STATE, {"ids": list(ids)})}
