"""Links for bytes that clients use without their token (MLflow REST: presigned, presigned-upload-url, …).

MLflow itself refuses the calls for runs whose files go through its proxy. Here they are answered. Every link leads to
this service, which asks again each time: it passes the bytes on, or sends a download to the store if clients reach it.
"""

from __future__ import annotations

from datetime import timedelta

from app.access.policy import Permission
from app.artifacts import links
from app.artifacts.links import FileLink
from app.artifacts.uploads import stream
from app.errors import Invalid
from app.http import addresses as reached
from app.mlflow.files import artifacts
from app.mlflow.protocol import artifact_uris, identifiers
from app.mlflow.protocol.artifact_uris import Location
from app.mlflow.protocol.call import Answer, Call
from app.tracking import file_owners

_UPLOAD_SECONDS = 900
_DOWNLOAD_SECONDS = 300


async def get(call: Call) -> Answer:
    """Where to fetch a file in ranges; the larger it is, the longer the link lives."""
    return artifacts.presigned(call, await artifacts.found(call, artifact_uris.parse(call.part("path"))))


async def download_url(call: Call) -> Answer:
    """A link that reads one file without a token."""
    place = _place(call)
    life = _life(call, _DOWNLOAD_SECONDS)
    found = await artifacts.found(call, place)
    return {"presigned_url": artifacts.link_to(call, found, life), "headers": {}, "file_size": found.size}


async def upload_url(call: Call) -> Answer:
    """The link stores one file under one path, as the one who asked for it; again, it replaces the file."""
    place = _place(call)
    artifact_uris.check_new(place.path)
    life = _life(call, _UPLOAD_SECONDS)
    root = place.root((await call.access()).id)
    path = await stream.permit(
        call.db, call.actor, root, place.path, lock_owner=file_owners.lock(root), permission=Permission.MLFLOW_WRITE
    )
    settings = call.runtime.settings
    assert call.actor.token_id is not None, "calls of MLflow come with a token"
    link = FileLink(root, path, call.actor.token_id)
    return {"presigned_url": links.file_url(settings, link, life, reached.base(call.request, settings)), "headers": {}}


def _place(call: Call) -> Location:
    message = call.message
    run, model = message.text("run_id"), message.text("model_id")
    if bool(run) == bool(model):
        raise Invalid("Exactly one of run_id and model_id must be provided.")
    path = message.required("path")
    if run:
        return Location(identifiers.run_id(run), None, path)
    return Location(None, identifiers.model_id(model), path)


def _life(call: Call, default: int) -> timedelta:
    seconds, most = call.message.integer("expiration"), call.runtime.settings.link_seconds
    if seconds is not None and not 1 <= seconds <= most:
        raise Invalid(f"expiration must be between 1 and {most} seconds (got {seconds}).", field="expiration")
    return timedelta(seconds=min(default, most) if seconds is None else seconds)
