"""A server that is told to stop answers what it does not wait for."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.http.connection.server import configuration
from app.http.request_record import RequestRecord
from app.settings import Settings


@pytest.mark.parametrize("has_begun", [False, True])
async def test_open_requests_get_503_when_the_server_stops(migrated: Settings, has_begun: bool) -> None:
    under_way = asyncio.Event()

    async def forever(_request: Request) -> Response:
        under_way.set()
        if not has_begun:
            await asyncio.Event().wait()

        async def chunks():
            yield b"some"
            await asyncio.Event().wait()

        return StreamingResponse(chunks())

    app = Starlette(routes=[Route("/x", forever, methods=["PUT"])], middleware=[Middleware(RequestRecord)])
    server = uvicorn.Server(
        configuration(app, migrated, host="127.0.0.1", port=0, loop="none", timeout_graceful_shutdown=0)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/x"
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.put(url))
        await under_way.wait()
        server.should_exit = True
        await serving
        if has_begun:
            with pytest.raises(httpx.RemoteProtocolError):
                await asking
        else:
            answer = await asking
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert "it is unknown whether this was done" in answer.json()["message"]
