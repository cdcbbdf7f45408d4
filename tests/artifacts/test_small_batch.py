"""Small files that arrive together: what they share, and what they do not."""

from __future__ import annotations

import asyncio
import hashlib
from copy import copy

import pytest
from sqlalchemy import func, select, text, update
from structlog.testing import capture_logs

from app.artifacts import artifacts, removal
from app.artifacts.artifacts import FileTarget, Root
from app.artifacts.reads import downloads
from app.artifacts.tables import Artifact, Blob, CondemnedObject
from app.artifacts.upkeep import garbage, inspections, quarantine, verdicts
from app.artifacts.upkeep.inspections import InspectedFile
from app.artifacts.uploads import publish, small_batch, stream
from app.artifacts.uploads.small_batch import IncomingFile, NeedsSlowPath, Reserved
from app.artifacts.uploads.stream import StoreArtifact
from app.errors import NotFound
from app.ids import uuid7
from app.inspection.reports import Outcome, Report
from app.queue.outbox import BackgroundJob
from app.storage.blobs import SizeMismatch, StoredObject
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from tests.conftest import new_project
from tests.support.statements import statements


async def body(data: bytes):
    yield data[:3]
    yield data[3:]


async def put(runtime, project, root, path, data: bytes, size: int | None = None):
    command = StoreArtifact(root, path, body(data), size=len(data) if size is None else size)
    return await stream.store(
        runtime.db, project.owner, runtime.blobs, command, lock_owner=file_owners.lock(root), limit=1 << 20
    )


async def new_root(runtime, project) -> Root:
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    return Root(project.id, candidate_id=made.candidate.id)


async def read(runtime, root, path) -> bytes:
    async with runtime.db.read() as snap:
        details = await artifacts.find(snap, root, path)
    answer = await downloads.answer(runtime.blobs, details, {})
    async with answer.closing:
        return b"".join([chunk async for chunk in answer.chunks])


async def blobs_of(runtime, project) -> dict[str, int]:
    async with runtime.db.read() as snap:
        counted = select(Blob.state, func.count()).where(Blob.project_id == project.id).group_by(Blob.state)
        return dict((await snap.execute(counted)).all())


async def objects_of(runtime, project) -> int:
    return len([1 async for _ in runtime.blobs.list_keys(f"v1/{project.id}/")])


async def waiting(runtime, root) -> int:
    async with runtime.db.read() as snap:
        jobs = select(func.count()).where(BackgroundJob.key == f"{root.project_id}:{root.id}")
        return await snap.scalar(jobs)


async def test_each_file_of_a_batch_has_its_own_outcome(runtime, project):
    first, second, gone = [await new_root(runtime, project) for _ in range(3)]
    await candidates.delete(runtime.db, project.owner, project.id, gone.candidate_id)
    outcomes = await asyncio.gather(
        *(put(runtime, project, first, f"own-{number}", b"own %d" % number) for number in range(8)),
        *(put(runtime, project, second, f"same-{number}", b"the same bytes") for number in range(8)),
        *(put(runtime, project, second, "contended", b"version %d" % number) for number in range(8)),
        *(put(runtime, project, gone, f"{number}", b"in the trash") for number in range(3)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes[:24]] == [Artifact] * 24
    assert [type(outcome).__name__ for outcome in outcomes[24:]] == ["CandidateInTrash"] * 3
    for number in range(8):
        assert await read(runtime, first, f"own-{number}") == b"own %d" % number
        assert await read(runtime, second, f"same-{number}") == b"the same bytes"
    assert await read(runtime, second, "contended") in {b"version %d" % number for number in range(8)}
    await garbage.expire_pending(runtime.db)
    assert await blobs_of(runtime, project) == {"stored": 10}
    async with runtime.db.write() as tx:
        await tx.execute(update(CondemnedObject).values(not_before=func.now()))
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await objects_of(runtime, project) == 10


async def test_bytes_that_the_project_has_are_not_stored_again(runtime, project):
    root, other = await new_root(runtime, project), await new_root(runtime, project)
    kept = await put(runtime, project, root, "model/conda.yaml", b"name: env\n")
    shared = await put(runtime, project, other, "model/conda.yaml", b"name: env\n")
    assert (shared.blob_id, shared.root_id) == (kept.blob_id, other.id)
    assert (await objects_of(runtime, project), await blobs_of(runtime, project)) == (1, {"stored": 1})
    assert await waiting(runtime, other) == 1
    await removal.remove(runtime.db, project.owner, root, "model", lock_owner=file_owners.lock(root))
    assert await read(runtime, other, "model/conda.yaml") == b"name: env\n"


async def test_a_small_file_takes_three_statements_for_new_and_for_stored_bytes(runtime, project):
    root = await new_root(runtime, project)
    counts = []
    for path, data in (("a", b"new"), ("b", b"new"), ("c", b"other")):
        with statements(runtime.db) as sent:
            await put(runtime, project, root, path, data)
        counts.append(len(sent))
    assert counts == [3, 3, 3]  # the first of each tells what the sender may do


async def test_projects_share_no_bytes(runtime, project, staff):
    kept = []
    for one in (project, await new_project(runtime, staff)):
        root = await new_root(runtime, one)
        with capture_logs() as logs:
            kept += [(await put(runtime, one, root, path, b"common")).blob_id for path in ("a", "b")]
        assert [entry for entry in logs if entry["event"] == "upload.not_shared"] == []
        assert (await objects_of(runtime, one), await blobs_of(runtime, one)) == (1, {"stored": 1})
    assert kept[0] == kept[1] != kept[2] == kept[3]


async def test_damaged_bytes_are_sent_again_and_heal(runtime, project):
    root = await new_root(runtime, project)
    kept = await put(runtime, project, root, "a", b"precious")
    async with runtime.db.write() as tx:
        damaged = update(Blob).where(Blob.project_id == project.id).values(damage="missing", damaged_at=func.now())
        (key,) = (await tx.scalars(damaged.returning(Blob.object_key))).all()
    await runtime.blobs.remove([key])
    healed = await put(runtime, project, root, "b", b"precious")
    assert healed.blob_id == kept.blob_id
    assert await read(runtime, root, "a") == b"precious"


async def refuse(runtime, artifact, reason: str, outcome: Outcome = Outcome.QUARANTINED) -> None:
    report = Report(outcome, reason, "pickle")
    async with runtime.db.write() as tx:
        looked = InspectedFile(artifact.id, artifact.blob_id, artifact.path, report)
        await inspections.record(tx, artifact.project_id, [looked])


@pytest.mark.parametrize("outcome", [Outcome.QUARANTINED, Outcome.FAILED])
async def test_a_verdict_applies_to_new_files_with_a_name_of_that_kind(runtime, project, outcome):
    root = await new_root(runtime, project)
    first = await put(runtime, project, root, "a.pkl", b"dangerous")
    await refuse(runtime, first, "because", outcome)
    again = await put(runtime, project, root, "folder/b.pkl", b"dangerous")
    assert (again.state, again.state_reason, again.format) == (outcome.value, "because", "pickle")
    assert again.inspected_at is not None
    plain = await put(runtime, project, root, "b.bin", b"dangerous")
    assert (plain.blob_id, plain.state, plain.inspected_at is not None) == (first.blob_id, "ready", True)


async def test_quarantine_holds_under_a_new_name_until_inspected(runtime, project):
    root = await new_root(runtime, project)
    await refuse(runtime, await put(runtime, project, root, "a.pkl", b"dangerous"), "because")
    other = await put(runtime, project, root, "b.gguf", b"dangerous")
    assert (other.state, other.state_reason, other.inspected_at) == ("quarantined", "because", None)
    await look(runtime, root)
    assert (await row_of(runtime, other)).state == "failed"  # it is no GGUF, and no library unpickles what is called so


async def test_bytes_are_inspected_once_per_kind_of_name(runtime, project, monkeypatch):
    root, other = await new_root(runtime, project), await new_root(runtime, project)
    await put(runtime, project, root, "model/MLmodel", b"flavors: {}\n")
    await look(runtime, root)
    monkeypatch.setattr(inspections, "inspect", None)  # no inspection may run
    again = await row_of(runtime, await put(runtime, project, other, "MLmodel", b"flavors: {}\n"))
    assert (again.state, again.format, again.facts) == ("ready", "mlmodel", (await row_at(runtime, root)).facts)


async def test_verdicts_by_other_rules_are_ignored(runtime, project, monkeypatch):
    root = await new_root(runtime, project)
    await refuse(runtime, await put(runtime, project, root, "a.pkl", b"one"), "because", Outcome.FAILED)
    monkeypatch.setattr(verdicts, "rules", lambda: "those of a later release")
    again = await put(runtime, project, root, "b.pkl", b"one")
    assert (again.state, again.inspected_at) == ("ready", None)


async def test_a_release_applies_to_present_and_future_files_with_the_bytes(runtime, project):
    root = await new_root(runtime, project)
    first = await put(runtime, project, root, "a.pkl", b"dangerous")
    await refuse(runtime, first, "because")
    await quarantine.release(runtime.db, project.owner, project.id, first.id)
    again = await put(runtime, project, root, "b.pkl", b"dangerous")
    assert (again.state, again.released_by) == ("ready", project.owner.user_id)
    gguf = await put(runtime, project, root, "b.dill", b"dangerous")
    assert gguf.state == "ready"


@pytest.mark.parametrize("path", ["b.pkl", "b.bin"])
async def test_a_verdict_applies_to_a_concurrent_upload_that_commits_later(runtime, project, path):
    """Two connections: one holds the verdict back just before its commit, the other shares the bytes meanwhile."""
    root = await new_root(runtime, project)
    first = await put(runtime, project, root, "a.pkl", b"dangerous")
    looked = InspectedFile(first.id, first.blob_id, first.path, Report(Outcome.QUARANTINED, "because"))
    async with runtime.db.write() as tx:
        await inspections.record(tx, project.id, [looked])
        sharing = asyncio.create_task(put(runtime, project, root, path, b"dangerous"))
        await waits_for_a_lock(runtime)
        assert not sharing.done()
    shared = await sharing
    assert (shared.blob_id, shared.state) == (first.blob_id, "quarantined" if path == "b.pkl" else "ready")


async def test_a_verdict_applies_to_a_concurrent_upload_that_commits_first(runtime, project):
    """The other order: the file is there, and not committed, when the verdict comes."""
    root, other = await new_root(runtime, project), await new_root(runtime, project)
    first = await put(runtime, project, root, "a.pkl", b"dangerous")
    target = FileTarget(other, "b.pkl", "application/octet-stream", project.owner.user_id)
    async with runtime.db.write() as tx:
        shared = await publish.register(tx, target, uuid7(), StoredObject(9, hashlib.sha256(b"dangerous").digest(), ""))
        assert (shared.blob_id, shared.state) == (first.blob_id, "ready")
        verdict = asyncio.create_task(refuse(runtime, first, "because"))
        await waits_for_a_lock(runtime)
        assert not verdict.done()
    await verdict
    assert (await row_of(runtime, shared)).state == "quarantined"


async def test_the_shared_statement_sees_a_verdict_that_commits_while_it_runs(runtime, project, monkeypatch):
    """The statement that many share sees the tables as they were when it began; here it is held back after that."""
    root = await new_root(runtime, project)
    first = await put(runtime, project, root, "a.pkl", b"dangerous")
    gated = copy(small_batch.SHARE)
    gated.sql = gated.sql.replace("WITH ", "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock(4711)), ", 1)
    gated.sql = gated.sql.replace("SELECT * FROM unnest", "SELECT given.* FROM gate, unnest", 1)
    monkeypatch.setattr(small_batch, "SHARE", gated)
    async with runtime.db.write() as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        sharing = asyncio.create_task(put(runtime, project, root, "b.pkl", b"dangerous"))
        await waits_for_a_lock(runtime)
        await refuse(runtime, first, "because")
        assert not sharing.done()
    assert (await sharing).state == "quarantined"


async def look(runtime, root) -> None:
    while await inspections.inspect_root(runtime.db, runtime.blobs, root.project_id, root.id, progress=silent):
        pass


async def silent(_done: int, _total: int | None) -> None:
    """No progress is reported."""


async def row_of(runtime, artifact) -> Artifact:
    mine = (Artifact.project_id == artifact.project_id, Artifact.id == artifact.id)
    async with runtime.db.read() as snap:
        return (await snap.scalars(select(Artifact).where(*mine))).one()


async def row_at(runtime, root) -> Artifact:
    async with runtime.db.read() as snap:
        return (await snap.scalars(select(Artifact).where(Artifact.root_id == root.id))).one()


async def waits_for_a_lock(runtime) -> None:
    """Until one of this database's connections waits for a row that another holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(500):
        async with runtime.db.read() as snap:
            if await snap.scalar(waiting):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("no file waits")


@pytest.mark.parametrize(
    ("path", "data", "is_plain"),
    [
        ("weights.dat", bytes(range(256)), True),
        ("notes.txt", b"plain words\n", True),
        ("notes.txt", b"cposix\nsystem\n(S'id'\ntR.", False),
        ("MLmodel", b"flavors: {}\n", False),
        ("a.pkl", b"anything", False),
        ("a.zip", b"PK\x03\x04", False),
    ],
)
async def test_plain_files_do_not_wait_for_an_inspection(runtime, project, path, data, is_plain):
    root = await new_root(runtime, project)
    artifact = await put(runtime, project, root, path, data)
    assert inspections.is_plain(path, data) is is_plain
    async with runtime.db.read() as snap:
        row = await snap.scalar(select(Artifact).where(Artifact.project_id == project.id, Artifact.id == artifact.id))
    assert ((row.inspected_at is not None), await waiting(runtime, root)) == (is_plain, 0 if is_plain else 1)


@pytest.mark.parametrize("size", [3, 20])
async def test_other_sizes_than_declared_are_refused_before_anything_is_begun(runtime, project, size):
    root = await new_root(runtime, project)
    with pytest.raises(SizeMismatch):
        await put(runtime, project, root, "f", b"ten bytes!", size=size)
    assert await blobs_of(runtime, project) == {}
    with pytest.raises(NotFound):
        await read(runtime, root, "f")


async def test_the_hash_is_that_of_the_bytes(runtime, project):
    root, data = await new_root(runtime, project), bytes(200_000)
    await put(runtime, project, root, "zeros", data)
    async with runtime.db.read() as snap:
        details = await artifacts.find(snap, root, "zeros")
    assert (details.sha256, details.size) == (hashlib.sha256(data).digest(), 200_000)
    assert await read(runtime, root, "zeros") == data


async def test_stored_bytes_that_race_fail_no_other_file(runtime, project):
    root, other = await new_root(runtime, project), await new_root(runtime, project)
    await put(runtime, project, other, "conda.yaml", b"name: env\n")
    together = [
        put(runtime, project, root, "weights.bin", b"\x00\x01 first of all"),
        *(put(runtime, project, root, f"own-{number}", b"\x00\x01 own %d" % number) for number in range(4)),
        *(put(runtime, project, root, "conda.yaml", b"name: env\n") for _ in range(4)),
    ]
    stored = await asyncio.gather(*together)
    assert [artifact.path for artifact in stored][:2] == ["weights.bin", "own-0"]
    assert await read(runtime, root, "conda.yaml") == b"name: env\n"
    assert await blobs_of(runtime, project) == {"stored": 6}  # no pending blob is left


async def test_a_file_that_cannot_share_bytes_needs_the_slow_path(runtime, project):
    root = await new_root(runtime, project)
    await put(runtime, project, root, "known", b"known")
    files = [incoming(root, "new", b"new"), incoming(root, "same", b"known"), incoming(root, "same", b"known")]
    outcomes = await small_batch._reserve_all(runtime.db, files)  # two want one path: the statement fails
    assert outcomes == [Reserved(), NeedsSlowPath(), NeedsSlowPath()]
    assert await blobs_of(runtime, project) == {"stored": 1, "pending": 1}


def incoming(root: Root, path: str, data: bytes) -> IncomingFile:
    stored = StoredObject(len(data), hashlib.sha256(data).digest(), "")
    return IncomingFile.of(FileTarget(root, path, "text/plain", None), stored=stored, is_plain=True)
