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


async def back(rack, stage="production", **more):
    """As the use case for stages does it: read what stood before, then move."""
    async with rack.db.read() as snap:
        before = await rollback.stage(snap, rack.project.owner, rack.project.id, "m", stage, **more)
    return await rack.move(f"#{before.version.number}", stage, expected_current=before.expected_current)


def alias_back(rack, name="champion", **more):
    by = more.pop("by", rack.project.owner)
    return rollback.alias(rack.db, by, rack.project.id, "m", name, **more)


async def test_a_stage_goes_back_to_the_version_before_and_again_to_the_later_one(rack):
    await rack.add("1.0.0", "1.1.0")
    with pytest.raises(NothingBefore, match="no other version before"):
        await back(rack)
    moments = []
    for reference in ("1.0.0", "1.1.0"):
        await rack.move(reference, "production")
        moments.append(await rack.now())
    await back(rack)
    assert await rack.means("stage:production") == "1.0.0" and await rack.means("stage:archived") == "1.1.0"
    await back(rack)
    assert await rack.means("stage:production") == "1.1.0"
    assert [await rack.means("stage:production", at) for at in moments] == ["1.0.0", "1.1.0"]


async def test_a_stage_goes_back_to_what_stood_at_a_moment(rack):
    await rack.add("1.0.0", "1.1.0", "1.2.0")
    begin = await rack.now()
    await rack.move("1.0.0", "production")
    at = await rack.now()
    for reference in ("1.1.0", "1.2.0"):
        await rack.move(reference, "production")
    await back(rack, at=at)
    assert await rack.means("stage:production") == "1.0.0"
    with pytest.raises(NothingBefore, match="stood for no version at"):
        await back(rack, at=begin)


async def test_an_emptied_stage_goes_back_to_its_last_version(rack):
    await rack.add("1.0.0")
    await rack.move("1.0.0", "production")
    await rack.move("1.0.0", "none")
    await back(rack)
    assert await rack.means("stage:production") == "1.0.0"


async def test_what_was_deleted_is_not_put_back(rack):
    await rack.add("1.0.0", "1.1.0")
    first = await rack.move("1.0.0", "production")
    await rack.move("1.1.0", "production")
    await delete.delete(rack.db, rack.project.owner, rack.project.id, first.id)
    with pytest.raises(NothingBefore, match="was deleted since; restore it"):
        await back(rack)
    assert await rack.means("stage:production") == "1.1.0"


async def test_an_alias_goes_back_also_when_it_was_taken_away(rack):
    await rack.add("1.0.0", "1.1.0")
    with pytest.raises(NothingBefore):
        await alias_back(rack)
    await rack.alias("champion", "1.0.0")
    at = await rack.now()
    await rack.alias("champion", "1.1.0")
    moved = await alias_back(rack, reason="worse")
    assert (moved.version, moved.number) == ("1.0.0", 1)
    assert (await alias_back(rack)).version == "1.1.0"
    await aliases.remove(rack.db, rack.project.owner, rack.project.id, "m", "champion")
    assert (await alias_back(rack)).version == "1.1.0"
    assert (await alias_back(rack, at=at)).version == "1.0.0"


async def test_a_rollback_that_another_move_overtakes_changes_nothing(rack):
    await rack.add("1.0.0", "1.1.0")
    for reference in ("1.0.0", "1.1.0"):
        await rack.alias("champion", reference)
    with pytest.raises(AliasMoved):
        await alias_back(rack, expected_current=1)
    assert await rack.means("@champion") == "1.1.0"


async def test_a_protected_alias_is_rolled_back_by_those_who_move_it(rack):
    await rack.add("1.0.0", "1.1.0")
    for reference in ("1.0.0", "1.1.0"):
        await rack.alias("champion", reference)
    rule = rules.SetProtection(Kind.ALIAS, "champion")
    await rules.set(rack.db, rack.project.owner, rack.project.id, rule)
    with pytest.raises(NameProtected):
        await alias_back(rack, by=rack.project.people[Role.DEVELOPER].actor)
    await alias_back(rack, by=rack.project.people[Role.MAINTAINER].actor)
