"""Addresses of files: names that are strange or hostile, links, and the calls of MLflow's own pages."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote, urlsplit

import httpx
import pytest

from app.access import tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.runtime import Runtime, open_runtime
from tests.conftest import TestProject, serving
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow

MIB = 1024 * 1024


@pytest.fixture
async def run_id(rest: Rest) -> str:
    return (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]


class Files:
    """The files of one run, by bare requests."""

    def __init__(self, rest: Rest, run_id: str) -> None:
        self.rest = rest
        self.proxy = f"{rest.base}/api/2.0/mlflow-artifacts"
        self.root = f"{self.proxy}/artifacts/0/{run_id}/artifacts"

    async def send(self, method: str, raw: str, headers: dict[str, str] | None = None, **options) -> httpx.Response:
        """``raw`` goes out as it is, below the root."""
        url = f"{self.root}{raw}"
        return await self.rest.http.request(method, url, headers={**self.rest.headers, **(headers or {})}, **options)

    async def names(self, folder: str = "") -> list[str]:
        path = self.root.partition("/artifacts/")[2] + folder
        answer = await self.rest.http.get(f"{self.proxy}/artifacts", params={"path": path}, headers=self.rest.headers)
        return [one["path"] for one in answer.json()["files"]]


@pytest.fixture
def files(rest: Rest, run_id: str) -> Files:
    return Files(rest, run_id)


NAMES = [
    "a b.txt",
    "a+b.txt",
    "a%b.txt",
    "100%25.txt",
    "ümläut-模型.bin",
    "q?x&y=z",
    "semi;colon",
    "~tilde",
    "a%20b",
    "dog%step%0%timestamp%1760000000000%8f46.png",
    "a%00b",
    "a%0ab",
    "a%5cb",
    "a%2fb",
    "%41",
    "%",
    "%%",
    "a:b c",
]


async def test_unusual_file_names_are_stored_unchanged(files: Files) -> None:
    for name in NAMES:
        put = await files.send("PUT", f"/d/{quote(name)}", content=name.encode())
        assert (name, put.status_code) == (name, 200)
        assert (await files.send("GET", f"/d/{quote(name)}")).content == name.encode()
    assert sorted(await files.names("/d")) == sorted(NAMES)
    for name in NAMES:
        assert (await files.send("DELETE", f"/d/{quote(name)}")).status_code == 200
    assert await files.names() == []


HOSTILE = [
    "/a//b", "//b", "/a/", "/a/%2e%2e/b", "/%2e%2e/b", "/a/%252e%252e/b", "/%25252e%25252e/b", "/..%2fb", "/..%5cb",
    "/a%5cb", "/..%255cb", "/%255cb", "/C:/b", "/C%3A/b", "/C%253A/b", "/%2fetc/passwd", "/%252fetc/passwd", "/a%00b",
    "/a%0db", "/a%17b", "/a%23b", "/a%2523b", "/a/%252e/b", "/file%253A/etc/passwd", "/a%ffb", "/a%c3",
    "/file:/etc/passwd", "/a/%2e/b", "/%E2%80%AEtxt", "/" + "x" * 256, "/" + "x/" * 520 + "y",
]  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE)
async def test_invalid_file_paths_are_refused(files: Files, raw: str) -> None:
    put = await files.send("PUT", raw, content=b"x")
    assert (put.status_code, put.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert put.json()["message"].startswith("Invalid path")
    assert await files.names() == []


async def test_chunked_and_empty_bodies_are_stored(files: Files) -> None:
    async def pieces():
        for _ in range(3):
            yield b"piece"

    assert (await files.send("PUT", "/chunked", content=pieces())).status_code == 200
    assert (await files.send("GET", "/chunked")).content == b"piece" * 3
    assert (await files.send("PUT", "/empty", content=b"")).status_code == 200
    empty = await files.send("GET", "/empty")
    assert (empty.status_code, empty.content, empty.headers["content-length"]) == (200, b"", "0")
    assert (await files.send("GET", "/empty", {"Range": "bytes=0-"})).status_code == 416


async def test_ranges_conditions_and_heads(files: Files) -> None:
    await files.send("PUT", "/digits.txt", content=b"0123456789")
    head = await files.send("HEAD", "/digits.txt")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    for range_header, status, body in (("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789"), ("bytes=10-", 416, b"")):
        answer = await files.send("GET", "/digits.txt", {"Range": range_header})
        assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers["content-range"] == "bytes */10"
    same = await files.send("GET", "/digits.txt", {"If-None-Match": head.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_download_links_serve_ranges_without_a_token(files: Files) -> None:
    await files.send("PUT", "/d/ü%20+.bin", content=b"0123456789")
    link = (
        await files.rest.http.get(
            files.root.replace("/mlflow-artifacts/artifacts/", "/mlflow-artifacts/presigned/") + "/d/ü +.bin",
            headers=files.rest.headers,
        )
    ).json()
    assert (link["headers"], link["file_size"]) == ({}, 10)
    whole = await files.rest.http.get(link["url"])
    assert (whole.status_code, whole.content) == (200, b"0123456789")
    part = await files.rest.http.get(link["url"], headers={"Range": "bytes=3-5"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"345", "bytes 3-5/10")
    missing = await files.rest.http.get(
        files.root.replace("/mlflow-artifacts/artifacts/", "/mlflow-artifacts/presigned/") + "/nothing",
        headers=files.rest.headers,
    )
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


async def test_upload_links_store_files_like_put(files: Files, run_id: str, project: TestProject) -> None:
    rest = files.rest
    body = {"run_id": run_id, "path": "in/ü x.bin", "expiration": 60}
    developer = Rest(rest.http, rest.base, project[Role.DEVELOPER].headers)
    made = await developer.post("artifacts/presigned-upload-url", body)
    url = made.json()["presigned_url"]
    assert made.json()["headers"] == {}
    assert (await rest.http.put(url, content=b"one")).status_code == 200
    assert (await rest.http.put(url, content=b"two")).status_code == 200
    down = (await rest.post("artifacts/presigned-download-url", body)).json()
    assert down["file_size"] == 3
    assert (await rest.http.get(down["presigned_url"])).content == b"two"
    for altered in (url.replace("in/", "out/"), url.replace("by=", "by=1"), url.replace("expires=", "expires=1")):
        assert (await rest.http.put(altered, content=b"x")).status_code == 403
    await rest.post("runs/delete", {"run_id": run_id})
    assert (await rest.http.put(url, content=b"three")).status_code == 400
    refused = await rest.post("artifacts/presigned-upload-url", body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


async def test_upload_links_expire_with_their_token(rest: Rest, run_id: str, project: TestProject) -> None:
    issued = await tokens.issue(project.runtime.db, project.owner, IssueToken("short", (Scope.API,)))
    holder = Rest(rest.http, rest.base, {"Authorization": f"Bearer {issued.secret}"})
    url = (await holder.post("artifacts/presigned-upload-url", {"run_id": run_id, "path": "f"})).json()["presigned_url"]
    assert (await rest.http.put(url, content=b"x")).status_code == 200
    await tokens.revoke(project.runtime.db, project.owner, issued.token.id)
    assert (await rest.http.put(url, content=b"y")).status_code == 403


async def test_links_need_the_permission_of_their_operation(rest: Rest, run_id: str, project: TestProject) -> None:
    body = {"run_id": run_id, "path": "x"}
    reporter = Rest(rest.http, rest.base, project[Role.REPORTER].headers)
    stranger = Rest(rest.http, rest.base, project.stranger.headers)
    assert (await reporter.post("artifacts/presigned-upload-url", body)).status_code == 403
    assert (await stranger.post("artifacts/presigned-upload-url", body)).status_code == 404
    for wrong in (
        {"path": "x"}, {**body, "model_id": "m-" + "0" * 32}, {"run_id": run_id}, {**body, "path": "../x"},
        {**body, "expiration": 0}, {**body, "expiration": 3_601},
    ):  # fmt: skip
        for call in ("artifacts/presigned-upload-url", "artifacts/presigned-download-url"):
            answer = await rest.post(call, wrong)
            assert (wrong, answer.status_code) == (wrong, 400)
    unknown = await rest.post("artifacts/presigned-upload-url", {"model_id": "m-" + "0" * 32, "path": "x"})
    assert unknown.status_code == 404


async def test_get_artifact_serves_files_of_runs_versions_and_logged_models(files: Files, run_id: str) -> None:
    rest = files.rest
    await files.send("PUT", "/model/MLmodel", content=b"flavors: {}")
    await rest.post("registered-models/create", {"name": "net"})
    source = {"name": "net", "source": f"runs:/{run_id}/model", "run_id": run_id}
    assert (await rest.post("model-versions/create", source)).status_code == 200
    elsewhere = {"name": "net", "source": "s3://bucket/model"}
    assert (await rest.post("model-versions/create", elsewhere)).status_code == 200

    async def fetch(call: str, **query: str) -> httpx.Response:
        return await rest.http.get(f"{rest.base}/{call}", params=query, headers=rest.headers)

    for name in ("run_id", "run_uuid"):
        assert (await fetch("get-artifact", **{name: run_id, "path": "model/MLmodel"})).content == b"flavors: {}"
    version = {"name": "net", "path": "MLmodel"}
    for number in ("1", "1.0.0"):
        assert (await fetch("model-versions/get-artifact", version=number, **version)).content == b"flavors: {}"
    assert (await fetch("model-versions/get-artifact", version="2", **version)).status_code == 404
    assert (await fetch("model-versions/get-artifact", name="net", version="1", path="../x")).status_code == 400
    link = (await fetch("model-versions/get-artifact", version="1", presigned="true", **version)).json()
    assert (await rest.http.get(link["url"])).content == b"flavors: {}"

    model = (await rest.post("logged-models", {"experiment_id": "0", "name": "l"})).json()["model"]["info"]
    address = f"{files.proxy}/artifacts/0/models/{model['model_id']}/artifacts/w.bin"
    assert (await rest.http.put(address, content=b"w", headers=rest.headers)).status_code == 200
    page = f"ajax-api/2.0/mlflow/logged-models/{model['model_id']}/artifacts/files"
    assert (await fetch(page, artifact_file_path="w.bin")).content == b"w"
    nothing = await fetch(page)
    assert nothing.json()["message"] == 'Request must include the "artifact_file_path" query parameter.'
    assert nothing.status_code == 400


async def test_upload_artifact_takes_small_files(files: Files, run_id: str) -> None:
    rest = files.rest

    async def send(body: object, **query: str) -> httpx.Response:
        url = f"{rest.base}/ajax-api/2.0/mlflow/upload-artifact"
        return await rest.http.post(url, params=query, content=body, headers=rest.headers)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield bytes(MIB)

    assert (await send(b"note", run_uuid=run_id, path="notes/n.md")).status_code == 200
    assert (await files.send("GET", "/notes/n.md")).content == b"note"
    assert (await send(b"more", run_id=run_id, path="notes/n.md")).status_code == 200
    large = "Artifact size is too large. Max size is 10MB."
    for body, query, message in (
        (b"x", {"path": "f"}, "Request must specify run_uuid."),
        (b"x", {"run_uuid": run_id}, "Request must specify path."),
        (b"", {"run_uuid": run_id, "path": "f"}, "Request must specify data."),
        (bytes(10 * MIB + 1), {"run_uuid": run_id, "path": "f"}, large),
        (endless(), {"run_uuid": run_id, "path": "f"}, large),
    ):
        answer = await send(body, **query)
        assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert await files.names() == ["notes"]


def delete_step_by_step():
    import mlflow
    from mlflow import MlflowClient
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with mlflow.start_run() as run:
        for name in ("a/b/1", "a/2", "ab", "c"):
            mlflow.log_text(name, name)
    repository = get_artifact_repository(run.info.artifact_uri)
    client = MlflowClient()
    seen = []
    for path in ("a/b", "c", "nothing", None, None):
        repository.delete_artifacts(path)
        seen.append([one.path for one in client.list_artifacts(run.info.run_id)])
    return seen


async def test_the_client_deletes_files_folders_and_all_artifacts(mlflow: MLflow) -> None:
    assert await mlflow(delete_step_by_step) == [["a", "ab", "c"], ["a", "ab"], ["a", "ab"], [], []]


async def test_server_info_lists_capabilities(rest: Rest) -> None:
    told = (await rest.http.get(f"{rest.base}/api/3.0/mlflow/server-info")).json()
    assert {name: value for name, value in told.items() if "multipart" in name or "presigned" in name} == {
        "multipart_uploads_enabled": True,
        "multipart_downloads_enabled": False,
        "presigned_upload_run_id_supported": True,
        "presigned_upload_model_id_supported": True,
        "model_artifact_presigned_downloads_supported": True,
        "artifacts_presigned_only": False,
    }


async def test_links_use_the_public_address(runtime: Runtime, rest: Rest, run_id: str, project: TestProject) -> None:
    settings = runtime.settings.model_copy(update={"url": "https://models.example.org/registry"})
    call = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow-artifacts/mpu/create/0/{run_id}/artifacts"
    async with serving(replace(runtime, settings=settings)) as address:
        made = await rest.http.post(address + call, json={"path": "f", "num_parts": 1}, headers=rest.headers)
    url = made.json()["credentials"][0]["url"]
    assert url.startswith(f"https://models.example.org/registry/uploads/{project.id}/{made.json()['upload_id']}/1?")


@pytest.fixture
async def public(runtime: Runtime) -> AsyncIterator[str]:
    """An API whose store is reached by clients themselves."""
    settings = runtime.settings.model_copy(update={"s3_public_url": runtime.settings.s3_url})
    async with open_runtime(settings) as opened, serving(opened) as address:
        yield address


def go_directly(host):
    import os
    import tempfile
    from pathlib import Path

    import mlflow
    import requests

    changed = {
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": "4000000",
    }
    at_store = []
    original = requests.Session.send

    def noting(self, request, **named):
        answer = original(self, request, **named)
        if request.url.startswith(host):
            at_store.append([request.method, "Authorization" in request.headers, answer.status_code])
        return answer

    requests.Session.send = noting
    contents = []
    try:
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
            data = os.urandom(6 * 2**20)
            Path(folder, "big.bin").write_bytes(data)
            os.environ.update(changed)
            mlflow.log_artifact(str(Path(folder, "big.bin")))
            for ranges in ("true", "false"):
                os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = ranges
                result = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="big.bin")
                contents.append(Path(result).read_bytes() == data)
    finally:
        requests.Session.send = original
        for name in [*changed, "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"]:
            os.environ.pop(name, None)
    return {"contents": contents, "at_store": sorted(at_store)}


async def test_redirects_to_the_store_carry_no_token(
    interpreter: MLflow, public: str, runtime: Runtime, project: TestProject
) -> None:
    client = interpreter.at(f"{public}/api/v4/projects/{project.id}/ml/mlflow", project.token)
    assert await client(go_directly, runtime.settings.s3_url) == {
        "contents": [True, True],
        "at_store": [
            ["GET", False, 200],
            ["GET", False, 206],
            ["GET", False, 206],
        ],
    }
    assert urlsplit(public).port != urlsplit(runtime.settings.s3_url).port
