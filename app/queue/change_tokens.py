"""Short tokens that change whenever a background job does, for clients that watch jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Statement
from app.queue.tables import BackgroundJob


def change_token(job: BackgroundJob) -> str:
    """The token of a job as it is now: opaque, and another one once anything that is shown of the job has changed."""
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


async def states(snap: Snapshot, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Read step: a text for each job that exists, which differs once anything that is shown of the job has changed."""
    return {row["id"]: row["state"] for row in await _READ_STATES.fetch(snap, ids=list(ids))}
