"""A version moves between stages by one step: with expectations, room for one, and a history."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.errors import Invalid
from app.registry.stages.definitions import UnknownStage
from app.registry.stages.moves import StageMoved
from app.registry.versions import delete
from app.registry.versions.states import VersionNotReady
from tests.support.registry import moves
from tests.support.registry.versions import create_version


async def intervals(rack, table="stage_intervals"):
    """Stage, version, whether it stands, who, why it began and ended; oldest first."""
    statement = text(
        "select s.name, i.version, i.valid_until is null, i.set_by_name, i.reason, i.ended_by_name, i.ended_reason"
        " from stage_intervals i join project_stages s on s.project_id = i.project_id and s.id = i.stage_id"
        " where i.project_id = :p order by i.id"
    )
    async with rack.db.read() as snap:
        return [tuple(row) for row in await snap.execute(statement, {"p": rack.project.id})]


async def held(rack):
    """What each stage stood for: stage, number of the version, whether it does now; in order of time, without gaps."""
    statement = text(
        "select s.name, v.number, h.valid_until is null, h.valid_from, h.valid_until from stage_holders h"
        " join project_stages s on s.project_id = h.project_id and s.id = h.stage_id"
        " join stage_intervals v on v.project_id = h.project_id and v.id = h.interval_id"
        " where h.project_id = :p order by s.position, h.valid_from"
    )
    async with rack.db.read() as snap:
        rows = [tuple(row) for row in await snap.execute(statement, {"p": rack.project.id})]
    for earlier, later in pairwise(rows):
        if earlier[0] == later[0]:
            assert earlier[4] is not None and earlier[4] <= later[3]
    return [row[:3] for row in rows]


async def test_a_version_that_enters_makes_the_others_leave_and_all_is_kept(rack):
    await rack.add("1.0.0", "1.1.0")
    who = rack.project.owner.username
    await rack.move("1.0.0", "production", reason="first")
    moved = await rack.move("1.1.0", "production", reason="better")
    assert moved.stage == "production" and await rack.means("stage:production") == "1.1.0"
    assert await intervals(rack) == [
        ("production", "1.0.0", False, who, "first", who, "It made room for 1.1.0."),
        ("archived", "1.0.0", True, who, "It made room for 1.1.0.", None, None),
        ("production", "1.1.0", True, who, "better", None, None),
    ]
    assert await held(rack) == [("production", 1, False), ("production", 2, True), ("archived", 1, True)]


async def test_a_stage_with_several_stands_for_the_highest_release(rack):
    await rack.add("1.0.0", "2.0.0-rc.1", "1.1.0")
    for reference in ("2.0.0-rc.1", "1.1.0", "1.0.0"):
        await rack.move(reference, "staging", keep_others=True)
    assert await rack.means("stage:staging") == "1.1.0"
    await rack.move("1.1.0", "none")
    assert await rack.means("stage:staging") == "1.0.0"
    assert await held(rack) == [("staging", 2, False), ("staging", 3, False), ("staging", 1, True)]


async def test_what_is_expected_of_the_stage_is_compared(rack):
    await rack.add("1.0.0", "1.1.0")
    await rack.move("1.0.0", "production", expected_current=0)
    for expected in (0, 2):
        with pytest.raises(StageMoved, match=r"stands for number 1 \(1\.0\.0\)"):
            await rack.move("1.1.0", "production", expected_current=expected)
    await rack.move("1.1.0", "production", expected_current=1)
    with pytest.raises(StageMoved, match="holds no version"):
        await rack.move("1.1.0", "staging", expected_current=2)


async def test_of_two_that_expect_the_same_one_wins(rack):
    await rack.add(*(f"1.{minor}.0" for minor in range(9)))
    await rack.move("1.0.0", "production")
    racing = [rack.move(f"1.{minor}.0", "production", expected_current=1) for minor in range(1, 9)]
    results = await asyncio.gather(*racing, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ModelVersion", *["StageMoved"] * 7]
    standing = [row for row in await intervals(rack) if row[0] == "production" and row[2]]
    assert len(standing) == 1


async def test_racing_moves_without_expectation_leave_one_history(rack):
    await rack.add(*(f"1.{minor}.0" for minor in range(6)))
    await asyncio.gather(
        *(rack.move(f"1.{minor}.0", stage) for minor in range(6) for stage in ("staging", "production"))
    )
    assert sum(1 for row in await intervals(rack) if row[2]) == 6
    assert len([row for row in await held(rack) if row[2]]) == len({row[0] for row in await held(rack) if row[2]})


async def test_the_same_again_changes_nothing(rack):
    await rack.add("1.0.0")
    await rack.move("1.0.0", "staging")
    before = await intervals(rack)
    await rack.move("1.0.0", "Staging", reason="again")
    assert await intervals(rack) == before


async def test_a_version_that_is_not_ready_enters_no_guarded_stage(rack, runtime):
    pushed = await create_version(runtime, rack.project, is_open=True)
    with pytest.raises(VersionNotReady, match="enter the stage"):
        await moves.set_stage(rack.db, rack.project.owner, rack.project.id, pushed.id, "production")
    await moves.set_stage(rack.db, rack.project.owner, rack.project.id, pushed.id, "archived")


async def test_an_unknown_stage_names_those_that_there_are(rack):
    await rack.add("1.0.0")
    with pytest.raises(UnknownStage, match="none, staging, production, archived"):
        await rack.move("1.0.0", "live")
    with pytest.raises(Invalid):
        await rack.move("1.0.0", "staging", reason="x" * 2001)


async def test_a_deleted_version_leaves_its_stage_and_the_history_says_so(rack):
    await rack.add("1.0.0")
    moved = await rack.move("1.0.0", "production")
    await delete.delete(rack.db, rack.project.people[Role.MAINTAINER].actor, rack.project.id, moved.id)
    assert (await intervals(rack))[0][2:] == (
        False, rack.project.owner.username, "", rack.project.people[Role.MAINTAINER].actor.username,
        "The version was deleted.",
    )  # fmt: skip
    assert await held(rack) == [("production", 1, False)]


async def test_history_goes_forward_when_the_clock_goes_back(rack):
    await rack.add("1.0.0", "1.1.0")
    await rack.move("1.0.0", "staging")
    async with rack.db.write() as tx:
        for table in ("stage_intervals", "stage_holders"):
            ahead = f"update {table} set valid_from = valid_from + interval '1 hour' where project_id = :p"
            await tx.execute(text(ahead), {"p": rack.project.id})
    await rack.move("1.1.0", "staging")
    assert [row[:3] for row in await held(rack)] == [("staging", 1, False), ("staging", 2, True), ("archived", 1, True)]
