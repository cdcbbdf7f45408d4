from __future__ import annotations

import pytest

from app.errors import Invalid, Unavailable
from app.storage.blobs import BlobMissing
from app.storage.s3.store import S3BlobStore
from tests.support.storage.streams import GENEROUS, new_key, read, some_bytes, stream

DATA = some_bytes(100_000)


@pytest.fixture(scope="module")
async def key(store: S3BlobStore) -> str:
    key = new_key()
    await store.put(key, stream(DATA), limit=GENEROUS)
    return key


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (0, 1), (1, None), (99_999, None), (500, 600), (0, 100_000), (99_000, 200_000)]
)
async def test_ranges(store: S3BlobStore, key: str, start: int, end: int | None) -> None:
    async with store.open(key, start=start, end=end) as reading:
        data = b"".join([chunk async for chunk in reading.chunks])
    assert data == DATA[start:end]
    assert (reading.size, reading.total) == (len(data), len(DATA))


@pytest.mark.parametrize(("start", "end"), [(100_000, None), (200_000, 200_001), (-1, None), (5, 5), (6, 5)])
async def test_ranges_outside_are_refused(store: S3BlobStore, key: str, start: int, end: int | None) -> None:
    with pytest.raises(Invalid):
        await read(store, key, start=start, end=end)


@pytest.mark.parametrize("start", [0, 5])
async def test_a_missing_object_raises_blob_missing(store: S3BlobStore, start: int) -> None:
    with pytest.raises(BlobMissing) as caught:
        await read(store, new_key(), start=start)
    assert isinstance(caught.value, Unavailable)


async def test_a_reader_may_stop_early(store: S3BlobStore, key: str) -> None:
    async with store.open(key) as reading:
        first = await anext(reading.chunks)
    assert DATA.startswith(first)
    assert await read(store, key, end=10) == DATA[:10]


async def test_stat_of_a_missing_object_is_none(store: S3BlobStore) -> None:
    assert await store.stat(new_key()) is None


async def test_read_answers_a_range_as_bytes(store: S3BlobStore, key: str) -> None:
    assert await store.read(key, 0, 3) + await store.read(key, 3, 7) == (await read(store, key))[:7]
    with pytest.raises(Unavailable):
        await store.read(key, 0, 10**6)
    with pytest.raises(BlobMissing):
        await store.read(new_key(), 0, 1)
