"""Requests that share a transaction: each has its own outcome, whatever the others are."""

from __future__ import annotations

import asyncio

import pytest

from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.errors import Busy, Unavailable


class Refused(Exception):
    pass


@pytest.fixture
async def db(migrated):
    database = Database(migrated.database_url, pool=2)
    yield database
    await database.close()


@pytest.fixture
def groups():
    """What was written together, in order."""
    return []


@pytest.fixture
def commit(groups):
    async def write(_db, requests):
        groups.append(list(requests))
        await asyncio.sleep(0.01)
        if "poison" in requests:
            raise ValueError("poison")
        if "down" in requests:
            raise Unavailable("down")
        return [Refused(request) if request == "refused" else f"{request}!" for request in requests]

    return GroupCommit(write, at_once=1, most=4)


async def test_first_request_is_written_at_once_and_waiting_ones_as_one_batch(db, commit, groups):
    assert await asyncio.gather(*(commit(db, f"{n}") for n in range(6))) == [f"{n}!" for n in range(6)]
    assert groups == [["0", "1", "2", "3"], ["4", "5"]]
    assert await commit(db, "alone") == "alone!"


async def test_each_request_has_its_own_outcome(db, commit):
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "refused"), commit(db, "b"), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == ("a!", "b!")
    assert isinstance(outcomes[1], Refused)


async def test_failed_batch_is_written_request_by_request(db, commit, groups):
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "poison"), commit(db, "b"), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == ("a!", "b!")
    assert isinstance(outcomes[1], ValueError)
    assert groups == [["a", "poison", "b"], ["a"], ["poison"], ["b"]]


async def test_unavailable_database_fails_the_batch_without_retries(db, commit, groups):
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "down"), return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert groups == [["a", "down"]]


async def test_cancelled_caller_withdraws_only_its_own_request(db, commit, groups):
    first = asyncio.create_task(commit(db, "first"))
    await asyncio.sleep(0.005)
    waiting = [asyncio.create_task(commit(db, name)) for name in ("gone", "stays")]
    await asyncio.sleep(0)
    waiting[0].cancel()
    first.cancel()
    assert await waiting[1] == "stays!"
    assert groups == [["first"], ["stays"]]


async def test_request_that_arrives_as_a_commit_ends_is_written(db):
    async def write(_db, requests):
        return requests

    commit = GroupCommit(write, at_once=1)

    async def again_and_again(name):
        for number in range(200):
            assert await commit(db, (name, number)) == (name, number)

    async with asyncio.timeout(10):
        await asyncio.gather(*(again_and_again(name) for name in range(5)))


async def test_request_for_a_locked_row_fails_no_other(db, groups):
    async def write(_db, requests):
        groups.append(list(requests))
        await asyncio.sleep(0.01)
        if "held" in requests:
            raise Busy("held")
        return requests

    commit = GroupCommit(write, at_once=1)
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "held"), return_exceptions=True)
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], Busy)
    assert groups == [["a", "held"], ["a"], ["held"]]
