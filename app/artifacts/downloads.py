"""Downloads: what to answer to a request for bytes, and links that carry their own permission.

Protocol-neutral: an edge turns a :class:`Download` into its response.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import structlog

from app.artifacts import artifacts, quarantine
from app.artifacts.artifacts import ArtifactDetails
from app.db.database import Database
from app.errors import Forbidden, NotFound, Unavailable
from app.settings import Settings
from app.storage.blobs import BlobMissing, BlobStore
from app.storage.headers import attachment

LINK_LIFE = timedelta(minutes=5)
SMALL_BYTES = 256 * 1024
"""Up to here bytes are read as a whole before they are sent."""
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
log = structlog.get_logger()


class BlobDamaged(Unavailable):
    """The stored bytes of this artifact are missing or altered; a fault of the service. Sending them again heals it."""


@dataclass(frozen=True, slots=True)
class Download:
    """An answer with bytes: status, headers, and the bytes themselves (None: there are none)."""

    status: int
    headers: dict[str, str]
    chunks: AsyncIterator[bytes] | None = None
    body: bytes | None = None
    """The same bytes as a whole, when they are few: there is nothing to close then."""
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)
    """To be closed when the bytes were sent, or the client has gone."""


async def answer(
    blobs: BlobStore, found: ArtifactDetails, request: Mapping[str, str], *, head: bool = False
) -> Download:
    """Answer a request for a file, with ETag, conditional and range requests (RFC 9110 §13, §14).

    Raises:
        Quarantined: it would run somebody's code when loaded, and nobody has released it.
        BlobMissing, BlobDamaged: the bytes are gone or altered; that is our fault and never a 404.
        Unavailable: the store is away.
    """
    quarantine.require_free(found)
    _refuse_damaged(found)
    headers = _headers(found)
    if _matches(request.get("if-none-match", ""), headers["ETag"]):
        return Download(304, {name: headers[name] for name in ("ETag", "Cache-Control")})
    span = _span(request, found.size, headers["ETag"])
    if span is None:
        return Download(416, {"Content-Range": f"bytes */{found.size}", "Content-Length": "0"})
    start, end = span
    whole = (start, end) == (0, found.size)
    headers["Content-Length"] = str(end - start)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    status = 200 if whole else 206
    if head or start == end:
        return Download(status, headers)
    return await _opened(blobs, found, status, headers, start, end)


def link(settings: Settings, found: ArtifactDetails, *, life: timedelta = LINK_LIFE, base: str | None = None) -> str:
    """An address of this service under which anybody can download the file for some minutes.

    ``base`` is the address of the service as the client knows it; without it the configured one is taken.

    Raises:
        Quarantined: it may not be downloaded.
    """
    quarantine.require_free(found)
    expires = int(time.time() + life.total_seconds())
    signature = _sign(settings, found.project_id, found.id, expires)
    name = quote(found.path.rpartition("/")[2], safe="")
    base = settings.url if base is None else base
    return f"{base}/artifacts/{found.project_id}/{found.id.hex}/{name}?expires={expires}&signature={signature}"


def address(settings: Settings, blobs: BlobStore, found: ArtifactDetails, life: timedelta, base: str) -> str:
    """Where anybody can download the file for a while: at the store if clients reach it, else at this service.

    Raises:
        Quarantined: it may not be downloaded.
        BlobDamaged: its bytes are gone or altered.
    """
    quarantine.require_free(found)
    _refuse_damaged(found)
    if not blobs.has_public_endpoint:
        return link(settings, found, life=life, base=base)
    name = found.path.rpartition("/")[2]
    return blobs.presign_get(found.object_key, filename=name, media_type=found.media_type, expires=life)


def life_for(found: ArtifactDetails) -> timedelta:
    """How long a link lives: some minutes, and a second for each MiB, up to the seven days that S3 allows."""
    return min(LINK_LIFE + timedelta(seconds=found.size >> 20), timedelta(days=7))


def check_link(settings: Settings, project_id: int, artifact_id: UUID, expires: str, signature: str) -> None:
    """Refuse links that were altered or are too old.

    Raises:
        Forbidden: with the reason.
    """
    expected = _sign(settings, project_id, artifact_id, int(expires) if re.fullmatch(r"\d{1,12}", expires) else 0)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise Forbidden("The link is not one that this service gave out; ask for a new one.")
    if int(expires) < time.time():
        raise Forbidden("The link has expired; ask for a new one.")


async def by_link(db: Database, project_id: int, artifact_id: UUID) -> ArtifactDetails:
    """The file behind a link that was checked.

    Raises:
        NotFound: it was deleted meanwhile.
    """
    async with db.direct() as connection:
        row = await connection.fetchrow(_BY_LINK, project_id, artifact_id)
    if row is None:
        raise NotFound("The file was deleted.")
    return ArtifactDetails(*row)


_BY_LINK = f"""
{artifacts.DETAILS} AND artifacts.project_id = $1 AND artifacts.id = $2
AND EXISTS (SELECT FROM projects p WHERE p.id = artifacts.project_id AND p.deleted_at IS NULL)
"""


async def _opened(
    blobs: BlobStore, found: ArtifactDetails, status: int, headers: dict[str, str], start: int, end: int
) -> Download:
    closing = AsyncExitStack()
    try:
        if end - start <= SMALL_BYTES:
            body = await blobs.read(found.object_key, start, end)
            return Download(status, headers, _once(body), body)
        reading = await closing.enter_async_context(blobs.open(found.object_key, start=start, end=end))
    except BlobMissing:
        log.error("artifact.bytes_missing", project=found.project_id, artifact=str(found.id))  # noqa: TRY400 - raised on
        raise
    return Download(status, headers, reading.chunks, closing=closing)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _refuse_damaged(found: ArtifactDetails) -> None:
    if found.damage is not None:
        raise BlobDamaged


def _headers(found: ArtifactDetails) -> dict[str, str]:
    """Bytes of strangers are never rendered in our origin."""
    kind = found.media_type
    return {
        "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "Content-Disposition": attachment(found.path.rpartition("/")[2]),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Accept-Ranges": "bytes",
        "ETag": f'"{found.sha256.hex()}"',
        "Cache-Control": "private, no-cache",
    }


def _matches(given: str, etag: str) -> bool:
    return given.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in given.split(",")}


def _span(request: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """The wanted bytes as [start, end); all of them when there is no usable single range; None: not satisfiable."""
    asked = _RANGE.fullmatch(request.get("range", "").strip())
    if asked is None or not any(asked.groups()) or request.get("if-range", etag) != etag:
        return 0, size
    first, last = asked.groups()
    if not first:
        return (max(size - int(last), 0), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None


def _sign(settings: Settings, project_id: int, artifact_id: UUID, expires: int) -> str:
    message = f"artifact:{project_id}:{artifact_id.hex}:{expires}"
    return hmac.new(settings.secret_key.get_secret_value().encode(), message.encode(), hashlib.sha256).hexdigest()
