"""What processes remember of tokens is gone at the moment at which it stops being true, everywhere."""

from __future__ import annotations

import asyncio
import contextvars
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.access import members, projects, tokens
from app.access.authentication import access_cache
from app.access.authentication.authenticator import Authenticator
from app.access.limits.requests import Defaults
from app.access.members import GroupOrProject
from app.access.policy import Role, Scope
from app.access.projects import UpdateProject
from app.access.tables import Project, User
from app.access.tokens import IssueToken
from app.db.database import Database
from app.db.pauses import PAUSE
from app.errors import NotFound, Unauthenticated
from tests.conftest import new_person
from tests.support.statements import statements


@pytest.fixture
async def processes(migrated):
    """Two servers on one database, each with a memory of its own."""
    databases = [Database(migrated.database_url, pool=2) for _ in range(2)]
    opened = [Authenticator(db, session_idle=timedelta(days=14), limits=Defaults()) for db in databases]
    yield opened
    for authenticator, db in zip(opened, databases, strict=True):
        await authenticator.refusals.close()
        await db.close()


@pytest.fixture
async def member(runtime, admin, project):
    """A developer of the project whom no other test knows."""
    person = await new_person(runtime, admin, f"member-{uuid4().hex[:8]}")
    await members.set_role(runtime.db, project.owner, _here(project), person.actor.username, Role.DEVELOPER)
    return person


def _here(project):
    return GroupOrProject(project_id=project.id)


async def test_a_token_is_read_once(runtime, processes, member):
    here, _ = processes
    first = await here.actor(member.token)
    with statements(here._db) as sent:
        assert await here.actor(member.token) == first == member.actor
    assert sent == []


async def test_a_revoked_token_is_refused_at_once_everywhere(runtime, processes, member):
    issued = await tokens.issue(runtime.db, member.actor, IssueToken("short", (Scope.API,)))
    for process in processes:
        assert (await process.actor(issued.secret)).username == member.actor.username
    await tokens.revoke(runtime.db, member.actor, issued.token.id)
    for process in processes:
        with pytest.raises(Unauthenticated):
            await process.actor(issued.secret)
        assert await process.actor(member.token) == member.actor


async def test_a_token_ends_while_it_is_remembered(runtime, processes, member):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    issued = await tokens.issue(runtime.db, member.actor, IssueToken("short", expires_at=soon))
    here, _ = processes
    await here.actor(issued.secret)
    await asyncio.sleep(1.1)
    with pytest.raises(Unauthenticated):
        await here.actor(issued.secret)


async def test_a_blocked_user_is_refused_at_once(runtime, processes, member):
    for process in processes:
        await process.actor(member.token)
    async with runtime.db.write() as tx:
        await tx.execute(update(User).where(User.id == member.actor.user_id).values(blocked_at=datetime.now(UTC)))
    for process in processes:
        with pytest.raises(Unauthenticated):
            await process.actor(member.token)


async def test_roles_and_visibility_count_from_the_next_request_on(runtime, processes, project, member):
    async def roles():
        actors = [(process._db, await process.actor(member.token)) for process in processes]
        return [(await projects.get(db, actor, project.id)).role for db, actor in actors]

    assert await roles() == await roles() == [Role.DEVELOPER] * 2
    await members.set_role(runtime.db, project.owner, _here(project), member.actor.username, Role.GUEST)
    assert await roles() == [Role.GUEST] * 2
    await project.open_group()
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, visibility="internal"))
    await members.remove(runtime.db, project.owner, _here(project), member.actor.username)
    assert await roles() == [None] * 2
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, visibility="private"))
    with pytest.raises(NotFound):
        await roles()


async def test_a_project_is_read_once_and_again_by_requests_that_take_long(processes, project, member, monkeypatch):
    here, _ = processes
    actor = await here.actor(member.token)
    first = await projects.get(here._db, actor, project.id)
    assert await projects.get(here._db, await here.actor(member.token), project.id) is first
    monkeypatch.setattr(access_cache, "FRESH_SECONDS", 0.0)
    again = await projects.get(here._db, actor, project.id)
    assert again is not first
    assert (again.id, again.role) == (first.id, first.role)


async def test_changes_unrelated_to_access_keep_the_epoch(runtime, processes, project, member):
    here, _ = processes
    before = await here._epoch.current()
    async with runtime.db.write() as tx:
        counted = update(Project).where(Project.id == project.id)
        await tx.execute(counted.values(last_experiment_number=Project.last_experiment_number + 1))
    await tokens.issue(runtime.db, member.actor, IssueToken("another"))
    assert await here._epoch.current() == before


async def test_the_shared_read_of_the_epoch_does_not_pause(processes):
    here, _ = processes

    async def give_way() -> None:
        await asyncio.Event().wait()

    reading = contextvars.copy_context()
    reading.run(PAUSE.set, give_way)
    first = asyncio.get_running_loop().create_task(here._epoch.current(), context=reading)
    async with asyncio.timeout(10):
        assert await first == await here._epoch.current()


async def test_many_requests_share_one_reading_of_the_mark(processes, member):
    here, _ = processes
    await here.actor(member.token)
    seen = []
    here._db.watchers.append(lambda logged: seen.append(logged.query))
    await asyncio.gather(*(here.actor(member.token) for _ in range(50)))
    assert 1 <= len(seen) <= 2


async def test_a_request_sees_the_changes_that_it_makes(processes, project):
    here, _ = processes
    owner = await here.actor(project.token)
    await projects.edit(here._db, owner, UpdateProject(project.id, experiments_access="disabled"))
    assert (await projects.get(here._db, owner, project.id)).project.experiments_access == "disabled"
    await projects.edit(here._db, owner, UpdateProject(project.id, experiments_access="enabled"))
    assert (await projects.get(here._db, owner, project.path)).project.experiments_access == "enabled"


async def test_spelling_a_path_otherwise_fills_no_memory(processes, project, member):
    here, _ = processes
    actor = await here.actor(member.token)
    for path in (project.path, project.path.upper(), project.path.title()):
        await projects.get(here._db, actor, path)
    assert list(actor.cache.projects) == [project.path.lower()]


def test_what_is_remembered_has_an_end():
    projects = {}
    one = access_cache.RequestCache(projects, time.monotonic())
    for number in range(access_cache.MAX_PROJECTS + 5):
        one.put(number, None)
    assert list(projects) == list(range(5, access_cache.MAX_PROJECTS + 5))
