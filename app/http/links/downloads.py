"""Downloads by signed link: `/artifacts/<project>/<artifact>/<file name>?by=…&expires=…&signature=…`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.access.policy import Actor
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.reads import downloads
from app.artifacts.reads.downloads import Download
from app.errors import NotFound
from app.files import read
from app.http.links import signatures
from app.lifecycle.pulls.counter import Door
from app.runtime import Runtime


async def by_link(request: Request) -> Response:
    """Check the link and the rights of its signer, then send the bytes, or redirect the client to the store."""
    runtime: Runtime = request.app.state.runtime
    project_id, artifact_id = _ids(request)
    signer = downloads.check_link(runtime.settings, project_id, artifact_id, signatures.signature_of(request))
    actor = await signatures.actor_of(request, signer)
    return await send(runtime, request, actor, await read.by_link(runtime.db, actor, project_id, artifact_id))


async def send(
    runtime: Runtime,
    request: Request,
    actor: Actor,
    artifact: ArtifactDetails,
    *,
    door: Door = Door.LINK,
    version_id: int = 0,
) -> Response:
    """The answer to a request for a file that its caller may read: its bytes, or a redirect to the store.

    It counts as pulled by ``door``; ``version_id`` is the version by which the file was reached, if that is known.
    """
    is_head = request.method == "HEAD"
    download = await read.open(runtime, actor, artifact, request.headers, head=is_head)
    if not is_head and download.size:
        runtime.pulls.downloaded(
            actor, artifact, door, size=download.size, is_begun=download.is_begun, version_id=version_id
        )
    return respond(download)


def respond(download: Download) -> Response:
    """The response that sends a download's bytes, and releases the store when it ends, however it ends."""
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
