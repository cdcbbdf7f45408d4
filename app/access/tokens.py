"""Access tokens: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, or_, select, update

from app.access import access_log, bots, policy, repository
from app.access.access_log import Action
from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.policy import Actor, Permission, Scope
from app.access.repository import ValidToken
from app.access.service_accounts import accounts
from app.access.tables import Membership, User
from app.access.tables import Token as Token
from app.access.token_rules import expiry, granting, model_patterns
from app.access.token_rules.expiry import LongestLives
from app.access.token_rules.requests import IssueToken as IssueToken
from app.access.token_rules.requests import check as check
from app.db.database import Database, Tx
from app.errors import Forbidden, Invalid, NotFound, Unauthenticated, Unavailable
from app.pagination import Keyset, Page, Window
from app.text import normalized

PREFIX = "myt_"
_USED_RESOLUTION = timedelta(minutes=1)
"""`last_used_at` is written at most this often, so that reading stays reading."""


class TokenNotFound(NotFound):
    """There is no such token, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token; ``secret`` is never shown again."""

    token: Token
    secret: str


async def authenticate(db: Database, secret: str) -> Actor:
    """Who a token speaks for.

    Raises:
        Unauthenticated: unknown, expired or revoked, all alike.
    """
    token, actor = await read(db, secret)
    await record_use(db, token.id, token.last_used_at)
    return actor


async def read(db: Database, secret: str) -> tuple[Token, Actor]:
    """A token and who it speaks for.

    Raises:
        Unauthenticated: unknown, expired or revoked, all alike.
    """
    if not secret.startswith(PREFIX) or len(secret) > 100:
        raise _refused()
    async with db.read() as snap:
        valid = await repository.valid_token(snap, digest(secret))
    if valid is None:
        raise _refused()
    return valid.token, _actor(valid)


async def record_use(
    db: Database, token_id: int | None, last_used_at: datetime | None, client: ClientInfo = UNKNOWN
) -> datetime:
    """Note that a token is used and from where, once a minute at most. Answers when it was used last, as far as noted.

    Where it cannot be noted it is left for a minute: reading goes on while the disk of the database is full.
    """
    now = datetime.now(UTC)
    if last_used_at is not None and now - last_used_at < _USED_RESOLUTION:
        return last_used_at
    stale = or_(Token.last_used_at.is_(None), Token.last_used_at < now - _USED_RESOLUTION)
    values = {"last_used_at": func.now(), "last_address": client.address, "last_client": client.agent}
    with suppress(Unavailable):
        async with db.write() as tx:
            await tx.execute(update(Token).where(Token.id == token_id, stale).values(**values))
    return now


async def read_by_id(db: Database, token_id: int) -> tuple[Token, Actor]:
    """A token and who it speaks for, by its id.

    Raises:
        Unauthenticated: it has expired or was revoked.
    """
    async with db.read() as snap:
        valid = await repository.valid_token(snap, token_id=token_id)
    if valid is None:
        raise _refused()
    return valid.token, _actor(valid)


async def actors_of(db: Database, token_ids: Sequence[int]) -> dict[int, Actor]:
    """Who these tokens speak for, by id; those that have expired or were revoked are left out."""
    if not token_ids:
        return {}
    async with db.read() as snap:
        return {valid.token.id: _actor(valid) for valid in await repository.valid_tokens(snap, token_ids)}


async def issue(db: Database, actor: Actor, command: IssueToken, *, longest: LongestLives = expiry.UNLIMITED) -> Issued:
    """Make a token: personal, of a service account, or for a project or group with a bot user of its own.

    Raises:
        Forbidden: the actor may not, or requests more than it has.
        Invalid: no name, no scope, an expiry that is past or too late, or what does not go together.
        ServiceAccountNotFound: there is none, or the actor may not know of it.
    """
    user_id = policy.require_signed_in(actor)
    check(command)
    latest = longest.personal if command.is_personal else longest.bots
    command = replace(command, expires_at=expiry.end(command.expires_at, latest))
    async with db.write() as tx:
        if command.is_personal:
            if actor.is_confined:
                raise Forbidden("A project or group token cannot make personal tokens.")
            issued = await add(tx, command, user_id=user_id, created_by=user_id)
        else:
            issued = await _issue_to_bot(tx, actor, command, user_id)
        await _log(tx, Action.TOKEN_CREATE, actor, issued.token)
    return issued


async def _issue_to_bot(tx: Tx, actor: Actor, command: IssueToken, user_id: int) -> Issued:
    if command.service_account_id is not None:
        account = await accounts.lock(tx, actor, command.service_account_id)
        command = replace(command, project_id=account.project_id, group_id=account.group_id, role=account.role)
    own = await accounts.manager_role(tx, actor, project_id=command.project_id, group_id=command.group_id)
    granting.require_grantable(actor, own, command.role, command.scopes)
    if actor.is_confined:
        command = replace(command, expires_at=await no_longer_than(tx, actor, command.expires_at))
    bot_id = command.service_account_id or await _add_bot(tx, command)
    return await add(tx, command, user_id=bot_id, created_by=user_id)


async def add(
    tx: Tx, command: IssueToken, *, user_id: int, created_by: int | None, replaces_id: int | None = None
) -> Issued:
    """Step: write the token's row and make its secret. The caller logs it."""
    secret = PREFIX + secrets.token_urlsafe(30)
    patterns = None if command.model_patterns is None else list(model_patterns.check(command.model_patterns))
    token: Token | None = await tx.scalar(
        insert(Token)
        .values(
            user_id=user_id,
            project_id=command.project_id,
            group_id=command.group_id,
            name=normalized(command.name),
            sha256=digest(secret),
            scopes=[str(scope) for scope in dict.fromkeys(command.scopes)],
            created_by=created_by,
            expires_at=command.expires_at,
            ci_job=command.ci_job,
            model_patterns=patterns,
            request_limit=command.request_limit,
            storage_limit=command.storage_limit,
            replaces_id=replaces_id,
        )
        .returning(Token)
    )
    assert token is not None, "INSERT … RETURNING gives the row"
    return Issued(token, secret)


async def revoke(db: Database, actor: Actor, token_id: int) -> Token:
    """End a token at once. Doing so twice is fine. Every token may end itself, whatever its scopes.

    Raises:
        TokenNotFound: not the actor's own, nor of a project or group that it manages.
    """
    is_itself = actor.token_id == token_id
    user_id = actor.user_id if is_itself and actor.user_id is not None else policy.require_signed_in(actor)
    async with db.write() as tx:
        token = await tx.scalar(select(Token).where(Token.id == token_id).with_for_update())
        if token is None or not (is_itself or await may_manage(tx, actor, token, user_id)):
            raise TokenNotFound(f"There is no token {token_id} that you may revoke.")
        was_valid = token.revoked_at is None
        revoked: Token | None = await tx.scalar(
            update(Token)
            .where(Token.id == token_id)
            .values(revoked_at=func.coalesce(Token.revoked_at, func.now()))
            .returning(Token)
        )
        assert revoked is not None, "the row is locked"
        if was_valid:
            await _log(tx, Action.TOKEN_REVOKE, actor, revoked)
    return revoked


async def current(db: Database, actor: Actor) -> Token | None:
    """The token of the request; None for a session."""
    if actor.token_id is None:
        return None
    async with db.read() as snap:
        return await snap.scalar(select(Token).where(Token.id == actor.token_id))


async def own(db: Database, actor: Actor, window: Window) -> Page[Token]:
    """The actor's personal tokens, newest first, revoked ones too; a token without api or read_api sees itself only."""
    if actor.user_id is None:
        raise Unauthenticated("This needs a token: send it as `Authorization: Bearer myt_…`.")
    personal = (Token.project_id.is_(None), Token.group_id.is_(None))
    statement = select(Token).where(Token.user_id == actor.user_id, *personal)
    if not policy.has_scope(actor, Permission.ACCOUNT_READ):
        statement = statement.where(Token.id == actor.token_id)
    async with db.read() as snap:
        return ORDER.page((await snap.scalars(ORDER.apply(statement, window))).all(), window)


def digest(secret: str) -> bytes:
    """What is kept of a token: it is random and long, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


ORDER: Keyset[Token] = Keyset("tokens", (Token.id,), lambda token: (token.id,), descending=True)


def _actor(valid: ValidToken) -> Actor:
    token, user = valid.token, valid.user
    return Actor(
        user_id=user.id,
        username=user.username,
        is_admin=user.is_admin,
        scopes=granting.holding([Scope(scope) for scope in token.scopes], valid.granter),
        model_patterns=tuple(token.model_patterns) if token.model_patterns is not None else None,
        project_boundary=token.project_id,
        group_boundary=token.group_id,
        token_id=token.id,
        request_limit=token.request_limit,
        storage_limit=token.storage_limit,
        ci_job=token.ci_job,
        valid_until=valid.valid_until,
    )


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "The token is unknown, expired or revoked. Send a valid one as `Authorization: Bearer myt_…` "
        "(for the MLflow client: MLFLOW_TRACKING_TOKEN)."
    )


async def no_longer_than(tx: Tx, actor: Actor, wanted: datetime | None, *, shortens: bool = False) -> datetime | None:
    """Step: when a token ends that a bot makes: not later than the bot's own.

    ``shortens``: no one has requested the end, so that an earlier one is given instead of a refusal.

    Raises:
        Invalid: it would.
    """
    end = await tx.scalar(select(Token.expires_at).where(Token.id == actor.token_id))
    if end is not None and wanted is not None and wanted > end:
        if shortens:
            return end
        raise Invalid(
            f"A token that a token makes ends with it at the latest: `{wanted.isoformat()}` is after "
            f"`{end.isoformat()}`.",
            field="expiresAt",
        )
    return wanted or end


async def may_manage(tx: Tx, actor: Actor, token: Token, user_id: int) -> bool:
    """Step: whether the actor may end a token: its own, of a project or group that it manages, or itself."""
    if token.project_id is None and token.group_id is None:
        return token.user_id == user_id or (actor.is_admin and not actor.is_confined)
    if actor.token_id == token.id:
        return True
    try:
        await accounts.manager_role(tx, actor, project_id=token.project_id, group_id=token.group_id)
    except (NotFound, Forbidden):
        return False
    return True


async def _log(tx: Tx, action: Action, actor: Actor, token: Token) -> None:
    await access_log.record(
        tx,
        action,
        actor=actor,
        user_id=token.user_id,
        username=await users_name(tx, token.user_id),
        project_id=token.project_id,
        group_id=token.group_id,
        token=token.id,
        name=token.name,
        scopes=token.scopes,
    )


async def users_name(tx: Tx, user_id: int) -> str:
    """Step: the username of a token's user."""
    return await tx.scalar(select(User.username).where(User.id == user_id)) or ""


async def _add_bot(tx: Tx, command: IssueToken) -> int:
    bot_id: int | None = await tx.scalar(
        insert(User).values(username=bots.new_username(), name=normalized(command.name), is_bot=True).returning(User.id)
    )
    assert bot_id is not None, "INSERT … RETURNING gives the id"
    await tx.execute(
        insert(Membership).values(
            user_id=bot_id, project_id=command.project_id, group_id=command.group_id, role=int(command.role)
        )
    )
    return bot_id
