"""Whose address counts when a reverse proxy stands between."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from websockets.asyncio.client import connect

from app.http import proxies
from app.http.proxies import Proxies
from app.settings import Settings, SettingsError

PROTOCOL = "graphql-transport-ws"


async def _seen(settings: Settings, peer: str, *headers: tuple[str, str], trusted: str, kind: str = "http") -> Any:
    """The scope as the application gets it."""
    scope = {
        "type": kind,
        "client": (peer, 1234),
        "scheme": "ws" if kind == "websocket" else "http",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    await Proxies(app, settings.model_copy(update={"trusted_proxies": trusted}))(scope, None, None)  # type: ignore[arg-type] # the inner application neither receives nor sends
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.3, 10.9.9.9"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["2001:DB8:0::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("fd00::1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, x'; --, 10.9.9.9"], "10.9.9.9"),
        ("203.0.113.1", ["1.1.1.1"], "203.0.113.1"),
        ("11.0.0.1", ["1.1.1.1"], "11.0.0.1"),
        ("", ["1.1.1.1"], ""),
    ],
)
async def test_the_last_address_that_is_not_a_proxy_is_the_client(
    settings: Settings, peer: str, forwarded: list[str], client: str
) -> None:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    for kind in ("http", "websocket"):
        scope = await _seen(settings, peer, *headers, trusted="10.0.0.0/8, fd00::1", kind=kind)
        assert scope["client"][0] == client


async def test_forwarded_proto_is_trusted_and_forwarded_host_is_not(settings: Settings) -> None:
    headers = [
        ("Host", "ours"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "x"),
    ]
    trusted = await _seen(settings, "10.0.0.1", *headers, trusted="10.0.0.1")
    socket = await _seen(settings, "10.0.0.1", *headers, trusted="10.0.0.1", kind="websocket")
    stranger = await _seen(settings, "10.0.0.2", *headers, trusted="10.0.0.1")
    odd = await _seen(settings, "10.0.0.1", ("X-Forwarded-Proto", "gopher"), trusted="10.0.0.1")
    assert [one["scheme"] for one in (trusted, socket, stranger, odd)] == ["https", "wss", "http", "http"]
    assert (b"host", b"ours") in trusted["headers"]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_address_counts_as_its_network(address: str, counted: str) -> None:
    assert proxies.counted(HTTPConnection({"type": "http", "client": (address, 1), "headers": []})) == counted


async def _open_sockets(url: str, *forwarded: str) -> int:
    """How many sockets without a token stay open, one for each forwarded address."""
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(20):
        acknowledged = 0
        for address in forwarded:
            options = {"subprotocols": [PROTOCOL], "additional_headers": {"X-Forwarded-For": address}}
            socket = await stack.enter_async_context(connect(f"ws{url[4:]}/graphql", **options))
            await socket.send('{"type": "connection_init"}')
            with contextlib.suppress(Exception):
                acknowledged += "connection_ack" in str(await socket.recv())
        return acknowledged


async def test_visitors_are_counted_by_the_forwarded_address_of_a_trusted_proxy(served_with) -> None:
    each = {"graphql_max_subscriptions": 2}
    others, same = ("1.1.1.1", "1.1.1.2", "1.1.1.3"), ("1.1.1.1",) * 3
    async with served_with(**each, trusted_proxies="127.0.0.0/8") as url:
        assert await _open_sockets(url, *others) == 3
        assert await _open_sockets(url, *same) == 2
        assert await _open_sockets(url, *(f"9.9.9.{last}, 1.1.1.1" for last in range(3))) == 2
    for trusted in ("", "10.0.0.0/8"):
        async with served_with(**each, trusted_proxies=trusted) as url:
            assert await _open_sockets(url, *others) == 2


@pytest.mark.parametrize("value", ["*", "proxy.internal", "10.0.0.1/8", "10.0.0.0/33"])
def test_an_invalid_network_in_the_settings_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MODELYARD_TRUSTED_PROXIES", value)
    with pytest.raises(SettingsError, match=r"MODELYARD_TRUSTED_PROXIES.*write addresses or networks"):
        Settings.read()
