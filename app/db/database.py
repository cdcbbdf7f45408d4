"""Connections and transactions; the only module that commits.

``read()`` gives a :data:`Snapshot`: every statement is its own read-only
transaction, and PostgreSQL itself refuses a write through it. ``write()`` gives
a :data:`Tx`: one transaction, committed when the block ends without an error.
A step that needs to write asks for a ``Tx``, so the type checker refuses a
``Snapshot`` there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, NewType, cast
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app import faults
from app.db import refusals
from app.db.change_context import TellingConnection
from app.db.direct_pool import DirectPool
from app.db.pauses import pause
from app.db.pool_queue import PoolQueue
from app.db.statements import Statement
from app.disk_space import DiskSpace
from app.errors import Busy, Conflict, Invalid, OutcomeUnknown, StorageFull, Unavailable

log = structlog.get_logger()
Snapshot = NewType("Snapshot", AsyncSession)
Tx = NewType("Tx", Snapshot)

_ANSWER_SECONDS = 1.5
"""Seconds that the client waits for an answer beyond the time after which the server cancels a statement."""
_BY_INDEX = {"enable_seqscan": "off"}
"""For constants, whose plans are kept: one that was made while a table was small reads all of it when it has grown."""
WRITES = "writes"
"""Key in the ``info`` of sessions that can write: what they have read may be undone when they fail."""
ENQUEUED = "enqueued jobs"
"""Key in a transaction's ``info`` under which the outbox notes the jobs that it has written."""
_FULL_STATES = {"53100"}
"""Disk full: the statement wrote nothing, and what ran before it in its transaction is undone."""
_LOST_CLASSES = ("08", "57P")
"""Connection exception, server going down: as answers to a commit they do not tell whether it was made."""
_UNAVAILABLE_CLASSES = ("08", "28", "53", "57")
"""SQLSTATE classes: connection exception, refused user or password, insufficient resources, operator intervention (with
cancelled statements)."""
_BUSY_STATES = {"40001", "40P01", "55P03"}
"""Serialisation failure, deadlock, lock not available: nothing was written, the caller may repeat."""
_TRY_LOCK = Statement("db.try_lock", "Take an advisory lock unless it is held.", "SELECT pg_try_advisory_lock(:lock)")
_EXPORT_SNAPSHOT = Statement("db.export_snapshot", "Name the snapshot for others.", "SELECT pg_export_snapshot()")
_PING = Statement("db.ping", "Whether the server answers.", "SELECT 1")


class Database:
    """Two pools over one PostgreSQL: one that only reads, one that writes."""

    def __init__(
        self,
        url: str,
        *,
        pool: int = 10,
        statement_timeout_ms: int = 5000,
        name: str = "modelyard",
        announce: Callable[[Sequence[UUID]], None] | None = None,
        room: DiskSpace | None = None,
    ) -> None:
        """Prepare both pools; connects at first use. ``room`` is the space on the disk of the database.

        ``announce`` is called after a commit with the background jobs that the transaction enqueued. It must not block.
        """
        self._announce, self._url = announce, async_url(url)
        self.room = room or DiskSpace("the database")
        server_settings = {
            "application_name": name,
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": str(statement_timeout_ms),
            "lock_timeout": "2000",
            "idle_in_transaction_session_timeout": "15000",
        }
        read_settings = server_settings | {"default_transaction_read_only": "on"}
        # The client's own limit is for a server that cannot even cancel: one that hangs, or whose network is cut.
        limit = statement_timeout_ms / 1000 + _ANSWER_SECONDS
        self._write_engine = _engine(url, pool, server_settings, limit, connection_class=TellingConnection)
        self._read_engine = _engine(url, pool, read_settings, limit, isolation_level="AUTOCOMMIT")
        self._writers, self._readers = PoolQueue(pool), PoolQueue(pool)
        self._direct = DirectPool(driver_url(url), server_settings | _BY_INDEX, limit)
        self._direct_queue, self._priority_queue = PoolQueue(pool), PoolQueue(1)
        self._lock_engine = create_async_engine(
            async_url(url),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"server_settings": read_settings, "timeout": 3, "command_timeout": limit},
        )

    @property
    def engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        """Reader and writer, for instruments that watch statements."""
        return self._read_engine, self._write_engine

    @property
    def watchers(self) -> list[Callable[[Any], None]]:
        """The same for statements that go straight to the driver."""
        return self._direct.watchers

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Snapshot]:
        """Open a view that cannot write.

        Raises:
            Unavailable: the database is away or has no connection to spare.
        """
        async with self._readers, _translated(self.room), AsyncSession(self._read_engine, autoflush=False) as session:
            yield Snapshot(session)
        await pause()

    @asynccontextmanager
    async def write(self, *, grows: bool = False) -> AsyncIterator[Tx]:
        """Open a transaction; commit at the end of the block, roll back on any error.

        ``grows`` says that it adds rows that come in large numbers (candidates, files): such a transaction is refused
        before the disk is full to the last byte, so that there is space for deletions.

        Raises:
            Unavailable: the database is away, busy or locked; nothing was written.
            StorageFull: its disk is full; nothing was written.
            OutcomeUnknown: the connection was lost in the commit.
        """
        if grows:
            self.room.require()
        async with self._writers, _translated(self.room), self._session() as session:
            await session.begin()
            yield Tx(Snapshot(session))
            await _commit(session)
            self.room.accepted()
            enqueued = session.info.get(ENQUEUED)
            if enqueued and self._announce is not None:
                await faults.point("promise.committed")
                self._announce(enqueued)

    def direct(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Lend a connection of the driver, for statements that are constants; each commits by itself.

        Raises:
            Unavailable: the database is away, busy or locked; the last statement wrote nothing.
        """
        return _Lent(self._direct_queue, self._direct, self.room)

    def committing(self, *, grows: bool = True) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """As :meth:`direct`, for statements that write; ``grows`` is that of :meth:`write`.

        Raises:
            Unavailable: the database is away, busy or locked; the last statement wrote nothing.
            StorageFull: its disk is full; the last statement wrote nothing.
            OutcomeUnknown: the connection was lost while the last statement ran.
        """
        if grows:
            self.room.require()
        return _Lent(self._direct_queue, self._direct, self.room, is_committing=True)

    def priority_connection(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """As :meth:`direct`, with one slot in a queue of its own: for the one read that every request begins with.

        So a request learns whether access has changed even while all other connections are lent.
        """
        return _Lent(self._priority_queue, self._direct, self.room)

    def _session(self) -> AsyncSession:
        return AsyncSession(self._write_engine, expire_on_commit=False, autoflush=False, info={WRITES: True})

    @asynccontextmanager
    async def advisory_lock(self, lock: int) -> AsyncIterator[bool]:
        """Hold an advisory lock on a connection of its own while the block runs; gives False when another process has
        it.

        The lock ends with the connection, whatever happens to this process. If the database restarts meanwhile, the
        block goes on without it: work under the lock must be correct, if wasteful, when two processes do it at once.

        Raises:
            Unavailable: the database is away.
        """
        async with _translated(), AsyncSession(self._lock_engine, autoflush=False) as session:
            yield bool(await _TRY_LOCK.fetch_value(session, lock=lock))

    @asynccontextmanager
    async def exported_snapshot(self) -> AsyncIterator[tuple[Snapshot, str]]:
        """Open one view of this moment while the block runs, and give its name to processes that read the same view
        (PostgreSQL: ``pg_export_snapshot``, ``pg_dump --snapshot``). On a connection of its own, without time limits.

        Raises:
            Unavailable: the database is away.
        """
        unlimited = {"default_transaction_read_only": "on", "timezone": "UTC", "jit": "off"}
        engine = create_async_engine(
            self._url,
            poolclass=NullPool,
            isolation_level="REPEATABLE READ",
            connect_args={"server_settings": unlimited, "timeout": 10},
        )
        async with _translated(), AsyncSession(engine, autoflush=False) as session, session.begin():
            yield Snapshot(session), str(await _EXPORT_SNAPSHOT.fetch_value(session))

    async def ping(self) -> None:
        """Check that the database answers.

        Raises:
            Unavailable: it does not.
        """
        async with self.read() as snap:
            await _PING.fetch_value(snap)

    async def close(self) -> None:
        """End all connections."""
        await self._read_engine.dispose()
        await self._write_engine.dispose()
        await self._lock_engine.dispose()
        await self._direct.close()


def async_url(url: str) -> str:
    """The same address with the driver named, whatever spelling the environment used."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def driver_url(url: str) -> str:
    """The same address as the driver alone understands it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _engine(
    url: str,
    pool: int,
    server_settings: dict[str, str],
    limit: float,
    connection_class: type[asyncpg.Connection] = asyncpg.Connection,
    **options: Any,
) -> AsyncEngine:
    engine = create_async_engine(
        async_url(url),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=2,
        pool_recycle=1800,
        connect_args={
            "server_settings": server_settings,
            "timeout": 3,
            "command_timeout": limit,
            "connection_class": connection_class,
        },
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """Let the pool replace a connection that the server has closed; asks the socket, not the server."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("the server closed this connection")


class _Lent:
    """A connection for the block, once the queue lets the caller in."""

    def __init__(self, queue: PoolQueue, pool: DirectPool, room: DiskSpace, *, is_committing: bool = False) -> None:
        self._queue = queue
        self._pool = pool
        self._room = room
        self._is_committing = is_committing

    async def __aenter__(self) -> asyncpg.Connection:
        await self._queue.__aenter__()
        try:
            self._connection = await self._pool.take()
        except BaseException as error:
            self._queue.leave()
            _raise_translated(error, self._room)
            raise
        return self._connection

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        ending = self._pool.give_back(self._connection, error)
        if ending is None:
            self._queue.leave()
        else:
            ending.add_done_callback(lambda _ending: self._queue.leave())
        if error is None:
            if self._is_committing:
                self._room.accepted()
            await pause()
            return
        if self._is_committing and _is_lost(error):
            raise OutcomeUnknown from error
        _raise_translated(error, self._room)


async def _commit(session: AsyncSession) -> None:
    """Commit; a lost answer to the commit is another error than a refused commit."""
    try:
        await session.commit()
    except Exception as error:
        if _is_lost(error):
            raise OutcomeUnknown from error
        raise


def _is_lost(error: BaseException) -> bool:
    """Whether a statement that was sent had no answer.

    An error with a state of its own is an answer: PostgreSQL has undone the transaction before it says so. A server
    that goes down may say that after the commit.
    """
    match error:
        case DBAPIError(orig=cause) if cause is not None:
            state = str(getattr(cause, "sqlstate", None) or "")
            return state.startswith(_LOST_CLASSES) or (not state and error.connection_invalidated)
        case asyncpg.PostgresError():
            return str(error.sqlstate or "08").startswith(_LOST_CLASSES)
        case asyncpg.InterfaceError():
            return False  # the driver had nothing to send it on
        case _:
            return isinstance(error, OSError | TimeoutError | asyncpg.InternalClientError)


@asynccontextmanager
async def _translated(room: DiskSpace | None = None) -> AsyncIterator[None]:
    try:
        yield
    except Exception as error:
        _raise_translated(error, room)
        raise


def _raise_translated(error: BaseException, room: DiskSpace | None = None) -> None:
    """Raise the product's own error for an error of the driver; returns for any other error."""
    if (refusal := refusals.explained(error)) is not None:
        raise refusal from error
    match error:
        case DBAPIError():
            state = cast("str | None", getattr(error.orig, "sqlstate", None)) or ""
            raise _explained(error, state, room, is_broken=error.connection_invalidated) from error
        case asyncpg.PostgresError():
            raise _explained(error, str(error.sqlstate or ""), room, is_broken=not error.sqlstate) from error
        # The last of these is what the driver says when the server ended a connection just before it was used.
        case PoolTimeout() | TimeoutError():
            raise _away(error, None) from error
        case OSError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
            raise _away(error, room) from error
        case UnicodeEncodeError():
            raise Invalid("The text holds a lone surrogate (half of a UTF-16 pair), which cannot be stored.") from error


def _explained(error: Exception, state: str, room: DiskSpace | None, *, is_broken: bool) -> Exception:
    if state in _FULL_STATES:
        return StorageFull() if room is None else room.full()
    if is_broken or state.startswith(_UNAVAILABLE_CLASSES) or state == "25006":
        is_lost = is_broken or state.startswith(_LOST_CLASSES)
        return _away(error, room if is_lost else None)
    if state in _BUSY_STATES:
        return Busy("Another request is changing the same thing; nothing was written, try again shortly.")
    if state.startswith("23"):
        return Conflict("Another request changed the same thing at the same moment; read it again and repeat.")
    cause = getattr(error, "orig", error)
    if state.startswith("22") or "DataError" in type(cause).__name__ or state == "":
        return Invalid("A value cannot be stored: text must not hold NUL characters, numbers must fit 64 bits.")
    return error


def _away(error: BaseException, room: DiskSpace | None) -> Unavailable:
    """The error for a database that does not answer; ``room`` is given where its process has ended.

    It ends when it needs the next piece of its log and its disk is full.
    """
    log.warning(
        "database.unavailable", error=str(getattr(error, "orig", None) or error)[:300], kind=type(error).__name__
    )
    if room is not None and room.explains():
        return StorageFull(room.explain())
    return Unavailable("The database cannot be reached at the moment; try again shortly.")
