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


async def stages(line, **more):
    async with line.db.read() as snap:
        return await definitions.of_project(snap, line.project.id, **more)


async def names(line):
    return [(stage.name, stage.mlflow_name) for stage in await stages(line)]


def create(line, name, **more):
    return changes.create(line.db, line.project.owner, line.project.id, NewStage(name, **more))


def edit(line, stage, **more):
    return changes.edit(line.db, line.project.owner, line.project.id, stage, EditStage(**more))


def retire(line, stage):
    return changes.retire(line.db, line.project.owner, line.project.id, stage)


async def test_a_new_project_has_the_four_and_production_is_protected_and_seals(line):
    of_project = await stages(line)
    assert [(s.name, s.mlflow_name, s.is_initial, s.is_guarded, s.seals, s.position) for s in of_project] == [
        ("none", "None", True, False, False, 1), ("staging", "Staging", False, True, False, 2),
        ("production", "Production", False, True, True, 3), ("archived", "Archived", False, False, False, 4),
    ]  # fmt: skip
    async with line.db.read() as snap:
        rules = await protections.of_project(snap, line.project.id)
    assert [(r.kind, r.pattern, r.least_role, r.movers, r.approvals) for r in rules] == [
        ("stage", "production", 40, "anyone", 0)
    ]


async def test_stages_are_added_before_the_archive_or_at_a_position(line):
    await create(line, "Canary")
    await create(line, "qa", position=2)
    assert [stage.name for stage in await stages(line)] == ["none", "qa", "staging", "production", "canary", "archived"]
    await edit(line, "canary", position=1)
    assert [(stage.name, stage.position) for stage in await stages(line)][:3] == [("canary", 1), ("none", 2), ("qa", 3)]
    for position in (0, 8, -1):
        with pytest.raises(Invalid, match="no position"):
            await create(line, "more", position=position)
    await line.add("1.0.0")
    await line.move("1.0.0", "CANARY")
    assert await line.means("stage:canary") == "1.0.0"


async def test_renaming_moves_no_version_and_keeps_names_of_mlflow_and_protection(line):
    await line.add("1.0.0")
    await line.move("1.0.0", "production")
    at = await line.now()
    await edit(line, "production", name="live")
    assert [await line.means(f"stage:{name}") for name in ("live", "production", "Production")] == ["1.0.0"] * 3
    assert await line.means("stage:live", at) == "1.0.0"
    with pytest.raises(NameProtected, match="stage 'live'"):
        await line.move("1.0.0", "none", by=line.project.people[Role.DEVELOPER].actor)
    async with line.db.read() as snap:
        assert [rule.pattern for rule in await protections.of_project(snap, line.project.id)] == ["live"]


async def test_a_name_of_mlflow_goes_from_one_stage_to_another(line):
    await edit(line, "production", name="live")
    await create(line, "blue", mlflow_name="Production")
    assert dict(await names(line)) == {
        "none": "None", "staging": "Staging", "live": None, "blue": "Production", "archived": "Archived",
    }  # fmt: skip
    with pytest.raises(Invalid, match="called as MLflow's Staging"):
        await edit(line, "blue", mlflow_name="Staging")
    for stage, mlflow_name in (("archived", ""), ("none", ""), ("blue", "None"), ("blue", "Live")):
        with pytest.raises(Invalid):
            await edit(line, stage, mlflow_name=mlflow_name)
    with pytest.raises(Invalid, match="called as MLflow's Production"):
        await edit(line, "live", name="production")


async def test_a_stage_with_versions_is_not_retired(line):
    await line.add("1.0.0")
    await create(line, "canary")
    await line.move("1.0.0", "canary")
    with pytest.raises(StageInUse, match=r"1\.0\.0"):
        await retire(line, "canary")
    await line.move("1.0.0", "none")
    await retire(line, "canary")
    with pytest.raises(UnknownStage):
        await line.move("1.0.0", "canary")
    again = await create(line, "canary")
    assert again.key != "canary" and await line.means("stage:canary") is None
    await line.move("1.0.0", "canary")
    assert await line.means("stage:canary") == "1.0.0"
    assert [stage.name for stage in await stages(line, with_retired=True)].count("canary") == 2
    for needed in ("none", "archived"):
        with pytest.raises(Invalid, match="cannot be retired"):
            await retire(line, needed)


async def test_of_a_move_and_a_retirement_at_once_one_fails(line):
    await line.add("1.0.0")
    for _ in range(5):
        await create(line, "canary")
        results = await asyncio.gather(line.move("1.0.0", "canary"), retire(line, "canary"), return_exceptions=True)
        assert sum(isinstance(result, Exception) for result in results) == 1
        if isinstance(results[1], StageInUse):
            await line.move("1.0.0", "none")
            await retire(line, "canary")


async def test_of_two_who_add_one_name_one_fails(line):
    results = await asyncio.gather(*(create(line, "canary") for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ProjectStage", "Taken", "Taken", "Taken"]
    assert [stage.position for stage in await stages(line)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "x" * 64, "7", "latest", "LATEST", "a/b", "a:b", "stage:x", "@x", "a\0"]
)
async def test_names_that_no_reference_could_mean_are_refused(line, name):
    with pytest.raises(Invalid):
        await create(line, name)
    with pytest.raises(Invalid):
        await edit(line, "staging", name=name)


async def test_bounds_and_what_the_first_stage_cannot_be(line):
    with pytest.raises(Taken):
        await create(line, "Staging")
    with pytest.raises(Taken):
        await edit(line, "staging", name="archived")
    for values in ({"is_guarded": True}, {"seals": True}):
        with pytest.raises(Invalid, match="Versions begin"):
            await edit(line, "none", **values)
    with pytest.raises(TooLarge):
        await edit(line, "staging", description="x" * 10_001)
    for number in range(changes.MAX_STAGES - 4):
        await create(line, f"s{number}")
    with pytest.raises(TooLarge, match="at most 50"):
        await create(line, "more")


async def test_stages_are_for_maintainers_and_for_tokens_that_may_manage(line, bot):
    for actor in (line.project.people[Role.DEVELOPER].actor, await bot(Role.MAINTAINER, Scope.API)):
        with pytest.raises(Forbidden, match="lifecycle:manage"):
            await changes.create(line.db, actor, line.project.id, NewStage("canary"))
    for who in (
        line.project.people[Role.MAINTAINER].actor,
        await bot(Role.MAINTAINER, Scope.API, Scope.MANAGE_PROJECT),
    ):
        await changes.edit(line.db, who, line.project.id, "staging", EditStage(description="x"))


async def test_a_project_that_is_deleted_takes_its_stages_along(line):
    async with line.db.read() as snap:
        count = "select count(*) from project_stages where project_id = :p"
        assert await snap.scalar(text(count), {"p": line.project.id}) == 4
