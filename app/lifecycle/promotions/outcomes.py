"""The two ends of a case, each in the transaction that decided: the version enters the stage, or it is refused.

Either way a promotion is kept, with every verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from app import faults
from app.access import policy
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Tx
from app.errors import Conflict
from app.lifecycle.promotions import announce, approvals, requests, rules, timeline
from app.lifecycle.promotions.cases import Case
from app.lifecycle.promotions.tables import Promotion
from app.lifecycle.promotions.timeline import EventKind
from app.lifecycle.promotions.verdicts import RuleVerdict, refusing
from app.lifecycle.seals import seals
from app.registry import models
from app.registry.stages import moves
from app.registry.versions.lookup import ModelVersion
from app.text import quoted

COMPLETED, REFUSED = "completed", "refused"
_TOLD = 10
"""Rules that a message names at most."""


class PromotionRefused(Conflict):
    """Rules keep the version out of the stage; the promotion has every verdict."""

    code = "PROMOTION_REFUSED"

    def __init__(self, promotion: Promotion, failed: Sequence[RuleVerdict]) -> None:
        self.promotion = promotion
        self.failed = failed
        super().__init__(_words(promotion, self.failed))


class PromotionOvertaken(PromotionRefused):
    """Another version got into the stage first; nothing else would have kept this one out."""

    code = "STAGE_MOVED"


class UnreadyRefused(PromotionRefused):
    """The version is not READY; nothing else would have kept it out."""

    code = "VERSION_NOT_READY"


class UnapprovedRefused(PromotionRefused):
    """Others have not approved yet; nothing else keeps the version out."""

    code = "APPROVAL_NEEDED"


_SOLE_FAILURES: dict[str, type[PromotionRefused]] = {
    rules.HOLDER: PromotionOvertaken,
    rules.STATE: UnreadyRefused,
    rules.APPROVALS: UnapprovedRefused,
}
"""By the only rule that failed: the errors that a move to a stage has, too."""


@dataclass(frozen=True, slots=True)
class How:
    """What a promotion is made with; ``bypass_reason`` is empty where no rule is bypassed."""

    reason: str = ""
    keeps_others: bool = False
    bypass_reason: str = ""


async def complete(tx: Tx, actor: Actor, case: Case, how: How) -> tuple[ModelVersion, Promotion]:
    """Step: let the version enter the stage, seal it if the stage wants that, and end the request for it.

    Raises:
        NameProtected, ApprovalNeeded, VersionNotReady, UnknownStage: as for :func:`app.registry.stages.moves.move`.
    """
    subject = case.subject
    promotion = await _keep(tx, actor, case, COMPLETED, how)
    moved = await moves.move(
        tx,
        actor,
        subject.access,
        subject.model,
        subject.version,
        subject.stage,
        reason=how.reason,
        keep_others=how.keeps_others,
        promotion_id=promotion.id,
        has_approval=case.has_approval or bool(how.bypass_reason),
    )
    await faults.point("promotion.moved")
    version = moved.version
    if subject.stage.seals:
        version = await seals.seal(tx, actor, subject.model, version, promotion_id=promotion.id)
    await models.lock(tx, subject.model)
    if subject.request:
        await requests.end(
            tx, subject.request, "promoted", EventKind.PROMOTED, actor, how.bypass_reason, promotion_id=promotion.id
        )
    await announce.promotion(tx, subject.model, promotion)
    return version, promotion


async def refuse(tx: Tx, actor: Actor, case: Case, how: How) -> Promotion:
    """Step: keep the refusal with every verdict; approvals that were given for something else fall."""
    promotion = await _keep(tx, actor, case, REFUSED, How(how.reason, how.keeps_others))
    request = case.subject.request
    if request:
        await fall(tx, case)
        failed = ", ".join(verdict.title for verdict in case.refusing[:_TOLD])
        name = case.subject.model.name
        await timeline.note(tx, request, name, EventKind.REFUSED, actor, failed, promotion_id=promotion.id)
    await announce.promotion(tx, case.subject.model, promotion)
    return promotion


async def fall(tx: Tx, case: Case) -> None:
    """Step: end approvals that were given for something else than there is now."""
    request = case.subject.request
    if request is None:
        return
    for approval, reason in await approvals.fall(tx, request.project_id, case.standing, case.now):
        body = f"The approval of {approval.username} fell. {reason}"
        await timeline.note(tx, request, case.subject.model.name, EventKind.APPROVAL_FELL, None, body)


def refusal(actor: Actor, access: ProjectAccess, promotion: Promotion) -> PromotionRefused:
    """The error for a promotion that was refused, as the actor may see it."""
    failed = refusing(shown(actor, access, map(RuleVerdict.of_json, promotion.verdicts)))
    kind = _SOLE_FAILURES.get(failed[0].kind, PromotionRefused) if len(failed) == 1 else PromotionRefused
    return kind(promotion, failed)


def shown(actor: Actor, access: ProjectAccess, verdicts: Iterable[RuleVerdict]) -> list[RuleVerdict]:
    """Verdicts as the actor may see them."""
    sees_candidates = policy.allows(actor, access, Permission.CANDIDATE_READ, of_models=True)
    may_manage = policy.allows(actor, access, Permission.LIFECYCLE_MANAGE)
    return [verdict.shown(sees_candidates=sees_candidates, may_manage=may_manage) for verdict in verdicts]


async def _keep(tx: Tx, actor: Actor, case: Case, state: str, how: How) -> Promotion:
    subject = case.subject
    statement = insert(Promotion).values(
        project_id=subject.access.id,
        model_id=subject.model.id,
        version_id=subject.version.id,
        version=subject.version.version,
        number=subject.version.number,
        stage_id=subject.stage.id,
        stage=subject.stage.name,
        left_stage=case.left.name,
        holder_number=case.holder.number or None,
        holder_version=case.holder.version or None,
        state=state,
        reason=how.reason,
        bypass_reason=how.bypass_reason,
        verdicts=[verdict.as_json() for verdict in case.verdicts],
        checked=case.now.as_json(),
        gate_set_version=case.now.gates,
        request_id=subject.request.id if subject.request else None,
        promoted_by=actor.user_id,
        promoted_by_name=actor.username,
        token_id=actor.token_id,
        ci_job=actor.ci_job,
    )
    return (await tx.scalars(statement.returning(Promotion))).one()


def _words(promotion: Promotion, failed: Sequence[RuleVerdict]) -> str:
    told = " ".join(f"{verdict.title}: {verdict.message}" for verdict in failed[:_TOLD])
    more = f" And {len(failed) - _TOLD} more." if len(failed) > _TOLD else ""
    count = "one rule" if len(failed) == 1 else f"{len(failed)} rules"
    return (
        f"The version {quoted(promotion.version)} may not enter the stage {quoted(promotion.stage)}: {count} failed. "
        f"{told}{more}"
    )
