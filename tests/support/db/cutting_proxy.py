"""A proxy in front of PostgreSQL that loses the answer to a chosen message: the server acts, unknown to the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import make_url

CHUNK = 256 * 1024


class Cutter:
    """What goes to the server is looked at; one message is passed on, and the connection ends before its answer."""

    def __init__(self, url: str) -> None:
        self._path, self._upstream = _address(url)
        self._chosen: Callable[[bytes], bool] | None = None
        self._passes_on = True
        self.lost = 0
        """How many answers were lost."""

    def lose(self, chosen: Callable[[bytes], bool]) -> None:
        """Lose the answer to the next message that is chosen, after the server has given it."""
        self._chosen, self._passes_on = chosen, True

    def drop(self, chosen: Callable[[bytes], bool]) -> None:
        """End the connection at the next message that is chosen, before the server sees it."""
        self._chosen, self._passes_on = chosen, False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._path:
            server, to_server = await asyncio.open_unix_connection(self._path)
        else:
            server, to_server = await asyncio.open_connection(*self._upstream)
        answers = asyncio.create_task(_copy(server, writer))
        try:
            while data := await reader.read(CHUNK):
                if self._chosen is not None and self._chosen(data):
                    await self._cut(data, answers, server, to_server)
                    break
                to_server.write(data)
                await to_server.drain()
        except ConnectionError:
            return
        finally:
            answers.cancel()
            writer.transport.abort()
            to_server.transport.abort()

    async def _cut(
        self, data: bytes, answers: asyncio.Task[None], server: asyncio.StreamReader, to_server: asyncio.StreamWriter
    ) -> None:
        self._chosen = None
        self.lost += 1
        answers.cancel()
        with suppress(asyncio.CancelledError):
            await answers
        if self._passes_on:
            to_server.write(data)
            await to_server.drain()
            await server.read(CHUNK)


@asynccontextmanager
async def cutting(url: str) -> AsyncIterator[tuple[Cutter, str]]:
    """A proxy in front of the database at this address, and the address of the proxy."""
    cutter = Cutter(url)
    listener = await asyncio.start_server(cutter.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    through = make_url(url).set(host="127.0.0.1", port=port, query={})
    try:
        yield cutter, through.render_as_string(hide_password=False)
    finally:
        listener.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.close()


def _address(url: str) -> tuple[str, tuple[str, int]]:
    """The path of a unix socket, or host and port."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host = query.get("host", [parts.hostname or "127.0.0.1"])[0]
    port = int(query.get("port", [parts.port or 5432])[0])
    return (f"{host}/.s.PGSQL.{port}" if host.startswith("/") else ""), (host, port)
