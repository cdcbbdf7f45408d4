from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest

from app.embedded.servers import Servers
from app.errors import Unavailable
from app.settings import Settings
from app.storage.s3.store import S3BlobStore
from tests.support.storage.faults import Faults, faulty
from tests.support.storage.streams import GENEROUS, MIB, new_key, pending, read, some_bytes, stream

T = TypeVar("T")


@pytest.fixture
async def faults(storage_settings: Settings) -> AsyncIterator[Faults]:
    async with faulty(storage_settings.s3_url) as faults:
        yield faults


@pytest.fixture
async def shaky(storage_settings: Settings, faults: Faults) -> AsyncIterator[S3BlobStore]:
    store = S3BlobStore(storage_settings.model_copy(update={"s3_url": faults.url}))
    yield store
    await store.close()


async def repeat(call: Callable[[], Awaitable[T]]) -> T:
    """Try again as clients do: a store that has just come up may still be looking for its volumes."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await call()
            except Unavailable:
                await asyncio.sleep(0.2)


async def test_an_outage_is_reported_soon_and_ends_with_the_store_s_return(
    servers: Servers, storage_settings: Settings, store: S3BlobStore
) -> None:
    kept, data = new_key(), some_bytes(9 * MIB)
    await store.put(kept, stream(data), limit=GENEROUS)
    servers.processes["s3"].kill()
    async with asyncio.timeout(10):
        for size in (10, 9 * MIB):
            with pytest.raises(Unavailable) as caught:
                await store.put(new_key(), stream(some_bytes(size)), limit=GENEROUS)
            assert "127.0.0.1" not in caught.value.message
    async with asyncio.timeout(10):
        for call in (
            store.stat(kept),
            read(store, kept),
            store.ready(),
            store.remove([kept]),
            store.remove([kept] * 2),
        ):
            with pytest.raises(Unavailable):
                await call
    servers.launch("s3")
    servers.wait("s3")
    await repeat(store.ready)
    assert await repeat(lambda: read(store, kept)) == data
    key = new_key()
    await repeat(lambda: store.put(key, stream(data), limit=GENEROUS))
    assert await repeat(lambda: read(store, key)) == data


@pytest.mark.parametrize("fault", [500, 503, "reset", "lose"])
@pytest.mark.parametrize("size", [5000, 9 * MIB])
async def test_transient_failures_are_retried(
    shaky: S3BlobStore, faults: Faults, store: S3BlobStore, size: int, fault: int | str
) -> None:
    key, data = new_key(), some_bytes(size)
    faults.planned = {method: [fault] for method in ("PUT", "POST", "HEAD")}
    stored = await shaky.put(key, stream(data), limit=GENEROUS)
    assert stored.sha256 == hashlib.sha256(data).digest()
    assert await read(store, key) == data


async def test_a_lost_answer_to_the_completion_is_a_success(
    shaky: S3BlobStore, faults: Faults, store: S3BlobStore
) -> None:
    key, data = new_key(), some_bytes(9 * MIB)
    faults.planned = {"POST": ["pass", "lose"]}
    await shaky.put(key, stream(data), limit=GENEROUS)
    assert await read(store, key) == data


@pytest.mark.parametrize("size", [5000, 9 * MIB])
async def test_a_store_that_goes_on_failing_is_unavailable(
    shaky: S3BlobStore, faults: Faults, store: S3BlobStore, size: int
) -> None:
    key = new_key()
    faults.planned = {"PUT": [503] * 100}
    with pytest.raises(Unavailable):
        await shaky.put(key, stream(some_bytes(size)), limit=GENEROUS)
    assert faults.seen.count("PUT") <= 8
    assert await store.stat(key) is None
    assert await pending(store, key) == []


async def test_bytes_that_were_acknowledged_but_not_kept_are_noticed(shaky: S3BlobStore, faults: Faults) -> None:
    faults.planned = {"PUT": ["swallow"]}
    with pytest.raises(Unavailable, match="did not keep"):
        await shaky.put(new_key(), stream(some_bytes(5000)), limit=GENEROUS)


async def test_a_refusal_is_not_repeated(shaky: S3BlobStore, faults: Faults) -> None:
    faults.planned = {"PUT": [403]}
    with pytest.raises(Unavailable):
        await shaky.put(new_key(), stream(b"x"), limit=GENEROUS)
    assert faults.seen == ["PUT"]


async def test_a_store_without_conditions_is_written_without_them(
    shaky: S3BlobStore, faults: Faults, store: S3BlobStore
) -> None:
    faults.planned = {"PUT": [501]}
    key, other = new_key(), new_key()
    await shaky.put(key, stream(b"x"), limit=GENEROUS)
    await shaky.put(other, stream(b"y"), limit=GENEROUS)
    assert faults.seen == ["PUT", "PUT", "PUT"]
    assert await read(store, key) + await read(store, other) == b"xy"


async def test_a_download_that_breaks_raises(shaky: S3BlobStore, faults: Faults, store: S3BlobStore) -> None:
    key = new_key()
    await store.put(key, stream(some_bytes(MIB)), limit=GENEROUS)
    faults.planned = {"GET": ["cut"]}
    with pytest.raises(Unavailable, match="broke off"):
        await read(shaky, key)


async def test_a_download_is_opened_in_spite_of_transient_failures(
    shaky: S3BlobStore, faults: Faults, store: S3BlobStore
) -> None:
    key = new_key()
    await store.put(key, stream(b"x"), limit=GENEROUS)
    faults.planned = {"GET": [503, "reset"]}
    assert await read(shaky, key) == b"x"
