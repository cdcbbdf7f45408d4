"""Making, editing and deleting service accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, func, insert, update
from sqlalchemy.exc import IntegrityError

from app.access import access_log, bots, policy
from app.access.access_log import Action
from app.access.members import GroupOrProject
from app.access.names import check_title
from app.access.policy import Actor, Role
from app.access.service_accounts import accounts
from app.access.service_accounts.accounts import ServiceAccount
from app.access.tables import Membership, Token, User
from app.access.tables_of_people import ServiceAccount as Row
from app.db.database import Database, Tx
from app.errors import Forbidden, Taken, TooLarge
from app.text import normalized, quoted

MAX_DESCRIPTION = 1_000


@dataclass(frozen=True, slots=True)
class CreateServiceAccount:
    """A named bot of a project or group, where it has this role."""

    target: GroupOrProject
    name: str
    description: str = ""
    role: Role = Role.DEVELOPER


@dataclass(frozen=True, slots=True)
class EditServiceAccount:
    """Only what is not None changes."""

    name: str | None = None
    description: str | None = None
    role: Role | None = None


async def create(db: Database, actor: Actor, command: CreateServiceAccount) -> ServiceAccount:
    """Make a service account, without tokens.

    Raises:
        Forbidden: the actor does not manage tokens there, or has a lower role than the account is to have.
        Taken: the project or group has a service account of that name.
        Invalid: no name; TooLarge: a description of more than 1,000 characters.
    """
    user_id = policy.require_signed_in(actor)
    name, description = check_title(normalized(command.name), "name"), _description(command.description)
    target = command.target
    async with db.write() as tx:
        own = await accounts.manager_role(tx, actor, project_id=target.project_id, group_id=target.group_id)
        _check_rank(own, command.role)
        bot = insert(User).values(username=bots.new_username(), name=name, is_bot=True).returning(User.id)
        bot_id = (await tx.scalars(bot)).one()
        where = {"project_id": target.project_id, "group_id": target.group_id}
        await tx.execute(insert(Membership).values(user_id=bot_id, role=int(command.role), **where))
        values = {"name": name, "description": description, "created_by": user_id}
        made = insert(Row).values(user_id=bot_id, **where, **values).returning(Row)
        await _write(tx, made, name)
        account = await accounts.lock(tx, actor, bot_id)
        await _log(tx, Action.SERVICE_ACCOUNT_CREATE, actor, account)
    return account


async def edit(db: Database, actor: Actor, account_id: int, command: EditServiceAccount) -> ServiceAccount:
    """Change name, description and role; the tokens of the account go along at once.

    Raises:
        ServiceAccountNotFound: there is none, or the actor may not manage it.
        Forbidden: it has, or is to have, a higher role than the actor.
        Taken, Invalid, TooLarge: as for :func:`create`.
    """
    policy.require_signed_in(actor)
    async with db.write() as tx:
        account = await accounts.lock(tx, actor, account_id, to_change=True)
        own = await accounts.manager_role(tx, actor, project_id=account.project_id, group_id=account.group_id)
        _check_rank(own, account.role)
        changed = account
        if command.name is not None:
            changed = replace(changed, name=check_title(normalized(command.name), "name"))
        if command.description is not None:
            changed = replace(changed, description=_description(command.description))
        if command.role is not None:
            _check_rank(own, command.role)
            changed = replace(changed, role=command.role)
        if changed == account:
            return account
        values = {"name": changed.name, "description": changed.description}
        await _write(tx, update(Row).where(Row.user_id == account.id).values(**values).returning(Row), changed.name)
        await tx.execute(update(User).where(User.id == account.id).values(name=changed.name))
        mine = (Membership.user_id == account.id, Membership.rule.is_(None))
        await tx.execute(update(Membership).where(*mine).values(role=int(changed.role)))
        await _log(tx, Action.SERVICE_ACCOUNT_UPDATE, actor, changed)
    policy.invalidate_cache(actor)
    return changed


async def remove(db: Database, actor: Actor, account_id: int) -> ServiceAccount:
    """Delete a service account: all its tokens are refused from now on. What it made keeps its name.

    Raises:
        ServiceAccountNotFound: there is none, or the actor may not manage it.
        Forbidden: it has a higher role than the actor.
    """
    policy.require_signed_in(actor)
    async with db.write() as tx:
        account = await accounts.lock(tx, actor, account_id, to_change=True)
        own = await accounts.manager_role(tx, actor, project_id=account.project_id, group_id=account.group_id)
        _check_rank(own, account.role)
        await tx.execute(delete(Row).where(Row.user_id == account.id))
        await tx.execute(delete(Membership).where(Membership.user_id == account.id))
        living = (Token.user_id == account.id, Token.revoked_at.is_(None))
        await tx.execute(update(Token).where(*living).values(revoked_at=func.now()))
        await tx.execute(update(User).where(User.id == account.id).values(blocked_at=func.now()))
        await _log(tx, Action.SERVICE_ACCOUNT_DELETE, actor, account)
    policy.invalidate_cache(actor)
    return account


def _check_rank(own: Role, role: Role) -> None:
    if role > own:
        raise Forbidden(
            f"You are {own.name.lower()} here; a service account with the role {role.name.lower()} is above that."
        )


def _description(text: str) -> str:
    if len(text) > MAX_DESCRIPTION:
        raise TooLarge(f"The description has {len(text)} characters; {MAX_DESCRIPTION} fit.", field="description")
    return text


async def _write(tx: Tx, statement: Any, name: str) -> None:
    """Run a statement that gives an account a name; the index of names decides who of two comes first.

    Raises:
        Taken: another account has it.
    """
    try:
        (await tx.scalars(statement)).one()
    except IntegrityError as error:
        raise Taken(
            f"There is already a service account {quoted(name)} here; choose another name.", field="name"
        ) from error


async def _log(tx: Tx, action: Action, actor: Actor, account: ServiceAccount) -> None:
    await access_log.record(
        tx,
        action,
        actor=actor,
        user_id=account.id,
        username=account.name,
        project_id=account.project_id,
        group_id=account.group_id,
        role=account.role.name.lower(),
    )
