"""Requests whose time is over, whose version is gone, and approvals that do not hold any more. A worker looks.

Deciding never waits for it: an approval that does not hold counts for nothing before it is ended here, and a request
that is too old is refused.
"""

from __future__ import annotations

from sqlalchemy import func, select

from app.access.policy import ANONYMOUS
from app.db.database import Database
from app.errors import NotFound
from app.lifecycle.promotions import approvals, checked, requests, timeline
from app.lifecycle.promotions.tables import PromotionRequest
from app.lifecycle.promotions.timeline import EventKind
from app.registry.stages import definitions
from app.registry.versions import lookup

BATCH = 200
"""Requests that one run looks at, of each kind."""
GONE = "The version or the stage is gone."

Key = tuple[int, int]


async def tidy(db: Database) -> int:
    """Expire requests and end approvals; the number of requests that changed. Safe to run twice at once."""
    return await expire(db) + await look_again(db)


async def expire(db: Database) -> int:
    """End the requests whose time is over by the database's clock."""
    statement = (
        select(PromotionRequest)
        .where(PromotionRequest.state == "open", PromotionRequest.expires_at <= func.now())
        .order_by(PromotionRequest.expires_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    async with db.write() as tx:
        over = (await tx.scalars(statement)).all()
        for request in over:
            await requests.end(tx, request, "expired", EventKind.EXPIRED, None)
    return len(over)


async def look_again(db: Database) -> int:
    """End approvals that were given for something else, and requests for what is gone; goes through all of them."""
    changed, after = 0, None
    while keys := await _open(db, after):
        for key in keys:
            changed += await _look_at(db, key)
        after = keys[-1]
    return changed


async def _open(db: Database, after: Key | None) -> list[Key]:
    statement = select(PromotionRequest.project_id, PromotionRequest.id).where(PromotionRequest.state == "open")
    if after is not None:
        statement = statement.where(
            (PromotionRequest.project_id > after[0])
            | ((PromotionRequest.project_id == after[0]) & (PromotionRequest.id > after[1]))
        )
    async with db.read() as snap:
        rows = await snap.execute(statement.order_by(PromotionRequest.project_id, PromotionRequest.id).limit(BATCH))
        return [(row[0], row[1]) for row in rows]


async def _look_at(db: Database, key: Key) -> bool:
    async with db.write() as tx:
        mine = (PromotionRequest.project_id == key[0], PromotionRequest.id == key[1], PromotionRequest.state == "open")
        request = await tx.scalar(select(PromotionRequest).where(*mine).with_for_update(skip_locked=True))
        if request is None:
            return False
        stages = {stage.id: stage for stage in await definitions.of_project(tx, key[0])}
        try:
            model, version = await lookup.find(tx, ANONYMOUS, key[0], request.version_id)
        except NotFound:
            version = None
        if version is None or request.stage_id not in stages:
            await requests.end(tx, request, "withdrawn", EventKind.WITHDRAWN, None, GONE)
            return True
        standing = await approvals.standing(tx, *key)
        if not standing:
            return False
        now = await checked.of_version(tx, version, stages[request.stage_id])
        fallen = await approvals.fall(tx, key[0], standing, now)
        for approval, reason in fallen:
            body = f"The approval of {approval.username} fell. {reason}"
            await timeline.note(tx, request, model.name, EventKind.APPROVAL_FELL, None, body)
        return bool(fallen)
