"""Tokens of projects and groups do not widen what they were given: that takes scopes which only people give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import bots, groups, members, projects, tokens
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Actor, Role, Scope
from app.access.projects import CreateProject, UpdateProject
from app.access.tokens import IssueToken
from app.ci import configuration
from app.ci.configuration import EditSettings
from app.errors import Forbidden, Invalid, NotFound
from app.pagination import Window
from app.upkeep import project_deletion
from app.webhooks import webhooks
from app.webhooks.webhooks import CreateWebhook
from tests.conftest import new_project

MANAGE = (Scope.API, Scope.MANAGE_ACCESS)
ALL = tuple(scope for scope in Scope if scope is not Scope.READ_API)


@pytest.fixture
def bot(runtime, project):
    """A token of the test's project, made by its owner, and who it speaks for."""

    async def make(role=Role.OWNER, scopes=(Scope.API,), *, by=None, group=False, **options) -> Actor:
        where = {"group_id": project.group_id} if group else {"project_id": project.id}
        command = IssueToken("bot", scopes, role=role, **where, **options)
        return await tokens.authenticate(
            runtime.db, (await tokens.issue(runtime.db, by or project.owner, command)).secret
        )

    return make


async def job(runtime, project) -> Actor:
    """Who the token of a CI job speaks for, whose bot is maintainer."""
    end = datetime.now(UTC) + timedelta(minutes=15)
    command = IssueToken("CI job", project_id=project.id, expires_at=end, ci_job="gitlab:1")
    async with runtime.db.write() as tx:
        user = await bots.add(tx, project.id, "CI jobs", Role.MAINTAINER)
        issued = await tokens.add(tx, command, user_id=user, created_by=None)
    return await tokens.authenticate(runtime.db, issued.secret)


def changes(runtime, project, actor):
    """All by which a token could give more than it was given, or have an effect after its end."""
    db, name = runtime.db, project[Role.GUEST].actor.username
    hook = CreateWebhook("w", "https://127.0.0.1:9/", ["model_version.created"])
    group = {"group_id": project.group_id}
    ci = EditSettings("gitlab", None, "g/p")
    return {
        "token": lambda: tokens.issue(db, actor, IssueToken("t", project_id=project.id, role=Role.GUEST)),
        "token of the group": lambda: tokens.issue(db, actor, IssueToken("t", **group, role=Role.GUEST)),
        "personal token": lambda: tokens.issue(db, actor, IssueToken("t")),
        "member": lambda: members.set_role(db, actor, GroupOrProject(project_id=project.id), name, Role.GUEST),
        "member of the group": lambda: members.set_role(db, actor, GroupOrProject(**group), name, Role.GUEST),
        "no member": lambda: members.remove(db, actor, GroupOrProject(project_id=project.id), name),
        "visibility": lambda: projects.edit(db, actor, UpdateProject(project.id, visibility="public")),
        "switch": lambda: projects.edit(db, actor, UpdateProject(project.id, experiments_access="disabled")),
        "trust in CI": lambda: configuration.save(db, actor, runtime.ci_client, project.id, ci),
        "no CI": lambda: configuration.delete(db, actor, project.id),
        "webhook": lambda: webhooks.create(db, actor, runtime.webhook_client, project.id, hook),
        "group": lambda: groups.create(db, actor, CreateGroup("g", parent=project.group_id)),
        "top-level group": lambda: groups.create(db, actor, CreateGroup(f"g{uuid4().hex}")),
        "project": lambda: projects.create(db, actor, CreateProject(project.group_id, "p")),
        "deletion": lambda: project_deletion.delete(db, actor, project.id, project.path),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["project", "group", "CI job"])
async def test_without_a_scope_for_it_no_role_is_enough(runtime, project, bot, kind):
    actor = await job(runtime, project) if kind == "CI job" else await bot(group=kind == "group")
    here = GroupOrProject(group_id=project.group_id) if kind == "group" else GroupOrProject(project_id=project.id)
    leaving = {"itself": lambda: members.remove(runtime.db, actor, here, actor.username)}
    for name, change in (changes(runtime, project, actor) | leaving).items():
        with pytest.raises(Forbidden) as refusal:
            await change()
        assert "token" in refusal.value.message or "role" in refusal.value.message, name
    async with runtime.db.read() as snap:
        mine = {"p": project.id}
        assert (
            await snap.scalar(text("SELECT visibility FROM projects WHERE id = :p AND deleted_at IS NULL"), mine)
            == "private"
        )
        assert await snap.scalar(text("SELECT count(*) FROM webhooks WHERE project_id = :p"), mine) == 0
        assert await snap.scalar(text("SELECT count(*) FROM tokens WHERE project_id = :p"), mine) == (kind != "group")


async def test_with_the_scopes_it_does_what_its_role_may(runtime, project, bot):
    actor = await bot(Role.OWNER, ALL, group=True)
    await project.open_group()
    impossible = {"personal token", "top-level group"}
    for name, change in changes(runtime, project, actor).items():
        if name not in impossible:
            await change()
    with pytest.raises(NotFound):
        await projects.get(runtime.db, project.owner, project.id)


async def test_the_role_still_counts(runtime, project, bot):
    actor = await bot(Role.MAINTAINER, (*MANAGE, Scope.MANAGE_PROJECT))
    with pytest.raises(Forbidden, match="needs the role owner"):
        await project_deletion.delete(runtime.db, actor, project.id, project.path)
    owner = await bot(Role.OWNER, (*MANAGE, Scope.MANAGE_PROJECT))
    with pytest.raises(Forbidden, match="delete_project"):
        await project_deletion.delete(runtime.db, owner, project.id, project.path)
    name = project[Role.GUEST].actor.username
    with pytest.raises(Forbidden):
        await members.set_role(runtime.db, actor, GroupOrProject(project_id=project.id), name, Role.OWNER)


@pytest.mark.parametrize(
    ("role", "scopes", "by", "error", "said"),
    [
        (Role.OWNER, (Scope.API, Scope.DELETE_PROJECT), Role.MAINTAINER, Forbidden, "maintainer here"),
        (Role.MAINTAINER, (Scope.API, Scope.DELETE_PROJECT), Role.MAINTAINER, Forbidden, "takes the role owner"),
        (Role.MAINTAINER, (Scope.API, Scope.DELETE_PROJECT), Role.OWNER, Invalid, "the role owner"),
        (Role.DEVELOPER, MANAGE, Role.OWNER, Invalid, "the role maintainer"),
        (Role.MAINTAINER, (Scope.READ_API, Scope.MANAGE_ACCESS), Role.OWNER, Invalid, "on top of the scope api"),
        (Role.MAINTAINER, (Scope.MANAGE_PROJECT,), Role.OWNER, Invalid, "on top of the scope api"),
    ],
)
async def test_people_give_what_their_own_role_may(project, bot, role, scopes, by, error, said):
    with pytest.raises(error, match=said):
        await bot(role, scopes, by=project[by].actor)


async def test_a_scope_of_this_kind_means_nothing_on_a_personal_token(runtime, project):
    with pytest.raises(Invalid, match="personal token") as refusal:
        await tokens.issue(runtime.db, project.owner, IssueToken("mine", MANAGE))
    assert refusal.value.field == "scopes"


@pytest.mark.parametrize("scope", [Scope.MANAGE_ACCESS, Scope.MANAGE_PROJECT, Scope.DELETE_PROJECT])
async def test_a_bot_gives_no_such_scope_even_if_it_has_it(bot, scope):
    actor = await bot(Role.OWNER, ALL)
    with pytest.raises(Forbidden, match="Only a person"):
        await bot(Role.OWNER, (Scope.API, scope), by=actor)


async def test_a_token_that_a_bot_makes_ends_with_the_bot_s(runtime, project, bot):
    end = datetime.now(UTC) + timedelta(minutes=10)
    actor = await bot(Role.MAINTAINER, MANAGE, expires_at=end)
    command = IssueToken("child", project_id=project.id, role=Role.DEVELOPER)
    assert (await tokens.issue(runtime.db, actor, command)).token.expires_at == end
    with pytest.raises(Invalid, match="ends with it at the latest") as refusal:
        await bot(Role.DEVELOPER, by=actor, expires_at=end + timedelta(seconds=1))
    assert refusal.value.field == "expiresAt"
    assert (await tokens.issue(runtime.db, await bot(Role.MAINTAINER, MANAGE), command)).token.expires_at is None


async def test_a_group_that_a_bot_makes_gives_it_no_higher_role(runtime, project, bot):
    actor = await bot(Role.MAINTAINER, (Scope.API, Scope.MANAGE_PROJECT), group=True)
    made = await groups.create(runtime.db, actor, CreateGroup("sub", parent=project.group_id))
    assert made.role == Role.MAINTAINER
    assert (await groups.get(runtime.db, project.owner, made.id)).role == Role.OWNER


async def test_such_a_scope_lasts_as_long_as_the_person_could_give_it(runtime, staff, project, bot):
    """What its maker was not needed for, the token goes on to do."""
    maker = project[Role.MAINTAINER].actor
    scope, db = GroupOrProject(project_id=project.id), runtime.db
    command = IssueToken("bot", MANAGE, role=Role.MAINTAINER, project_id=project.id)
    secret = (await tokens.issue(db, maker, command)).secret

    async def scopes() -> set[Scope]:
        return set((await runtime.authenticator.actor(secret)).scopes)

    assert await scopes() == set(MANAGE)
    await members.set_role(db, project.owner, scope, maker.username, Role.DEVELOPER)
    assert await scopes() == {Scope.API}
    await members.set_role(db, project.owner, scope, maker.username, Role.OWNER)
    assert await scopes() == set(MANAGE)
    await members.remove(db, project.owner, scope, maker.username)
    assert await scopes() == {Scope.API}
    await members.set_role(
        db, project.owner, GroupOrProject(group_id=project.group_id), maker.username, Role.MAINTAINER
    )
    assert await scopes() == set(MANAGE)
    try:
        await block(runtime, maker, "now()")
        assert await scopes() == {Scope.API}
        actor = await runtime.authenticator.actor(secret)
        assert (await projects.get(db, actor, project.id)).role == Role.MAINTAINER
    finally:
        await block(runtime, maker, "NULL")


async def block(runtime, actor, when):
    async with runtime.db.write() as tx:
        await tx.execute(text(f"UPDATE users SET blocked_at = {when} WHERE id = :id"), {"id": actor.user_id})


async def test_a_token_of_an_administrator_s_hand_keeps_its_scopes(runtime, admin, project, bot):
    assert (await bot(Role.OWNER, ALL, by=admin.actor)).scopes == set(ALL)
    assert (await bot(Role.OWNER, ALL, by=admin.actor, group=True)).scopes == set(ALL)


async def test_bots_end_their_own_token_and_no_other(runtime, project, bot):
    actor, other = await bot(), await bot()
    with pytest.raises(NotFound):
        await tokens.revoke(runtime.db, actor, other.token_id)
    assert (await tokens.revoke(runtime.db, actor, actor.token_id)).revoked_at is not None
    assert await tokens.actors_of(runtime.db, [actor.token_id]) == {}


async def test_a_group_token_reaches_its_group_and_what_is_below(runtime, staff, project, bot):
    """The statement compared arrays of two types, and failed."""
    actor = await bot(Role.DEVELOPER, group=True)
    assert (await groups.get(runtime.db, actor, project.group_id)).role == Role.DEVELOPER
    sub = await groups.create(runtime.db, project.owner, CreateGroup("sub", parent=project.group_id))
    assert (await groups.get(runtime.db, actor, sub.id)).role == Role.DEVELOPER
    page = await groups.search(runtime.db, actor, Window(first=100))
    assert {access.id for access in page.items} == {project.group_id, sub.id}
    elsewhere = await new_project(runtime, staff, visibility="public")
    for reference in (elsewhere.group_id, elsewhere.path.partition("/")[0]):
        with pytest.raises(NotFound):
            await groups.get(runtime.db, actor, reference)
