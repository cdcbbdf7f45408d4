"""Connections for constants: what is in doubt is not lent again, and nobody waits for more than they must."""

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


async def test_a_connection_is_lent_again(db):
    assert await backend(db) == await backend(db)


async def test_what_was_refused_is_over(db):
    first = await backend(db)
    with pytest.raises(Conflict):
        async with db.direct() as connection:
            await connection.execute("INSERT INTO access_epoch SELECT * FROM access_epoch")
    with pytest.raises(NotFound):
        async with db.direct() as connection:
            await connection.fetchval(BACKEND)
            raise NotFound("nobody")
    assert await backend(db) == first


async def test_a_cancelled_statement_ends_and_the_next_one_comes_after_it(db, runtime):
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


async def test_a_transaction_that_was_left_open_is_not_handed_on(db):
    async with db.direct() as connection:
        first = await connection.fetchval(BACKEND)
        await connection.execute("BEGIN")
        await connection.execute("UPDATE access_epoch SET transaction = transaction")
    async with db.direct() as connection:
        assert await connection.fetchval(BACKEND) != first
        assert not connection.is_in_transaction()
        await connection.execute("UPDATE access_epoch SET transaction = transaction")  # nobody holds the row


async def test_a_connection_that_the_server_has_ended_is_replaced(db, runtime):
    first = await backend(db)
    async with runtime.db.direct() as connection:
        assert await connection.fetchval("SELECT pg_terminate_backend($1)", first)
    await asyncio.sleep(0.2)
    assert await backend(db) != first


async def test_one_that_ends_while_it_is_lent_is_told_as_such(db, runtime):
    with pytest.raises(Unavailable):
        async with db.direct() as connection:
            mine = await connection.fetchval(BACKEND)
            async with runtime.db.direct() as other:
                await other.fetchval("SELECT pg_terminate_backend($1)", mine)
            await connection.fetchval(BACKEND)
    assert await backend(db) != mine


async def test_what_everybody_asks_first_has_a_place_of_its_own(db):
    async with db.direct() as connection:
        sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(1)"))
        began = time.monotonic()
        async with db.priority_connection() as other:
            assert await other.fetchval("SELECT 1") == 1
        assert time.monotonic() - began < 0.8
        await sleeping


async def test_a_held_row_is_busy(db, runtime):
    async with runtime.db.direct() as holder, holder.transaction():
        await holder.execute("UPDATE access_epoch SET transaction = transaction")
        with pytest.raises(Busy):
            async with db.direct() as connection:
                await connection.execute("SELECT FROM access_epoch FOR UPDATE NOWAIT")


async def test_the_end_waits_for_what_is_lent_and_lends_no_more(migrated):
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


async def test_the_database_may_be_away(migrated):
    db = Database("postgresql://nobody:nothing@127.0.0.1:1/none", pool=1)
    for _ in range(3):  # the place in line is given back each time
        with pytest.raises(Unavailable):
            async with db.direct():
                pass
    await db.close()


async def test_what_the_driver_says_of_a_connection_that_has_just_ended_is_understood(db):
    for way in (db.direct, db.read, db.write):
        with pytest.raises(Unavailable):
            async with way():
                raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert await backend(db)
