"""A link by which a person sets a new password and is signed in."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.one_time_links import password_resets, refusals
from app.access.one_time_links.links import LinkEnded, LinkNotFound, Purpose
from app.errors import ModelyardError
from app.pages import forms, new_passwords, signing_in, templates
from app.runtime import Runtime

_TEMPLATE = "password_reset.html"


async def show(request: Request) -> Response:
    """The form; looking uses nothing up."""
    runtime: Runtime = request.app.state.runtime
    user = await password_resets.person(runtime.db, Purpose.PASSWORD_RESET, request.path_params["secret"])
    await new_passwords.require_accepted(request)
    return templates.answer(request, _TEMPLATE, username=user.username)


async def complete(request: Request) -> Response:
    """Set the password and sign in."""
    runtime: Runtime = request.app.state.runtime
    fields = await forms.read(request)
    secret, client = request.path_params["secret"], request.state.actor.client
    life = timedelta(seconds=runtime.settings.session_seconds)
    async with refusals.logged(runtime.db, client):
        user = await password_resets.person(runtime.db, Purpose.PASSWORD_RESET, secret)
        try:
            password_hash = await new_passwords.hash_of(request, fields, user.username)
            new = await password_resets.complete(runtime.db, secret, password_hash, client, life=life)
        except (LinkNotFound, LinkEnded):
            raise
        except ModelyardError as error:
            return templates.refused(request, _TEMPLATE, error, username=user.username)
    return await signing_in.signed_in(request, new)


routes = [
    Route("/password-resets/{secret}", show, methods=["GET"]),
    Route("/password-resets/{secret}", complete, methods=["POST"]),
]
