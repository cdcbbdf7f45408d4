"""`/oauth/device/code` begins a sign-in, `/oauth/token` is polled until a person has confirmed it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.devices import grants
from app.access.devices.grants import Begin, NoToken, UnknownScope
from app.access.token_rules.expiry import LongestLives
from app.errors import Invalid, ModelyardError, TooLarge
from app.http import addresses, bodies
from app.http.answers import json_answer, status_of
from app.http.authentication import client_of
from app.http.edge import BEARER, Edge
from app.runtime import Runtime

CLIENT_ID = "modelyard-cli"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_MAX_BYTES = 16 * 1024
_MAX_FIELDS = 20
_UNSAYABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]+")
"""What an `error_description` cannot hold (RFC 6749 §5.2)."""
_CODES = {400: "invalid_request", 404: "invalid_request", 405: "invalid_request", 413: "invalid_request"}


class UnknownClient(Invalid):
    """The `client_id` is unknown."""


class OtherGrant(Invalid):
    """The `grant_type` is another one."""


async def begin(request: Request) -> Response:
    """Device Authorization Request (RFC 8628 §3.1)."""
    runtime: Runtime = request.app.state.runtime
    form = await _form(request)
    _require_client(form)
    command = Begin(form.get("device_name", ""), form.get("scope", ""), client_of(request.scope))
    begun = await grants.begin(runtime.db, command)
    page = f"{addresses.base(request, runtime.settings)}/device"
    answer = {
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?code={begun.user_code}",
        "expires_in": int(grants.LIFE.total_seconds()),
        "interval": int(grants.INTERVAL.total_seconds()),
    }
    return json_answer(answer, 200)


async def token(request: Request) -> Response:
    """Device Access Token Request (RFC 8628 §3.4)."""
    runtime: Runtime = request.app.state.runtime
    form = await _form(request)
    if form.get("grant_type") != GRANT:
        raise OtherGrant(f"The grant_type is {GRANT} and no other.")
    _require_client(form)
    longest = LongestLives.of_days(runtime.settings.token_max_days, runtime.settings.bot_token_max_days).personal
    issued = await grants.poll(runtime.db, form.get("device_code", ""), client_of(request.scope), longest)
    answer: dict[str, str | int] = {
        "access_token": issued.secret,
        "token_type": "Bearer",
        "scope": " ".join(issued.token.scopes),
    }
    if issued.token.expires_at is not None:
        answer["expires_in"] = int((issued.token.expires_at - datetime.now(UTC)).total_seconds())
    return json_answer(answer, 200)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none may come twice (RFC 6749 §3.2)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Invalid("Send a form: Content-Type application/x-www-form-urlencoded.")
    body = bytearray()
    async for chunk in bodies.chunks(request):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise TooLarge(f"The form may have at most {_MAX_BYTES} bytes.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Invalid(f"The form is not UTF-8 in percent-encoding, or has more than {_MAX_FIELDS} fields.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Invalid("A field of the form comes twice.")
    return form


def _require_client(form: dict[str, str]) -> None:
    if form.get("client_id") != CLIENT_ID:
        raise UnknownClient(f"The client_id is {CLIENT_ID} and no other.")


def _error_answer(error: ModelyardError) -> Response:
    """As OAuth tells errors (RFC 6749 §5.2, RFC 8628 §3.5)."""
    status = status_of(error)
    said = _UNSAYABLE.sub("'", error.message)
    return json_answer({"error": _code_of(error, status), "error_description": said}, status)


def _code_of(error: ModelyardError, status: int) -> str:
    match error:
        case NoToken():
            return str(error.refusal)
        case UnknownScope():
            return "invalid_scope"
        case UnknownClient():
            return "invalid_client"
        case OtherGrant():
            return "unsupported_grant_type"
    return _CODES.get(status, "temporarily_unavailable" if status in {429, 503, 507} else "server_error")


EDGE = Edge(
    "oauth",
    [
        Route("/oauth/device/code", begin, methods=["POST"]),
        Route("/oauth/token", token, methods=["POST"]),
    ],
    _error_answer,
    BEARER,
    paths=("/oauth",),
    tokenless=("/oauth/",),
)
