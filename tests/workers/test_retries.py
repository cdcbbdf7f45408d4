"""Dead jobs that are tried again, and waiting ones that are given up."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from app.access import jobs
from app.access.policy import Role
from app.cli import main
from app.errors import Forbidden, NotFound
from app.ids import uuid7
from app.pagination import Window
from app.queue import leases, outbox, search
from app.queue import retries as queue_retries
from app.queue.outbox import BackgroundJob
from app.queue.retries import NotDead
from app.queue.search import JobFilter
from app.registry.background_jobs import PurgeModel
from app.upkeep import job_cancellation
from app.webhooks.background_jobs import DeliverWebhook
from app.webhooks.deliveries import WebhookDelivery
from tests.support.db import owner


async def promise(runtime, project, job, **values):
    async with runtime.db.write() as tx:
        return await outbox.enqueue(tx, job, project_id=project.id, **values)


@pytest.fixture
async def dead(runtime, project, set_row):
    """A purge that was given up; nothing of its project is there to be purged."""
    job_id = await promise(runtime, project, PurgeModel(project.id, 1))
    await set_row(job_id, state="dead", attempt=10, last_error="no luck", done=3, total=5, finished_at=func.now())
    return job_id


async def test_retried_job_counts_from_zero_and_keeps_its_last_error(runtime, project, dead, row):
    retried = await jobs.retry(runtime.db, project[Role.MAINTAINER].actor, dead)
    assert (retried.job.id, retried.joined) == (dead, False)
    job = await row(dead)
    assert (job.state, job.attempt, job.done, job.finished_at) == ("queued", 0, 0, None)
    assert job.last_error == "no luck"
    lease = await leases.claim(runtime.db, dead, "w")
    assert await leases.succeed(runtime.db, lease)
    assert (await row(dead)).last_error is None


async def test_retry_joins_an_equal_queued_job(runtime, project, dead, row):
    equal = await promise(runtime, project, PurgeModel(project.id, 1))
    retried = await jobs.retry(runtime.db, project.owner, dead)
    assert (retried.job.id, retried.joined) == (equal, True)
    left = await row(dead)
    assert (left.state, left.last_error) == (
        "cancelled", f"The equal job {equal}, which was queued already, does its work."
    )  # fmt: skip


async def test_concurrent_retries_and_equal_jobs_leave_one_queued(runtime, project, dead):
    equal_jobs = [promise(runtime, project, PurgeModel(project.id, 1)) for _ in range(4)]
    retries = [jobs.retry(runtime.db, project.owner, dead) for _ in range(4)]
    done = await asyncio.gather(*equal_jobs, *retries, return_exceptions=True)
    assert [error for error in done if isinstance(error, Exception) and not isinstance(error, NotDead)] == []
    async with runtime.db.read() as snap:
        mine = (BackgroundJob.project_id == project.id, BackgroundJob.state == "queued")
        assert await snap.scalar(select(func.count()).where(*mine)) == 1


async def test_retry_is_for_maintainers(runtime, project, admin, dead, set_row):
    with pytest.raises(NotFound):
        await jobs.retry(runtime.db, project.stranger.actor, dead)
    for role in (Role.GUEST, Role.REPORTER, Role.DEVELOPER):
        with pytest.raises(Forbidden):
            await jobs.retry(runtime.db, project[role].actor, dead)
    await set_row(dead, project_id=None, requested_by=project.owner.user_id)
    with pytest.raises(Forbidden):
        await jobs.retry(runtime.db, project.owner, dead)
    assert (await jobs.retry(runtime.db, admin.actor, dead)).job.id == dead
    with pytest.raises(queue_retries.NotDead):
        await jobs.retry(runtime.db, admin.actor, dead)


async def test_delivery_can_be_cancelled_and_purge_cannot(runtime, project, subscribe, dead):
    hook = await subscribe("registered_model.created")
    delivery = uuid7()
    async with runtime.db.write() as tx:
        values = {"project_id": project.id, "id": delivery, "webhook_id": hook.id, "event": "x", "data": {}}
        tx.add(WebhookDelivery(**values))
    job_id = await promise(runtime, project, DeliverWebhook(project.id, delivery))
    with pytest.raises(Forbidden):
        await job_cancellation.cancel(runtime.db, project[Role.DEVELOPER].actor, job_id)
    cancelled = await job_cancellation.cancel(runtime.db, project.owner, job_id)
    assert (cancelled.state, cancelled.last_error) == ("cancelled", f"Cancelled by {project.owner.username}.")
    async with runtime.db.read() as snap:
        told = await snap.scalar(select(WebhookDelivery).where(WebhookDelivery.id == delivery))
    assert (told.state, told.last_error) == ("failed", "It was cancelled.")
    with pytest.raises(queue_retries.NotWaiting):
        await job_cancellation.cancel(runtime.db, project.owner, job_id)
    with pytest.raises(job_cancellation.NotCancellable):
        await job_cancellation.cancel(runtime.db, project.owner, dead)
    assert await leases.claim(runtime.db, job_id, "w") is None


async def test_job_lists_are_read_from_indexes(runtime, project, admin):
    """With 20,000 finished jobs around, no list reads more rows than it shows."""
    async with runtime.db.write() as tx:
        await tx.execute(text("SET LOCAL statement_timeout = '60s'"))
        await tx.execute(text("""
            INSERT INTO background_jobs (id, kind, key, project_id, payload, state, finished_at, requested_by)
            SELECT gen_random_uuid(), 'tracking.purge_candidate', 'x' || n, :project, '{}', 'succeeded', now(), :user
            FROM generate_series(1, 20000) n"""), {"project": project.id, "user": project.owner.user_id})  # fmt: skip
    await owner.execute(runtime.settings, "ANALYZE background_jobs")
    all_filters = (
        JobFilter(project_id=project.id), JobFilter("dead", project_id=project.id),
        JobFilter(kind="registry.purge_model", project_id=project.id), JobFilter("dead"), JobFilter("queued"),
        JobFilter("succeeded", "tracking.purge_candidate", project.id), JobFilter(),
        JobFilter(requested_by=project.owner.user_id),
    )  # fmt: skip
    try:
        for filters in all_filters:
            statement = search.ORDER.apply(search.matching(filters), Window(first=20))
            compiled = statement.compile(compile_kwargs={"literal_binds": True})
            async with runtime.db.read() as snap:
                plan = "\n".join(await snap.scalars(text(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF) {compiled}")))
            assert "Index Scan" in plan and "Seq Scan" not in plan, f"{filters}\n{plan}"
            passed_over = sum(int(number) for number in re.findall(r"Rows Removed by Filter: (\d+)", plan))
            assert "Sort" not in plan and passed_over < 20, f"{filters}\n{plan}"
    finally:
        async with runtime.db.write() as tx:
            await tx.execute(text("DELETE FROM background_jobs WHERE project_id = :id"), {"id": project.id})
        await owner.execute(runtime.settings, "ANALYZE background_jobs")


async def test_jobs_command(runtime, project, dead, row):
    async def command(*words: str):
        return await asyncio.to_thread(CliRunner().invoke, main, ["jobs", *words])

    listed = await command("list", "--state", "dead", "--kind", "registry.purge_model")
    assert listed.exit_code == 0, listed.output
    (line,) = [line for line in listed.stdout.splitlines() if str(dead) in line]
    assert line.split()[:6] == [str(dead), "registry.purge_model", "dead", str(project.id), "10/10", "3/5"]
    assert "no luck" in line
    shown = await command("show", str(dead))
    assert shown.exit_code == 0
    assert "last_error  no luck" in shown.stdout
    assert (await command("show", str(uuid7()))).exit_code == 1
    assert (await command("list", "--state", "gone")).exit_code == 1
    assert (await command("retry")).exit_code == 2
    again = await command("retry", str(dead), str(uuid7()))
    assert again.exit_code == 1
    assert f"{dead}  registry.purge_model  queued again" in again.stdout
    assert (await row(dead)).state == "queued"
    assert (await command("retry", str(dead))).exit_code == 1
    everything = await command("retry", "--all-dead")
    assert everything.exit_code == 0, everything.output
