"""A store without room: told at once, in words of its own, and believed until a write succeeds."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from app import disk_space
from app.disk_space import DiskSpace
from app.errors import StorageFull, Unavailable
from app.settings import Settings
from app.storage.s3.store import S3BlobStore
from tests.support.storage.faults import Faults, faulty
from tests.support.storage.streams import GENEROUS, MIB, new_key, pending, some_bytes, stream

SAYINGS = ["507 XMinioStorageFull", "507 Other", "400 XMinioAdminBucketQuotaExceeded", "403 QuotaExceeded"]


@pytest.fixture
async def faults(storage_settings: Settings) -> AsyncIterator[Faults]:
    async with faulty(storage_settings.s3_url) as faults:
        yield faults


@pytest.fixture
async def shaky(storage_settings: Settings, faults: Faults, tmp_path) -> AsyncIterator[S3BlobStore]:
    """Through the proxy; its disk is that of the tests."""
    settings = storage_settings.model_copy(update={"s3_url": faults.url})
    store = S3BlobStore(settings, room=DiskSpace("the object store", directory=tmp_path, reserve=MIB))
    yield store
    await store.close()


def only(monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    """Let the disk have so many bytes left."""
    monkeypatch.setattr(
        disk_space,
        "os",
        SimpleNamespace(statvfs=lambda _path: SimpleNamespace(f_bavail=left, f_frsize=1, f_blocks=10**6)),
    )
    assert os.statvfs("/").f_frsize > 1


@pytest.mark.parametrize("said", SAYINGS)
@pytest.mark.parametrize("size", [5000, 9 * MIB])
async def test_a_store_that_reports_a_full_disk(
    shaky: S3BlobStore, faults: Faults, store: S3BlobStore, said: str, size: int
) -> None:
    key = new_key()
    faults.planned = {"PUT": [said] * 20}
    with pytest.raises(StorageFull, match="The disk of the object store is full"):
        await shaky.put(key, stream(some_bytes(size)), limit=GENEROUS)
    assert faults.seen.count("PUT") <= 2, "it was tried again"
    assert shaky.room.is_full
    assert await store.stat(key) is None
    assert await pending(store, key) == []
    faults.planned = {}
    await shaky.put(new_key(), stream(some_bytes(size)), limit=GENEROUS)
    assert not shaky.room.is_full


async def test_a_part_on_a_full_disk_is_refused(shaky: S3BlobStore, faults: Faults) -> None:
    key = new_key()
    upload = await shaky.create_multipart(key)
    faults.planned = {"PUT": [SAYINGS[0]]}
    with pytest.raises(StorageFull):
        await shaky.put_part(key, upload, 1, stream(some_bytes(MIB)), size=MIB)
    await shaky.put_part(key, upload, 1, stream(some_bytes(MIB)), size=MIB)
    await shaky.abort_multipart(key, upload)


async def test_a_failure_is_explained_by_a_full_disk(
    shaky: S3BlobStore, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SeaweedFS says InternalError to everything."""
    payload = some_bytes(5000)
    faults.planned = {"PUT": [500] * 20}
    with pytest.raises(Unavailable) as caught:
        await shaky.put_whole(new_key(), payload, b"")
    assert not isinstance(caught.value, StorageFull)
    monkeypatch.setattr(shaky.room, "_is_short", lambda _size: False)  # the disk is filled after the look
    only(monkeypatch, 0)
    with pytest.raises(StorageFull):
        await shaky.put_whole(new_key(), payload, b"")


async def test_a_reserve_is_left_and_deletions_go_on(
    shaky: S3BlobStore, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, payload = new_key(), some_bytes(5000)
    await shaky.put_whole(key, payload, b"")
    upload = await shaky.create_multipart(new_key())
    only(monkeypatch, MIB + 4999)
    seen = len(faults.seen)
    for storing in (
        shaky.put_whole(new_key(), payload, b""),
        shaky.put(new_key(), stream(payload), size=5000, limit=GENEROUS),
        shaky.put_part(key, upload, 1, stream(payload), size=5000),
    ):
        with pytest.raises(StorageFull, match=r"\(1 MiB left, and 1 MiB are kept free\)"):
            await storing
    only(monkeypatch, MIB - 1)
    with pytest.raises(StorageFull):
        await shaky.create_multipart(new_key())
    assert len(faults.seen) == seen, "the store was asked"
    await shaky.remove([key])
    assert await shaky.stat(key) is None
    only(monkeypatch, MIB + 5000)
    await shaky.put_whole(new_key(), payload, b"")


async def test_a_full_store_is_assumed_full_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(disk_space, "time", SimpleNamespace(monotonic=lambda: clock.now))
    room = DiskSpace("the object store")
    room.full()
    assert room.is_full
    clock.now += disk_space.BELIEVED_SECONDS
    assert not room.is_full


async def test_the_share_of_the_server_itself_is_left_free(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    only(monkeypatch, 9_999)
    with pytest.raises(StorageFull):
        DiskSpace("the object store", directory=tmp_path, reserve=1, share=0.01).require()
    DiskSpace("the object store", directory=tmp_path, reserve=1, share=0.009).require()
