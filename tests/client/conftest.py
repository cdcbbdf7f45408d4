"""A client at its desk: files of its own, the real API in front of it, and a worker behind that."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.embedded.servers import Servers
from app.runtime import Runtime
from modelyard_client.connection import Connection
from modelyard_client.progress import NoProgress
from modelyard_client.pull import Pulled, PullOptions, parse, pull
from modelyard_client.push import Pushed, PushOptions, push
from modelyard_client.targets import NewVersion
from tests.conftest import Person, TestProject, working
from tests.support.client.machine import PACKAGE, Ended
from tests.support.client.proxy import Proxy, proxying
from tests.support.source import ROOT


class Notes(NoProgress):
    """Keeps what people would have read."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.has_said = asyncio.Event()

    def say(self, text: str) -> None:
        self.said.append(text)
        self.has_said.set()


def noise(size: int) -> bytes:
    """Random bytes that begin as no format does; one in 11,000 would look like a pickle and be held back."""
    return b"\xff" + os.urandom(size - 1)


@dataclass
class Desk:
    """A folder with files, and the commands of one person in one project."""

    url: str
    project: TestProject
    home: Path
    notes: Notes = field(default_factory=Notes)
    patience: float = 20.0
    python: str = sys.executable

    def __post_init__(self) -> None:
        self.files.mkdir()

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def cache(self) -> Path:
        return self.home / "cache" / "modelyard" / "push"

    @property
    def remembered(self) -> list[str]:
        """Names of what is kept for interrupted pushes."""
        return sorted(path.name for path in self.cache.iterdir())

    @property
    def connection(self) -> Connection:
        return Connection(self.url, self.project.token, self.project.path, self.patience)

    def write(self, name: str, content: bytes) -> bytes:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return content

    async def push(self, model: str = "m", **wanted: Any) -> Pushed:
        new = {name: wanted.pop(name) for name in ("version", "increment", "description", "tags") if name in wanted}
        paths = wanted.pop("paths", (self.files,))
        return await push(
            self.connection, PushOptions(paths, NewVersion(model, **new), **wanted), self.cache, self.notes
        )

    async def pull(self, what: str = "m", folder: str = "out", **wanted: Any) -> Pulled:
        name, reference = ("", "") if wanted.get("candidate") else parse(what)
        return await pull(self.connection, PullOptions(self.home / folder, name, reference, **wanted), self.notes)

    def tree(self, folder: str = "out") -> dict[str, bytes]:
        """All files below a folder, with what is in them."""
        root = self.home / folder
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
        return kept | {
            "PYTHONPATH": f"{ROOT}:{PACKAGE}",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "MODELYARD_URL": self.url,
            "MODELYARD_TOKEN": self.project.token,
            "MODELYARD_PROJECT": self.project.path,
            "MODELYARD_RETRY_SECONDS": str(self.patience),
        }

    async def begin(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """The server's own command as a process."""
        return await self._begin(sys.executable, "-m", "app.cli", *arguments, **environment)

    async def client(self, *arguments: str, **environment: str) -> Ended:
        """The command of the client's package."""
        return await self.run(self.python, "-m", "modelyard_client", *arguments, **environment)

    async def run(self, *program: str, **environment: str) -> Ended:
        """A program, ended."""
        return await self._ended(await self._begin(*program, **environment))

    async def _begin(self, *program: str, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *program,
            cwd=self.home,
            env=self.environment | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def command(self, *arguments: str, **environment: str) -> Ended:
        return await self._ended(await self.begin(*arguments, **environment))

    async def _ended(self, process: asyncio.subprocess.Process) -> Ended:
        out, err = await asyncio.wait_for(process.communicate(), 300)
        return Ended(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture(scope="module")
async def worker(runtime: Runtime, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    """A worker, as a process of its own."""
    async with working(runtime, servers, tmp_path_factory.mktemp("worker") / "log"):
        yield


@pytest.fixture
def desk(url: str, project: TestProject, tmp_path: Path, worker: None) -> Desk:
    return Desk(url, project, tmp_path)


@pytest.fixture(scope="session")
def data(http) -> Any:
    """Send a document with a person's token and get the data."""

    async def send(person: Person, document: str, **variables: Any) -> Any:
        answer = await http.post("/graphql", json={"query": document, "variables": variables}, headers=person.headers)
        body = answer.json()
        assert "errors" not in body, body
        return body["data"]

    return send


@pytest.fixture
async def proxy(desk: Desk) -> AsyncIterator[Proxy]:
    """Between the desk and the API; it passes on everything until it is told otherwise."""
    async with proxying(desk.url) as running:
        desk.url = running.url
        yield running
