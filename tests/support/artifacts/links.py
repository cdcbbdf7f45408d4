"""Other processes of the API, and the links that they hand out."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx

from app.ids import GlobalId

DATA = b"0123456789" * 100
ARTIFACT = "query a($id: ID!) { artifact(by: {id: $id}) { id downloadUrl } }"
ANNOUNCE = """mutation c($owner: ArtifactOwnerLookup!, $files: [ArtifactUploadFileInput!]!) {
  artifactUploadCreate(input: {owner: $owner, files: $files}) {
    artifactUploads { id parts { number offset size url } } userErrors { code message } } }"""
ABORT = "mutation a($ids: [ID!]!) { artifactUploadAbort(input: {ids: $ids}) { userErrors { code } } }"


@asynccontextmanager
async def process(environment: Mapping[str, str]) -> AsyncIterator[str]:
    """An API in a process of its own, on the servers of this test run; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    settings = {"MODELYARD_PORT": str(port), "MODELYARD_URL": address, "MODELYARD_LOG_LEVEL": "WARNING"}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "api", env={**os.environ, **settings, **environment}
    )
    try:
        async with httpx.AsyncClient(base_url=address) as client:
            while not await _answers(client):
                assert running.returncode is None, "the API did not start"
                await asyncio.sleep(0.1)
        yield address
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/live")).is_success
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Caller:
    """A caller with or without a token at one address of the API."""

    http: httpx.AsyncClient
    address: str
    project_id: int
    headers: Mapping[str, str]

    @property
    def mlflow(self) -> str:
        return f"{self.address}/api/v4/projects/{self.project_id}/ml/mlflow"

    @property
    def files(self) -> str:
        return f"{self.mlflow}/api/2.0/mlflow-artifacts"

    @property
    def packages(self) -> str:
        return f"{self.address}/api/v4/projects/{self.project_id}/packages/ml_models"

    async def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.http.request(method, url, headers=headers, **options)

    async def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        return (await self.send("POST", f"{self.address}/graphql", json=body)).json()["data"]

    async def download_links(self, run: str, path: str, artifact: UUID) -> dict[str, str]:
        """All links to a file of a run, by the call that has made them."""
        told = {"run_id": run, "path": path}
        made = await self.send("POST", f"{self.mlflow}/api/2.0/mlflow/artifacts/presigned-download-url", json=told)
        query = {**told, "presigned": "true"}
        links = {
            "presigned-download-url": made.json()["presigned_url"],
            "presigned": (await self.send("GET", f"{self.files}/presigned/0/{run}/artifacts/{quote(path)}")).json()[
                "url"
            ],
            "get-artifact": (await self.send("GET", f"{self.mlflow}/get-artifact", params=query)).json()["url"],
        }
        return {**links, **await self.graphql_link(artifact)}

    async def graphql_link(self, artifact: UUID) -> dict[str, str]:
        id = str(GlobalId.of("Artifact", self.project_id, artifact))
        return {"downloadUrl": (await self.ask(ARTIFACT, id=id))["artifact"]["downloadUrl"]}

    async def announce(self, owner: Mapping[str, object], **sizes: int) -> list[dict[str, Any]]:
        files = [{"path": path, "size": size} for path, size in sizes.items()]
        made: list[dict[str, Any]] = (await self.ask(ANNOUNCE, owner=owner, files=files))["artifactUploadCreate"][
            "artifactUploads"
        ]
        return made

    async def begin_mpu(self, run: str, name: str, parts: int) -> dict[str, Any]:
        url = f"{self.files}/mpu/create/0/{run}/artifacts"
        made: dict[str, Any] = (await self.send("POST", url, json={"path": name, "num_parts": parts})).json()
        return made


async def location(link: str, size: int) -> str:
    """Where a client is sent for whom the service has to ask before it sends anything (``Expect: 100-continue``)."""
    parts = urlsplit(link)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = (f"PUT {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {size}")
    writer.write("\r\n".join([*lines, "Expect: 100-continue", "", ""]).encode())
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    finally:
        writer.close()
    assert head.startswith("HTTP/1.1 307 "), head
    header = next(line for line in head.split("\r\n") if line.lower().startswith("location:"))
    return header.partition(":")[2].strip()
