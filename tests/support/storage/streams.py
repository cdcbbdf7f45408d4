"""Streams to store and the reading of what is stored."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from uuid import uuid4

from app.storage.blobs import BlobStore

MIB = 1024 * 1024
GENEROUS = 1024 * MIB


def new_key() -> str:
    return f"test/{uuid4().hex}"


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


async def stream(data: bytes, chunk: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), chunk):
        yield data[start : start + chunk]


async def breaking_stream(size: int, error: BaseException) -> AsyncIterator[bytes]:
    chunk = bytes(100_000)
    for _ in range(size // len(chunk)):
        yield chunk
    raise error


async def read(store: BlobStore, key: str, *, start: int = 0, end: int | None = None) -> bytes:
    async with store.open(key, start=start, end=end) as reading:
        data = b"".join([chunk async for chunk in reading.chunks])
        assert len(data) == reading.size
        return data


async def pending(store: BlobStore, key: str) -> list[str]:
    return [upload.upload_id async for upload in store.list_uploads() if upload.key == key]
