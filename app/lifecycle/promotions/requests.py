"""Promotion requests: opened, commented, rejected, withdrawn. ``approve`` has the approvals, ``promote`` the promotion.

A request ends once: promoted, rejected, withdrawn or expired. What was said and done stays in its timeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.errors import Conflict, Forbidden, Invalid, NotFound, Taken
from app.lifecycle.promotions import checked, rules, timeline
from app.lifecycle.promotions.tables import PromotionRequest
from app.lifecycle.promotions.timeline import EventKind
from app.lifecycle.promotions.verdicts import refusing
from app.registry import models
from app.registry.names import check_description
from app.registry.references.resolve import Target
from app.registry.stages import definitions
from app.registry.versions import lookup
from app.text import quoted

__all__ = ["PromotionRequest"]

DEFAULT_LIFE = timedelta(days=14)


class RequestNotFound(NotFound):
    """There is no such promotion request, or it may not be seen."""

    def __init__(self, request_id: int) -> None:
        super().__init__(f"There is no promotion request {request_id} in this project, or you may not see it.")


class RequestEnded(Conflict):
    """The promotion request is not open any more."""

    code = "REQUEST_ENDED"


class RequestOpen(Taken):
    """There is an open request for this version and stage already."""

    def __init__(self, existing: PromotionRequest) -> None:
        self.existing = existing
        super().__init__(
            f"A promotion request of {existing.requested_by_name} for {quoted(existing.version)} to "
            f"{quoted(existing.stage)} is open already (number {existing.id}).",
            field="modelVersion",
        )


class VersionUnfit(Conflict):
    """No approval could let the version into the stage."""

    code = "VERSION_UNFIT"


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """``life``: for how long it stays open, counted by the database's clock."""

    stage: str
    reason: str = ""
    promotes_when_approved: bool = False
    keeps_others: bool = False
    life: timedelta = DEFAULT_LIFE


async def open_request(
    db: Database, actor: Actor, project: int | str, target: Target, command: OpenRequest
) -> PromotionRequest:
    """Ask others to approve that a version enters a stage.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        UnknownStage: there is no such stage.
        Invalid: any version may enter the stage, or it is in it already.
        VersionUnfit: the version is open, yanked, empty, damaged, failed or in quarantine.
        RequestOpen: there is an open request already.
    """
    reason = check_description(command.reason, field="reason")
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
        model, version = await lookup.find(tx, actor, access.id, target)
        stage = await definitions.find(tx, access.id, command.stage)
        if not stage.is_guarded:
            raise Invalid(f"Any version may enter the stage {quoted(stage.name)}; no request is needed.", field="stage")
        await lookup.lock_against_deletion(tx, version)
        facts = await checked.files_of(tx, version)
        unfit = [rules.state(version), rules.files(version, facts, is_strict=True), rules.withdrawal(version)]
        if reasons := refusing(unfit):
            raise VersionUnfit(" ".join(verdict.message for verdict in reasons), field="modelVersion")
        await _expire_due(tx, access.id, version.id, stage.id)
        statement = (
            upsert(PromotionRequest)
            .values(
                project_id=access.id,
                model_id=model.id,
                version_id=version.id,
                version=version.version,
                number=version.number,
                stage_id=stage.id,
                stage=stage.name,
                reason=reason,
                promotes_when_approved=command.promotes_when_approved,
                keeps_others=command.keeps_others,
                requested_by=actor.user_id,
                requested_by_name=actor.username,
                token_id=actor.token_id,
                ci_job=actor.ci_job,
                expires_at=func.now() + command.life,
            )
            .on_conflict_do_nothing()
            .returning(PromotionRequest)
        )
        made: PromotionRequest | None = await tx.scalar(statement)
        if made is None:
            raise await _open_already(tx, access.id, version.id, stage.id)
        await timeline.note(tx, made, model.name, EventKind.OPENED, actor, reason)
    return made


async def comment(db: Database, actor: Actor, project: int | str, request_id: int, body: str) -> PromotionRequest:
    """Say something about a request, also about one that has ended.

    Raises:
        RequestNotFound: there is no such request.
        Invalid: nothing is said, or more than 10,000 characters.
    """
    text = _said(body)
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
        request = await find(tx, actor, access, request_id)
        await timeline.note(tx, request, await model_name(tx, request), EventKind.COMMENTED, actor, text)
    return request


async def reject(db: Database, actor: Actor, project: int | str, request_id: int, reason: str) -> PromotionRequest:
    """Refuse a request for good, with a reason; for those who may approve.

    Raises:
        RequestNotFound: there is no such request.
        RequestEnded: it is not open any more; the message tells how it ended.
        Invalid: no reason is given.
    """
    text = _said(reason)
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        request = await find(tx, actor, access, request_id)
        policy.require(actor, access, Permission.PROMOTION_APPROVE)
        return await end(tx, request, "rejected", EventKind.REJECTED, actor, text)


async def withdraw(
    db: Database, actor: Actor, project: int | str, request_id: int, reason: str = ""
) -> PromotionRequest:
    """Take a request back: who opened it, and maintainers.

    Raises:
        RequestNotFound: there is no such request.
        Forbidden: it is another one's, and the actor is no maintainer.
        RequestEnded: it is not open any more.
    """
    text = check_description(reason, field="reason")
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
        request = await find(tx, actor, access, request_id)
        mine = actor.user_id is not None and request.requested_by == actor.user_id
        if not mine and not policy.allows(actor, access, Permission.PROMOTION_BYPASS):
            raise Forbidden(
                f"The request is one of {request.requested_by_name}; only they and maintainers withdraw it."
            )
        return await end(tx, request, "withdrawn", EventKind.WITHDRAWN, actor, text)


async def find(snap: Snapshot, actor: Actor, access: ProjectAccess, request_id: int) -> PromotionRequest:
    """Read step: the request of that id, of a model that the actor's token reaches.

    Raises:
        RequestNotFound: there is none.
    """
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    reached = models.reached(actor, PromotionRequest.project_id, PromotionRequest.model_id)
    request = await snap.scalar(select(PromotionRequest).where(*_is(access.id, request_id), *reached))
    if request is None:
        raise RequestNotFound(request_id)
    return request


async def lock(tx: Tx, request: PromotionRequest) -> PromotionRequest:
    """Step: the request as it is now, which stays open until the commit. After the model's lock, never before it.

    Raises:
        RequestEnded: it is not open any more, or its time is over.
    """
    statement = select(PromotionRequest, PromotionRequest.expires_at <= func.clock_timestamp())
    statement = statement.where(*_is(request.project_id, request.id)).with_for_update()
    row = (await tx.execute(statement, execution_options={"populate_existing": True})).one()
    locked, is_over = row[0], row[1]
    if locked.state != "open":
        raise ended(locked)
    if is_over:
        raise RequestEnded(f"The promotion request has expired on {_day(locked.expires_at)}; open another one.")
    return locked


async def end(
    tx: Tx,
    request: PromotionRequest,
    state: str,
    kind: EventKind,
    actor: Actor | None,
    reason: str = "",
    *,
    promotion_id: int | None = None,
) -> PromotionRequest:
    """Step: end an open request, if no one else just has.

    Raises:
        RequestEnded: it has ended already.
    """
    statement = (
        update(PromotionRequest)
        .where(*_is(request.project_id, request.id), PromotionRequest.state == "open")
        .values(
            state=state,
            ended_at=func.clock_timestamp(),
            ended_by=actor.user_id if actor else None,
            end_reason=reason,
        )
        .returning(PromotionRequest)
    )
    done = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if done is None:
        current = await tx.scalar(
            select(PromotionRequest).where(*_is(request.project_id, request.id)),
            execution_options={"populate_existing": True},
        )
        raise ended(current or request)
    await timeline.note(tx, done, await model_name(tx, done), kind, actor, reason, promotion_id=promotion_id)
    return done


def ended(request: PromotionRequest) -> RequestEnded:
    """The error for a request that is over."""
    when = f" on {_day(request.ended_at)}" if request.ended_at else ""
    why = f": {request.end_reason}" if request.end_reason else ""
    return RequestEnded(f"The promotion request was {request.state}{when}{why}.")


async def model_name(snap: Snapshot, request: PromotionRequest) -> str:
    """Read step: what the model of a request is called now; empty: it is gone."""
    return await models.name_of(snap, request.project_id, request.model_id) or ""


async def _expire_due(tx: Tx, project_id: int, version_id: int, stage_id: int) -> None:
    """One whose time is over is in the way of no other, even if no worker has looked yet."""
    statement = select(PromotionRequest).where(
        PromotionRequest.project_id == project_id,
        PromotionRequest.version_id == version_id,
        PromotionRequest.stage_id == stage_id,
        PromotionRequest.state == "open",
        PromotionRequest.expires_at <= func.now(),
    )
    for request in (await tx.scalars(statement.with_for_update())).all():
        await end(tx, request, "expired", EventKind.EXPIRED, None)


async def _open_already(tx: Tx, project_id: int, version_id: int, stage_id: int) -> Conflict:
    statement = select(PromotionRequest).where(
        PromotionRequest.project_id == project_id,
        PromotionRequest.version_id == version_id,
        PromotionRequest.stage_id == stage_id,
        PromotionRequest.state == "open",
    )
    existing = await tx.scalar(statement)
    return RequestOpen(existing) if existing else Conflict("Another request has just ended; try again.")


def _is(project_id: int, request_id: int) -> tuple[ColumnElement[bool], ...]:
    return PromotionRequest.project_id == project_id, PromotionRequest.id == request_id


def _said(text: str) -> str:
    if not text.strip():
        raise Invalid("Say why, in at least one word.", field="body")
    return check_description(text, field="body")


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
