"""A version enters a stage: everything that moves versions between stages comes through here.

Two phases. Outside of any transaction the gates that ask others are prepared; then one transaction locks the model,
reads everything again, decides, moves, seals and keeps the promotion. If what the others were asked about has changed
in between, they are asked again. Killed at any point, either nothing was done or all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app import faults
from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot, Tx
from app.errors import Busy, Conflict, Invalid
from app.lifecycle.gates import check
from app.lifecycle.gates.check import Prepared
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.promotions import cases, checked, outcomes, requests
from app.lifecycle.promotions.cases import Case, Subject
from app.lifecycle.promotions.outcomes import How
from app.lifecycle.promotions.tables import Promotion, PromotionRequest
from app.lifecycle.seals import seals
from app.registry import models
from app.registry.references.resolve import Target
from app.registry.stages import definitions, moves, rollback
from app.registry.stages.definitions import Stage
from app.registry.stages.intervals import check_reason
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion

__all__ = ["Promote", "Promotion", "promote"]

ATTEMPTS = 3
"""How often gates are prepared, when the version or its gates change meanwhile."""


class PromotionUnsettled(Conflict):
    """The version, its metrics or the gates changed each time while the gates were asked; try again."""

    code = "PROMOTION_UNSETTLED"


@dataclass(frozen=True, slots=True)
class Promote:
    """Which stage, and how.

    ``expected_current`` is the number of the version that the stage stands for now, 0 for none. With ``is_exclusive``,
    a promotion without it is refused, too, if another version gets into the stage meanwhile. ``bypass_reason``: rules
    that fail are bypassed, except for those about the version itself; for maintainers.
    """

    stage: str
    reason: str = ""
    expected_current: int | None = None
    keep_others: bool = False
    bypass_reason: str | None = None
    request_id: int | None = None
    is_exclusive: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """The version in its stage, and the promotion by which it is there; None: any version may enter that stage."""

    version: ModelVersion
    promotion: Promotion | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """The subject as it was before anything was asked, and the number of the version that the stage stood for."""

    subject: Subject
    holder: int


@dataclass(frozen=True, slots=True)
class RollBack:
    """Which stage, to what stood at a moment; without one, to the version before this one. See :class:`Promote`."""

    stage: str
    at: datetime | None = None
    reason: str = ""
    expected_current: int | None = None
    bypass_reason: str | None = None


async def promote(
    db: Database, clients: GateClients, actor: Actor, project: int | str, target: Target, command: Promote
) -> Entry:
    """Let a version enter a stage, if every rule allows it. Whether or not, the verdicts are kept for ever.

    A version that is in the stage already stays there, and the promotion that brought it is answered.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        UnknownStage: there is no such stage.
        PromotionRefused: rules failed; the error has the promotion with all verdicts. PromotionOvertaken: another
            version got into the stage first.
        NameProtected, Forbidden: the actor may not move the stage, or may bypass no rule.
        RequestNotFound, RequestEnded: the request that was named is not open.
        PromotionUnsettled: what was checked changed each time.
    """
    check_reason(command.reason)
    _check_bypass(command)
    expected, is_busy = command.expected_current, None
    for _ in range(ATTEMPTS):
        seen = await _look(db, actor, project, target, command)
        subject = seen.subject
        if expected is None and command.is_exclusive:
            expected = seen.holder
        prepared = await check.prepare(
            db, clients, actor, subject.access, subject.model, subject.version, subject.stage
        )
        await faults.point("promotion.prepared")
        try:
            entry = await _decide(db, actor, seen, prepared, command, expected)
        except Busy as busy:
            is_busy = busy  # many wait for the same model: by now another one may have won
            continue
        if entry is None:
            continue
        if entry.promotion is not None and entry.promotion.state == outcomes.REFUSED:
            raise outcomes.refusal(actor, subject.access, entry.promotion)
        return entry
    raise is_busy or PromotionUnsettled


async def roll_back(
    db: Database, clients: GateClients, actor: Actor, project: int | str, model: int | str, command: RollBack
) -> tuple[Stage, Entry]:
    """Promote the version that a stage stood for before back to it; the others in it make room.

    What has been yanked or damaged since does not come back, and gates are asked again: they may have been set because
    of that version. A caller in a hurry bypasses those, with a reason.

    Raises:
        ModelNotFound, UnknownStage, NothingBefore: as for :func:`app.registry.stages.rollback.stage`.
        PromotionRefused, NameProtected, Forbidden: as for :func:`promote`.
            PromotionOvertaken: it stands for another version than expected, or another one got there first.
    """
    async with db.read() as snap:
        before = await rollback.stage(snap, actor, project, model, command.stage, at=command.at)
    expected = before.expected_current if command.expected_current is None else command.expected_current
    wanted = Promote(before.stage.name, command.reason, expected_current=expected, bypass_reason=command.bypass_reason)
    return before.stage, await promote(db, clients, actor, before.model.project_id, before.version.id, wanted)


async def subject_of(
    snap: Snapshot, actor: Actor, project: int | str, target: Target, stage: str, request_id: int | None = None
) -> Subject:
    """Read step: version and stage as they are named, and the request: the one that is named, else an open one.

    Raises:
        ModelNotFound, VersionNotFound, UnknownStage, RequestNotFound: there is none.
        Invalid: the request is for another version or stage.
    """
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    model, version = await lookup.find(snap, actor, access.id, target)
    into = await definitions.find(snap, access.id, stage)
    if request_id is None:
        return Subject(access, model, version, into, await _open_request(snap, version, into))
    request = await requests.find(snap, actor, access, request_id)
    if (request.version_id, request.stage_id) != (version.id, into.id):
        raise Invalid(
            f"The promotion request is for version {request.version} (number {request.number}) to `{request.stage}`.",
            field="promotionRequestId",
        )
    return Subject(access, model, version, into, request)


async def locked(tx: Tx, actor: Actor, subject: Subject, *, is_lost: bool = False) -> Subject:
    """Step: the subject as it is now, and stays until the commit. Candidate or logged model first, then model, request.

    ``is_lost``: nothing will be moved, so only the request is locked, and no one has to wait for the model.

    Raises:
        VersionNotFound, ModelNotFound, UnknownStage: it is gone.
        RequestEnded: the request is not open any more.
    """
    if not is_lost:
        if subject.stage.seals:
            await seals.lock(tx, subject.version)
        await models.hold(tx, subject.model)
    version = await lookup.reload(tx, subject.version)
    stage = await _again(tx, subject.stage)
    is_there, request = version.stage == stage.key, subject.request
    if request and not is_there:
        request = await requests.lock(tx, request)
    access = await projects.visible(tx, actor, subject.access.id)
    policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
    return Subject(access, subject.model, version, stage, request)


async def _look(db: Database, actor: Actor, project: int | str, target: Target, command: Promote) -> _Seen:
    async with db.read() as snap:
        subject = await subject_of(snap, actor, project, target, command.stage, command.request_id)
        policy.require(actor, subject.access, Permission.REGISTRY_WRITE, of_models=True)
        return _Seen(subject, await checked.holder_of(snap, subject.version, subject.stage))


async def _decide(
    db: Database, actor: Actor, seen: _Seen, prepared: Prepared, command: Promote, expected: int | None
) -> Entry | None:
    """The second phase; None: what others were asked about is not what there is now.

    A promotion that another one has overtaken already waits for no lock: it will be refused.
    """
    is_lost = expected is not None and seen.holder not in {expected, seen.subject.version.number}
    async with db.write() as tx:
        subject = await locked(tx, actor, seen.subject, is_lost=is_lost)
        case = await cases.judge(tx, subject, prepared, expected)
        if is_lost and (_is_there(case, command) or not case.refusing):
            return None
        if _is_there(case, command):
            return await _stay(tx, actor, case, command)
        if case.is_stale:
            return None
        case.require_right(actor)
        if not subject.stage.is_guarded and not case.verdicts[1:]:
            return await _move_freely(tx, actor, case, command)
        how = How(command.reason, command.keep_others)
        failed = case.refusing
        if failed and command.bypass_reason is not None and not is_lost:
            policy.require(actor, subject.access, Permission.PROMOTION_BYPASS)
            how = How(command.reason, command.keep_others, command.bypass_reason)
            failed = [verdict for verdict in failed if verdict.is_fixed]
        if failed:
            return Entry(subject.version, await outcomes.refuse(tx, actor, case, how))
        return Entry(*await outcomes.complete(tx, actor, case, how))


def _is_there(case: Case, command: Promote) -> bool:
    """Whether there is nothing to decide: it is in the stage, and those that it would stand behind may stay."""
    version = case.subject.version
    is_holder = case.holder.number in {0, version.number}
    return version.stage == case.subject.stage.key and (is_holder or command.keep_others)


async def _stay(tx: Tx, actor: Actor, case: Case, command: Promote) -> Entry:
    """A promotion that is repeated: others may still have to make room, and the request for it is over."""
    subject = case.subject
    moved = await moves.move(
        tx,
        actor,
        subject.access,
        subject.model,
        subject.version,
        subject.stage,
        reason=command.reason,
        keep_others=command.keep_others,
        has_approval=case.has_approval,
    )
    return Entry(moved.version, await _last_of(tx, subject))


async def _move_freely(tx: Tx, actor: Actor, case: Case, command: Promote) -> Entry:
    """Into a stage that any version may enter: no rule, and no promotion to keep."""
    subject = case.subject
    moved = await moves.move(
        tx,
        actor,
        subject.access,
        subject.model,
        subject.version,
        subject.stage,
        reason=command.reason,
        keep_others=command.keep_others,
        expected_current=command.expected_current,
    )
    await models.lock(tx, subject.model)
    return Entry(moved.version, None)


async def _last_of(snap: Snapshot, subject: Subject) -> Promotion | None:
    statement = (
        select(Promotion)
        .where(
            Promotion.project_id == subject.access.id,
            Promotion.version_id == subject.version.id,
            Promotion.stage_id == subject.stage.id,
            Promotion.state == outcomes.COMPLETED,
        )
        .order_by(Promotion.id.desc())
        .limit(1)
    )
    promotion: Promotion | None = await snap.scalar(statement)
    return promotion


async def _open_request(snap: Snapshot, version: ModelVersion, stage: Stage) -> PromotionRequest | None:
    statement = select(PromotionRequest).where(
        PromotionRequest.project_id == version.project_id,
        PromotionRequest.version_id == version.id,
        PromotionRequest.stage_id == stage.id,
        PromotionRequest.state == "open",
        PromotionRequest.expires_at > func.now(),
    )
    request: PromotionRequest | None = await snap.scalar(statement)
    return request


async def _again(snap: Snapshot, stage: Stage) -> Stage:
    """The stage by its id, since its name may have just changed."""
    stages = await definitions.of_project(snap, stage.project_id)
    current = next((one for one in stages if one.id == stage.id), None)
    if current is None:
        raise definitions.UnknownStage(stage.name, [one.name for one in stages])
    return current


def _check_bypass(command: Promote) -> None:
    if command.bypass_reason is None:
        return
    if not command.bypass_reason.strip():
        raise Invalid("A bypass needs a reason, which is kept for ever.", field="bypassReason")
    check_reason(command.bypass_reason, field="bypassReason")
