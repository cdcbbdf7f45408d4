"""Every way in for something new, and some ways to read, as clients use them; each answers what the client was told."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from tests.support.mlflow.client import NEWEST
from tests.support.source import ROOT

MIB = 1024 * 1024
_MODEL = """
mutation ($input: ModelCreateInput!) { modelCreate(input: $input) { model { id } userErrors { code message } } }
"""
_LOG = """
import sys, mlflow
client = mlflow.MlflowClient()
run, what, path = sys.argv[1:]
try:
    client.log_metric(run, "loss", 0.5) if what == "metric" else client.log_artifact(run, path)
except Exception as error:
    print(type(error).__name__, error)
"""


@dataclass(frozen=True)
class Told:
    """What a client was told: a status or exit code, the protocol's own code, the message."""

    status: int
    code: str
    message: str
    seconds: float


class EntryPoints:
    """A client of one installation, with a candidate of its own."""

    def __init__(self, connection: Mapping[str, str], folder: Path) -> None:
        self._connection = dict(connection)
        self._folder = folder
        self._api = f"{connection['MLFLOW_TRACKING_URI']}/api/2.0"
        headers = {"Authorization": f"Bearer {connection['MODELYARD_TOKEN']}"}
        self._http = httpx.AsyncClient(headers=headers, base_url=connection["MODELYARD_URL"], timeout=60)
        self.run = ""

    async def close(self) -> None:
        await self._http.aclose()

    async def begin(self) -> None:
        answer = await self._http.post(f"{self._api}/mlflow/runs/create", json={"experiment_id": "0"})
        self.run = answer.json()["run"]["info"]["run_id"]

    async def parameter(self, bytes_: int = 200) -> Told:
        body = {"run_id": self.run, "key": f"p{uuid4().hex}", "value": os.urandom(bytes_ // 2).hex()}
        return await self._json("POST", f"{self._api}/mlflow/runs/log-parameter", json=body)

    async def metric(self) -> Told:
        body = {"run_id": self.run, "key": "loss", "value": 0.5, "timestamp": 1, "step": time.time_ns() // 1000}
        return await self._json("POST", f"{self._api}/mlflow/runs/log-metric", json=body)

    async def candidate(self) -> Told:
        return await self._json("POST", f"{self._api}/mlflow/runs/create", json={"experiment_id": "0"})

    async def put(self, name: str, data: bytes) -> Told:
        return await self._json("PUT", self._file(name), content=data)

    async def package(self, data: bytes) -> Told:
        project = self._connection["MLFLOW_TRACKING_URI"].split("/ml/mlflow")[0]
        url = f"{project}/packages/ml_models/candidate:{self.run}/files/p{uuid4().hex}.bin"
        return await self._json("PUT", url, content=data)

    async def part(self, size: int) -> Told:
        """Begin an upload in parts, and send one."""
        path = f"m{uuid4().hex}.bin"
        url = f"{self._api}/mlflow-artifacts/mpu/create/0/{self.run}/artifacts"
        began = time.monotonic()
        answer = await self._http.post(url, params={"path": path}, json={"path": path, "num_parts": 1})
        if answer.status_code == 200:
            answer = await self._http.put(answer.json()["credentials"][0]["url"], content=os.urandom(size))
        return _told(answer, began)

    async def model(self) -> Told:
        """Make a model by GraphQL."""
        project = {"path": self._connection["MODELYARD_PROJECT"]}
        given = {"input": {"project": project, "name": f"m{uuid4().hex}"}}
        began = time.monotonic()
        answer = await self._http.post("/graphql", json={"query": _MODEL, "variables": given})
        data = answer.json()
        errors = ((data.get("data") or {}).get("modelCreate") or {}).get("userErrors") or []
        errors += [{"code": e["extensions"]["code"], "message": e["message"]} for e in data.get("errors", ())]
        first = errors[0] if errors else {"code": "", "message": ""}
        return Told(answer.status_code, first["code"], first["message"], time.monotonic() - began)

    async def remove(self, name: str) -> Told:
        return await self._json("DELETE", self._file(name))

    async def get(self, name: str) -> tuple[int, bytes]:
        answer = await self._http.get(self._file(name))
        return answer.status_code, answer.content

    async def names(self) -> set[str]:
        """The files of the candidate, as a reader sees them."""
        answer = await self._http.get(f"{self._api}/mlflow/artifacts/list", params={"run_id": self.run})
        return {file["path"] for file in answer.json().get("files", ())}

    async def state(self) -> dict[str, object]:
        """What ``/health/ready`` says, with its status."""
        answer = await self._http.get("/health/ready")
        return {"http": answer.status_code, **answer.json()}

    async def search(self) -> int:
        body = {"experiment_ids": ["0"], "max_results": 5}
        return (await self._http.post(f"{self._api}/mlflow/runs/search", json=body)).status_code

    async def push(self, size: int) -> Told:
        """``modelyard push`` of one file."""
        path = self._folder / f"{uuid4().hex}.bin"
        path.write_bytes(os.urandom(size))
        command = [sys.executable, "-m", "app.cli", "push", f"pushed-{uuid4().hex}", str(path)]
        return await self._command(command, {"MODELYARD_RETRY_SECONDS": "5"})

    async def mlflow(self, what: str, size: int = 1000) -> Told:
        """``log_metric`` or ``log_artifact`` of the unmodified client."""
        path = self._folder / f"{uuid4().hex}.bin"
        path.write_bytes(os.urandom(size))
        return await self._command([str(NEWEST), "-c", _LOG, self.run, what, str(path)], {})

    async def _command(self, command: list[str], more: Mapping[str, str]) -> Told:
        began = time.monotonic()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), **self._connection, **more}
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Told(done.returncode, "", (done.stdout + done.stderr).strip(), time.monotonic() - began)

    async def _json(self, method: str, url: str, **more: object) -> Told:
        began = time.monotonic()
        return _told(await self._http.request(method, url, **more), began)  # type: ignore[arg-type] # each caller passes what httpx takes

    def _file(self, name: str) -> str:
        return f"{self._api}/mlflow-artifacts/artifacts/0/{self.run}/artifacts/{name}"


def _told(answer: httpx.Response, began: float) -> Told:
    data = answer.json() if answer.headers.get("content-type") == "application/json" and answer.content else {}
    return Told(answer.status_code, data.get("error_code", ""), data.get("message", ""), time.monotonic() - began)
