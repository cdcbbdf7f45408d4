"""The journal: positions in it, and how long it is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.errors import Invalid
from app.journal import events
from app.journal.positions import BEGINNING, Cursor, Position
from app.registry import models
from app.registry.models import CreateModel


@pytest.mark.parametrize(
    ("mark", "shown", "hidden"),
    [
        ("10:10:", [1, 9], [10, 11]),
        ("10:20:10,15", [9, 11, 14, 19], [10, 15, 20, 21]),
        ("1:1:", [], [1, 2]),
    ],
)
def test_position_shows_transactions_that_had_ended(mark, shown, hidden):
    assert all(Position(mark).shows(one) for one in shown)
    assert not any(Position(mark).shows(one) for one in hidden)


async def test_positions_agree_with_postgresql(runtime):
    statement = text(
        "SELECT pg_visible_in_snapshot(CAST(CAST(:id AS text) AS xid8), CAST(CAST(:mark AS text) AS pg_snapshot))"
    )
    async with runtime.db.read() as snap:
        for mark in ("10:10:", "10:20:10,15"):
            for id in range(8, 23):
                assert await snap.scalar(statement, {"id": str(id), "mark": mark}) == Position(mark).shows(id)


def test_later_of_two_positions():
    early, late = Position("5:9:7"), Position("7:12:")
    assert early.or_later(late) == late.or_later(early) == late
    assert BEGINNING.or_later(early) == early


def test_cursors_survive_text():
    cursor = Cursor(Position("5:9:7"), Position("7:12:8,9"), (11, 4), made_at=1_700_000_000.0)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "mark",
    ["9:5:", "5:9:4", "5:9:9", "5:9:7,6", "5:9:7,7", "0:1:", "-1:1:", "5:9", "5:9:x", "5:9:7,", "9" * 30 + ":1:"],
)
def test_impossible_positions_are_refused(mark):
    with pytest.raises(Invalid):
        Cursor.parse(str(Cursor(Position(mark), BEGINNING)))


async def test_old_events_are_removed(runtime, project):
    await models.create(runtime.db, project.owner, project.id, CreateModel("old"))
    async with runtime.db.write() as tx:
        await tx.execute(
            text("UPDATE project_events SET at = at - interval '16 minutes' WHERE project_id = :id"), {"id": project.id}
        )
    await models.create(runtime.db, project.owner, project.id, CreateModel("new"))
    assert await events.remove_old(runtime.db) >= 1
    async with runtime.db.read() as snap:
        _, rows = await events.since(snap, [project.id], BEGINNING, 10)
    assert [one.type for one in rows] == ["MODEL_CREATED"]
