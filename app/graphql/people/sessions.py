"""The sessions of the caller: where they are signed in, and ending that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.access import policy, sessions
from app.access.authentication.devices import device_of
from app.access.sessions import Method
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import INPUT, enumerated, mutation, optional, resolved, user_errors
from app.graphql.types.node import Node

enumerated(
    Method,
    "How a person proved who they are.",
    name="SignInMethod",
    PASSWORD="A name and a password.",  # noqa: S106 - a description
    OPENID="An OpenID provider vouched for them.",
    LINK="A link that works once.",
)


@strawberry.type(description="A browser in which you are signed in.")
class Session(Node):
    row: strawberry.Private[sessions.Session]
    method: Method = strawberry.field(description="How you signed in.")
    provider: str | None = strawberry.field(description="The OpenID provider that vouched for you.")
    device: str = strawberry.field(description="Browser and system in a few words, as far as they are known.")
    client: str = strawberry.field(description="What the browser says that it is (`User-Agent`).")
    address: str = strawberry.field(description="Where the last request came from.")
    created_at: datetime = strawberry.field(description="When you signed in.")
    last_used_at: datetime = strawberry.field(description="When it was last used, to the minute.")
    expires_at: datetime = strawberry.field(description="When it ends at the latest, however much it is used.")
    ended_at: datetime | None = strawberry.field(description="When it was ended; null: it was not.")

    @classmethod
    def of(cls, row: sessions.Session) -> Session:
        return cls(
            id=ids.of("Session", row.id),
            row=row,
            method=Method(row.method),
            provider=row.provider,
            device=device_of(row.client),
            client=row.client,
            address=row.last_address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
        )

    @resolved("Whether this very request came with it.")
    def is_current(self, info: Info) -> bool:
        return self.row.id == info.context.actor.session_id

    @resolved("Whether it has not ended and you may end it.")
    def viewer_can_revoke(self, info: Info) -> bool:
        return self.row.ended_at is None and policy.has_scope(info.context.actor, policy.Permission.ACCOUNT_MANAGE)


async def session_by_id(info: Info, session_id: int | None) -> Session | None:
    """One of the caller's own sessions, through the request's loader."""
    row = await info.context.loaders.access.sessions.load(session_id) if session_id is not None else None
    return Session.of(row) if row else None


@strawberry.type
class ViewerSessions:
    """A part of ``Viewer``."""

    @resolved("The browsers in which you are signed in, the newest first; none for bots.")
    async def sessions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Session] | None:
        context = info.context
        idle = context.runtime.authenticator.session_idle
        page = await sessions.own(context.db, context.actor, window(first, after, last, before), idle=idle)
        return connection(page, Session.of)


@strawberry.input(description="Which session is to end.")
class SessionRevokeInput:
    id: strawberry.ID = strawberry.field(description="The session.")


@strawberry.input(description="Which sessions are to end: all of yours.")
class SessionsRevokeInput:
    keep_current: bool = optional("Keep the one that this request comes with.", default=True)


@strawberry.type(description="Payload of `sessionRevoke`.")
class SessionRevokePayload:
    deleted_id: strawberry.ID | None = optional("The id of the session, which is refused from now on.")
    session: Session | None = optional("The session as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `sessionsRevoke`.")
class SessionsRevokePayload:
    deleted_count: int | None = optional("How many sessions have ended; none is no error.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class SessionsMutation:
    @mutation("Signs a browser of yours out at once, also where it has subscriptions open.")
    async def session_revoke(self, info: Info, input: Annotated[SessionRevokeInput, INPUT]) -> SessionRevokePayload:
        key = ids.integer(input.id, "Session")
        if key is None:
            raise ids.missing("session", input.id, "id")
        ended = Session.of(await sessions.revoke(info.context.db, info.context.actor, key))
        return SessionRevokePayload(deleted_id=ended.id, session=ended)

    @mutation("Signs you out everywhere, but where this request comes from unless you say so.")
    async def sessions_revoke(self, info: Info, input: Annotated[SessionsRevokeInput, INPUT]) -> SessionsRevokePayload:
        context = info.context
        count = await sessions.revoke_all(context.db, context.actor, keep_current=input.keep_current)
        return SessionsRevokePayload(deleted_count=count)
