"""The page of one's own account, with all its sections."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access import sessions, tokens
from app.access.authentication.devices import device_of
from app.access.openid import identities
from app.access.passwords import change
from app.access.policy import Actor
from app.errors import ModelyardError
from app.http.answers import status_of
from app.pages import signing_in, templates
from app.pages.account.token_fields import SCOPES
from app.pagination import MAX_PAGE, Window
from app.runtime import Runtime

PATH = "/account"
DONE = {
    "session": "The session has ended.",
    "sessions": "You are signed out everywhere else.",
    "token": "The token was revoked.",
    "linked": "The identity was linked. You can sign in with it from now on.",
    "unlinked": "The identity was unlinked.",
    "password": "The password was changed. You are signed out everywhere else.",
}
"""What has just happened, by the word in the address that says so."""


async def show(request: Request) -> Response:
    """All sections of one's own account."""
    return await _answer(request, signing_in.require(request))


async def refused(request: Request, form: str, error: ModelyardError, fields: dict[str, str]) -> Response:
    """The page again, with what was wrong with one of its forms and what was typed into that."""
    return await _answer(
        request, signing_in.require(request), status=status_of(error), form=form, error=error, fields=fields
    )


async def answer(request: Request, **values: Any) -> Response:
    """The page as the answer to a form that has brought something to show."""
    return await _answer(request, signing_in.require(request), **values)


def done(what: str) -> Response:
    """Back to the page, which tells what has happened; loaded again it does nothing again."""
    return RedirectResponse(f"{PATH}?done={what}#main", 303, {"Cache-Control": "no-store"})


async def _answer(request: Request, actor: Actor, *, status: int = 200, **values: Any) -> Response:
    db = _runtime(request).db
    idle = _runtime(request).authenticator.session_idle
    own_sessions = await sessions.own(db, actor, Window(first=MAX_PAGE), idle=idle)
    after = request.query_params.get("tokens") if request.method == "GET" else None
    own_tokens = await tokens.own(db, actor, Window(first=MAX_PAGE, after=after))
    sections = {
        "sessions": [(row, device_of(row.client)) for row in own_sessions.items],
        "current": actor.session_id,
        "tokens": own_tokens.items,
        "more_tokens": own_tokens.cursors[-1] if own_tokens.has_next else "",
        "scopes": SCOPES,
        "identities": await identities.own(db, actor),
        "openid": _runtime(request).openid,
        "has_password": await change.has_password(db, actor),
        "return_to": _return_to(request),
        "done": DONE.get(request.query_params.get("done", ""), "") if request.method == "GET" else "",
        "form": "",
        "made": None,
    }
    return templates.answer(request, "account.html", status=status, **(sections | values))


def _return_to(request: Request) -> str:
    """Where a browser goes that has linked an identity: to the page that sent it here, else to this one."""
    return signing_in.own_path(request.query_params.get("return_to", f"{PATH}?done=linked#main"))


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


routes = [Route(PATH, show, methods=["GET"])]
