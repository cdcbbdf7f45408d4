"""Integers of 64 bits in every call that takes one: what is larger is refused, and nothing is stored in its stead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.mlflow.conftest import Rest

FITTING = [0, 5, "5", 5.0, 2**63 - 1, str(2**63 - 1)]
NEGATIVE = [-1, "-1", -(2**63), str(-(2**63))]
OUTSIDE = [
    2**63, -(2**63) - 1, 2**64, 2**64 + 1, -(2**64), 10**30, str(2**63), str(-(2**63) - 1), "9" * 30, 1e19, -1e19,
    2.0**63, -(2.0**63), 2.0**53, 1e300,
]  # fmt: skip
ODD = [1.5, "1.5", "1e3", "5 ", " 5", "+5", "5_0", "\u0665", "0x5", "five", True, [5], {"a": 5}, ""]


async def _run(rest: Rest) -> str:
    created = (await rest.post("runs/create", {})).json()
    return str(created["run"]["info"]["run_id"])


async def _cases(rest: Rest) -> dict[str, tuple[str, dict[str, Any], list[str | int]]]:
    """Every field that is an integer: its call, a message for it, and where in that the field stands."""
    run = await _run(rest)
    model = (await rest.post("logged-models", {"experiment_id": "0"})).json()["model"]["info"]["model_id"]
    point = {"key": "m", "value": 1.0, "timestamp": 1, "step": 1}
    single = {"run_id": run, **point}
    whole = {"run_id": run, "metrics": [point, dict(point)]}
    of_model = {"run_id": run, "metrics": [{**point, "model_id": model}]}
    return {
        "start": ("runs/create", {"experiment_id": "0"}, ["start_time"]),
        "end": ("runs/update", {"run_id": run}, ["end_time"]),
        "step": ("runs/log-metric", single, ["step"]),
        "timestamp": ("runs/log-metric", single, ["timestamp"]),
        "step of a batch": ("runs/log-batch", whole, ["metrics", 1, "step"]),
        "timestamp of a batch": ("runs/log-batch", whole, ["metrics", 1, "timestamp"]),
        "step of a model's point": ("runs/log-batch", of_model, ["metrics", 0, "step"]),
        "timestamp of a model's point": ("runs/log-batch", of_model, ["metrics", 0, "timestamp"]),
        "step of an output": ("runs/outputs", {"run_id": run, "models": [{"model_id": model}]}, ["models", 0, "step"]),
    }


def _with(message: dict[str, Any], path: list[str | int], value: object) -> bytes:
    copied = json.loads(json.dumps(message))
    holder: Any = copied
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return json.dumps(copied).encode()


async def test_numbers_out_of_range_are_refused_by_every_write(rest: Rest) -> None:
    headers = {"Content-Type": "application/json"}
    for name, (call, message, path) in (await _cases(rest)).items():
        wrong = [*OUTSIDE, *ODD] + (NEGATIVE if "timestamp" in name else [])
        for value in wrong:
            answer = await rest.send("POST", call, content=_with(message, path, value), headers=headers)
            assert (name, value, answer.status_code) == (name, value, 400)
            assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
        right = FITTING if "timestamp" in name else [*FITTING, *NEGATIVE]
        for value in right:
            answer = await rest.send("POST", call, content=_with(message, path, value), headers=headers)
            assert (name, value, answer.status_code) == (name, value, 200)


async def test_numbers_in_range_are_returned_unchanged(rest: Rest) -> None:
    for number in (0, 2**53 + 1, 2**63 - 1):
        for value in (number, str(number)):
            run = (await rest.post("runs/create", {"start_time": value})).json()["run"]["info"]["run_id"]
            logged = await rest.post(
                "runs/log-batch",
                {"run_id": run, "metrics": [{"key": "m", "value": 1, "timestamp": value, "step": value}]},
            )
            assert logged.status_code == 200
            (result,) = (await rest.get("metrics/get-history", run_id=run, metric_key="m")).json()["metrics"]
            assert (result["timestamp"], result["step"]) == (number, number)
            info = (await rest.get("runs/get", run_id=run)).json()["run"]["info"]
            assert info["start_time"] == number


@pytest.mark.parametrize("value", [str(one) for one in (2**63, -(2**63) - 1, 10**30, "9" * 5000, "1.5", "x")])
async def test_numbers_out_of_range_are_refused_by_every_read(rest: Rest, value: str) -> None:
    run = await _run(rest)
    interval = {"run_ids": run, "metric_key": "m"}
    for call, query in (
        ("metrics/get-history-bulk-interval", interval | {"start_step": value, "end_step": "5"}),
        ("metrics/get-history-bulk-interval", interval | {"start_step": "5", "end_step": value}),
        ("metrics/get-history-bulk-interval", interval | {"max_results": value}),
        ("metrics/get-history", {"run_id": run, "metric_key": "m", "max_results": value}),
    ):
        answer = await rest.get(call, **query)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    if value != "1.5":
        body = {"experiment_ids": ["0"], "filter": f"attributes.start_time < {value}"}
        assert (await rest.post("runs/search", body)).status_code == 400
