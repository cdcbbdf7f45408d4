"""The wire: errors, bodies, addresses, tokens."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import json

import httpx
import pytest

from app.access import tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.runtime import Runtime
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow

MISSING = "Missing value for required parameter '{}'. See the API docs for more information about request parameters."


def name_a_project():
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_text("x", "a/b.txt")
    return mlflow.artifacts.load_text(run.info.artifact_uri + "/a/b.txt")


async def test_a_project_is_addressed_by_its_encoded_path(
    interpreter: MLflow, path_base: str, project: TestProject
) -> None:
    assert await interpreter.at(path_base, project.token)(name_a_project) == "x"


async def test_a_project_token_needs_no_project_in_the_path(
    interpreter: MLflow, url: str, project: TestProject, runtime: Runtime
) -> None:
    command = IssueToken("ci", (Scope.API,), role=Role.DEVELOPER, project_id=project.id)
    issued = await tokens.issue(runtime.db, project.owner, command)
    assert await interpreter.at(url, issued.secret)(name_a_project) == "x"


async def test_a_personal_token_without_a_project_is_told_the_address(
    http: httpx.AsyncClient, project: TestProject
) -> None:
    answer = await http.get("/api/2.0/mlflow/experiments/get", params={"experiment_id": "0"}, headers=project.headers)
    assert answer.status_code == 400
    assert "/api/v4/projects/<id or URL-encoded path>/ml/mlflow" in answer.json()["message"]


async def test_a_password_may_be_the_token(rest: Rest, project: TestProject) -> None:
    answer = await rest.http.get(
        f"{rest.base}/api/2.0/mlflow/experiments/get", params={"experiment_id": "0"}, auth=("anybody", project.token)
    )
    assert answer.json()["experiment"]["name"] == "Default"


async def test_version_and_health_need_no_token(rest: Rest) -> None:
    version = await rest.http.get(f"{rest.base}/version")
    health = await rest.http.get(f"{rest.base}/health")
    info = await rest.http.get(f"{rest.base}/api/3.0/mlflow/server-info")
    assert (version.text, health.text) == ("3.17.2", "OK")
    assert info.json()["multipart_uploads_enabled"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "api/3.0/mlflow/traces"),
        ("GET", "api/2.0/mlflow/no-such-call"),
        ("DELETE", "api/2.0/mlflow/runs/get"),
        ("POST", "ajax-api/3.0/mlflow/gateway"),
    ],
)
async def test_unsupported_calls_answer_endpoint_not_found(rest: Rest, method: str, path: str) -> None:
    answer = await rest.http.request(method, f"{rest.base}/{path}", headers=rest.headers)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


async def test_a_path_of_several_methods_answers_each_and_refuses_others(rest: Rest) -> None:
    base = f"{rest.base}/api/2.0/mlflow/experiments/search"
    assert (await rest.http.get(base, params={"max_results": 1}, headers=rest.headers)).status_code == 200
    assert (await rest.http.post(base, json={"max_results": 1}, headers=rest.headers)).status_code == 200
    assert (await rest.http.delete(base, headers=rest.headers)).status_code == 404
    refused = await rest.http.post(f"{rest.base}/version", headers=rest.headers)
    assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("experiments/create", {}, MISSING.format("name")),
        ("experiments/create", {"name": ""}, MISSING.format("name")),
        ("runs/log-metric", {"run_id": "0" * 32, "key": "a"}, MISSING.format("value")),
        ("runs/log-metric", {"run_id": "0" * 32, "key": "a", "value": 1}, MISSING.format("timestamp")),
        (
            "runs/log-batch",
            {"run_id": "0" * 32, "metrics": [{"key": "a", "timestamp": 1}]},
            MISSING.format("metrics[0].value"),
        ),
        ("runs/log-batch", {"run_id": "0" * 32, "params": [{"value": "1"}]}, MISSING.format("params[0].key")),
    ],
)
async def test_missing_fields_are_named(rest: Rest, path: str, body: object, message: str) -> None:
    answer = await rest.post(path, body)
    assert (answer.status_code, answer.json()) == (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("experiments/create", {"name": 123}),
        ("experiments/create", {"name": ["a"]}),
        ("experiments/create", {"name": "a", "tags": {"a": "b"}}),
        ("experiments/create", {"name": "a", "tags": ["b"]}),
        ("experiments/create", {"name": "a\x00b"}),
        ("experiments/get", {"experiment_id": "x"}),
        ("experiments/search", {"max_results": 0}),
        ("experiments/search", {"max_results": 10**30}),
        ("experiments/search", {"max_results": 10, "page_token": "nonsense"}),
        ("experiments/search", {"max_results": 10, "filter": "name ="}),
        ("runs/create", {"experiment_id": "x"}),
        ("runs/create", {"start_time": 2**63}),
        ("runs/create", {"start_time": True}),
        ("runs/create", {"experimentId": "0", "experiment_id": "0"}),
        ("runs/update", {"run_id": "0" * 32, "status": "SLEEPING"}),
        ("runs/log-metric", {"run_id": "0" * 32, "key": "a", "value": "many", "timestamp": 1}),
        ("runs/log-metric", {"run_id": "0" * 32, "key": "a/../b", "value": 1, "timestamp": 1}),
        ("model-versions/get", {"name": "m", "version": "x y"}),
    ],
)
async def test_invalid_values_are_invalid_parameters(rest: Rest, path: str, body: dict[str, object]) -> None:
    is_get = path.endswith("/get")
    answer = await (rest.get(path, **body) if is_get else rest.post(path, body))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"name": "' + b"x" * (2 * 1024 * 1024) + b'"}', 413),
        (json.dumps(json.dumps({"name": "doubly"})).encode(), 200),
        (b'{"name": "typed", "unknown": {"a": 1}}', 200),
    ],
)
async def test_malformed_bodies_are_refused(rest: Rest, content: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = await rest.send("POST", "experiments/create", content=content, headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


async def test_a_body_needs_the_media_type_of_json(rest: Rest) -> None:
    answer = await rest.send(
        "POST", "experiments/create", content=b'{"name": "a"}', headers={"Content-Type": "text/plain"}
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


async def test_snake_case_camel_case_and_numbers_as_text_are_read(rest: Rest) -> None:
    made = await rest.post("runs/create", {"experimentId": "0", "startTime": "5", "runName": "a"})
    info = made.json()["run"]["info"]
    assert (info["start_time"], info["run_name"]) == (5, "a")
    logged = await rest.post(
        "runs/log-metric", {"run_uuid": info["run_id"], "key": "k", "value": "NaN", "timestamp": "7"}
    )
    assert (logged.status_code, logged.json()) == (200, {})
    result = await rest.get("runs/get", run_id=info["run_id"])
    assert result.json()["run"]["data"]["metrics"] == [{"key": "k", "value": "NaN", "timestamp": 7, "step": 0}]


async def test_log_batch_is_atomic(rest: Rest) -> None:
    run_id = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    await rest.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
    batch = {
        "run_id": run_id,
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}],
        "params": [{"key": "p", "value": "2"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    refused = await rest.post("runs/log-batch", batch)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("Changing param values is not allowed.")
    data = (await rest.get("runs/get", run_id=run_id)).json()["run"]["data"]
    assert data["metrics"] == []
    assert data["params"] == [{"key": "p", "value": "1"}]
    assert "t" not in {tag["key"] for tag in data["tags"]}


@pytest.mark.parametrize(
    ("name", "count", "limit"), [("metrics", 1001, 1000), ("params", 101, 100), ("tags", 101, 100)]
)
async def test_log_batch_enforces_its_limits(rest: Rest, name: str, count: int, limit: int) -> None:
    run_id = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    items = [{"key": f"k{index}", "value": "1", "timestamp": 1} for index in range(count)]
    answer = await rest.post("runs/log-batch", {"run_id": run_id, name: items})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(
        f"A batch logging request can contain at most {limit} {name}. Got {count} {name}."
    )


async def test_get_history_bulk_reads_several_runs(rest: Rest) -> None:
    runs = sorted([(await rest.post("runs/create", {})).json()["run"]["info"]["run_id"] for _ in range(2)])
    for run_id in runs:
        points = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(10)]
        await rest.post("runs/log-batch", {"run_id": run_id, "metrics": points})
    first = await rest.get("metrics/get-history", run_id=runs[0], metric_key="m", max_results=6)
    token = first.json()["next_page_token"]
    second = await rest.get("metrics/get-history", run_id=runs[0], metric_key="m", max_results=6, page_token=token)
    assert [len(page.json()["metrics"]) for page in (first, second)] == [6, 4]
    assert "next_page_token" not in second.json()
    bulk = await rest.get("metrics/get-history-bulk", run_id=runs, metric_key="m", max_results=12)
    assert [one["run_id"] for one in bulk.json()["metrics"]] == [runs[0]] * 10 + [runs[1]] * 2
    sample = await rest.get(
        "metrics/get-history-bulk-interval", run_ids=runs, metric_key="m", max_results=3, start_step=0, end_step=8
    )
    assert [one["step"] for one in sample.json()["metrics"]] == [0, 3, 8] * 2
