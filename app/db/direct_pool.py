"""Single statements straight to the driver, for calls that come by the thousand.

Building a statement from objects and mapping its rows back costs several times what PostgreSQL needs to run it. Here
the SQL is a constant, prepared once per connection, and each statement is a transaction of its own unless
``connection.transaction()`` says otherwise.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from typing import Any, NamedTuple, Protocol

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ModelyardError


class StatementRunner(Protocol):
    """Whoever runs constants: a connection that was lent, or :class:`InTransaction` a transaction.

    What both are to run takes JSON as text and answers it as text: they know it by different means.
    """

    async def fetch(self, statement: str, /, *values: Any) -> Sequence[Mapping[str, Any]]: ...


class InTransaction:
    """Runs constants in a transaction that other statements run in, too."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, statement: str, /, *values: Any) -> Sequence[Mapping[str, Any]]:
        """The rows of the statement, whose parameters are ``$1``, ``$2`` …"""
        connection = await self._session.connection()
        found = await connection.exec_driver_sql(statement, values)
        names = tuple(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found]


_FAREWELL_SECONDS = 3
_IDLE_SECONDS = 600
_LIFE_SECONDS = 1800
"""After that a connection is replaced, and with it what the server keeps for it."""
_TIDY_SECONDS = 60


class DirectPool:
    """Connections that open when they are needed and speak JSON as Python objects; the last one used comes first.

    It is the caller who sees to it that no more are lent at a time than there may be. The driver has a pool of its own,
    which takes as long to lend a connection as PostgreSQL takes for a short statement: it starts a task for each
    return and asks the server to reset what constants do not change.
    """

    def __init__(self, url: str, settings: dict[str, str], patience: float) -> None:
        self._url = url
        self._settings = settings
        self._patience = patience
        self._idle: deque[_Idle] = deque()
        self._tidying: asyncio.TimerHandle | None = None
        self._lent: set[asyncpg.Connection] = set()
        self._all_back = asyncio.Event()
        self._farewells: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.watchers: list[Callable[[Any], None]] = []
        """Instruments that are told of every statement, as the driver's query loggers are."""

    async def take(self) -> asyncpg.Connection:
        """A connection that nobody else has; to be given back.

        Raises:
            OSError, TimeoutError, asyncpg.InterfaceError: the database is away, or the pool is closed.
        """
        if self._is_closed:
            raise asyncpg.InterfaceError("the pool is closed")
        connection = self._rested() or await self._open()
        self._lent.add(connection)
        for watcher in self.watchers:
            connection.add_query_logger(watcher)
        return connection

    def give_back(self, connection: asyncpg.Connection, error: BaseException | None) -> asyncio.Task[None] | None:
        """After a block that ended with this error; what is still to be awaited before another one may be lent.

        Whatever the server or we have refused is over; after anything else a statement may still be running.
        """
        self._lent.discard(connection)
        if not self._lent and self._is_closed:
            self._all_back.set()
        for watcher in self.watchers:
            connection.remove_query_logger(watcher)
        if connection.is_closed():
            connection.terminate()  # no word to the server: it ends the timers of what was prepared
            return None
        is_sound = error is None or isinstance(error, (asyncpg.PostgresError, ModelyardError))
        if not is_sound or connection.is_in_transaction():
            return self._retire(connection)
        now = asyncio.get_running_loop().time()
        if self._is_closed or now > connection.ends_at:
            self._retire(connection)
            return None
        self._idle.append(_Idle(connection, now))
        if self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(_TIDY_SECONDS, self._tidy)
        return None

    async def close(self) -> None:
        """End all connections; those that are lent as soon as they are given back, or a moment later."""
        self._is_closed = True
        if self._tidying is not None:
            self._tidying.cancel()
        while self._idle:
            self._retire(self._idle.pop().connection)
        if self._lent:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self._all_back.wait()
        for connection in self._lent:
            connection.terminate()
        if self._farewells:
            await asyncio.wait(self._farewells)

    def _rested(self) -> asyncpg.Connection | None:
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
            command_timeout=self._patience,
            server_settings=self._settings,
        )
        connection.ends_at = asyncio.get_running_loop().time() + _LIFE_SECONDS
        try:
            await connection.set_type_codec("jsonb", encoder=_dump, decoder=orjson.loads, schema="pg_catalog")
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _tidy(self) -> None:
        self._tidying = None
        now = asyncio.get_running_loop().time()
        while self._idle and self._idle[0].since + _IDLE_SECONDS < now:
            self._retire(self._idle.popleft().connection)
        if self._idle:
            self._tidying = asyncio.get_running_loop().call_later(_TIDY_SECONDS, self._tidy)

    def _retire(self, connection: asyncpg.Connection) -> asyncio.Task[None]:
        farewell = asyncio.get_running_loop().create_task(_part(connection), context=Context())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
        return farewell


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no type hints
    """Knows when it is to be replaced."""

    __slots__ = ("ends_at",)
    ends_at: float


class _Idle(NamedTuple):
    connection: asyncpg.Connection
    since: float


async def _part(connection: asyncpg.Connection) -> None:
    """End what a connection is doing, and the connection."""
    try:
        await connection.close(timeout=_FAREWELL_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()
