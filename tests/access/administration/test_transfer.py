"""Projects that move to another group: path, roles and reach of tokens follow at once, what is in them stays."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, members, projects, tokens
from app.access.administration import group_changes, transfer
from app.access.administration.group_changes import UpdateGroup
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import ANONYMOUS, Role, Scope
from app.access.projects import CreateProject, UpdateProject
from app.access.tokens import IssueToken
from app.ci import configuration
from app.ci.configuration import EditSettings
from app.errors import Conflict, Forbidden, Invalid, NotFound, Taken
from app.live import streams
from app.live.subscribers import Live
from app.upkeep import group_deletion
from app.webhooks import webhooks
from app.webhooks.webhooks import CreateWebhook
from tests.conftest import new_person
from tests.support.paused_step import at_once


@pytest.fixture
async def other_group(runtime, project):
    return await groups.create(runtime.db, project.owner, CreateGroup(f"o{uuid4().hex[:12]}"))


def move(project, group, actor=None):
    return transfer.transfer(project.runtime.db, actor or project.owner, project.id, group.id)


async def test_everything_of_a_moved_project_stays_and_its_former_path_is_gone(project, other_group, http, runtime):
    base = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow"
    answer = await http.post(f"{base}/registered-models/create", json={"name": "m"}, headers=project.headers)
    assert answer.status_code == 200
    webhook = CreateWebhook("w", "https://example.org", ["model_version.created"])
    await webhooks.create(runtime.db, project.owner, runtime.webhook_client, project.id, webhook)
    settings = EditSettings(provider="gitlab", ci_project="a/b")
    await configuration.save(runtime.db, project.owner, runtime.ci_client, project.id, settings)
    secret = (await tokens.issue(runtime.db, project.owner, IssueToken("t", project_id=project.id))).secret

    moved = await move(project, other_group)
    assert (moved.project.full_path, moved.role) == (f"{other_group.group.full_path}/project", Role.OWNER)
    assert moved.project.group_id == other_group.id
    for headers in (project.headers, {"Authorization": f"Bearer {secret}"}):
        read = await http.get(f"{base}/registered-models/get?name=m", headers=headers)
        assert read.status_code == 200
    for path, status in ((moved.project.full_path, 200), (project.path, 404)):
        named = f"/api/v4/projects/{path.replace('/', '%2F')}/ml/mlflow/api/2.0/mlflow/registered-models/get?name=m"
        answer = await http.get(named, headers=project.headers)
        assert answer.status_code == status
    async with runtime.db.read() as snap:
        for table in ("webhooks", "ci_settings"):
            statement = text(f"SELECT count(*) FROM {table} WHERE project_id = :p")
            assert await snap.scalar(statement, {"p": project.id}) == 1
        log = "SELECT details->>'path' FROM access_log WHERE action = 'project_transfer' AND about_project_id = :p"
        assert list(await snap.scalars(text(log), {"p": project.id})) == [moved.project.full_path]
    # The direct members are members still, and the former path can be taken.
    assert (await projects.get(runtime.db, project[Role.GUEST].actor, project.id)).role == Role.GUEST
    await projects.create(runtime.db, project.owner, CreateProject(project.group_id, "project"))
    assert (await move(project, other_group)).project.full_path == moved.project.full_path  # again: nothing changes


async def test_roles_and_tokens_of_groups_lose_and_gain_the_project_at_the_next_request(
    project, other_group, http, runtime, admin
):
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0"
    before, after = [await new_person(runtime, admin, f"p{uuid4().hex[:12]}") for _ in range(2)]
    for person, group in ((before, project.group_id), (after, other_group.id)):
        target = GroupOrProject(group_id=group)
        await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.GUEST)
    bots = [
        (await tokens.issue(runtime.db, project.owner, IssueToken("g", group_id=group))).secret
        for group in (project.group_id, other_group.id)
    ]
    callers = [before.headers, after.headers, *({"Authorization": f"Bearer {secret}"} for secret in bots)]

    async def statuses() -> list[int]:
        return [(await http.get(path, headers=headers)).status_code for headers in callers]

    assert await statuses() == await statuses() == [200, 404, 200, 404]  # the second time from caches
    await move(project, other_group)
    assert await statuses() == [404, 200, 404, 200]


async def test_owner_here_and_maintainer_there(project, other_group, runtime, admin):
    owner = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    here, there = GroupOrProject(project_id=project.id), GroupOrProject(group_id=other_group.id)
    name = owner.actor.username
    await members.set_role(runtime.db, project.owner, here, name, Role.MAINTAINER)
    await members.set_role(runtime.db, project.owner, there, name, Role.OWNER)
    with pytest.raises(Forbidden, match="needs the role owner"):
        await move(project, other_group, owner.actor)
    await members.set_role(runtime.db, project.owner, here, name, Role.OWNER)
    await members.set_role(runtime.db, project.owner, there, name, Role.DEVELOPER)
    with pytest.raises(Forbidden, match="needs the role maintainer"):
        await move(project, other_group, owner.actor)
    await members.remove(runtime.db, project.owner, there, name)
    with pytest.raises(NotFound):
        await move(project, other_group, owner.actor)
    for actor in (ANONYMOUS, project.stranger.actor):
        with pytest.raises(NotFound):
            await move(project, other_group, actor)
    scopes = (Scope.API, Scope.MANAGE_PROJECT, Scope.DELETE_PROJECT)
    for where in ({"project_id": project.id}, {"group_id": project.group_id}):
        issued = await tokens.issue(runtime.db, project.owner, IssueToken("t", scopes, role=Role.OWNER, **where))
        bot = await tokens.authenticate(runtime.db, issued.secret)
        with pytest.raises((NotFound, Forbidden)):
            await move(project, other_group, bot)
    await members.set_role(runtime.db, project.owner, there, name, Role.MAINTAINER)
    assert (await move(project, other_group, owner.actor)).role == Role.OWNER


async def test_a_group_that_has_the_path_or_shows_less_is_refused(project, other_group, runtime):
    await projects.create(runtime.db, project.owner, CreateProject(other_group.id, "PROJECT"))
    with pytest.raises(Taken, match=f"(?i){other_group.group.full_path}/project") as refused:
        await move(project, other_group)
    assert refused.value.field == "group"
    public = await groups.create(runtime.db, project.owner, CreateGroup(f"o{uuid4().hex[:12]}", visibility="public"))
    await move(project, public)
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, visibility="public"))
    private = await groups.create(runtime.db, project.owner, CreateGroup(f"o{uuid4().hex[:12]}"))
    with pytest.raises(Invalid, match="more than the group around it"):
        await move(project, private)
    assert (await projects.get(runtime.db, ANONYMOUS, project.id)).project.group_id == public.id


async def test_a_subscription_goes_on_for_who_still_may_and_ends_for_others(project, other_group, runtime, admin):
    former = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    target = GroupOrProject(group_id=project.group_id)
    await members.set_role(runtime.db, project.owner, target, former.actor.username, Role.GUEST)
    live = Live(runtime.db)
    try:
        waiting = {
            name: asyncio.create_task(anext(streams.project(live, actor, project.id)))
            for name, actor in (("owner", project.owner), ("former", former.actor))
        }
        await asyncio.sleep(0.3)
        await move(project, other_group)
        with pytest.raises(NotFound):
            await asyncio.wait_for(waiting["former"], 15)
        assert not waiting["owner"].done()
        waiting["owner"].cancel()
    finally:
        await live.close()


async def test_of_two_moves_at_once_both_end_well_or_one_is_told(project, other_group, runtime, monkeypatch):
    third = await groups.create(runtime.db, project.owner, CreateGroup(f"o{uuid4().hex[:12]}"))
    results = await at_once(monkeypatch, transfer._move, move(project, other_group), move(project, third))
    assert [isinstance(one, Conflict) for one in results] == [False, True], results
    assert (await projects.get(runtime.db, project.owner, project.id)).project.group_id == other_group.id


async def test_two_projects_of_one_path_do_not_meet(project, other_group, runtime, monkeypatch):
    third = await groups.create(runtime.db, project.owner, CreateGroup(f"o{uuid4().hex[:12]}"))
    twin = await projects.create(runtime.db, project.owner, CreateProject(third.id, "project"))
    moves = [move(project, other_group), transfer.transfer(runtime.db, project.owner, twin.id, other_group.id)]
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["ProjectAccess", "Taken"], results


@pytest.mark.parametrize("moves_first", [True, False])
@pytest.mark.parametrize("renamed", ["former", "next"])
async def test_a_move_and_a_rename_at_once_leave_the_right_path(
    project, other_group, runtime, monkeypatch, renamed, moves_first
):
    group = project.group_id if renamed == "former" else other_group.id
    new = f"r{uuid4().hex[:12]}"
    rename = group_changes.edit(runtime.db, project.owner, UpdateGroup(group, path=new))
    if moves_first:
        results = await at_once(monkeypatch, transfer._move, move(project, other_group), rename)
    else:
        results = await at_once(monkeypatch, group_changes._move, rename, move(project, other_group))
    assert not [one for one in results if isinstance(one, BaseException)], results
    around = new if renamed == "next" else other_group.group.full_path
    assert (await projects.get(runtime.db, project.owner, project.id)).project.full_path == f"{around}/project"


@pytest.mark.parametrize("moves_first", [True, False])
@pytest.mark.parametrize("deleted", ["former", "next"])
async def test_a_move_and_a_deletion_at_once(project, other_group, runtime, monkeypatch, deleted, moves_first):
    """Out of the former group the project is saved if it goes first; into the next one it goes down with it."""
    async with runtime.db.read() as snap:
        paths = {
            name: await snap.scalar(text("SELECT full_path FROM groups WHERE id = :g"), {"g": id})
            for name, id in (("former", project.group_id), ("next", other_group.id))
        }
    deleting = group_deletion.delete(runtime.db, project.owner, paths[deleted], paths[deleted])
    if moves_first:
        await at_once(monkeypatch, transfer._move, move(project, other_group), deleting)
    else:
        results = await at_once(monkeypatch, group_changes.hide, deleting, move(project, other_group))
        assert isinstance(results[1], NotFound | Conflict), results
    async with runtime.db.read() as snap:
        statement = """SELECT p.deleted_at IS NULL AS lives, g.deleted_at IS NULL AS stands, g.full_path || '/project' =
          p.full_path AS fits FROM projects p JOIN groups g ON g.id = p.group_id WHERE p.id = :p"""
        row = (await snap.execute(text(statement), {"p": project.id})).one()
    assert row.lives == row.stands
    assert row.fits or not row.lives
    assert row.lives == ((deleted == "former" and moves_first) or (deleted == "next" and not moves_first))
