"""Ready means: the bucket is the one that was made, and its bytes can be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from minio import Minio

from app.embedded.servers import Servers
from app.errors import Unavailable
from app.settings import Settings
from app.storage.s3.signing import client
from app.storage.s3.store import S3BlobStore
from tests.support.storage.streams import GENEROUS, MIB, new_key, read, some_bytes, stream


@pytest.fixture
async def other(storage_settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[S3BlobStore]:
    """A store on a bucket of its own, which a test may harm."""
    name = request.node.name.replace("_", "-").removeprefix("test-")[:40]
    store = S3BlobStore(storage_settings.model_copy(update={"s3_bucket": name}))
    await store.ensure_bucket()
    await store.ready()
    yield store
    await store.close()


@pytest.fixture
def admin(storage_settings: Settings) -> Minio:
    return client(storage_settings, storage_settings.s3_url)


async def test_bucket_that_was_emptied_is_not_ready(other: S3BlobStore, admin: Minio) -> None:
    await asyncio.to_thread(_empty, admin, "bucket-that-was-emptied-is-not-ready")
    with pytest.raises(Unavailable):
        await other.ready()
    await other.ensure_bucket()
    await other.ready()


async def test_bucket_that_was_made_again_is_not_ready(
    other: S3BlobStore, admin: Minio, caplog: pytest.LogCaptureFixture
) -> None:
    name = "bucket-that-was-made-again-is-not-ready"
    await asyncio.to_thread(_empty, admin, name)
    await asyncio.to_thread(admin.remove_bucket, name)
    with pytest.raises(Unavailable):
        await other.ready()
    await asyncio.to_thread(admin.make_bucket, name)
    with pytest.raises(Unavailable):
        await other.ready()
    assert "the bucket is gone or was replaced" in caplog.text


async def test_names_without_bytes_are_not_ready(
    other: S3BlobStore, servers: Servers, store: S3BlobStore, admin: Minio
) -> None:
    """As after the deletion of a collection through the store's own management."""
    name = "names-without-bytes-are-not-ready"
    servers.processes["s3"].ask_to_stop()
    assert servers.processes["s3"].wait_or_kill()
    lost = [path for path in (servers.data_dir / "s3" / "data").glob(f"{name}_*") if path.is_file()]
    for path in lost:
        path.unlink()
    servers.restart("s3")

    async with asyncio.timeout(15):
        while not await _is_ready(store):  # noqa: ASYNC110 - the store offers no event
            await asyncio.sleep(0.1)
    assert lost
    assert [one.object_name for one in await asyncio.to_thread(lambda: list(admin.list_objects(name)))] == ["ready"]
    assert not await _is_ready(other)


async def test_store_is_reached_by_its_socket(storage_settings: Settings, servers: Servers) -> None:
    """No server listens at the address, so nothing goes there."""
    path = Path(servers.environment["MODELYARD_S3_SOCKET"])
    store = S3BlobStore(storage_settings.model_copy(update={"s3_url": "http://127.0.0.1:9", "s3_socket": path}))
    for size in (10_000, 9 * MIB):
        key, data = new_key(), some_bytes(size)
        await store.put(key, stream(data), size=size, limit=GENEROUS)
        assert await read(store, key) == data
    await store.ready()
    await store.close()


async def _is_ready(store: S3BlobStore) -> bool:
    try:
        await store.ready()
    except Unavailable:
        return False
    return True


def _empty(admin: Minio, bucket: str) -> None:
    for existing in admin.list_objects(bucket, recursive=True):
        admin.remove_object(bucket, existing.object_name)
