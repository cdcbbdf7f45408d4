"""Callers who share a transaction: each has its own outcome, whatever the others wish."""

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
    async def write(_db, wishes):
        groups.append(list(wishes))
        await asyncio.sleep(0.01)
        if "poison" in wishes:
            raise ValueError("poison")
        if "down" in wishes:
            raise Unavailable("down")
        return [Refused(wish) if wish == "refused" else f"{wish}!" for wish in wishes]

    return GroupCommit(write, at_once=1, most=4)


async def test_nobody_waits_for_company_and_all_who_wait_go_together(db, commit, groups):
    assert await asyncio.gather(*(commit(db, f"{n}") for n in range(6))) == [f"{n}!" for n in range(6)]
    assert groups == [["0", "1", "2", "3"], ["4", "5"]]
    assert await commit(db, "alone") == "alone!"


async def test_each_has_its_own_outcome(db, commit):
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "refused"), commit(db, "b"), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == ("a!", "b!")
    assert isinstance(outcomes[1], Refused)


async def test_what_fails_all_is_tried_one_by_one(db, commit, groups):
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "poison"), commit(db, "b"), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == ("a!", "b!")
    assert isinstance(outcomes[1], ValueError)
    assert groups == [["a", "poison", "b"], ["a"], ["poison"], ["b"]]


async def test_a_database_that_is_away_is_not_asked_again(db, commit, groups):
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "down"), return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert groups == [["a", "down"]]


async def test_who_goes_away_takes_only_the_own_wish_along(db, commit, groups):
    first = asyncio.create_task(commit(db, "first"))
    await asyncio.sleep(0.005)
    waiting = [asyncio.create_task(commit(db, name)) for name in ("gone", "stays")]
    await asyncio.sleep(0)
    waiting[0].cancel()
    first.cancel()
    assert await waiting[1] == "stays!"
    assert groups == [["first"], ["stays"]]


async def test_nobody_is_forgotten_who_comes_as_a_transaction_ends(db):
    async def write(_db, wishes):
        return wishes

    commit = GroupCommit(write, at_once=1)

    async def again_and_again(name):
        for number in range(200):
            assert await commit(db, (name, number)) == (name, number)

    async with asyncio.timeout(10):
        await asyncio.gather(*(again_and_again(name) for name in range(5)))


async def test_what_somebody_holds_fails_nobody_else(db, groups):
    async def write(_db, wishes):
        groups.append(list(wishes))
        await asyncio.sleep(0.01)
        if "held" in wishes:
            raise Busy("held")
        return wishes

    commit = GroupCommit(write, at_once=1)
    outcomes = await asyncio.gather(commit(db, "a"), commit(db, "held"), return_exceptions=True)
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], Busy)
    assert groups == [["a", "held"], ["a"], ["held"]]
