"""The actor of a request as the author of changes, for the audit log."""

from __future__ import annotations

from app.access.policy import Actor
from app.db.change_context import ChangeContext


def context_of(actor: Actor) -> ChangeContext:
    """Who acts, by which token or session, from where and by which request."""
    client = actor.client
    return ChangeContext(
        actor=actor.user_id,
        username=actor.username,
        token=actor.token_id,
        session=actor.session_id,
        ci_job=actor.ci_job or "",
        address=client.address,
        client=client.agent,
        request=client.request_id,
    )
