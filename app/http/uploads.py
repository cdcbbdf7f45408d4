"""Uploads by signed link, without a token: one part of an upload, or one whole file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access import tokens
from app.artifacts import links, multipart_uploads, plans, receiving, uploads
from app.artifacts.uploads import StoreArtifact
from app.errors import Forbidden, Invalid, TooLarge
from app.http import bodies
from app.runtime import Runtime
from app.storage.source import whole
from app.tracking import owners

MAX_PART_BYTES = 5 * 1024**3
"""The largest part that S3 takes."""


async def put_part(request: Request) -> Response:
    """Pass one part on to the store; the answer's ETag is what completing an upload of MLflow's asks for."""
    runtime: Runtime = request.app.state.runtime
    project_id, upload_id, number = _place(request)
    links.check_part(runtime.settings, project_id, upload_id, number, *_signature(request))
    size = bodies.announced(request)
    if size is None:
        raise Invalid("A part needs a Content-Length.")
    if size > min(MAX_PART_BYTES, runtime.settings.max_artifact_bytes):
        raise TooLarge(f"A part may have at most {min(MAX_PART_BYTES, runtime.settings.max_artifact_bytes)} bytes.")
    chunks = bodies.chunks(request)
    if size <= uploads.SMALL_BYTES:
        data = await whole(chunks, size)
        if sha256 := await receiving.take(runtime.db, runtime.blobs, project_id, upload_id, data):
            return _arrived(sha256.hex())
        chunks = bodies.of(data)
    return _arrived(await _pass_on(runtime, project_id, upload_id, number, chunks, size))


async def _pass_on(
    runtime: Runtime, project_id: int, upload_id: UUID, number: int, chunks: AsyncIterator[bytes], size: int
) -> str:
    upload = await multipart_uploads.open_upload(runtime.db, project_id, upload_id)
    if receiving.comes_in_one_piece(upload):
        return (await receiving.receive(runtime.db, runtime.blobs, upload, chunks, size)).hex()
    plans.check_size(upload, number, size)
    part = await runtime.blobs.put_part(upload.object_key, upload.store_id or "", number, chunks, size=size)
    return part.etag


def _arrived(etag: str) -> Response:
    return Response(None, 200, {"ETag": f'"{etag}"'})


async def put_file(request: Request) -> Response:
    """Store a whole file, on behalf of the one who asked for the link."""
    runtime: Runtime = request.app.state.runtime
    parts, by = request.path_params, request.query_params.get("by", "")
    place = (_number(parts["project"]), parts["owner"], parts["path"])
    link = links.read_file(runtime.settings, *place, by, *_signature(request))
    await uploads.store(
        runtime.db,
        await tokens.actor_of(runtime.db, link.token_id),
        runtime.blobs,
        StoreArtifact(link.root, link.path, bodies.chunks(request), size=bodies.announced(request)),
        lock_owner=owners.lock(link.root),
        limit=runtime.settings.max_artifact_bytes,
    )
    return Response(None, 200)


def _signature(request: Request) -> tuple[str, str]:
    return request.query_params.get("expires", ""), request.query_params.get("signature", "")


def _place(request: Request) -> tuple[int, UUID, int]:
    parts = request.path_params
    try:
        return _number(parts["project"]), UUID(hex=parts["upload"]), _number(parts["part"])
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
