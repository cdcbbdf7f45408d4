"""Connections for constant statements: a doubtful one is not lent again, and callers wait no longer than needed."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from app.db.database import Database
from app.errors import Busy, Conflict, NotFound, Unavailable

BACKEND = "SELECT pg_backend_pid()"
ASLEEP = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state = 'active' AND query LIKE '%sleep%'"
)


@pytest.fixture
async def db(migrated):
    database = Database(migrated.database_url, pool=1, statement_timeout_ms=5000, name="test-direct")
    yield database
    await database.close()


async def backend(db: Database) -> int:
    async with db.direct() as connection:
        return await connection.fetchval(BACKEND)


async def test_connection_is_reused(db):
    assert await backend(db) == await backend(db)


async def test_connection_is_reused_after_a_refused_statement(db):
    first = await backend(db)
    with pytest.raises(Conflict):
        async with db.direct() as connection:
            await connection.execute("INSERT INTO access_epoch SELECT * FROM access_epoch")
    with pytest.raises(NotFound):
        async with db.direct() as connection:
            await connection.fetchval(BACKEND)
            raise NotFound("nobody")
    assert await backend(db) == first


async def test_slot_is_free_once_a_cancelled_statement_has_ended(db, runtime):
    first = await backend(db)

    async def wait() -> None:
        async with db.direct() as connection:
            await connection.execute("SELECT pg_sleep(4)")

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    began = time.monotonic()
    assert await backend(db) != first
    assert time.monotonic() - began < 2
    async with runtime.db.direct() as connection:
        assert await connection.fetchval(ASLEEP, "test-direct") == 0


async def test_connection_with_an_open_transaction_is_not_reused(db):
    async with db.direct() as connection:
        first = await connection.fetchval(BACKEND)
        await connection.execute("BEGIN")
        await connection.execute("UPDATE access_epoch SET transaction = transaction")
    async with db.direct() as connection:
        assert await connection.fetchval(BACKEND) != first
        assert not connection.is_in_transaction()
        await connection.execute("UPDATE access_epoch SET transaction = transaction")  # no other holds the row


async def test_connection_that_the_server_ended_is_replaced(db, runtime):
    first = await backend(db)
    async with runtime.db.direct() as connection:
        assert await connection.fetchval("SELECT pg_terminate_backend($1)", first)
    await asyncio.sleep(0.2)
    assert await backend(db) != first


async def test_connection_that_ends_while_lent_is_unavailable(db, runtime):
    with pytest.raises(Unavailable):
        async with db.direct() as connection:
            mine = await connection.fetchval(BACKEND)
            async with runtime.db.direct() as other:
                await other.fetchval("SELECT pg_terminate_backend($1)", mine)
            await connection.fetchval(BACKEND)
    assert await backend(db) != mine


async def test_priority_connection_has_a_slot_of_its_own(db):
    async with db.direct() as connection:
        sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(1)"))
        began = time.monotonic()
        async with db.priority_connection() as other:
            assert await other.fetchval("SELECT 1") == 1
        assert time.monotonic() - began < 0.8
        await sleeping


async def test_locked_row_is_busy(db, runtime):
    async with runtime.db.direct() as holder, holder.transaction():
        await holder.execute("UPDATE access_epoch SET transaction = transaction")
        with pytest.raises(Busy):
            async with db.direct() as connection:
                await connection.execute("SELECT FROM access_epoch FOR UPDATE NOWAIT")


async def test_close_waits_for_lent_connections_and_lends_no_more(migrated):
    db = Database(migrated.database_url, pool=2, name="test-direct-end")
    async with db.direct() as connection:
        closing = asyncio.create_task(db.close())
        await asyncio.sleep(0.1)
        assert await connection.fetchval("SELECT 1") == 1
        with pytest.raises(Unavailable):
            async with db.direct():
                pass
    await closing
    assert connection.is_closed()


async def test_database_that_is_away_is_unavailable(migrated):
    db = Database("postgresql://nobody:nothing@127.0.0.1:1/none", pool=1)
    for _ in range(3):  # the slot is given back each time
        with pytest.raises(Unavailable):
            async with db.direct():
                pass
    await db.close()


async def test_errors_of_the_driver_about_ended_connections_are_unavailable(db):
    for way in (db.direct, db.read, db.write):
        with pytest.raises(Unavailable):
            async with way():
                raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert await backend(db)
