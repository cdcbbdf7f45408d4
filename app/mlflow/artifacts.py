"""Files, streamed through this service (MLflow REST: mlflow-artifacts, artifacts/list)."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from app.access import policy
from app.access.policy import Permission, ProjectAccess
from app.artifacts import artifacts, downloads, paths, uploads
from app.artifacts.artifacts import ArtifactDetails, Root
from app.artifacts.uploads import StoreArtifact
from app.errors import NotFound
from app.http import bodies
from app.http.downloads import respond
from app.mlflow import addresses, identifiers, shapes
from app.mlflow.addresses import Location
from app.mlflow.identifiers import run_of
from app.mlflow.protocol import Answer, Call
from app.tracking import candidates, owners


async def put(call: Call) -> Answer:
    """Store a file; when this answers, its bytes are in the store under a verified SHA-256."""
    place = addresses.parse(call.part("path"))
    access = await call.access()
    root = place.root(access.id)
    command = StoreArtifact(root, place.path, bodies.chunks(call.request), size=bodies.announced(call.request))
    await uploads.store(
        call.db,
        call.actor,
        call.runtime.blobs,
        command,
        lock_owner=owners.lock(root),
        limit=call.runtime.settings.max_artifact_bytes,
        permission=Permission.MLFLOW_WRITE,
    )
    return {}


async def get(call: Call) -> Answer:
    place = addresses.parse(call.part("path"))
    return await _answer(call, place)


async def get_of_run(call: Call) -> Answer:
    """A file of a run by its path there, as MLflow's own pages ask for it."""
    return await _answer(call, Location(run_of(call.message), None, call.message.required("path")))


async def delete(call: Call) -> Answer:
    """Delete a file, or a folder with all below it."""
    place = addresses.parse(call.part("path"))
    root = place.root((await call.access()).id)
    await uploads.remove(
        call.db, call.actor, root, place.path, lock_owner=owners.lock(root), permission=Permission.MLFLOW_WRITE
    )
    return {}


async def list_folder(call: Call) -> Answer:
    """What is directly in a folder, by base name; a folder that is not there is empty, not missing."""
    access = await _readable(call)
    try:
        place = addresses.parse(call.message.text("path").strip("/"))
    except NotFound:
        return {"files": []}
    folder = paths.check_folder(place.path)
    async with call.db.read() as snap:
        entries = await artifacts.list_folder(snap, place.root(access.id), folder)
    return {"files": [shapes.file(entry) for entry in entries]}


async def list_of_run(call: Call) -> Answer:
    """What is directly in a folder of a run; paths begin at the run's root."""
    found = await candidates.get(call.db, call.actor, call.project, run_of(call.message))
    row = found.candidate
    folder = paths.check_folder(call.message.text("path"))
    async with call.db.read() as snap:
        entries = await artifacts.list_folder(snap, Root(row.project_id, candidate_id=row.id), folder)
    location = identifiers.run_location(row.experiment_number, row.id)
    return {"root_uri": location, "files": [shapes.file(entry, folder) for entry in entries]}


async def _answer(call: Call, place: Location) -> Response:
    access = await _readable(call)
    async with call.db.read() as snap:
        found = await artifacts.find(snap, place.root(access.id), paths.check(place.path))
    if call.runtime.settings.s3_public_url:
        return RedirectResponse(_presigned(call, found))
    head = call.request.method == "HEAD"
    answer = await downloads.answer(call.runtime.blobs, found, call.request.headers, head=head)
    return respond(answer)


def _presigned(call: Call, found: ArtifactDetails) -> str:
    name = found.path.rpartition("/")[2]
    return call.runtime.blobs.presign_get(
        found.object_key, filename=name, media_type=found.media_type, expires=downloads.LINK_LIFE
    )


async def _readable(call: Call) -> ProjectAccess:
    """The project, if the actor may read its candidates or its registry: versions share the files of candidates."""
    access = await call.access()
    if not policy.allows(call.actor, access, Permission.REGISTRY_READ):
        policy.require(call.actor, access, Permission.CANDIDATE_READ)
    return access
