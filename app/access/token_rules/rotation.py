"""Rotation: a new secret with what the old one may do; the old one goes on for a while, or ends at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, func, select, update

from app.access import access_log, policy, repository, tokens
from app.access.access_log import Action
from app.access.policy import Actor, Role, Scope
from app.access.service_accounts import accounts
from app.access.tables import Membership, Token, User
from app.access.token_rules import expiry, granting
from app.access.token_rules.expiry import LongestLives
from app.access.token_rules.requests import IssueToken
from app.access.tokens import Issued, TokenNotFound
from app.db.database import Database, Tx
from app.errors import Conflict, Forbidden, Invalid

MAX_OVERLAP = timedelta(days=30)


class TokenEnded(Conflict):
    """The token has ended, or was rotated already."""


async def rotate(
    db: Database,
    actor: Actor,
    token_id: int,
    *,
    overlap: timedelta = timedelta(0),
    expires_at: datetime | None = None,
    longest: LongestLives = expiry.UNLIMITED,
) -> Issued:
    """A new token with name, scopes, patterns and limits of an old one, which ends after ``overlap`` (0: at once).

    Its owner rotates a personal token, a manager that of a project or group, if the manager could make such a one; and
    with the scope ``api`` each token rotates itself. Without ``expires_at`` the new one lives as long as the old one
    was made to live; one that a token made or rotated, no longer than that one's end. A token of a project or group
    that rotates itself gets no longer life than it was made with. Of two rotations at once one is refused.

    Raises:
        TokenNotFound: the actor may not know of it.
        Forbidden: it may do more than the actor could give, or is that of a CI job.
        TokenEnded: it was revoked, has expired, or was rotated already.
        Invalid: an overlap that is negative or longer than 30 days, or an end that is past or too late.
    """
    user_id = policy.require_signed_in(actor)
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise Invalid(
            f"The overlap is {int(overlap.total_seconds())} seconds; it is 0 to "
            f"{int(MAX_OVERLAP.total_seconds())} (30 days).",
            field="overlapSeconds",
        )
    async with db.write() as tx:
        old = await tx.scalar(select(Token).where(Token.id == token_id).with_for_update())
        if old is None or not await tokens.may_manage(tx, actor, old, user_id):
            raise TokenNotFound(f"There is no token {token_id} that you may rotate.", field="id")
        await _require_same(tx, actor, old)
        await _require_alive(tx, old)
        issued = await tokens.add(
            tx,
            await _command(tx, actor, old, expires_at, longest),
            user_id=old.user_id,
            created_by=user_id if _is_by_bot(actor, old) else old.created_by,
            replaces_id=old.id,
        )
        await _end(tx, old, overlap)
        await access_log.record(
            tx,
            Action.TOKEN_ROTATE,
            actor=actor,
            user_id=old.user_id,
            username=await tokens.users_name(tx, old.user_id),
            project_id=old.project_id,
            group_id=old.group_id,
            token=issued.token.id,
            replaces=old.id,
            name=old.name,
            overlap_seconds=int(overlap.total_seconds()),
        )
    return issued


async def _require_same(tx: Tx, actor: Actor, old: Token) -> None:
    """Refuse who would get a secret that may do more than it may itself."""
    if old.ci_job is not None:
        raise Forbidden("The token of a CI job ends with the job and is not rotated; the job gets another one.")
    if actor.token_id == old.id:
        return
    if old.project_id is None and old.group_id is None:
        if old.user_id != actor.user_id:
            raise Forbidden("Only its owner rotates a personal token; administrators may revoke it.")
        return
    own = await accounts.manager_role(tx, actor, project_id=old.project_id, group_id=old.group_id)
    here = repository.in_group_or_project(project_id=old.project_id, group_id=old.group_id)
    given = await tx.scalar(select(func.max(Membership.role)).where(Membership.user_id == old.user_id, here))
    granting.require_grantable(actor, own, Role(given or Role.GUEST), [Scope(scope) for scope in old.scopes])


async def _require_alive(tx: Tx, old: Token) -> None:
    """Under the lock of the row: the second of two rotations sees what the first has written."""
    if old.revoked_at is not None:
        raise TokenEnded("The token was revoked; make a new one.", field="id")
    if old.expires_at is not None and old.expires_at <= datetime.now(UTC):
        raise TokenEnded("The token has expired; make a new one.", field="id")
    if await tx.scalar(select(exists().where(Token.replaces_id == old.id))):
        raise TokenEnded("The token was rotated already; rotate the one that replaces it.", field="id")


def _is_by_bot(actor: Actor, old: Token) -> bool:
    """Whether one token of a project or group rotates another: then it is the maker of the new one."""
    return actor.is_confined and actor.token_id != old.id


async def _command(tx: Tx, actor: Actor, old: Token, wanted: datetime | None, longest: LongestLives) -> IssueToken:
    is_personal = old.project_id is None and old.group_id is None
    latest = longest.personal if is_personal else longest.bots
    ends = wanted
    if old.expires_at is not None:
        life = old.expires_at - old.created_at
        if ends is None:
            ends = datetime.now(UTC) + (life if latest is None else min(life, latest))
        elif actor.is_confined and actor.token_id == old.id and ends > datetime.now(UTC) + life:
            raise Invalid(
                "A token that rotates itself gets no longer life than it was made with: until "
                f"`{(datetime.now(UTC) + life).isoformat(timespec='seconds')}`. Who manages it can give it more.",
                field="expiresAt",
            )
    if _is_by_bot(actor, old):
        ends = await tokens.no_longer_than(tx, actor, ends, shortens=wanted is None)
    ends = expiry.end(ends, latest)
    if old.expires_at is not None and await _made_by_bot(tx, old):
        if wanted is not None and wanted > old.expires_at:
            raise Invalid(
                f"A token that a token made ends with it at the latest, on `{old.expires_at.isoformat()}`.",
                field="expiresAt",
            )
        ends = min(ends or old.expires_at, old.expires_at)
    return IssueToken(
        name=old.name,
        scopes=[Scope(scope) for scope in old.scopes],
        project_id=old.project_id,
        group_id=old.group_id,
        expires_at=ends,
        model_patterns=old.model_patterns,
        request_limit=old.request_limit,
        storage_limit=old.storage_limit,
    )


async def _made_by_bot(tx: Tx, old: Token) -> bool:
    return bool(await tx.scalar(select(User.is_bot).where(User.id == old.created_by)))


async def _end(tx: Tx, old: Token, overlap: timedelta) -> None:
    mine = update(Token).where(Token.id == old.id)
    if not overlap:
        await tx.execute(mine.values(revoked_at=func.now()))
        return
    await tx.execute(mine.values(expires_at=func.least(Token.expires_at, func.now() + overlap)))
