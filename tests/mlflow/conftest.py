"""The API with the real MLflow client in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import TestProject
from tests.support.mlflow import client
from tests.support.mlflow.client import MLflow


@pytest.fixture(scope="session")
async def interpreter() -> AsyncIterator[MLflow]:
    running = await client.start()
    yield running
    await client.stop(running)


@pytest.fixture(scope="session")
async def oldest_interpreter() -> AsyncIterator[MLflow]:
    running = await client.start(client.OLDEST)
    yield running
    await client.stop(running)


@pytest.fixture
def base(url: str, project: TestProject) -> str:
    """The tracking URI of the test's project."""
    return f"{url}/api/v4/projects/{project.id}/ml/mlflow"


@pytest.fixture
def path_base(url: str, project: TestProject) -> str:
    """The same project by its encoded path."""
    return f"{url}/api/v4/projects/{quote(project.path, safe='')}/ml/mlflow"


@pytest.fixture
def mlflow(interpreter: MLflow, base: str, project: TestProject) -> MLflow:
    """The client, signed in as the owner of the test's project."""
    return interpreter.at(base, project.token)


@pytest.fixture
def oldest(oldest_interpreter: MLflow, base: str, project: TestProject) -> MLflow:
    """MLflow 2.7.1, in the same project as the fixture ``mlflow``."""
    return oldest_interpreter.at(base, project.token)


@pytest.fixture(params=["2.7.1", "3.17.2"])
def each_client(
    request: pytest.FixtureRequest,
    oldest_interpreter: MLflow,
    interpreter: MLflow,
    base: str,
    project: TestProject,
) -> MLflow:
    """Both clients, one after the other; each has a project of its own."""
    running = interpreter if request.param == "3.17.2" else oldest_interpreter
    return running.at(base, project.token)


@dataclass(frozen=True)
class Rest:
    """Bare requests to the shim, for what no client would send."""

    http: httpx.AsyncClient
    base: str
    headers: dict[str, str]

    async def post(self, path: str, body: object = None, **options: object) -> httpx.Response:
        return await self.send("POST", path, json={} if body is None else body, **options)

    async def get(self, path: str, **query: object) -> httpx.Response:
        return await self.send("GET", path, params=query)

    async def send(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.http.request(method, f"{self.base}/api/2.0/mlflow/{path}", headers=headers, **options)


@pytest.fixture
def rest(http: httpx.AsyncClient, base: str, project: TestProject) -> Rest:
    return Rest(http, base, project.headers)
