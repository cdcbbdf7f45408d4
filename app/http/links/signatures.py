"""What every signed link has: its signature in the query, and the one who has made it."""

from __future__ import annotations

from starlette.requests import Request

from app.access.policy import ANONYMOUS, Actor
from app.artifacts.links import Signature
from app.errors import Forbidden, Unauthenticated
from app.runtime import Runtime


def signature_of(request: Request) -> Signature:
    """The signature of the link that was asked for; it still has to be checked."""
    query = request.query_params
    return Signature(query.get("by", ""), query.get("expires", ""), query.get("signature", ""))


async def signer(request: Request, token_id: int) -> Actor:
    """On whose behalf a link that was checked is answered: who its token speaks for now; 0: a visitor. The log says so.

    Raises:
        Forbidden: the token has expired or was revoked, or its user was deactivated.
    """
    if not token_id:
        return ANONYMOUS
    runtime: Runtime = request.app.state.runtime
    try:
        actor = request.state.actor = await runtime.authenticator.holder(token_id)
    except Unauthenticated:
        raise Forbidden(
            "The token that the link was made with has expired or was revoked; ask for a new link with another token."
        ) from None
    return actor
