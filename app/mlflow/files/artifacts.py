"""Files, streamed through this service (MLflow REST: mlflow-artifacts, artifacts/list)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from app.access.policy import Permission
from app.artifacts import artifacts, paths, removal, visibility
from app.artifacts.artifacts import ArtifactDetails, ArtifactNotFound, Root
from app.artifacts.paths import InvalidPath
from app.artifacts.reads import downloads, encoded_names
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.artifacts.visibility import Visibility
from app.errors import Invalid, ModelyardError, NotFound
from app.http import addresses as reached
from app.http import bodies
from app.http.links.downloads import send
from app.mlflow.files import folder_listing
from app.mlflow.protocol import artifact_uris, identifiers, message
from app.mlflow.protocol.artifact_uris import Location
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import run_of
from app.mlflow.registry import model_versions
from app.tracking import candidates, file_owners

PAGE_UPLOAD_BYTES: Final = 10 * 1024 * 1024
_PAGE_UPLOAD_TOO_LARGE: Final = "Artifact size is too large. Max size is 10MB."


async def put(call: Call) -> Answer:
    """Store a file; when this answers, its bytes are in the store under a verified SHA-256."""
    place = artifact_uris.parse(call.part("path"))
    await _store(call, place, bodies.chunks(call.request), bodies.announced(call.request))
    return {}


async def get(call: Call) -> Answer:
    """Send a file of a run or logged model, with ranges and conditions, or a redirect to the store."""
    place = artifact_uris.parse(call.part("path"))
    return await _answer(call, place)


async def get_of_run(call: Call) -> Answer:
    """A file of a run by its path there, as MLflow's own pages ask for it."""
    path = _within(call.message.required("path"))
    return await _answer(call, Location(run_of(call.message), None, path))


async def get_of_version(call: Call) -> Answer:
    """A file of a model version by its path there, as MLflow's own pages ask for it."""
    path = _within(call.message.required("path"))
    return await _answer(call, await model_versions.file_of(call, path))


async def get_of_logged_model(call: Call) -> Answer:
    """A file of a logged model by its path there, as MLflow's own pages ask for it."""
    path = call.message.text("artifact_file_path")
    if not path:
        raise Invalid('Request must include the "artifact_file_path" query parameter.', field="artifact_file_path")
    return await _answer(call, Location(None, identifiers.model_id(call.part("id")), _within(path)))


async def upload_to_run(call: Call) -> Answer:
    """Store a small file of a run, as MLflow's own pages send it."""
    query = message.from_query(call.request.scope["query_string"])
    run = query.text("run_uuid", "run_id")
    if not run:
        raise Invalid("Request must specify run_uuid.", field="run_uuid")
    path = query.text("path")
    if not path:
        raise Invalid("Request must specify path.", field="path")
    if (bodies.announced(call.request) or 0) > PAGE_UPLOAD_BYTES:
        raise Invalid(_PAGE_UPLOAD_TOO_LARGE)
    place = Location(identifiers.run_id(run), None, path)
    await _store(call, place, _small(bodies.chunks(call.request)), None)
    return {}


async def delete(call: Call) -> Answer:
    """Delete a file, or a folder with all below it, or all files of a run or logged model; none at all is fine."""
    place = artifact_uris.parse(call.part("path"))
    root = place.root((await call.access()).id)
    lock, permission = file_owners.lock(root), Permission.MLFLOW_WRITE
    if place.path.strip("/"):
        await removal.remove(call.db, call.actor, root, place.path, lock_owner=lock, permission=permission)
    else:
        await removal.remove_all(call.db, call.actor, root, lock_owner=lock, permission=permission)
    return {}


async def list_folder(call: Call) -> Answer:
    """What is directly in a folder, by base name; a folder that is not there is empty, not missing."""
    access = await call.access()
    seen = visibility.of_actor(call.actor, access)
    try:
        place = artifact_uris.parse(paths.plain(call.message.text("path").strip("/")))
    except NotFound:
        return {"files": []}
    folder = paths.check_folder(place.path)
    return await folder_listing.answer(call.db, place.root(access.id), folder, seen)


async def list_of_run(call: Call) -> Answer:
    """What is directly in a folder of a run; paths begin at the run's root."""
    folder = paths.check_folder(paths.plain(call.message.text("path")))
    found = await candidates.get(call.db, call.actor, call.project, run_of(call.message))
    row = found.candidate
    head = {"root_uri": identifiers.run_location(row.experiment_number, row.id)}
    root = Root(row.project_id, candidate_id=row.id)
    return await folder_listing.answer(call.db, root, folder, Visibility.ALL, shown_below=folder, head=head)


async def found(call: Call, place: Location) -> ArtifactDetails:
    """The file at a place, if the actor may read it; or the one that a client means who decodes listed names.

    Raises:
        ArtifactNotFound, InvalidPath: there is none.
    """
    missing: ModelyardError
    try:
        path = _file(place.path)
    except InvalidPath as error:
        if error.leaves_root:
            raise
        path, missing = "", error
    access = await call.access()
    root, seen = place.root(access.id), visibility.of_actor(call.actor, access)
    if path:
        try:
            return await artifacts.get(call.db, root, path, seen)
        except ArtifactNotFound as error:
            missing = error
    meant = await encoded_names.find(call.db, root, paths.plain(place.path), seen)
    if meant is None:
        raise missing
    return await artifacts.get(call.db, root, meant, seen)


def presigned(call: Call, found: ArtifactDetails) -> Answer:
    """A link to a file, for clients that fetch without their token."""
    url = link_to(call, found, downloads.life_for(call.runtime.settings, found))
    return {"url": url, "headers": {}, "file_size": found.size}


def link_to(call: Call, found: ArtifactDetails, life: timedelta) -> str:
    """A link to a file that lives so long, and no longer than the token of the call.

    Raises:
        Quarantined, BlobDamaged: there is nothing to be had.
    """
    settings = call.runtime.settings
    downloads.require_sound(found)
    return downloads.link(settings, call.actor, found, life=life, base=reached.base(call.request, settings))


async def _answer(call: Call, place: Location) -> Answer:
    file = await found(call, place)
    if call.message.flag("presigned"):
        return presigned(call, file)
    return await send(call.runtime, call.request, file)


def _within(path: str) -> str:
    """The same path; what leads out of the root is refused before anybody looks for its owner, as MLflow does.

    Raises:
        InvalidPath: it does.
    """
    try:
        _file(path)
    except InvalidPath as error:
        if error.leaves_root:
            raise
    return path


def _file(path: str) -> str:
    """The path of a file that shall be found.

    Raises:
        InvalidPath: no file could have it.
    """
    return paths.check(paths.plain(path))


async def _store(call: Call, place: Location, chunks: AsyncIterator[bytes], size: int | None) -> None:
    artifact_uris.check_new(place.path)
    root = place.root((await call.access()).id)
    await stream.store(
        call.db,
        call.actor,
        call.runtime.blobs,
        StoreArtifact(root, place.path, chunks, size=size),
        lock_owner=file_owners.lock(root),
        limit=call.runtime.settings.max_artifact_bytes,
        permission=Permission.MLFLOW_WRITE,
    )


async def _small(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > PAGE_UPLOAD_BYTES:
            raise Invalid(_PAGE_UPLOAD_TOO_LARGE)
        yield chunk
    if not size:
        raise Invalid("Request must specify data.")
