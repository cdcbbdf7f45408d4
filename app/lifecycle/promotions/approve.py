"""A person approves a promotion request; the last approval that is needed promotes, if the request wants that.

The promotion is made in the transaction that notes the approval, with the rights of who approves: killed in between,
neither is done or both.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.errors import Conflict, Forbidden
from app.lifecycle.gates import check
from app.lifecycle.gates.check import Prepared
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.promotions import approvals, cases, outcomes, requests, timeline
from app.lifecycle.promotions.cases import Case, Subject
from app.lifecycle.promotions.outcomes import How
from app.lifecycle.promotions.promote import ATTEMPTS, PromotionUnsettled, locked, subject_of
from app.lifecycle.promotions.tables import Promotion, PromotionRequest
from app.lifecycle.promotions.timeline import EventKind
from app.registry.names import check_description
from app.registry.stages import protections


class OwnWork(Forbidden):
    """Who opened the request, or made the version or its candidate, does not approve it."""

    code = "OWN_WORK"


class ChangedSinceSeen(Conflict):
    """What is there now is not what the approver has looked at."""

    code = "CHANGED"


@dataclass(frozen=True, slots=True)
class Approve:
    """``digest`` is that of the ``promotionCheck`` that was looked at; None: whatever there is now is approved."""

    comment: str = ""
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """The request, and the promotion that the approval has brought about."""

    request: PromotionRequest
    promotion: Promotion | None = None


async def approve(
    db: Database, clients: GateClients, actor: Actor, project: int | str, request_id: int, command: Approve
) -> Approved:
    """Approve a request as it stands now. Twice is fine.

    Raises:
        RequestNotFound: there is no such request.
        RequestEnded: it is not open any more.
        OwnWork: the actor opened the request, or made the version or its candidate.
        Forbidden: the actor is no person, or may not approve.
        ChangedSinceSeen: something changed since the digest was made; nothing was approved.
    """
    comment = check_description(command.comment, field="comment")
    for _ in range(ATTEMPTS):
        subject = await _look(db, actor, project, request_id)
        prepared = None
        if subject.request and subject.request.promotes_when_approved:
            prepared = await check.prepare(
                db, clients, actor, subject.access, subject.model, subject.version, subject.stage
            )
        try:
            return await _approve(db, actor, subject, prepared, comment, command.digest)
        except PromotionUnsettled:  # nothing was written: the gates are asked again
            continue
    return await _approve(db, actor, await _look(db, actor, project, request_id), None, comment, command.digest)


async def _look(db: Database, actor: Actor, project: int | str, request_id: int) -> Subject:
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        request = await requests.find(snap, actor, access, request_id)
        policy.require(actor, access, Permission.PROMOTION_APPROVE)
        if request.state != "open":
            raise requests.ended(request)
        return await subject_of(snap, actor, access.id, request.version_id, request.stage, request.id)


async def _approve(
    db: Database, actor: Actor, seen: Subject, prepared: Prepared | None, comment: str, digest: str | None
) -> Approved:
    """The second phase.

    Raises:
        PromotionUnsettled: gates were asked about something else than there is now.
    """
    async with db.write() as tx:
        subject = await locked(tx, actor, seen)
        request = subject.request
        assert request is not None, "the request was named"
        if subject.version.stage == subject.stage.key:
            request = await requests.lock(tx, request)
        policy.require(actor, subject.access, Permission.PROMOTION_APPROVE)
        case = await cases.judge(tx, subject, prepared, None)
        _require_other(actor, request, case)
        if digest is not None and digest != case.now.digest:
            raise ChangedSinceSeen(field="digest")
        await outcomes.fall(tx, case)
        assert actor.user_id is not None, "it has a role"
        if await approvals.give(tx, request.project_id, request.id, actor.user_id, actor.username, case.now):
            await timeline.note(tx, request, subject.model.name, EventKind.APPROVED, actor, comment)
        if prepared is None:
            return Approved(request)
        case = await cases.judge(tx, subject, prepared, None)
        if case.is_stale:
            raise PromotionUnsettled
        if case.refusing or not protections.may_move(case.protected, actor, subject.access.role):
            return Approved(request)
        how = How(request.reason, request.keeps_others)
        return Approved(request, (await outcomes.complete(tx, actor, case, how))[1])


def _require_other(actor: Actor, request: PromotionRequest, case: Case) -> None:
    if protections.is_machine(actor):
        raise Forbidden("Only people approve, and this is a token of a project, group, service account or CI job.")
    if actor.user_id == request.requested_by:
        raise OwnWork("You opened the request; another person has to approve it.")
    if actor.user_id in case.authors:
        raise OwnWork("You made the version or its candidate; another person has to approve it.")
