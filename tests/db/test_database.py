"""Transactions: what they refuse, what they promise, and what happens when the server goes away."""

from __future__ import annotations

import os
import signal
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.access import tables
from app.db.database import Database
from app.errors import Invalid, Unavailable
from app.queue import outbox
from app.registry.background_jobs import PurgeModel


@pytest.fixture
async def announced():
    return []


@pytest.fixture
async def db(migrated, announced):
    database = Database(migrated.database_url, pool=2, statement_timeout_ms=500, announce=announced.extend)
    yield database
    await database.close()


async def test_reading_cannot_write(db):
    with pytest.raises((DBAPIError, Unavailable)):
        async with db.read() as snap:
            await snap.execute(text("CREATE TABLE never (id int)"))
    async with db.read() as snap:
        assert await snap.scalar(text("SELECT to_regclass('never')")) is None


async def test_jobs_are_announced_only_after_the_commit(db, announced, project):
    async with db.write() as tx:
        job_id = await outbox.enqueue(tx, PurgeModel(project.id, 7), project_id=project.id)
        assert announced == []
    assert announced == [job_id]
    with pytest.raises(ZeroDivisionError):
        async with db.write() as tx:
            await outbox.enqueue(tx, PurgeModel(project.id, 8), project_id=project.id)
            raise ZeroDivisionError
    assert announced == [job_id]


async def test_slow_statements_are_ended(db):
    with pytest.raises(Unavailable):
        async with db.read() as snap:
            await snap.execute(text("SELECT pg_sleep(5)"))
    await db.ping()


async def test_terminated_connections_are_replaced(db, runtime):
    async with db.read() as snap:
        pid = await snap.scalar(text("SELECT pg_backend_pid()"))
    async with runtime.db.write() as tx:
        await tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    for _ in range(3):
        try:
            await db.ping()
            break
        except Unavailable:
            continue
    await db.ping()


async def test_hanging_server_is_unavailable_after_the_time_limit(db):
    async with db.read() as snap:
        pid = await snap.scalar(text("SELECT pg_backend_pid()"))
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(Unavailable):
            await db.ping()
        assert time.monotonic() - began < 7
    finally:
        os.kill(pid, signal.SIGCONT)
    await db.ping()


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
async def test_text_that_cannot_be_stored_is_invalid(db, value):
    with pytest.raises(Invalid):
        async with db.read() as snap:
            await snap.scalar(text("SELECT CAST(:value AS text)"), {"value": value})


def test_rows_have_no_lazy_relationships():
    assert not [mapper for mapper in tables.Row.registry.mappers if mapper.relationships]
