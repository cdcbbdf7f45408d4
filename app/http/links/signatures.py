"""What every signed link has: a signature in its query, and the signer on whose behalf it is answered."""

from __future__ import annotations

from starlette.requests import Request

from app.access.authentication.change_authors import context_of
from app.access.policy import Actor
from app.access.sessions import SessionEnded
from app.artifacts.links import Signature, Signer
from app.db import change_context
from app.errors import Forbidden, Unauthenticated
from app.http.authentication import client_of
from app.runtime import Runtime


def signature_of(request: Request) -> Signature:
    """The signature in the query of a link; it still has to be checked."""
    query = request.query_params
    return Signature(query.get("by", ""), query.get("expires", ""), query.get("signature", ""))


async def actor_of(request: Request, signer: Signer) -> Actor:
    """The actor on whose behalf a checked link is answered and logged: whose token or session it is, or a visitor.

    Raises:
        Forbidden: the token or session has ended, or its user was deactivated.
    """
    actor = await _signer(request, signer)
    change_context.begin(context_of(actor))
    return actor


async def _signer(request: Request, signer: Signer) -> Actor:
    runtime: Runtime = request.app.state.runtime
    client = client_of(request.scope)
    if signer == "0":
        return runtime.authenticator.visitor(client)
    try:
        if signer.startswith("s"):
            actor = await runtime.authenticator.session_holder(int(signer[1:]), client)
        else:
            actor = await runtime.authenticator.holder(int(signer), client)
    except SessionEnded:
        raise Forbidden("The sign-in that the link was made with has ended; sign in and ask for a new link.") from None
    except Unauthenticated:
        raise Forbidden(
            "The token that the link was made with has expired or was revoked; ask for a new link with another token."
        ) from None
    request.state.actor = actor
    return actor
