"""Webhooks whose receiver can be made to hang, for jobs that get stuck."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.queue.outbox import BackgroundJob
from tests.webhooks.conftest import receiver, subscribe  # noqa: F401  (fixtures)


@pytest.fixture
def row(runtime):
    """A job's row as it is now."""

    async def read(job_id) -> BackgroundJob:
        async with runtime.db.read() as snap:
            return (await snap.scalars(select(BackgroundJob).where(BackgroundJob.id == job_id))).one()

    return read


@pytest.fixture
def set_row(runtime):
    """Change a job's row directly in the table."""

    async def write(job_id, **values) -> None:
        async with runtime.db.write() as tx:
            await tx.execute(update(BackgroundJob).where(BackgroundJob.id == job_id).values(**values))

    return write
