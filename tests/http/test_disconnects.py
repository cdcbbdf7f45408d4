"""Clients that go away in the middle: of what they send, and of what they are sent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator

import httpx
import pytest
from structlog.testing import capture_logs

from app.http.request_record import UNEXPECTED
from tests.conftest import TestProject
from tests.support.http.raw_connection import connected
from tests.support.http.unfinished_requests import KINDS, UnfinishedRequest, unfinished_request


@contextlib.contextmanager
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, object]]]:
    """Nothing within counts as unexpected, and nothing is logged as more than information."""
    before = UNEXPECTED._value.get()
    with caplog.at_level(logging.INFO), capture_logs() as logs:
        yield logs
    assert UNEXPECTED._value.get() == before
    assert [entry for entry in logs if entry["log_level"] not in {"debug", "info"}] == []
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


async def _logged(logs: list[dict[str, object]], number: int) -> list[dict[str, object]]:
    """The lines of as many requests, as soon as they are there."""
    async with asyncio.timeout(10):
        while len(result := [entry for entry in logs if entry["event"] == "request"]) < number:  # noqa: ASYNC110 - a log
            await asyncio.sleep(0.01)
    return result


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_body_that_breaks_off_is_a_client_error(
    url: str, http: httpx.AsyncClient, project: TestProject, caplog: pytest.LogCaptureFixture, reset: bool
) -> None:
    """At every entry point: with its head alone, and with half of the body."""

    async def leave(unfinished: UnfinishedRequest, sent: bytes) -> None:
        async with connected(url) as (_, writer):
            writer.write(sent)
            await writer.drain()
            await asyncio.sleep(0.2)
            if reset:
                writer.transport.abort()

    requests = [await unfinished_request(http, project, kind) for kind in KINDS if kind != "no route"]
    with quiet(caplog) as logs:
        for unfinished in requests:
            chunk = b"%x\r\n%b" % (unfinished.size, unfinished.half)
            for sent in (unfinished.head(), unfinished.head() + unfinished.half, unfinished.head(chunked=True) + chunk):
                await leave(unfinished, sent)
        entries = await _logged(logs, 3 * len(requests))
    assert {entry["status"] for entry in entries} == {400}


async def test_a_disconnect_during_an_answer_is_not_a_server_error(
    url: str, http: httpx.AsyncClient, project: TestProject, caplog: pytest.LogCaptureFixture
) -> None:
    unfinished = await unfinished_request(http, project, "mlflow file")
    stored = await http.put(unfinished.path, content=b"x" * 20_000_000, headers=project.headers)
    assert stored.status_code == 200
    document = "subscription s($p: String!) { projectEvents(project: {path: $p}) { type } }"
    with quiet(caplog) as logs:
        for _ in range(3):
            async with http.stream("GET", unfinished.path, headers=project.headers) as answer:
                assert answer.status_code == 200
                await anext(answer.aiter_bytes(1000))
        body = {"query": document, "variables": {"p": project.path}}
        headers = {**project.headers, "Accept": "text/event-stream"}
        async with http.stream("POST", "/graphql", json=body, headers=headers) as events:
            assert events.status_code == 200
        await _logged(logs, 4)


async def test_a_disconnect_before_an_answer_is_not_a_server_error(
    url: str, http: httpx.AsyncClient, project: TestProject, caplog: pytest.LogCaptureFixture
) -> None:
    """At every entry point, with a whole body, without waiting for what comes of it."""
    requests = [await unfinished_request(http, project, kind) for kind in KINDS if "file" not in kind]
    with quiet(caplog) as logs:
        for unfinished in requests:
            async with connected(url) as (_, writer):
                writer.write(unfinished.head() + b"x" * unfinished.size)
                await writer.drain()
        await _logged(logs, len(requests))
