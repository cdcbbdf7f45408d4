"""MLflow and GraphQL rename experiments in the same way, in races, too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.ids import GlobalId
from app.tracking import experiments
from app.tracking.experiments import CreateExperiment
from tests.conftest import TestProject

UPDATE = """
    mutation ($input: ExperimentUpdateInput!) {
      experimentUpdate(input: $input) { experiment { name } userErrors { code message } }
    }
"""


@pytest.fixture
def rename(http: httpx.AsyncClient, project: TestProject) -> Callable[[str, int, str], Awaitable[tuple[str, str]]]:
    """Rename an experiment through a protocol; answers the error code (empty: it worked) and the message."""

    async def through_mlflow(number: int, name: str) -> tuple[str, str]:
        path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/experiments/update"
        body = {"experiment_id": str(number), "new_name": name}
        answer = (await http.post(path, json=body, headers=project.headers)).json()
        return answer.get("error_code", ""), answer.get("message", "")

    async def through_graphql(number: int, name: str) -> tuple[str, str]:
        by = {"id": str(GlobalId.of("Experiment", project.id, number))}
        body = {"query": UPDATE, "variables": {"input": {"experiment": by, "name": name}}}
        answer = (await http.post("/graphql", json=body, headers=project.headers)).json()
        errors = answer["data"]["experimentUpdate"]["userErrors"]
        return (errors[0]["code"], errors[0]["message"]) if errors else ("", "")

    async def send(protocol: str, number: int, name: str) -> tuple[str, str]:
        return await {"mlflow": through_mlflow, "graphql": through_graphql}[protocol](number, name)

    return send


TAKEN = {"mlflow": "RESOURCE_ALREADY_EXISTS", "graphql": "TAKEN"}


@pytest.mark.parametrize("protocol", ["mlflow", "graphql"])
@pytest.mark.parametrize("rival", ["none", "created", "renamed"])
async def test_rename_to_a_name_in_use_is_the_same_conflict_before_and_during_a_race(
    runtime, project, rename, protocol, rival
):
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("first"))
    other = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("other"))
    if rival == "none":
        await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("wanted"))
        code, message = await rename(protocol, made.number, "wanted")
    else:
        async with runtime.db.write() as tx:
            if rival == "created":
                await experiments.add(tx, project.id, "wanted", created_by=None)
            else:
                await experiments.set_name(tx, project.id, other.number, "wanted")
            racing = asyncio.create_task(rename(protocol, made.number, "wanted"))
            await asyncio.sleep(0.3)
            assert not racing.done()
        code, message = await racing
    assert code == TAKEN[protocol]
    assert "Experiment(name=wanted) already exists in this project" in message
    assert (await experiments.get(runtime.db, project.owner, project.id, made.number)).name == "first"


@pytest.mark.parametrize("protocols", [("mlflow", "graphql"), ("graphql", "mlflow"), ("graphql", "graphql")])
async def test_concurrent_renames_to_one_name_have_one_winner(runtime, project, rename, protocols):
    made = [
        await experiments.create(runtime.db, project.owner, project.id, CreateExperiment(name)) for name in ("a", "b")
    ]
    calls = (rename(protocol, one.number, "c") for protocol, one in zip(protocols, made, strict=True))
    codes = [code for code, _ in await asyncio.gather(*calls)]
    assert sorted(codes) in [sorted(["", TAKEN[protocol]]) for protocol in protocols]
    names = {(await experiments.get(runtime.db, project.owner, project.id, one.number)).name for one in made}
    assert "c" in names
    assert len(names) == 2
