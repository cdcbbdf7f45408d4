"""The ways on which bytes go up and come down."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import aiohttp
import uvloop
from minio import Minio
from yarl import URL

from bench.servers.machine import Clock, Machine

ROOT = Path(__file__).parents[1]
CHUNK = 1024 * 1024
PART = 16 * 1024 * 1024
AT_ONCE = 8
_SECONDS = 600.0


class NotHere(Exception):
    """The way cannot be gone here."""


@dataclass(frozen=True)
class Load:
    """What is transferred."""

    folder: Path
    files: tuple[str, ...]
    size: int
    """Bytes of all."""

    @property
    def is_one(self) -> bool:
        return len(self.files) == 1


class Way:
    """One way; ``up`` and ``down`` give seconds."""

    title = ""
    streams = 1
    """How many requests carry one large file; tells which way to the bare store it is compared with."""

    def __init__(self, machine: Machine, load: Load) -> None:
        self.machine = machine
        self.load = load
        self.target = machine.scratch / f"down-{uuid.uuid4().hex}"
        self.target.mkdir()

    def up(self) -> float:
        raise NotImplementedError

    def down(self) -> float:
        raise NotImplementedError

    def check(self) -> None:
        """The bytes that came are those that went."""
        for name in self.load.files:
            match = next(iter(self.target.rglob(name)), None)
            assert match is not None, f"{name} did not come back"
            assert _digest(match) == _digest(self.load.folder / name), f"{name} came back otherwise"


class Store(Way):
    """Straight to the store by presigned addresses: what all others are compared with."""

    title = "bare store, 1 stream"

    def __init__(self, machine: Machine, load: Load) -> None:
        super().__init__(machine, load)
        parts = urlsplit(machine.store["MODELYARD_S3_URL"])
        self._client = Minio(
            parts.netloc,
            machine.store["MODELYARD_S3_ACCESS_KEY"],
            machine.store["MODELYARD_S3_SECRET_KEY"],
            secure=parts.scheme == "https",
            region="us-east-1",
        )
        self._bucket = machine.store["MODELYARD_S3_BUCKET"]
        self._prefix = f"bench/{uuid.uuid4().hex}"

    def up(self) -> float:
        puts = [
            (self._sign("PUT", name), self.load.folder / name, 0, _size(self.load, name)) for name in self.load.files
        ]
        with Clock() as clock:
            uvloop.run(_put_all(puts))
        return clock.seconds

    def down(self) -> float:
        gets = [(self._sign("GET", name), self.target / name, 0, _size(self.load, name)) for name in self.load.files]
        with Clock() as clock:
            uvloop.run(_get_all(gets))
        return clock.seconds

    def _sign(self, method: str, name: str, **query: str) -> str:
        life = timedelta(hours=1)
        key = f"{self._prefix}/{name}"
        return self._client.get_presigned_url(method, self._bucket, key, life, extra_query_params={**query} or None)


class StoreInParts(Store):
    """The same, a large file in parts side by side."""

    title = "bare store, 8 streams"
    streams = 8

    def up(self) -> float:
        if not self.load.is_one:
            return super().up()
        (name,) = self.load.files
        with Clock() as clock:
            uvloop.run(self._in_parts(name))
        return clock.seconds

    def down(self) -> float:
        if not self.load.is_one:
            return super().down()
        (name,) = self.load.files
        url, size = self._sign("GET", name), _size(self.load, name)
        gets = [(url, self.target / name, start, min(PART, size - start)) for start in range(0, size, PART)]
        with Clock() as clock:
            uvloop.run(_get_all(gets))
        return clock.seconds

    async def _in_parts(self, name: str) -> None:
        size, begin = _size(self.load, name), URL(self._sign("POST", name, uploads=""), encoded=True)
        async with aiohttp.ClientSession() as session, session.post(begin) as answer:
            id = (await answer.text()).partition("<UploadId>")[2].partition("<")[0]
        puts = [
            (
                self._sign("PUT", name, uploadId=id, partNumber=str(number + 1)),
                self.load.folder / name,
                start,
                min(PART, size - start),
            )
            for number, start in enumerate(range(0, size, PART))
        ]
        etags = await _put_all(puts)
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in enumerate(etags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        url = URL(self._sign("POST", name, uploadId=id), encoded=True)
        async with aiohttp.ClientSession() as session, session.post(url, data=body) as answer:
            assert answer.status == 200, await answer.text()


class Command(Way):
    """``modelyard push`` and ``modelyard pull``, from the start of the process to its end."""

    title = "modelyard push/pull"
    streams = 8

    def up(self) -> float:
        self._model = f"bench-{uuid.uuid4().hex[:8]}"
        return self._run("push", self._model, str(self.load.folder))

    def down(self) -> float:
        return self._run("pull", self._model, str(self.target))

    def _run(self, *arguments: str) -> float:
        environment = os.environ | self.machine.connection | {"XDG_CACHE_HOME": str(self.machine.scratch / "cache")}
        command = [sys.executable, "-m", "app.cli", *arguments, "--json"]
        with Clock() as clock:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT, timeout=_SECONDS
            )
        assert done.returncode == 0, done.stdout + done.stderr
        return clock.seconds


class Mlflow(Way):
    """``log_artifacts`` and ``download_artifacts`` of the MLflow client; its start is not counted."""

    title = "MLflow client"
    _SCRIPT = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import mlflow
direction, folder, run = sys.argv[1:]
mlflow.set_tracking_uri(sys.stdin.readline().strip())
client = mlflow.MlflowClient()
if direction == "up":
    run = client.create_run("0").info.run_id
began = time.perf_counter()
if direction == "up":
    client.log_artifacts(run, folder)
else:
    mlflow.artifacts.download_artifacts(run_id=run, dst_path=folder)
print(json.dumps([time.perf_counter() - began, run]))
"""

    def up(self) -> float:
        seconds, self._run_id = self._client("up", self.load.folder, "")
        return seconds

    def down(self) -> float:
        return self._client("down", self.target, self._run_id)[0]

    def _client(self, direction: str, folder: Path, run: str) -> tuple[float, str]:
        interpreter = ROOT / ".venv-mlflow" / "bin" / "python"
        if not interpreter.exists():
            raise NotHere("no .venv-mlflow; `make test` makes it")
        done = subprocess.run(
            [interpreter, "-c", self._SCRIPT, direction, folder, run],
            env=os.environ | self.machine.connection,
            input=self.machine.connection["MLFLOW_TRACKING_URI"] + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        seconds, digest = json.loads(done.stdout.splitlines()[-1])
        return float(seconds), str(digest)


class Plain(Way):
    """PUT and GET of whole files to an address with the token, 8 files at once."""

    def address(self, run: dict[str, str]) -> str:
        """Where the files of a run are."""
        raise NotImplementedError

    def up(self) -> float:
        self._base = self.address(uvloop.run(self._new_run()))
        work = [(self._url(name), self.load.folder / name, 0, _size(self.load, name)) for name in self.load.files]
        with Clock() as clock:
            uvloop.run(_put_all(work, self._headers))
        return clock.seconds

    def down(self) -> float:
        work = [(self._url(name), self.target / name, 0, _size(self.load, name)) for name in self.load.files]
        with Clock() as clock:
            uvloop.run(_get_all(work, self._headers))
        return clock.seconds

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.machine.connection['MODELYARD_TOKEN']}"}

    def _url(self, name: str) -> str:
        return f"{self._base}/{quote(name)}"

    async def _new_run(self) -> dict[str, str]:
        url = f"{self.machine.connection['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/runs/create"
        wanted = {"experiment_id": "0"}
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.post(url, json=wanted) as answer,
        ):
            info: dict[str, str] = (await answer.json())["run"]["info"]
            return info


class MlflowArtifacts(Plain):
    title = "mlflow-artifacts PUT/GET"

    def address(self, run: dict[str, str]) -> str:
        path = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
        return f"{self.machine.connection['MLFLOW_TRACKING_URI']}/api/2.0/mlflow-artifacts/artifacts/{path}"


class GitlabPackages(Plain):
    title = "GitLab packages PUT/GET"

    def address(self, run: dict[str, str]) -> str:
        project = quote(self.machine.connection["MODELYARD_PROJECT"], safe="")
        base = f"{self.machine.connection['MODELYARD_URL']}/api/v4/projects/{project}/packages/ml_models"
        return f"{base}/candidate:{run['run_id']}/files"


WAYS: Sequence[type[Way]] = (Command, Mlflow, MlflowArtifacts, GitlabPackages)
BASELINES: Sequence[type[Way]] = (Store, StoreInParts)
_Work = Sequence[tuple[str, Path, int, int]]
"""Address, file, offset and bytes of each request."""


async def _put_all(work: _Work, headers: dict[str, str] | None = None) -> list[str]:
    async def one(session: aiohttp.ClientSession, url: str, path: Path, start: int, size: int) -> str:
        length = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        async with session.put(URL(url, encoded=True), data=_chunks(path, start, size), headers=length) as answer:
            _require(answer)
            return answer.headers.get("ETag", "")

    return await _all(work, one, headers)


async def _get_all(work: _Work, headers: dict[str, str] | None = None) -> None:
    async def one(session: aiohttp.ClientSession, url: str, path: Path, start: int, size: int) -> str:
        span = {"Range": f"bytes={start}-{start + size - 1}"}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            async with session.get(URL(url, encoded=True), headers=span) as answer:
                _require(answer)
                async for chunk in answer.content.iter_any():
                    start += os.pwrite(descriptor, chunk, start)
        finally:
            os.close(descriptor)
        return ""

    await _all(work, one, headers)


async def _all(work: _Work, one: Callable[..., Awaitable[str]], headers: dict[str, str] | None) -> list[str]:
    slots = asyncio.Semaphore(AT_ONCE)
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, auto_decompress=False) as session:

        async def placed(item: tuple[str, Path, int, int]) -> str:
            async with slots:
                return await one(session, *item)

        return await asyncio.gather(*(placed(item) for item in work))


async def _chunks(path: Path, start: int, size: int) -> AsyncIterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        end = start + size
        while start < end:
            chunk = os.pread(descriptor, min(CHUNK, end - start), start)
            start += len(chunk)
            yield chunk
    finally:
        os.close(descriptor)


def _require(answer: aiohttp.ClientResponse) -> None:
    if answer.status == 404:
        raise NotHere(f"{answer.url.path} answered 404")
    assert answer.status < 300, f"{answer.url.path} answered {answer.status}"


def _size(load: Load, name: str) -> int:
    return (load.folder / name).stat().st_size


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
