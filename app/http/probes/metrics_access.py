"""The permission to read `/metrics`, which shows how much is done here: administrators and scrapers have it."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from app.access import policy
from app.access.policy import Permission
from app.errors import Forbidden, Unauthenticated
from app.http.authentication import secret_of
from app.runtime import Runtime


async def require(request: Request) -> None:
    """Let in a request with `MODELYARD_METRICS_TOKEN`, or a token of an administrator.

    Raises:
        Unauthenticated: no token, or one that is not valid.
        Forbidden: another token.
    """
    runtime: Runtime = request.app.state.runtime
    given = request.headers.get("authorization")
    if given is None:
        raise Unauthenticated(
            "Send the token of MODELYARD_METRICS_TOKEN, or one of an administrator, as `Authorization: Bearer …`."
        )
    secret, expected = secret_of(given), runtime.settings.metrics_token
    if expected is not None and hmac.compare_digest(secret.encode(), expected.get_secret_value().encode()):
        return
    actor = await runtime.authenticator.actor(secret)
    if not actor.is_administrator or not policy.has_scope(actor, Permission.ACCOUNT_READ):
        raise Forbidden("`/metrics` is for administrators and for the token of MODELYARD_METRICS_TOKEN.")
