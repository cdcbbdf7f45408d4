"""The store of bytes, as the rest of the product sees it.

Keys are made by the caller: random, written at most once, free of user text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.disk_space import DiskSpace
from app.errors import Conflict, Invalid, Unavailable


class BlobMissing(Unavailable):
    """The bytes of this artifact cannot be found in the object store; this is a fault of the service."""


class KeyTaken(Unavailable):
    """The object store already holds other bytes under the chosen key; try again."""


class SizeMismatch(Invalid):
    """The body does not have the declared number of bytes."""


class UploadMissing(Conflict):
    """The upload was given up or has expired; start a new one."""


class PartsRefused(Invalid):
    """The object store does not accept these parts: one is missing, too small (under 5 MiB), or out of order."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What was written: size in bytes, SHA-256 (32 raw bytes) and the store's ETag, which is no content hash."""

    size: int
    sha256: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of one object."""

    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """An open object: ``size`` bytes will come, of the ``total`` that it has."""

    size: int
    total: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a listing."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload; ``number`` is 1 to 10,000."""

    number: int
    etag: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """A multipart upload that has neither been completed nor aborted."""

    key: str
    upload_id: str
    started: datetime


class BlobStore(Protocol):
    """Object storage.

    Every method may raise ``Unavailable``; its message names no host, key or secret. What stores bytes may raise its
    kind ``StorageFull``.
    """

    @property
    def room(self) -> DiskSpace:
        """What is known of the room that the store has for more."""

    @property
    def has_public_endpoint(self) -> bool:
        """Whether clients can reach the store themselves, so that presigned URLs are of use to them."""

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, size: int | None = None, limit: int) -> StoredObject:
        """Store a stream under a new key, hashing on the way, in constant memory.

        ``size`` is the declared number of bytes, None when unknown; ``limit`` the most that may come.
        What ``chunks`` raises is passed on as it is. When the stream breaks or is refused, nothing is readable under
        the key and no part is left. When the store fails or the caller is cancelled, the last request may still have
        succeeded: the caller remembers the key, removes it later, and takes a new one for the next attempt.

        Raises:
            TooLarge: more than ``limit`` bytes, or more than can be stored without a declared size.
            SizeMismatch: more or fewer bytes than ``size``.
            KeyTaken: this key was written before.
        """

    async def put_whole(self, key: str, data: bytes, sha256: bytes) -> StoredObject:
        """As :meth:`put`, of a few bytes that are in memory, and that the caller has hashed.

        The caller knows that this key was never written before: small files come by the thousand, and the
        store would look, and lock, for each of them.
        """

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> AbstractAsyncContextManager[Reading]:
        """Read the bytes from ``start`` up to, not including, ``end``.

        Raises:
            BlobMissing: there is no such object.
            Invalid: ``start`` is not inside the object.
            Unavailable: while reading, when the stream breaks before its end.
        """

    async def read(self, key: str, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to, not including, ``end``, which are inside the object and fit into memory.

        Raises:
            BlobMissing: there is no such object.
        """

    async def stat(self, key: str) -> Stat | None:
        """Size, ETag and time of one object; None when there is none."""

    async def remove(self, keys: Sequence[str]) -> list[str]:
        """Delete objects; one that does not exist counts as deleted. Returns the keys that the store kept."""

    def list_keys(self, prefix: str = "", *, start_after: str = "") -> AsyncIterator[Listed]:
        """All objects below a prefix in the order of their keys, after ``start_after``, page by page."""

    async def create_multipart(self, key: str) -> str:
        """Begin an upload in parts and return its id."""

    async def put_part(self, key: str, upload_id: str, number: int, chunks: AsyncIterator[bytes], *, size: int) -> Part:
        """Store one part of ``size`` bytes, passing every chunk on as it comes; sent again, it replaces itself.

        What ``chunks`` raises is passed on as it is.

        Raises:
            UploadMissing: there is no such upload (any more).
            SizeMismatch: more or fewer bytes than ``size``.
        """

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The parts that have arrived, by number.

        Raises:
            UploadMissing: there is no such upload (any more).
        """

    async def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> str:
        """Join the parts, in the order of their numbers, and return the ETag; a second time answers the same.

        Raises:
            UploadMissing: there is neither such an upload nor an object that it has become.
            PartsRefused: a part is unknown, too small, or out of order.
        """

    async def abort_multipart(self, key: str, upload_id: str) -> None:
        """Give an upload up and free its parts; one that does not exist counts as aborted."""

    def list_uploads(self, prefix: str = "") -> AsyncIterator[PendingUpload]:
        """Uploads in progress, page by page.

        MinIO lists uploads by exact key only, so an empty answer proves nothing there;
        it drops stale uploads itself after 24 hours.
        """

    async def abort_stale_uploads(self, older_than: timedelta) -> int:
        """Abort every listed upload that began longer ago than this; returns how many."""

    def presign_get(self, key: str, *, filename: str, media_type: str, expires: timedelta) -> str:
        """URL that downloads the object as an attachment without credentials, for 1 second to 7 days."""

    def presign_put_part(self, key: str, upload_id: str, part: int, expires: timedelta) -> str:
        """URL that takes this one part without credentials, for 1 second to 7 days."""

    async def ensure_bucket(self) -> None:
        """Make the bucket unless it exists."""

    async def ready(self) -> None:
        """Prove within 2 seconds that the store answers a signed request and has the bucket."""

    async def close(self) -> None:
        """Finish clean-up in progress and drop all connections."""
