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

from app.access.policy import ANONYMOUS, Actor
from app.artifacts import paths
from app.errors import NotFound
from app.files import read, store
from app.files.store import Body
from app.files.targets import CandidateFiles, Client, Target, VersionFiles
from app.http import bodies
from app.http.links.downloads import send
from app.lifecycle.pulls.counter import Door
from app.runtime import Runtime
from app.text import quoted

_CANDIDATE = "candidate:"
_MAX_DIGITS = 18


async def put(request: Request) -> Response:
    """Store a file; when this answers, its bytes are in the store under a verified SHA-256."""
    body = Body(bodies.chunks(request), bodies.announced(request))
    await store.put(_runtime(request), _actor(request), _target(request), _path(request), body, client=Client.TRAINING)
    return _message(201, "201 Created")


async def authorize(request: Request) -> Response:
    """Whether the file could be stored now. A body makes it the upload of a file that has this name."""
    if bodies.announced(request) or "transfer-encoding" in request.headers:
        request.path_params["path"] += "/authorize"
        return await put(request)
    path, target = _path(request), _target(request)
    await store.permit(_runtime(request), _actor(request), target, path, client=Client.TRAINING)
    return _message(200, "200 OK")


async def get(request: Request) -> Response:
    """Send a file, with ETag, conditions and ranges; or the client to the store, where it can reach that."""
    runtime, actor = _runtime(request), _actor(request)
    target = _target(request)
    file = await read.find(runtime.db, actor, target, _path(request))
    version_id = target.version if isinstance(target, VersionFiles) and isinstance(target.version, int) else 0
    return await send(runtime, request, actor, file, door=Door.PACKAGES, version_id=version_id)


def _path(request: Request) -> str:
    path: str = request.path_params["path"]
    return paths.check(path)


def _target(request: Request) -> Target:
    """The files that are meant: those of a version by its id, or of ``candidate:<run id>``."""
    text: str = request.path_params["owner"]
    if text.startswith(_CANDIDATE):
        return CandidateFiles(_project(request), _candidate_id(text.removeprefix(_CANDIDATE)))
    if not _is_number(text):
        raise NotFound(
            f"There is no model version with the id {quoted(text)}; pass its id, or `candidate:` and a run id."
        )
    return VersionFiles(_project(request), int(text))


def _candidate_id(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        raise NotFound(f"There is no candidate {quoted(text)}; pass `candidate:` and its run id.") from None


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
