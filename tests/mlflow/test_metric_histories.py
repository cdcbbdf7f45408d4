"""Histories of several runs at once, data sets of experiments, and prompts among models: what pages of MLflow ask."""

from __future__ import annotations

import httpx
import pytest

from tests.mlflow.conftest import Rest

BULK, INTERVAL = "metrics/get-history-bulk", "metrics/get-history-bulk-interval"


async def run_with(rest: Rest, count: int) -> str:
    run: str = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    metrics = [{"key": "k", "value": 1, "timestamp": step, "step": step} for step in range(count)]
    await rest.post("runs/log-batch", {"run_id": run, "metrics": metrics})
    return run


def steps(answer: httpx.Response) -> list[tuple[str, int]]:
    return [(one["run_id"], one["step"]) for one in answer.json()["metrics"]]


async def test_get_history_bulk_and_its_intervals(rest: Rest) -> None:
    short, long = await run_with(rest, 3), await run_with(rest, 20)
    whole = await rest.get(BULK, run_id=[long, short], metric_key="k", max_results=5)
    assert steps(whole) == [(short, 0), (short, 1), (short, 2), (long, 0), (long, 1)]
    thinned = await rest.get(INTERVAL, run_ids=[long, short], metric_key="k", max_results=4)
    assert steps(thinned) == [*((long, step) for step in (0, 5, 10, 19)), *((short, step) for step in range(3))]
    part = await rest.get(INTERVAL, run_ids=[long], metric_key="k", max_results=2, start_step=3, end_step=6)
    assert steps(part) == [(long, 3), (long, 6)]
    assert steps(await rest.get(INTERVAL, run_ids=[long], metric_key="k", max_results=1)) == [(long, 19)]
    assert (await rest.get(INTERVAL, run_ids=[long], metric_key="absent")).json() == {"metrics": []}


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        (BULK, {"metric_key": "k"}, "must specify at least one run_id"),
        (BULK, {"run_id": ["1"] * 101, "metric_key": "k"}, "cannot specify more than 100 run_ids"),
        (BULK, {"run_id": ["1"]}, "must specify a metric_key"),
        (INTERVAL, {"metric_key": "k"}, "Missing value for required parameter 'run_ids'."),
        (INTERVAL, {"run_ids": ["1"] * 101, "metric_key": "k"}, "must specify at most 100 run_ids"),
        (INTERVAL, {"run_ids": ["0" * 32], "metric_key": "k", "max_results": 0}, "must be between 1 and 2500"),
        (INTERVAL, {"run_ids": ["0" * 32]}, "Missing value for required parameter 'metric_key'"),
        (INTERVAL, {"run_ids": ["1"], "metric_key": "k", "start_step": 2, "end_step": 1}, "must be greater than"),
        (INTERVAL, {"run_ids": ["1"], "metric_key": "k", "start_step": 2}, "both must be specified"),
    ],
)
async def test_invalid_history_requests_are_refused(rest: Rest, path: str, query: dict[str, object], told: str) -> None:
    answer = await rest.get(path, **query)
    assert [answer.status_code, answer.json()["error_code"]] == [400, "INVALID_PARAMETER_VALUE"]
    assert told in answer.json()["message"]


async def test_search_datasets_lists_datasets_of_experiments(rest: Rest) -> None:
    run = await run_with(rest, 1)
    data = {"name": "digits", "digest": "abc", "source_type": "http", "source": "http://data"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    await rest.post("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": data, "tags": tags}]})
    await rest.post("runs/log-inputs", {"run_id": await run_with(rest, 1), "datasets": [{"dataset": data}]})
    result = (await rest.post("experiments/search-datasets", {"experiment_ids": ["0"]})).json()
    line = {"experiment_id": "0", "name": "digits", "digest": "abc"}
    assert result == {"dataset_summaries": [{**line, "context": "training"}, line]}
    for body, told in (({}, "at least one"), ({"experiment_ids": ["1"] * 21}, "cannot specify more than 20")):
        answer = await rest.post("experiments/search-datasets", body)
        assert [answer.status_code, told in answer.json()["message"]] == [400, True]


async def test_prompts_are_listed_only_on_request(rest: Rest) -> None:
    mark = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    await rest.post("registered-models/create", {"name": "model"})
    await rest.post("registered-models/create", {"name": "prompt", "tags": mark})
    await rest.post("model-versions/create", {"name": "model"})
    await rest.post("model-versions/create", {"name": "prompt", "source": "dummy-source", "tags": mark})
    is_prompt = "tags.`mlflow.prompt.is_prompt` = 'true'"
    for call, rows in (("registered-models/search", "registered_models"), ("model-versions/search", "model_versions")):
        assert [one["name"] for one in (await rest.get(call)).json()[rows]] == ["model"]
        assert [one["name"] for one in (await rest.get(call, filter=is_prompt)).json()[rows]] == ["prompt"]
        for others in ("= 'false'", "!= 'true'"):
            query = f"tags.`mlflow.prompt.is_prompt` {others}"
            assert [one["name"] for one in (await rest.get(call, filter=query)).json()[rows]] == ["model"]


async def test_the_default_experiment_has_the_creation_time_of_its_project(rest: Rest) -> None:
    await rest.post("experiments/create", {"name": "first"})
    result = (await rest.get("experiments/search", max_results=10)).json()["experiments"]
    assert [one["name"] for one in result] == ["first", "Default"]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (9.0, "Invalid value 9.0 for parameter 'artifact_location'"),
        ("runs:/x/y", "cannot be a runs:/ URI"),
        ("s3://bucket/#x", "fragments"),
        ("s3://" + "x" * 2048, "cannot be greater than 2048 characters"),
    ],
)
async def test_invalid_artifact_locations_are_refused(rest: Rest, location: object, told: str) -> None:
    answer = await rest.post("experiments/create", {"name": "e", "artifact_location": location})
    assert [answer.status_code, told in answer.json()["message"]] == [400, True]


async def test_a_sample_has_at_most_the_requested_number_of_points(rest: Rest) -> None:
    points = [{"key": "k", "value": step, "timestamp": 1, "step": step} for step in range(0, 100, 10)]
    run = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    await rest.post("runs/log-batch", {"run_id": run, "metrics": points})
    result = {size: await rest.get(INTERVAL, run_ids=[run], metric_key="k", max_results=size) for size in range(1, 13)}
    assert {size: [step for _, step in steps(answer)] for size, answer in result.items() if size < 5} == {
        1: [90],
        2: [0, 90],
        3: [0, 40, 90],
        4: [0, 30, 60, 90],
    }
    assert [len(steps(answer)) for answer in result.values()] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]
    assert {steps(answer)[-1] for answer in result.values()} == {(run, 90)}


async def test_a_dataset_logged_twice_in_one_call_keeps_its_first_tags(rest: Rest) -> None:
    run = await run_with(rest, 1)
    data = {"name": "digits", "digest": "abc", "source_type": "http", "source": "http://data"}
    uses = [{"dataset": data, "tags": [{"key": "context", "value": value}]} for value in ("first", "second")]
    assert (await rest.post("runs/log-inputs", {"run_id": run, "datasets": uses})).status_code == 200
    (result,) = (await rest.get("runs/get", run_id=run)).json()["run"]["inputs"]["dataset_inputs"]
    assert result["tags"] == [{"key": "context", "value": "first"}]


async def test_restoring_an_active_experiment_does_not_restore_its_runs(rest: Rest) -> None:
    run = await run_with(rest, 1)
    await rest.post("runs/delete", {"run_id": run})
    assert (await rest.post("experiments/restore", {"experiment_id": "0"})).status_code == 200
    info = (await rest.get("runs/get", run_id=run)).json()["run"]["info"]
    assert info["lifecycle_stage"] == "deleted"
