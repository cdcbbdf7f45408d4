"""Tags are removed in the same way through both protocols; MLflow's calls alone insist that the tag exists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.ids import GlobalId
from app.tracking import candidates, experiments, logged_models
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment
from app.tracking.logged_models import CreateLoggedModel
from tests.conftest import TestProject

TAGS = {"a": "1", "b": "2"}
Tagged = tuple[dict[str, Any], Callable[[], Awaitable[dict[str, str]]]]


@pytest.fixture
async def tagged(runtime, project) -> dict[str, Tagged]:
    """Of each kind one with two tags: how both protocols name it, and how to read its tags."""
    db, owner = runtime.db, project.owner
    experiment = await experiments.create(db, owner, project.id, CreateExperiment("tagged", TAGS))
    candidate = await candidates.create(db, owner, project.id, CreateCandidate(name="run", tags=TAGS))
    model = (await logged_models.create(db, owner, project.id, CreateLoggedModel(0, "model", tags=TAGS))).model

    async def of_experiment() -> dict[str, str]:
        return (await experiments.get(db, owner, project.id, experiment.number)).tags

    async def of_candidate() -> dict[str, str]:
        tags = (await candidates.get(db, owner, project.id, candidate.id)).tags
        return {key: value for key, value in tags.items() if key != candidates.NAME_TAG}

    async def of_model() -> dict[str, str]:
        return (await logged_models.get(db, owner, project.id, model.id)).model.tags

    return {
        "experiment": (
            {"id": GlobalId.of("Experiment", project.id, experiment.number), "key": experiment.number},
            of_experiment,
        ),
        "candidate": (
            {"id": GlobalId.of("Candidate", project.id, candidate.id), "key": candidate.id.hex},
            of_candidate,
        ),
        "loggedModel": ({"id": GlobalId.of("LoggedModel", project.id, model.id), "key": f"m-{model.id.hex}"}, of_model),
    }


async def through_graphql(http: httpx.AsyncClient, project: TestProject, kind: str, id: str, key: str) -> list[str]:
    """Remove a tag; answers the codes of the errors."""
    type = f"{kind[0].upper()}{kind[1:]}UpdateInput"
    document = f"mutation ($input: {type}!) {{ {kind}Update(input: $input) {{ userErrors {{ code }} }} }}"
    variables = {"input": {kind: {"id": id}, "tags": [{"key": key, "value": None}]}}
    answer = await http.post("/graphql", json={"query": document, "variables": variables}, headers=project.headers)
    return [error["code"] for error in answer.json()["data"][f"{kind}Update"]["userErrors"]]


async def through_mlflow(http: httpx.AsyncClient, project: TestProject, kind: str, of: Any, key: str) -> int:
    """Remove a tag; answers the status."""
    base = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow"
    if kind == "loggedModel":
        return (await http.delete(f"{base}/logged-models/{of}/tags/{key}", headers=project.headers)).status_code
    path, field = {
        "experiment": ("experiments/delete-experiment-tag", "experiment_id"),
        "candidate": ("runs/delete-tag", "run_id"),
    }[kind]
    answer = await http.post(f"{base}/{path}", json={field: str(of), "key": key}, headers=project.headers)
    return answer.status_code


@pytest.mark.parametrize("kind", ["experiment", "candidate", "loggedModel"])
async def test_removed_tag_is_gone_and_others_stay_through_both_protocols(http, project, tagged, kind):
    names, tags = tagged[kind]
    assert await through_mlflow(http, project, kind, names["key"], "a") == 200
    assert await tags() == {"b": "2"}
    assert await through_graphql(http, project, kind, str(names["id"]), "b") == []
    assert await tags() == {}


@pytest.mark.parametrize("kind", ["experiment", "candidate", "loggedModel"])
async def test_removing_an_absent_tag_is_an_error_of_mlflow_only_and_changes_nothing(http, project, tagged, kind):
    names, tags = tagged[kind]
    assert await through_mlflow(http, project, kind, names["key"], "absent") == 404
    assert await through_graphql(http, project, kind, str(names["id"]), "absent") == []
    assert await tags() == TAGS
