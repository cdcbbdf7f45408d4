"""Logged models: MlflowClient and the fluent functions of MLflow 3."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from pathlib import Path

from tests.support.mlflow.client import MLflow


def client_methods(folder):
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModelStatus

    client, folder = MlflowClient(), Path(folder)
    (folder / "tree" / "deep").mkdir(parents=True)
    (folder / "tree" / "deep" / "a.txt").write_text("a")
    (folder / "one.txt").write_text("one")
    run = client.create_run("0").info.run_id
    made = client.create_logged_model("0", name="net", source_run_id=run, tags={"a": "b"}, params={"p": "1"}).model_id
    client.log_model_params(made, {"q": "2"})
    client.set_logged_model_tags(made, {"c": "d"})
    client.delete_logged_model_tag(made, "a")
    client.log_model_artifact(made, str(folder / "one.txt"))
    client.log_model_artifacts(made, str(folder / "tree"))
    client.log_metric(run, "f1", 0.5, model_id=made, dataset_name="d", dataset_digest="1")
    client.finalize_logged_model(made, LoggedModelStatus.READY)
    result = client.get_logged_model(made)
    listed = [[one.path, one.is_dir] for one in client.list_logged_model_artifacts(made)]
    named = [one.name for one in client.search_logged_models(["0"], "metrics.f1 > 0.4 AND params.q = '2'")]
    client.delete_logged_model(made)
    left = len(client.search_logged_models(["0"]))
    measured = [[one.key, one.value, one.dataset_name, one.run_id == run] for one in result.metrics]
    return [result.name, str(result.status.value), result.params, result.tags, measured, listed, named, left]


async def test_client_methods(mlflow: MLflow, tmp_path: Path) -> None:
    assert await mlflow(client_methods, str(tmp_path)) == [
        "net",
        "READY",
        {"p": "1", "q": "2"},
        {"c": "d"},
        [["f1", 0.5, "d", True]],
        [["deep", True], ["one.txt", False]],
        ["net"],
        0,
    ]


def fluent_functions():
    import mlflow
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    client = mlflow.MlflowClient()
    outside = mlflow.create_external_model(name="elsewhere", params={"p": "1"}, tags={"a": "b"})
    begun = mlflow.initialize_logged_model("begun")
    mlflow.log_model_params({"q": "2"}, model_id=begun.model_id)
    mlflow.set_logged_model_tags(begun.model_id, {"c": "d", "e": "f"})
    mlflow.delete_logged_model_tag(begun.model_id, "e")
    mlflow.finalize_logged_model(begun.model_id, "READY")
    last = mlflow.last_logged_model().name
    with mlflow.start_run() as run:
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(outside.model_id)])
        mlflow.log_outputs([LoggedModelOutput(begun.model_id, 1)])
    mlflow.set_active_model(model_id=begun.model_id)
    active = mlflow.get_active_model_id() == begun.model_id
    mlflow.clear_active_model()
    result = mlflow.get_logged_model(begun.model_id)
    named = sorted(one.name for one in mlflow.search_logged_models(output_format="list"))
    used = mlflow.get_run(run.info.run_id)
    linked = [len(used.inputs.model_inputs), len(used.outputs.model_outputs)]
    tags = {key: value for key, value in result.tags.items() if not key.startswith("mlflow.")}
    return [str(result.status.value), result.params, tags, last, active, named, linked]


async def test_fluent_functions(mlflow: MLflow) -> None:
    assert await mlflow(fluent_functions) == [
        "READY",
        {"q": "2"},
        {"c": "d"},
        "begun",
        True,
        ["begun", "elsewhere"],
        [1, 1],
    ]
