"""Uploads by signed link, without a token: one part of an upload, or one whole file.

Each request is made on behalf of the signer of the link, with the rights that the signer has now. Bytes that are on
their way go on: a signer who has lost the right to store the file cannot complete the upload.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.policy import Permission
from app.artifacts import links
from app.artifacts.uploads import part_plan, stream
from app.artifacts.uploads import parts as uploads_parts
from app.artifacts.uploads.multipart import MultipartUpload
from app.artifacts.uploads.stream import StoreArtifact
from app.errors import Forbidden, Invalid, TooLarge
from app.http import bodies
from app.http.links import signatures
from app.runtime import Runtime
from app.storage.source import whole
from app.tracking import file_owners

MAX_PART_BYTES = 5 * 1024**3
"""The largest part that S3 takes."""


async def put_part(request: Request) -> Response:
    """Pass one part on to the store; completing the upload needs the ETag of the answer."""
    runtime: Runtime = request.app.state.runtime
    project_id, upload_id, number = _target(request)
    token_id = links.check_part(runtime.settings, project_id, upload_id, number, signatures.signature_of(request))
    actor, size = await signatures.signer(request, token_id), _size(request, runtime)
    if size <= stream.SMALL_BYTES and not _waits_to_send(request, runtime):
        data = await whole(bodies.chunks(request), size)
        if sha256 := await uploads_parts.receive_small(runtime.db, actor, runtime.blobs, project_id, upload_id, data):
            return _received(sha256.hex())
        upload = await uploads_parts.open_upload(runtime.db, actor, project_id, upload_id)
        return await _pass_on(runtime, upload, number, bodies.of(data), size)
    upload = await uploads_parts.open_upload(runtime.db, actor, project_id, upload_id)
    if _waits_to_send(request, runtime) and upload.store_id is not None:
        part_plan.check_size(upload, number, size)
        return _to_store(runtime, upload, upload.store_id, number)
    return await _pass_on(runtime, upload, number, bodies.chunks(request), size)


async def _pass_on(
    runtime: Runtime, upload: MultipartUpload, number: int, chunks: AsyncIterator[bytes], size: int
) -> Response:
    if uploads_parts.is_single_part(upload):
        return _received((await uploads_parts.receive(runtime.db, runtime.blobs, upload, chunks, size)).hex())
    part_plan.check_size(upload, number, size)
    part = await runtime.blobs.put_part(upload.object_key, upload.store_id or "", number, chunks, size=size)
    return _received(part.etag)


def _waits_to_send(request: Request, runtime: Runtime) -> bool:
    """Whether the client has sent nothing of the body yet (RFC 9110 §10.1.1), and could as well send it to the store.

    One that does not wait would send everything twice, so its bytes are passed on.
    """
    return runtime.blobs.has_public_endpoint and request.headers.get("expect", "").lower() == "100-continue"


def _to_store(runtime: Runtime, upload: MultipartUpload, store_id: str, number: int) -> Response:
    """A redirect to the store; no cache may keep it, since the next request is to be checked, too."""
    life = timedelta(seconds=runtime.settings.store_link_seconds)
    there = runtime.blobs.presign_put_part(upload.object_key, store_id, number, life)
    return Response(None, 307, {"Location": there, "Cache-Control": "no-store"})


def _size(request: Request, runtime: Runtime) -> int:
    size, most = bodies.announced(request), min(MAX_PART_BYTES, runtime.settings.max_artifact_bytes)
    if size is None:
        raise Invalid("A part needs a Content-Length.")
    if size > most:
        raise TooLarge(f"A part may have at most {most} bytes.")
    return size


def _received(etag: str) -> Response:
    return Response(None, 200, {"ETag": f'"{etag}"'})


async def put_file(request: Request) -> Response:
    """Store a whole file, on behalf of the signer of the link."""
    runtime: Runtime = request.app.state.runtime
    link = _file_link(request, runtime)
    await stream.store(
        runtime.db,
        await signatures.signer(request, link.token_id),
        runtime.blobs,
        StoreArtifact(link.root, link.path, bodies.chunks(request), size=bodies.announced(request)),
        lock_owner=file_owners.lock(link.root),
        limit=runtime.settings.max_artifact_bytes,
        permission=Permission.MLFLOW_WRITE,
    )
    return Response(None, 200)


def _file_link(request: Request, runtime: Runtime) -> links.FileLink:
    parts = request.path_params
    return links.read_file(
        runtime.settings, _number(parts["project"]), parts["owner"], parts["path"], signatures.signature_of(request)
    )


def _target(request: Request) -> tuple[int, UUID, int]:
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
