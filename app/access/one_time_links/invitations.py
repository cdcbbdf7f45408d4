"""Invitations: who may invite whom, and to what. Acceptance is a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select

from app.access import access_log, groups, policy, projects
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.members import GroupOrProject
from app.access.names import check_email
from app.access.one_time_links import links
from app.access.one_time_links.links import OneTimeLink as Invitation
from app.access.one_time_links.links import Purpose
from app.access.policy import Actor, Permission, Role
from app.access.tables import User
from app.access.tables_of_people import InvitationRole as InvitationRole
from app.db.database import Database, Snapshot, Tx
from app.errors import Conflict, Forbidden, Invalid, ModelyardError, NotFound, Taken

MAX_ROLES = 50


class InvitationNotFound(NotFound):
    """There is no such invitation, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class InvitedRole:
    """A role that comes with an invitation; ``expires_at`` is when the membership ends."""

    target: GroupOrProject
    role: Role
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """A request for an invitation."""

    email: str | None = None
    is_admin: bool = False
    roles: Sequence[InvitedRole] = ()


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation and the secret of its link, which is never shown again."""

    invitation: Invitation
    secret: str


async def create(db: Database, actor: Actor, command: Invite) -> NewInvitation:
    """Invite a person. Administrators may give everything; owners of groups and projects, roles there.

    Raises:
        Forbidden: the actor may not give that; a token of a project or group invites no one.
        NotFound: a group or project that the actor may not see.
        Invalid: no e-mail address, an end in the past, or a group or project that is named twice.
        Taken: for administrators only: a person has that e-mail address already.
    """
    async with db.write() as tx:
        return await add(tx, actor, command)


async def add(tx: Tx, actor: Actor, command: Invite) -> NewInvitation:
    """Step: the same in the caller's transaction."""
    user_id = require_person(actor)
    email = check_email(command.email) if command.email else None
    check_roles(command.roles)
    if not actor.is_administrator:
        if command.is_admin:
            raise Forbidden("Only administrators invite administrators.")
        if not command.roles:
            raise Forbidden(
                "Only administrators invite without a role; name a group or project of which you are owner."
            )
    elif email is not None:
        await refuse_existing(tx, email)
    for each in command.roles:
        await require_owner(tx, actor, each.target)
    made = await write(tx, command, email=email, created_by=user_id)
    await record(tx, Action.INVITATION_CREATE, actor, made.invitation)
    return made


async def write(tx: Tx, command: Invite, *, email: str | None, created_by: int | None) -> NewInvitation:
    """Step: the rows of an invitation that was checked already."""
    new = await links.add(tx, Purpose.INVITATION, email=email, makes_admin=command.is_admin, created_by=created_by)
    rows = [
        {
            "link_id": new.link.id,
            "group_id": each.target.group_id,
            "project_id": each.target.project_id,
            "role": int(each.role),
            "expires_at": each.expires_at,
        }
        for each in command.roles
    ]
    if rows:
        await tx.execute(insert(InvitationRole), rows)
    return NewInvitation(new.link, new.secret)


async def renew(db: Database, actor: Actor, invitation_id: int) -> NewInvitation:
    """A new link, which lives as long as the first one did, instead of the old one, which is dead.

    The actor stands for the invitation from now on and has to be able to give all that it gives.

    Raises:
        InvitationNotFound: none that the actor may see.
        Forbidden: the actor may not give all that it gives.
        Conflict: it was accepted or revoked.
    """
    user_id = require_person(actor)
    async with db.write() as tx:
        invitation, roles = await _managed(tx, actor, invitation_id)
        if invitation.makes_admin and not actor.is_administrator:
            raise Forbidden("Only administrators invite administrators.")
        for role in roles:
            await require_owner(tx, actor, target_of(role))
        new = await links.renew(tx, invitation.id, user_id)
        if new is None:
            raise _over(invitation)
        await record(tx, Action.INVITATION_RENEW, actor, new.link)
    return NewInvitation(new.link, new.secret)


async def revoke(db: Database, actor: Actor, invitation_id: int) -> Invitation:
    """End an invitation at once; twice is fine. Its maker may, and every owner of a group or project of its roles.

    Raises:
        InvitationNotFound: none that the actor may see.
        Conflict: it was accepted.
    """
    require_person(actor)
    async with db.write() as tx:
        invitation, _ = await _managed(tx, actor, invitation_id)
        was_revoked = invitation.revoked_at is not None
        revoked = await links.revoke(tx, invitation.id)
        if revoked is None:
            raise _over(invitation)
        if not was_revoked:
            await record(tx, Action.INVITATION_REVOKE, actor, revoked)
    return revoked


def require_person(actor: Actor, *, to_write: bool = True) -> int:
    """The id of the person who invites, or looks at invitations.

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: a token of a project or group, which is no person, or one that is confined or only reads.
    """
    user_id = policy.require_signed_in(actor, to_write=to_write)
    if actor.is_confined:
        raise Forbidden("Only people invite people: accounts would outlast this token of a project or group.")
    if actor.model_patterns is not None:
        raise policy.beyond_patterns(actor, "invitations are beyond it")
    return user_id


def is_person(actor: Actor) -> bool:
    """Whether the actor is a person with a session, or with a token that is confined to nothing."""
    return not actor.is_anonymous and not actor.is_confined and actor.model_patterns is None


async def require_owner(snap: Snapshot, actor: Actor, target: GroupOrProject) -> None:
    """Read step: refuse who is no owner of a group or project.

    Raises:
        NotFound: it may not be seen.
        Forbidden: it may, and the actor is no owner.
    """
    if target.project_id is not None:
        access = await projects.visible(snap, actor, target.project_id)
        policy.require(actor, access, Permission.PERSON_INVITE)
    else:
        assert target.group_id is not None, "a target is one of the two"
        await groups.require(snap, actor, target.group_id, Permission.PERSON_INVITE)


def check_roles(roles: Sequence[InvitedRole]) -> None:
    """Refuse roles that no invitation can have.

    Raises:
        Invalid: too many, two for one group or project, or an end in the past.
    """
    if len(roles) > MAX_ROLES:
        raise Invalid(f"An invitation carries at most {MAX_ROLES} roles; these are {len(roles)}.", field="memberships")
    if len({role.target for role in roles}) < len(roles):
        raise Invalid(
            "A group or project stands more than once in `memberships`; give one role in each.", field="memberships"
        )
    for role in roles:
        if role.expires_at is not None and role.expires_at <= datetime.now(UTC):
            raise Invalid(
                f"`{role.expires_at.isoformat()}` is in the past; a membership must end later.", field="expiresAt"
            )


def target_of(role: InvitationRole) -> GroupOrProject:
    """Where a role of an invitation is given."""
    return GroupOrProject(project_id=role.project_id, group_id=role.group_id)


async def roles_of(snap: Snapshot, invitation_id: int) -> list[InvitationRole]:
    """Read step: the roles with which an invitation was made, whether they hold or not."""
    statement = select(InvitationRole).where(InvitationRole.link_id == invitation_id).order_by(InvitationRole.id)
    return list(await snap.scalars(statement))


async def record(
    tx: Tx,
    action: Action,
    actor: Actor | None,
    invitation: Invitation,
    *,
    user: User | None = None,
    client: ClientInfo | None = None,
    refused: str = "",
) -> None:
    """Step: an entry of the access log for each group and project that the invitation is to.

    It is about the ``user`` who accepted, else about the e-mail address that the inviter gave.
    """
    targets = [target_of(role) for role in await roles_of(tx, invitation.id)] or [GroupOrProject()]
    for target in targets:
        await access_log.record(
            tx,
            action,
            actor=actor,
            client=client,
            user_id=user.id if user is not None else None,
            username=user.username if user is not None else invitation.email or "(invited)",
            group_id=target.group_id,
            project_id=target.project_id,
            invitation=invitation.id,
            makes_admin=invitation.makes_admin,
            refused=refused,
        )


async def _managed(tx: Tx, actor: Actor, invitation_id: int) -> tuple[Invitation, list[InvitationRole]]:
    """An invitation that the actor may revoke, with its roles, locked."""
    invitation: Invitation | None = await tx.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id, Invitation.purpose == str(Purpose.INVITATION))
        .with_for_update()
    )
    missing = InvitationNotFound(f"There is no invitation {invitation_id} that you may revoke.", field="id")
    if invitation is None:
        raise missing
    roles = await roles_of(tx, invitation_id)
    if actor.is_administrator or invitation.created_by == actor.user_id or await _owns_one(tx, actor, roles):
        return invitation, roles
    raise missing


async def _owns_one(tx: Tx, actor: Actor, roles: Sequence[InvitationRole]) -> bool:
    for role in roles:
        try:
            await require_owner(tx, actor, target_of(role))
        except ModelyardError:
            continue
        return True
    return False


async def refuse_existing(tx: Tx, email: str) -> None:
    """Step: refuse to invite who has an account. For administrators, who see every user: to others this would tell
    who has one.

    Raises:
        Taken: a person has that e-mail address.
    """
    username = await tx.scalar(select(User.username).where(func.lower(User.email) == email.lower()))
    if username is not None:
        raise Taken(f"`{username}` has this e-mail address already; give that user the role.", field="email")


def _over(invitation: Invitation) -> Conflict:
    how = "accepted" if invitation.used_at is not None else "revoked"
    return Conflict(f"This invitation was {how} already; make another one.", field="id")
