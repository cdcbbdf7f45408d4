"""Real servers for all tests; a project of its own for each, so that nothing has to be cleaned."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from sqlalchemy import func, text, update
from starlette.applications import Starlette

from app import installation
from app.access import bootstrap, groups, members, projects, tokens, users
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Actor, Role, Scope
from app.access.projects import CreateProject
from app.access.tokens import IssueToken
from app.access.users import CreateUser
from app.embedded import servers as embedded
from app.queue.outbox import BackgroundJob
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from tests.support.source import ROOT

FAILED = pytest.StashKey[bool]()
"""Of a test: whether it has failed, for what tidies up after it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    """PostgreSQL, Redis and S3 of this run, in a directory of their own."""
    directory = Path(tempfile.mkdtemp(prefix="myt"))
    running = embedded.start(directory)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(servers: embedded.Servers) -> Settings:
    os.environ.update(servers.environment)
    os.environ.pop("MODELYARD_S3_SOCKET", None)  # tests put a proxy in the way by changing the address
    os.environ["MODELYARD_WEBHOOK_PRIVATE_HOSTS"] = "127.0.0.1"
    os.environ["MODELYARD_CI_PRIVATE_HOSTS"] = "127.0.0.1"
    os.environ["MODELYARD_ALLOWED_HOSTS"] = "test"  # what tests name as host that call the application without a server
    return Settings.read()


@pytest.fixture(scope="session")
async def migrated(settings: Settings) -> Settings:
    await installation.prepare_schema(settings)
    return settings


@pytest.fixture(scope="session")
async def runtime(migrated: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(migrated, name="tests") as opened:
        await opened.blobs.ensure_bucket()
        await bootstrap.ensure(opened.db, token=None)  # as in every installation, before a test can take the name
        yield opened


@dataclass(frozen=True)
class Person:
    """A user with a token."""

    actor: Actor
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class TestProject:
    """A project with one member of every role, made for one test."""

    __test__ = False

    id: int
    path: str
    group_id: int
    runtime: Runtime
    people: dict[Role, Person]
    stranger: Person
    anonymous: Actor = field(default_factory=Actor)

    @property
    def owner(self) -> Actor:
        return self.people[Role.OWNER].actor

    @property
    def token(self) -> str:
        return self.people[Role.OWNER].token

    @property
    def headers(self) -> dict[str, str]:
        return self.people[Role.OWNER].headers

    async def open_group(self) -> None:
        """Make the group around it public, so that the project may become so."""
        async with self.runtime.db.write() as tx:
            await tx.execute(text("UPDATE groups SET visibility = 'public' WHERE id = :g"), {"g": self.group_id})

    def __getitem__(self, role: Role) -> Person:
        return self.people[role]


@pytest.fixture(scope="session")
async def admin(runtime: Runtime) -> Person:
    first = await bootstrap.ensure(runtime.db, token=None)
    return Person(await tokens.authenticate(runtime.db, first.token), first.token)


@pytest.fixture(scope="session")
async def staff(runtime: Runtime, admin: Person) -> dict[Role | None, Person]:
    """One user for every role, and one (under None) who is a member of nothing."""
    people: dict[Role | None, Person] = {}
    for role in (*Role, None):
        name = f"{role.name.lower() if role else 'stranger'}-{uuid4().hex[:8]}"
        people[role] = await new_person(runtime, admin, name)
    return people


async def new_person(runtime: Runtime, admin: Person, name: str, *, scope: Scope = Scope.API) -> Person:
    async with runtime.db.write() as tx:
        user = await users.add(tx, CreateUser(name))
        issued = await tokens.add(tx, IssueToken("test", (scope,)), user_id=user.id, created_by=user.id)
    return Person(await tokens.authenticate(runtime.db, issued.secret), issued.secret)


async def new_project(
    runtime: Runtime, staff: dict[Role | None, Person], *, visibility: str = "private", name: str = "project"
) -> TestProject:
    owner = staff[Role.OWNER]
    group = await groups.create(runtime.db, owner.actor, CreateGroup(f"g{uuid4().hex}", visibility=visibility))
    made = await projects.create(runtime.db, owner.actor, CreateProject(group.id, name, visibility=visibility))
    scope = GroupOrProject(project_id=made.id)
    for role, person in staff.items():
        if role not in {None, Role.OWNER}:
            await members.set_role(runtime.db, owner.actor, scope, person.actor.username, role)
    people = {role: person for role, person in staff.items() if role is not None}
    return TestProject(made.id, made.project.full_path, group.id, runtime, people, staff[None])


@pytest.fixture
async def project(runtime: Runtime, staff: dict[Role | None, Person]) -> TestProject:
    """A fresh private project with owner, maintainer, developer, reporter and guest."""
    return await new_project(runtime, staff)


@pytest.fixture
async def empty_queue(runtime: Runtime) -> None:
    """No job of an earlier test is due."""
    await put_jobs_off(runtime)


async def put_jobs_off(runtime: Runtime) -> None:
    """Let no job be due: a worker process would do those of earlier tests first, at servers that have ended."""
    tomorrow = func.now() + timedelta(days=1)
    async with runtime.db.write() as tx:
        await tx.execute(update(BackgroundJob).where(BackgroundJob.state == "queued").values(run_after=tomorrow))
        await tx.execute(update(BackgroundJob).where(BackgroundJob.state == "running").values(lease_until=tomorrow))


@asynccontextmanager
async def serving(
    runtime: Runtime, *, seen: Callable[[Starlette], object] | None = None, **options: Any
) -> AsyncIterator[str]:
    """The API on a loopback port, in this process and event loop; gives its address.

    Options are those of ``create_app``; ``seen`` gets the application.
    """
    from app.http.connection.server import configuration  # noqa: PLC0415
    from app.main import create_app  # noqa: PLC0415

    # Opened again by its number, so that it knows to be TCP: asyncio turns Nagle's delay of 40 ms off only then.
    listener = socket.socket(fileno=socket.create_server(("127.0.0.1", 0)).detach())
    app = create_app(runtime.settings, runtime=runtime, **options)
    if seen is not None:
        seen(app)
    config = configuration(app, runtime.settings, lifespan="on")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined] # pytest keeps its own
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
async def url(runtime: Runtime, admin: Person) -> AsyncIterator[str]:
    """The address of the API under test."""
    async with serving(runtime) as address:
        yield address


@pytest.fixture(scope="session")
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token; tests pass ``headers=person.headers``."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@asynccontextmanager
async def working(runtime: Runtime, servers: embedded.Servers, log: Path) -> AsyncIterator[None]:
    """A worker, as a process of its own; jobs of earlier tests are not its."""
    await put_jobs_off(runtime)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", "worker",
            cwd=ROOT, env=os.environ | servers.environment, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Any]:
    """A browser without a screen; it starts when a test first needs it."""
    from tests.support.browser import chromium  # noqa: PLC0415 - most tests do without

    async with chromium.started() as browser:
        yield browser


@pytest.fixture
async def visits(chromium: Any, runtime: Runtime, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """Browsers of this test (:class:`tests.support.browser.visits.Visits`); it fails if a page did anything wrong."""
    from tests.support.browser.visits import Visits  # noqa: PLC0415

    made = Visits(chromium, runtime)
    yield made
    has_failed = request.node.stash.get(FAILED, True) or made.watch.unexpected
    if has_failed:
        await made.keep(tmp_path / "pages")
    await made.close()
    assert made.watch.unexpected == [], f"see {tmp_path / 'pages'}"
