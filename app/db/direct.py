"""Single statements straight to the driver, for calls that come by the thousand.

Building a statement from objects and mapping its rows back costs several times what PostgreSQL needs to run it. Here
the SQL is a constant, prepared once per connection, and each statement is a transaction of its own unless
``connection.transaction()`` says otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession


class Statements(Protocol):
    """Whoever runs constants: a connection that was lent, or :class:`Within` a transaction.

    What both are to run takes JSON as text and answers it as text: they know it by different means.
    """

    async def fetch(self, statement: str, /, *values: Any) -> Sequence[Mapping[str, Any]]: ...


class Within:
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


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no type hints
    def get_reset_query(self) -> str:
        """Nothing: constants prepare and change no session, and the question would double the round trips."""
        return ""


class DirectPool:
    """A pool that opens at its first use, and whose connections speak JSON as Python objects."""

    def __init__(self, url: str, places: int, settings: dict[str, str], patience: float) -> None:
        self._url = url
        self._places = places
        self._settings = settings
        self._patience = patience
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self.watchers: list[Callable[[Any], None]] = []
        """Instruments that are told of every statement, as the driver's query loggers are."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection."""
        pool = self._pool or await self._open()
        connection = await pool.acquire()
        watchers = tuple(self.watchers)
        for watcher in watchers:
            connection.add_query_logger(watcher)
        try:
            yield connection
        finally:
            for watcher in watchers:
                connection.remove_query_logger(watcher)
            await pool.release(connection)

    async def close(self) -> None:
        """End all connections; those that are lent as soon as they are given back, or a moment later."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._places,
                    max_inactive_connection_lifetime=600,
                    connection_class=_Connection,
                    init=_speak_json,
                    timeout=3,
                    command_timeout=self._patience,
                    server_settings=self._settings,
                )
            return self._pool


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=_dump, decoder=orjson.loads, schema="pg_catalog")


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()
