"""Kinds that do not stand in each other's way, steps that take too long, and workers that come and go."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text

from app.ids import uuid7
from app.queue import leases, outbox
from app.queue.jobs import Rule
from app.queue.outbox import BackgroundJob
from app.registry.background_jobs import PurgeModel
from app.webhooks.background_jobs import DeliverWebhook
from app.webhooks.deliveries import WebhookDelivery
from workers.executor import Executor, execute


@pytest.fixture
def deliveries(runtime, project, subscribe, receiver):
    """Promise so many deliveries to a receiver that never answers; the ids of their jobs."""

    async def make(count: int):
        receiver.hangs = True
        hook = await subscribe("registered_model.created")
        ids = [uuid7() for _ in range(count)]
        rows = [
            {"project_id": project.id, "id": id, "webhook_id": hook.id, "event": "registered_model.created", "data": {}}
            for id in ids
        ]
        async with runtime.db.write() as tx:
            await tx.execute(insert(WebhookDelivery), rows)
            await outbox.enqueue_all(tx, [DeliverWebhook(project.id, id) for id in ids], project_id=project.id)
            mine = select(BackgroundJob.id).where(BackgroundJob.project_id == project.id)
            return list(await tx.scalars(mine))

    return make


@pytest.fixture
async def executor(runtime, project):
    """A worker; other tests' jobs are put off, so that only this test's run in its slots."""
    later = datetime.now(UTC) + timedelta(hours=1)
    async with runtime.db.write() as tx:
        others = "UPDATE background_jobs SET run_after = :later WHERE state = 'queued' AND project_id <> :project"
        await tx.execute(text(others), {"later": later, "project": project.id})
    running = Executor(runtime, "test")
    yield running
    await running.drain(0)


async def states(runtime, project) -> dict[str, int]:
    async with runtime.db.read() as snap:
        mine = select(BackgroundJob.state, func.count()).where(BackgroundJob.project_id == project.id)
        return dict((await snap.execute(mine.group_by(BackgroundJob.state))).all())


async def until(condition):
    for _ in range(3000):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


async def test_two_hundred_stuck_jobs_do_not_delay_another_kind(runtime, project, deliveries, executor, row, receiver):
    stuck = await deliveries(200)
    await executor.pump()
    slots = DeliverWebhook.rule.concurrency

    async def all_slots_used():
        return len(receiver.got) == slots

    await until(all_slots_used)
    async with runtime.db.write() as tx:
        other = await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id)
    await executor.pump()
    await executor.start(other, "registry.purge_model")
    assert (await row(other)).state == "succeeded"
    await executor.notice(stuck[-1])
    assert await states(runtime, project) == {"succeeded": 1, "running": slots, "queued": 200 - slots}


async def test_free_slot_is_filled_at_once(runtime, project, executor):
    async with runtime.db.write() as tx:
        own = {await outbox.enqueue(tx, PurgeModel(project.id, n), project_id=project.id) for n in range(5)}
    await executor.pump()
    started = set(executor._running)
    while not own <= started:
        await asyncio.wait_for(executor.look.wait(), 30)
        executor.look.clear()
        await executor.pump()
        started |= set(executor._running)
    await executor.drain(30)
    assert await states(runtime, project) == {"succeeded": 5}


async def test_step_without_progress_is_a_failed_attempt(runtime, project, deliveries, executor, row, monkeypatch):
    monkeypatch.setattr(DeliverWebhook, "rule", Rule(step_seconds=0.2))
    (job_id,) = await deliveries(1)
    await executor.start(job_id, "webhooks.deliver")
    job = await row(job_id)
    assert (job.state, job.attempt) == ("queued", 1)
    assert job.last_error == "It took longer than 0.2 seconds without any progress."


async def test_job_of_a_later_release_is_not_touched(runtime, project, executor, row, set_row):
    async with runtime.db.write() as tx:
        job_id = await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id)
    await set_row(job_id, kind="lifecycle.of_a_later_release")
    await executor.pump()
    await executor.notice(job_id)
    await executor.drain(5)
    job = await row(job_id)
    assert (job.state, job.attempt, job.lease_epoch, job.last_error) == ("queued", 0, 0, None)


async def test_twenty_worker_stops_count_no_attempt(runtime, project, deliveries, executor, row, receiver):
    (job_id,) = await deliveries(1)
    for stop in range(20):
        executor.start(job_id, "webhooks.deliver")

        async def begun(expected=stop + 1):
            return len(receiver.got) == expected

        await until(begun)
        await executor.drain(0)
    job = await row(job_id)
    assert (job.state, job.attempt, job.lease_epoch) == ("queued", 0, 20)
    receiver.hangs = False
    await executor.start(job_id, "webhooks.deliver")
    assert (await row(job_id)).state == "succeeded"


async def test_equal_queued_job_does_not_prevent_a_release(runtime, project):
    job = PurgeModel(project.id, 1)
    async with runtime.db.write() as tx:
        first = await outbox.enqueue(tx, job, project_id=project.id)
    for give_back in (leases.release, lambda db, lease: leases.fail(db, lease, "no luck")):
        lease = await leases.claim(runtime.db, first, "w")
        async with runtime.db.write() as tx:
            second = await outbox.enqueue(tx, job, project_id=project.id)
        assert second != first
        assert await give_back(runtime.db, lease)
        assert await states(runtime, project) == {"queued": 2}


async def test_paused_worker_writes_nothing_after_its_lease(
    runtime, project, deliveries, row, set_row, receiver, monkeypatch
):
    """As after SIGSTOP: the lease has run out, another worker has the job, and the first goes on."""
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 60)
    (job_id,) = await deliveries(1)
    paused = asyncio.create_task(execute(runtime, job_id, "paused"))

    async def sent():
        return len(receiver.got) == 1

    await until(sent)
    await set_row(job_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    receiver.hangs = False
    await execute(runtime, job_id, "second")
    done = await row(job_id)
    assert (done.state, done.worker, done.attempt) == ("succeeded", "second", 1)
    log = await delivery_log(runtime, project)
    receiver.release.set()
    await paused
    assert {**vars(await row(job_id)), "_sa_instance_state": None} == {**vars(done), "_sa_instance_state": None}
    assert await delivery_log(runtime, project) == log == [("delivered", 1, 200)]


async def delivery_log(runtime, project):
    async with runtime.db.read() as snap:
        columns = (WebhookDelivery.state, WebhookDelivery.attempts, WebhookDelivery.response_status)
        rows = await snap.execute(select(*columns).where(WebhookDelivery.project_id == project.id))
        return [tuple(row) for row in rows]
