"""The API in this process, spoken to through ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.main import create_app
from app.runtime import Runtime
from tests.conftest import Person, new_person


@pytest.fixture(scope="session")
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime  # what the lifespan would do; this transport does not run it
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", timeout=30) as opened:
        yield opened


@dataclass(frozen=True)
class GraphQLAnswer:
    """An answer that was executed."""

    data: Any
    errors: list[dict[str, Any]]
    extensions: dict[str, Any]


Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def ask(client: httpx.AsyncClient) -> Ask:
    """Send a document as a ``Person``, or anonymously (None), and get data and errors."""

    async def send(person: Person | None, document: str, **variables: Any) -> GraphQLAnswer:
        answer = await client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers=person.headers if person else {},
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return GraphQLAnswer(body.get("data"), body.get("errors", []), body.get("extensions", {}))

    return send


@pytest.fixture(scope="session")
def data(ask: Ask) -> Ask:
    """The same, for documents that must not fail: gives the data alone."""

    async def send(person: Person | None, document: str, **variables: Any) -> Any:
        answer = await ask(person, document, **variables)
        assert answer.errors == []
        return answer.data

    return send


@pytest.fixture(scope="session")
async def people(runtime: Runtime, admin: Person) -> tuple[Person, Person]:
    """Ada, who is a member of nothing yet, and Grace, who is a guest in every project of the examples."""
    ada = await new_person(runtime, admin, f"ada-{uuid4().hex[:8]}")
    return ada, await new_person(runtime, admin, f"grace-{uuid4().hex[:8]}")


@pytest.fixture(scope="session")
async def showcases(runtime: Runtime, staff: Any, data: Ask, people: Any) -> dict[str, Any]:
    """Projects with something in every field (:mod:`tests.support.graphql.showcase`), to be read and never changed."""
    from tests.support.graphql import showcase  # noqa: PLC0415 - most tests here do without

    requests = [showcase.build(runtime, staff, data, people, **given) for given in showcase.PROJECTS.values()]
    return dict(zip(showcase.PROJECTS, await asyncio.gather(*requests), strict=True))
