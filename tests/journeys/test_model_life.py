"""The main job over HTTP: GraphQL makes and deletes, MLflow's calls bring the files, a worker empties the bucket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, update

from app.artifacts.tables import CondemnedObject
from app.artifacts.upkeep import garbage
from app.queue.outbox import BackgroundJob
from workers.executor import execute

CREATE_MODEL = """mutation ($project: String!, $name: String!) {
  modelCreate(input: {project: {path: $project}, name: $name}) { model { id } userErrors { code message field } } }"""
CREATE_VERSION = """mutation ($model: ID!, $version: String, $increment: ModelVersionIncrement) {
  modelVersionCreate(input: {model: {id: $model}, version: $version, increment: $increment}) {
    modelVersion { id version number candidate { uuid experiment { number } } }
    userErrors { code message field } } }"""
VERSIONS = """query ($model: ID!, $reference: String) {
  model(by: {id: $model}) { versions(reference: $reference, first: 100) { totalCount nodes { version } } } }"""
DELETE = """mutation ($model: ID!) {
  modelDelete(input: {model: {id: $model}, permanently: true}) {
    backgroundJob { id status } userErrors { code message } } }"""


@pytest.fixture
def ask(http, project):
    async def send(document, **variables):
        body = {"query": document, "variables": variables}
        answer = await http.post("/graphql", json=body, headers=project.headers)
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    return send


@pytest.fixture
def new_model(ask, project):
    async def make(name):
        payload = (await ask(CREATE_MODEL, project=project.path, name=name))["modelCreate"]
        assert payload["userErrors"] == []
        return payload["model"]["id"]

    return make


@pytest.fixture
def new_version(ask):
    async def make(model, **fields):
        payload = (await ask(CREATE_VERSION, model=model, **fields))["modelVersionCreate"]
        assert payload["userErrors"] == []
        return payload["modelVersion"]

    return make


def files(http, project, version):
    """Where MLflow's client puts the files of a version's candidate."""
    candidate = version["candidate"]
    root = f"{candidate['experiment']['number']}/{candidate['uuid']}/artifacts"
    return f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow-artifacts/artifacts/{root}"


async def objects(runtime, project):
    return len([1 async for _ in runtime.blobs.list_keys(f"v1/{project.id}/")])


async def _due(runtime, project):
    """Jobs of the project; those of other tests in this installation are none of ours."""
    async with runtime.db.write() as tx:
        mine = (BackgroundJob.project_id == project.id, BackgroundJob.state == "queued")
        due = update(BackgroundJob).where(*mine).values(run_after=func.now()).returning(BackgroundJob.id)
        return (await tx.scalars(due)).all()


async def settle(runtime, project):
    """Run all jobs of the project and the sweep, as the worker would within minutes."""
    for _ in range(20):
        due = await _due(runtime, project)
        for job_id in due:
            await execute(runtime, job_id, "test")
        if not due:
            break
    else:
        pytest.fail(f"The jobs {due} are still due after twenty attempts.")
    async with runtime.db.write() as tx:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await tx.execute(update(CondemnedObject).values(not_before=past))
    await garbage.sweep(runtime.db, runtime.blobs)


async def test_automatic_versions_order_by_precedence_and_resolve_by_range(ask, new_model, new_version):
    model = await new_model("automatic")
    increments = [None, "PATCH", "MINOR", "PRERELEASE", "MAJOR", "PRERELEASE", "PATCH"]
    made = [await new_version(model, increment=increment) for increment in increments]
    texts = [version["version"] for version in made]
    assert texts == ["1.0.0", "1.0.1", "1.1.0", "1.1.1-rc.1", "2.0.0", "2.0.1-rc.1", "2.0.1"]
    assert [version["number"] for version in made] == list(range(1, 8))

    async def listed(reference=None):
        versions = (await ask(VERSIONS, model=model, reference=reference))["model"]["versions"]
        assert versions["totalCount"] == len(versions["nodes"])
        return [node["version"] for node in versions["nodes"]]

    assert await listed() == ["2.0.1", "2.0.1-rc.1", "2.0.0", "1.1.1-rc.1", "1.1.0", "1.0.1", "1.0.0"]
    assert await listed("^1.0") == ["1.1.0", "1.0.1", "1.0.0"]
    assert await listed("latest") == ["2.0.1"]
    assert await listed("#2") == ["1.0.1"]


async def test_deleting_a_model_empties_the_bucket_and_spares_what_another_needs(
    runtime, http, project, ask, new_model, new_version
):
    doomed, kept = await new_model("doomed"), await new_model("kept")
    for number in range(3):
        version = await new_version(doomed)
        for name, data in (("own.bin", f"own {number}"), ("sub/shared.bin", "shared")):
            put = await http.put(f"{files(http, project, version)}/{name}", content=data, headers=project.headers)
            assert put.status_code == 200, put.text
    survivor = files(http, project, await new_version(kept))
    assert (await http.put(f"{survivor}/copy.bin", content="shared", headers=project.headers)).status_code == 200
    await settle(runtime, project)
    assert await objects(runtime, project) == 4

    payload = (await ask(DELETE, model=doomed))["modelDelete"]
    assert payload["userErrors"] == [] and payload["backgroundJob"]["status"] in {"QUEUED", "RUNNING", "SUCCEEDED"}
    assert (await ask(VERSIONS, model=doomed))["model"] is None
    assert await new_model("doomed") != doomed
    await settle(runtime, project)
    assert await objects(runtime, project) == 1
    answer = await http.get(f"{survivor}/copy.bin", headers=project.headers)
    assert (answer.status_code, answer.content) == (200, b"shared")


async def test_200_concurrent_creations_get_200_versions_and_numbers(new_model, new_version):
    model = await new_model("contended")
    made = await asyncio.gather(*(new_version(model) for _ in range(200)))
    assert sorted(version["number"] for version in made) == list(range(1, 201))
    assert {version["version"] for version in made} == {f"1.0.{patch}" for patch in range(200)}
