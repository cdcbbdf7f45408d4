"""The pages as people use them: built once, served by the real API, shown by a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page

from app.access import members
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.embedded.servers import Servers
from app.runtime import Runtime
from app.web.build.building import Building
from tests.browser import installation
from tests.browser.demo.caller import Caller
from tests.browser.demo.texts import PLAIN
from tests.browser.installation import Shown
from tests.conftest import Person, TestProject, new_person, serving, working
from tests.support.browser.visits import Visits
from tests.support.source import ROOT

AsPerson = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def site(runtime: Runtime, admin: Person) -> AsyncIterator[str]:
    """The address of the API, which serves the pages as they are in the sources."""
    await asyncio.to_thread(Building(ROOT, print).build)
    async with serving(runtime) as address:
        yield address


@pytest.fixture(scope="module")
async def worker(runtime: Runtime, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    """A worker, for what pages start and wait for."""
    async with working(runtime, servers, tmp_path_factory.mktemp("worker") / "log"):
        yield


@pytest.fixture(scope="session")
async def shown(runtime: Runtime, admin: Person, site: str) -> Shown:
    """A project in which every page has something to show; to be read, never changed."""
    mark = f"-{uuid4().hex[:6]}"
    return await installation.build(runtime, admin, site, PLAIN, group=f"vision{mark}", project="defects", mark=mark)


@pytest.fixture
def as_person(visits: Visits, site: str, project: TestProject) -> AsPerson:
    """Opens a page for the one of that role in the project of the test, for any person, or for a visitor (None)."""

    async def opened(who: Role | Person | None = Role.OWNER, **options: Any) -> Page:
        person = project[who] if isinstance(who, Role) else who
        return await visits.open(site, None if person is None else person.actor, **options)

    return opened


@pytest.fixture
async def caller(site: str, project: TestProject) -> AsyncIterator[Caller]:
    """The owner of the project, by token: for what a test needs and does not test."""
    async with httpx.AsyncClient(base_url=site, timeout=60) as http:
        owner = project[Role.OWNER]
        yield Caller(http, owner.actor.username, owner.token)


@pytest.fixture
async def member(runtime: Runtime, admin: Person, project: TestProject) -> Person:
    """A guest of this project and of no other: the people of most tests are members of hundreds."""
    person = await new_person(runtime, admin, f"member-{uuid4().hex[:8]}")
    scope = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, scope, person.actor.username, Role.GUEST)
    return person
