"""Service accounts as the client sees them, and what changes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.access import policy
from app.access.service_accounts import accounts, changes
from app.access.service_accounts.changes import CreateServiceAccount, EditServiceAccount
from app.graphql.access.enums import Role
from app.graphql.access.inputs import (
    ServiceAccountCreateInput,
    ServiceAccountDeleteInput,
    ServiceAccountUpdateInput,
)
from app.graphql.access.types import Token, User, named_user
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import INPUT, mutation, optional, resolved, user_errors
from app.graphql.types.node import Node


@strawberry.type(description="A named bot of a group or project, with a role and tokens of its own.")
class ServiceAccount(Node):
    account: strawberry.Private[accounts.ServiceAccount]
    name: str = strawberry.field(description="Unique in its group or project, whatever the case.")
    description: str = strawberry.field(description="What it is for.")
    role: Role = strawberry.field(description="Its role there, which holds for all its tokens.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, account: accounts.ServiceAccount) -> ServiceAccount:
        return cls(
            id=ids.of("ServiceAccount", account.id),
            account=account,
            name=account.name,
            description=account.description,
            role=Role(account.role),
            created_at=account.created_at,
        )

    @resolved("The bot, as which its works name it.")
    async def user(self, info: Info) -> User | None:
        return await named_user(info, self.account.id)

    @resolved("Its tokens, newest first, ended ones too.")
    async def tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Token]:
        request = ((self.account.id,), window(first, after, last, before))
        return connection(await info.context.loaders.access.tokens_of_accounts.load(request), Token.of)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await named_user(info, self.account.created_by)

    @resolved("Whether you may change and delete it and make tokens for it.")
    def viewer_can_update(self, info: Info) -> bool:
        # Only those who manage it are shown it.
        return policy.has_scope(info.context.actor, policy.Permission.TOKEN_MANAGE)


async def service_account_by_id(info: Info, account_id: int | None) -> ServiceAccount | None:
    """The service account of that id, if the viewer manages it, through the request's loader."""
    account = await info.context.loaders.access.service_accounts.load(account_id) if account_id is not None else None
    return ServiceAccount.of(account) if account else None


def account_key(id: str, field: str = "id") -> int:
    """What the core knows a service account by.

    Raises:
        NotFound: the id means none.
    """
    key = ids.integer(id, "ServiceAccount")
    if key is None:
        raise ids.missing("service account", id, field)
    return key


@strawberry.type(description="Payload of `serviceAccountCreate`.")
class ServiceAccountCreatePayload:
    service_account: ServiceAccount | None = optional("The new service account; it has no token yet.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `serviceAccountUpdate`.")
class ServiceAccountUpdatePayload:
    service_account: ServiceAccount | None = optional("The service account as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `serviceAccountDelete`.")
class ServiceAccountDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the service account, whose tokens are refused from now on.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ServiceAccountsMutation:
    @mutation("Makes a service account: a named bot of a group or project that you maintain, to make tokens for.")
    async def service_account_create(
        self, info: Info, input: Annotated[ServiceAccountCreateInput, INPUT]
    ) -> ServiceAccountCreatePayload:
        where = await mutations.target(info, input.group_or_project)
        command = CreateServiceAccount(where, input.name, input.description, input.role)
        made = await changes.create(info.context.db, info.context.actor, command)
        return ServiceAccountCreatePayload(service_account=ServiceAccount.of(made))

    @mutation("Changes name, description and role of a service account, and so what all its tokens may do.")
    async def service_account_update(
        self, info: Info, input: Annotated[ServiceAccountUpdateInput, INPUT]
    ) -> ServiceAccountUpdatePayload:
        command = EditServiceAccount(input.name, input.description, input.role)
        changed = await changes.edit(info.context.db, info.context.actor, account_key(input.id), command)
        return ServiceAccountUpdatePayload(service_account=ServiceAccount.of(changed))

    @mutation("Deletes a service account and ends all its tokens at once.")
    async def service_account_delete(
        self, info: Info, input: Annotated[ServiceAccountDeleteInput, INPUT]
    ) -> ServiceAccountDeletePayload:
        gone = await changes.remove(info.context.db, info.context.actor, account_key(input.id))
        return ServiceAccountDeletePayload(deleted_id=ids.of("ServiceAccount", gone.id))


from app.graphql.access import mutations  # noqa: E402 - it makes tokens for accounts, and these name groups like it
