"""Uploads by signed link, without a token: one part of an upload, or one whole file.

Each request is made on behalf of the signer of the link, with the rights that the signer has now. Bytes that are on
their way go on: a signer who has lost the right to store the file cannot complete the upload.
"""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.artifacts import links
from app.errors import Forbidden
from app.files import parts, store
from app.files.links import target_of
from app.files.parts import PartKey, PartRedirect
from app.files.store import Body
from app.files.targets import Client
from app.http import bodies
from app.http.links import signatures
from app.runtime import Runtime


async def put_part(request: Request) -> Response:
    """Take one part, or redirect the client to the store; completing the upload needs the ETag of the answer."""
    runtime: Runtime = request.app.state.runtime
    key = _part(request)
    signer = links.check_part(runtime.settings, *key, signatures.signature_of(request))
    actor = await signatures.actor_of(request, signer)
    waits = request.headers.get("expect", "").lower() == "100-continue"
    outcome = await parts.receive(runtime, actor, key, bodies.chunks(request), bodies.announced(request), waits=waits)
    if isinstance(outcome, PartRedirect):
        # No cache may keep it, since the next request is to be checked, too.
        return Response(None, 307, {"Location": outcome.url, "Cache-Control": "no-store"})
    return Response(None, 200, {"ETag": f'"{outcome.etag}"'})


async def put_file(request: Request) -> Response:
    """Store a whole file, on behalf of the signer of the link."""
    runtime: Runtime = request.app.state.runtime
    link = _file_link(request, runtime)
    actor = await signatures.actor_of(request, link.signer)
    body = Body(bodies.chunks(request), bodies.announced(request))
    await store.put(runtime, actor, target_of(link.root), link.path, body, client=Client.TRAINING)
    return Response(None, 200)


def _file_link(request: Request, runtime: Runtime) -> links.FileLink:
    given = request.path_params
    return links.read_file(
        runtime.settings, _number(given["project"]), given["owner"], given["path"], signatures.signature_of(request)
    )


def _part(request: Request) -> PartKey:
    given = request.path_params
    try:
        return PartKey(_number(given["project"]), UUID(hex=given["upload"]), _number(given["part"]))
    except ValueError:
        raise Forbidden("The link is not one that this service gave out; ask for a new one.") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Forbidden("The link is not one that this service gave out; ask for a new one.")
    return int(text)


routes = [
    Route("/uploads/{project}/file/{owner}/{path:path}", put_file, methods=["PUT"]),
    Route("/uploads/{project}/{upload}/{part}", put_part, methods=["PUT"]),
]
