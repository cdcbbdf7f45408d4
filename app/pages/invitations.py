"""An invitation: who invites to what, and the form by which the person comes in.

Looking uses nothing up, since scanners of mail open every link; only the form does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access import names
from app.access.one_time_links import acceptance, refusals
from app.access.one_time_links.acceptance import NewAccount, Offer
from app.access.one_time_links.links import LinkEnded, LinkNotFound
from app.errors import ModelyardError
from app.pages import forms, new_passwords, signing_in, templates
from app.runtime import Runtime

_TEMPLATE = "invitation.html"


async def show(request: Request) -> Response:
    """Who invites to what, with the form of a new account, or of the account that is signed in."""
    runtime: Runtime = request.app.state.runtime
    offer = await acceptance.offer(runtime.db, request.path_params["secret"])
    return await _page(request, offer)


async def accept(request: Request) -> Response:
    """Make the account, or give the roles to the one that is signed in. A refused form leaves the link as it was."""
    runtime: Runtime = request.app.state.runtime
    fields = await forms.read(request)
    secret, actor = request.path_params["secret"], request.state.actor
    async with refusals.logged(runtime.db, actor.client):
        offer = await acceptance.offer(runtime.db, secret)
        if actor.session_id is not None:
            await acceptance.accept_as(runtime.db, actor, secret)
            return RedirectResponse(signing_in.START, 303, {"Cache-Control": "no-store"})
        try:
            return await _make_account(request, secret, fields)
        except (LinkNotFound, LinkEnded):
            raise
        except ModelyardError as error:
            return await _page(request, offer, error, fields)


async def _make_account(request: Request, secret: str, fields: dict[str, str]) -> Response:
    runtime: Runtime = request.app.state.runtime
    username = names.check_first_segment(fields.get("username", "").strip(), "username")
    name = fields.get("name", "").strip()
    if name:
        names.check_title(name, "name")
    await acceptance.require_free(runtime.db, username)
    password_hash = await new_passwords.hash_of(request, fields, username)
    new = await acceptance.make_account(
        runtime.db,
        secret,
        NewAccount(username, name, password_hash),
        request.state.actor.client,
        life=timedelta(seconds=runtime.settings.session_seconds),
    )
    return await signing_in.signed_in(request, new)


async def _page(
    request: Request, offer: Offer, error: ModelyardError | None = None, fields: dict[str, str] | None = None
) -> Response:
    runtime: Runtime = request.app.state.runtime
    values: dict[str, Any] = {
        "offer": offer,
        "fields": fields or {},
        "path": request.url.path,
        "secret": request.path_params["secret"],
        "openid": runtime.openid,
        "accepts_passwords": await new_passwords.are_accepted(request),
    }
    if error is not None:
        return templates.refused(request, _TEMPLATE, error, **values)
    return templates.answer(request, _TEMPLATE, **values)


routes = [
    Route("/invitations/{secret}", show, methods=["GET"]),
    Route("/invitations/{secret}", accept, methods=["POST"]),
]
