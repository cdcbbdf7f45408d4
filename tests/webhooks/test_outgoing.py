"""Requests that leave the installation: to whom, to which address, and what they take in answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import ip_address

import pytest
from yarl import URL

from app.errors import Invalid
from app.outgoing import requests
from app.outgoing.addresses import AddressRules, is_global


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.0.192", False), ("192.0.0.9", False), ("192.88.99.1", False), ("3fff::1", False),
        ("168.63.129.16", False), ("168.63.129.17", True), ("::ffff:168.63.129.16", False),
        ("64:ff9b::a83f:8110", False),
        ("100.100.100.200", False), ("169.254.169.254", False), ("fd00:ec2::254", False), ("64:ff9b:1::808:808", False),
        ("::8.8.8.8", False), ("255.255.255.255", False), ("2606:4700::1%lo", False),
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_internet(address, expected):
    assert is_global(ip_address(address)) is expected


NO_NAMES = ["a" * 64 + ".com", ".example.com", "a..example.com", "a." * 127 + "com", "ex ample.com", "a%00.example.com",
            "-a.example.com", "a-.example.com", "ex*ample.com", "[2606:4700::1%25lo]"]  # fmt: skip


@pytest.mark.parametrize("host", NO_NAMES)
async def test_hosts_that_are_no_names_are_refused_at_once(runtime, project, subscribe, host):
    with pytest.raises(Invalid, match=r"is no name of a host|is not a global address"):
        await subscribe("registered_model.created", url=f"https://{host}/hook")


@pytest.mark.parametrize(
    "host", ["xn--mnchen-3ya.example", "a_b.example.com", "example.com.", "A1.example", "münchen.example"]
)
def test_names_of_hosts_are_accepted(host):
    assert AddressRules().check(f"https://{host}/hook").path == "/hook"


@pytest.mark.parametrize("host", NO_NAMES[:4])
async def test_hosts_that_no_resolver_takes_are_unreachable(host):
    """Operators may have named such a host, or an older release may have stored it."""
    with pytest.raises(requests.Unreachable):
        await requests.send(AddressRules(), "GET", URL(f"https://{host}/"), {}, limit=1, timeout_seconds=3)


async def test_a_host_name_is_resolved_once(monkeypatch):
    """What was checked is what is connected to: a second look could find another address (DNS rebinding)."""
    looks = []

    async def resolve(_self, host, port=0, family=0):
        looks.append(host)
        address = "192.0.2.1" if len(looks) > 1 else "8.8.8.8"
        return [{"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0}]

    connected = []

    async def connect(self, *_args, addr_infos, **_more):
        connected.extend(info[4][0] for info in addr_infos)
        raise OSError("far enough")

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    monkeypatch.setattr("aiohttp.TCPConnector._wrap_create_connection", connect)
    with pytest.raises(requests.Unreachable):
        await requests.send(AddressRules(), "GET", URL("https://moving.example/"), {}, limit=1, timeout_seconds=3)
    assert (looks, connected) == (["moving.example"], ["8.8.8.8"])


@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%1"], []])
async def test_one_address_that_is_not_global_is_enough(monkeypatch, addresses):
    async def resolve(_self, host, port=0, family=0):
        return [{"hostname": host, "host": one, "port": port, "family": 2, "proto": 0, "flags": 0} for one in addresses]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    with pytest.raises(Invalid, match="does not resolve to global addresses only"):
        await requests.send(AddressRules(), "GET", URL("https://mixed.example/"), {}, limit=1, timeout_seconds=3)


ENDLESS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a: " + b"x" * 1000 + b"\r\n"),
    "a header": (b"HTTP/1.1 200 OK\r\na: ", b"x" * 1000),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: " + b"x" * 1000 + b"\r\n"),
    "nothing": (b"HTTP/1.1 200 OK\r\n", b""),
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_answers_without_end_are_ended(kind):
    """By a limit or by the time: no answer keeps a worker, and none is kept in memory."""
    begin, more = ENDLESS[kind]

    async def answer(reader, writer):
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begin)
            while more:
                writer.write(more * 64)
                await writer.drain()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        rules = AddressRules.of(["127.0.0.1"])
        url = rules.check(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        sending = requests.send(rules, "GET", url, {}, limit=4096, timeout_seconds=1)
        if kind in {"a body", "chunks"}:
            told = await sending
            assert (len(told.body), told.is_whole) == (4096, False)
        else:
            with pytest.raises(requests.Unreachable):
                await sending
