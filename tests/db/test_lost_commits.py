"""An answer to a commit that is lost on its way: no client is told that nothing was changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from app.runtime import Runtime, open_runtime
from app.settings import Settings
from tests.conftest import Person, TestProject, new_project, serving
from tests.support.db.cutting_proxy import Cutter, cutting

COMMIT = b"COMMIT"


@dataclass
class CutApi:
    """An API whose connection to the database can be cut."""

    http: httpx.AsyncClient
    cutter: Cutter
    project: TestProject

    @property
    def tracking(self) -> str:
        return f"/api/v4/projects/{self.project.id}/ml/mlflow/api/2.0"

    async def post(self, call: str, **body: object) -> httpx.Response:
        return await self.http.post(f"{self.tracking}/mlflow/{call}", json=body)

    async def get(self, call: str, **query: str) -> httpx.Response:
        return await self.http.get(f"{self.tracking}/mlflow/{call}", params=query)

    async def run(self) -> str:
        return (await self.post("runs/create", experiment_id="0")).json()["run"]["info"]["run_id"]

    async def mutate(self, document: str, **given: object) -> dict[str, object]:
        answer = await self.http.post("/graphql", json={"query": document, "variables": {"input": given}})
        (payload,) = answer.json()["data"].values()
        return payload


@pytest.fixture
async def api(migrated: Settings, runtime: Runtime, staff: dict) -> AsyncIterator[CutApi]:
    project = await new_project(runtime, staff)
    async with cutting(migrated.database_url) as (cutter, address):
        through = migrated.model_copy(update={"database_url": address})
        async with (
            open_runtime(through, name="cut") as cut,
            serving(cut) as url,
            httpx.AsyncClient(base_url=url, headers=project.headers, timeout=30) as http,
        ):
            yield CutApi(http, cutter, project)


def commit(data: bytes) -> bool:
    """The end of a transaction of several statements."""
    return COMMIT in data


def running(mark: str) -> Callable[[bytes], bool]:
    """The one statement of a group that has such a text among its values (PostgreSQL protocol: Bind)."""
    return lambda data: data[:1] == b"B" and mark.encode() in data


def is_unknown(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE"), answer.text
    assert "it is unknown whether this was done" in answer.json()["message"]
    assert answer.headers["retry-after"]


async def test_lost_commit_of_a_param(api: CutApi) -> None:
    run = await api.run()
    api.cutter.lose(commit)
    is_unknown(await api.post("runs/log-parameter", run_id=run, key="a", value="1"))
    assert api.cutter.lost == 1
    params = (await api.get("runs/get", run_id=run)).json()["run"]["data"]["params"]
    assert params == [{"key": "a", "value": "1"}]
    assert (await api.post("runs/log-parameter", run_id=run, key="a", value="1")).status_code == 200


async def test_lost_commit_of_points_that_share_it(api: CutApi) -> None:
    run, mark = await api.run(), f"k{uuid4().hex}"
    api.cutter.lose(running(mark))
    is_unknown(await api.post("runs/log-metric", run_id=run, key=mark, value=1.5, timestamp=1, step=1))
    assert api.cutter.lost == 1
    params = (await api.get("metrics/get-history", run_id=run, metric_key=mark)).json()["metrics"]
    assert [point["value"] for point in params] == [1.5]


async def test_lost_commit_of_a_candidate(api: CutApi) -> None:
    await api.run()
    mark = f"n{uuid4().hex}"
    api.cutter.lose(running(mark))
    is_unknown(await api.post("runs/create", experiment_id="0", run_name=mark))
    params = await api.post("runs/search", experiment_ids=["0"], filter=f"attributes.run_name = '{mark}'")
    assert len(params.json()["runs"]) == 1


async def test_lost_commit_of_a_mutation(api: CutApi) -> None:
    document = "mutation ($input: ModelCreateInput!) { modelCreate(input: $input) { userErrors { code message } } }"
    api.cutter.lose(commit)
    payload = await api.mutate(document, project={"path": api.project.path}, name="churn")
    (error,) = payload["userErrors"]
    assert error["code"] == "OUTCOME_UNKNOWN"
    assert "it is unknown whether this was done" in error["message"]
    assert (await api.get("registered-models/get", name="churn")).status_code == 200


async def test_lost_commit_of_a_version_that_shares_it(api: CutApi) -> None:
    assert (await api.post("registered-models/create", name="churn")).status_code == 200
    mark = f"d{uuid4().hex}"
    api.cutter.lose(running(mark))
    is_unknown(await api.post("model-versions/create", name="churn", source="", description=mark))
    assert (await api.get("model-versions/get", name="churn", version="1")).status_code == 200


@pytest.mark.parametrize("size", [1000, 2_000_000])
async def test_lost_commit_of_a_file(api: CutApi, size: int) -> None:
    run, name = await api.run(), f"f{uuid4().hex}.bin"
    url = f"/api/v4/projects/{api.project.id}/packages/ml_models/candidate:{run}/files/{name}"
    api.cutter.lose(lambda data: running(name)(data) and b"octet-stream" in data)
    answer = await api.http.put(url, content=b"x" * size)
    assert api.cutter.lost == 1
    assert (answer.status_code, list(answer.json())) == (503, ["message"]), answer.text  # as GitLab answers
    assert "unknown whether this was done" in answer.json()["message"]
    assert (await api.http.get(url)).content == b"x" * size
    assert (await api.http.put(url, content=b"x" * size)).status_code in {200, 201}


async def test_connection_lost_before_the_commit_wrote_nothing(api: CutApi) -> None:
    run = await api.run()
    api.cutter.drop(commit)
    is_unknown(await api.post("runs/log-parameter", run_id=run, key="a", value="1"))
    api.cutter.lose(lambda data: b"candidate_params" in data or running("other")(data))
    answer = await api.post("runs/log-parameter", run_id=run, key="other", value="1")
    assert (answer.status_code, api.cutter.lost) == (503, 2)
    assert "cannot be reached" in answer.json()["message"]
    assert (await api.get("runs/get", run_id=run)).json()["run"]["data"]["params"] == []


async def test_reads_never_answer_an_unknown_outcome(api: CutApi, admin: Person) -> None:
    run = await api.run()
    api.cutter.lose(lambda data: data[:1] == b"B" and bytes.fromhex(run) in data)
    answer = await api.get("runs/get", run_id=run)
    assert (answer.status_code, api.cutter.lost) == (503, 1)
    assert "cannot be reached" in answer.json()["message"]
