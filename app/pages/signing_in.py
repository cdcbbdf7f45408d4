"""Giving a browser its session, and sending visitors to sign in and back."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.access import sessions
from app.access.policy import Actor
from app.access.sessions import NewSession
from app.http.browsers import cookies
from app.http.errors import HttpError
from app.runtime import Runtime

START = "/"
"""Where a sign-in leads that names no page: the first of the pages that browsers run."""
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")
"""A path of this service in printable ASCII: not `//host`, nor with a backslash, which browsers read as a slash."""


class SignInNeeded(HttpError):
    """The page is for people who are signed in."""

    code = "UNAUTHENTICATED"

    def __init__(self, request: Request) -> None:
        path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        return_to = own_path(path) if request.method in {"GET", "HEAD"} else START
        super().__init__(303, "Sign in first.", {"Location": f"/sign-in?return_to={quote(return_to, safe='')}"})


def own_path(text: str) -> str:
    """The text if it is a path of this service, else that of the first page: no link leads away after a sign-in."""
    return text if _OWN_PATH.fullmatch(text) else START


def require(request: Request) -> Actor:
    """Who is signed in.

    Raises:
        SignInNeeded: no one; the answer leads to the sign-in and from there back.
    """
    actor: Actor = request.state.actor
    if actor.session_id is None:
        raise SignInNeeded(request)
    return actor


async def signed_in(request: Request, new: NewSession, return_to: str = START) -> Response:
    """The answer to who has just proved who they are: the cookie, and the way to a page of ours.

    A session that the browser had before ends: what anyone may know of it is worth nothing from here on.
    """
    runtime: Runtime = request.app.state.runtime
    before: Actor = request.state.actor
    if before.session_id is not None:
        await sessions.end(runtime.db, before)
    response = RedirectResponse(own_path(return_to), 303, {"Cache-Control": "no-store"})
    life = timedelta(seconds=runtime.settings.session_seconds)
    response.headers.append("set-cookie", cookies.setting(request.scope, cookies.SESSION, new.secret, life))
    response.headers.append("set-cookie", cookies.deleting(request.scope, cookies.FORM))
    return response


def signed_out(request: Request) -> Response:
    """The answer to who has left."""
    response = RedirectResponse("/sign-in", 303, {"Cache-Control": "no-store"})
    response.headers.append("set-cookie", cookies.deleting(request.scope, cookies.SESSION))
    return response
