"""What CI systems and their jobs call: events, and the exchange of a job's identity for a token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.ci import hooks
from app.ci.identities import token_exchange
from app.errors import Invalid, TooLarge
from app.http import bodies
from app.http.answers import plain_error
from app.http.edge import BEARER, Edge
from app.runtime import Runtime

MAX_EXCHANGE = 64 * 1024
_LONGEST_NUMBER = 18


async def gitlab_event(request: Request) -> Response:
    """A job event (GitLab webhooks: Job events)."""
    runtime: Runtime = request.app.state.runtime
    project_id, proof = _number(request.path_params["project"]), request.headers.get("x-gitlab-token", "")
    body = await _body(request, hooks.MAX_BODY)
    return _acknowledged(await hooks.receive_gitlab(runtime.db, runtime.ci_client, project_id, proof, body))


async def github_event(request: Request) -> Response:
    """An event of a workflow run (GitHub webhooks: workflow_run)."""
    runtime: Runtime = request.app.state.runtime
    project_id, proof = _number(request.path_params["project"]), request.headers.get("x-hub-signature-256", "")
    body = await _body(request, hooks.MAX_BODY)
    return _acknowledged(await hooks.receive_github(runtime.db, runtime.ci_client, project_id, proof, body))


async def exchange(request: Request) -> Response:
    """Exchange an identity token for a project token (RFC 8693), from a form or JSON."""
    runtime: Runtime = request.app.state.runtime
    message = await _message(request)
    project, token = message.get("project"), message.get("subject_token")
    if not isinstance(project, str | int) or isinstance(project, bool) or not isinstance(token, str):
        raise Invalid("Send `project` (its number or full path) and `subject_token` (the identity token of the job).")
    reference = _number(project) if isinstance(project, str) and project.isdecimal() else project
    made = await token_exchange.exchange(runtime.db, runtime.ci_client, reference, token)
    answer = {
        "access_token": made.secret,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": int(token_exchange.LIFE.total_seconds()),
        "scope": str(made.scope),
    }
    return Response(orjson.dumps(answer), 200, {"Cache-Control": "no-store"}, media_type="application/json")


async def _body(request: Request, limit: int) -> bytes:
    if (bodies.announced(request) or 0) > limit:
        raise TooLarge(f"The body may have at most {limit} bytes.")
    read = bytearray()
    async for chunk in bodies.chunks(request):
        read += chunk
        if len(read) > limit:
            raise TooLarge(f"The body may have at most {limit} bytes.")
    return bytes(read)


async def _message(request: Request) -> dict[str, Any]:
    body = await _body(request, MAX_EXCHANGE)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        try:
            return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
        except ValueError:
            raise Invalid("The form has too many fields.") from None
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid("The body is not JSON.") from None
    return message if isinstance(message, dict) else {}


def _number(text: str) -> int:
    """The number in a path or form; one that no project has for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0


def _acknowledged(is_followed_up: bool) -> Response:
    return Response(None, 202 if is_followed_up else 204)


EDGE = Edge(
    "ci",
    [
        Route("/ci/hooks/{project}/gitlab", gitlab_event, methods=["POST"]),
        Route("/ci/hooks/{project}/github", github_event, methods=["POST"]),
        Route("/ci/token", exchange, methods=["POST"]),
    ],
    plain_error,
    BEARER,
    paths=("/ci",),
    tokenless=("/ci/",),
)
