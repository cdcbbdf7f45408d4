"""A pool of the driver's connections for constant statements, for calls that come by the thousand.

Building a statement from objects and mapping its rows back costs several times what PostgreSQL needs to run it. Here
the SQL is a constant (:mod:`app.db.statements`), prepared once per connection, and each statement is a transaction of
its own unless ``connection.transaction()`` says otherwise.

For example: ``async with db.direct() as connection`` waits in the queue for one of ten slots, takes the connection that
was given back last, and gives it back at the end of the block: 30 µs beside the 100 that PostgreSQL and the socket take
for a short statement. The pool of asyncpg takes 85 to 270 (docs/decisions/0030-a-pool-for-constant-statements.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any, NamedTuple

import asyncpg
import orjson

from app.errors import ModelyardError

_CLOSE_SECONDS = 3
_IDLE_SECONDS = 600
_LIFE_SECONDS = 1800
"""After that a connection is replaced, and with it what the server keeps for it (plans, caches of the catalogue)."""
_CHECK_SECONDS = 60


class DirectPool:
    """Connections that open when they are needed and speak JSON as Python objects; the last one used comes first.

    The caller bounds how many are lent at a time (:class:`app.db.pool_queue.PoolQueue`).
    """

    def __init__(self, url: str, settings: dict[str, str], command_timeout: float) -> None:
        self._url = url
        self._settings = settings
        self._command_timeout = command_timeout
        self._idle: deque[_Idle] = deque()
        self._check: asyncio.TimerHandle | None = None
        self._lent: set[asyncpg.Connection] = set()
        self._all_returned = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.watchers: list[Callable[[Any], None]] = []
        """Query loggers of the driver that are called for every statement, for tests and instruments."""

    async def take(self) -> asyncpg.Connection:
        """A connection for this caller alone, until :meth:`give_back`.

        Raises:
            OSError, TimeoutError, asyncpg.InterfaceError: the database is away, or the pool is closed.
        """
        if self._is_closed:
            raise asyncpg.InterfaceError("the pool is closed")
        connection = self._take_idle() or await self._open()
        self._lent.add(connection)
        for watcher in self.watchers:
            connection.add_query_logger(watcher)
        return connection

    def give_back(self, connection: asyncpg.Connection, error: BaseException | None) -> asyncio.Task[None] | None:
        """Take a connection back after a block that ended with this error; what to await before its slot is free.

        After an error of the server or of the application the statement is over; after any other it may still run.
        """
        self._lent.discard(connection)
        if not self._lent and self._is_closed:
            self._all_returned.set()
        for watcher in self.watchers:
            connection.remove_query_logger(watcher)
        if connection.is_closed():
            connection.terminate()  # sends nothing: it ends the timers of prepared statements
            return None
        is_sound = error is None or isinstance(error, (asyncpg.PostgresError, ModelyardError))
        if not is_sound or connection.is_in_transaction():
            return self._retire(connection)
        now = asyncio.get_running_loop().time()
        if self._is_closed or now > connection.ends_at:
            self._retire(connection)
            return None
        self._idle.append(_Idle(connection, now))
        if self._check is None:
            self._check = asyncio.get_running_loop().call_later(_CHECK_SECONDS, self._end_idle)
        return None

    async def close(self) -> None:
        """End all connections; lent ones once they are given back, or after three seconds."""
        self._is_closed = True
        if self._check is not None:
            self._check.cancel()
        while self._idle:
            self._retire(self._idle.pop().connection)
        if self._lent:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._all_returned.wait()
        for connection in self._lent:
            connection.terminate()
        if self._closing:
            await asyncio.wait(self._closing)

    def _take_idle(self) -> asyncpg.Connection | None:
        while self._idle:
            connection = self._idle.pop().connection
            if not connection.is_closed():
                return connection
            connection.terminate()
        return None

    async def _open(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._url,
            connection_class=_Connection,
            timeout=3,
            command_timeout=self._command_timeout,
            server_settings=self._settings,
        )
        connection.ends_at = asyncio.get_running_loop().time() + _LIFE_SECONDS
        try:
            await connection.set_type_codec("jsonb", encoder=_dump, decoder=orjson.loads, schema="pg_catalog")
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _end_idle(self) -> None:
        self._check = None
        now = asyncio.get_running_loop().time()
        while self._idle and self._idle[0].since + _IDLE_SECONDS < now:
            self._retire(self._idle.popleft().connection)
        if self._idle:
            self._check = asyncio.get_running_loop().call_later(_CHECK_SECONDS, self._end_idle)

    def _retire(self, connection: asyncpg.Connection) -> asyncio.Task[None]:
        closing = asyncio.get_running_loop().create_task(_close(connection), context=Context())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return closing


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no type hints
    """A connection that has an end of life."""

    __slots__ = ("ends_at",)
    ends_at: float


class _Idle(NamedTuple):
    connection: asyncpg.Connection
    since: float


async def _close(connection: asyncpg.Connection) -> None:
    """End what a connection is doing, and the connection."""
    try:
        await connection.close(timeout=_CLOSE_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()
