"""A server that is still starting, or recovering after a crash, is waited for before its schema is looked at."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import make_url

from app.db import migrate
from app.errors import Unavailable
from app.settings import Settings
from tests.support.db.cutting_proxy import Cutter

SSL_REQUEST_BYTES = 8


def refusal(state: str) -> bytes:
    """PostgreSQL protocol: ErrorResponse."""
    fields = f"SFATAL\0VFATAL\0C{state}\0Mthe server says no\0\0".encode()
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


async def migrated_through(settings: Settings, refusals: list[str]) -> None:
    """Migrate through a proxy that refuses so many connections, each with one of these states, and then passes on."""
    cutter = Cutter(settings.database_url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not refusals:
            await cutter.serve(reader, writer)
            return
        await reader.readexactly(SSL_REQUEST_BYTES)
        writer.write(b"N")
        if await reader.read(1024):
            writer.write(refusal(refusals.pop(0)))
            await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    url = make_url(settings.database_url).set(host="127.0.0.1", port=port, query={})
    try:
        await migrate.upgrade(url.render_as_string(hide_password=False))
    finally:
        listener.close()


async def test_migrate_waits_for_a_recovering_server(migrated: Settings) -> None:
    refusals = ["57P03"] * 3
    await migrated_through(migrated, refusals)
    assert refusals == []


async def test_migrate_names_a_server_that_does_not_get_ready(
    migrated: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "STARTING_SECONDS", 0.0)
    with pytest.raises(Unavailable, match=r"cannot be reached: the server says no\."):
        await migrated_through(migrated, ["57P03"] * 100)


async def test_migrate_does_not_wait_for_permanent_errors(migrated: Settings) -> None:
    with pytest.raises(Unavailable, match=r"cannot be reached: the server says no\."):
        await migrated_through(migrated, ["28P01"] * 3)
