"""From the tag to the end of the job, by a real worker process, while the CI system is busy, slow and away."""

from __future__ import annotations

import asyncio

import pytest

from app.ci.background_jobs import FollowCiJob
from app.queue import outbox
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from tests.support.ci import fake_servers
from tests.workers.test_crashes import until, worker

pytestmark = pytest.mark.usefixtures("empty_queue")


async def test_a_version_is_followed_through_trouble(
    servers, runtime, project, gitlab, at_gitlab, ci_jobs, promised, tmp_path, monkeypatch
):
    monkeypatch.setenv("MODELYARD_CI_TIMEOUT_SECONDS", "2")
    gitlab.statuses[77] = ["pending", "running", "success"]
    gitlab.troubles = [fake_servers.busy(1), fake_servers.TIMEOUT, None, None, fake_servers.BROKEN]
    gitlab.changes[77] = {"ref": "refs/merge-requests/12/head"}
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    command = CreateVersion("m", tags={"gitlab.CI_JOB_ID": "77"})
    await create.create(runtime.db, project.owner, project.id, command)
    seen, wished = [], set()

    async def finished() -> bool:
        # Asked before the row is read: so each poll is seen before the next one is enqueued.
        is_promised = bool(await promised())
        (job,) = await ci_jobs()
        if (job.link_state, job.status, job.failures) not in seen:
            seen.append((job.link_state, job.status, job.failures))
        if job.last_checked_at is not None and is_promised and job.notes not in wished:
            # What is promised for later is run now, once, since the test does not wait for minutes.
            wished.add(job.notes)
            async with runtime.db.write() as tx:
                await outbox.enqueue(tx, FollowCiJob(project.id, job.id), project_id=project.id)
        await asyncio.sleep(0.02)
        return job.link_state == "finished"

    with worker(servers, tmp_path / "worker.log"):
        await at_gitlab()
        await until(finished, "the job was not followed to its end")
    assert seen == [
        ("pending", None, 0), ("pending", None, 1), ("pending", None, 2), ("linked", "pending", 0),
        ("linked", "running", 0), ("linked", "running", 1), ("finished", "success", 0),
    ]  # fmt: skip
    assert gitlab.troubles == []
    assert gitlab.token not in (tmp_path / "worker.log").read_text()
