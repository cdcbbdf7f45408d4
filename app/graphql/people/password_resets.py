"""Links by which a person sets a new password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.access.one_time_links import password_resets
from app.graphql.access.types import User
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.people.inputs import UserPasswordResetCreateInput
from app.graphql.types.fields import INPUT, mutation, optional, user_errors


@strawberry.type(description="Payload of `userPasswordResetCreate`.")
class UserPasswordResetCreatePayload:
    user: User | None = optional("Whose password the link sets.")
    url: str | None = optional("The link to hand to that person; earlier ones are dead. Never shown again.")
    expires_at: datetime | None = optional("Until when it can be used.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class PasswordResetsMutation:
    @mutation("Makes a link that works once, for 24 hours, by which a person sets a password. For administrators.")
    async def user_password_reset_create(
        self, info: Info, input: Annotated[UserPasswordResetCreateInput, INPUT]
    ) -> UserPasswordResetCreatePayload:
        made = await password_resets.create(info.context.db, info.context.actor, input.username)
        return UserPasswordResetCreatePayload(
            user=User.of(made.user),
            url=f"{info.context.base_url}/password-resets/{made.new.secret}",
            expires_at=made.new.link.expires_at,
        )
