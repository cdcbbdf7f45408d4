"""A project's full path in an address: encoded, and as users paste it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.access import groups, projects
from app.access.groups import CreateGroup
from app.access.policy import Role
from app.access.projects import CreateProject
from app.http.edge_table import EdgeTable, RequestEdge
from app.main import EDGES, PROJECTS
from tests.conftest import Person, TestProject
from tests.support.http.unfinished_requests import unfinished_request
from tests.support.mlflow import client

PREFIX = PROJECTS
TABLE = EdgeTable(EDGES, projects=PROJECTS)


@pytest.mark.parametrize(
    ("rest", "project", "tail"),
    [
        ("7/ml/mlflow/api/2.0/mlflow/runs/get", "7", "ml/mlflow/api/2.0/mlflow/runs/get"),
        ("a%2Fb/ml/mlflow/version", "a%2Fb", "ml/mlflow/version"),
        ("a%2fb%2Fc/ml/mlflow/version", "a%2Fb%2Fc", "ml/mlflow/version"),
        ("a/b/ml/mlflow/api/2.0/mlflow/runs/get", "a%2Fb", "ml/mlflow/api/2.0/mlflow/runs/get"),
        ("a/b/c/d/ml/mlflow/ajax-api/2.0/mlflow/runs/get", "a%2Fb%2Fc%2Fd", "ml/mlflow/ajax-api/2.0/mlflow/runs/get"),
        ("a/b/ml/mlflow//api/2.0/mlflow/runs/get", "a%2Fb", "ml/mlflow//api/2.0/mlflow/runs/get"),
        ("a/b/ml/mlflow", "a%2Fb", "ml/mlflow"),
        ("a/b/ml/mlflow/", "a%2Fb", "ml/mlflow/"),
        ("a/b%2Fc/ml/mlflow/version", "a%2Fb%2Fc", "ml/mlflow/version"),
        ("a/ml/mlflow/ml/mlflow/version", "a%2Fml%2Fmlflow", "ml/mlflow/version"),
        ("a/b/ml/mlflow/ml/mlflow/version", "a%2Fb%2Fml%2Fmlflow", "ml/mlflow/version"),
        ("a/ml/ml/mlflow/version", "a%2Fml", "ml/mlflow/version"),
        (
            "a/b/ml/mlflow/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/x/ml/mlflow/version",
            "a%2Fb",
            "ml/mlflow/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/x/ml/mlflow/version",
        ),
        ("a/b/packages/ml_models/3/files/x/f", "a%2Fb", "packages/ml_models/3/files/x/f"),
        ("a/b/packages/ml_models/candidate:0/files/f", "a%2Fb", "packages/ml_models/candidate:0/files/f"),
        (
            "a/packages/ml_models/packages/ml_models/3/files/f",
            "a%2Fpackages%2Fml_models",
            "packages/ml_models/3/files/f",
        ),
        ("a%2Fb/packages/ml_models/3/files/ml/mlflow/version", "a%2Fb", "packages/ml_models/3/files/ml/mlflow/version"),
        ("a/ml/mlflow/version", "a", "ml/mlflow/version"),
        ("a/b/anything", "a", "b/anything"),
        ("a/b", "a", "b"),
        ("a", "a", None),
    ],
)
async def test_the_path_of_a_project_ends_where_calls_begin(rest: str, project: str, tail: str | None) -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["path"])

    scope = {"type": "http", "path": "", "raw_path": f"{PREFIX}{rest}".encode()}
    await RequestEdge(app, TABLE)(scope, None, None)  # type: ignore[arg-type] # the inner application neither receives nor sends
    assert seen == [PREFIX + project + ("" if tail is None else f"/{tail}")]


async def test_encoded_and_plain_paths_address_the_same_project(http: httpx.AsyncClient, project: TestProject) -> None:
    unfinished = await unfinished_request(http, project, "package")
    stored = await http.put(
        unfinished.path.replace(f"/{project.id}/", f"/{project.path}/"), content=b"1", headers=project.headers
    )
    assert stored.status_code == 201
    for spelling in (str(project.id), project.path, quote(project.path, safe="")):
        read = await http.get(unfinished.path.replace(f"/{project.id}/", f"/{spelling}/"), headers=project.headers)
        assert (read.status_code, read.content) == (200, b"1")
        call = f"{PREFIX}{spelling}/ml/mlflow/api/2.0/mlflow/experiments/get"
        result = await http.get(call, params={"experiment_id": "0"}, headers=project.headers)
        assert result.json()["experiment"]["name"] == "Default"


async def test_a_project_named_like_the_calls_is_addressed(
    runtime, http: httpx.AsyncClient, staff: dict[Role, Person]
) -> None:
    """A project `…/ml/mlflow`: its path alone never leads to another one."""
    owner = staff[Role.OWNER]
    top = await groups.create(runtime.db, owner.actor, CreateGroup("g" + owner.actor.username.replace("-", "")))
    inner = await groups.create(runtime.db, owner.actor, CreateGroup("ml", parent=top.id))
    made = await projects.create(runtime.db, owner.actor, CreateProject(inner.id, "mlflow"))
    path = made.project.full_path
    assert path.endswith("/ml/mlflow")
    for spelling in (path, quote(path, safe="")):
        call = f"{PREFIX}{spelling}/ml/mlflow/api/2.0/mlflow/runs/create"
        assert (await http.post(call, json={}, headers=owner.headers)).status_code == 200


def _logs_and_loads():  # type: ignore[no-untyped-def] # runs in the client
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    import mlflow  # noqa: PLC0415

    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5, step=3)
        mlflow.log_text("hello", "notes/a.txt")
    api = mlflow.MlflowClient()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(api.download_artifacts(run.info.run_id, "notes/a.txt", folder)).read_text()
    return [api.get_run(run.info.run_id).data.metrics["loss"], text]


@pytest.mark.parametrize("python", [client.NEWEST, client.OLDEST], ids=["3.17.2", "2.7.1"])
async def test_a_client_uses_a_tracking_uri_with_a_plain_path(url: str, project: TestProject, python: Any) -> None:
    running = await client.start(python)
    try:
        for slash in ("", "/"):
            mlflow = running.at(f"{url}{PREFIX}{project.path}/ml/mlflow{slash}", project.token)
            assert await mlflow(_logs_and_loads) == [0.5, "hello"]
    finally:
        await client.stop(running)
