"""How many statements a call takes does not depend on how many rows it answers."""

from __future__ import annotations

import httpx
import pytest

from app.runtime import Runtime
from tests.mlflow.conftest import Rest
from tests.support.statements import statements

CALLS = [
    ("POST", "runs/search", {"experiment_ids": ["0"], "order_by": ["metrics.m DESC"]}, "runs"),
    ("POST", "experiments/search", {"max_results": 1000}, "experiments"),
    ("POST", "logged-models/search", {"experiment_ids": ["0"]}, "models"),
    ("GET", "registered-models/search", {}, "registered_models"),
    ("GET", "model-versions/search", {}, "model_versions"),
]


async def add(rest: Rest, index: int) -> None:
    run = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    model = (await rest.post("logged-models", {"experiment_id": "0"})).json()["model"]["info"]["model_id"]
    batch = {
        "run_id": run,
        "metrics": [{"key": "m", "value": index, "timestamp": 1}],
        "params": [{"key": "p", "value": "1"}],
    }
    await rest.post("runs/log-batch", batch)
    await rest.post("runs/outputs", {"run_id": run, "models": [{"model_id": model, "step": 0}]})
    await rest.post("experiments/create", {"name": f"e{index}"})
    await rest.post("registered-models/create", {"name": f"m{index}"})
    version = {"name": f"m{index}", "source": f"models:/{model}", "model_id": model}
    await rest.post("model-versions/create", version)
    await rest.send("POST", "registered-models/alias", json={"name": f"m{index}", "alias": "a", "version": "1"})


@pytest.fixture
async def counts(rest: Rest, runtime: Runtime) -> tuple[dict[str, int], dict[str, int]]:
    """Statements of every call with one row, and with twelve."""
    await add(rest, 0)
    few = await _count(rest, runtime, 1)
    for index in range(1, 12):
        await add(rest, index)
    return few, await _count(rest, runtime, 12)


async def _count(rest: Rest, runtime: Runtime, least: int) -> dict[str, int]:
    result: dict[str, int] = {}
    for method, path, body, rows in CALLS:

        async def call(method: str = method, path: str = path, body: dict[str, object] = body) -> httpx.Response:
            return await (rest.get(path, **body) if method == "GET" else rest.post(path, body))

        await call()  # a new connection asks what arrays are, once
        with statements(runtime.db) as sent:
            answer = await call()
        assert len(answer.json()[rows]) >= least
        result[path] = len(sent)
    return result


async def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(
    counts: tuple[dict[str, int], dict[str, int]],
) -> None:
    few, many = counts
    assert many == few
    assert max(many.values()) <= 10


async def test_logging_needs_a_fixed_number_of_statements(rest: Rest, runtime: Runtime) -> None:
    run = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    used = []
    for size in (1, 1, 1000):  # a new connection asks what arrays are, once
        points = [{"key": f"k{index % 7}", "value": index, "timestamp": 1, "step": index} for index in range(size)]
        with statements(runtime.db) as sent:
            answer = await rest.post("runs/log-batch", {"run_id": run, "metrics": points})
        assert answer.status_code == 200
        used.append(sent)
    assert len(used[1]) == len(used[2]) <= 3, used
