"""Service accounts of many projects or groups at once, and their tokens: statements do not grow with them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.access import groups, policy, tokens
from app.access.groups import GroupAccess
from app.access.policy import Actor, Permission
from app.access.reads import loaders
from app.access.reads.guarded import GuardedReads, Results
from app.access.reads.loaders import IdKey
from app.access.service_accounts import accounts
from app.access.service_accounts.accounts import ServiceAccount
from app.access.tables import Token
from app.access.tables_of_people import ServiceAccount as Row
from app.db import batch_reads
from app.db.database import Database, Snapshot
from app.errors import ModelyardError
from app.pagination import Keyset, Page, Window

_MANAGED = GuardedReads(Permission.TOKEN_MANAGE)
ORDER: Keyset[ServiceAccount] = Keyset(
    "service accounts", (Row.user_id,), lambda account: (account.id,), descending=True
)


async def of_projects(
    db: Database, actor: Actor, keys: Sequence[IdKey], window: Window
) -> Results[Page[ServiceAccount]]:
    """The service accounts of each project, newest first; for those who manage them."""
    return await _MANAGED.pages(
        db,
        actor,
        keys,
        window,
        statement=accounts.statement(),
        order=ORDER,
        row=Row,
        parent=(Row.project_id,),
        convert=accounts.of_row,
    )


async def of_groups(db: Database, actor: Actor, keys: Sequence[IdKey], window: Window) -> Results[Page[ServiceAccount]]:
    """The same of groups."""

    def refuse(access: GroupAccess) -> ModelyardError | None:
        try:
            groups.require_in(actor, access, Permission.TOKEN_MANAGE)
        except ModelyardError as refusal:
            return refusal
        return None

    async def fetch(snap: Snapshot, allowed: list[IdKey]) -> Sequence[Page[ServiceAccount]]:
        return await batch_reads.pages(
            snap,
            accounts.statement(),
            ORDER,
            window,
            row=Row,
            parent=(Row.group_id,),
            keys=allowed,
            convert=accounts.of_row,
        )

    return await loaders.of_groups(db, actor, keys, refuse, fetch)


async def by_ids(db: Database, actor: Actor, ids: Sequence[int]) -> list[ServiceAccount | None]:
    """Service accounts in the order of the ids, None where the actor may not manage one."""
    if not policy.has_scope(actor, Permission.TOKEN_MANAGE) or actor.is_anonymous:
        return [None] * len(ids)
    async with db.read() as snap:
        rows = [accounts.of_row(row) for row in await snap.execute(accounts.statement().where(Row.user_id.in_(ids)))]
        in_projects = await loaders.managed_projects(snap, actor, {row.project_id for row in rows if row.project_id})
        in_groups = await loaders.managed_groups(snap, actor, {row.group_id for row in rows if row.group_id})
    seen = {row.id: row for row in rows if row.project_id in in_projects or row.group_id in in_groups}
    return [seen.get(id) for id in ids]


async def tokens_of(db: Database, keys: Sequence[IdKey], window: Window) -> Sequence[Page[Token]]:
    """The tokens of each service account, newest first, for who was shown the account."""
    async with db.read() as snap:
        return await batch_reads.pages(
            snap, select(Token), tokens.ORDER, window, row=Token, parent=(Token.user_id,), keys=keys
        )
