"""Files of versions and candidates under the paths of GitLab's package registry.

``/api/v4/projects/:id/packages/ml_models/:version_or_candidate/files/(path/)name``, where a version stands by its
id and a candidate as ``candidate:<run id>`` (GitLab REST: machine learning model registry packages). MLflow clients
whose ``artifact_uri`` is such an address read and write here with plain GET and PUT.
"""

from __future__ import annotations

from urllib.parse import unquote
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access import projects
from app.access.policy import ANONYMOUS, Actor, Permission
from app.artifacts import artifacts, paths, visibility
from app.artifacts.artifacts import Root
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.artifacts.visibility import Visibility
from app.errors import Conflict, NotFound
from app.http import bodies
from app.http.links.downloads import send
from app.registry.versions import lookup
from app.runtime import Runtime
from app.text import quoted
from app.tracking import file_owners

_CANDIDATE = "candidate:"
_MAX_DIGITS = 18


async def put(request: Request) -> Response:
    """Store a file; when this answers, its bytes are in the store under a verified SHA-256."""
    runtime, actor = _runtime(request), _actor(request)
    root, path, _ = await _place(request, to_write=True)
    await stream.store(
        runtime.db,
        actor,
        runtime.blobs,
        StoreArtifact(root, path, bodies.chunks(request), size=bodies.announced(request)),
        lock_owner=file_owners.lock(root),
        limit=runtime.settings.max_artifact_bytes,
        permission=Permission.MLFLOW_WRITE,
    )
    return _message(201, "201 Created")


async def authorize(request: Request) -> Response:
    """Whether the file could be stored now. A body makes it the upload of a file that has this name."""
    if bodies.announced(request) or "transfer-encoding" in request.headers:
        request.path_params["path"] += "/authorize"
        return await put(request)
    root, path, _ = await _place(request, to_write=True)
    lock, permission = file_owners.lock(root), Permission.MLFLOW_WRITE
    await stream.permit(_runtime(request).db, _actor(request), root, path, lock_owner=lock, permission=permission)
    return _message(200, "200 OK")


async def get(request: Request) -> Response:
    """Send a file, with ETag, conditions and ranges; or the client to the store, where it can reach that."""
    runtime = _runtime(request)
    root, path, seen = await _place(request)
    return await send(runtime, request, await artifacts.get(runtime.db, root, path, seen))


async def _place(request: Request, *, to_write: bool = False) -> tuple[Root, str, Visibility]:
    """Whose file is meant, its path there, and which files of that owner the actor may see."""
    owner = request.path_params["owner"]
    path = paths.check(request.path_params["path"])
    if to_write:
        paths.require_text(path)
    if owner.startswith(_CANDIDATE):
        root, seen = await _of_candidate(request, owner.removeprefix(_CANDIDATE))
        return root, path, seen
    root, folder = await _of_version(request, owner, to_write=to_write)
    return root, f"{folder}/{path}" if folder else path, Visibility.OF_VERSIONS


async def _of_candidate(request: Request, text: str) -> tuple[Root, Visibility]:
    """The files of a candidate, whether there is such a one or not: that is seen by who looks for one of them."""
    try:
        candidate_id = UUID(hex=text)
    except ValueError:
        raise NotFound(f"There is no candidate {quoted(text)}; pass `candidate:` and its run id.") from None
    actor = _actor(request)
    access = await projects.get(_runtime(request).db, actor, _project(request))
    return Root(access.id, candidate_id=candidate_id), visibility.of_actor(actor, access)


async def _of_version(request: Request, text: str, *, to_write: bool) -> tuple[Root, str]:
    if not _is_number(text):
        raise NotFound(
            f"There is no model version with the id {quoted(text)}; pass its id, or `candidate:` and a run id."
        )
    version = await lookup.get(_runtime(request).db, _actor(request), _project(request), int(text))
    if version.location:
        where = f"The files of this version are not kept here but at {quoted(version.source, 200)}."
        raise Conflict(where) if to_write else NotFound(where)
    return lookup.root_of(version)


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def _actor(request: Request) -> Actor:
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    return actor


def _project(request: Request) -> int | str:
    text = unquote(request.path_params["project"])
    return int(text) if _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS


def _message(status: int, words: str) -> Response:
    return Response(orjson.dumps({"message": words}), status, media_type="application/json")


_FILE = "/ml_models/{owner}/files/{path:path}"
routes = [
    Route(f"{_FILE}/authorize", authorize, methods=["PUT"]),
    Route(_FILE, put, methods=["PUT"]),
    Route(_FILE, get, methods=["GET"]),
]
"""Relative to `/api/v4/projects/{project}/packages`."""
