"""HTTP to the object store: presigned requests, bounded answers, patience, and one kind of error."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import aiohttp
from yarl import URL

from app.disk_space import DiskSpace
from app.errors import Unavailable
from app.storage.s3 import documents
from app.storage.s3.connections import ConnectionPool
from app.storage.s3.payloads import SLICE_BYTES, Block, Flow, Payload, Pulse
from app.storage.s3.signing import CONNECT_SECONDS, IDLE_SECONDS, SHORT_IDLE_SECONDS, tls_context

ATTEMPTS: Final = 4
PATIENCE_SECONDS: Final = 6.0
"""No attempt begins later than this after the first failure, so that a dead store is known within ten seconds."""

KEEP_ALIVE_SECONDS: Final = 2.0
"""Shorter than any store's own limit: no request is sent on a connection that is just being closed."""

ANSWER_BYTES: Final = 8 * 1024 * 1024
READ_BUFFER_BYTES: Final = 512 * 1024
TRANSIENT_STATUSES: Final = frozenset({408, 409, 429, 500, 502, 503, 504})
TROUBLE: Final = (aiohttp.ClientError, OSError)
FULL_STATUS: Final = 507
FULL_CODES: Final = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
"""What stores call a full disk or bucket: MinIO, and Ceph's gateway. SeaweedFS says InternalError to everything."""
_WRITING: Final = frozenset({"PUT", "POST"})

DOWN: Final = "The object store cannot be reached at the moment; try again shortly."
REFUSED: Final = "The object store refuses the service's requests at the moment; try again later."
BROKEN: Final = "The connection to the object store broke off; try again."

log = logging.getLogger(__name__)
T = TypeVar("T")
Sign = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; ``attempt`` is 1 when the first try brought it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    attempt: int

    @property
    def etag(self) -> str:
        """The ETag header without its quotes."""
        return self.headers.get("etag", "").strip('"')

    @property
    def error_code(self) -> str | None:
        """S3's own name of what went wrong, if the body says so."""
        return documents.error_code(self.body) if self.body else None


class _TransientError(Exception):
    """A failure that may be gone at the next attempt; the text is for the log alone."""


class _FullError(_TransientError):
    """The store says that it has no room."""


class Wire:
    """One connection pool. Opens at the first request, inside the running event loop."""

    def __init__(self, *, secure: bool, path: str | None = None, room: DiskSpace | None = None) -> None:
        """``path`` is a unix socket behind which the store is, whatever host its address names."""
        self.room = room or DiskSpace("the object store")
        self._tls = tls_context() if secure else None
        self._path = path
        self._session: aiohttp.ClientSession | None = None
        self._connections = ConnectionPool(
            tls=self._tls, connect_seconds=CONNECT_SECONDS, idle_seconds=KEEP_ALIVE_SECONDS, path=path
        )

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=IDLE_SECONDS),
                headers={"Accept-Encoding": "identity", "User-Agent": "modelyard"},
                skip_auto_headers=("Content-Type",),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=READ_BUFFER_BYTES,
                max_line_size=16 * 1024,
            )
        return self._session

    def _connector(self) -> aiohttp.BaseConnector:
        if self._path is not None:
            return aiohttp.UnixConnector(self._path, limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        return aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=self._tls or True)

    async def close(self) -> None:
        """Drop all connections."""
        self._connections.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self,
        method: str,
        sign: Sign,
        *,
        accept: Collection[int],
        headers: Mapping[str, str] | None = None,
        payload: Payload | None = None,
        idle: float = IDLE_SECONDS,
        attempts: int = ATTEMPTS,
        is_brief: bool = False,
    ) -> Answer:
        """Send a request, again if the failure may pass and the body can be repeated, and read the answer.

        What is small goes over lines of its own; without a body only if ``is_brief`` says that the answer is small.

        Raises:
            Unavailable: the store is down or slow, or its answer has no accepted status.
            StorageFull: it says that its disk is full, or failed to write to a disk that is.
        """
        short = payload.data if isinstance(payload, Block) and payload.size <= SLICE_BYTES else None

        async def once(attempt: int) -> Answer:
            async with asyncio.timeout(idle) as timer:
                if short is not None or (is_brief and payload is None):
                    return _accepted(await self._request(method, sign(), headers or {}, short, attempt), accept)
                body = payload.body(Pulse(timer, idle)) if payload else None
                length = {"Content-Length": str(payload.size)} if payload else {}
                with _blamed_on_source(payload):
                    async with self._pool().request(
                        method,
                        URL(sign(), encoded=True),
                        data=body,
                        headers={**(headers or {}), **length},
                        allow_redirects=False,
                    ) as response:
                        return _accepted(await _read_answer(response, attempt), accept)

        tries = attempts if payload is None or payload.repeatable else 1
        if method not in _WRITING:
            return await _persist(method, once, tries)
        answer = await _persist(method, once, tries, self.room)
        self.room.accepted()
        return answer

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | bytearray | None, attempt: int
    ) -> Answer:
        netloc, _, target = url.partition("://")[2].partition("/")
        length = {} if data is None else {"Content-Length": str(len(data))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **length}.items())
        head = f"{method} /{target} HTTP/1.1\r\nHost: {netloc}\r\nUser-Agent: modelyard\r\n{lines}\r\n"
        reply = await self._connections.request(
            netloc, head.encode("ascii") + (data or b""), max_body_bytes=ANSWER_BYTES
        )
        return Answer(reply.status, reply.headers, bytes(reply.body), attempt)

    @asynccontextmanager
    async def receive(
        self, sign: Sign, *, accept: Collection[int], headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a stream; it is the caller who reads it, with a limit on the silence of the store alone."""

        async def once(attempt: int) -> aiohttp.ClientResponse:
            async with asyncio.timeout(SHORT_IDLE_SECONDS):
                response = await self._pool().get(URL(sign(), encoded=True), headers=headers, allow_redirects=False)
            if response.status in accept:
                return response
            async with response, asyncio.timeout(IDLE_SECONDS):
                raise _refusal(await _read_answer(response, attempt))

        response = await _persist("GET", once, ATTEMPTS)
        try:
            yield response
        finally:
            response.close()


@contextmanager
def _blamed_on_source(payload: Payload | None) -> Iterator[None]:
    """What breaks because the bytes did not go on coming is no fault of the store, and not logged as one."""
    try:
        yield
    except TROUBLE:
        if isinstance(payload, Flow) and payload.failure is not None:
            raise Unavailable(DOWN) from None  # the maker of the flow tells its failure instead
        raise


async def _persist(
    operation: str, once: Callable[[int], Awaitable[T]], attempts: int, room: DiskSpace | None = None
) -> T:
    """Try until it works; ``room`` is given for writes, whose failure a full disk may explain."""
    give_up = None
    loop = asyncio.get_running_loop()
    for attempt in range(1, attempts + 1):
        try:
            return await once(attempt)
        except (_TransientError, *TROUBLE) as error:
            reason = str(error) if isinstance(error, _TransientError) else type(error).__name__
            silent = isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError)
            is_full = isinstance(error, _FullError)
        if room is not None and (is_full or room.explains()):
            log.warning("object store: %s failed on a full disk: %s", operation, reason)
            raise room.full()
        now = loop.time()
        give_up = give_up or now + PATIENCE_SECONDS
        if silent or attempt == attempts or now >= give_up:
            break
        await asyncio.sleep(0.1 * 3 ** (attempt - 1) * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
    log.warning("object store: %s failed after %d attempts: %s", operation, attempt, reason)
    raise Unavailable(DOWN)


async def _read_answer(response: aiohttp.ClientResponse, attempt: int) -> Answer:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise documents.AnswerMalformed(f"more than {ANSWER_BYTES} bytes")
    return Answer(response.status, response.headers, bytes(body), attempt)


def _accepted(answer: Answer, accept: Collection[int]) -> Answer:
    if answer.status not in accept or _failed_late(answer):
        raise _refusal(answer)
    return answer


def _failed_late(answer: Answer) -> bool:
    return answer.status == 200 and answer.error_code is not None


def _refusal(answer: Answer) -> Exception:
    """Tell what may pass from what will not."""
    problem = f"status {answer.status}, code {answer.error_code}"
    if answer.status == FULL_STATUS or answer.error_code in FULL_CODES:
        return _FullError(problem)
    if _failed_late(answer) or answer.status in TRANSIENT_STATUSES or answer.error_code == "RequestTimeout":
        return _TransientError(problem)
    log.error("object store: request refused: %s", problem)
    return Unavailable(REFUSED)
