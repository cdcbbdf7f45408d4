"""GitLab's registry has habits that surprise MLflow users; each test fails where this service takes one over.

The numbers are those of the table in docs/moving-from-gitlab.md.
"""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import time
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.access import projects, tokens
from app.access.policy import Role, Scope
from app.access.projects import UpdateProject
from app.access.tokens import IssueToken
from app.artifacts.tables import Artifact
from app.runtime import Runtime
from app.tracking import candidates, purge
from tests.conftest import TestProject, new_project
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import ClientError, MLflow

INVALID = (400, "INVALID_PARAMETER_VALUE")
TAKEN = (400, "RESOURCE_ALREADY_EXISTS")
ABSENT = (404, "RESOURCE_DOES_NOT_EXIST")


def refusal(answer):
    return answer.status_code, answer.json().get("error_code")


async def done(answer) -> dict:
    """The body of an answer that must be a success."""
    assert answer.status_code == 200, answer.text
    return answer.json()


async def new_model(rest: Rest, *versions: str | None, name: str = "m") -> list[dict]:
    await done(await rest.post("registered-models/create", {"name": name}))
    made = []
    for version in versions:
        tags = [{"key": "gitlab.version", "value": version}] if version else []
        answer = await rest.post("model-versions/create", {"name": name, "tags": tags})
        made.append((await done(answer))["model_version"])
    return made


async def new_run(rest: Rest, experiment: str = "0", **fields: object) -> str:
    body = await done(await rest.post("runs/create", {"experiment_id": experiment, **fields}))
    return body["run"]["info"]["run_id"]


async def put(rest: Rest, run: str, path: str, content: bytes = b"x", experiment: str = "0", **query: str):
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/{path}"
    return await rest.http.put(url, content=content, headers=rest.headers, params=query)


async def listed(rest: Rest, run: str, path: str = "") -> list[tuple[str, bool]]:
    body = await done(await rest.send("GET", "artifacts/list", params={"run_id": run, "path": path}))
    return [(one["path"], one["is_dir"]) for one in body.get("files", [])]


def semver(version: dict) -> str:
    return {tag["key"]: tag["value"] for tag in version["tags"]}["gitlab.version"]


def read_what_was_answered():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    made = client.create_model_version("m", "", tags={"gitlab.version": "1.2.0"})
    result = [client.get_model_version("m", name) for name in (made.version, "1.2.0")]
    uris = {client.get_model_version_download_uri("m", name) for name in (made.version, "1.2.0")}
    return [made.version, [one.version for one in result], list(result[0].aliases), len(uris)]


async def test_01_the_version_of_an_answer_is_accepted_by_every_call(mlflow: MLflow) -> None:
    assert await mlflow(read_what_was_answered) == ["1", ["1", "1"], [], 1]


async def test_02_times_are_milliseconds_everywhere(rest: Rest) -> None:
    before = int(time.time() * 1000) - 1
    (version,) = await new_model(rest, "1.0.0")
    model = (await done(await rest.get("registered-models/get", name="m")))["registered_model"]
    number = (await done(await rest.post("experiments/create", {"name": "e"})))["experiment_id"]
    experiment = (await done(await rest.get("experiments/get", experiment_id=number)))["experiment"]
    times = [one[name] for one in (version, model) for name in ("creation_timestamp", "last_updated_timestamp")]
    for moment in (*times, experiment["creation_time"]):
        assert before <= moment <= int(time.time() * 1000) + 1


async def test_03_each_kind_of_error_has_its_own_status(rest: Rest, project: TestProject) -> None:
    first = await rest.post("experiments/create", {"name": "e"})
    again = await rest.post("experiments/create", {"name": "e"})
    reporter = Rest(rest.http, rest.base, project[Role.REPORTER].headers)
    stranger = Rest(rest.http, rest.base, project.stranger.headers)
    assert first.status_code == 200
    assert refusal(again) == TAKEN
    assert refusal(await reporter.post("experiments/create", {"name": "f"})) == (403, "PERMISSION_DENIED")
    assert refusal(await stranger.post("experiments/create", {"name": "f"})) == ABSENT


@pytest.mark.parametrize("body", [{"name": "a:b"}, {"name": "x" * 256}, {"name": "m", "description": "x" * 10_001}])
async def test_04_only_a_duplicate_answers_already_exists(rest: Rest, body: dict[str, str]) -> None:
    assert refusal(await rest.post("registered-models/create", body)) == INVALID
    await new_model(rest)
    assert refusal(await rest.post("registered-models/create", {"name": "m"})) == TAKEN


async def test_05_latest_versions_are_one_for_each_stage(rest: Rest) -> None:
    await new_model(rest)
    none = await done(await rest.post("registered-models/get-latest-versions", {"name": "m"}))
    assert none.get("model_versions", []) == []
    for _ in range(3):
        await done(await rest.post("model-versions/create", {"name": "m", "source": "s3://models/m"}))
    await done(await rest.post("model-versions/transition-stage", {"name": "m", "version": "1", "stage": "Production"}))
    latest = (await done(await rest.post("registered-models/get-latest-versions", {"name": "m"})))["model_versions"]
    model = (await done(await rest.get("registered-models/get", name="m")))["registered_model"]
    for result in (latest, model["latest_versions"]):
        assert {one["current_stage"]: one["version"] for one in result} == {"Production": "1", "None": "3"}
        assert len(result) == 2


@pytest.mark.parametrize("versions", [["1.9.9", "2.0.0-rc1"], ["2.0.0", "2.0.0-rc1"], ["2.0.0-rc1", "2.0.0"]])
async def test_06_a_prerelease_is_not_the_latest(rest: Rest, versions: list[str]) -> None:
    await new_model(rest, *versions)
    (latest,) = (await done(await rest.post("registered-models/get-latest-versions", {"name": "m"})))["model_versions"]
    assert semver(latest) == next(one for one in versions if "-" not in one)


async def test_07_the_next_version_is_no_prerelease(rest: Rest) -> None:
    made = await new_model(rest, "1.0.0-rc1", None, "1.0.1-rc1+build", None, None)
    assert [semver(one) for one in made] == ["1.0.0-rc1", "1.0.0", "1.0.1-rc1+build", "1.0.1", "1.0.2"]


async def test_08_equal_means_equal(rest: Rest) -> None:
    for name in ("net", "Net", "network", "subnet", "ne_"):
        await new_model(rest, name=name)
    for wanted, result in {
        "name = 'net'": ["net"],
        "name = 'et'": [],
        "name LIKE 'net%'": ["net", "network"],
        "name ILIKE 'NET'": ["net", "Net"],
        "name = 'ne_'": ["ne_"],
    }.items():
        body = await done(await rest.get("registered-models/search", filter=wanted))
        assert sorted(one["name"] for one in body["registered_models"]) == sorted(result), wanted


@pytest.mark.parametrize("written", ["name='a=b'", "name = 'a=b'", '  name   =   "a=b"  ', ""])
async def test_09_a_filter_may_be_empty_and_have_blanks(rest: Rest, written: str) -> None:
    await new_model(rest, name="a=b")
    for call in ("registered-models/search", "model-versions/search"):
        assert (await rest.get(call, filter=written)).status_code == 200
    body = await done(await rest.get("registered-models/search", filter=written))
    assert [one["name"] for one in body["registered_models"]] == ["a=b"]


async def test_10_search_experiments_applies_its_filter(rest: Rest) -> None:
    for name in ("one", "two"):
        await done(await rest.post("experiments/create", {"name": name, "tags": [{"key": "k", "value": name}]}))
    for wanted in ("name = 'two'", "tags.k = 'two'", "name LIKE 'tw%'"):
        body = await done(await rest.post("experiments/search", {"filter": wanted, "max_results": 10}))
        assert [one["name"] for one in body["experiments"]] == ["two"]


async def test_11_runs_without_the_metric_come_last(rest: Rest) -> None:
    runs = [await new_run(rest) for _ in range(3)]
    key = "val.top 1"
    for run, value in zip(runs[:2], (0.25, 0.75), strict=True):
        metric = {"run_id": run, "key": key, "value": value, "timestamp": 1}
        await done(await rest.post("runs/log-metric", metric))
    for direction, expected in {"DESC": [runs[1], runs[0], runs[2]], "ASC": [runs[0], runs[1], runs[2]]}.items():
        order = [f"metrics.`{key}` {direction}"]
        body = await done(await rest.post("runs/search", {"experiment_ids": ["0"], "order_by": order}))
        assert [one["info"]["run_id"] for one in body["runs"]] == expected


async def test_12_tags_change_and_an_equal_param_is_fine(rest: Rest) -> None:
    run = await new_run(rest)
    for value in ("1", "2"):
        await done(await rest.post("runs/set-tag", {"run_id": run, "key": "t", "value": value}))
        await done(
            await rest.post("experiments/set-experiment-tag", {"experiment_id": "0", "key": "t", "value": value})
        )
        batch = {"run_id": run, "tags": [{"key": "b", "value": value}], "params": [{"key": "p", "value": "same"}]}
        await done(await rest.post("runs/log-batch", batch))
    result = (await done(await rest.get("runs/get", run_id=run)))["run"]["data"]
    tags = {tag["key"]: tag["value"] for tag in result["tags"]}
    assert (tags["t"], tags["b"], result["params"]) == ("2", "2", [{"key": "p", "value": "same"}])
    for call, more in (
        ("log-parameter", {"key": "p", "value": "other"}),
        ("log-batch", {"params": [{"key": "p", "value": "other"}]}),
    ):
        answer = await rest.post(f"runs/{call}", {"run_id": run, **more})
        assert refusal(answer) == INVALID
        assert "same" in answer.json()["message"]
    await done(await rest.post("runs/delete-tag", {"run_id": run, "key": "t"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"params": [{"key": "kept", "value": "other"}]},
        {"params": [{"key": "q" * 251, "value": "x"}]},
        {"tags": [{"key": "t" * 251, "value": "x"}]},
        {"metrics": [{"key": "bad\x01", "value": 1, "timestamp": 1}]},
    ],
)
async def test_13_a_batch_is_checked_and_stored_as_a_whole(rest: Rest, wrong: dict[str, list[dict]]) -> None:
    run = await new_run(rest)
    await done(await rest.post("runs/log-parameter", {"run_id": run, "key": "kept", "value": "first"}))
    before = (await done(await rest.get("runs/get", run_id=run)))["run"]["data"]
    batch = {
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}],
        "params": [{"key": "p", "value": "1"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    mixed = {name: [*items, *wrong.get(name, [])] for name, items in batch.items()}
    assert refusal(await rest.post("runs/log-batch", {"run_id": run, **mixed})) == INVALID
    assert (await done(await rest.get("runs/get", run_id=run)))["run"]["data"] == before


@pytest.mark.parametrize("job", ["999999999", "abc", "", "9" * 7_000])
async def test_14_an_unknown_ci_job_is_an_ordinary_tag(rest: Rest, job: str) -> None:
    tag = {"key": "gitlab.CI_JOB_ID", "value": job}
    run = await new_run(rest, tags=[tag])
    other = await new_run(rest)
    await done(await rest.post("runs/set-tag", {"run_id": other, **tag}))
    await done(await rest.post("runs/log-batch", {"run_id": other, "tags": [tag]}))
    for id in (run, other):
        assert tag in (await done(await rest.get("runs/get", run_id=id)))["run"]["data"]["tags"]
    await new_model(rest)
    made = (await done(await rest.post("model-versions/create", {"name": "m", "tags": [tag]})))["model_version"]
    await done(await rest.post("model-versions/set-tag", {"name": "m", "version": "1", **tag}))
    assert tag in made["tags"]


async def test_15_a_metric_without_a_step_has_step_0(rest: Rest) -> None:
    run = await new_run(rest)
    await done(await rest.post("runs/log-metric", {"run_id": run, "key": "k", "value": 1, "timestamp": 1}))
    history = await done(await rest.get("metrics/get-history", run_id=run, metric_key="k"))
    assert [one["step"] for one in history["metrics"]] == [0]


async def test_16_a_run_shows_the_latest_value_of_each_metric(rest: Rest) -> None:
    run = await new_run(rest)
    for step in (2, 3, 1):
        metric = {"run_id": run, "key": "k", "value": step, "timestamp": 1, "step": step}
        await done(await rest.post("runs/log-metric", metric))
    result = (await done(await rest.get("runs/get", run_id=run)))["run"]["data"]["metrics"]
    assert result == [{"key": "k", "value": 3.0, "timestamp": 1, "step": 3}]


def begin_with_the_experiment():
    import mlflow
    from mlflow import MlflowClient

    experiment = mlflow.set_experiment("[model]x").experiment_id
    with mlflow.start_run() as run:
        pass
    client = MlflowClient()
    client.create_registered_model("x")
    made = client.create_model_version("x", "")
    again = mlflow.set_experiment("[model]x").experiment_id
    own = client.get_run(made.run_id).info.experiment_id
    return [experiment == again == own, client.get_run(run.info.run_id).info.experiment_id == experiment]


async def test_17_an_experiment_blocks_no_model(mlflow: MLflow) -> None:
    assert await mlflow(begin_with_the_experiment) == [True, True]


async def test_17_an_experiment_without_its_model_is_ordinary(rest: Rest) -> None:
    for name in ("[model]x", "[model]y"):
        await done(await rest.post("experiments/create", {"name": name}))
    await done(await rest.post("experiments/update", {"experiment_id": "1", "new_name": "free"}))
    await done(await rest.post("experiments/delete", {"experiment_id": "2"}))
    await new_model(rest, name="x")
    await new_model(rest, "1.0.0", name="y")


async def test_17_an_experiment_of_a_model_stays_with_it(rest: Rest) -> None:
    await new_model(rest, name="x")
    result = await done(await rest.get("experiments/get-by-name", experiment_name="[model]x"))
    id = {"experiment_id": result["experiment"]["experiment_id"]}
    for call, more in (("delete", {}), ("update", {"new_name": "free"})):
        answer = await rest.post(f"experiments/{call}", {**id, **more})
        assert refusal(answer) == INVALID
        assert "[model]x" in answer.json()["message"]
    after = await done(await rest.get("experiments/get-by-name", experiment_name="[model]x"))
    assert after["experiment"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize("wrong", [{"description": "x" * 10_001}, {"tags": [{"key": "a" * 300, "value": "b"}]}])
async def test_18_a_failed_model_creation_leaves_no_rows(rest: Rest, wrong: dict[str, object]) -> None:
    assert refusal(await rest.post("registered-models/create", {"name": "m", **wrong})) == INVALID
    assert refusal(await rest.get("experiments/get-by-name", experiment_name="[model]m")) == ABSENT
    await new_model(rest)


def promote_any_run():
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    mlflow.set_experiment("elsewhere")
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/w.txt")
    id = run.info.run_id
    client.create_registered_model("m")
    made = [client.create_model_version("m", f"runs:/{id}/model", run_id=id) for _ in range(2)]
    result = [one.info.run_id for one in mlflow.search_runs(output_format="list")]
    client.log_metric(id, "later", 1.0)
    try:
        client.delete_run(id)
    except MlflowException as error:
        refused = "has model versions; delete those first" in error.message
    text = mlflow.artifacts.load_text(f"runs:/{id}/model/w.txt")
    return [[one.run_id == id for one in made], result == [id], refused, text]


async def test_19_a_run_of_any_experiment_becomes_versions_and_stays_a_run(mlflow: MLflow) -> None:
    assert await mlflow(promote_any_run) == [[True, True], True, True, "weights"]


async def test_20_the_run_of_a_version_names_its_model_and_author(rest: Rest, project: TestProject) -> None:
    (version,) = await new_model(rest, "1.0.0")
    info = (await done(await rest.get("runs/get", run_id=version["run_id"])))["run"]["info"]
    assert (info["run_name"], info["user_id"], info["status"]) == ("m", project.owner.username, "FINISHED")


async def test_21_who_may_create_versions_may_delete_them(rest: Rest, project: TestProject) -> None:
    developer = Rest(rest.http, rest.base, project[Role.DEVELOPER].headers)
    (version,) = await new_model(developer, "1.0.0")
    experiment = version["source"].removeprefix("mlflow-artifacts:/").partition("/")[0]
    assert (await put(developer, version["run_id"], "w.bin", experiment=experiment)).status_code == 200
    await done(await developer.send("DELETE", "model-versions/delete", json={"name": "m", "version": "1"}))
    await done(await developer.send("DELETE", "registered-models/delete", json={"name": "m"}))


async def test_22_searching_needs_no_right_to_write(rest: Rest, project: TestProject, runtime: Runtime) -> None:
    run = await new_run(rest)
    command = IssueToken("reads", (Scope.READ_API,), role=Role.GUEST, project_id=project.id)
    issued = await tokens.issue(runtime.db, project.owner, command)
    reading = {"Authorization": f"Bearer {issued.secret}"}
    for headers in (project[Role.GUEST].headers, reading):
        guest = Rest(rest.http, rest.base, headers)
        result = await done(await guest.post("runs/search", {"experiment_ids": ["0"]}))
        assert [one["info"]["run_id"] for one in result["runs"]] == [run]
        await done(await guest.post("experiments/search", {"max_results": 10}))
        await done(await guest.post("logged-models/search", {"experiment_ids": ["0"]}))
        assert (await guest.post("runs/create", {})).status_code == 403


async def test_23_each_switch_closes_its_own_half(rest: Rest, project: TestProject, runtime: Runtime) -> None:
    await new_model(rest, "1.0.0")
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, experiments_access="disabled"))
    await done(await rest.get("registered-models/get", name="m"))
    await done(await rest.get("model-versions/get", name="m", version="1"))
    await done(await rest.get("registered-models/search"))
    assert (await rest.get("experiments/get", experiment_id="0")).status_code in {403, 404}


async def test_24_numbers_are_counted_per_project_and_model(
    rest: Rest, runtime: Runtime, staff: dict, url: str, project: TestProject
) -> None:
    other = await new_project(runtime, staff)
    second = Rest(rest.http, f"{url}/api/v4/projects/{other.id}/ml/mlflow", other.headers)
    for one in (rest, second):
        assert (await done(await one.post("experiments/create", {"name": "first"})))["experiment_id"] == "1"
        for name in ("a", "b"):
            assert [made["version"] for made in await new_model(one, None, None, name=name)] == ["1", "2"]
    run = await new_run(rest)
    assert refusal(await second.get("runs/get", run_id=run)) == ABSENT


async def test_25_files_are_listed_in_folders_under_their_own_names(rest: Rest) -> None:
    run = await new_run(rest)
    for path in ("top.txt", "a/b/été.txt", "a/c.txt"):
        assert (await put(rest, run, path)).status_code == 200
    assert await listed(rest, run) == [("a", True), ("top.txt", False)]
    assert await listed(rest, run, "a") == [("a/b", True), ("a/c.txt", False)]
    assert await listed(rest, run, "a/b") == [("a/b/été.txt", False)]


async def test_26_a_query_at_an_upload_does_not_hide_the_file(rest: Rest) -> None:
    run = await new_run(rest)
    await put(rest, run, "shown.txt")
    assert (await put(rest, run, "other.txt", status="hidden")).status_code == 200
    assert await listed(rest, run) == [("other.txt", False), ("shown.txt", False)]


async def test_27_files_are_purged_with_their_run(rest: Rest, project: TestProject, runtime: Runtime) -> None:
    run = await new_run(rest)
    await put(rest, run, "a.txt")
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a.txt"
    await done(await rest.post("runs/delete", {"run_id": run}))
    in_trash = await rest.http.get(url, headers=rest.headers)
    await candidates.delete_permanently(runtime.db, project.owner, project.id, UUID(run))
    gone = await rest.http.get(url, headers=rest.headers)
    assert (in_trash.status_code, gone.status_code) == (200, 404)

    async def unwatched(_done: int, _of: int | None) -> None:
        """No caller waits for the purge."""

    await purge.candidate(runtime.db, project.id, UUID(run), progress=unwatched)
    async with runtime.db.read() as snap:
        left = await snap.scalar(select(func.count()).select_from(Artifact).where(Artifact.project_id == project.id))
    assert left == 0


@pytest.mark.parametrize("order", ["colour", "metrics", "name SIDEWAYS", "tags.a.b c"])
async def test_31_an_unknown_order_is_an_error(rest: Rest, order: str) -> None:
    body = {"order_by": [order], "max_results": 5}
    for call in ("runs/search", "experiments/search"):
        assert refusal(await rest.post(call, {**body, "experiment_ids": ["0"]})) == INVALID
    for call in ("registered-models/search", "model-versions/search"):
        assert refusal(await rest.get(call, order_by=order)) == INVALID


def log_with_blanks():
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_text("x", "my folder/sub folder/a file.txt")
    names = [one.path for one in mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="my folder")]
    return [names, mlflow.artifacts.load_text(f"{run.info.artifact_uri}/my folder/sub folder/a file.txt")]


async def test_32_folders_and_files_may_have_blanks(mlflow: MLflow) -> None:
    assert await mlflow(log_with_blanks) == [["my folder/sub folder"], "x"]


def log_after_the_end():
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    run = client.create_run("0").info.run_id
    client.set_terminated(run, "FAILED", 1234)
    client.log_metric(run, "late", 2.0)
    result = client.get_run(run)
    client.delete_run(run)
    try:
        client.log_metric(run, "gone", 3.0)
    except MlflowException as error:
        return [result.info.status, result.info.end_time, result.data.metrics, error.error_code]


async def test_33_late_metrics_do_not_reopen_a_run_and_a_deleted_run_refuses_them(mlflow: MLflow) -> None:
    expected = ["FAILED", 1234, {"late": 2.0}, "INVALID_PARAMETER_VALUE"]
    assert await mlflow(log_after_the_end) == expected


@pytest.mark.parametrize("version", ["v1.0.0", "1.0", "01.0.0", "1.0.0-01", "latest", "1.0.0 ", "1" * 256, "1.0.0"])
async def test_a_refused_version_leaves_no_rows(rest: Rest, version: str) -> None:
    await new_model(rest, "1.0.0")
    experiment = (await done(await rest.get("experiments/get-by-name", experiment_name="[model]m")))["experiment"]
    wanted = {"name": "m", "tags": [{"key": "gitlab.version", "value": version}]}
    answer = await rest.post("model-versions/create", wanted)
    assert refusal(answer) == (TAKEN if version == "1.0.0" else INVALID)
    runs = (await done(await rest.post("runs/search", {"experiment_ids": [experiment["experiment_id"]]})))["runs"]
    assert len(runs) == 1
    after = (await done(await rest.post("model-versions/create", {"name": "m"})))["model_version"]
    assert (after["version"], semver(after)) == ("2", "1.0.1")


async def test_the_semver_of_a_version_cannot_change(rest: Rest) -> None:
    await new_model(rest, "1.0.0")
    tag = {"name": "m", "version": "1", "key": "gitlab.version", "value": "2.0.0"}
    changed = await rest.post("model-versions/set-tag", tag)
    removed = await rest.send("DELETE", "model-versions/delete-tag", json=tag)
    assert (refusal(changed), refusal(removed)) == (INVALID, INVALID)
    assert "does not change" in changed.json()["message"]


async def test_the_old_call_to_list_experiments_is_not_found(rest: Rest) -> None:
    assert refusal(await rest.get("experiments/list")) == (404, "ENDPOINT_NOT_FOUND")


def log_to_a_version():
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    version = client.create_model_version("m", "", tags={"gitlab.version": "1.0.0"})
    client.log_metric(version.run_id, "auc", 0.5)
    client.log_param(version.run_id, "depth", 3)
    client.log_text(version.run_id, "weights", "model/w.txt")
    with mlflow.start_run(run_id=version.run_id):
        mlflow.log_metric("loss", 0.25)
    result = client.get_run(version.run_id).data
    uri = client.get_model_version_download_uri("m", "1")
    texts = [mlflow.artifacts.load_text(f"{target}/model/w.txt") for target in (uri, "models:/m/1", "models:/m/1.0.0")]
    return [result.metrics, result.params, texts]


async def test_logging_to_the_run_of_a_version_shows_at_the_version(mlflow: MLflow) -> None:
    assert await mlflow(log_to_a_version) == [{"auc": 0.5, "loss": 0.25}, {"depth": "3"}, ["weights"] * 3]


async def test_a_version_keeps_its_run(rest: Rest) -> None:
    (version,) = await new_model(rest, "1.0.0")
    run = {"run_id": version["run_id"]}
    assert refusal(await rest.post("runs/delete", run)) == INVALID
    await done(await rest.post("runs/restore", run))
    await done(await rest.post("runs/set-tag", {**run, "key": "still", "value": "there"}))
    await done(await rest.send("DELETE", "model-versions/delete", json={"name": "m", "version": "1"}))
    # What the version alone had goes together with it.
    assert refusal(await rest.post("runs/delete", run)) == ABSENT


async def test_a_model_does_not_take_over_an_experiment_of_its_name(rest: Rest) -> None:
    await new_model(rest, name="a")
    await done(await rest.post("experiments/create", {"name": "[model]b"}))
    answer = await rest.post("registered-models/rename", {"name": "a", "new_name": "b"})
    assert refusal(answer) == TAKEN
    assert "[model]b" in answer.json()["message"]
    await done(await rest.post("experiments/update", {"experiment_id": "2", "new_name": "free"}))
    await done(await rest.post("registered-models/rename", {"name": "a", "new_name": "b"}))


def sign_in_by_password():
    import os

    from mlflow import MlflowClient

    os.environ.pop("MLFLOW_TRACKING_TOKEN", None)
    os.environ["MLFLOW_TRACKING_USERNAME"] = "any-name"
    try:
        return MlflowClient().get_experiment("0").name
    finally:
        for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
            os.environ.pop(name, None)


async def test_a_token_is_accepted_as_password_at_both_addresses(
    interpreter: MLflow, url: str, base: str, project: TestProject, runtime: Runtime
) -> None:
    command = IssueToken("ci", (Scope.API,), role=Role.DEVELOPER, project_id=project.id)
    issued = await tokens.issue(runtime.db, project.owner, command)
    for address in (url, base):
        signed = MLflow(
            interpreter._process, {"MLFLOW_TRACKING_URI": address, "MLFLOW_TRACKING_PASSWORD": issued.secret}
        )
        assert await signed(sign_in_by_password) == "Default"
    with pytest.raises(ClientError):
        await MLflow(interpreter._process, {"MLFLOW_TRACKING_URI": url, "MLFLOW_TRACKING_PASSWORD": "myt_no"})(
            sign_in_by_password
        )
