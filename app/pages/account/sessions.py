"""Ending sessions of one's own."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access import sessions
from app.errors import ModelyardError
from app.pages import forms, signing_in
from app.pages.account import page
from app.runtime import Runtime


async def revoke(request: Request) -> Response:
    """End one session. If it is that of the browser itself, it is signed out."""
    runtime: Runtime = request.app.state.runtime
    actor = signing_in.require(request)
    fields = await forms.read(request)
    try:
        ended = await sessions.revoke(runtime.db, actor, forms.number(fields, "session"))
    except ModelyardError as error:
        return await page.refused(request, "sessions", error, fields)
    return signing_in.signed_out(request) if ended.id == actor.session_id else page.done("session")


async def revoke_others(request: Request) -> Response:
    """End all sessions but that of the browser itself."""
    runtime: Runtime = request.app.state.runtime
    actor = signing_in.require(request)
    await forms.read(request)
    await sessions.revoke_all(runtime.db, actor, keep_current=True)
    return page.done("sessions")


routes = [
    Route("/account/sessions/revoke", revoke, methods=["POST"]),
    Route("/account/sessions/revoke-others", revoke_others, methods=["POST"]),
]
