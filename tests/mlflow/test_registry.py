"""Models, versions, aliases and stages through the real client."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import pytest

from app.access.policy import Role
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create, lookup
from app.registry.versions.request import CreateVersion
from app.registry.versions.states import OPEN_REASON
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import ClientError, MLflow
from tests.support.registry.versions import set_file_state, store_file


def live_as_a_model():
    from mlflow import MlflowClient

    client = MlflowClient()
    made = client.create_registered_model("digits", tags={"team": "a"}, description="first")
    client.set_registered_model_tag("digits", "phase", "two")
    client.delete_registered_model_tag("digits", "team")
    client.delete_registered_model_tag("digits", "absent")
    client.update_registered_model("digits", "second")
    client.rename_registered_model("digits", "numbers")
    result = client.get_registered_model("numbers")
    client.delete_registered_model("numbers")
    left = [one.name for one in client.search_registered_models()]
    return [made.name, made.tags, result.description, result.tags, result.latest_versions, left]


async def test_create_read_update_and_delete_a_registered_model(mlflow: MLflow) -> None:
    expected = ["digits", {"team": "a"}, "second", {"phase": "two"}, [], []]
    assert await mlflow(live_as_a_model) == expected


def create_twice():
    from mlflow import MlflowClient

    MlflowClient().create_registered_model("twice")
    MlflowClient().create_registered_model("twice")


async def test_a_model_name_that_exists_is_refused(mlflow: MLflow) -> None:
    with pytest.raises(ClientError) as caught:
        await mlflow(create_twice)
    assert caught.value.code == "RESOURCE_ALREADY_EXISTS"


def make_versions(tags):
    """One version for each SemVer given; None lets the server choose."""
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    made = []
    for version in tags:
        more = {"gitlab.version": version, "k": "v"} if version else {}
        made.append(client.create_model_version("m", "s3://models/m", description="d", tags=more))
    return [[one.version, one.tags["gitlab.version"], one.current_stage, one.status] for one in made]


async def test_versions_have_a_number_and_a_semver(mlflow: MLflow) -> None:
    assert await mlflow(make_versions, [None, "2.0.0-rc.1", None, "1.5.0"]) == [
        ["1", "1.0.0", "None", "READY"],
        ["2", "2.0.0-rc.1", "None", "READY"],
        ["3", "1.0.1", "None", "READY"],
        ["4", "1.5.0", "None", "READY"],
    ]


def name_versions(references):
    from mlflow import MlflowClient
    from mlflow.store.artifact.utils.models import get_model_name_and_version

    client = MlflowClient()
    client.set_registered_model_alias("m", "champion", "2")
    client.transition_model_version_stage("m", "1", "Production")
    return [get_model_name_and_version(client, f"models:/m{one}")[1] for one in references]


async def test_every_kind_of_reference_resolves_to_its_version(mlflow: MLflow) -> None:
    await mlflow(make_versions, ["1.0.0", "1.2.0", "1.1.0", "2.0.0-rc.1"])
    named = {
        "/3": "3",
        "/1.2.0": "2",
        "/^1.0": "2",
        "/~1.1.0": "3",
        "/latest": "2",
        "/Production": "1",
        "@champion": "2",
        "@1.1.0": "3",
        "/2.0.0-rc.1": "4",
    }
    assert await mlflow(name_versions, list(named)) == list(named.values())


def change_a_version():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.update_model_version("m", "1", "other")
    client.set_model_version_tag("m", "1.0.0", "a", "1")
    client.set_model_version_tag("m", "1", "b", "2")
    client.delete_model_version_tag("m", "1", "a")
    client.set_registered_model_alias("m", "one", "1")
    client.set_registered_model_alias("m", "two", "1")
    client.delete_registered_model_alias("m", "two")
    client.delete_registered_model_alias("m", "absent")
    result = client.get_model_version("m", "1")
    model = client.get_registered_model("m")
    by_alias = client.get_model_version_by_alias("m", "one")
    client.delete_model_version("m", "1")
    left = client.search_model_versions("name = 'm'")
    aliases = [list(result.aliases), dict(model.aliases)]
    return [result.description, result.tags, aliases, by_alias.version, [one.version for one in left]]


async def test_update_and_delete_a_model_version(mlflow: MLflow) -> None:
    await mlflow(make_versions, ["1.0.0", "1.1.0"])
    tags = {"k": "v", "b": "2", "gitlab.version": "1.0.0"}
    assert await mlflow(change_a_version) == ["other", tags, [["one"], {"one": "1"}], "1", ["2"]]


def move_stages():
    from mlflow import MlflowClient

    client = MlflowClient()
    for version in ("1", "2"):
        client.transition_model_version_stage("m", version, "production", archive_existing_versions=True)
    client.transition_model_version_stage("m", "3", "Staging")
    latest = {one.current_stage: one.version for one in client.get_latest_versions("m")}
    one = [result.version for result in client.get_latest_versions("m", ["Production"])]
    return [latest, one, client.get_model_version("m", "1").current_stage]


async def test_versions_move_between_stages(mlflow: MLflow) -> None:
    await mlflow(make_versions, ["1.0.0", "1.1.0", "1.2.0"])
    latest, production, first = await mlflow(move_stages)
    assert latest == {"Production": "2", "Staging": "3", "Archived": "1"}
    assert (production, first) == (["2"], "Archived")


def search_models():
    from mlflow import MlflowClient

    client = MlflowClient()
    for name in ("alpha", "beta", "gamma"):
        client.create_registered_model(name, tags={"kind": name[0]})

    def names(filter_string=None, **more):
        return [one.name for one in client.search_registered_models(filter_string, **more)]

    page = client.search_registered_models(max_results=2)
    rest = client.search_registered_models(max_results=2, page_token=page.token)
    return [
        names("name LIKE '%a'", order_by=["name DESC"]),
        names("tags.kind = 'b'"),
        [one.name for one in page],
        [one.name for one in rest],
        rest.token,
    ]


async def test_search_registered_models(mlflow: MLflow) -> None:
    expected = [["gamma", "beta", "alpha"], ["beta"], ["alpha", "beta"], ["gamma"], ""]
    assert await mlflow(search_models) == expected


def version_of_a_run():
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/weights.txt")
    client.create_registered_model("m")
    made = client.create_model_version("m", f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
    copied = client.copy_model_version("models:/m/1", "n")
    uris = [client.get_model_version_download_uri(name, "1") for name in ("m", "n")]
    texts = [mlflow.artifacts.load_text(uri + "/weights.txt") for uri in uris]
    return [
        made.run_id == run.info.run_id,
        made.source.replace(run.info.run_id, "R"),
        texts,
        copied.run_id == made.run_id,
    ]


async def test_a_version_of_a_run_shares_its_files(mlflow: MLflow) -> None:
    assert await mlflow(version_of_a_run) == [True, "runs:/R/model", ["weights"] * 2, True]


@pytest.mark.parametrize("source", ["/etc/passwd", "file:///etc/passwd", "../x", "C:\\x", "runs:/nothing/x"])
async def test_sources_on_a_local_disk_are_refused(rest: Rest, source: str) -> None:
    await rest.post("registered-models/create", {"name": "m"})
    answer = await rest.post("model-versions/create", {"name": "m", "source": source})
    assert answer.status_code in {400, 404}
    assert answer.json()["error_code"] in {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}


async def test_a_source_outside_of_the_run_is_refused(rest: Rest) -> None:
    runs = [(await rest.post("runs/create", {})).json()["run"]["info"]["run_id"] for _ in range(2)]
    await rest.post("registered-models/create", {"name": "m"})
    body = {"name": "m", "source": f"runs:/{runs[0]}/model", "run_id": runs[1]}
    answer = await rest.post("model-versions/create", body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


async def test_an_unknown_alias_is_an_invalid_parameter(rest: Rest) -> None:
    await rest.post("registered-models/create", {"name": "m"})
    answer = await rest.get("registered-models/alias", name="m", alias="champion")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert answer.json()["message"] == "Registered model alias champion not found."


async def test_writing_through_mlflow_needs_a_developer(rest: Rest, project: TestProject) -> None:
    await rest.post("registered-models/create", {"name": "m"})
    reporter = Rest(rest.http, rest.base, project[Role.REPORTER].headers)
    stranger = Rest(rest.http, rest.base, project.stranger.headers)
    anonymous = Rest(rest.http, rest.base, {})
    read = [await one.get("registered-models/get", name="m") for one in (reporter, stranger, anonymous)]
    assert [one.status_code for one in read] == [200, 404, 401]
    assert read[2].headers["www-authenticate"].startswith("Bearer")
    write = [await one.post("registered-models/create", {"name": "n"}) for one in (reporter, stranger, anonymous)]
    assert [(one.status_code, one.json()["error_code"]) for one in write] == [
        (403, "PERMISSION_DENIED"),
        (404, "RESOURCE_DOES_NOT_EXIST"),
        (401, "UNAUTHENTICATED"),
    ]


def statuses(numbers):
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    result = [client.get_model_version("m", str(number)) for number in numbers]
    uris = []
    for number in numbers:
        try:
            uris.append(client.get_model_version_download_uri("m", str(number)))
        except MlflowException as error:
            uris.append(f"{error.error_code}: {error.message}")
    latest = [one.version for one in client.get_latest_versions("m")]
    return [[one.status, one.status_message] for one in result], uris, latest


async def test_the_state_of_a_version_is_its_mlflow_status(mlflow: MLflow, runtime, project: TestProject) -> None:
    db, owner = runtime.db, project.owner
    await models.create(db, owner, project.id, CreateModel("m"))
    whole = await create.create(db, owner, project.id, CreateVersion("m"))
    await create.create(db, owner, project.id, CreateVersion("m", is_open=True))
    bad = await create.create(db, owner, project.id, CreateVersion("m", version="3.0.0"))
    root = lookup.root_of(bad)[0]
    await store_file(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "quarantined", "It runs code.")
    result, uris, latest = await mlflow(statuses, [1, 2, 3])
    assert result == [
        ["READY", None],
        ["PENDING_REGISTRATION", OPEN_REASON],
        ["FAILED_REGISTRATION", "`a.bin`: It runs code."],
    ]
    assert "'1.0.1' is OPEN, so it cannot be downloaded" in uris[1]
    assert [bool(uri.startswith("mlflow-artifacts:")) for uri in uris] == [True, False, True]
    assert latest == [str(whole.number)]
