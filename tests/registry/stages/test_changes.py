"""The stages of a project: added, renamed, ordered, retired; MLflow's four names mean what they are mapped to."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.access.policy import Role, Scope
from app.errors import Forbidden, Invalid, Taken, TooLarge
from app.registry.stages import changes, definitions, protections
from app.registry.stages.changes import EditStage, NewStage, StageInUse
from app.registry.stages.definitions import UnknownStage
from app.registry.stages.protections import NameProtected


async def stages(rack, **more):
    async with rack.db.read() as snap:
        return await definitions.of_project(snap, rack.project.id, **more)


async def names(rack):
    return [(stage.name, stage.mlflow_name) for stage in await stages(rack)]


def create(rack, name, **more):
    return changes.create(rack.db, rack.project.owner, rack.project.id, NewStage(name, **more))


def edit(rack, stage, **more):
    return changes.edit(rack.db, rack.project.owner, rack.project.id, stage, EditStage(**more))


def retire(rack, stage):
    return changes.retire(rack.db, rack.project.owner, rack.project.id, stage)


async def test_a_new_project_has_the_four_and_production_is_protected_and_seals(rack):
    of_project = await stages(rack)
    assert [(s.name, s.mlflow_name, s.is_initial, s.is_guarded, s.seals, s.position) for s in of_project] == [
        ("none", "None", True, False, False, 1), ("staging", "Staging", False, True, False, 2),
        ("production", "Production", False, True, True, 3), ("archived", "Archived", False, False, False, 4),
    ]  # fmt: skip
    async with rack.db.read() as snap:
        rules = await protections.of_project(snap, rack.project.id)
    assert [(r.kind, r.pattern, r.least_role, r.movers, r.approvals) for r in rules] == [
        ("stage", "production", 40, "anyone", 0)
    ]


async def test_stages_are_added_before_the_archive_or_at_a_position(rack):
    await create(rack, "Canary")
    await create(rack, "qa", position=2)
    assert [stage.name for stage in await stages(rack)] == ["none", "qa", "staging", "production", "canary", "archived"]
    await edit(rack, "canary", position=1)
    assert [(stage.name, stage.position) for stage in await stages(rack)][:3] == [("canary", 1), ("none", 2), ("qa", 3)]
    for position in (0, 8, -1):
        with pytest.raises(Invalid, match="no position"):
            await create(rack, "more", position=position)
    await rack.add("1.0.0")
    await rack.move("1.0.0", "CANARY")
    assert await rack.means("stage:canary") == "1.0.0"


async def test_renaming_moves_no_version_and_keeps_names_of_mlflow_and_protection(rack):
    await rack.add("1.0.0")
    await rack.move("1.0.0", "production")
    at = await rack.now()
    await edit(rack, "production", name="live")
    assert [await rack.means(f"stage:{name}") for name in ("live", "production", "Production")] == ["1.0.0"] * 3
    assert await rack.means("stage:live", at) == "1.0.0"
    with pytest.raises(NameProtected, match="stage 'live'"):
        await rack.move("1.0.0", "none", by=rack.project.people[Role.DEVELOPER].actor)
    async with rack.db.read() as snap:
        assert [rule.pattern for rule in await protections.of_project(snap, rack.project.id)] == ["live"]


async def test_a_name_of_mlflow_goes_from_one_stage_to_another(rack):
    await edit(rack, "production", name="live")
    await create(rack, "blue", mlflow_name="Production")
    assert dict(await names(rack)) == {
        "none": "None", "staging": "Staging", "live": None, "blue": "Production", "archived": "Archived",
    }  # fmt: skip
    with pytest.raises(Invalid, match="called as MLflow's Staging"):
        await edit(rack, "blue", mlflow_name="Staging")
    for stage, mlflow_name in (("archived", ""), ("none", ""), ("blue", "None"), ("blue", "Live")):
        with pytest.raises(Invalid):
            await edit(rack, stage, mlflow_name=mlflow_name)
    with pytest.raises(Invalid, match="called as MLflow's Production"):
        await edit(rack, "live", name="production")


async def test_a_stage_with_versions_is_not_retired(rack):
    await rack.add("1.0.0")
    await create(rack, "canary")
    await rack.move("1.0.0", "canary")
    with pytest.raises(StageInUse, match=r"1\.0\.0"):
        await retire(rack, "canary")
    await rack.move("1.0.0", "none")
    await retire(rack, "canary")
    with pytest.raises(UnknownStage):
        await rack.move("1.0.0", "canary")
    again = await create(rack, "canary")
    assert again.key != "canary" and await rack.means("stage:canary") is None
    await rack.move("1.0.0", "canary")
    assert await rack.means("stage:canary") == "1.0.0"
    assert [stage.name for stage in await stages(rack, with_retired=True)].count("canary") == 2
    for needed in ("none", "archived"):
        with pytest.raises(Invalid, match="cannot be retired"):
            await retire(rack, needed)


async def test_of_a_move_and_a_retirement_at_once_one_fails(rack):
    await rack.add("1.0.0")
    for _ in range(5):
        await create(rack, "canary")
        results = await asyncio.gather(rack.move("1.0.0", "canary"), retire(rack, "canary"), return_exceptions=True)
        assert sum(isinstance(result, Exception) for result in results) == 1
        if isinstance(results[1], StageInUse):
            await rack.move("1.0.0", "none")
            await retire(rack, "canary")


async def test_of_two_who_add_one_name_one_fails(rack):
    results = await asyncio.gather(*(create(rack, "canary") for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ProjectStage", "Taken", "Taken", "Taken"]
    assert [stage.position for stage in await stages(rack)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "x" * 64, "7", "latest", "LATEST", "a/b", "a:b", "stage:x", "@x", "a\0"]
)
async def test_names_that_no_reference_could_mean_are_refused(rack, name):
    with pytest.raises(Invalid):
        await create(rack, name)
    with pytest.raises(Invalid):
        await edit(rack, "staging", name=name)


async def test_bounds_and_what_the_first_stage_cannot_be(rack):
    with pytest.raises(Taken):
        await create(rack, "Staging")
    with pytest.raises(Taken):
        await edit(rack, "staging", name="archived")
    for values in ({"is_guarded": True}, {"seals": True}):
        with pytest.raises(Invalid, match="Versions begin"):
            await edit(rack, "none", **values)
    with pytest.raises(TooLarge):
        await edit(rack, "staging", description="x" * 10_001)
    for number in range(changes.MAX_STAGES - 4):
        await create(rack, f"s{number}")
    with pytest.raises(TooLarge, match="at most 50"):
        await create(rack, "more")


async def test_stages_are_for_maintainers_and_for_tokens_that_may_manage(rack, bot):
    for actor in (rack.project.people[Role.DEVELOPER].actor, await bot(Role.MAINTAINER, Scope.API)):
        with pytest.raises(Forbidden, match="lifecycle:manage"):
            await changes.create(rack.db, actor, rack.project.id, NewStage("canary"))
    for who in (
        rack.project.people[Role.MAINTAINER].actor,
        await bot(Role.MAINTAINER, Scope.API, Scope.MANAGE_PROJECT),
    ):
        await changes.edit(rack.db, who, rack.project.id, "staging", EditStage(description="x"))


async def test_a_project_that_is_deleted_takes_its_stages_along(rack):
    async with rack.db.read() as snap:
        count = "select count(*) from project_stages where project_id = :p"
        assert await snap.scalar(text(count), {"p": rack.project.id}) == 4
