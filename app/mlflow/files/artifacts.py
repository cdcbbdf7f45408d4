"""Files, streamed through this service (MLflow REST: mlflow-artifacts, artifacts/list)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from app.artifacts import paths
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.paths import InvalidPath
from app.errors import Invalid, NotFound
from app.files import links, read, remove, store
from app.files.store import Body
from app.files.targets import CandidateFiles, Client, Target, VersionFiles
from app.http import addresses as reached
from app.http import bodies
from app.http.links.downloads import send
from app.lifecycle.pulls.counter import Door
from app.mlflow.files import folder_listing
from app.mlflow.protocol import artifact_uris, identifiers, message
from app.mlflow.protocol.artifact_uris import Location
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import run_of
from app.mlflow.registry import model_versions
from app.tracking import candidates

PAGE_UPLOAD_BYTES: Final = 10 * 1024 * 1024
_PAGE_UPLOAD_TOO_LARGE: Final = "Artifact size is too large. Max size is 10MB."


async def put(call: Call) -> Answer:
    """Store a file; when this answers, its bytes are in the store under a verified SHA-256."""
    location = artifact_uris.parse(call.part("path"))
    await _store(call, location, bodies.chunks(call.request), bodies.announced(call.request))
    return {}


async def get(call: Call) -> Answer:
    """A file, streamed; or a link to it, when the call asks for one."""
    location = artifact_uris.parse(call.part("path"))
    return await _answer(call, location.target(call.project), location.path)


async def get_of_run(call: Call) -> Answer:
    """A file of a run by its path there, as MLflow's own pages ask for it."""
    path = _within(call.message.required("path"))
    return await _answer(call, CandidateFiles(call.project, run_of(call.message)), path)


async def get_of_version(call: Call) -> Answer:
    """A file of a model version by its path there, as MLflow's own pages ask for it."""
    path = paths.check(_within(call.message.required("path")))
    return await _answer(call, VersionFiles(call.project, model_versions.named(call)), path)


async def get_of_logged_model(call: Call) -> Answer:
    """A file of a logged model by its path there, as MLflow's own pages ask for it."""
    path = call.message.text("artifact_file_path")
    if not path:
        raise Invalid('Request must include the "artifact_file_path" query parameter.', field="artifact_file_path")
    location = Location(None, identifiers.model_id(call.part("id")), _within(path))
    return await _answer(call, location.target(call.project), location.path)


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
    await _store(call, Location(identifiers.run_id(run), None, path), _small(bodies.chunks(call.request)), None)
    return {}


async def delete(call: Call) -> Answer:
    """Delete a file, or a folder with all below it, or all files of a run or logged model; none at all is fine."""
    location = artifact_uris.parse(call.part("path"))
    target = location.target(call.project)
    if location.path.strip("/"):
        await remove.remove(call.db, call.actor, target, location.path, client=Client.TRAINING)
    else:
        await remove.remove_all(call.db, call.actor, target, client=Client.TRAINING)
    return {}


async def list_folder(call: Call) -> Answer:
    """What is directly in a folder, by base name; a folder that is not there is empty, not missing."""
    await read.require_visible(call.db, call.actor, call.project)
    try:
        location = artifact_uris.parse(paths.plain(call.message.text("path").strip("/")))
    except NotFound:
        return {"files": []}
    return await folder_listing.answer(call, location.target(call.project), location.path)


async def list_of_run(call: Call) -> Answer:
    """What is directly in a folder of a run; paths begin at the run's root."""
    folder = paths.check_folder(paths.plain(call.message.text("path")))
    run = (await candidates.get(call.db, call.actor, call.project, run_of(call.message))).candidate
    head = {"root_uri": identifiers.run_location(run.experiment_number, run.id)}
    return await folder_listing.answer(
        call, CandidateFiles(call.project, run.id), folder, shown_below=folder, head=head
    )


async def find(call: Call, target: Target, path: str) -> ArtifactDetails:
    """The file of a target, or the one that a client means who decodes listed names.

    Raises:
        ArtifactNotFound, InvalidPath: there is none.
    """
    return await read.find_listed(call.db, call.actor, target, paths.plain(path))


def presigned(call: Call, file: ArtifactDetails) -> Answer:
    """A link to a file, for clients that fetch without their token."""
    settings = call.runtime.settings
    url = links.presign_get(settings, call.actor, file, reached.base(call.request, settings))
    return {"url": url, "headers": {}, "file_size": file.size}


async def _answer(call: Call, target: Target, path: str) -> Answer:
    file = await find(call, target, path)
    if call.message.flag("presigned"):
        return presigned(call, file)
    return await send(call.runtime, call.request, call.actor, file, door=Door.MLFLOW)


def _within(path: str) -> str:
    """The same path; what leads out of the root is refused before its owner is looked up, as MLflow does.

    Raises:
        InvalidPath: it does.
    """
    try:
        paths.check(paths.plain(path))
    except InvalidPath as error:
        if error.leaves_root:
            raise
    return path


async def _store(call: Call, location: Location, chunks: AsyncIterator[bytes], size: int | None) -> None:
    artifact_uris.check_new(location.path)
    target = location.target(call.project)
    await store.put(call.runtime, call.actor, target, location.path, Body(chunks, size), client=Client.TRAINING)


async def _small(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > PAGE_UPLOAD_BYTES:
            raise Invalid(_PAGE_UPLOAD_TOO_LARGE)
        yield chunk
    if not size:
        raise Invalid("Request must specify data.")
