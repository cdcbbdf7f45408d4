"""What is outside of a registry's concern fails as a server without it would, and never with a fault."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import pytest

from tests.support.mlflow.client import MLflow
from tests.support.mlflow.outside import OUTSIDE


def attempt(samples):
    import logging

    import mlflow

    logging.disable(logging.WARNING)
    client = mlflow.MlflowClient()
    run = client.create_run("0").info.run_id
    version = mlflow.register_prompt("p", "t")
    names = {"mlflow": mlflow, "client": client, "run": run, "version": version}
    outcomes = {}
    for name, sample in samples.items():
        try:
            outcomes[name] = ["answer", repr(eval(sample, names))]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome
            outcomes[name] = [getattr(error, "error_code", None) or type(error).__name__, str(error)]
    logging.disable(logging.NOTSET)
    return outcomes


REFUSED_BY_THE_CLIENT = {
    "get_trace": "it logs the failure and answers nothing",
    "import_checkpoints": "Databricks only",
    "refresh_mcp_server_version_tools": "it needs a package of its own first",
    "unlink_traces_from_run": "not implemented for any server",
}
"""Where the client itself does not pass the server's answer on."""


@pytest.mark.parametrize("module", list(OUTSIDE))
async def test_methods_out_of_scope_get_endpoint_not_found(mlflow: MLflow, module: str) -> None:
    outcomes = await mlflow(attempt, OUTSIDE[module])
    unlike = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome[0] not in {"ENDPOINT_NOT_FOUND", "FEATURE_DISABLED"} and name not in REFUSED_BY_THE_CLIENT
    }
    assert unlike == {}


def traced():
    import mlflow

    @mlflow.trace
    def twice(number):
        return 2 * number

    result = twice(21)
    mlflow.flush_trace_async_logging()
    return result


async def test_traced_code_runs_without_a_trace_backend(mlflow: MLflow) -> None:
    assert await mlflow(traced) == 42
