"""Protected names: who moves them, through every call that would."""

from __future__ import annotations

import pytest

from app.access.policy import Role, Scope
from app.errors import Forbidden, Invalid
from app.registry import aliases, models
from app.registry.stages import definitions, protections, rules
from app.registry.stages.protections import ApprovalNeeded, Kind, Movers, NameProtected
from app.registry.stages.rules import SetProtection
from app.registry.versions import delete
from tests.support.registry.versions import complete_version, create_version


async def protect(rack, kind, pattern, **more):
    return await rules.set(rack.db, rack.project.owner, rack.project.id, SetProtection(kind, pattern, **more))


def person(rack, role):
    return rack.project.people[role].actor


@pytest.mark.parametrize("role", [Role.REPORTER, Role.DEVELOPER])
async def test_production_of_a_new_project_is_for_maintainers(rack, role):
    await rack.add("1.0.0")
    with pytest.raises(NameProtected, match=f"takes the role maintainer.*you have {role.name.lower()}"):
        await rack.move("1.0.0", "production", by=person(rack, role))
    await rack.move("1.0.0", "staging", by=person(rack, role))
    moved = await rack.move("1.0.0", "production", by=person(rack, Role.MAINTAINER))
    for stage in ("none", "archived"):  # leaving is moving, too
        with pytest.raises(NameProtected):
            await rack.move("1.0.0", stage, by=person(rack, role))
    with pytest.raises(NameProtected):
        await delete.delete(rack.db, person(rack, role), rack.project.id, moved.id)
    with pytest.raises(NameProtected):
        await models.delete(rack.db, person(rack, role), rack.project.id, "m")
    assert await rack.means("stage:production") == "1.0.0"


@pytest.mark.parametrize(
    ("role", "scopes", "may"),
    [
        (Role.REPORTER, (Scope.API,), False), (Role.DEVELOPER, (Scope.API,), False),
        (Role.DEVELOPER, (Scope.API, Scope.PROMOTE), True), (Role.MAINTAINER, (Scope.API,), True),
    ],
)  # fmt: skip
async def test_a_token_enters_production_by_its_role_or_by_that_right(rack, bot, role, scopes, may):
    await rack.add("1.0.0")
    token = await bot(role, *scopes)
    if may:
        await rack.move("1.0.0", "production", by=token)
    else:
        with pytest.raises(NameProtected, match="scope promote"):
            await rack.move("1.0.0", "production", by=token)


async def test_the_right_to_promote_is_given_by_a_maintainer_to_a_developer_s_token(rack, bot):
    with pytest.raises(Invalid, match="on top of the scope api and the role developer"):
        await bot(Role.REPORTER, Scope.API, Scope.PROMOTE)
    with pytest.raises(Invalid, match="on top of the scope api"):
        await bot(Role.DEVELOPER, Scope.WRITE_REGISTRY, Scope.PROMOTE)


async def test_names_can_be_for_people_or_for_tokens_of_machines(rack, bot):
    await rack.add("1.0.0", "1.1.0")
    machine = await bot(Role.MAINTAINER, Scope.API)
    await protect(rack, Kind.ALIAS, "hand-*", movers=Movers.PEOPLE, least_role=Role.REPORTER)
    await protect(rack, Kind.STAGE, "staging", movers=Movers.CI_TOKENS, least_role=Role.REPORTER)
    with pytest.raises(NameProtected, match="only people"):
        await rack.alias("hand-picked", "1.0.0", by=machine)
    await rack.alias("hand-picked", "1.0.0", by=person(rack, Role.REPORTER))
    with pytest.raises(NameProtected, match="only tokens"):
        await rack.move("1.0.0", "staging")
    await rack.move("1.0.0", "staging", by=machine)
    with pytest.raises(NameProtected, match="only people"):
        await aliases.remove(rack.db, machine, rack.project.id, "m", "hand-picked")
    with pytest.raises(NameProtected, match="only people"):
        await delete.delete(rack.db, machine, rack.project.id, (await rack.alias("other", "1.0.0")).version_id)
    await rack.alias("handy", "1.0.0", by=machine)


async def test_all_rules_that_match_hold_together(rack):
    await rack.add("1.0.0")
    await protect(rack, Kind.ALIAS, "champion", least_role=Role.REPORTER)
    await protect(rack, Kind.ALIAS, "*", least_role=Role.OWNER)
    with pytest.raises(NameProtected, match=r"rule `\*`"):
        await rack.alias("champion", "1.0.0", by=person(rack, Role.MAINTAINER))
    await rack.alias("champion", "1.0.0")


async def test_completing_a_push_moves_no_protected_alias(rack, runtime):
    await protect(rack, Kind.ALIAS, "champion")
    pushed = await create_version(runtime, rack.project, is_open=True)
    rack.project.people[Role.OWNER], owner = rack.project.people[Role.REPORTER], rack.project.people[Role.OWNER]
    try:
        with pytest.raises(NameProtected):
            await complete_version(runtime, rack.project, pushed, ["champion"])
    finally:
        rack.project.people[Role.OWNER] = owner
    assert await rack.means("@champion") is None and (await rack.means("#1")) is not None


async def test_what_two_people_move_waits_for_the_other(rack):
    await rack.add("1.0.0")
    await protect(rack, Kind.STAGE, "production", approvals=2)
    with pytest.raises(ApprovalNeeded, match="2 others must approve"):
        await rack.move("1.0.0", "production")
    async with rack.db.read() as snap:
        stage = await definitions.find(snap, rack.project.id, "production")
        assert await protections.approvals_needed(snap, stage) == 2


async def test_a_rule_for_aliases_wants_no_approvals_since_none_could_be_given(rack):
    with pytest.raises(Invalid, match="Others approve promotions"):
        await protect(rack, Kind.ALIAS, "champion", approvals=1)


@pytest.mark.parametrize("pattern", ["", "a b", "x" * 300, "a/b", "@a", "******a*b*c*d*e*f*", "a\0"])
async def test_patterns_that_match_no_name_are_refused(rack, pattern):
    with pytest.raises(Invalid):
        await protect(rack, Kind.ALIAS, pattern)


async def test_rules_are_for_maintainers_and_for_tokens_that_may_manage(rack, bot):
    rule = SetProtection(Kind.ALIAS, "champion")
    for actor in (person(rack, Role.DEVELOPER), await bot(Role.MAINTAINER, Scope.API)):
        with pytest.raises(Forbidden, match="lifecycle:manage"):
            await rules.set(rack.db, actor, rack.project.id, rule)
        with pytest.raises(Forbidden, match="lifecycle:manage"):
            await rules.delete(rack.db, actor, rack.project.id, Kind.STAGE, "production")
    await rules.set(rack.db, await bot(Role.MAINTAINER, Scope.API, Scope.MANAGE_PROJECT), rack.project.id, rule)
    assert await rules.delete(rack.db, rack.project.owner, rack.project.id, Kind.ALIAS, "champion") is not None
    assert await rules.delete(rack.db, rack.project.owner, rack.project.id, Kind.ALIAS, "champion") is None
