"""MlflowClient: registered models, versions, aliases, stages."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from tests.support.mlflow.client import MLflow


def models():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m", tags={"a": "b"}, description="one")
    client.update_registered_model("m", "two")
    client.set_registered_model_tag("m", "c", "d")
    client.delete_registered_model_tag("m", "a")
    client.rename_registered_model("m", "n")
    result = client.get_registered_model("n")
    named = [one.name for one in client.search_registered_models("name ILIKE 'N%'", order_by=["name DESC"])]
    client.delete_registered_model("n")
    return [result.name, result.description, result.tags, named, len(client.search_registered_models())]


async def test_models(each_client: MLflow) -> None:
    assert await each_client(models) == ["n", "two", {"c": "d"}, ["n"], 0]


def versions():
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.create_run("0").info
    client.log_text(run.run_id, "weights", "model/w.txt")
    client.create_registered_model("m")
    first = client.create_model_version("m", f"{run.artifact_uri}/model", run.run_id, description="d")
    client.create_model_version("m", f"runs:/{run.run_id}/model", run.run_id, tags={"gitlab.version": "2.0.0"})
    client.update_model_version("m", "1", "e")
    client.set_model_version_tag("m", "1", "k", "v")
    client.set_model_version_tag("m", "1", "l", "w")
    client.delete_model_version_tag("m", "1", "l")
    client.set_registered_model_alias("m", "champion", "1")
    client.set_registered_model_alias("m", "gone", "1")
    client.delete_registered_model_alias("m", "gone")
    by_alias = client.get_model_version_by_alias("m", "champion")
    result = client.get_model_version("m", "1")
    numbers = [one.version for one in client.search_model_versions("name = 'm'", order_by=["version_number ASC"])]
    uri = client.get_model_version_download_uri("m", "2")
    client.delete_model_version("m", "2")
    left = [one.version for one in client.search_model_versions(f"run_id = '{run.run_id}'")]
    return [
        [int(first.version), first.run_id == run.run_id, result.description, result.tags, list(result.aliases)],
        int(by_alias.version),
        [int(one) for one in numbers],
        uri.endswith(f"/{run.run_id}/artifacts/model"),
        [int(one) for one in left],
    ]


async def test_versions(each_client: MLflow) -> None:
    tags = {"k": "v", "gitlab.version": "1.0.0"}
    assert await each_client(versions) == [[1, True, "e", tags, ["champion"]], 1, [1, 2], True, [1]]


def stages():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    for _ in range(3):
        client.create_model_version("m", "s3://models/m")
    client.transition_model_version_stage("m", "1", "Production")
    client.transition_model_version_stage("m", "2", "production", archive_existing_versions=True)
    newest = {one.current_stage: int(one.version) for one in client.get_latest_versions("m")}
    production = [int(one.version) for one in client.get_latest_versions("m", ["Production"])]
    return [newest, production, list(client.get_model_version_stages("m", "1"))]


async def test_stages(each_client: MLflow) -> None:
    assert await each_client(stages) == [
        {"Archived": 1, "Production": 2, "None": 3},
        [2],
        ["None", "Staging", "Production", "Archived"],
    ]


def copies():
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.create_run("0").info
    client.log_text(run.run_id, "weights", "model/w.txt")
    client.create_registered_model("staging")
    client.create_model_version("staging", f"runs:/{run.run_id}/model", run.run_id, tags={"gitlab.version": "1.4.0"})
    client.set_registered_model_alias("staging", "best", "1")
    first = client.copy_model_version("models:/staging@best", "production")
    second = client.copy_model_version("models:/staging/1", "production")
    same = client.copy_model_version("models:/staging/1", "staging")
    return [
        [[one.name, int(one.version), one.tags["gitlab.version"], one.source] for one in (first, second, same)],
        {one.run_id == run.run_id for one in (first, second, same)} == {True},
        client.get_model_version_download_uri("production", "2").endswith(f"/{run.run_id}/artifacts/model"),
    ]


async def test_copy_model_version_keeps_a_free_semver(mlflow: MLflow) -> None:
    assert await mlflow(copies) == [
        [
            ["production", 1, "1.4.0", "models:/staging/1"],
            ["production", 2, "1.4.1", "models:/staging/1"],
            ["staging", 2, "1.4.1", "models:/staging/1"],
        ],
        True,
        True,
    ]
