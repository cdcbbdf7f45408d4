"""How people sign in here, and who they are at OpenID providers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.access import policy
from app.access.openid import identities, password_sign_in
from app.access.openid.identities import OpenIdIdentity
from app.access.policy import Permission
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.people.inputs import IdentityDeleteInput
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, resolved, user_errors
from app.graphql.types.node import Node


@strawberry.type(description="An OpenID provider with which people sign in.")
class SignInProvider:
    name: str = strawberry.field(description="Its name in addresses: `/openid/<name>/start` is where a form begins.")
    title: str = strawberry.field(description="Its name for people.")


@strawberry.type(description="How people sign in to this installation.")
class SignInMethods:
    providers: list[SignInProvider] = strawberry.field(description="OpenID providers, in the order of the settings.")

    @resolved("Whether passwords are accepted.")
    async def has_passwords(self, info: Info) -> bool:
        return await password_sign_in.accepted(info.context.db, info.context.runtime.openid)


@strawberry.type(description="Who you are at an OpenID provider; you sign in with it.")
class Identity(Node):
    provider: SignInProvider = strawberry.field(description="The provider.")
    email: str | None = strawberry.field(
        description="The e-mail address that the provider had verified at the last sign-in."
    )
    created_at: datetime = strawberry.field(description="When it was linked.")
    last_used_at: datetime = strawberry.field(description="When you signed in with it last.")

    @classmethod
    def of(cls, info: Info, row: OpenIdIdentity) -> Identity:
        title = info.context.runtime.openid.title_of(row.provider)
        return cls(
            id=ids.of("Identity", row.id),
            provider=SignInProvider(name=row.provider, title=title),
            email=row.email,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
        )


@strawberry.type(description="Payload of `identityDelete`.")
class IdentityDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the identity, which is of no use any more.")
    user_errors: list[UserError] = user_errors()


async def own_identities(info: Info) -> list[Identity]:
    """The caller's identities, the oldest first."""
    return [Identity.of(info, row) for row in await identities.own(info.context.db, info.context.actor)]


async def identity_by_id(info: Info, key: int | None) -> Identity | None:
    """An identity of the caller's own; None: it has none of that id."""
    actor = info.context.actor
    if key is None or actor.is_anonymous or not policy.has_scope(actor, Permission.ACCOUNT_READ):
        return None
    wanted = ids.of("Identity", key)
    return next((one for one in await own_identities(info) if one.id == wanted), None)


@strawberry.type
class IdentitiesQuery:
    @resolved("How people sign in, for the page where they do. Needs no token.")
    def sign_in_methods(self, info: Info) -> SignInMethods:
        providers = info.context.runtime.openid.providers
        return SignInMethods(providers=[SignInProvider(name=one.name, title=one.title) for one in providers])


@strawberry.type
class IdentitiesMutation:
    @mutation("Unlinks an identity of your own, unless it is your last way to sign in; its provider's roles end.")
    async def identity_delete(self, info: Info, input: Annotated[IdentityDeleteInput, INPUT]) -> IdentityDeletePayload:
        key = ids.integer(input.id, "Identity")
        if key is None:
            raise ids.missing("identity", input.id, "id")
        context = info.context
        await identities.delete_own(context.db, context.actor, context.runtime.openid, key)
        return IdentityDeletePayload(deleted_id=ids.of("Identity", key))
