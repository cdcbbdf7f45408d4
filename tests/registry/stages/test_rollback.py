"""Going back to what stood before."""

from __future__ import annotations

import pytest

from app.access.policy import Role
from app.registry import aliases
from app.registry.aliases import AliasMoved
from app.registry.stages import rollback, rules
from app.registry.stages.protections import Kind, NameProtected
from app.registry.stages.rollback import NothingBefore
from app.registry.versions import delete


async def back(line, stage="production", **more):
    """As the use case for stages does it: read what stood before, then move."""
    async with line.db.read() as snap:
        before = await rollback.stage(snap, line.project.owner, line.project.id, "m", stage, **more)
    return await line.move(f"#{before.version.number}", stage, expected_current=before.expected_current)


def alias_back(line, name="champion", **more):
    by = more.pop("by", line.project.owner)
    return rollback.alias(line.db, by, line.project.id, "m", name, **more)


async def test_a_stage_goes_back_to_the_version_before_and_again_to_the_later_one(line):
    await line.add("1.0.0", "1.1.0")
    with pytest.raises(NothingBefore, match="no other version before"):
        await back(line)
    moments = []
    for reference in ("1.0.0", "1.1.0"):
        await line.move(reference, "production")
        moments.append(await line.now())
    await back(line)
    assert await line.means("stage:production") == "1.0.0" and await line.means("stage:archived") == "1.1.0"
    await back(line)
    assert await line.means("stage:production") == "1.1.0"
    assert [await line.means("stage:production", at) for at in moments] == ["1.0.0", "1.1.0"]


async def test_a_stage_goes_back_to_what_stood_at_a_moment(line):
    await line.add("1.0.0", "1.1.0", "1.2.0")
    begin = await line.now()
    await line.move("1.0.0", "production")
    at = await line.now()
    for reference in ("1.1.0", "1.2.0"):
        await line.move(reference, "production")
    await back(line, at=at)
    assert await line.means("stage:production") == "1.0.0"
    with pytest.raises(NothingBefore, match="stood for no version at"):
        await back(line, at=begin)


async def test_an_emptied_stage_goes_back_to_its_last_version(line):
    await line.add("1.0.0")
    await line.move("1.0.0", "production")
    await line.move("1.0.0", "none")
    await back(line)
    assert await line.means("stage:production") == "1.0.0"


async def test_what_was_deleted_is_not_put_back(line):
    await line.add("1.0.0", "1.1.0")
    first = await line.move("1.0.0", "production")
    await line.move("1.1.0", "production")
    await delete.delete(line.db, line.project.owner, line.project.id, first.id)
    with pytest.raises(NothingBefore, match="was deleted since; restore it"):
        await back(line)
    assert await line.means("stage:production") == "1.1.0"


async def test_an_alias_goes_back_also_when_it_was_taken_away(line):
    await line.add("1.0.0", "1.1.0")
    with pytest.raises(NothingBefore):
        await alias_back(line)
    await line.alias("champion", "1.0.0")
    at = await line.now()
    await line.alias("champion", "1.1.0")
    moved = await alias_back(line, reason="worse")
    assert (moved.version, moved.number) == ("1.0.0", 1)
    assert (await alias_back(line)).version == "1.1.0"
    await aliases.remove(line.db, line.project.owner, line.project.id, "m", "champion")
    assert (await alias_back(line)).version == "1.1.0"
    assert (await alias_back(line, at=at)).version == "1.0.0"


async def test_a_rollback_that_another_move_overtakes_changes_nothing(line):
    await line.add("1.0.0", "1.1.0")
    for reference in ("1.0.0", "1.1.0"):
        await line.alias("champion", reference)
    with pytest.raises(AliasMoved):
        await alias_back(line, expected_current=1)
    assert await line.means("@champion") == "1.1.0"


async def test_a_protected_alias_is_rolled_back_by_those_who_move_it(line):
    await line.add("1.0.0", "1.1.0")
    for reference in ("1.0.0", "1.1.0"):
        await line.alias("champion", reference)
    rule = rules.SetProtection(Kind.ALIAS, "champion")
    await rules.set(line.db, line.project.owner, line.project.id, rule)
    with pytest.raises(NameProtected):
        await alias_back(line, by=line.project.people[Role.DEVELOPER].actor)
    await alias_back(line, by=line.project.people[Role.MAINTAINER].actor)
