"""Roles that end by themselves: at once, for every reader, without anything being committed."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, members, projects, tokens
from app.access.administration import expired_memberships
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Role, Scope
from app.access.projects import CreateProject
from app.access.reads import loaders
from app.access.tokens import IssueToken
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.live import streams
from app.live.subscribers import Live
from app.pagination import Window
from tests.conftest import new_person


def soon(seconds: float = 1.5) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture
async def person(runtime, admin):
    return await new_person(runtime, admin, f"p{uuid4().hex[:12]}")


async def give(project, person, role=Role.DEVELOPER, **options):
    target = GroupOrProject(project_id=project.id)
    return await members.set_role(project.runtime.db, project.owner, target, person.actor.username, role, **options)


async def end_in_the_past(runtime, person) -> None:
    async with runtime.db.write() as tx:
        statement = (
            "UPDATE memberships SET expires_at = now() - interval '1 s' WHERE user_id = :u AND expires_at > now()"
        )
        await tx.execute(text(statement), {"u": person.actor.user_id})


async def test_a_role_ends_on_time_though_it_is_cached_and_nothing_commits(http, project, person):
    end = soon()
    assert (await give(project, person, expires_at=end)).expires_at == end
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0"
    for _ in range(2):
        assert (await http.get(path, headers=person.headers)).status_code == 200
    await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    assert (await http.get(path, headers=person.headers)).status_code == 404


async def test_a_scope_ends_with_the_role_of_its_giver(runtime, project, person):
    """A token that a process has cached loses it, too."""
    await give(project, person, Role.MAINTAINER, expires_at=soon(3600))
    command = IssueToken("t", (Scope.API, Scope.MANAGE_ACCESS), project_id=project.id, role=Role.MAINTAINER)
    secret = (await tokens.issue(runtime.db, person.actor, command)).secret
    token, actor = await tokens.read(runtime.db, secret)
    assert Scope.MANAGE_ACCESS in actor.scopes
    assert token.expires_at is None
    assert actor.valid_until is not None
    await end_in_the_past(runtime, person)
    _, actor = await tokens.read(runtime.db, secret)
    assert (Scope.MANAGE_ACCESS in actor.scopes, actor.valid_until) == (False, None)


async def test_a_token_is_kept_for_no_longer_than_it_or_a_role_lasts(runtime, project, person):
    first, later = soon(100), soon(200)
    await give(project, person, expires_at=later)
    own = await tokens.issue(runtime.db, person.actor, IssueToken("a", expires_at=first))
    assert (await tokens.read(runtime.db, own.secret))[1].valid_until == first
    assert (await tokens.read(runtime.db, person.token))[1].valid_until == later


async def test_an_ended_role_is_gone_for_every_reader(runtime, project, person, data):
    await give(project, person, expires_at=soon(3600))
    await end_in_the_past(runtime, person)
    with pytest.raises(NotFound):
        await projects.get(runtime.db, person.actor, project.id)
    group = project.path.rpartition("/")[0]
    with pytest.raises(NotFound):
        await groups.get(runtime.db, person.actor, group)
    for page in (
        await projects.search(runtime.db, person.actor, Window(first=100), text=project.path),
        await groups.search(runtime.db, person.actor, Window(first=100), text=group),
    ):
        assert page.items == []
    (listed,) = await loaders.members_of_projects(runtime.db, project.owner, [(project.id,)], Window(first=100))
    assert person.actor.user_id not in {one.user.id for one in listed.items}
    seen = "query q($u: String!) { user(by: {username: $u}) { id } }"
    assert await data(project[Role.OWNER], seen, u=person.actor.username) == {"user": None}
    assert await data(person, seen, u=project.owner.username) == {"user": None}


async def test_the_end_that_is_shown_is_that_of_the_highest_role(runtime, staff, person):
    owner = staff[Role.OWNER].actor
    top = await groups.create(runtime.db, owner, CreateGroup(f"g{uuid4().hex}"))
    made = await projects.create(runtime.db, owner, CreateProject(top.id, "p"))
    first, later = soon(1000), soon(2000)

    async def given(role: Role, end: datetime | None, **target: int) -> tuple[Role, datetime | None]:
        name = person.actor.username
        member = await members.set_role(runtime.db, owner, GroupOrProject(**target), name, role, expires_at=end)
        (page,) = await loaders.members_of_projects(runtime.db, owner, [(made.id,)], Window())
        listed = next(one for one in page.items if one.user.id == person.actor.user_id)
        if target.get("project_id"):
            assert (member.role, member.expires_at) == (listed.role, listed.expires_at)
        return listed.role, listed.expires_at

    assert await given(Role.GUEST, first, group_id=top.id) == (Role.GUEST, first)
    assert await given(Role.REPORTER, later, project_id=made.id) == (Role.REPORTER, later)
    assert await given(Role.REPORTER, None, group_id=top.id) == (Role.REPORTER, None)
    assert await given(Role.MAINTAINER, first, project_id=made.id) == (Role.MAINTAINER, first)
    assert await given(Role.MAINTAINER, later, group_id=top.id) == (Role.MAINTAINER, later)


async def test_another_role_keeps_the_end_unless_it_is_changed(runtime, project, person):
    end = soon(1000)
    await give(project, person, Role.GUEST, expires_at=end)
    assert (await give(project, person, Role.REPORTER)).expires_at == end
    assert (await give(project, person, Role.REPORTER, expires_at=None)).expires_at is None
    await give(project, person, Role.REPORTER, expires_at=soon(1000))
    await end_in_the_past(runtime, person)
    # What has ended is given anew, and not with an end in the past.
    given = await give(project, person, Role.REPORTER)
    assert (given.role, given.expires_at) == (Role.REPORTER, None)


async def test_no_person_prolongs_a_role_of_its_own(runtime, project, admin, person):
    end = soon(3600)
    await give(project, person, Role.MAINTAINER, expires_at=end)
    target, name, db = GroupOrProject(project_id=project.id), person.actor.username, runtime.db
    for later in (None, end + timedelta(seconds=1)):
        for role in (Role.MAINTAINER, Role.GUEST):
            with pytest.raises(Forbidden, match="their own"):
                await members.set_role(db, person.actor, target, name, role, expires_at=later)
    await members.set_role(db, person.actor, target, name, Role.MAINTAINER)
    sooner = end - timedelta(minutes=1)
    assert (
        await members.set_role(db, person.actor, target, name, Role.MAINTAINER, expires_at=sooner)
    ).expires_at == sooner
    assert (await members.set_role(db, admin.actor, target, name, Role.MAINTAINER, expires_at=None)).expires_at is None
    # Who manages for good decides about its own roles, too.
    assert (await members.set_role(db, person.actor, target, name, Role.MAINTAINER, expires_at=end)).expires_at == end


async def test_an_inherited_role_that_ends_is_not_made_one_that_lasts(runtime, project, person):
    group = GroupOrProject(group_id=project.group_id)
    name, db = person.actor.username, runtime.db
    await members.set_role(db, project.owner, group, name, Role.MAINTAINER, expires_at=soon(3600))
    with pytest.raises(Forbidden, match="their own"):
        await members.set_role(db, person.actor, GroupOrProject(project_id=project.id), name, Role.MAINTAINER)


async def test_an_end_in_the_past_is_refused(project, person):
    with pytest.raises(Invalid, match="in the past") as refused:
        await give(project, person, expires_at=soon(-1))
    assert refused.value.field == "expiresAt"


async def test_graphql_tells_leaving_out_from_null(project, person, data):
    document = """mutation m($i: MemberSetInput!) { memberSet(input: $i) {
      member { role expiresAt } userErrors { code field } } }"""
    values = {"groupOrProject": {"project": {"path": project.path}}, "username": person.actor.username, "role": "GUEST"}

    async def end(**more: object) -> str | None:
        answer = (await data(project[Role.OWNER], document, i=values | more))["memberSet"]
        assert answer["userErrors"] == []
        return answer["member"]["expiresAt"]

    assert await end(expiresAt="2040-01-01T00:00:00Z") == "2040-01-01T00:00:00+00:00"
    assert await end() == "2040-01-01T00:00:00+00:00"
    assert await end(expiresAt=None) is None


async def test_roles_that_ended_long_ago_are_removed_and_logged(runtime, project, person, staff):
    await give(project, person, Role.REPORTER, expires_at=soon(1000))
    other = await new_person(runtime, staff[Role.OWNER], f"o{uuid4().hex[:12]}")
    await give(project, other, expires_at=soon(1000))
    ages = {person: expired_memberships.KEPT + timedelta(hours=1), other: expired_memberships.KEPT - timedelta(hours=1)}
    async with runtime.db.write() as tx:
        for one, age in ages.items():
            statement = "UPDATE memberships SET expires_at = now() - CAST(:a AS interval) WHERE user_id = :u"
            await tx.execute(
                text(f"{statement} AND project_id = :p"), {"a": age, "u": one.actor.user_id, "p": project.id}
            )
    await asyncio.gather(expired_memberships.remove(runtime.db), expired_memberships.remove(runtime.db))
    async with runtime.db.read() as snap:
        statement = "SELECT user_id FROM memberships WHERE project_id = :p AND user_id = ANY(:u)"
        users = {"p": project.id, "u": [one.actor.user_id for one in ages]}
        assert list(await snap.scalars(text(statement), users)) == [other.actor.user_id]
        log = (
            "SELECT username, details->>'role' FROM access_log WHERE action = 'member_expire' AND about_project_id = :p"
        )
        assert (await snap.execute(text(log), {"p": project.id})).all() == [(person.actor.username, "reporter")]


async def test_a_deactivated_user_is_given_no_role(runtime, project, person):
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :u"), {"u": person.actor.user_id})
    with pytest.raises(Conflict, match="deactivated"):
        await give(project, person)


async def test_a_live_subscription_ends_with_the_role(runtime, project, person):
    end = soon()
    await give(project, person, Role.GUEST, expires_at=end)
    live = Live(runtime.db)
    try:
        stream = streams.project(live, person.actor, project.id)
        began = time.monotonic()
        with pytest.raises(NotFound):
            await asyncio.wait_for(anext(stream), 15)
        assert time.monotonic() - began < 10
    finally:
        await live.close()
