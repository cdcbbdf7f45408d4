"""Changing one's own password."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access import users
from app.access.passwords.change import ChangePassword, change_password
from app.graphql.access.types import User
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.people.inputs import PasswordChangeInput
from app.graphql.types.fields import INPUT, mutation, optional, user_errors


@strawberry.type(description="Payload of `passwordChange`.")
class PasswordChangePayload:
    user: User | None = optional("You.")
    ended_session_count: int | None = optional("How many other sign-ins of yours have ended with it.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class PasswordsMutation:
    @mutation(
        "Changes your password and ends all your other sign-ins; tokens go on. Takes the session of a browser: a token "
        "cannot do this."
    )
    async def password_change(self, info: Info, input: Annotated[PasswordChangeInput, INPUT]) -> PasswordChangePayload:
        context = info.context
        command = ChangePassword(input.current_password, input.new_password)
        ended = await change_password(context.db, context.actor, command, context.runtime.openid)
        [user] = await users.by_ids(context.db, [context.actor.user_id or 0])
        return PasswordChangePayload(user=User.of(user) if user is not None else None, ended_session_count=ended)
