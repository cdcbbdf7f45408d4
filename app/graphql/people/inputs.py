"""Inputs of the mutations of invitations and password resets."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.access.enums import Role
from app.graphql.access.lookups import GroupOrProjectLookup
from app.graphql.types.fields import optional


@strawberry.input(description="A role in a group or project that comes with an invitation.")
class InvitationMembershipInput:
    group_or_project: GroupOrProjectLookup = strawberry.field(
        description="The group or project, of which you are owner."
    )
    role: Role = strawberry.field(description="The role there.")
    expires_at: datetime | None = optional("When the membership ends; it does not when left out.")


@strawberry.input(description="Input of `userInvite`.")
class UserInviteInput:
    email: str | None = optional(
        "The e-mail address of the invited person, which the new account gets. Nothing is sent."
    )
    is_admin: bool = optional("Whether the person becomes administrator. For administrators.", default=False)
    memberships: list[InvitationMembershipInput] = strawberry.field(
        default_factory=list, description="What comes with it, at most 50; only administrators may name none."
    )


@strawberry.input(description="Input of `invitationRenew`.")
class InvitationRenewInput:
    id: strawberry.ID = strawberry.field(description="The id of the invitation.")


@strawberry.input(description="Input of `invitationRevoke`.")
class InvitationRevokeInput:
    id: strawberry.ID = strawberry.field(description="The id of the invitation.")


@strawberry.input(description="Input of `userPasswordResetCreate`.")
class UserPasswordResetCreateInput:
    username: str = strawberry.field(description="Whose password.")


@strawberry.input(description="Input of `identityDelete`.")
class IdentityDeleteInput:
    id: strawberry.ID = strawberry.field(description="The id of the identity.")


@strawberry.input(description="Input of `passwordChange`.")
class PasswordChangeInput:
    current_password: str = strawberry.field(description="The password so far.")
    new_password: str = strawberry.field(
        description="The password from now on: 10 to 1,024 characters, none of the most common ones, without the "
        "username in it."
    )
