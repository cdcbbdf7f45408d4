"""Downloads by signed link: `/artifacts/<project>/<artifact>/<file name>?expires=…&signature=…`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from app.artifacts import downloads
from app.artifacts.downloads import Download
from app.errors import NotFound
from app.runtime import Runtime


async def by_link(request: Request) -> Response:
    """Check the link, then send the bytes, or the client to the store."""
    runtime: Runtime = request.app.state.runtime
    project_id, artifact_id = _ids(request)
    query = request.query_params
    downloads.check_link(
        runtime.settings, project_id, artifact_id, query.get("expires", ""), query.get("signature", "")
    )
    found = await downloads.by_link(runtime.db, project_id, artifact_id)
    if runtime.settings.s3_public_url:
        name = found.path.rpartition("/")[2]
        return RedirectResponse(
            runtime.blobs.presign_get(
                found.object_key, filename=name, media_type=found.media_type, expires=downloads.LINK_LIFE
            )
        )
    return respond(await downloads.answer(runtime.blobs, found, request.headers, head=request.method == "HEAD"))


def respond(download: Download) -> Response:
    """The response that sends a download's bytes and lets go of the store when it ends, however it ends."""
    if download.chunks is None:
        return Response(None, download.status, download.headers)
    if download.body is not None:
        return Response(download.body, download.status, download.headers)
    return StreamingResponse(
        _closing(download.chunks, download.closing),
        download.status,
        download.headers,
        background=BackgroundTask(download.closing.aclose),
    )


async def _closing(chunks: AsyncIterator[bytes], closing: AsyncExitStack) -> AsyncIterator[bytes]:
    async with closing:
        async for chunk in chunks:
            yield chunk


def _ids(request: Request) -> tuple[int, UUID]:
    try:
        return int(request.path_params["project"]), UUID(hex=request.path_params["artifact"])
    except ValueError:
        raise NotFound("There is no such artifact.") from None


routes = [Route("/artifacts/{project}/{artifact}/{name}", by_link)]
