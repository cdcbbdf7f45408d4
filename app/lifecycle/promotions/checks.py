"""``promotionCheck``: what a promotion would come to now, without making it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.access import policy
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.errors import Forbidden, Unauthenticated
from app.lifecycle.gates import check
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.promotions import cases, outcomes
from app.lifecycle.promotions.cases import Case, Subject
from app.lifecycle.promotions.promote import subject_of
from app.lifecycle.promotions.verdicts import Outcome, RuleVerdict, refusing
from app.registry.references.resolve import Target
from app.text import quoted

PROTECTION = "protection"


@dataclass(frozen=True, slots=True)
class PromotionCheck:
    """Every rule with its verdict; ``digest`` stands for all that was looked at."""

    subject: Subject
    verdicts: Sequence[RuleVerdict]
    digest: str
    holder_number: int
    holder_version: str

    @property
    def would_pass(self) -> bool:
        return not refusing(self.verdicts)


async def check_promotion(
    db: Database,
    clients: GateClients,
    actor: Actor,
    project: int | str,
    target: Target,
    stage: str,
    *,
    expected_current: int | None = None,
) -> PromotionCheck:
    """What each rule says of a version on its way into a stage; nothing is written.

    Gates that ask others are asked only for callers who could promote; figures are shown as
    :meth:`app.lifecycle.promotions.verdicts.RuleVerdict.shown` says.

    Raises:
        ModelNotFound, VersionNotFound, UnknownStage: there is none.
    """
    async with db.read() as snap:
        subject = await subject_of(snap, actor, project, target, stage)
    may_ask = policy.allows(actor, subject.access, Permission.REGISTRY_WRITE, of_models=True)
    prepared = await check.prepare(
        db, clients, actor, subject.access, subject.model, subject.version, subject.stage, ask=may_ask
    )
    async with db.read() as snap:
        case = await cases.judge(snap, subject, prepared, expected_current)
    seen = outcomes.shown(actor, subject.access, case.verdicts)
    verdicts = [_protection(actor, case), *seen]
    return PromotionCheck(subject, verdicts, case.now.digest, case.holder.number, case.holder.version)


def _protection(actor: Actor, case: Case) -> RuleVerdict:
    """Whether the caller may move the stage."""
    subject = case.subject
    title = f"You must be allowed to move versions to {quoted(subject.stage.name)}"
    try:
        policy.require(actor, subject.access, Permission.REGISTRY_WRITE, of_models=True)
        case.require_right(actor)
    except (Forbidden, Unauthenticated) as refusal:
        return RuleVerdict(PROTECTION, PROTECTION, title, Outcome.FAILED, refusal.message, is_fixed=True)
    return RuleVerdict(PROTECTION, PROTECTION, title, Outcome.PASSED, "You may.", is_fixed=True)
