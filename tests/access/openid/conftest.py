"""The service with two real OpenID providers and one that lies, and browsers that sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from app.access.openid.configuration import Provider
from app.access.openid.providers import OpenIdProviders
from app.access.tables_of_people import OpenIdIdentity
from app.runtime import Runtime
from tests.conftest import serving
from tests.support.access import openid_provider
from tests.support.access.fake_openid_provider import FakeProvider
from tests.support.access.openid_provider import CLIENT_ID, SECRET, RealProvider, Visitor
from tests.support.ci import fake_servers

TIMEOUT = 2.0


@dataclass
class Service:
    """The API whose providers a test may change."""

    url: str
    app: Starlette
    base: Runtime

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    def has(self, *providers: Provider, **openid: Any) -> OpenIdProviders:
        """Let these be the providers, with nothing remembered of them."""
        private = {"openid_private_hosts": "127.0.0.1", "openid_timeout_seconds": TIMEOUT, "url": self.url}
        settings = self.base.settings.model_copy(update=private)
        made = replace(OpenIdProviders.of(settings), providers=providers, **openid)
        self.app.state.runtime = replace(self.base, settings=settings, openid=made)
        return made

    def callback(self, name: str) -> str:
        return f"{self.url}/openid/{name}/callback"


def described(name: str, issuer: str, **changes: Any) -> Provider:
    """A provider as the file of them describes it."""
    usual = {"accounts": "automatic", "scopes": ("openid", "profile", "email", "groups")}
    told = {"name": name, "title": f"The {name} one", "issuer": issuer, "client_id": CLIENT_ID, "client_secret": SECRET}
    return Provider.model_validate(told | usual | changes)


@pytest.fixture(scope="session")
async def service(runtime: Runtime) -> AsyncIterator[Service]:
    apps: list[Starlette] = []
    async with serving(runtime, seen=apps.append) as url:
        yield Service(url, apps[0], runtime)


@pytest.fixture(scope="session")
async def real(service: Service) -> AsyncIterator[RealProvider]:
    async with openid_provider.running([service.callback("real")]) as running:
        yield running


@pytest.fixture(scope="session")
async def other(service: Service) -> AsyncIterator[RealProvider]:
    async with openid_provider.running([service.callback("other")]) as running:
        yield running


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with fake_servers.running(FakeProvider(subject=uuid4().hex)) as running:
        try:
            yield running
        finally:
            running.released.set()


@pytest.fixture
async def visit(service: Service) -> AsyncIterator[Any]:
    """New browsers."""
    opened: list[Visitor] = []

    def browser() -> Visitor:
        opened.append(Visitor(service.url))
        return opened[-1]

    yield browser
    for one in opened:
        await one.http.aclose()


@pytest.fixture
def visitor(visit: Any) -> Visitor:
    browser: Visitor = visit()
    return browser


@pytest.fixture
def subject() -> str:
    """A person at a provider whom no other test knows."""
    return f"s-{uuid4().hex[:12]}"


@pytest.fixture
def username(subject: str) -> str:
    return f"ada-{subject[2:]}"


@pytest.fixture
def identities(runtime: Runtime) -> Any:
    """Identities of a subject, at all issuers."""

    async def read(subject: str) -> list[OpenIdIdentity]:
        async with runtime.db.read() as snap:
            mine = select(OpenIdIdentity).where(OpenIdIdentity.subject == subject).order_by(OpenIdIdentity.id)
            return list(await snap.scalars(mine))

    return read
