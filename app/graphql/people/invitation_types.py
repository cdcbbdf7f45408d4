"""The types of invitations, apart from what makes them: groups and projects list them, too."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from app.access import policy
from app.access.one_time_links import reads
from app.access.one_time_links.invitations import InvitationRole as RoleRow
from app.access.one_time_links.invitations import NewInvitation, is_person
from app.access.one_time_links.reads import Status
from app.access.policy import Permission
from app.graphql.access.enums import Role
from app.graphql.access.types import User, named_user
from app.graphql.context import Info
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.pagination import Page


@strawberry.enum(description="How far an invitation is.")
class InvitationStatus(Enum):
    PENDING = value("pending", "Its link can be used.")
    ACCEPTED = value("accepted", "Its link was used.")
    REVOKED = value("revoked", "It was taken back, or who made it may not give any more what it gives.")
    EXPIRED = value("expired", "Its link was not used in time.")


@strawberry.type(description="A role in a group or project that comes with an invitation.")
class InvitationMembership:
    row: strawberry.Private[RoleRow]
    role: Role = strawberry.field(description="The role.")
    expires_at: datetime | None = strawberry.field(description="When the membership ends; null: it does not.")

    @resolved("The group, when the role is in one that you may see.")
    async def group(self, info: Info) -> groups.Group | None:
        return await groups.group_by_id(info, self.row.group_id)

    @resolved("The project, when the role is in one that you may see.")
    async def project(self, info: Info) -> access.Project | None:
        return await access.project_by_id(info, self.row.project_id)


@strawberry.type(
    description="A link by which a person comes in, with the roles that it gives. Works once, for 72 hours."
)
class Invitation(Node):
    listed: strawberry.Private[reads.Listed]
    status: InvitationStatus = strawberry.field(description="How far it is.")
    email: str | None = strawberry.field(
        description="The e-mail address of the invited person, as the inviter gave it."
    )
    is_admin: bool = strawberry.field(description="Whether the person becomes administrator.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="Until when its link can be used.")
    accepted_at: datetime | None = strawberry.field(description="When it was accepted; null: it was not.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back; null: it was not.")

    @classmethod
    def of(cls, listed: reads.Listed) -> Invitation:
        row = listed.row
        return cls(
            id=ids.of("Invitation", row.id),
            listed=listed,
            status=InvitationStatus(listed.status.value),
            email=row.email,
            is_admin=row.makes_admin,
            created_at=row.created_at,
            expires_at=row.expires_at,
            accepted_at=row.used_at,
            revoked_at=row.revoked_at,
        )

    @resolved("What it gives now; what its maker may not give any more is left out.")
    async def memberships(self, info: Info) -> list[InvitationMembership]:
        rows = await info.context.loaders.invitations.roles.load(self.listed.id)
        return [InvitationMembership(row=row, role=Role(row.role), expires_at=row.expires_at) for row in rows]

    @resolved("Who made it or renewed it last; null: who has the command line of the server.")
    async def created_by(self, info: Info) -> User | None:
        return await named_user(info, self.listed.row.created_by)

    @resolved("Who accepted it.")
    async def accepted_by(self, info: Info) -> User | None:
        return await named_user(info, self.listed.row.used_by)

    @resolved("Whether it can still be revoked, and you may.")
    def viewer_can_revoke(self, info: Info) -> bool:
        actor = info.context.actor
        may = policy.has_scope(actor, Permission.ACCOUNT_MANAGE) and is_person(actor)
        return may and self.listed.status in _OPEN


_OPEN = {Status.PENDING, Status.EXPIRED}


def of_new(made: NewInvitation) -> Invitation:
    """An invitation whose link was just made."""
    return Invitation.of(reads.Listed(made.invitation, Status.PENDING))


def of_page(page: Page[reads.Listed]) -> Connection[Invitation]:
    """A page of invitations."""
    return connection(page, Invitation.of)


async def invitation_by_id(info: Info, invitation_id: int | None) -> Invitation | None:
    """The invitation of that id, if it may be seen, through the request's loader."""
    if invitation_id is None:
        return None
    listed = await info.context.loaders.invitations.invitations.load(invitation_id)
    return Invitation.of(listed) if listed else None


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups  # noqa: E402
from app.graphql.access import groups_and_projects as access  # noqa: E402
