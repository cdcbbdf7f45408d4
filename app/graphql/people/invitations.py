"""Invitations as the client sees them, and how they are made, renewed and revoked."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access.members import GroupOrProject
from app.access.one_time_links import invitations, reads
from app.access.one_time_links.invitations import Invite, InvitedRole
from app.access.one_time_links.reads import Status
from app.graphql.access.lookups import GroupOrProjectLookup
from app.graphql.access.queries import find_group, find_project
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.people.inputs import InvitationRenewInput, InvitationRevokeInput, UserInviteInput
from app.graphql.people.invitation_types import Invitation, InvitationStatus, of_new
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import INPUT, mutation, optional, resolved, user_errors

WithStatus = Annotated[
    InvitationStatus | None, strawberry.argument(description="Only those of this status; all when left out.")
]


@strawberry.type(description="Payload of `userInvite`.")
class UserInvitePayload:
    invitation: Invitation | None = optional("The new invitation.")
    url: str | None = optional("The link to hand to the invited person. Never shown again.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `invitationRenew`.")
class InvitationRenewPayload:
    invitation: Invitation | None = optional("The invitation, with its whole life before it.")
    url: str | None = optional("The new link; the old one is dead. Never shown again.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `invitationRevoke`.")
class InvitationRevokePayload:
    deleted_id: strawberry.ID | None = optional("The id of the invitation, whose link is dead.")
    invitation: Invitation | None = optional("The invitation; lists still show it.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class InvitationsQuery:
    @resolved("All invitations, newest first. For administrators: null with an error for others.")
    async def invitations(
        self,
        info: Info,
        *,
        status: WithStatus = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Invitation] | None:
        db, actor = info.context.db, info.context.actor
        wanted = Status(status.value) if status else None
        page = await reads.page(db, actor, window(first, after, last, before), wanted)
        return connection(page, Invitation.of, lambda: reads.count(db, actor, wanted))


@strawberry.type
class InvitationsMutation:
    @mutation(
        "Invites a person by a link that works once, for 72 hours. For administrators, and owners of all it names."
    )
    async def user_invite(self, info: Info, input: Annotated[UserInviteInput, INPUT]) -> UserInvitePayload:
        roles = [
            InvitedRole(await _target(info, one.group_or_project), one.role, one.expires_at)
            for one in input.memberships
        ]
        command = Invite(input.email, is_admin=input.is_admin, roles=roles)
        made = await invitations.create(info.context.db, info.context.actor, command)
        return UserInvitePayload(invitation=of_new(made), url=_url(info, made.secret))

    @mutation("Gives an invitation another link and its whole life again; you stand for it from now on.")
    async def invitation_renew(
        self, info: Info, input: Annotated[InvitationRenewInput, INPUT]
    ) -> InvitationRenewPayload:
        made = await invitations.renew(info.context.db, info.context.actor, _key(input.id))
        return InvitationRenewPayload(invitation=of_new(made), url=_url(info, made.secret))

    @mutation("Ends an invitation that was not accepted. For its maker, owners of what it is to, and administrators.")
    async def invitation_revoke(
        self, info: Info, input: Annotated[InvitationRevokeInput, INPUT]
    ) -> InvitationRevokePayload:
        row = await invitations.revoke(info.context.db, info.context.actor, _key(input.id))
        revoked = Invitation.of(reads.Listed(row, Status.REVOKED))
        return InvitationRevokePayload(deleted_id=revoked.id, invitation=revoked)


async def _target(info: Info, lookup: GroupOrProjectLookup) -> GroupOrProject:
    if lookup.project:
        return GroupOrProject(project_id=(await find_project(info, lookup.project)).id)
    assert lookup.group, "one of the two is given"
    return GroupOrProject(group_id=(await find_group(info, lookup.group)).id)


def _key(id: str) -> int:
    key = ids.integer(id, "Invitation")
    if key is None:
        raise ids.missing("invitation", id, "id")
    return key


def _url(info: Info, secret: str) -> str:
    return f"{info.context.base_url}/invitations/{secret}"
