"""Rare and bulk work on the bucket through the SDK, which is synchronous, in threads of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from app.errors import Unavailable
from app.storage.blobs import Listed
from app.storage.s3.wire import DOWN

PAGE = 1000
"""Most keys in one DeleteObjects or ListObjectsV2 request (AWS S3 API reference)."""

THREADS = 4

log = logging.getLogger(__name__)
T = TypeVar("T")


class Control:
    """Bucket, listing and batch deletion."""

    def __init__(self, client: Minio, bucket: str, region: str) -> None:
        self._client = client
        self._bucket = bucket
        self._region = region
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="object-store")

    def close(self) -> None:
        """Take no more work; what runs ends by its own timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ensure_bucket(self) -> None:
        """Make the bucket unless it exists; two processes may do so at once."""

        def work() -> None:
            if self._client.bucket_exists(self._bucket):
                return
            try:
                self._client.make_bucket(self._bucket, self._region)
            except S3Error as error:
                if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise

        await self._run("bucket", work)

    async def keys(self, prefix: str, start_after: str) -> AsyncIterator[Listed]:
        """All objects below a prefix in key order, one page at a time in memory."""
        page = await self._run("list", partial(self._page, prefix, start_after))
        while page:
            for listed in page:
                yield listed
            page = await self._run("list", partial(self._page, prefix, page[-1].key)) if len(page) == PAGE else []

    def _page(self, prefix: str, start_after: str) -> list[Listed]:
        objects = self._client.list_objects(
            self._bucket, prefix=prefix, recursive=True, start_after=start_after or None
        )
        return [
            Listed(each.object_name, each.size or 0, each.last_modified)
            for each in islice(objects, PAGE)
            if each.object_name is not None and each.last_modified is not None
        ]

    async def remove(self, keys: Sequence[str]) -> list[str]:
        """Delete up to 1,000 objects in one request; returns the keys that the store kept."""

        def work() -> list[str]:
            errors = self._client.remove_objects(self._bucket, [DeleteObject(key) for key in keys])
            return [error.name for error in errors if error.code != "NoSuchKey" and error.name is not None]

        kept = await self._run("remove", work)
        if kept:
            log.warning("object store: %d of %d objects could not be removed", len(kept), len(keys))
        return kept

    async def _run(self, operation: str, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            code = error.code if isinstance(error, S3Error) else type(error).__name__
            log.warning("object store: %s failed: %s", operation, code)
            raise Unavailable(DOWN) from None
