"""Large files in parts (MLflow REST: mlflow-artifacts/mpu). The parts themselves go to links, without a token."""

from __future__ import annotations

import re
from uuid import UUID

from app.artifacts.uploads.multipart import MAX_PARTS, UploadNotFound
from app.errors import Invalid
from app.files import multipart
from app.files.targets import Client, Target
from app.http import addresses as reached
from app.mlflow.protocol import artifact_uris
from app.mlflow.protocol import message as protocol_message
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.message import Message
from app.storage.blobs import Part

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Clients send the address of every part back when they complete: up to 10,000 of several hundred bytes."""
_FALLBACK = "Multipart upload is not supported for the current artifact repository"
"""Clients that read this send the file by one PUT instead (MLflow REST: artifacts)."""
_HEX = re.compile(r"[0-9a-f]{32}")


async def create(call: Call) -> Answer:
    """Begin an upload; the answer has an address for each part."""
    target, path = _file(call, call.message)
    count = call.message.integer("num_parts")
    if count is not None and not 1 <= count <= MAX_PARTS:
        raise Invalid(f"{_FALLBACK}: an upload has 1 to {MAX_PARTS} parts, not {count}.", field="num_parts")
    upload = await multipart.begin(call.runtime, call.actor, target, path, count or 1, client=Client.TRAINING)
    base = reached.base(call.request, call.runtime.settings)
    urls = await multipart.part_urls(call.runtime, call.actor, upload, base)
    credentials = [{"url": url, "part_number": number, "headers": {}} for number, url in enumerate(urls, start=1)]
    return {"upload_id": upload.id.hex, "credentials": credentials}


async def complete(call: Call) -> Answer:
    """When this answers, the file is there under a verified SHA-256; for many gigabytes that takes minutes."""
    message = await protocol_message.read(call.request, MAX_BODY_BYTES)
    target, path = _file(call, message)
    parts = [Part(one.required_integer("part_number"), one.required("etag")) for one in message.items("parts")]
    if not parts:
        raise protocol_message.missing("parts")
    upload_id = _upload_id(message)
    await multipart.complete(call.runtime, call.actor, target, path, upload_id, parts, client=Client.TRAINING)
    return {}


async def abort(call: Call) -> Answer:
    """Give an upload up; a second time is fine."""
    target, path = _file(call, call.message)
    upload_id = _upload_id(call.message)
    await multipart.abort(call.runtime, call.actor, target, path, upload_id, client=Client.TRAINING)
    return {}


def _file(call: Call, message: Message) -> tuple[Target, str]:
    """The folder stands in the path of the call; clients send the whole local path of the file, whose name counts."""
    folder = artifact_uris.parse(call.part("path").rstrip("/"))
    local = message.required("path")
    # Only where paths begin with no slash does a backslash end a folder; elsewhere it would be part of the name.
    name = local.rpartition("/")[2] if local.startswith("/") else re.split(r"[/\\]", local)[-1]
    if not name:
        raise protocol_message.invalid("path", local, "It must end with the name of a file.")
    artifact_uris.check_new(name)
    return folder.target(call.project), f"{folder.path}/{name}" if folder.path else name


def _upload_id(message: Message) -> UUID:
    text = message.required("upload_id")
    if not _HEX.fullmatch(text):
        raise UploadNotFound(f"There is no upload `{text[:100]}`.", field="upload_id")
    return UUID(hex=text)
