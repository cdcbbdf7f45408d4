"""The cookies of browsers: the session, and the mark that ties forms to the browser they were shown to.

Over https their names begin with ``__Host-``: browsers take such a cookie only from this very host, over https, for all
paths (RFC 6265bis §4.1.3.2), so that no neighbour can plant one. Over plain http that prefix is impossible.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.types import Scope

SESSION = "modelyard_session"
FORM = "modelyard_form"
BROWSER = "modelyard_browser"
"""Knows a browser in which a person has signed in before; it lets no one in."""
_SECURE = "__Host-"
_SECURE_SCHEMES = {"https", "wss"}


def name_of(scope: Scope, name: str) -> str:
    """What a cookie of ours is called over the scheme of this request, which trusted proxies may have told."""
    return _SECURE + name if scope.get("scheme") in _SECURE_SCHEMES else name


def values(scope: Scope, name: str) -> list[str]:
    """All values that a request carries for a cookie of ours, in their order; more than one is no work of ours."""
    wanted = name_of(scope, name).encode()
    pairs = [pair.partition(b"=") for key, given in scope["headers"] if key == b"cookie" for pair in given.split(b";")]
    return [value.strip().decode("latin-1") for key, _, value in pairs if key.strip() == wanted]


def value(connection: HTTPConnection, name: str) -> str:
    """The value of a cookie of ours; empty if there is none, or more than one."""
    given = values(connection.scope, name)
    return given[0] if len(given) == 1 else ""


def setting(scope: Scope, name: str, secret: str, life: timedelta) -> str:
    """The `Set-Cookie` that keeps a secret for so long, out of reach of scripts and of requests by other sites."""
    return _written(scope, name, secret, int(life.total_seconds()))


def deleting(scope: Scope, name: str) -> str:
    """The `Set-Cookie` by which a browser forgets a cookie of ours."""
    return _written(scope, name, "", 0)


def _written(scope: Scope, name: str, secret: str, seconds: int) -> str:
    secure = "; Secure" if scope.get("scheme") in _SECURE_SCHEMES else ""
    return f"{name_of(scope, name)}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
