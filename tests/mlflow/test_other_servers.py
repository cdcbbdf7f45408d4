"""Versions whose run or files are kept by other servers, and what a source may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from app.runtime import Runtime
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from workers import executor

RUN = "0" * 32


async def created(rest: Rest, **fields: object) -> dict[str, Any]:
    answer = await rest.post("model-versions/create", {"name": "m", **fields})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["model_version"]
    return result


async def where(rest: Rest, number: str, name: str = "m") -> str:
    result = await rest.get("model-versions/get-download-uri", name=name, version=number)
    uri: str = result.json()["artifact_uri"]
    return uri


async def search_versions(rest: Rest, filter: str) -> list[str]:
    result = (await rest.get("model-versions/search", filter=filter)).json()
    return [one["version"] for one in result.get("model_versions", [])]


@pytest.fixture
async def model(rest: Rest) -> str:
    await rest.post("registered-models/create", {"name": "m"})
    return "m"


@pytest.mark.usefixtures("model")
async def test_the_run_id_of_another_server_is_kept(rest: Rest) -> None:
    first = await created(rest, source="runs:/their-run/model", run_id="their-run")
    second = await created(rest, source="s3://theirs/m", run_id=RUN)
    third = await created(rest)
    assert [first["run_id"], first["source"]] == ["their-run", "runs:/their-run/model"]
    assert [second["run_id"], second["source"]] == [RUN, "s3://theirs/m"]
    assert await where(rest, "1") == "runs:/their-run/model"
    assert await where(rest, "2") == "s3://theirs/m"
    assert await where(rest, "3") == f"mlflow-artifacts:/1/{third['run_id']}/artifacts"
    assert await search_versions(rest, "run_id = 'their-run'") == ["1"]
    assert await search_versions(rest, f"run_id IN ('their-run', '{third['run_id']}')") == ["3", "1"]
    assert await search_versions(rest, "run_id != 'their-run'") == ["3", "2"]
    assert await search_versions(rest, "run_id LIKE 'their%'") == ["1"]


@pytest.mark.usefixtures("model")
async def test_a_copy_keeps_run_and_files(rest: Rest) -> None:
    await created(rest, source="runs:/their-run/model", run_id="their-run")
    await rest.post("registered-models/create", {"name": "n"})
    answer = await rest.post("model-versions/create", {"name": "n", "source": "models:/m/1.0.0"})
    copy = answer.json()["model_version"]
    assert [copy["run_id"], copy["source"]] == ["their-run", "models:/m/1"]
    assert await where(rest, "1", "n") == "runs:/their-run/model"
    other = await rest.post("model-versions/create", {"name": "n", "source": "models:/m/1", "run_id": "another"})
    assert other.status_code == 400
    assert "must match the referenced model version" in other.json()["message"]


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("/tmp/model", "To use a local path"),
        ("models/mine", "To use a local path"),
        ("file:///tmp/model", "To use a local path"),
        ("C:\\models", "To use a local path"),
        ("https://host/a/../b", "without relative path"),
        ("s3://bucket/..%2f..%2fx", "without relative path"),
        ("s3://bucket/%252e%252e/x", "without relative path"),
        ("dbfs:/a%00", "NUL"),
        ("mlflow-artifacts:/models", "must identify the resource"),
        ("mlflow-artifacts://host:9000/models", "must identify the resource"),
        ("runs://host/x", "must identify the resource"),
        ("models://host/m/1", "must identify the resource"),
        ("runs:/their-run/model", "must identify the resource"),
    ],
)
async def test_misleading_sources_are_refused(rest: Rest, source: str, told: str) -> None:
    answer = await rest.post("model-versions/create", {"name": "m", "source": source})
    body = answer.json()
    assert [answer.status_code, body["error_code"]] == [400, "INVALID_PARAMETER_VALUE"]
    assert told in body["message"] or "relative path" in body["message"]
    assert await search_versions(rest, "name = 'm'") == []


@pytest.mark.usefixtures("model")
async def test_run_ids_of_this_servers_form_must_exist_in_the_project(rest: Rest) -> None:
    for fields in ({"source": f"runs:/{RUN}/x", "run_id": RUN}, {"run_id": RUN}, {"source": f"runs:/{RUN}/x"}):
        answer = await rest.post("model-versions/create", {"name": "m", **fields})
        assert [answer.status_code, answer.json()["error_code"]] == [404, "RESOURCE_DOES_NOT_EXIST"]
    run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    for fields in ({"source": f"runs:/{run}/x", "run_id": "their-run"}, {"source": f"runs:/{run}/x", "run_id": RUN}):
        answer = await rest.post("model-versions/create", {"name": "m", **fields})
        assert [answer.status_code, answer.json()["error_code"]] == [400, "INVALID_PARAMETER_VALUE"]


@pytest.mark.usefixtures("model")
async def test_a_logged_model_lists_the_versions_made_from_it(rest: Rest, project: TestProject) -> None:
    made = (await rest.post("logged-models", {"experiment_id": "0", "source_run_id": "123"})).json()["model"]["info"]
    assert made["source_run_id"] == "123"
    result = await rest.post("logged-models/search", {"experiment_ids": ["0"], "filter": "source_run_id = '123'"})
    assert [one["info"]["model_id"] for one in result.json()["models"]] == [made["model_id"]]
    fields = {"source": f"models:/{made['model_id']}", "model_id": made["model_id"]}
    await asyncio.gather(*(created(rest, **fields) for _ in range(4)))
    tags = (await rest.get(f"logged-models/{made['model_id']}")).json()["model"]["info"]["tags"]
    (noted,) = [json.loads(one["value"]) for one in tags if one["key"] == "mlflow.modelVersions"]
    assert noted == [{"name": "m", "version": number} for number in (1, 2, 3, 4)]
    assert project.id > 0


async def test_a_model_outlives_the_run_that_logged_it(rest: Rest) -> None:
    run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    body = {"experiment_id": "0", "source_run_id": run}
    made = (await rest.post("logged-models", body)).json()["model"]["info"]["model_id"]
    await rest.post("runs/delete", {"run_id": run})
    await rest.post("registered-models/create", {"name": "m"})
    version = await created(rest, source=f"models:/{made}", model_id=made)
    assert [version["model_id"], version["run_id"] == run] == [made, False]


async def test_concurrent_log_model_calls_lose_no_entry(rest: Rest) -> None:
    run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    entry = {"flavors": {}, "utc_time_created": "now", "run_id": run}
    bodies = [{"run_id": run, "model_json": json.dumps({**entry, "artifact_path": str(one)})} for one in range(8)]
    answers = await asyncio.gather(*(rest.post("runs/log-model", body) for body in bodies))
    assert {one.status_code for one in answers} == {200}
    tags = (await rest.get("runs/get", run_id=run)).json()["run"]["data"]["tags"]
    (history,) = [json.loads(one["value"]) for one in tags if one["key"] == "mlflow.log-model.history"]
    assert sorted(one["artifact_path"] for one in history) == [str(one) for one in range(8)]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Another server, which notes every connection."""
    result = Listener()
    server = await asyncio.start_server(result.visited, "127.0.0.1", 0)
    result.port = server.sockets[0].getsockname()[1]
    async with server:
        yield result


@dataclass
class Listener:
    """Where it listens, and what it was asked for."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.read(200))
        writer.close()


@pytest.mark.usefixtures("model")
async def test_a_source_of_another_server_is_never_opened(
    rest: Rest, listener: Listener, runtime: Runtime, project: TestProject
) -> None:
    host = f"127.0.0.1:{listener.port}"
    sources = [
        f"http://{host}/model",
        f"http://{host}/model?versionId=1&x=%2F#part",
        f"https://user:secret@{host}/model/",
        f"HTTP://{host}/Model",
        f"s3://{host}/model",
        f"gs://{host}/model",
        f"ftp://{host}/model",
        f"hdfs://{host}/model",
        f"wasbs://container@{host}/model",
        f"http://{host}/api/2.0/mlflow-artifacts/elsewhere/0/{RUN}/artifacts",
        f"dbfs://{host}/model",
    ]
    api = f"{rest.base.removesuffix('/ml/mlflow')}/packages/ml_models"
    for number, source in enumerate(sources, start=1):
        made = await created(rest, source=source)
        assert (made["version"], made["source"]) == (str(number), source)
        assert await where(rest, str(number)) == source
        told = (await rest.get("model-versions/get", name="m", version=number)).json()["model_version"]
        assert told["source"] == source
        for call in ("model-versions/get-artifact", "get-artifact"):
            query = {"name": "m", "version": number, "path": "MLmodel", "run_id": made["run_id"]}
            result = await rest.http.get(f"{rest.base}/{call}", params=query, headers=rest.headers)
            assert (source, result.status_code) == (source, 404)
        async with runtime.db.read() as snap:
            id = await snap.scalar(
                text("SELECT id FROM model_versions WHERE project_id = :p AND number = :n"),
                {"p": project.id, "n": number},
            )
        packaged = await rest.http.get(f"{api}/{id}/files/MLmodel", headers=rest.headers)
        assert (packaged.status_code, "not kept here" in packaged.text) == (404, True)
        copied = await rest.post("model-versions/create", {"name": "n", "source": f"models:/m/{number}"})
        assert copied.status_code == 404  # there is no such model; nor is anything fetched to see that
    query = """query v($p: String!) { model(by: {path: {project: $p, name: "m"}}) { versions(first: 20) { nodes {
      location artifacts(first: 1) { totalCount } } } } }"""
    body = {"query": query, "variables": {"p": project.path}}
    shown = (await rest.http.post("/graphql", json=body, headers=rest.headers)).json()
    result = shown["data"]["model"]["versions"]["nodes"]
    assert sorted(one["location"] for one in result) == sorted(sources)
    assert {one["artifacts"]["totalCount"] for one in result} == {0}
    for name in ("1", "2"):
        await rest.send("DELETE", "model-versions/delete", json={"name": "m", "version": name})
    await work(runtime, project)
    assert listener.requests == []
    # The listener does hear every connection.
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await writer.drain()
    while not listener.requests:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0.01)
    writer.close()


async def work(runtime: Runtime, project: TestProject) -> None:
    """Do all jobs of the project, as workers would."""
    async with runtime.db.write() as tx:
        mine = {"p": project.id}
        due = "UPDATE background_jobs SET run_after = now() WHERE project_id = :p AND state = 'queued' RETURNING id"
        jobs = list(await tx.scalars(text(due), mine))
    for job in jobs:
        await executor.execute(runtime, job, "test")
