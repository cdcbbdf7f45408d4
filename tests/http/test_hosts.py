"""Under which names the service answers."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.http import hosts
from app.settings import Settings
from tests.support.http.raw_connection import send_once

OURS = [
    "localhost", "LOCALHOST:80", "localhost.", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080",
    "192.168.1.20:8080", "10.1.2.3", "[2001:db8::1]:80", "203.0.113.9",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "evil", "", "[::1",
    "[::1]x", "[evil.example]", "localhost:x", "localhost:80:80", "127.1", "0x7f000001", "2130706433",
    "localhost, evil.example", "evil@localhost", "localhost/", "*", "*.example.org", "127.0.0.1%00.evil.example",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
@pytest.mark.parametrize("path", ["/health/live", "/graphql?query=%7B__typename%7D"])
async def test_loopback_names_and_addresses_are_accepted_as_host(http: httpx.AsyncClient, host: str, path: str) -> None:
    assert (await http.get(path, headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
async def test_other_host_names_are_refused_at_every_path(url: str, host: str) -> None:
    for path in ("/health/live", "/health/ready", "/metrics", "/version", "/graphql", "/api/2.0/mlflow/runs/get", "/x"):
        answer = await send_once(url, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.status == 421
        assert "MODELYARD_ALLOWED_HOSTS" in answer.body.decode()


async def test_websockets_to_other_host_names_are_refused(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws{url[4:]}/graphql", additional_headers={"Host": "evil.example"}).__aenter__()
    assert refused.value.response.status_code in {400, 421}


@pytest.mark.parametrize(
    ("given", "ours", "foreign"),
    [
        (
            {"url": "https://Models.example.org/registry"},
            ["models.example.org", "models.example.org:443"],
            ["example.org"],
        ),
        ({"allowed_hosts": "api, Registry.internal"}, ["api:8080", "registry.internal"], ["x.registry.internal"]),
        ({"allowed_hosts": "*.example.org"}, ["a.example.org", "a.b.example.org"], ["example.org", "aexample.org"]),
        ({"allowed_hosts": "*"}, ["evil.example", "anything"], []),
        ({"host": "0.0.0.0"}, [socket.gethostname(), f"{socket.gethostname()}.local"], ["evil.example"]),
        ({"host": "127.0.0.1"}, [], [f"{socket.gethostname()}.local"]),
    ],
    ids=str,
)
def test_accepted_host_names_follow_the_settings(
    settings: Settings, given: dict[str, Any], ours: list[str], foreign: list[str]
) -> None:
    names = hosts._names(settings.model_copy(update=given))
    assert [host for host in ours if not hosts._is_one_of(names, host.encode())] == []
    assert [host for host in foreign if hosts._is_one_of(names, host.encode())] == []
