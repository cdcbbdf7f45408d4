"""Downloads: what to answer to a request for bytes, and links that carry their own permission.

Protocol-neutral: an edge turns a :class:`Download` into its response.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import structlog

from app.access import projects
from app.access.policy import Actor
from app.artifacts import artifacts, links, visibility
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.links import Signature, Signer
from app.artifacts.upkeep import quarantine
from app.db.database import Database
from app.errors import NotFound, Unavailable
from app.settings import Settings
from app.storage.blobs import BlobMissing, BlobStore
from app.storage.headers import attachment

LINK_LIFE = timedelta(minutes=5)
STORE_LINK_LIFE = timedelta(seconds=10)
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
    size: int = 0
    """Bytes of the file that are sent, or for which the client is sent to the store."""
    is_begun: bool = True
    """Whether these are the first bytes of the file."""


async def answer(
    blobs: BlobStore,
    file: ArtifactDetails,
    request: Mapping[str, str],
    *,
    head: bool = False,
    store_life: timedelta = STORE_LINK_LIFE,
) -> Download:
    """Answer a request for a file, with ETag, conditional and range requests (RFC 9110 §13, §14).

    Where clients reach the store themselves they are sent there for the bytes, by a link that lives for ``store_life``.

    Raises:
        Quarantined: it would run code of its own when loaded, and no maintainer has released it.
        BlobMissing, BlobDamaged: the bytes are gone or altered; that is our fault and never a 404.
        Unavailable: the store is away.
    """
    quarantine.require_free(file)
    require_sound(file)
    headers = _headers(file)
    if _matches(request.get("if-none-match", ""), headers["ETag"]):
        return Download(304, {name: headers[name] for name in ("ETag", "Cache-Control")})
    if blobs.has_public_endpoint and not head:
        return _at_store(blobs, file, store_life, _span(request, file.size, headers["ETag"]))
    span = _span(request, file.size, headers["ETag"])
    if span is None:
        return Download(416, {"Content-Range": f"bytes */{file.size}", "Content-Length": "0"})
    start, end = span
    whole = (start, end) == (0, file.size)
    headers["Content-Length"] = str(end - start)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    status = 200 if whole else 206
    if head or start == end:
        return Download(status, headers)
    return await _opened(blobs, file, status, headers, start, end)


def link(
    settings: Settings, actor: Actor, file: ArtifactDetails, *, life: timedelta = LINK_LIFE, base: str | None = None
) -> str:
    """An address of this service under which the file can be downloaded without a token, on behalf of the actor.

    It lives no longer than the settings allow, and ends with the actor's token or session, or right to read the file.
    ``base`` is the address of the service as the client knows it; without it the configured one is taken.

    Raises:
        Quarantined: it may not be downloaded.
    """
    quarantine.require_free(file)
    base = settings.url if base is None else base
    name = quote(file.path.rpartition("/")[2], safe="")
    signed = links.signed(settings, _signed_text(file.project_id, file.id), links.signer_of(actor), life)
    return f"{base}/artifacts/{file.project_id}/{file.id.hex}/{name}?{signed}"


def life_for(settings: Settings, file: ArtifactDetails) -> timedelta:
    """How long a link lives: some minutes, and a second for each MiB, as far as the settings allow."""
    return min(LINK_LIFE + timedelta(seconds=file.size >> 20), timedelta(seconds=settings.link_seconds))


def require_sound(file: ArtifactDetails) -> None:
    """Refuse to promise bytes that are known to be gone or altered.

    Raises:
        BlobDamaged: they are.
    """
    if file.damage is not None:
        raise BlobDamaged


def check_link(settings: Settings, project_id: int, artifact_id: UUID, given: Signature) -> Signer:
    """On whose behalf a link acts.

    Raises:
        Forbidden: the link was altered or is too old, with the reason.
    """
    return links.check(settings, _signed_text(project_id, artifact_id), given)


async def by_link(db: Database, actor: Actor, project_id: int, artifact_id: UUID) -> ArtifactDetails:
    """The file behind a link that was checked, if its maker may still read it.

    Raises:
        NotFound: it was deleted meanwhile, or may not be read any more; which of the two is not told.
    """
    with suppress(NotFound):
        access = await projects.get(db, actor, project_id)
        file = await artifacts.by_id(db, project_id, artifact_id, visibility.of_actor(actor, access))
        if file is not None:
            return file
    raise NotFound("The file was deleted, or the maker of the link may not read it any more.")


def _signed_text(project_id: int, artifact_id: UUID) -> str:
    return f"artifact:{project_id}:{artifact_id.hex}"


def _at_store(blobs: BlobStore, file: ArtifactDetails, life: timedelta, span: tuple[int, int] | None) -> Download:
    """The redirect to the store; no cache may keep it, since the next request is to be checked, too."""
    name = file.path.rpartition("/")[2]
    there = blobs.presign_get(file.object_key, filename=name, media_type=file.media_type, expires=life)
    start, end = span or (0, 0)
    answer = {"Location": there, "Cache-Control": "no-store", "Content-Length": "0"}
    return Download(307, answer, size=end - start, is_begun=start == 0)


async def _opened(
    blobs: BlobStore, file: ArtifactDetails, status: int, headers: dict[str, str], start: int, end: int
) -> Download:
    closing = AsyncExitStack()
    try:
        if end - start <= SMALL_BYTES:
            body = await blobs.read(file.object_key, start, end)
            return Download(status, headers, _once(body), body, size=end - start, is_begun=start == 0)
        reading = await closing.enter_async_context(blobs.open(file.object_key, start=start, end=end))
    except BlobMissing:
        log.error("artifact.bytes_missing", project=file.project_id, artifact=str(file.id))  # noqa: TRY400 - raised on
        raise
    return Download(status, headers, reading.chunks, closing=closing, size=end - start, is_begun=start == 0)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _headers(file: ArtifactDetails) -> dict[str, str]:
    """Bytes of strangers are never rendered in our origin."""
    kind = file.media_type
    return {
        "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "Content-Disposition": attachment(file.path.rpartition("/")[2]),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.sha256.hex()}"',
        "Cache-Control": "private, no-cache",
    }


def _matches(given: str, etag: str) -> bool:
    return given.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in given.split(",")}


def _span(request: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """The wanted bytes as [start, end); all of them when there is no usable single range; None: not satisfiable."""
    requested = _RANGE.fullmatch(request.get("range", "").strip())
    if requested is None or not any(requested.groups()) or request.get("if-range", etag) != etag:
        return 0, size
    first, last = requested.groups()
    if not first:
        return (max(size - int(last), 0), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None
