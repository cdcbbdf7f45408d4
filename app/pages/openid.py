"""To an OpenID provider and back."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access.openid import sign_in
from app.access.openid.sign_in import Begin, Callback
from app.access.openid.sign_in_requests import LIFE_SECONDS
from app.errors import Conflict, ModelyardError
from app.http.browsers import cookies
from app.pages import forms, signing_in, templates
from app.runtime import Runtime

_COOKIE = "modelyard_openid"
_LINK = "link"


async def start(request: Request) -> Response:
    """Send the browser to a provider, by a page: browsers hold redirects of forms to the policy of the form's page."""
    runtime: Runtime = request.app.state.runtime
    fields = await forms.read(request)
    links = fields.get("purpose") == _LINK
    command = Begin(
        request.path_params["provider"],
        return_to=signing_in.own_path(fields.get("return_to", signing_in.START)),
        invitation=fields.get("invitation", ""),
        links=links,
        browser=cookies.value(request, _COOKIE),
    )
    try:
        _require_own_name(request, runtime)
        begun = await sign_in.begin(runtime.db, request.state.actor, runtime.openid, command)
    except ModelyardError as error:
        return _failed(request, error, command.provider)
    response = templates.answer(request, "openid_start.html", address=begun.address, provider=begun.provider.title)
    life = timedelta(seconds=LIFE_SECONDS)
    response.headers.append("set-cookie", cookies.setting(request.scope, _COOKIE, begun.browser, life))
    return response


async def callback(request: Request) -> Response:
    """Let a person in whom a provider has sent back."""
    runtime: Runtime = request.app.state.runtime
    query, actor = request.query_params, request.state.actor
    brought = Callback(
        request.path_params["provider"],
        browser=cookies.value(request, _COOKIE),
        state=query.get("state", ""),
        code=query.get("code", ""),
        error=query.get("error", ""),
        issuer=query.get("iss"),
    )
    life = timedelta(seconds=runtime.settings.session_seconds)
    try:
        done = await sign_in.complete(runtime.db, actor, runtime.openid, brought, actor.client, life=life)
    except ModelyardError as error:
        return _failed(request, error, brought.provider)
    if done.session is None:
        return RedirectResponse(done.return_to, 303, {"Cache-Control": "no-store"})
    return await signing_in.signed_in(request, done.session, done.return_to)


def _failed(request: Request, error: ModelyardError, provider: str) -> Response:
    runtime: Runtime = request.app.state.runtime
    return templates.refused(request, "openid_failed.html", error, provider=runtime.openid.title_of(provider)[:100])


def _require_own_name(request: Request, runtime: Runtime) -> None:
    """Refuse a browser that knows this service by another name: the provider would send it back without its cookie.

    Raises:
        Conflict: it is open under another address than MODELYARD_URL.
    """
    origin, url = request.headers.get("origin"), urlsplit(runtime.settings.url)
    if origin is not None and origin.lower() != f"{url.scheme}://{url.netloc}".lower():
        raise Conflict(f"Providers send browsers back to {runtime.settings.url}: open that address and sign in there.")


routes = [
    Route("/openid/{provider}/start", start, methods=["POST"]),
    Route("/openid/{provider}/callback", callback, methods=["GET"]),
]
