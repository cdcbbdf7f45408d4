"""Connections byte by byte, for what no HTTP library would send."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back before the connection ended."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def exchanged(url: str, *pieces: bytes) -> bytes:
    """Everything that the server says until it ends the connection."""
    async with asyncio.timeout(20), connected(url) as (reader, writer):
        for piece in pieces:
            with contextlib.suppress(ConnectionError):
                writer.write(piece)
                await writer.drain()
        return await rest(reader)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end, however it ends."""
    got = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            got += piece
    return bytes(got)


def answers(text: bytes) -> list[Answer]:
    """The answers in it; each has to say its length."""
    received = []
    while text:
        head, _, text = text.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        size = int(headers.get("content-length", "0"))
        received.append(Answer(int(line.split()[1]), headers, text[:size]))
        text = text[size:]
    return received


async def send_once(url: str, *pieces: bytes) -> Answer:
    """The one answer to what is sent."""
    (answer,) = answers(await exchanged(url, *pieces))
    return answer
