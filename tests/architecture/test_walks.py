"""The walks of docs/architecture.md are what requests do: down the layers, in that order, and never back up."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import httpx
import pytest

from tests.conftest import TestProject
from tests.support.source import ROOT

MOST_STOPS = 15
CALLBACKS = {"app.db.group_commit", "app.db.database.Database.write"}
"""What runs a function that it was given: a batch of requests, and what is to be done after a commit."""


def _layers() -> dict[str, int]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    return {part.strip(): -height for height, layer in enumerate(layers) for part in layer.split("|")}


LAYERS = _layers()


def layer(name: str) -> int:
    """How high the module or function stands."""
    parts = name.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next(LAYERS[one] for one in names if one in LAYERS)


def documented() -> dict[str, list[str]]:
    """The stops of each walk, as the page lists them."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    section = page.split("\n## Four walks\n")[1].split("\n## ")[0]
    walks = re.split(r"^### (.+)$", section, flags=re.MULTILINE)[1:]
    stops = re.compile(r"^\d+\. `([\w.]+)`", re.MULTILINE)
    return {
        title: [f"app.{stop}" for stop in stops.findall(text)] for title, text in zip(*[iter(walks)] * 2, strict=True)
    }


@dataclass
class Trace:
    """Functions of the application in the order in which they were first called, and calls that went up a layer."""

    reached: list[str] = field(default_factory=list)
    upward: list[str] = field(default_factory=list)
    _frames: dict[int, FrameType] = field(default_factory=dict)
    _is_handled: bool = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        name = _name(frame)
        if event != "call" or name is None or id(frame) in self._frames:  # a coroutine that goes on is no call
            return
        self._frames[id(frame)] = frame
        self._is_handled = self._is_handled or name.startswith("app.mlflow.")
        if not self._is_handled or name.startswith("app.http."):
            return
        if name not in self.reached:
            self.reached.append(name)
        caller = _caller(frame)
        if caller is not None and not caller.startswith(tuple(CALLBACKS)) and layer(name) > layer(caller):
            self.upward.append(f"{caller} -> {name}")


def _name(frame: FrameType) -> str | None:
    module = frame.f_globals.get("__name__", "")
    return f"{module}.{frame.f_code.co_qualname}" if module.startswith("app.") else None


def _caller(frame: FrameType) -> str | None:
    back = frame.f_back
    while back is not None and _name(back) is None:
        back = back.f_back
    name = None if back is None else _name(back)
    return None if name is None or name.startswith(("app.http.", "app.main.")) else name


@contextmanager
def traced() -> Iterator[Trace]:
    trace, before = Trace(), sys.getprofile()
    sys.setprofile(trace)
    try:
        yield trace
    finally:
        sys.setprofile(before)


@dataclass
class Client:
    """A project with a model, a version, and a run that has a metric and a file."""

    http: httpx.AsyncClient
    project: TestProject
    run: str = ""

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.send("POST", f"mlflow/{path}", json=body)

    async def put(self, name: str) -> httpx.Response:
        path = f"mlflow-artifacts/artifacts/0/{self.run}/artifacts/{name}"
        return await self.send("PUT", path, content=b"x" * 1000)

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        base = f"/api/v4/projects/{self.project.id}/ml/mlflow/api/2.0"
        answer = await self.http.request(method, f"{base}/{path}", headers=self.project.headers, **more)
        assert answer.status_code == 200, answer.text
        return answer

    async def log(self) -> httpx.Response:
        point = {"key": "loss", "value": 1.0, "timestamp": 1, "step": 1}
        return await self.post("runs/log-batch", run_id=self.run, metrics=[point])


@pytest.fixture
async def client(http: httpx.AsyncClient, project: TestProject) -> Client:
    made = Client(http, project)
    made.run = (await made.post("runs/create", experiment_id="0")).json()["run"]["info"]["run_id"]
    await made.post("registered-models/create", name="churn")
    return made


REQUESTS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "Create a version": lambda client: client.post("model-versions/create", name="churn", source=""),
    "Log a batch": lambda client: client.log(),
    "Upload a file": lambda client: client.put("model.bin"),
    "Delete a model": lambda client: client.send("DELETE", "mlflow/registered-models/delete", json={"name": "churn"}),
}


def test_page_has_the_four_walks() -> None:
    assert sorted(documented()) == sorted(REQUESTS)


@pytest.mark.parametrize("title", REQUESTS)
def test_walk_is_short_and_goes_down(title: str) -> None:
    stops = documented()[title]
    heights = [layer(stop) for stop in stops]
    assert 4 <= len(stops) <= MOST_STOPS
    assert heights == sorted(heights, reverse=True), "a stop is in a higher layer than the one before it"


@pytest.mark.parametrize("title", REQUESTS)
async def test_request_passes_all_stops_of_its_walk(client: Client, title: str) -> None:
    with traced() as trace:
        await REQUESTS[title](client)
    stops = documented()[title]
    assert [stop for stop in stops if stop not in trace.reached] == []
    for height in {layer(stop) for stop in stops}:
        level = [stop for stop in stops if layer(stop) == height]
        assert level == sorted(level, key=trace.reached.index), "stops of one layer are in the order of the request"


@pytest.mark.parametrize("title", REQUESTS)
async def test_no_call_of_a_request_goes_up(client: Client, title: str) -> None:
    with traced() as trace:
        await REQUESTS[title](client)
    assert len(trace.reached) > MOST_STOPS
    assert trace.upward == []
