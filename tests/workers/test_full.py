"""A job that a full disk keeps from its work is tried until there is room, and never given up for that."""

from __future__ import annotations

import errno
import os

import pytest

from app.errors import StorageFull
from app.queue import outbox
from app.registry.background_jobs import PurgeModel
from workers import executor


@pytest.mark.parametrize(
    "error",
    [StorageFull(), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OSError(errno.EDQUOT, "quota")],
    ids=["of a server", "of our own", "quota"],
)
async def test_full_disk_counts_no_attempt(runtime, project, row, set_row, monkeypatch, error):
    async with runtime.db.write() as tx:
        job_id = await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id)

    async def fails(*_arguments: object) -> bool:
        raise error

    monkeypatch.setitem(executor.HANDLERS, PurgeModel.kind, fails)
    await set_row(job_id, attempt=9)
    assert await executor.execute(runtime, job_id, "w") == "postponed"
    job = await row(job_id)
    assert (job.state, job.attempt, job.lease_until) == ("queued", 9, None)
    assert str(error) in job.last_error
    assert (job.run_after - job.created_at).total_seconds() <= executor.ROOM_SECONDS + 60


async def test_other_failures_count_an_attempt(runtime, project, row, set_row, monkeypatch):
    async with runtime.db.write() as tx:
        job_id = await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id)

    async def fails(*_arguments: object) -> bool:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setitem(executor.HANDLERS, PurgeModel.kind, fails)
    await set_row(job_id, attempt=9)
    assert await executor.execute(runtime, job_id, "w") == "dead"
