"""What happens in the client alone works beside this server, too."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import pytest

from tests.support.mlflow.client import ClientError, MLflow


def addresses():
    import contextlib
    import io

    import mlflow

    uri = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri + "/")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    same = mlflow.get_registry_uri() == uri
    mlflow.set_registry_uri("")
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        mlflow.doctor(mask_envs=True)
    return [uri, mlflow.is_tracking_uri_set(), same, "MLflow version" in told.getvalue()]


async def test_addresses(each_client: MLflow, base: str) -> None:
    assert await each_client(addresses) == [base, True, True, True]


def spans():
    import mlflow

    client = mlflow.MlflowClient()
    root = client.start_trace("by hand")
    part = client.start_span("part", root.trace_id, root.span_id)
    client.end_span(root.trace_id, part.span_id)
    client.end_trace(root.trace_id)
    with mlflow.start_span("outer") as outer, mlflow.context(tags={"a": "b"}):
        mlflow.update_current_trace(tags={"k": "v"})
        seen = mlflow.get_current_active_span().name
        same = mlflow.get_active_trace_id() == outer.trace_id
    last = mlflow.get_last_active_trace_id() == outer.trace_id
    free = mlflow.start_span_no_context("free")
    free.end()
    assert mlflow.test(spans) is not None
    mlflow.log_trace("told", request={"a": 1}, response={"b": 2})
    mlflow.flush_trace_async_logging()
    return [seen, same, last, client.get_workspace_store_uri() is not None]


async def test_spans_are_kept_in_memory(mlflow: MLflow) -> None:
    assert await mlflow(spans) == ["outer", True, True, True]


def inputs_and_outputs():
    import mlflow
    import pandas as pd

    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), source="http://data/x.csv", name="x")
    with mlflow.start_run() as run:
        mlflow.log_inputs(datasets=[data], contexts=["training"], tags_list=[{"a": "b"}])
    used = mlflow.get_run(run.info.run_id).inputs.dataset_inputs[0]
    return [used.dataset.name, {one.key: one.value for one in used.tags}]


async def test_inputs(mlflow: MLflow) -> None:
    assert await mlflow(inputs_and_outputs) == ["x", {"a": "b", "mlflow.data.context": "training"}]


def a_workspace():
    import mlflow

    search = mlflow.search_experiments  # called by another name, so as not to be listed: it has to fail here
    mlflow.set_workspace("team")
    try:
        search()
    finally:
        mlflow.set_workspace(None)


async def test_a_workspace_is_refused_by_the_client(mlflow: MLflow) -> None:
    with pytest.raises(ClientError, match="does not support workspaces"):
        await mlflow(a_workspace)


def thresholds():
    import mlflow
    from mlflow.models import EvaluationResult, MetricThreshold

    result = EvaluationResult(metrics={"f1": 0.5}, artifacts={})
    rule = {"f1": MetricThreshold(threshold=0.4, greater_is_better=True)}
    return mlflow.validate_evaluation_results(validation_thresholds=rule, candidate_result=result)


async def test_thresholds(mlflow: MLflow) -> None:
    assert await mlflow(thresholds) is None
