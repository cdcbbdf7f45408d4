"""What every signed link has: a signature in its query, and the signer on whose behalf it is answered."""

from __future__ import annotations

from starlette.requests import Request

from app.access.policy import ANONYMOUS, Actor
from app.artifacts.links import Signature
from app.errors import Forbidden, Unauthenticated
from app.runtime import Runtime


def signature_of(request: Request) -> Signature:
    """The signature in the query of a link; it still has to be checked."""
    query = request.query_params
    return Signature(query.get("by", ""), query.get("expires", ""), query.get("signature", ""))


async def signer(request: Request, token_id: int) -> Actor:
    """The actor on whose behalf a checked link is answered and logged: the owner of its token; a visitor for 0.

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
