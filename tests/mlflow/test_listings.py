"""Folders with more files than fit a page: all of them come, by every call that lists, to every client."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID, uuid4

import httpx
import pytest

from app.artifacts.artifacts import Root
from app.artifacts.reads import folders
from app.artifacts.reads.folders import Entry
from app.files import read
from app.runtime import Runtime
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow

MANY = 10_050


async def fill(runtime: Runtime, root: Root, paths: Sequence[str]) -> None:
    """Files of five bytes that no test reads, without their bytes."""
    async with runtime.db.direct() as connection:
        blob = uuid4()
        await connection.execute(
            "INSERT INTO blobs (project_id, id, object_key, state, sha256, size)"
            " VALUES ($1, $2, $3::text, 'stored', sha256(convert_to($3::text, 'UTF8')), 5)",
            root.project_id, blob, str(blob),
        )  # fmt: skip
        for start in range(0, len(paths), 2_000):
            some = paths[start : start + 2_000]
            await connection.execute(
                "INSERT INTO artifacts (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type,"
                " inspected_at) SELECT $1, id, $2, $3, path, $4, 'x', now()"
                " FROM unnest($5::uuid[], $6::text[]) AS given(id, path)",
                root.project_id, root.candidate_id, root.logged_model_id, blob, [uuid4() for _ in some], list(some),
            )  # fmt: skip


@pytest.fixture
async def run_id(rest: Rest) -> str:
    return (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]


def count(run_id, folder):

    from mlflow import MlflowClient

    result = MlflowClient().list_artifacts(run_id, folder)
    return [len(result), len({one.path for one in result}), sum(one.is_dir for one in result), result[-1].path]


async def test_list_artifacts_returns_a_whole_folder(
    each_client: MLflow, rest: Rest, run_id: str, runtime: Runtime, project: TestProject
) -> None:
    names = [f"many/{number:05}.bin" for number in range(MANY)]
    below = [f"many/{number:05}.d/deep/x" for number in range(0, MANY, 100)]
    await fill(runtime, Root(project.id, candidate_id=UUID(run_id)), [*names, *below, "other"])
    whole = len(names) + len(below)
    assert await each_client(count, run_id, "many") == [whole, whole, len(below), "many/10049.bin"]
    for path, query in (
        ("mlflow/artifacts/list", {"run_id": run_id, "path": "many"}),
        ("mlflow-artifacts/artifacts", {"path": f"0/{run_id}/artifacts/many"}),
    ):
        answer = await rest.http.get(f"{rest.base}/api/2.0/{path}", params=query, headers=rest.headers)
        files = answer.json()["files"]
        assert len(files) == whole
        assert len({one["path"] for one in files}) == whole
        assert answer.json().get("next_page_token") is None
    root = await rest.get("artifacts/list", run_id=run_id)
    assert [one["path"] for one in root.json()["files"]] == ["many", "other"]


async def test_list_logged_model_artifacts_returns_all_files(
    rest: Rest, runtime: Runtime, project: TestProject
) -> None:
    made = (await rest.post("logged-models", {"experiment_id": "0"})).json()["model"]["info"]
    model = UUID(made["model_id"].removeprefix("m-"))
    await fill(runtime, Root(project.id, logged_model_id=model), [f"f{number}" for number in range(MANY)])
    answer = (await rest.get(f"logged-models/{made['model_id']}/artifacts/directories")).json()
    assert answer["root_uri"] == made["artifact_uri"]
    assert len({one["path"] for one in answer["files"]}) == MANY


async def test_a_listing_that_fails_midway_ends_the_connection(
    rest: Rest, run_id: str, runtime: Runtime, project: TestProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(runtime, Root(project.id, candidate_id=UUID(run_id)), [f"{number}" for number in range(MANY)])
    original = read._page

    async def failing(db, owner, folder, after):
        if after:
            raise RuntimeError("the database has gone away")
        return await original(db, owner, folder, after)

    monkeypatch.setattr(read, "_page", failing)
    with pytest.raises(httpx.RemoteProtocolError):
        await rest.get("artifacts/list", run_id=run_id)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
async def test_listings_do_not_depend_on_the_page_size(
    run_id: str, runtime: Runtime, project: TestProject, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(folders, "PAGE", size)
    root, choice = Root(project.id, candidate_id=UUID(run_id)), random.Random(size)
    parts = ["a", "b", "a.b", "a-", "a0", "ab", "~", "%2f", "ü", "A", " ", "0", "日本", "a b"]
    paths: set[str] = set()
    while len(paths) < 60:
        path = "/".join(choice.choices(parts, k=choice.randint(1, 4)))
        if not any(one.startswith(f"{path}/") or path.startswith(f"{one}/") for one in paths):
            paths.add(path)
    await fill(runtime, root, sorted(paths))
    named = {"", *(path[:end] for path in paths for end, letter in enumerate(path) if letter == "/"), "nothing"}
    for folder in named:
        async with runtime.db.read() as snap:
            assert await folders.list_folder(snap, root, folder) == listed(paths, folder)


def listed(paths: set[str], folder: str) -> list[Entry]:
    prefix = f"{folder}/" if folder else ""
    result = {}
    for path in paths:
        if path.startswith(prefix):
            name, slash, _ = path[len(prefix) :].partition("/")
            result[name] = Entry(name, bool(slash), None if slash else 5)
    return [result[name] for name in sorted(result)]
