"""A link that signs a person in, such as a first start prints; with a password for the next time, if one is typed."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.one_time_links import password_resets, refusals, sign_in_links
from app.access.one_time_links.links import LinkEnded, LinkNotFound, Purpose
from app.errors import ModelyardError
from app.pages import forms, new_passwords, signing_in, templates
from app.runtime import Runtime

_TEMPLATE = "sign_in_link.html"


async def show(request: Request) -> Response:
    """The form; looking uses nothing up."""
    runtime: Runtime = request.app.state.runtime
    user = await password_resets.person(runtime.db, Purpose.SIGN_IN, request.path_params["secret"])
    accepts = await new_passwords.are_accepted(request)
    return templates.answer(request, _TEMPLATE, username=user.username, accepts_passwords=accepts)


async def complete(request: Request) -> Response:
    """Sign in."""
    runtime: Runtime = request.app.state.runtime
    fields = await forms.read(request)
    secret, client = request.path_params["secret"], request.state.actor.client
    life = timedelta(seconds=runtime.settings.session_seconds)
    async with refusals.logged(runtime.db, client):
        user = await password_resets.person(runtime.db, Purpose.SIGN_IN, secret)
        try:
            is_typed = fields.get("password") or fields.get("password_again")
            password_hash = await new_passwords.hash_of(request, fields, user.username) if is_typed else None
            new = await sign_in_links.complete(runtime.db, secret, password_hash, client, life=life)
        except (LinkNotFound, LinkEnded):
            raise
        except ModelyardError as error:
            accepts = await new_passwords.are_accepted(request)
            return templates.refused(request, _TEMPLATE, error, username=user.username, accepts_passwords=accepts)
    return await signing_in.signed_in(request, new)


routes = [
    Route("/sign-in-links/{secret}", show, methods=["GET"]),
    Route("/sign-in-links/{secret}", complete, methods=["POST"]),
]
