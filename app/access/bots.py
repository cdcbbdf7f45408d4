"""Users behind the identities of machines: one for a whole project, whose tokens are many and short."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import and_, delete, func, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.policy import Role
from app.access.tables import Membership, Token, User
from app.db.database import Tx

_KEEP_TOKENS = timedelta(days=1)


def new_username() -> str:
    """A name without the bot's project or group: what it makes may be visible where those are not."""
    return f"bot_{secrets.token_hex(8)}"


async def add(tx: Tx, project_id: int, name: str, role: Role) -> int:
    """Step: a bot with that role in the project; its id."""
    statement = insert(User).values(username=new_username(), name=name, is_bot=True).returning(User.id)
    bot_id = (await tx.scalars(statement)).one()
    await set_role(tx, project_id, bot_id, role)
    return bot_id


async def set_role(tx: Tx, project_id: int, bot_id: int, role: Role) -> None:
    """Step: what the bot, with all its tokens, may do from now on."""
    statement = upsert(Membership).values(user_id=bot_id, project_id=project_id, role=int(role))
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "project_id"],
            index_where=and_(Membership.project_id.is_not(None), Membership.rule.is_(None)),
            set_={"role": int(role)},
        )
    )


async def retire(tx: Tx, project_id: int, bot_id: int) -> None:
    """Step: end the bot's membership and all its tokens at once."""
    mine = (Membership.user_id == bot_id, Membership.project_id == project_id)
    await tx.execute(delete(Membership).where(*mine).execution_options(synchronize_session=False))
    ended = update(Token).where(Token.user_id == bot_id, Token.revoked_at.is_(None)).values(revoked_at=func.now())
    await tx.execute(ended.execution_options(synchronize_session=False))


async def forget_tokens(tx: Tx, bot_id: int) -> None:
    """Step: remove the bot's tokens that have expired more than a day ago."""
    old = (Token.user_id == bot_id, Token.expires_at < func.now() - _KEEP_TOKENS)
    await tx.execute(delete(Token).where(*old).execution_options(synchronize_session=False))
