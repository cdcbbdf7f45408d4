"""A rename that loses a race is refused as if the other one had been there all along, whatever the protocol."""

from __future__ import annotations

import asyncio

import pytest

from app.registry import models
from app.registry.models import CreateModel, EditModel
from app.tracking import model_experiments

MODEL_UPDATE = """
mutation($path: String!, $model: String!, $name: String!) {
  modelUpdate(input: {model: {path: {project: $path, name: $model}}, name: $name}) {
    model { name } userErrors { code field message }
  }
}
"""


async def rename_by_graphql(http, project, name, new_name):
    variables = {"path": project.path, "model": name, "name": new_name}
    body = {"query": MODEL_UPDATE, "variables": variables}
    return (await http.post("/graphql", json=body, headers=project.headers)).json()["data"]["modelUpdate"]


async def rename_by_mlflow(http, project, name, new_name):
    url = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/registered-models/rename"
    answer = await http.post(url, json={"name": name, "new_name": new_name}, headers=project.headers)
    return answer.status_code, answer.json()


@pytest.fixture
def held_rename(monkeypatch):
    """The first rename stops where it has seen that the name is free; gives that moment, and what lets it go on."""
    rename, is_there, may_go = model_experiments.rename, asyncio.Event(), asyncio.Event()

    async def stopping(*given):
        if not is_there.is_set():
            is_there.set()
            await may_go.wait()
        return await rename(*given)

    monkeypatch.setattr(model_experiments, "rename", stopping)
    return is_there, may_go


@pytest.mark.parametrize("rename", [rename_by_graphql, rename_by_mlflow])
async def test_a_lost_race_in_a_rename_answers_the_same_conflict_as_a_taken_name(
    runtime, project, http, held_rename, rename
):
    for name in ("a", "b", "c"):
        await models.create(runtime.db, project.owner, project.id, CreateModel(name))
    is_there, may_go = held_rename
    loser = asyncio.create_task(rename(http, project, "a", "new"))
    await asyncio.wait_for(is_there.wait(), 10)
    winner = await models.edit(runtime.db, project.owner, project.id, "b", EditModel(name="new"))
    may_go.set()
    answer = await loser
    assert answer == await rename(http, project, "c", "new")
    assert f"There is already a model 'new' in this project (id {winner.id})" in str(answer)
    assert "TAKEN" in str(answer) or "RESOURCE_ALREADY_EXISTS" in str(answer)
    assert (await models.get(runtime.db, project.owner, project.id, "a")).name == "a"
