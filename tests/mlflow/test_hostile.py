"""Whatever a request holds, the answer is an error that MLflow clients understand, never an accident of ours."""

from __future__ import annotations

import json
import random

import pytest
from starlette.routing import Route

from app.mlflow.routes import routes
from tests.mlflow.conftest import Rest

PLAIN = {
    "name": "m", "new_name": "n", "version": "1", "alias": "a", "stage": "Production", "stages": ["Production"],
    "source": "runs:/RUN/model", "run_id": "RUN", "run_ids": ["RUN"], "run_link": "l", "model_id": "MODEL",
    "experiment_id": "0", "experiment_ids": ["0"], "experiment_name": "Default", "key": "k", "value": "1",
    "tags": [{"key": "k", "value": "v"}], "params": [{"key": "k", "value": "v"}],
    "metrics": [{"key": "k", "value": 1, "timestamp": 1, "step": 1}], "filter": "name = 'm'", "order_by": ["name"],
    "datasets": [{"dataset": {"name": "n", "digest": "d", "source_type": "s", "source": "s"}, "tags": []}],
    "models": [{"model_id": "MODEL", "step": 0}], "page_token": "", "max_results": 5, "timestamp": 1, "step": 1,
    "metric_key": "k", "path": "a", "status": "FINISHED", "view_type": "ALL", "run_view_type": "ALL", "start_time": 1,
    "end_time": 2, "run_name": "r", "user_id": "u", "description": "d", "model_json": "{}", "start_step": 0,
    "end_step": 1, "model_type": "t", "source_run_id": "RUN", "artifact_directory_path": "a",
    "archive_existing_versions": False,
}  # fmt: skip
TRIES = 25
NASTY = [
    "", "a", "0", "1", "-1", "9" * 18, "9" * 40, "x" * 1_000, "\x00", "a\x00b", "\u202e", "../../etc/passwd", "/",
    "%", "%00", "'; DROP TABLE models; --", "m-" + "0" * 32, "0" * 32, "@", "^", "^1", "#1", "1.0.0", "{}", "[[[",
    "eyJvZmZzZXQiOiAxfQ==", "WyJhIiwxXQ", "name = 'a'", "metrics.a > 1e999", "tags.`a` LIKE '%'", "None", "\U0001f600",
]  # fmt: skip
ODD = [0, -1, 2**63, 2**64, 1.5, 1e308, True, None, [], {}, [None], [{}], ["a"], [{"key": "a", "value": {}}], [[]]]
CALLS = [
    (method, route.path)
    for route in routes
    if isinstance(route, Route) and route.path.startswith("/api/2.0/mlflow/") and "{rest" not in route.path
    for method in sorted(route.methods or ())
    if method != "HEAD"
]


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[f"{method} {path[16:]}" for method, path in CALLS])
async def test_hostile_values_cause_no_server_error(rest: Rest, method: str, path: str) -> None:
    """Valid requests in which one field after the other holds nonsense, chosen by a fixed seed."""
    plain = await _filled(rest)
    url = rest.base + path.replace("{id}", plain["model_id"]).replace("{key:path}", "a")
    values = [*NASTY, *ODD] if method != "GET" else NASTY
    choice = random.Random(path)
    accidents = []
    for _ in range(TRIES):
        field, value = choice.choice(list(PLAIN)), choice.choice(values)
        fields = plain | {field: value}
        options = {"params": fields} if method == "GET" else {"json": fields}
        answer = await rest.http.request(method, url, headers=rest.headers, **options)
        if answer.status_code >= 500 or not (answer.status_code == 200 or "error_code" in answer.json()):
            accidents.append((field, value, answer.status_code, answer.text[:200]))
    assert accidents == []


async def _filled(rest: Rest) -> dict[str, object]:
    """The fields of a valid request, with a run, a logged model and a model that exist."""
    run = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    model = (await rest.post("logged-models", {"experiment_id": "0"})).json()["model"]["info"]["model_id"]
    await rest.post("registered-models/create", {"name": "m"})
    await rest.post("model-versions/create", {"name": "m", "source": f"models:/{model}"})
    filled: dict[str, object] = json.loads(json.dumps(PLAIN).replace("RUN", run).replace("MODEL", model))
    return filled


@pytest.mark.parametrize("path", NASTY[1:])
async def test_hostile_paths_cause_no_server_error(rest: Rest, path: str) -> None:
    run_id = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    for target in ("", f"0/{run_id}/artifacts/"):
        url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/{target}"
        for method in ("GET", "PUT", "DELETE"):
            content = b"x" if method == "PUT" else None
            answer = await rest.http.request(method, url + _encoded(path), headers=rest.headers, content=content)
            assert (method, path, answer.status_code) != (method, path, 500)
        listed = await rest.http.get(url.rstrip("/"), params={"path": target + path}, headers=rest.headers)
        assert listed.status_code in {200, 400, 404}


def _encoded(path: str) -> str:
    return "".join(f"%{byte:02X}" for byte in path.encode())
