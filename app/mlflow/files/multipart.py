"""Large files in parts (MLflow REST: mlflow-artifacts/mpu). The parts themselves go to links, without a token."""

from __future__ import annotations

import asyncio
import re
from uuid import UUID

from app.access.policy import Permission
from app.artifacts import links
from app.artifacts.artifacts import Root
from app.artifacts.uploads import multipart
from app.artifacts.uploads.multipart import MAX_PARTS, CompleteUpload, CreateUpload, UploadNotFound
from app.errors import Invalid
from app.http import addresses as reached
from app.mlflow.protocol import artifact_uris
from app.mlflow.protocol import message as protocol_message
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.message import Message
from app.storage.blobs import Part
from app.tracking import file_owners

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Clients send the address of every part back when they complete: up to 10,000 of several hundred bytes."""
_FALLBACK = "Multipart upload is not supported for the current artifact repository"
"""Clients that read this send the file by one PUT instead (MLflow REST: artifacts)."""
_HEX = re.compile(r"[0-9a-f]{32}")


async def create(call: Call) -> Answer:
    """Begin an upload; the answer has a link for each of its parts."""
    root, path = await _place(call, call.message)
    count = call.message.integer("num_parts")
    if count is not None and not 1 <= count <= MAX_PARTS:
        raise Invalid(f"{_FALLBACK}: an upload has 1 to {MAX_PARTS} parts, not {count}.", field="num_parts")
    upload = await multipart.create(
        call.db,
        call.actor,
        call.runtime.blobs,
        CreateUpload(root, path, count or 1),
        lock_owner=file_owners.lock(root),
        permission=Permission.MLFLOW_WRITE,
    )
    settings = call.runtime.settings
    base, token_id = reached.base(call.request, settings), call.actor.token_id or 0
    urls = await asyncio.to_thread(links.part_urls, settings, upload, token_id, base)
    credentials = [{"url": url, "part_number": number, "headers": {}} for number, url in enumerate(urls, start=1)]
    return {"upload_id": upload.id.hex, "credentials": credentials}


async def complete(call: Call) -> Answer:
    """When this answers, the file is there under a verified SHA-256; for many gigabytes that takes minutes."""
    message = await protocol_message.read(call.request, MAX_BODY_BYTES)
    root, path = await _place(call, message)
    parts = [Part(one.required_integer("part_number"), one.required("etag")) for one in message.items("parts")]
    if not parts:
        raise protocol_message.missing("parts")
    await multipart.complete(
        call.db,
        call.actor,
        call.runtime.blobs,
        CompleteUpload(root, path, _upload_id(message), parts),
        lock_owner=file_owners.lock(root),
        limit=call.runtime.settings.max_artifact_bytes,
        permission=Permission.MLFLOW_WRITE,
    )
    return {}


async def abort(call: Call) -> Answer:
    """Give an upload up; its parts are removed."""
    root, path = await _place(call, call.message)
    upload_id = _upload_id(call.message)
    await multipart.abort(
        call.db, call.actor, call.runtime.blobs, root, path, upload_id, permission=Permission.MLFLOW_WRITE
    )
    return {}


async def _place(call: Call, message: Message) -> tuple[Root, str]:
    """The folder stands in the path of the call; clients send the whole local path of the file, whose name counts."""
    folder = artifact_uris.parse(call.part("path").rstrip("/"))
    local = message.required("path")
    # Only where paths begin with no slash does a backslash end a folder; elsewhere it would be part of the name.
    name = local.rpartition("/")[2] if local.startswith("/") else re.split(r"[/\\]", local)[-1]
    if not name:
        raise protocol_message.invalid("path", local, "It must end with the name of a file.")
    artifact_uris.check_new(name)
    access = await call.access()
    return folder.root(access.id), f"{folder.path}/{name}" if folder.path else name


def _upload_id(message: Message) -> UUID:
    text = message.required("upload_id")
    if not _HEX.fullmatch(text):
        raise UploadNotFound(f"There is no upload `{text[:100]}`.", field="upload_id")
    return UUID(hex=text)
