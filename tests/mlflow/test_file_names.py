"""Names of files: the same name and the same bytes, by whichever way a file came and by whichever it goes."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, update

from app.queue.outbox import BackgroundJob
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow
from workers import executor

NAMES = [
    "plain.bin", "UPPER.bin", "upper.bin", "a b", " leading", "trailing ", "trailing.", "..hidden", ".hidden", "a..b",
    "a+b", "a%b", "100%", "100%25", "a%20b", "a%2fb", "a%5cb", "a%00b", "a%17b", "%", "%%", "%zz", "a%", "%C3%BC",
    "dog%step%21%timestamp%1760000000000%8f462cfc-95c0-454e-86a7-76a53587fe28.png", "a?b", "?", "a&b=c", "a;b", "a=b",
    "a:b c", "a,b", "a'b", 'a"b', "a|b", "a*b", "<a>", "[a]", "{a}", "(a)", "$a", "!a", "@a", "^a", "`a`", "~a", "a~",
    "ümläut", "日本語", "🎉", "👩‍🔬", "\u00e9", "ﬁ", "Å", "ß", "İ", "x" * 255, "ü" * 127, "CON", "NUL.txt",
    "authorize", "files", "artifacts", "a\u00a0b", "a\u3000b", "\u00ad", "nothing.", "-", "--help", "null", "0",
]  # fmt: skip
FOLDERS = ["", "d/", "a b/%20/ü+/", "x/" * 300]
GRAPHQL_CREATE = """mutation c($owner: ArtifactOwnerLookup!, $files: [ArtifactUploadFileInput!]!) {
  artifactUploadCreate(input: {owner: $owner, files: $files}) {
    artifactUploads { path alreadyStored artifact { path name sha256 } } userErrors { code field message } } }"""
GRAPHQL_FILE = """query f($by: ArtifactLookup!) { artifact(by: $by) { path name sha256 downloadUrl } }"""


def quoted(path: str) -> str:
    """Dots too: the client of these tests would leave out parts of a path that lead upwards."""
    return quote(path).replace(".", "%2E")


class EntryPoints:
    """The files of a run, by every way in and out."""

    def __init__(self, rest: Rest, project: TestProject, run_id: str) -> None:
        self.rest, self.http, self.project, self.run_id = rest, rest.http, project, run_id
        self.files = f"0/{run_id}/artifacts/"
        self.proxy = f"{rest.base}/api/2.0/mlflow-artifacts"
        self.packages = f"/api/v4/projects/{project.id}/packages/ml_models/candidate:{run_id}/files/"
        self.owner = {"candidate": {"path": {"project": project.path, "uuid": run_id}}}

    async def send(self, method: str, url: str, **options: object) -> httpx.Response:
        return await self.http.request(method, url, headers=self.rest.headers, **options)

    async def graphql(self, document: str, **variables: object) -> dict:
        answer = (await self.send("POST", "/graphql", json={"query": document, "variables": variables})).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def put(self, path: str, data: bytes) -> httpx.Response:
        return await self.send("PUT", f"{self.proxy}/artifacts/{self.files}{quoted(path)}", content=data)

    async def put_packages(self, path: str, data: bytes) -> httpx.Response:
        return await self.send("PUT", self.packages + quoted(path), content=data)

    async def put_by_link(self, path: str, data: bytes) -> httpx.Response:
        made = await self.rest.post("artifacts/presigned-upload-url", {"run_id": self.run_id, "path": path})
        return await self.http.put(made.json()["presigned_url"], content=data) if made.is_success else made

    async def put_page(self, path: str, data: bytes) -> httpx.Response:
        url = f"{self.rest.base}/ajax-api/2.0/mlflow/upload-artifact"
        return await self.send("POST", url, params={"run_uuid": self.run_id, "path": path}, content=data)

    async def put_parts(self, path: str, data: bytes) -> httpx.Response:
        folder, _, name = path.rpartition("/")
        local = {"path": f"/home/u/{name}"}
        folder_path = quoted(f"{self.files}{folder}".rstrip("/"))
        made = await self.send("POST", f"{self.proxy}/mpu/create/{folder_path}", json={**local, "num_parts": 1})
        if not made.is_success:
            return made
        (credential,) = made.json()["credentials"]
        etag = (await self.http.put(credential["url"], content=data)).headers["etag"]
        parts = [{"part_number": 1, "etag": etag, "url": credential["url"]}]
        ended = {**local, "upload_id": made.json()["upload_id"], "parts": parts}
        return await self.send("POST", f"{self.proxy}/mpu/complete/{folder_path}", json=ended)

    async def announce(self, path: str, data: bytes) -> None:
        """Bytes that the project has by another name."""
        await self.put("seed/" + hashlib.sha256(data).hexdigest(), data)
        described = {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        made = (await self.graphql(GRAPHQL_CREATE, owner=self.owner, files=[described]))["artifactUploadCreate"]
        assert made["userErrors"] == []
        assert made["artifactUploads"][0]["alreadyStored"]
        await work(self.project)

    async def get(self, path: str) -> bytes:
        return (await self.send("GET", f"{self.proxy}/artifacts/{self.files}{quoted(path)}")).content

    async def get_packages(self, path: str) -> bytes:
        return (await self.send("GET", self.packages + quoted(path))).content

    async def get_page(self, path: str) -> bytes:
        url = f"{self.rest.base}/get-artifact"
        return (await self.send("GET", url, params={"run_id": self.run_id, "path": path})).content

    async def get_presigned(self, path: str) -> bytes:
        link = (await self.send("GET", f"{self.proxy}/presigned/{self.files}{quoted(path)}")).json()["url"]
        return (await self.http.get(link)).content

    async def get_by_link(self, path: str) -> bytes:
        made = await self.rest.post("artifacts/presigned-download-url", {"run_id": self.run_id, "path": path})
        return (await self.http.get(made.json()["presigned_url"])).content

    async def get_graphql(self, path: str) -> bytes:
        result = (await self.graphql(GRAPHQL_FILE, by={"path": {"owner": self.owner, "path": path}}))["artifact"]
        assert result["path"] == path
        return (await self.http.get(result["downloadUrl"])).content

    async def names(self, folder: str) -> set[str]:
        """As both calls tell them that list."""
        proxied = await self.send("GET", f"{self.proxy}/artifacts", params={"path": self.files + folder})
        of_run = await self.rest.send("GET", "artifacts/list", params={"run_id": self.run_id, "path": folder})
        told = {one["path"] for one in proxied.json()["files"]}
        assert {one["path"] for one in of_run.json()["files"]} == {folder + name for name in told}
        return told


async def work(project: TestProject) -> None:
    """Do what waits in the project: known bytes are inspected under their new name."""
    async with project.runtime.db.write() as tx:
        mine = (BackgroundJob.project_id == project.id, BackgroundJob.state == "queued")
        due = update(BackgroundJob).where(*mine).values(run_after=func.now()).returning(BackgroundJob.id)
        jobs = (await tx.scalars(due)).all()
    for job in jobs:
        await executor.execute(project.runtime, job, "test")


@pytest.fixture
async def entry_points(rest: Rest, project: TestProject) -> EntryPoints:
    run_id = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    return EntryPoints(rest, project, run_id)


TIME, READ = "%25timestamp%251760000000000", "%25timestamp%1760000000000"
IN = [
    EntryPoints.put,
    EntryPoints.put_packages,
    EntryPoints.put_by_link,
    EntryPoints.put_page,
    EntryPoints.put_parts,
    EntryPoints.announce,
]
OUT = [
    EntryPoints.get,
    EntryPoints.get_packages,
    EntryPoints.get_page,
    EntryPoints.get_presigned,
    EntryPoints.get_by_link,
    EntryPoints.get_graphql,
]


@pytest.mark.parametrize("way_in", IN, ids=lambda one: one.__name__)
async def test_every_allowed_file_name_is_stored_unchanged(
    entry_points: EntryPoints, way_in: Callable[..., Awaitable[httpx.Response | None]]
) -> None:
    named = [(FOLDERS[index % len(FOLDERS)] + name, index) for index, name in enumerate(NAMES)]

    async def go_in(path: str) -> None:
        answer = await way_in(entry_points, path, f"{way_in.__name__} {path}".encode())
        assert answer is None or answer.is_success, (path, answer.text)

    async def come_out(path: str, index: int) -> None:
        for way_out in (OUT[index % len(OUT)], OUT[(index + 1) % len(OUT)]):
            got = (await way_out(entry_points, path)).decode()
            assert (way_out.__name__, got) == (way_out.__name__, f"{way_in.__name__} {path}")

    for start in range(0, len(named), 8):
        await asyncio.gather(*(go_in(path) for path, _ in named[start : start + 8]))
    for start in range(0, len(named), 8):
        await asyncio.gather(*(come_out(path, index) for path, index in named[start : start + 8]))
    for number, folder in enumerate(FOLDERS):
        told = await entry_points.names(folder)
        assert told >= {name for index, name in enumerate(NAMES) if index % len(FOLDERS) == number}


@pytest.mark.parametrize("way_in", IN[:-1], ids=lambda one: one.__name__)
async def test_decomposed_file_names_are_normalized(
    entry_points: EntryPoints, way_in: Callable[..., Awaitable[httpx.Response]]
) -> None:
    composed = "é/Å.bin"
    decomposed = unicodedata.normalize("NFD", composed)
    assert (await way_in(entry_points, decomposed, b"bytes")).is_success
    assert await entry_points.names("é/") == {"Å.bin"}
    for way_out in OUT[:-1]:
        assert (await way_out(entry_points, decomposed), await way_out(entry_points, composed)) == (b"bytes", b"bytes")


@pytest.mark.parametrize("way_in", IN[:-1], ids=lambda one: one.__name__)
async def test_forbidden_file_names_are_refused(
    entry_points: EntryPoints, way_in: Callable[..., Awaitable[httpx.Response]]
) -> None:
    bad = ["..", "../x", "a/../x", "%2e%2e/x", "a/%252e%252e", "..%2fx", "..%5cx", "x" * 256, "a\\b", "a\tb", "a\x7fb",
           "\u202etxt", "y/" * 520 + "z"]  # fmt: skip
    for path in bad:
        answer = await way_in(entry_points, path, b"bytes")
        assert (path, answer.status_code) in {(path, 400), (path, 404)}, answer.text
    assert await entry_points.names("") == set()


async def test_a_file_and_a_folder_of_one_name_conflict_at_every_entry_point(entry_points: EntryPoints) -> None:
    await entry_points.put("model", b"a file")
    await entry_points.put("deep/er/file", b"below")
    for way_in in IN[:-1]:
        for path, first in (("model/weights.bin", "model"), ("deep", "deep/er/file"), ("deep/er", "deep/er/file")):
            answer = await way_in(entry_points, path, b"second")
            assert (way_in.__name__, path, answer.status_code) == (way_in.__name__, path, 409)
            assert f"`{first}`" in answer.text
    seed = hashlib.sha256(b"a file").hexdigest()
    described = {"path": "model/x", "size": 6, "sha256": seed}
    made = (await entry_points.graphql(GRAPHQL_CREATE, owner=entry_points.owner, files=[described]))[
        "artifactUploadCreate"
    ]
    assert [(one["code"], one["field"]) for one in made["userErrors"]] == [("CONFLICT", "files.0.path")]
    assert "`model`" in made["userErrors"][0]["message"]
    assert await entry_points.names("") == {"model", "deep"}


def log_under_a_file():
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_text("a file", "model")
        told = []
        for path in ("model/MLmodel", "model/data/x"):
            try:
                mlflow.log_text("below", path)
            except Exception as error:  # noqa: BLE001 - each client has its own
                told.append("`model` is a file" in str(error))
        kept = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/model")
    return [told, kept]


async def test_path_conflicts_name_the_conflicting_file(each_client: MLflow) -> None:
    assert await each_client(log_under_a_file) == [[True, True], "a file"]


def download_everything():
    import tempfile
    from pathlib import Path

    import mlflow
    from mlflow import MlflowClient

    with mlflow.start_run() as run:
        mlflow.log_text("a", "a.txt")
        mlflow.log_text("b", "sub/deep/b.txt")
    client, result = MlflowClient(), {}
    for requested in (".", "./", "sub/.", "./sub", "sub//deep", "sub/", "./a.txt", ""):
        with tempfile.TemporaryDirectory() as into:
            client.download_artifacts(run.info.run_id, requested, into)
            result[requested] = sorted(one.name for one in Path(into).rglob("*") if one.is_file())
    listed = {
        requested: len(client.list_artifacts(run.info.run_id, requested)) for requested in (".", "./sub", "sub/.")
    }
    return [result, listed]


async def test_a_dot_means_the_folder_itself(each_client: MLflow) -> None:
    result, listed = await each_client(download_everything)
    everything, below = ["a.txt", "b.txt"], ["b.txt"]
    assert result == {
        ".": everything, "./": everything, "": everything, "sub/.": below, "./sub": below, "sub//deep": below,
        "sub/": below, "./a.txt": ["a.txt"],
    }  # fmt: skip
    assert listed == {".": 2, "./sub": 1, "sub/.": 1}


async def test_paths_outside_of_the_root_answer_invalid_path(entry_points: EntryPoints, rest: Rest) -> None:
    """The whole answer, before the run or the model is looked up."""
    words = {"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid path"}
    model = "m-" + "0" * 32
    for path in ("../path", "a/../../b", "/etc/passwd", "%2e%2e/x", "..%252fx", "C:\\x"):
        for run_id in (entry_points.run_id, "0" * 32):
            answers = [
                await rest.send("GET", "artifacts/list", params={"run_id": run_id, "path": path}),
                await rest.get(f"logged-models/{model}/artifacts/directories", artifact_directory_path=path),
                await entry_points.send("GET", f"{rest.base}/get-artifact", params={"run_id": run_id, "path": path}),
                await entry_points.send(
                    "GET", f"{rest.base}/model-versions/get-artifact",
                    params={"name": "nothing", "version": "1", "path": path},
                ),
                await entry_points.send(
                    *("GET", f"{entry_points.proxy}/artifacts"), params={"path": f"0/{run_id}/artifacts/{path}"}
                ),
            ]  # fmt: skip
            assert [(one.status_code, one.json()) for one in answers[:4]] == [(400, words)] * 4, path
            if not path.startswith("/"):
                assert (answers[4].status_code, answers[4].json()) == (400, words), path


@pytest.mark.parametrize(
    ("stored", "requested"),
    [
        # What 2.16.2 sends, and asks for once it has decoded the listing, and the beginning of its uuid with it.
        (f"%25step%2521{TIME}%258F462cfc-95c0.png", f"%25step!{READ}%EF%BF%BD462cfc-95c0.png"),
        (f"%25step%2541{TIME}%2541462cfc-95c0.png", f"%25stepA{READ}A462cfc-95c0.png"),
        (f"%25step%250{TIME}%2500462cfc-95c0.png", f"%25step%250{READ}%00462cfc-95c0.png"),
        (f"%25step%250{TIME}%255c462cfc-95c0.png", f"%25step%250{READ}%5C462cfc-95c0.png"),
        # What 3.9.0 does: control characters stay encoded, and its uuid begins with no digit.
        (f"%25step%2521{TIME}%25k8212760.png", f"%25step!{TIME}%25k8212760.png"),
        ("a%2520b", "a%20b"),
    ],
)
async def test_a_file_is_served_under_the_url_encoded_name_of_a_client(
    entry_points: EntryPoints, stored: str, requested: str
) -> None:
    url = f"{entry_points.proxy}/artifacts/{entry_points.files}images/"
    assert (await entry_points.send("PUT", url + stored, content=b"image")).status_code == 200
    await entry_points.send("PUT", f"{url}dog%25step%2599.png", content=b"another")
    assert (await entry_points.send("GET", url + requested)).content == b"image"
    assert (await entry_points.send("GET", url + stored)).content == b"image"
    link = (await entry_points.send("GET", url.replace("/artifacts/0/", "/presigned/0/", 1) + requested)).json()
    assert (await entry_points.http.get(link["url"])).content == b"image"
    assert (await entry_points.send("GET", url + f"x{requested}")).status_code in {400, 404}


async def test_an_exact_name_wins_over_a_decoded_one(entry_points: EntryPoints) -> None:
    for name in ("a b", "a%20b", "c%20d", "c%2520d"):
        assert (await entry_points.put(name, name.encode())).status_code == 200
    assert [await entry_points.get("a b"), await entry_points.get("a%20b")] == [b"a b", b"a%20b"]
    answer = await entry_points.send("GET", f"{entry_points.proxy}/artifacts/{entry_points.files}c%20d")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
