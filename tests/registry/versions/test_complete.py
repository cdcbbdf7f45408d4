"""What ends the state OPEN, and who else is at work on the version at that moment."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.artifacts.uploads import announced, multipart
from app.artifacts.uploads.announced import AnnouncedFile
from app.errors import TooLarge
from app.registry import announce, models
from app.registry.models import CreateModel
from app.registry.versions import complete, delete, lookup, manifests, wait_for_files
from app.registry.versions.lookup import VersionNotFound
from app.tracking import file_owners, version_candidates
from app.webhooks import events
from tests.support.paused_step import paused_before
from tests.support.registry.versions import by_reference, complete_version, create_version, store_file


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


@pytest.fixture
def told(monkeypatch):
    """Names of the events that webhooks would hear."""
    names: list[str] = []
    record = events.record

    async def noting(tx, project_id, happened):
        names.extend(event.name for event in happened)
        return await record(tx, project_id, happened)

    monkeypatch.setattr(events, "record", noting)
    return names


async def announce_files(runtime, project, version, *paths, expected=True):
    root = lookup.root_of(version)[0]
    expectation = wait_for_files.WaitForFiles(version)
    return await announced.create(
        runtime.db,
        project.owner,
        runtime.blobs,
        root,
        [AnnouncedFile(path, 9) for path in paths],
        lock_owner=expectation.lock_owner if expected else file_owners.lock(root),
        limit=1_000,
        finish=expectation.finish if expected else None,
    )


async def arrive(runtime, project, version, path) -> None:
    """The announced file is in its place, and was looked at."""
    await store_file(runtime, project, lookup.root_of(version)[0], path, uuid4().bytes)
    await change(runtime, project, "multipart_uploads SET state = 'completed'", path=path)
    await change(runtime, project, "artifacts SET inspected_at = now()")


async def change(runtime, project, what, *, path=None):
    mine = " AND path = :path" if path else ""
    async with runtime.db.write() as tx:
        await tx.execute(
            text(f"UPDATE {what} WHERE project_id = :project{mine}"), {"project": project.id, "path": path}
        )


async def state(runtime, project, reference="1.0.0"):
    return (await by_reference(runtime, project, reference)).state


async def test_a_missing_announced_file_keeps_the_version_open(runtime, project, model):
    version = await create_version(runtime, project, "1.0.0")
    await announce_files(runtime, project, version, "a.bin", "b.bin")
    await arrive(runtime, project, version, "a.bin")
    await change(runtime, project, "multipart_uploads SET expires_at = now() - interval '1 minute'", path="b.bin")
    for _ in range(2):
        await complete.complete_all_announced(runtime.db)
        assert await state(runtime, project) == "open"
        await multipart.expire(runtime.db, runtime.blobs, missed=wait_for_files.mark_missed)
    assert (await complete_version(runtime, project, version)).state == "ready"


async def test_a_version_that_was_given_up_is_not_completed_automatically(runtime, project, model):
    version = await create_version(runtime, project, "1.0.0")
    await announce_files(runtime, project, version, "a.bin", "b.bin")
    await arrive(runtime, project, version, "a.bin")
    await change(runtime, project, "multipart_uploads SET state = 'failed'", path="b.bin")
    for table in ("model_versions", "multipart_uploads", "artifacts"):
        await change(runtime, project, f"{table} SET created_at = created_at - interval '8 days'")
    await wait_for_files.give_up(runtime.db)
    assert await state(runtime, project) == "failed"
    await change(runtime, project, "multipart_uploads SET expires_at = now() - interval '1 minute'")
    await multipart.expire(runtime.db, runtime.blobs, missed=wait_for_files.mark_missed)
    await complete.complete_announced(runtime.db, project.id)
    assert await state(runtime, project) == "failed"


async def test_incomplete_versions_change_nothing_and_delay_no_other(runtime, project, model, monkeypatch):
    monkeypatch.setattr(complete, "BATCH", 2)
    for _ in range(3):
        await announce_files(runtime, project, await create_version(runtime, project), "a.bin")
    version = await create_version(runtime, project, "2.0.0")
    await announce_files(runtime, project, version, "a.bin")
    uninspected = await create_version(runtime, project, "3.0.0")
    await announce_files(runtime, project, uninspected, "model.onnx")
    await store_file(runtime, project, lookup.root_of(uninspected)[0], "model.onnx", b"\x08\x08\x12\x07")
    await change(runtime, project, "multipart_uploads SET state = 'completed'", path="model.onnx")
    before = (await models.get(runtime.db, project.owner, project.id, "m")).updated_at
    assert await complete.complete_announced(runtime.db, project.id) == 0
    assert (await models.get(runtime.db, project.owner, project.id, "m")).updated_at == before
    await store_file(runtime, project, lookup.root_of(version)[0], "a.bin", uuid4().bytes)
    await change(runtime, project, "artifacts SET inspected_at = now()")
    assert await complete.complete_announced(runtime.db, project.id) == 2
    assert [await state(runtime, project, text) for text in ("2.0.0", "3.0.0")] == ["ready", "ready"]


async def test_files_ready_is_announced_whatever_a_chore_announced_before(runtime, project, model, told):
    for chore_runs in (False, True):
        version = await create_version(runtime, project)
        await announce_files(runtime, project, version, "a.bin")
        if chore_runs:
            await announce.announce(runtime.db, project.id)
        await arrive(runtime, project, version, "a.bin")
        told.clear()
        await complete.complete_announced(runtime.db, project.id)
        assert told == ["model_version.files_ready"]


async def test_completion_does_not_wait_for_an_upload_that_was_repeated(runtime, project, model):
    first = await create_version(runtime, project, "0.1.0")
    await announce_files(runtime, project, first, "a.bin", expected=False)
    await store_file(runtime, project, lookup.root_of(first)[0], "a.bin", uuid4().bytes)
    await change(runtime, project, "artifacts SET inspected_at = now()")
    version = await create_version(runtime, project, "1.0.0", candidate_id=first.candidate_id, is_open=True)
    assert (await complete_version(runtime, project, version)).state == "ready"


@pytest.mark.parametrize(
    "gone", ["state = 'failed', reason = 'other bytes'", "expires_at = now() - interval '1 minute'"]
)
async def test_completion_needs_every_announced_file(runtime, project, model, gone):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    uploads = await announce_files(runtime, project, version, "a.bin", "b.bin")
    await arrive(runtime, project, version, "a.bin")
    await change(runtime, project, f"multipart_uploads SET {gone}", path="b.bin")
    with pytest.raises(complete.FilesFailed, match=r"cannot be completed without 'b\.bin"):
        await complete_version(runtime, project, version, ["champion"])
    assert await state(runtime, project) == "open"
    ids = [upload.id for upload in uploads if upload.path == "b.bin"]
    (left_out,) = await announced.abort(runtime.db, project.owner, runtime.blobs, project.id, ids)
    assert left_out.state == "aborted"
    assert (await complete_version(runtime, project, version, ["champion"])).state == "ready"


async def test_a_file_stored_after_its_failed_upload_counts(runtime, project, model):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    await announce_files(runtime, project, version, "a.bin")
    await change(runtime, project, "multipart_uploads SET state = 'failed'", path="a.bin")
    await store_file(runtime, project, lookup.root_of(version)[0], "a.bin", uuid4().bytes)
    await change(runtime, project, "artifacts SET inspected_at = now()")
    assert (await complete_version(runtime, project, version)).state == "ready"


async def test_uploads_that_failed_before_the_version_do_not_count(runtime, project, model):
    first = await create_version(runtime, project, "0.1.0")
    await announce_files(runtime, project, first, "old.bin", expected=False)
    await change(runtime, project, "multipart_uploads SET state = 'failed'", path="old.bin")
    version = await create_version(runtime, project, "1.0.0", candidate_id=first.candidate_id, is_open=True)
    assert (await complete_version(runtime, project, version)).state == "ready"


async def test_completion_of_a_version_deleted_meanwhile_sets_no_alias(runtime, project, model, monkeypatch):
    version = await create_version(runtime, project, "1.0.0")
    async with paused_before(monkeypatch, version_candidates.lock_shared, "complete") as reached:
        task = asyncio.create_task(complete_version(runtime, project, version, ["champion"]), name="complete")
        await reached.wait()
        await delete.delete(runtime.db, project.owner, project.id, version.id)
    with pytest.raises(VersionNotFound):
        await task
    async with runtime.db.read() as snap:
        mine = {"project": project.id}
        assert await snap.scalar(text("SELECT count(*) FROM aliases WHERE project_id = :project"), mine) == 0


async def test_deletion_announces_a_version_completed_meanwhile(runtime, project, model, monkeypatch, told):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    async with paused_before(monkeypatch, version_candidates.lock_of_version, "delete") as reached:
        deleting = delete.delete(runtime.db, project.owner, project.id, version.id)
        task = asyncio.create_task(deleting, name="delete")
        await reached.wait()
        await complete_version(runtime, project, version)
    await task
    assert told == ["model_version.created", "model_version.files_ready", "model_version.deleted"]


async def test_completing_and_deleting_do_not_deadlock(runtime, project, model, monkeypatch):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    async with paused_before(monkeypatch, models.lock, "delete") as reached:
        deleting = delete.delete(runtime.db, project.owner, project.id, version.id)
        task = asyncio.create_task(deleting, name="delete")
        await reached.wait()
        completing = asyncio.create_task(complete_version(runtime, project, version))
        await asyncio.sleep(0.2)
    await task
    with pytest.raises(VersionNotFound):
        await completing


async def test_more_aliases_than_fit_are_refused(runtime, project, model):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    with pytest.raises(TooLarge):
        await complete_version(runtime, project, version, [f"a{number}" for number in range(101)])


async def test_a_deleted_version_kept_elsewhere_comes_back_with_the_same_address_only(runtime, project, model):
    address = {"location": "s3://bucket/model", "source": "s3://bucket/model"}
    version = await create_version(runtime, project, "1.0.0", **address)
    await delete.delete(runtime.db, project.owner, project.id, version.id)
    with pytest.raises(manifests.VersionRetired):
        await create_version(runtime, project, "1.0.0", location="s3://bucket/other")
    assert (await create_version(runtime, project, "1.0.0", **address)).number == 2
