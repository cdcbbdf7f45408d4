"""The hidden token of a form: only who was shown a page can send its form, and only from the same sign-in.

It is a MAC over the session, or over a random cookie where no one is signed in yet, so nothing has to be kept. A salt
makes it another text each time: compressed answers do not give it away (BREACH).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from app.http.browsers import cookies
from app.runtime import Runtime

_LIFE = timedelta(days=1)
_SALT = 16
_MARK = 32


def mark_of(request: Request) -> str:
    """What forms are tied to: the session, else the browser's cookie; a new one if it has none."""
    return _given_mark(request) or f"browser {secrets.token_hex(_MARK // 2)}"


def keep(request: Request, response: Response, mark: str) -> None:
    """Have the browser keep a mark that is new."""
    if mark.startswith("browser ") and mark != _given_mark(request):
        cookie = cookies.setting(request.scope, cookies.FORM, mark.removeprefix("browser "), _LIFE)
        response.headers.append("set-cookie", cookie)


def make(request: Request, mark: str) -> str:
    """A token for the forms of a page."""
    salt = secrets.token_hex(_SALT // 2)
    return salt + _mac(request, mark, salt)


def is_valid(request: Request, token: str) -> bool:
    """Whether a token was made for this browser and session."""
    mark, salt = _given_mark(request), token[:_SALT]
    return bool(mark) and hmac.compare_digest(
        token[_SALT:].encode("utf-8", "replace"), _mac(request, mark, salt).encode()
    )


def _given_mark(request: Request) -> str:
    session_id = request.state.actor.session_id
    if session_id is not None:
        return f"session {session_id}"
    value = cookies.value(request, cookies.FORM)
    return f"browser {value}" if len(value) == _MARK and value.isalnum() else ""


def _mac(request: Request, mark: str, salt: str) -> str:
    runtime: Runtime = request.app.state.runtime
    key = runtime.settings.secret_key.get_secret_value().encode()
    return hmac.new(key, f"form token\0{mark}\0{salt}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
