"""Links for bytes that clients use without their token (MLflow REST: presigned, presigned-upload-url, …).

MLflow itself refuses the calls for runs whose files go through its proxy. Here they are answered. Every link leads to
this service, which asks again each time: it passes the bytes on, or sends a download to the store if clients reach it.
"""

from __future__ import annotations

from datetime import timedelta

from app.errors import Invalid
from app.files import links
from app.files.targets import Client
from app.http import addresses as reached
from app.mlflow.files import artifacts
from app.mlflow.protocol import artifact_uris, identifiers
from app.mlflow.protocol.artifact_uris import Location
from app.mlflow.protocol.call import Answer, Call

_UPLOAD_SECONDS = 900
_DOWNLOAD_SECONDS = 300


async def get(call: Call) -> Answer:
    """Where to fetch a file in ranges; the larger it is, the longer the link lives."""
    location = artifact_uris.parse(call.part("path"))
    return artifacts.presigned(call, await artifacts.find(call, location.target(call.project), location.path))


async def download_url(call: Call) -> Answer:
    """Where to fetch a file for as many seconds as the call asks for."""
    location, life = _location(call), _life(call, _DOWNLOAD_SECONDS)
    file = await artifacts.find(call, location.target(call.project), location.path)
    settings = call.runtime.settings
    url = links.presign_get(settings, call.actor, file, reached.base(call.request, settings), life=life)
    return {"presigned_url": url, "headers": {}, "file_size": file.size}


async def upload_url(call: Call) -> Answer:
    """The link stores one file under one path, on behalf of its maker; used again, it replaces the file."""
    location = _location(call)
    artifact_uris.check_new(location.path)
    life, base = _life(call, _UPLOAD_SECONDS), reached.base(call.request, call.runtime.settings)
    target = location.target(call.project)
    url = await links.presign_put(
        call.runtime, call.actor, target, location.path, base, life=life, client=Client.TRAINING
    )
    return {"presigned_url": url, "headers": {}}


def _location(call: Call) -> Location:
    message = call.message
    run, model = message.text("run_id"), message.text("model_id")
    if bool(run) == bool(model):
        raise Invalid("Exactly one of run_id and model_id must be provided.")
    path = message.required("path")
    if run:
        return Location(identifiers.run_id(run), None, path)
    return Location(None, identifiers.model_id(model), path)


def _life(call: Call, default: int) -> timedelta:
    return links.life(call.runtime.settings, call.message.integer("expiration"), default, "expiration")
