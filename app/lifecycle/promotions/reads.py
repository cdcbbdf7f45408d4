"""Promotions and requests of many parents at once: statements do not grow with the parents.

Keys begin with the project. Answers come in the order of the keys, an error instead of what may not be read. Where the
actor's token is confined to some models, those of others are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Row, Select, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.access.reads.permitted import own_projects_allowing
from app.db.database import Database
from app.db.merged_reads import merged
from app.lifecycle.promotions.outcomes import COMPLETED
from app.lifecycle.promotions.tables import Promotion, PromotionApproval, PromotionRequest, PromotionRequestEvent
from app.pagination import Keyset, Page, Window
from app.registry import models

__all__ = ["Promotion", "PromotionApproval", "PromotionRequest", "PromotionRequestEvent"]

Key: TypeAlias = tuple[int, int]
"""Project and id."""

_READS = GuardedReads(Permission.REGISTRY_READ, of_models=True)
_PROMOTIONS: Keyset[Promotion] = Keyset("promotions", (Promotion.id,), lambda row: (row.id,), descending=True)
_REQUESTS: Keyset[PromotionRequest] = Keyset(
    "promotion requests", (PromotionRequest.id,), lambda row: (row.id,), descending=True
)
_TO_APPROVE: Keyset[Row[*tuple[Any, ...]]] = Keyset(
    "requests to approve", (PromotionRequest.id,), lambda row: (row.id,), descending=True
)
_EVENTS: Keyset[PromotionRequestEvent] = Keyset(
    "promotion request events", (PromotionRequestEvent.id,), lambda row: (row.id,)
)


@dataclass(frozen=True, slots=True)
class RequestList:
    """Which requests: of a state, for a stage by the name that it had; None: of all."""

    state: str | None = None
    stage: str | None = None


async def promotions_by_keys(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[Promotion | None]:
    """Promotions by id; None where there is none."""
    return await _READS.singles(
        db, actor, keys, statement=_promotions(actor), parent=(Promotion.project_id, Promotion.id)
    )


async def promotions_of_versions(
    db: Database, actor: Actor, keys: Sequence[Key], window: Window
) -> Results[Page[Promotion]]:
    """Promotions of each version, completed and refused, latest first."""
    parent = (Promotion.project_id, Promotion.version_id)
    return await _READS.pages(
        db, actor, keys, window, statement=_promotions(actor), order=_PROMOTIONS, parent=parent, row=Promotion
    )


async def promotions_of_requests(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[Promotion | None]:
    """The promotion that each request has led to; None where it has led to none."""
    statement = _promotions(actor).where(Promotion.state == COMPLETED)
    return await _READS.singles(
        db, actor, keys, statement=statement, parent=(Promotion.project_id, Promotion.request_id)
    )


async def requests_by_keys(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[PromotionRequest | None]:
    """Requests by id; None where there is none."""
    parent = (PromotionRequest.project_id, PromotionRequest.id)
    return await _READS.singles(db, actor, keys, statement=_requests(actor), parent=parent)


async def requests_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window, query: RequestList
) -> Results[Page[PromotionRequest]]:
    """Requests of each project, latest first."""
    return await _READS.pages(
        db,
        actor,
        keys,
        window,
        statement=_listed(actor, query),
        order=_REQUESTS,
        parent=(PromotionRequest.project_id,),
        row=PromotionRequest,
    )


async def count_requests_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], query: RequestList
) -> Results[int]:
    """How many requests each project has."""
    return await _READS.counts(db, actor, keys, statement=_listed(actor, query), parent=(PromotionRequest.project_id,))


async def requests_of_versions(
    db: Database, actor: Actor, keys: Sequence[Key], window: Window
) -> Results[Page[PromotionRequest]]:
    """Requests for each version, latest first."""
    parent = (PromotionRequest.project_id, PromotionRequest.version_id)
    return await _READS.pages(
        db, actor, keys, window, statement=_requests(actor), order=_REQUESTS, parent=parent, row=PromotionRequest
    )


async def requests_to_approve(db: Database, actor: Actor, window: Window) -> Page[Row[*tuple[Any, ...]]]:
    """Project and id of open requests that the actor may approve and has not opened, latest first, in one statement.

    In all projects that the actor is a member of.
    """
    statement = select(PromotionRequest.project_id, PromotionRequest.id).where(
        PromotionRequest.state == "open",
        PromotionRequest.requested_by.is_distinct_from(actor.user_id),
        *models.reached(actor, PromotionRequest.project_id, PromotionRequest.model_id),
    )
    own = own_projects_allowing(actor, Permission.PROMOTION_APPROVE)
    async with db.read() as snap:
        return await merged(snap, statement, _TO_APPROVE, window, parent=PromotionRequest.project_id, parents=own)


async def events_of_requests(
    db: Database, actor: Actor, keys: Sequence[Key], window: Window
) -> Results[Page[PromotionRequestEvent]]:
    """The timeline of each request, oldest first. The caller has read the requests."""
    parent = (PromotionRequestEvent.project_id, PromotionRequestEvent.request_id)
    statement = select(PromotionRequestEvent)
    return await _READS.pages(
        db, actor, keys, window, statement=statement, order=_EVENTS, parent=parent, row=PromotionRequestEvent
    )


async def approvals_of_requests(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[list[PromotionApproval]]:
    """The approvals of each request, those that fell, too, oldest first. The caller has read the requests."""
    parent = (PromotionApproval.project_id, PromotionApproval.request_id)
    statement = select(PromotionApproval).order_by(PromotionApproval.id)
    return await _READS.groups(db, actor, keys, statement=statement, parent=parent)


def _promotions(actor: Actor) -> Select[Promotion]:
    return select(Promotion).where(*models.reached(actor, Promotion.project_id, Promotion.model_id))


def _requests(actor: Actor) -> Select[PromotionRequest]:
    reached = models.reached(actor, PromotionRequest.project_id, PromotionRequest.model_id)
    return select(PromotionRequest).where(*reached)


def _listed(actor: Actor, query: RequestList) -> Select[PromotionRequest]:
    statement = _requests(actor)
    if query.state is not None:
        statement = statement.where(PromotionRequest.state == query.state)
    if query.stage is not None:
        statement = statement.where(PromotionRequest.stage == query.stage)
    return statement
