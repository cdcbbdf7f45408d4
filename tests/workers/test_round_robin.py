"""Large folders and small ones: which job is next, and that no file is inspected twice at once."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.artifacts.artifacts import Root
from app.artifacts.background_jobs import IngestUploads, InspectArtifacts
from app.artifacts.tables import Artifact
from app.artifacts.upkeep import inspections
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.ids import uuid7
from app.queue import leases, outbox, round_robin
from app.queue.jobs import Rule
from app.queue.outbox import BackgroundJob
from app.queue.round_robin import RoundRobin
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from tests.conftest import new_project
from tests.support.db import owner
from tests.workers.test_crashes import end_lease, until, worker
from workers.executor import Executor, execute

INSPECT, INGEST = InspectArtifacts.kind, IngestUploads.kind


@pytest.fixture(autouse=True)
async def quiet(runtime):
    """Other tests' jobs are put off, so that only this test's have a turn."""
    async with runtime.db.write() as tx:
        later = datetime.now(UTC) + timedelta(hours=1)
        await tx.execute(update(BackgroundJob).where(BackgroundJob.state == "queued").values(run_after=later))


async def folder(runtime, project, count: int, name: str) -> Root:
    """A candidate with files that were not inspected, each with bytes of its own."""
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=made.candidate.id)

    async def put(number: int) -> None:
        async def chunks():
            yield f"{name} {number}".encode()

        command = StoreArtifact(root, f"{name}/{number:03}.dat", chunks(), size=len(f"{name} {number}"))
        lock = file_owners.lock(root)
        await stream.store(runtime.db, project.owner, runtime.blobs, command, lock_owner=lock, limit=1 << 20)

    await asyncio.gather(*(put(number) for number in range(count)))
    async with runtime.db.write() as tx:
        await tx.execute(update(Artifact).where(Artifact.root_id == root.id).values(inspected_at=None))
    return root


async def promise(runtime, job, lane: str | None = None):
    async with runtime.db.write() as tx:
        return await outbox.enqueue(tx, job, project_id=job.project_id, lane=lane)


async def unseen(runtime, root: Root) -> int:
    async with runtime.db.read() as snap:
        waiting = select(func.count()).where(Artifact.root_id == root.id, Artifact.inspected_at.is_(None))
        return await snap.scalar(waiting) or 0


async def states(runtime, root: Root) -> list[str]:
    async with runtime.db.read() as snap:
        mine = select(BackgroundJob.state).where(BackgroundJob.kind == INSPECT, BackgroundJob.lane == str(root.id))
        return sorted(await snap.scalars(mine))


class Watch:
    """Who looks at what, in their order, and what was looked at by two at once."""

    def __init__(self, monkeypatch) -> None:
        self.seen: list[str] = []
        self.now: list[str] = []
        self.at_once: list[str] = []
        self.roots_at_once = 0
        self._inspect = inspections.inspect
        monkeypatch.setattr(inspections, "inspect", self.inspect)

    async def inspect(self, path, reader):
        self.at_once += [path] if path in self.now else []
        self.now.append(path)
        self.seen.append(path)
        try:
            return await self._inspect(path, reader)
        finally:
            self.now.remove(path)

    def before_last_of(self, name: str, other: str) -> int:
        """How many files of the other were looked at before the last of this one."""
        last = max(index for index, path in enumerate(self.seen) if path.startswith(name))
        return sum(path.startswith(other) for path in self.seen[:last])


@pytest.fixture
def watch(monkeypatch):
    return Watch(monkeypatch)


@pytest.fixture
def one_slot(monkeypatch):
    for declared in (InspectArtifacts, IngestUploads):
        monkeypatch.setattr(declared, "rule", Rule(concurrency=1, is_round_robin=True))
    monkeypatch.setattr(inspections, "SLICE_FILES", 10)


async def work(executor: Executor, is_done) -> None:
    """The pump of a worker, until it is done."""
    while not await is_done():
        await executor.pump()
        if not executor._running:
            continue
        await asyncio.wait_for(executor.look.wait(), 30)
        executor.look.clear()
    await executor.drain(30)


async def test_small_folder_waits_for_one_slice_of_a_large_one(runtime, project, watch, one_slot):
    large = await folder(runtime, project, 45, "large")
    small = await folder(runtime, project, 3, "small")
    await promise(runtime, InspectArtifacts(project.id, large.id))
    await promise(runtime, InspectArtifacts(project.id, small.id))

    async def all_seen():
        return not await unseen(runtime, large) and not await unseen(runtime, small)

    await work(Executor(runtime, "w"), all_seen)
    assert len(watch.seen) == 48
    assert watch.before_last_of("small", "large") <= 10
    assert await states(runtime, large) == await states(runtime, small) == ["succeeded"]


async def test_project_with_many_folders_gets_one_turn(runtime, project, staff, watch, one_slot):
    other = await new_project(runtime, staff)
    many = [await folder(runtime, project, 2, f"many{number}") for number in range(6)]
    few = await folder(runtime, other, 25, "few")
    for root in [*many, few]:
        await promise(runtime, InspectArtifacts(root.project_id, root.id))

    async def all_seen():
        return not any([await unseen(runtime, root) for root in [*many, few]])

    await work(Executor(runtime, "w"), all_seen)
    # Three slices, and a turn of the other project between each two of them.
    assert watch.before_last_of("few", "many") <= 6


async def test_jobs_of_one_lane_never_run_side_by_side(runtime, project, watch, monkeypatch):
    monkeypatch.setattr(inspections, "SLICE_FILES", 5)
    root = await folder(runtime, project, 40, "one")
    job = InspectArtifacts(project.id, root.id)
    workers = [Executor(runtime, f"w{number}") for number in range(3)]
    most = 0

    async def promise_again():
        nonlocal most
        most = max(most, (await states(runtime, root)).count("running"))
        await promise(runtime, job)
        return not await unseen(runtime, root)

    while not await promise_again():
        await asyncio.gather(*(one.pump() for one in workers))
    for one in workers:
        await one.drain(30)
    assert (sorted(watch.seen), watch.at_once) == (sorted(set(watch.seen)), [])
    assert (len(watch.seen), most) == (40, 1)


async def test_one_job_of_a_lane_is_claimed(runtime, project):
    """Two equal jobs can wait, when one was handed back while the other was promised."""
    job = InspectArtifacts(project.id, uuid7())
    first = await promise(runtime, job)
    lease = await leases.claim(runtime.db, first, "w1")
    second = await promise(runtime, job)
    assert await leases.claim(runtime.db, second, "w2") is None
    assert await round_robin.next_job(runtime.db, INSPECT, RoundRobin(), busy=[]) is None
    assert await leases.release(runtime.db, lease)
    claims = await asyncio.gather(*(leases.claim(runtime.db, id, "w") for id in (first, second) for _ in range(4)))
    (got,) = [claim for claim in claims if claim is not None]
    assert await leases.succeed(runtime.db, got)
    rest = await round_robin.next_job(runtime.db, INSPECT, RoundRobin(), busy=[])
    assert rest in {first, second} - {got.job.id}
    assert await leases.succeed(runtime.db, await leases.claim(runtime.db, rest, "w"))


async def test_requeued_job_yields_to_an_equal_queued_one(runtime, project, monkeypatch):
    monkeypatch.setattr(inspections, "SLICE_FILES", 2)
    root = await folder(runtime, project, 3, "some")
    first = await promise(runtime, InspectArtifacts(project.id, root.id))
    assert await execute(runtime, first, "w") == "put behind"
    assert (await states(runtime, root), await unseen(runtime, root)) == (["queued"], 1)
    lease = await leases.claim(runtime.db, first, "w")
    second = await promise(runtime, InspectArtifacts(project.id, root.id))
    assert await leases.requeue_behind(runtime.db, lease)
    assert await states(runtime, root) == ["queued", "succeeded"]
    assert await execute(runtime, second, "w") == "succeeded"
    assert await unseen(runtime, root) == 0


async def test_uploads_take_turns_by_owner(runtime, project, staff):
    other = await new_project(runtime, staff)
    lanes = {"a": 5, "b": 2}
    for lane, count in lanes.items():
        for _ in range(count):
            await promise(runtime, IngestUploads(project.id, uuid7()), lane)
    await promise(runtime, IngestUploads(other.id, uuid7()), "c")
    had, order, busy = RoundRobin(), [], []
    while (id := await round_robin.next_job(runtime.db, INGEST, had, busy)) is not None:
        busy.append(id)
        order.append(had.lanes[had.project])
    assert sorted(order) == ["a"] * 5 + ["b"] * 2 + ["c"]
    assert order.index("c") <= 1
    assert [lane for lane in order if lane != "c"] == ["a", "b", "a", "b", "a", "a", "a"]
    for id in busy:
        assert await leases.succeed(runtime.db, await leases.claim(runtime.db, id, "w"))


def test_last_turns_of_a_hundred_projects_are_remembered():
    had = RoundRobin()
    for project_id in range(1, 500):
        had.note(project_id, "lane")
    assert (had.project, len(had.lanes), 499 in had.lanes) == (499, round_robin.MAX_REMEMBERED, True)


async def test_next_job_is_read_from_the_index_of_turns(runtime, project, staff):
    """With 20,000 jobs of one project before those of another, neither is passed over row by row."""
    other = await new_project(runtime, staff)
    async with runtime.db.write() as tx:
        await tx.execute(text("SET LOCAL statement_timeout = '60s'"))
        await tx.execute(text("""
            INSERT INTO background_jobs (id, kind, key, project_id, payload, lane)
            SELECT gen_random_uuid(), 'artifacts.ingest', 'x' || n, :project, '{}', 'lane' || n % 1000
            FROM generate_series(1, 20000) n"""), {"project": project.id})  # fmt: skip
    await promise(runtime, IngestUploads(other.id, uuid7()), "small")
    await owner.execute(runtime.settings, "ANALYZE background_jobs")
    had = RoundRobin(project.id, {project.id: "lane5"})
    statement = round_robin._READ_NEXT[INGEST]
    values = {"busy": [], "projects": [project.id], "lanes": ["lane5"], "after": project.id - 1}
    try:
        async with runtime.db.direct() as connection:
            explain = f"EXPLAIN (ANALYZE, TIMING OFF) {statement.sql}"
            plan = "\n".join(row[0] for row in await connection.fetch(explain, *statement._bound(values)))
        assert "Seq Scan on background_jobs" not in plan and "Sort" not in plan, plan
        assert "Rows Removed" not in plan, plan
        assert await round_robin.next_job(runtime.db, INGEST, had, busy=[]) is not None
        assert had.project == other.id
    finally:
        async with runtime.db.write() as tx:
            mine = BackgroundJob.project_id.in_([project.id, other.id])
            await tx.execute(BackgroundJob.__table__.delete().where(mine))
        await owner.execute(runtime.settings, "ANALYZE background_jobs")


@pytest.mark.usefixtures("empty_queue")
@pytest.mark.parametrize("point", ["inspection.looked", "artifacts.inspect.done"])
async def test_inspection_survives_a_killed_worker(runtime, servers, project, tmp_path, monkeypatch, point):
    root = await folder(runtime, project, inspections.SLICE_FILES + 20, "all")
    traps = tmp_path / "traps"
    traps.mkdir()
    (traps / point).write_text("kill")
    monkeypatch.setitem(os.environ, "MODELYARD_FAULTS", str(traps))
    job_id = await promise(runtime, InspectArtifacts(project.id, root.id))
    with worker(servers, tmp_path / "log") as first:
        assert await asyncio.to_thread(first.wait, 60) == -signal.SIGKILL
    assert await states(runtime, root) == ["running"]
    assert await unseen(runtime, root) >= 20
    await end_lease(runtime, job_id)

    async def all_seen():
        return await states(runtime, root) == ["succeeded"]

    with worker(servers, tmp_path / "log"):
        await until(all_seen, "the second worker did not finish")
    assert await unseen(runtime, root) == 0
