"""Lists of invitations: all of them for administrators, those to a group or project for its owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from app.access import groups, policy, repository
from app.access.groups import GroupAccess
from app.access.one_time_links import invitations
from app.access.one_time_links.links import OneTimeLink as Invitation
from app.access.one_time_links.links import Purpose
from app.access.one_time_links.validity import held_roles, maker_may
from app.access.policy import Actor, Permission, Role
from app.access.reads import loaders
from app.access.reads.guarded import GuardedReads, Results
from app.access.reads.loaders import IdKey
from app.access.tables import Group, Project
from app.access.tables_of_people import InvitationRole
from app.db import batch_reads
from app.db.database import Database, Snapshot
from app.errors import Forbidden, ModelyardError
from app.pagination import Keyset, Page, Window

_OWNED = GuardedReads(Permission.PERSON_INVITE)


class Status(StrEnum):
    """How far an invitation is."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    """Taken back, or who made it may not give any more what it gives."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Listed:
    """An invitation with its status as of now."""

    row: Invitation
    status: Status

    @property
    def id(self) -> int:
        return self.row.id


AnySelect: TypeAlias = Select[*tuple[Any, ...]]
ORDER: Keyset[Listed] = Keyset("invitations", (Invitation.id,), lambda listed: (listed.id,), descending=True)


async def page(db: Database, actor: Actor, window: Window, status: Status | None = None) -> Page[Listed]:
    """All invitations, newest first. Administrators only.

    Raises:
        Forbidden: the actor is no administrator.
    """
    _require_admin(actor)
    async with db.read() as snap:
        rows = (await snap.execute(ORDER.apply(_with_status(status), window))).all()
    return ORDER.page([_listed(row) for row in rows], window)


async def count(db: Database, actor: Actor, status: Status | None = None) -> int:
    """How many invitations :func:`page` would page through.

    Raises:
        Forbidden: the actor is no administrator.
    """
    _require_admin(actor)
    async with db.read() as snap:
        return await snap.scalar(select(func.count()).select_from(_with_status(status).subquery())) or 0


async def of_projects(db: Database, actor: Actor, keys: Sequence[IdKey], window: Window) -> Results[Page[Listed]]:
    """Invitations to each project, newest first; for its owners."""
    if actor.is_confined or actor.model_patterns is not None:
        return [_for_people()] * len(keys)
    return await _OWNED.pages(
        db,
        actor,
        keys,
        window,
        statement=_with_roles(),
        order=ORDER,
        row=Invitation,
        parent=(InvitationRole.project_id,),
        convert=_listed,
    )


async def of_groups(db: Database, actor: Actor, keys: Sequence[IdKey], window: Window) -> Results[Page[Listed]]:
    """Invitations to each group, newest first; for its owners."""
    if actor.is_confined or actor.model_patterns is not None:
        return [_for_people()] * len(keys)

    def refuse(access: GroupAccess) -> ModelyardError | None:
        try:
            groups.require_in(actor, access, Permission.PERSON_INVITE)
        except ModelyardError as refusal:
            return refusal
        return None

    async def fetch(snap: Snapshot, allowed: list[IdKey]) -> Sequence[Page[Listed]]:
        parent = (InvitationRole.group_id,)
        return await batch_reads.pages(
            snap, _with_roles(), ORDER, window, row=Invitation, parent=parent, keys=allowed, convert=_listed
        )

    return await loaders.of_groups(db, actor, keys, refuse, fetch)


async def by_ids(db: Database, actor: Actor, ids: Sequence[int]) -> list[Listed | None]:
    """Invitations in the order of the ids, None where the actor may not see one: administrators see all, others what
    they made, and what is to a group or project of which they are owner.
    """
    needed = Permission.ACCOUNT_READ if actor.is_administrator else Permission.ACCOUNT_MANAGE
    if not invitations.is_person(actor) or not policy.has_scope(actor, needed):
        return [None] * len(ids)
    async with db.read() as snap:
        statement = _with_status(None).where(Invitation.id.in_(ids))
        if not actor.is_administrator:
            statement = statement.where(
                or_(Invitation.created_by == actor.user_id, Invitation.id.in_(_owned_by(actor)))
            )
        seen = {listed.id: listed for listed in map(_listed, await snap.execute(statement))}
    return [seen.get(id) for id in ids]


async def roles_by_ids(db: Database, ids: Sequence[int]) -> list[list[InvitationRole]]:
    """For loaders: the roles that each invitation gives now, for callers that see these invitations."""
    async with db.read() as snap:
        return await batch_reads.groups(
            snap,
            held_roles().order_by(InvitationRole.id),
            parent=(InvitationRole.link_id,),
            keys=[(id,) for id in ids],
        )


def _with_status(status: Status | None) -> AnySelect:
    may = maker_may()
    statement = select(Invitation, may.label("maker_may")).where(Invitation.purpose == str(Purpose.INVITATION))
    return statement if status is None else statement.where(_has(status, may))


def _has(status: Status, may: ColumnElement[bool]) -> ColumnElement[bool]:
    accepted, expired = Invitation.used_at.is_not(None), Invitation.expires_at <= func.now()
    revoked = or_(Invitation.revoked_at.is_not(None), not_(may))
    return {
        Status.ACCEPTED: accepted,
        Status.REVOKED: and_(not_(accepted), revoked),
        Status.EXPIRED: and_(not_(accepted), not_(revoked), expired),
        Status.PENDING: and_(not_(accepted), not_(revoked), not_(expired)),
    }[status]


def _listed(row: Any) -> Listed:
    invitation: Invitation = row[0]
    if invitation.used_at is not None:
        return Listed(invitation, Status.ACCEPTED)
    if invitation.revoked_at is not None or not row.maker_may:
        return Listed(invitation, Status.REVOKED)
    return Listed(invitation, Status.EXPIRED if invitation.expires_at <= datetime.now(UTC) else Status.PENDING)


def _with_roles() -> AnySelect:
    return _with_status(None).join(InvitationRole, InvitationRole.link_id == Invitation.id)


def _owned_by(actor: Actor) -> AnySelect:
    """Ids of invitations to groups and projects of which the actor is owner."""
    role_in_project, role_in_group = repository.role_in_project(actor), repository.role_in_group(actor)
    owned_projects = select(Project.id).where(Project.deleted_at.is_(None), role_in_project >= int(Role.OWNER))
    owned_groups = select(Group.id).where(role_in_group >= int(Role.OWNER))
    return select(InvitationRole.link_id).where(
        or_(InvitationRole.project_id.in_(owned_projects), InvitationRole.group_id.in_(owned_groups))
    )


def _require_admin(actor: Actor) -> None:
    invitations.require_person(actor, to_write=False)
    if not actor.is_administrator:
        raise Forbidden("Only administrators see all invitations; owners see those to their groups and projects.")


def _for_people() -> ModelyardError:
    return Forbidden("Only people see invitations, not tokens that are confined to a project, a group or some models.")
