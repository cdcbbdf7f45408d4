"""Deletions with a real worker process that is killed, and with a Redis that loses everything."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.access import jobs as visible_jobs
from app.artifacts import artifacts
from app.artifacts.artifacts import Root
from app.artifacts.reads import downloads
from app.artifacts.tables import CondemnedObject
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.queue.outbox import BackgroundJob
from app.registry import models
from app.registry.models import CreateModel
from app.registry.trash.retention import AT_ONCE
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.tables import Candidate

pytestmark = pytest.mark.usefixtures("empty_queue")

PATIENCE = 60


@contextmanager
def worker(servers, log: Path):
    """A worker process; killed at the end of the block if it still lives."""
    environment = {**os.environ, **servers.environment, "MODELYARD_LOG_LEVEL": "INFO"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"], env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until(condition, message: str):
    """Wait for a condition to come true."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not await condition():
        assert asyncio.get_running_loop().time() < end, message
        await asyncio.sleep(0.005)


async def model_with_files(runtime, project, name: str, count: int):
    """A model with versions, each with a file of its own and one with bytes that all share."""
    model = await models.create(runtime.db, project.owner, project.id, CreateModel(name))
    for number in range(count):
        version = await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
        root = Root(project.id, candidate_id=version.candidate_id)
        await put(runtime, project, root, "weights.bin", f"{name} {number}".encode())
        await put(runtime, project, root, "shared.bin", b"shared by all")
    return model, root


async def put(runtime, project, root, path, data):
    async def lock_owner(tx):
        await candidates.lock_living(tx, root.project_id, root.candidate_id)

    async def chunks():
        yield data

    command = StoreArtifact(root, path, chunks())
    await stream.store(runtime.db, project.owner, runtime.blobs, command, lock_owner=lock_owner, limit=1 << 20)


async def objects(runtime, project) -> int:
    return len([1 async for _ in runtime.blobs.list_keys(f"v1/{project.id}/")])


async def candidates_left(runtime, project) -> int:
    async with runtime.db.read() as snap:
        counted = select(func.count()).where(Candidate.project_id == project.id).select_from(Candidate)
        return await snap.scalar(counted)


async def end_lease(runtime, job_id):
    """As if half a minute had passed since the worker died."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with runtime.db.write() as tx:
        running = (BackgroundJob.id == job_id, BackgroundJob.state == "running")
        await tx.execute(update(BackgroundJob).where(*running).values(lease_until=past))


async def end_grace(runtime):
    """As if the grace of condemned objects were over."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with runtime.db.write() as tx:
        await tx.execute(update(CondemnedObject).values(not_before=past))


async def gone(runtime, project, expected: int):
    async def swept():
        await end_grace(runtime)
        return await objects(runtime, project) == expected

    await until(swept, "the bytes did not leave the bucket")


def state_of(runtime, project, job_id, *states):
    async def reached():
        job = await visible_jobs.get(runtime.db, project.owner, job_id)
        return job.state in states

    return reached


async def still_readable(runtime, root, expected: bytes):
    async with runtime.db.read() as snap:
        artifact = await artifacts.find(snap, root, "shared.bin")
    answer = await downloads.answer(runtime.blobs, artifact, {})
    async with answer.closing:
        assert b"".join([chunk async for chunk in answer.chunks]) == expected


async def test_deletion_survives_a_killed_worker(runtime, servers, project, tmp_path):
    doomed, _ = await model_with_files(runtime, project, "doomed", 120)
    _, kept_root = await model_with_files(runtime, project, "kept", 1)
    await end_grace(runtime)
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await objects(runtime, project) == 120 + 1 + 1
    job_id = (await models.delete(runtime.db, project.owner, project.id, doomed.id, keep=AT_ONCE)).job_id

    async def begun():
        return await candidates_left(runtime, project) < 121

    with worker(servers, tmp_path / "worker.log") as first:
        await until(begun, "the worker did not begin")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert (await visible_jobs.get(runtime.db, project.owner, job_id)).state == "running"
    assert await candidates_left(runtime, project) > 1

    await end_lease(runtime, job_id)
    with worker(servers, tmp_path / "worker.log"):
        await until(state_of(runtime, project, job_id, "succeeded"), "the second worker did not finish")
        await gone(runtime, project, expected=2)
    assert await candidates_left(runtime, project) == 1
    await still_readable(runtime, kept_root, b"shared by all")


async def test_deletion_survives_redis_losing_everything(runtime, servers, project, tmp_path):
    doomed, _ = await model_with_files(runtime, project, "doomed", 5)
    with worker(servers, tmp_path / "worker.log"):
        os.kill(servers.pids["redis"], signal.SIGKILL)
        for remains in (servers.data_dir / "redis").iterdir():
            shutil.rmtree(remains) if remains.is_dir() else remains.unlink()
        job_id = (await models.delete(runtime.db, project.owner, project.id, doomed.id, keep=AT_ONCE)).job_id
        await until(state_of(runtime, project, job_id, "succeeded"), "nothing was done without Redis")
        await asyncio.to_thread(servers.restart, "redis")
        second, _ = await model_with_files(runtime, project, "second", 3)
        job_id = (await models.delete(runtime.db, project.owner, project.id, second.id, keep=AT_ONCE)).job_id
        await until(state_of(runtime, project, job_id, "succeeded"), "nothing was done after Redis came back")
        await gone(runtime, project, expected=0)
    assert await candidates_left(runtime, project) == 0


async def test_a_worker_that_is_told_to_stop_counts_no_attempt(runtime, servers, project, tmp_path):
    doomed, _ = await model_with_files(runtime, project, "doomed", 60)
    job_id = (await models.delete(runtime.db, project.owner, project.id, doomed.id, keep=AT_ONCE)).job_id
    with worker(servers, tmp_path / "worker.log") as process:
        await until(state_of(runtime, project, job_id, "running", "succeeded"), "the worker did not begin")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0
    job = await visible_jobs.get(runtime.db, project.owner, job_id)
    assert (job.state, job.attempt) in {("queued", 0), ("succeeded", 0)}
