"""Large files in parts and in ranges, by the real client and by hand."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import asyncio
import hashlib

import pytest

from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow

MIB = 1024 * 1024


def send_in_parts_and_fetch_in_ranges(size):
    import hashlib
    import os
    import tempfile
    from pathlib import Path

    import mlflow
    import requests
    from mlflow import MlflowClient

    changed = {
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": "4000000",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
    }
    os.environ.update(changed)
    calls = []
    original = requests.Session.request

    def noting(self, method, url, **named):
        headers = named.get("headers") or {}
        calls.append(
            [method.upper(), url, "authorization" in {name.lower() for name in headers} or bool(named.get("auth"))]
        )
        return original(self, method, url, **named)

    requests.Session.request = noting
    try:
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
            data = os.urandom(size)
            path = Path(folder) / "weights ü+1.bin"
            path.write_bytes(data)
            mlflow.log_artifact(str(path), "deep/folder")
        with tempfile.TemporaryDirectory() as folder:
            result = MlflowClient().download_artifacts(run.info.run_id, "deep/folder/weights ü+1.bin", folder)
            same = Path(result).read_bytes() == data
        listed = [[one.path, one.file_size] for one in MlflowClient().list_artifacts(run.info.run_id, "deep/folder")]
    finally:
        requests.Session.request = original
        for name in changed:
            os.environ.pop(name)
    return {
        "same": same,
        "listed": listed,
        "parts": [one[2] for one in calls if one[0] == "PUT"],
        "ranges": [one[2] for one in calls if one[0] == "GET" and "signature=" in one[1].lower()],
        "sha256": hashlib.sha256(data).hexdigest(),
        "run_id": run.info.run_id,
    }


async def test_parts_and_ranges_are_transferred_without_a_token(mlflow: MLflow, rest: Rest) -> None:
    result = await mlflow(send_in_parts_and_fetch_in_ranges, 12 * MIB + 17)
    assert result["same"]
    assert result["listed"] == [["deep/folder/weights ü+1.bin", 12 * MIB + 17]]
    assert result["parts"] == [False, False, False]
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/0/{result['run_id']}/artifacts/deep/folder/weights ü+1.bin"
    head = await rest.http.head(url, headers=rest.headers)
    assert head.headers["etag"] == f'"{result["sha256"]}"'
    assert result["ranges"] == [False, False, False, False]


def fail_at_a_part(size):
    import os
    import tempfile
    from pathlib import Path

    import mlflow
    import requests
    from mlflow import MlflowClient

    changed = {
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
    }
    os.environ.update(changed)
    calls = []
    original = requests.Session.request

    def breaking(self, method, url, **named):
        calls.append([method.upper(), url.partition("?")[0]])
        if method.upper() == "PUT" and "/2?" in url:
            raise requests.ConnectionError("the line is cut")
        return original(self, method, url, **named)

    requests.Session.request = breaking
    try:
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
            path = Path(folder) / "broken.bin"
            path.write_bytes(os.urandom(size))
            try:
                mlflow.log_artifact(str(path))
                failure = None
            except mlflow.exceptions.MlflowException as error:
                failure = str(error)
    finally:
        requests.Session.request = original
        for name in changed:
            os.environ.pop(name)
    listed = [one.path for one in MlflowClient().list_artifacts(run.info.run_id)]
    posts = [url.split("/mlflow-artifacts/")[1].split("/")[1] for verb, url in calls if "/mpu/" in url]
    return {"failure": failure, "listed": listed, "posts": posts}


async def test_the_client_aborts_when_a_part_fails(mlflow: MLflow) -> None:
    result = await mlflow(fail_at_a_part, 6 * MIB)
    assert "Failed to upload at least one part" in result["failure"]
    assert result["listed"] == []
    assert result["posts"] == ["create", "abort"]


@pytest.fixture
async def run_id(rest: Rest) -> str:
    return (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]


class Sending:
    """An upload by hand."""

    def __init__(self, rest: Rest, run_id: str, folder: str = "", name: str = "f.bin") -> None:
        self.rest, self.name = rest, name
        self.folder = f"0/{run_id}/artifacts{folder}"

    async def call(self, verb: str, **fields: object):
        url = f"{self.rest.base}/api/2.0/mlflow-artifacts/mpu/{verb}/{self.folder}"
        return await self.rest.http.post(
            url, json={"path": f"/home/u/{self.name}", **fields}, headers=self.rest.headers
        )

    async def begin(self, *parts: bytes) -> tuple[str, list[dict[str, object]]]:
        made = (await self.call("create", num_parts=len(parts))).json()
        sent = []
        for part, credential in zip(parts, made["credentials"], strict=True):
            answer = await self.rest.http.put(credential["url"], content=part)
            assert answer.status_code == 200
            number, etag = credential["part_number"], answer.headers["etag"]
            sent.append({"part_number": number, "etag": etag, "url": credential["url"]})
        return made["upload_id"], sent

    async def read(self):
        url = f"{self.rest.base}/api/2.0/mlflow-artifacts/artifacts/{self.folder}/{self.name}"
        return await self.rest.http.get(url, headers=self.rest.headers)


async def test_completing_twice_answers_the_same(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    upload_id, parts = await sending.begin(b"a" * 5 * MIB, b"b")
    assert (await sending.read()).status_code == 404
    answers = await asyncio.gather(*(sending.call("complete", upload_id=upload_id, parts=parts) for _ in range(3)))
    assert [(one.status_code, one.json()) for one in answers] == [(200, {})] * 3
    assert (await sending.read()).content == b"a" * 5 * MIB + b"b"
    assert (await sending.call("complete", upload_id=upload_id, parts=parts)).status_code == 200
    late = await sending.call("abort", upload_id=upload_id)
    assert (late.status_code, late.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert (await sending.read()).status_code == 200


async def test_invalid_parts_write_nothing_and_keep_the_upload_open(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    upload_id, parts = await sending.begin(b"a" * 5 * MIB, b"b")
    for wrong in (parts[:1], [parts[0], {**parts[1], "etag": "0" * 32}], [parts[0], parts[0]], []):
        answer = await sending.call("complete", upload_id=upload_id, parts=wrong)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert (await sending.read()).status_code == 404
    assert (await sending.call("complete", upload_id=upload_id, parts=parts)).status_code == 200


async def test_a_part_that_has_not_arrived_is_named(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    made = (await sending.call("create", num_parts=2)).json()
    parts = [{"part_number": number, "etag": "0" * 32} for number in (1, 2)]
    answer = await sending.call("complete", upload_id=made["upload_id"], parts=parts)
    assert (answer.status_code, answer.json()["message"]) == (400, "Part 1 has not arrived (2 are missing).")


async def test_an_aborted_upload_accepts_no_parts(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    upload_id, parts = await sending.begin(b"x")
    for _ in range(2):
        assert (await sending.call("abort", upload_id=upload_id)).json() == {}
    late = await rest.http.put(str(parts[0]["url"]), content=b"x")
    assert late.status_code == 409
    answer = await sending.call("complete", upload_id=upload_id, parts=parts)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert (await sending.read()).status_code == 404


async def test_an_invalid_number_of_parts_makes_clients_use_plain_put(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    for count in (0, 10_001):
        answer = await sending.call("create", num_parts=count)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(
            "Multipart upload is not supported for the current artifact repository"
        )
    assert len((await sending.call("create", num_parts=10_000)).json()["credentials"]) == 10_000


async def test_part_links_are_valid_for_their_part_only(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    made = (await sending.call("create", num_parts=2)).json()
    one, two = (credential["url"] for credential in made["credentials"])
    query = one.partition("?")[2]
    altered = [
        one.replace("/1?", "/2?"),
        one.replace("expires=", "expires=1"),
        one.replace("expires=", "expires=x"),
        two.partition("?")[0],
        two.partition("?")[0] + "?" + query,
        one.replace("/uploads/", "/uploads/9"),
        one.replace("signature=", "signature=é"),
    ]
    for url in altered:
        assert (url, (await rest.http.put(url, content=b"x")).status_code) == (url, 403)

    async def endless():
        yield b"x"

    assert (await rest.http.put(one, content=endless())).status_code == 400
    assert (await rest.http.get(one)).status_code == 405


async def test_paths_and_owners_are_checked_as_for_put(rest: Rest, run_id: str, project: TestProject) -> None:
    assert (await Sending(rest, run_id, "/a/../..").call("create", num_parts=1)).status_code in {400, 404}
    assert (await Sending(rest, run_id, "/%252e%252e").call("create", num_parts=1)).status_code == 400
    assert (await Sending(rest, run_id, name="").call("create", num_parts=1)).status_code == 400
    assert (await Sending(rest, run_id, name="a\x00b").call("create", num_parts=1)).status_code == 400
    assert (await Sending(rest, "0" * 32).call("create", num_parts=1)).status_code == 404
    windows = Sending(rest, run_id)
    made = await windows.rest.http.post(
        f"{rest.base}/api/2.0/mlflow-artifacts/mpu/create/{windows.folder}",
        json={"path": "C:\\models\\w.bin", "num_parts": 1},
        headers=rest.headers,
    )
    assert made.status_code == 200
    upload_id, parts = await Sending(rest, run_id).begin(b"x")
    stranger = Rest(rest.http, rest.base, project.stranger.headers)
    for verb in ("create", "complete", "abort"):
        answer = await Sending(stranger, run_id).call(verb, upload_id=upload_id, parts=parts, num_parts=1)
        assert (verb, answer.status_code) == (verb, 404)
    other = await Sending(rest, run_id, name="other").call("complete", upload_id=upload_id, parts=parts)
    assert other.status_code == 404
    await rest.post("runs/delete", {"run_id": run_id})
    assert (await Sending(rest, run_id).call("create", num_parts=1)).status_code == 400
    assert (await Sending(rest, run_id).call("complete", upload_id=upload_id, parts=parts)).status_code == 400
    await rest.post("runs/restore", {"run_id": run_id})
    assert (await Sending(rest, run_id).call("complete", upload_id=upload_id, parts=parts)).status_code == 200
    assert hashlib.sha256((await Sending(rest, run_id).read()).content).hexdigest() == hashlib.sha256(b"x").hexdigest()


async def test_malformed_messages_are_refused(rest: Rest, run_id: str) -> None:
    sending = Sending(rest, run_id)
    upload_id, parts = await sending.begin(b"x")
    for verb, fields, status in (
        ("create", {"path": None}, 400), ("create", {"path": 5}, 400), ("create", {"num_parts": "many"}, 400),
        ("create", {"num_parts": -1}, 400), ("create", {"path": "a#b", "num_parts": 1}, 400),
        ("complete", {"upload_id": upload_id, "parts": "x"}, 400), ("complete", {"parts": parts}, 400),
        ("complete", {"upload_id": upload_id, "parts": [{"part_number": 1}]}, 400),
        ("complete", {"upload_id": upload_id, "parts": [{"part_number": 1, "etag": "\x00"}]}, 400),
        ("complete", {"upload_id": "0" * 32, "parts": parts}, 404),
        ("complete", {"upload_id": "'", "parts": parts}, 404),
        ("abort", {"upload_id": "0" * 32}, 404), ("abort", {}, 400),
    ):  # fmt: skip
        answer = await sending.call(verb, **fields)
        assert (verb, fields, answer.status_code) == (verb, fields, status)
    sending.folder = "0"
    assert (await sending.call("create", num_parts=1)).status_code == 404
