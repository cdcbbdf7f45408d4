"""The list of users, and what administrators do with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import strawberry

from app.access import users
from app.access.administration import directory, user_changes
from app.access.administration.directory import UserList, UserSort, UserStatus
from app.access.administration.user_changes import UpdateUser
from app.access.users import Email
from app.graphql.access.types import User
from app.graphql.context import Info
from app.graphql.errors import UserError, or_none
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import INPUT, choice, enumerated, mutation, optional, resolved, user_errors
from app.graphql.types.orders import Direction, direction
from app.upkeep import group_deletion

enumerated(
    UserStatus,
    "Whether a user may come in.",
    ACTIVE="The user may.",
    DEACTIVATED="An administrator has deactivated the user, or the token or service account of the bot has ended.",
    DELETED="This is what is left of a person who was deleted.",
)
enumerated(
    UserSort,
    "By what users are ordered.",
    name="UserOrderField",
    USERNAME="By username.",
    LAST_ACTIVE_AT="By the latest use of a session or token.",
)


@strawberry.input(description="An order of users.")
class UserOrder:
    field: UserSort = strawberry.field(description="By what.")
    direction: Direction = direction()


Search = Annotated[
    str, strawberry.argument(description="Only with this text in username, name or e-mail address, whatever the case.")
]
InStatus = Annotated[
    UserStatus | None, strawberry.argument(description="Only these; all who are not deleted when left out.")
]
OfAdministrators = Annotated[
    bool | None, strawberry.argument(description="Only administrators, or only others; all when left out.")
]
OfBots = Annotated[bool, strawberry.argument(description="Bots, not people.")]
OrderUsers = Annotated[UserOrder | None, strawberry.argument(description="The order; by username when left out.")]


@strawberry.input(one_of=True, description="Names a user, in one of three ways.")
class UserLookup:
    id: strawberry.ID | None = choice("The id of the user.")
    username: str | None = choice("The username, whatever the case.")
    email: str | None = choice("The e-mail address, if you may see it.")

    def key(self) -> int | str | Email:
        """What the core knows the user by.

        Raises:
            NotFound: the id means no user.
        """
        if self.id:
            key = ids.integer(self.id, "User")
            if key is None:
                raise ids.missing("user", self.id, "user")
            return key
        return Email(self.email) if self.email else self.username or ""


@strawberry.input(description="Input of `userUpdate`; what is left out stays.")
class UserUpdateInput:
    user: UserLookup = strawberry.field(description="The user; yourself, for all but administrators.")
    name: str | None = optional("For people to read.")
    email: str | None = optional("The e-mail address, of no other user; an empty text takes it away.")
    is_admin: bool | None = optional("Whether the user administers the installation. For administrators.")


@strawberry.type(description="Payload of `userUpdate`.")
class UserUpdatePayload:
    user: User | None = optional("The user as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `userDeactivate`.")
class UserDeactivateInput:
    user: UserLookup = strawberry.field(description="The user.")


@strawberry.type(description="Payload of `userDeactivate`.")
class UserDeactivatePayload:
    user: User | None = optional("The user as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `userReactivate`.")
class UserReactivateInput:
    user: UserLookup = strawberry.field(description="The user.")


@strawberry.type(description="Payload of `userReactivate`.")
class UserReactivatePayload:
    user: User | None = optional("The user as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `userDelete`.")
class UserDeleteInput:
    user: UserLookup = strawberry.field(description="The user.")
    confirm: str | None = optional("The username, if there are projects in the user's own namespace: they go with it.")


@strawberry.type(description="Payload of `userDelete`.")
class UserDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the user, which what the user made still names.")
    background_job: BackgroundJob | None = optional("The job that removes what was in the user's namespace.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class UsersQuery:
    @resolved("A user; null when there is none, or you are a member of nothing together with the user.")
    async def user(
        self, info: Info, by: Annotated[UserLookup, strawberry.argument(description="The user.")]
    ) -> User | None:
        row = await or_none(_find(info, by))
        return User.of(row) if row else None

    @resolved("Users of the installation. For administrators: null with an error for others.")
    async def users(
        self,
        info: Info,
        *,
        search: Search = "",
        status: InStatus = None,
        is_admin: OfAdministrators = None,
        is_bot: OfBots = False,
        order_by: OrderUsers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[User] | None:
        db, actor, request = info.context.db, info.context.actor, UserList(search, status, is_admin, is_bot)
        if order_by is not None:
            request = replace(request, by=order_by.field, descending=order_by.direction.is_descending)
        page = await directory.search(db, actor, window(first, after, last, before), request)
        return connection(page, User.of, lambda: directory.count(db, actor, request))


@strawberry.type
class UsersMutation:
    @mutation("Changes a user: administrators any, others their own name.")
    async def user_update(self, info: Info, input: Annotated[UserUpdateInput, INPUT]) -> UserUpdatePayload:
        command = UpdateUser(input.user.key(), input.name, input.email, input.is_admin)
        changed = await user_changes.edit(info.context.db, info.context.actor, command)
        return UserUpdatePayload(user=User.of(changed))

    @mutation("Refuses everything of a user from the next request on; what the user made stays. For administrators.")
    async def user_deactivate(self, info: Info, input: Annotated[UserDeactivateInput, INPUT]) -> UserDeactivatePayload:
        changed = await user_changes.deactivate(info.context.db, info.context.actor, input.user.key())
        return UserDeactivatePayload(user=User.of(changed))

    @mutation("Lets a deactivated user in again. For administrators.")
    async def user_reactivate(self, info: Info, input: Annotated[UserReactivateInput, INPUT]) -> UserReactivatePayload:
        changed = await user_changes.reactivate(info.context.db, info.context.actor, input.user.key())
        return UserReactivatePayload(user=User.of(changed))

    @mutation("Deletes a user for good; what the user made is left, by a user without a name. For administrators.")
    async def user_delete(self, info: Info, input: Annotated[UserDeleteInput, INPUT]) -> UserDeletePayload:
        gone = await group_deletion.delete_user(info.context.db, info.context.actor, input.user.key(), input.confirm)
        job = await job_by_id(info, gone.job_id) if gone.job_id else None
        return UserDeletePayload(deleted_id=ids.of("User", gone.id), background_job=job)


async def _find(info: Info, by: UserLookup) -> users.User:
    return await users.get(info.context.db, info.context.actor, by.key())
