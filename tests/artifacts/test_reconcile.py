"""Bucket and tables compared: strangers, damage, and its healing; who needs what."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from app.artifacts import artifacts, removal
from app.artifacts.artifacts import Root
from app.artifacts.reads import downloads, usage
from app.artifacts.tables import Blob, CondemnedObject, SuspectObject
from app.artifacts.upkeep import damage, garbage, reconcile
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.cli import main
from app.errors import Unavailable
from app.ids import uuid7
from app.registry import aliases, models
from app.registry.models import CreateModel
from app.registry.references.parse import ByNumber
from app.registry.versions import create, lookup
from app.registry.versions.request import CreateVersion
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate


@pytest.fixture
async def root(runtime, project) -> Root:
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    return Root(project.id, candidate_id=made.id)


async def chunks(data: bytes):
    yield data


async def store(runtime, project, root, path: str, data: bytes):
    command = StoreArtifact(root, path, chunks(data))
    return await stream.store(
        runtime.db, project.owner, runtime.blobs, command, lock_owner=file_owners.lock(root), limit=1 << 20
    )


async def blob_of(runtime, project, data: bytes) -> Blob:
    async with runtime.db.read() as snap:
        same = (Blob.project_id == project.id, Blob.sha256 == hashlib.sha256(data).digest())
        return (await snap.scalars(select(Blob).where(*same))).one()


async def read(runtime, root, path: str) -> bytes:
    async with runtime.db.read() as snap:
        outcome = await artifacts.find(snap, root, path)
    answer = await downloads.answer(runtime.blobs, outcome, {})
    async with answer.closing:
        return b"".join([chunk async for chunk in answer.chunks])


async def overwrite(runtime, key: str, data: bytes):
    """Other bytes under a key, as a fault of the store would leave them."""
    await runtime.blobs.remove([key])
    await runtime.blobs.put(key, chunks(data), limit=1 << 20)


async def rows(runtime, table, key: str) -> int:
    async with runtime.db.read() as snap:
        return len((await snap.scalars(select(table.object_key).where(table.object_key == key))).all())


@pytest.fixture
def at_any_age(monkeypatch):
    """As if every object were a day old."""
    monkeypatch.setattr(reconcile, "ORPHAN_AGE", timedelta(days=-1))


async def test_young_objects_and_those_with_rows_are_spared(runtime, project, root):
    await store(runtime, project, root, "f", b"known")
    stranger = f"v1/{project.id}/ab/young"
    await runtime.blobs.put(stranger, chunks(b"x"), limit=10)
    outcome = await reconcile.reconcile(runtime.db, runtime.blobs)
    assert outcome.objects >= 2
    assert (await rows(runtime, SuspectObject, stranger), await rows(runtime, CondemnedObject, stranger)) == (0, 0)
    assert await read(runtime, root, "f") == b"known"


async def test_an_orphan_is_suspected_first_and_condemned_a_week_later(runtime, project, root, at_any_age):
    await store(runtime, project, root, "f", b"known")
    stranger, late = f"v1/{project.id}/ab/stranger", f"v1/{project.id}/ab/late"
    for key in (stranger, late):
        await runtime.blobs.put(key, chunks(b"x"), limit=10)
    for _ in range(2):
        await reconcile.reconcile(runtime.db, runtime.blobs)
        assert (await rows(runtime, SuspectObject, stranger), await rows(runtime, CondemnedObject, stranger)) == (1, 0)
    async with runtime.db.write() as tx:
        await tx.execute(update(SuspectObject).values(suspected_at=datetime.now(UTC) - timedelta(days=6)))
    assert (await reconcile.reconcile(runtime.db, runtime.blobs)).condemned == 0
    async with runtime.db.write() as tx:
        await tx.execute(update(SuspectObject).values(suspected_at=datetime.now(UTC) - timedelta(days=8)))
        # One of the suspects has become known meanwhile.
        tx.add(Blob(project_id=project.id, id=uuid7(), object_key=late))
    outcome = await reconcile.reconcile(runtime.db, runtime.blobs)
    assert outcome.condemned >= 1
    assert (await rows(runtime, SuspectObject, stranger), await rows(runtime, CondemnedObject, stranger)) == (0, 1)
    assert (await rows(runtime, SuspectObject, late), await rows(runtime, CondemnedObject, late)) == (0, 0)
    async with runtime.db.write() as tx:
        await tx.execute(update(CondemnedObject).values(not_before=datetime.now(UTC) - timedelta(seconds=1)))
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await runtime.blobs.stat(stranger) is None
    assert await runtime.blobs.stat(late) is not None
    assert await read(runtime, root, "f") == b"known"


async def test_two_reconcilers_do_not_run_at_once(runtime):
    async with runtime.db.advisory_lock(reconcile._LOCK) as is_held:
        assert is_held
        assert await reconcile.reconcile(runtime.db, runtime.blobs) is None
    assert await reconcile.reconcile(runtime.db, runtime.blobs) is not None


async def test_pages_of_bucket_and_tables_are_merged_at_any_page_size(runtime, project, root, monkeypatch):
    monkeypatch.setattr(reconcile, "_PAGE", 2)
    for number in range(7):
        await store(runtime, project, root, f"f{number}", f"file {number}".encode())
    pairs = [pair async for pair in reconcile.side_by_side(runtime.db, runtime.blobs)]
    mine = [pair for pair in pairs if (pair.row or pair.listed).key.startswith(f"v1/{project.id}/")]
    assert len(mine) == 7
    assert all(pair.listed and pair.row and pair.listed.key == pair.row.key for pair in mine)


@pytest.mark.parametrize("kind", ["missing", "size"])
async def test_missing_and_truncated_objects_are_marked_and_healed(runtime, project, root, kind):
    data = f"weights of {kind}".encode()
    await store(runtime, project, root, "f", data)
    blob = await blob_of(runtime, project, data)
    await runtime.blobs.remove([blob.object_key]) if kind == "missing" else await overwrite(
        runtime, blob.object_key, b"short"
    )
    outcome = await reconcile.reconcile(runtime.db, runtime.blobs)
    assert outcome.damaged == 1
    assert (await reconcile.reconcile(runtime.db, runtime.blobs)).damaged == 0
    marked = await blob_of(runtime, project, data)
    assert (marked.damage, marked.state) == (kind, "stored")
    with pytest.raises(Unavailable, match="fault of the service"):
        await read(runtime, root, "f")
    assert (await usage.of_project(runtime.db, project.owner, project.id)).damaged.objects == 1

    await store(runtime, project, root, "again", data)
    whole = await blob_of(runtime, project, data)
    assert (whole.id, whole.damage) == (blob.id, None)
    assert whole.object_key != blob.object_key
    assert await rows(runtime, CondemnedObject, blob.object_key) == 1
    assert await read(runtime, root, "f") == data


async def test_altered_bytes_are_detected_by_reading_them(runtime, project, root):
    data = b"the same length"
    await store(runtime, project, root, "f", data)
    blob = await blob_of(runtime, project, data)
    await overwrite(runtime, blob.object_key, b"another length.")
    assert (await reconcile.reconcile(runtime.db, runtime.blobs)).damaged == 0
    checked = await recheck(runtime, project)
    assert (checked.blobs, checked.damaged) == (1, 1)
    assert (await blob_of(runtime, project, data)).damage == "hash"
    with pytest.raises(Unavailable):
        await read(runtime, root, "f")
    # The store's own backup brought them back.
    await overwrite(runtime, blob.object_key, data)
    assert (await recheck(runtime, project)).damaged == 0
    assert (await blob_of(runtime, project, data)).damage is None
    assert await read(runtime, root, "f") == data
    assert (await damage.check(runtime.db, runtime.blobs, percent_a_day=1, every=timedelta(hours=1))).blobs == 0
    assert (await damage.check(runtime.db, runtime.blobs, percent_a_day=0, every=timedelta(hours=1))).blobs == 0


async def recheck(runtime, project):
    """As if the last check of the project's blobs were long ago, and that of all others were now."""
    async with runtime.db.write() as tx:
        await tx.execute(update(Blob).values(checked_at=datetime.now(UTC)))
        long_ago = datetime.now(UTC) - timedelta(days=101)
        await tx.execute(update(Blob).where(Blob.project_id == project.id).values(checked_at=long_ago))
    return await damage.check(runtime.db, runtime.blobs, percent_a_day=1, every=timedelta(days=1))


async def test_the_command_explains_reports_and_collects(runtime, project):
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("digits"))
    version = await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
    await aliases.set(runtime.db, project.owner, project.id, model.id, "champion", ByNumber(1))
    root = lookup.root_of(version)[0]
    path = f"{project.id}/weights.bin"
    await store(runtime, project, root, path, b"weights")
    blob = await blob_of(runtime, project, b"weights")
    stranger = f"v1/{project.id}/zz/stranger"
    await runtime.blobs.put(stranger, chunks(b"x"), limit=10)

    async def command(*words: str):
        return await asyncio.to_thread(CliRunner().invoke, main, ["gc", *words])

    for wanted in (blob.object_key, path):
        told = await command("--explain", wanted)
        assert told.exit_code == 0, told.output
        assert f"{blob.object_key}  project {project.path}, stored, 7 B" in told.stdout
        assert f"needed by {path} of candidate {version.candidate_id.hex}" in told.stdout
        assert "of model version digits 1.0.0 @champion" in told.stdout
    assert blob.object_key in (await command("--explain", hashlib.sha256(b"weights").hexdigest())).stdout
    assert (await command("--explain", "v1/0/nothing")).exit_code == 1

    await removal.remove(runtime.db, project.owner, root, path, lock_owner=file_owners.lock(root))
    assert "condemned since" in (await command("--explain", blob.object_key)).stdout
    report = await command("--dry-run")
    assert report.exit_code == 0, report.output
    assert f"  {stranger}  1 B, written " in report.stdout
    assert "  deleted: " in report.stdout
    assert await runtime.blobs.stat(blob.object_key) is not None
    async with runtime.db.write() as tx:
        await tx.execute(update(CondemnedObject).values(not_before=datetime.now(UTC) - timedelta(seconds=1)))
    done = await command()
    assert done.exit_code == 0, done.output
    assert "objects compared: " in done.stdout
    assert await runtime.blobs.stat(blob.object_key) is None
    assert await runtime.blobs.stat(stranger) is not None


async def test_usage_counts_each_blob_once(runtime, project, root):
    for path in ("a", "b"):
        await store(runtime, project, root, path, b"shared")
    await store(runtime, project, root, "c", b"own bytes")
    await removal.remove(runtime.db, project.owner, root, "c", lock_owner=file_owners.lock(root))
    outcome = await usage.of_project(runtime.db, project.owner, project.id)
    # Of the second upload of the same bytes the object goes, too; its size was never noted.
    assert (outcome.stored, outcome.condemned) == (usage.Amount(1, 6), usage.Amount(2, 9))
    assert outcome.pending == outcome.damaged == usage.Amount()
