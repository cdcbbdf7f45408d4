"""Who holds a job: claims, leases, fencing, retries and the end of hopeless jobs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.access import jobs as visible_jobs
from app.access.reads import loaders
from app.errors import NotFound
from app.pagination import Window
from app.queue import leases, outbox
from app.queue.jobs import decode
from app.queue.outbox import BackgroundJob
from app.queue.search import JobFilter
from app.registry.background_jobs import PurgeModel
from workers.handlers import HANDLERS


@pytest.fixture
async def job_id(runtime, project):
    """A queued job that no worker of this run would take: its project has no such model."""
    async with runtime.db.write() as tx:
        return await outbox.enqueue(
            tx, PurgeModel(project.id, 1), project_id=project.id, requested_by=project.owner.user_id
        )


async def row(runtime, job_id) -> BackgroundJob:
    async with runtime.db.read() as snap:
        return (await snap.scalars(select(BackgroundJob).where(BackgroundJob.id == job_id))).one()


async def set_row(runtime, job_id, **values) -> None:
    async with runtime.db.write() as tx:
        await tx.execute(update(BackgroundJob).where(BackgroundJob.id == job_id).values(**values))


async def test_concurrent_claims_of_a_job_have_one_winner(runtime, job_id):
    claims = await asyncio.gather(*(leases.claim(runtime.db, job_id, f"w{number}") for number in range(8)))
    assert [claim is not None for claim in claims].count(True) == 1


async def test_equal_jobs_are_joined_while_queued_and_not_while_running(runtime, project, job_id):
    async with runtime.db.write() as tx:
        assert await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id) == job_id
    await leases.claim(runtime.db, job_id, "w")
    async with runtime.db.write() as tx:
        assert await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id) != job_id


async def test_lost_lease_writes_nothing(runtime, job_id):
    first = await leases.claim(runtime.db, job_id, "paused")
    await set_row(runtime, job_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    second = await leases.claim(runtime.db, job_id, "other")
    assert second.epoch == first.epoch + 1
    assert not await leases.succeed(runtime.db, first)
    assert not await leases.renew(runtime.db, first)
    assert not await leases.report(runtime.db, first, 7, 9)
    assert not await leases.fail(runtime.db, first, "late")
    job = await row(runtime, job_id)
    assert (job.state, job.worker, job.attempt, job.done) == ("running", "other", 1, 0)
    assert await leases.succeed(runtime.db, second)


async def test_retries_back_off_and_end_dead(runtime, job_id):
    waits = []
    for _ in range(10):
        await set_row(runtime, job_id, run_after=datetime.now(UTC) - timedelta(seconds=1))
        lease = await leases.claim(runtime.db, job_id, "w")
        assert await leases.fail(runtime.db, lease, "no luck")
        job = await row(runtime, job_id)
        waits.append((job.run_after - datetime.now(UTC)).total_seconds())
    assert (job.state, job.attempt, job.last_error) == ("dead", 10, "no luck")
    assert waits[0] < waits[1] < waits[2] < waits[3] < waits[4]
    assert await leases.claim(runtime.db, job_id, "w") is None


async def test_released_lease_counts_no_attempt(runtime, job_id):
    for _ in range(20):
        lease = await leases.claim(runtime.db, job_id, "w")
        assert await leases.release(runtime.db, lease)
    assert (await row(runtime, job_id)).attempt == 0


async def test_job_that_kills_its_workers_ends_dead(runtime, job_id):
    for _ in range(10):
        await leases.claim(runtime.db, job_id, "w")
        await set_row(runtime, job_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    assert await leases.claim(runtime.db, job_id, "w") is None
    assert await leases.fail_exhausted(runtime.db) >= 1
    assert (await row(runtime, job_id)).state == "dead"


async def test_jobs_are_visible_to_requester_and_members(runtime, project, job_id):
    assert (await visible_jobs.get(runtime.db, project.owner, job_id)).kind == "registry.purge_model"
    with pytest.raises(NotFound):
        await visible_jobs.get(runtime.db, project.stranger.actor, job_id)
    (page,) = await loaders.jobs_of_projects(runtime.db, project.owner, [(project.id,)], Window(), JobFilter())
    assert [job.id for job in page.items] == [job_id]


@pytest.mark.parametrize("kind", sorted(HANDLERS))
def test_payloads_survive_json_and_fields_of_later_releases(kind):
    values = {"project_id": 1, "model_id": 2, "version_id": 3, "number": 4, "group_id": 5}
    values |= {"candidate_id": "0192f0c8-0000-7000-8000-000000000000", "unknown": True}
    values |= dict.fromkeys(("delivery_id", "batch_id", "root_id", "ci_job_id"), "0192f0c8-0000-7000-8000-000000000001")
    job = decode(kind, values)
    assert decode(kind, job.payload()) == job
