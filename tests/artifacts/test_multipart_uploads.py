"""Uploads in parts, below the protocols: who wins, what is kept, and what is cleaned up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.artifacts import artifacts
from app.artifacts.artifacts import Root
from app.artifacts.reads import downloads
from app.artifacts.tables import Blob, CondemnedObject, MultipartUpload
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import multipart
from app.artifacts.uploads.multipart import CompleteUpload, CreateUpload, UploadCompleted, UploadNotFound
from app.errors import ModelyardError, NotFound, TooLarge
from app.storage.blobs import SizeMismatch, UploadMissing
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate

MIB = 1024 * 1024


class Sender:
    """An upload of one project, step by step."""

    def __init__(self, runtime, project, root, path="f") -> None:
        self.runtime, self.project, self.root, self.path = runtime, project, root, path

    async def begin(self, *parts: bytes):
        self.upload = await multipart.create(
            self.runtime.db, self.project.owner, self.runtime.blobs,
            CreateUpload(self.root, self.path, len(parts)), lock_owner=file_owners.lock(self.root),
        )  # fmt: skip
        self.parts = [await self.send(number, data) for number, data in enumerate(parts, start=1)]
        return self.upload

    async def send(self, number: int, data: bytes, size: int | None = None):
        async def chunks():
            yield data

        size = len(data) if size is None else size
        return await self.runtime.blobs.put_part(
            self.upload.object_key, self.upload.store_id, number, chunks(), size=size
        )

    async def complete(self, limit: int = 1 << 40):
        command = CompleteUpload(self.root, self.path, self.upload.id, self.parts)
        return await multipart.complete(
            self.runtime.db, self.project.owner, self.runtime.blobs, command,
            lock_owner=file_owners.lock(self.root), limit=limit,
        )  # fmt: skip

    async def abort(self):
        await multipart.abort(
            self.runtime.db, self.project.owner, self.runtime.blobs, self.root, self.path, self.upload.id
        )

    async def read(self) -> bytes:
        async with self.runtime.db.read() as snap:
            details = await artifacts.find(snap, self.root, self.path)
        answer = await downloads.answer(self.runtime.blobs, details, {})
        async with answer.closing:
            return b"".join([chunk async for chunk in answer.chunks]) if answer.chunks else b""


@pytest.fixture
async def root(runtime, project):
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    return Root(project.id, candidate_id=made.candidate.id)


@pytest.fixture
def sender(runtime, project, root):
    return Sender(runtime, project, root)


async def count(runtime, statement) -> int:
    async with runtime.db.read() as snap:
        return await snap.scalar(select(func.count()).select_from(statement.subquery()))


async def objects_of(runtime, project):
    async with runtime.db.write() as tx:
        await tx.execute(update(CondemnedObject).values(not_before=datetime.now(UTC) - timedelta(seconds=1)))
    await garbage.sweep(runtime.db, runtime.blobs)
    return [listed.key async for listed in runtime.blobs.list_keys(f"v1/{project.id}/")]


async def set_upload(runtime, sender, **values):
    async with runtime.db.write() as tx:
        await tx.execute(update(MultipartUpload).where(MultipartUpload.id == sender.upload.id).values(**values))


async def test_same_bytes_are_kept_once(runtime, project, root):
    senders = [Sender(runtime, project, root, f"copy{n}") for n in range(3)]
    for sender in senders:
        await sender.begin(b"a" * 5 * MIB, b"b")
    await asyncio.gather(*(sender.complete() for sender in senders))
    assert {await sender.read() for sender in senders} == {b"a" * 5 * MIB + b"b"}
    assert len(await objects_of(runtime, project)) == 1


async def test_completing_or_aborting_wins_and_never_both(runtime, project, root):
    for n in range(6):
        sender = Sender(runtime, project, root, f"f{n}")
        await sender.begin(b"data %d" % n)
        results = await asyncio.gather(sender.complete(), sender.abort(), sender.complete(), return_exceptions=True)
        assert all(not isinstance(one, Exception) or isinstance(one, ModelyardError) for one in results)
        if isinstance(results[1], UploadCompleted):
            assert results[0] == results[2]
            assert await sender.read() == b"data %d" % n
        else:
            assert results[1] is None
            assert all(isinstance(one, ModelyardError) for one in (results[0], results[2]))
            with pytest.raises(NotFound):
                await sender.read()


async def test_complete_can_be_repeated_after_a_crash_behind_the_join(runtime, sender):
    await sender.begin(b"a" * 5 * MIB, b"b")
    await runtime.blobs.complete_multipart(sender.upload.object_key, sender.upload.store_id, sender.parts)
    await set_upload(runtime, sender, claim=sender.upload.id, claimed_until=func.now() + timedelta(seconds=0.4))
    await sender.complete()
    assert await sender.read() == b"a" * 5 * MIB + b"b"


async def test_small_parts_in_the_middle_are_refused(sender):
    await sender.begin(b"too small", b"b")
    with pytest.raises(ModelyardError, match="too small"):
        await sender.complete()
    with pytest.raises(NotFound):
        await sender.read()


async def test_an_upload_above_the_limit_is_not_joined(runtime, sender):
    await sender.begin(b"12345")
    with pytest.raises(TooLarge):
        await sender.complete(limit=4)
    assert await runtime.blobs.stat(sender.upload.object_key) is None
    await sender.complete(limit=5)


async def test_a_part_may_be_sent_again_and_must_have_its_length(sender):
    await sender.begin(b"first")
    with pytest.raises(SizeMismatch):
        await sender.send(1, b"far too long", size=3)
    with pytest.raises(SizeMismatch):
        await sender.send(1, b"short", size=30)
    sender.parts = [await sender.send(1, b"")]
    await sender.complete()
    assert await sender.read() == b""


async def test_abandoned_uploads_leave_nothing(runtime, project, sender, root):
    await sender.begin(b"x")
    done = Sender(runtime, project, root, "done")
    await done.begin(b"y")
    await done.complete()
    working = Sender(runtime, project, root, "working")
    await working.begin(b"z")
    for each in (sender, done, working):
        await set_upload(runtime, each, expires_at=func.now() - timedelta(seconds=1))
    await set_upload(runtime, working, claimed_until=func.now() + timedelta(minutes=1))
    assert await multipart.expire(runtime.db, runtime.blobs) >= 2  # with those of other tests that waited too long
    mine = select(MultipartUpload.path).where(MultipartUpload.project_id == project.id)
    async with runtime.db.read() as snap:
        assert (await snap.scalars(mine)).all() == ["working"]
    with pytest.raises(UploadMissing):
        await runtime.blobs.list_parts(sender.upload.object_key, sender.upload.store_id)
    with pytest.raises(UploadNotFound):
        await sender.complete()
    assert await done.read() == b"y"
    assert await count(runtime, select(Blob).where(Blob.project_id == project.id, Blob.state == "pending")) == 1


async def test_an_aborted_upload_frees_its_parts_at_once(runtime, sender, project):
    await sender.begin(b"x")
    await sender.abort()
    with pytest.raises(UploadMissing):
        await runtime.blobs.list_parts(sender.upload.object_key, sender.upload.store_id)
    assert await count(runtime, select(Blob).where(Blob.project_id == project.id)) == 0
