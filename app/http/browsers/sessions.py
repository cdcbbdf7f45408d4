"""Who a browser's cookie speaks for, and when it does not.

Browsers send cookies with whatever any page has them send. So a cookie counts only where the edge takes sessions, and
for more than reading only in requests that pages of this service have made: by their `Origin`, and over fetch by a
header that pages of other origins cannot add without leave, which is never given (decision 0031).
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import Scope

from app.access.authentication.client_info import ClientInfo
from app.access.policy import Actor
from app.access.sessions import SessionEnded
from app.errors import Forbidden
from app.http.answers import edge_of
from app.http.browsers import cookies
from app.http.browsers.own_origin import is_own
from app.runtime import Runtime

_COOKIES, _FORGOTTEN = "session_cookies", "forgotten_session"
_SAFE = {"GET", "HEAD", "OPTIONS"}


class SeveralSessions(SessionEnded):
    """There is more than one session cookie in the request: delete the cookies of this site and sign in again."""


async def actor_of(runtime: Runtime, scope: Scope, client: ClientInfo) -> Actor | None:
    """Whose session the request brings; None if it brings none, or none that counts here.

    Raises:
        SessionEnded: the cookie is not, or no longer, one of a session.
        Forbidden: the request may change something, and does not come from a page of ours.
    """
    if not edge_of(scope).accepts_sessions:
        return None
    given = of_request(scope)
    if not given:
        return None
    if scope["type"] == "websocket" and not is_own(scope, runtime.settings):
        # Browsers send cookies with every handshake, also from pages of other origins, which may go on with a token.
        return None
    if len(given) > 1:
        raise SeveralSessions
    actor = await runtime.authenticator.person(given[0], client)
    if scope["type"] == "http" and scope["method"] not in _SAFE and not edge_of(scope).checks_forms:
        require_own_page(runtime, scope)
    return actor


def of_request(scope: Scope) -> list[str]:
    """The session cookies of a request, read once for the queue and for authentication."""
    state = scope["state"]
    given: list[str] | None = state.get(_COOKIES)
    if given is None:
        given = state[_COOKIES] = cookies.values(scope, cookies.SESSION)
    return given


def may_go_on(scope: Scope) -> bool:
    """Whether a request whose cookie is not right may go on without one.

    People who look at a page can sign in from there; a WebSocket may still send a token. Programs are told at once:
    what they would get without a session looks as if things had vanished.
    """
    if edge_of(scope).checks_forms or scope["type"] == "websocket":
        return True
    return scope["method"] in {"GET", "HEAD"} and "text/html" in Headers(scope=scope).get("accept", "")


def forget(scope: Scope, error: SessionEnded) -> None:
    """Have the browser forget the cookie with the answer to this request, whatever answers it."""
    scope["state"]["session_error"] = error
    scope["state"][_FORGOTTEN] = f"{cookies.name_of(scope, cookies.SESSION)}=", cookies.deleting(scope, cookies.SESSION)


def forgotten(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The header by which the browser forgets its cookie, if it shall, and the answer does not set a new one."""
    if (name_and_deletion := scope["state"].get(_FORGOTTEN)) is None:
        return []
    beginning, deletion = (text.encode("latin-1") for text in name_and_deletion)
    is_set = any(key == b"set-cookie" and value.startswith(beginning) for key, value in headers)
    return [] if is_set else [(b"set-cookie", deletion)]


def require_own_page(runtime: Runtime, scope: Scope) -> None:
    """Refuse what no script of a page of this service has sent.

    Raises:
        Forbidden: the request has another origin, or none, or lacks the header that only such a script can add.
    """
    if not is_own(scope, runtime.settings):
        raise Forbidden(
            "With a session, only pages of this service may send this: the header Origin has to be its own address. "
            "Elsewhere send a token, as `Authorization: Bearer myt_…`."
        )
    if not any(name == b"x-requested-with" and value.strip() for name, value in scope["headers"]):
        raise Forbidden("With a session, send the header X-Requested-With, with any value, beside the cookie.")
