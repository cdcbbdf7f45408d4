from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from app.errors import TooLarge
from app.settings import Settings
from app.storage.blobs import KeyTaken, SizeMismatch
from app.storage.s3.part_streams import PartRule
from app.storage.s3.store import S3BlobStore
from tests.support.storage.streams import GENEROUS, MIB, breaking_stream, new_key, pending, read, some_bytes, stream

SIZES = [0, 1, 10_000, 300_000, 8 * MIB, 8 * MIB + 1, 20 * MIB + 3]


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
@pytest.mark.parametrize("size", SIZES)
async def test_put_bytes_are_read_back(store: S3BlobStore, size: int, declared: bool) -> None:
    key, data = new_key(), some_bytes(size)
    stored = await store.put(key, stream(data), size=size if declared else None, limit=size)
    stat = await store.stat(key)
    assert stat is not None
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(data).digest())
    assert (stat.size, stat.etag) == (size, stored.etag)
    assert await read(store, key) == data


@pytest.mark.parametrize("chunk", [7, 1_000_003, 30 * MIB])
async def test_chunks_of_the_source_may_have_any_size(store: S3BlobStore, chunk: int) -> None:
    key, data = new_key(), some_bytes(50_000 if chunk == 7 else 17 * MIB)
    await store.put(key, stream(data, chunk), limit=GENEROUS)
    assert await read(store, key) == data


async def test_parts_too_large_for_memory_pass_through(storage_settings: Settings) -> None:
    store = S3BlobStore(storage_settings, rule=PartRule(smallest=5 * MIB, largest=5 * MIB, most=3))
    key, data = new_key(), some_bytes(20 * MIB + 5)
    stored = await store.put(key, stream(data), size=len(data), limit=GENEROUS)
    assert stored.sha256 == hashlib.sha256(data).digest()
    assert stored.etag.endswith("-3")
    assert await read(store, key) == data
    await store.close()


@pytest.mark.parametrize("size", [0, 99_999, 12 * MIB])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
async def test_more_than_the_limit_is_refused(store: S3BlobStore, size: int, declared: bool) -> None:
    key, data = new_key(), some_bytes(size + 1)
    with pytest.raises(TooLarge, match=f"at most {size} bytes"):
        await store.put(key, stream(data), size=len(data) if declared else None, limit=size)
    await assert_nothing_is_left(store, key)


@pytest.mark.parametrize("size", [100, 12 * MIB])
@pytest.mark.parametrize("difference", [1, -1])
async def test_another_size_than_declared_is_refused(store: S3BlobStore, size: int, difference: int) -> None:
    key = new_key()
    with pytest.raises(SizeMismatch):
        await store.put(key, stream(some_bytes(size + difference)), size=size, limit=GENEROUS)
    await assert_nothing_is_left(store, key)


@pytest.mark.parametrize("difference", [1, -1, -8 * MIB])
async def test_another_size_than_declared_is_refused_while_streaming(
    storage_settings: Settings, difference: int
) -> None:
    store = S3BlobStore(storage_settings, rule=PartRule(smallest=5 * MIB, largest=5 * MIB, most=2))
    key = new_key()
    with pytest.raises(SizeMismatch):
        await store.put(key, stream(some_bytes(12 * MIB + difference)), size=12 * MIB, limit=GENEROUS)
    await assert_nothing_is_left(store, key)
    await store.close()


async def test_a_stream_of_unknown_size_ends_at_the_last_part(storage_settings: Settings) -> None:
    store = S3BlobStore(storage_settings, rule=PartRule(smallest=5 * MIB, largest=5 * MIB, most=2))
    key = new_key()
    with pytest.raises(TooLarge, match="without a declared size"):
        await store.put(key, stream(some_bytes(10 * MIB + 1)), limit=GENEROUS)
    await assert_nothing_is_left(store, key)
    await store.close()


@pytest.mark.parametrize("size", [200_000, 20 * MIB])
async def test_a_source_that_breaks_leaves_nothing(store: S3BlobStore, size: int) -> None:
    key = new_key()
    with pytest.raises(EOFError, match="client went away"):
        await store.put(key, breaking_stream(size, EOFError("client went away")), limit=GENEROUS)
    await assert_nothing_is_left(store, key)


async def test_a_source_that_breaks_while_streaming_leaves_nothing(storage_settings: Settings) -> None:
    store = S3BlobStore(storage_settings, rule=PartRule(smallest=5 * MIB, largest=5 * MIB, most=2))
    key = new_key()
    with pytest.raises(EOFError, match="client went away"):
        await store.put(key, breaking_stream(8 * MIB, EOFError("client went away")), size=12 * MIB, limit=GENEROUS)
    await assert_nothing_is_left(store, key)
    await store.close()


async def test_a_cancelled_put_leaves_no_parts(store: S3BlobStore) -> None:
    key, reached = new_key(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(MIB)
        reached.set()
        await asyncio.Event().wait()

    put = asyncio.create_task(store.put(key, endless(), limit=GENEROUS))
    await reached.wait()
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    await assert_nothing_is_left(store, key)


@pytest.mark.parametrize("size", [10, 9 * MIB])
async def test_a_key_is_written_once(store: S3BlobStore, size: int) -> None:
    key, first = new_key(), some_bytes(size)
    await store.put(key, stream(first), limit=GENEROUS)
    with pytest.raises(KeyTaken):
        await store.put(key, stream(bytes(size)), limit=GENEROUS)
    assert await read(store, key) == first
    assert await pending(store, key) == []


async def test_of_many_writers_of_one_key_exactly_one_wins(store: S3BlobStore) -> None:
    key, bodies = new_key(), [some_bytes(1000 + n) for n in range(4)]
    puts = [store.put(key, stream(body), limit=GENEROUS) for body in bodies]
    results = await asyncio.gather(*puts, return_exceptions=True)
    winners = [body for body, result in zip(bodies, results, strict=True) if not isinstance(result, BaseException)]
    assert sum(isinstance(result, KeyTaken) for result in results) == len(bodies) - 1
    assert winners == [await read(store, key)]


async def test_concurrent_puts_store_their_own_bytes(store: S3BlobStore) -> None:
    bodies = {new_key(): some_bytes(size) for size in (*range(40), 9 * MIB, 10 * MIB)}
    await asyncio.gather(*[store.put(key, stream(body), limit=GENEROUS) for key, body in bodies.items()])
    assert {key: await read(store, key) for key in bodies} == bodies


async def test_memory_does_not_grow_with_the_object(store: S3BlobStore) -> None:
    key, chunk = new_key(), bytes(64 * 1024)

    async def large() -> AsyncIterator[bytes]:
        for _ in range(128 * 16):
            yield chunk

    tracemalloc.start()
    try:
        await store.put(key, large(), limit=GENEROUS)
        put_peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        async with store.open(key) as reading:
            size = sum([len(chunk) async for chunk in reading.chunks])
        read_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 128 * MIB
    assert put_peak < 40 * MIB
    assert read_peak < 8 * MIB


def test_parts_suffice_for_the_largest_object() -> None:
    rule, largest = PartRule(), 5 * MIB * MIB
    assert rule.part_bytes(largest) * rule.most >= largest
    assert not rule.passes_through(156 * 1024 * MIB)
    assert rule.passes_through(157 * 1024 * MIB)
    assert [rule.block_bytes(None, number) // MIB for number in (1, 5000, 5001)] == [8, 8, 16]


async def assert_nothing_is_left(store: S3BlobStore, key: str) -> None:
    assert await store.stat(key) is None
    assert await pending(store, key) == []
