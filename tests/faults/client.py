"""A client of the real API that keeps count of every answer: what is acknowledged, refused, or simply not known."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

SECONDS = 30.0


@dataclass(frozen=True)
class Outcome:
    """How a request ended. Without a status, or with 503, that is unknown: the commit may have been made."""

    status: int | None
    body: bytes = b""
    etag: str = ""

    @property
    def is_ok(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def is_unknown(self) -> bool:
        return self.status is None or self.status >= 500

    @property
    def data(self) -> Any:
        return json.loads(self.body) if self.body else {}


@dataclass
class Books:
    """All answers of a run, and those that must not happen."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, method: str, url: str, answer: httpx.Response) -> None:
        self.answers[str(answer.status_code)] += 1
        line = f"{method} {url.partition('?')[0]} -> {answer.status_code}: {answer.text[:300]}"
        if answer.status_code >= 500 and answer.status_code != 503:
            self.wrong.append(line)
        if answer.status_code == 503 and "retry-after" not in answer.headers:
            self.wrong.append(f"{line} (without Retry-After)")


class Client:
    """One connection pool, one project."""

    def __init__(self, connection: Mapping[str, str], books: Books) -> None:
        self.books = books
        self._tracking = connection["MLFLOW_TRACKING_URI"]
        self._url = connection["MODELYARD_URL"]
        headers = {"Authorization": f"Bearer {connection['MODELYARD_TOKEN']}"}
        self._http = httpx.AsyncClient(headers=headers, timeout=SECONDS)
        self._bare = httpx.AsyncClient(timeout=SECONDS)

    async def close(self) -> None:
        await self._http.aclose()
        await self._bare.aclose()

    def within(self, project: str) -> Client:
        """The same client in another project, by its path."""
        other = copy(self)
        other._tracking = f"{self._url}/api/v4/projects/{quote(project, safe='')}/ml/mlflow"
        return other

    async def send(self, method: str, url: str, *, bare: bool = False, **more: Any) -> Outcome:
        """Send a request, once."""
        try:
            answer = await (self._bare if bare else self._http).request(method, url, **more)
        except httpx.HTTPError as error:
            self.books.answers[type(error).__name__] += 1
            return Outcome(None)
        self.books.note(method, url, answer)
        return Outcome(answer.status_code, answer.content, answer.headers.get("etag", ""))

    async def call(self, name: str, /, **message: Any) -> Outcome:
        """An MLflow call, once."""
        method = "DELETE" if name.endswith("/delete") and not name.startswith(("runs/", "experiments/")) else "POST"
        return await self.send(method, f"{self._tracking}/api/2.0/mlflow/{name}", json=message)

    async def drop(self, name: str, /, **message: Any) -> Outcome:
        """An MLflow call by DELETE, once."""
        return await self.send("DELETE", f"{self._tracking}/api/2.0/mlflow/{name}", json=message)

    async def ask(self, name: str, /, **message: Any) -> Outcome:
        """An MLflow call by GET, once."""
        return await self.send("GET", f"{self._tracking}/api/2.0/mlflow/{name}", params=message)

    async def graphql(self, document: str, /, **variables: Any) -> Outcome:
        """A GraphQL operation, once. Errors within the answer have the status of what they say."""
        outcome = await self.send("POST", f"{self._url}/graphql", json={"query": document, "variables": variables})
        if outcome.is_ok and (errors := outcome.data.get("errors")):
            code = errors[0].get("extensions", {}).get("code")
            self.books.answers[f"graphql {code}"] += 1
            if code not in {"UNAVAILABLE", "OUTCOME_UNKNOWN", "NOT_FOUND", "CONFLICT", "INVALID", "TAKEN", "FORBIDDEN"}:
                self.books.wrong.append(f"GraphQL {errors[0]}")
            return Outcome(503 if code in {"UNAVAILABLE", "OUTCOME_UNKNOWN"} else 400, outcome.body)
        return outcome

    def file_url(self, folder: str, path: str) -> str:
        return f"{self._tracking}/api/2.0/mlflow-artifacts/artifacts/{folder}/{path}"

    async def put(self, folder: str, path: str, content: bytes | AsyncIterator[bytes]) -> Outcome:
        """Send a file to a folder (``<experiment>/<run>/artifacts``), once."""
        return await self.send("PUT", self.file_url(folder, path), content=content)

    async def get(self, folder: str, path: str) -> Outcome:
        return await self.send("GET", self.file_url(folder, path))

    async def delete(self, folder: str, path: str) -> Outcome:
        return await self.send("DELETE", self.file_url(folder, path))

    async def parts(self, verb: str, folder: str, /, **message: Any) -> Outcome:
        """A call about an upload in parts (MLflow REST: mlflow-artifacts/mpu)."""
        return await self.send("POST", f"{self._tracking}/api/2.0/mlflow-artifacts/mpu/{verb}/{folder}", json=message)

    async def surely(self, name: str, /, **message: Any) -> Any:
        """An MLflow call that has to succeed, if need be after a while."""
        end = time.monotonic() + 60
        while True:
            outcome = await self.call(name, **message)
            if outcome.is_ok:
                return outcome.data
            assert outcome.is_unknown and time.monotonic() < end, (name, outcome)
            await asyncio.sleep(0.1)

    async def candidate(self) -> str:
        """A new candidate; the folder of its files."""
        return folder_of(await self.surely("runs/create", experiment_id="0"))

    async def version(self, model: str) -> tuple[str, str]:
        """A new version of a model; its number, and the folder of its files."""
        made = (await self.surely("model-versions/create", name=model, source="", run_id=""))["model_version"]
        run = (await self.ask("runs/get", run_id=made["run_id"])).data
        return made["version"], folder_of(run)


def folder_of(run: Any) -> str:
    """Where a run's files are, as the paths of the artifact routes name it."""
    return str(run["run"]["info"]["artifact_uri"]).partition("mlflow-artifacts:/")[2].lstrip("/")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
