"""Signing in with name and password, and signing out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access import sessions
from app.access.openid import password_sign_in
from app.access.passwords import familiar_browsers
from app.access.passwords.sign_in import Attempt, sign_in
from app.errors import ModelyardError
from app.http.browsers import cookies
from app.http.browsers import sessions as browser_sessions
from app.pages import forms, signing_in, templates
from app.runtime import Runtime


async def show(request: Request) -> Response:
    """The form; who is signed in goes on at once."""
    return_to = signing_in.own_path(request.query_params.get("return_to", signing_in.START))
    if request.state.actor.session_id is not None:
        return RedirectResponse(return_to, 303, {"Cache-Control": "no-store"})
    return templates.answer(request, "sign_in.html", return_to=return_to, **await _ways(request))


async def submit(request: Request) -> Response:
    """Begin a session, and lead to where the person wanted to go; or show the form again with the reason."""
    runtime: Runtime = request.app.state.runtime
    fields = await forms.read(request)
    browser = cookies.value(request, cookies.BROWSER)
    attempt = Attempt(fields.get("username", ""), fields.get("password", ""), request.state.actor.client, browser)
    return_to = signing_in.own_path(fields.get("return_to", ""))
    try:
        signed = await sign_in(runtime.db, runtime.settings, attempt, runtime.openid)
    except ModelyardError as error:
        ways = await _ways(request)
        return templates.refused(request, "sign_in.html", error, return_to=return_to, fields=fields, **ways)
    response = await signing_in.signed_in(request, signed.session, return_to)
    familiar = cookies.setting(request.scope, cookies.BROWSER, signed.browsers, familiar_browsers.LIFE)
    response.headers.append("set-cookie", familiar)
    return response


async def _ways(request: Request) -> dict[str, Any]:
    """The ways to sign in, for the page."""
    runtime: Runtime = request.app.state.runtime
    return {"openid": runtime.openid, "has_passwords": await password_sign_in.accepted(runtime.db, runtime.openid)}


async def sign_out(request: Request) -> Response:
    """End the session of this browser; where it has ended already there is nothing to protect.

    Sent by a form of a page without script, or by a script of the web pages, as they send everything else.
    """
    runtime: Runtime = request.app.state.runtime
    if request.state.actor.session_id is not None:
        if "x-requested-with" in request.headers:
            browser_sessions.require_own_page(runtime, request.scope)
        else:
            await forms.read(request)
        await sessions.end(runtime.db, request.state.actor)
    return signing_in.signed_out(request)


routes = [
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-in", submit, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]
