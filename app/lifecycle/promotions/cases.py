"""One version on its way into a stage: everything that decides about it, read in one transaction, and the verdicts.

Reading writes nothing, so ``promotionCheck`` and a promotion come to the same verdicts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.access.policy import Actor, ProjectAccess
from app.db.database import Snapshot
from app.db.statements import Statement
from app.lifecycle.diff import bump_rule
from app.lifecycle.gates import check
from app.lifecycle.gates.check import Prepared
from app.lifecycle.promotions import approvals, checked, rules
from app.lifecycle.promotions.approvals import Approval
from app.lifecycle.promotions.checked import Checked
from app.lifecycle.promotions.rules import Holder
from app.lifecycle.promotions.tables import PromotionRequest
from app.lifecycle.promotions.verdicts import RuleVerdict, refusing
from app.registry.models import Model
from app.registry.stages import definitions, holders, protections
from app.registry.stages.definitions import Stage
from app.registry.stages.protections import NameProtection
from app.registry.versions.lookup import ModelVersion
from app.text import quoted


class _Last(NamedTuple):
    promoted_by_name: str
    promoted_at: str


_READ_LAST = Statement(
    "promotions.read_last",
    "The promotion by which a version came into a stage last.",
    """
    SELECT p.promoted_by_name,
        to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS promoted_at
    FROM promotions p
    WHERE p.project_id = :project AND p.model_id = :model AND p.stage_id = :stage AND p.number = :number
        AND p.state = 'completed'
    ORDER BY p.id DESC LIMIT 1
    """,
    row=_Last,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Which version is to enter which stage, and the request for it, where there is one."""

    access: ProjectAccess
    model: Model
    version: ModelVersion
    stage: Stage
    request: PromotionRequest | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What was read of a subject, and what the rules say."""

    subject: Subject
    left: Stage
    now: Checked
    holder: Holder
    authors: Collection[int]
    """Who made the version and its candidate; empty without a request."""
    given: Sequence[Approval]
    """The approvals that hold."""
    standing: Sequence[Approval]
    """Those that were not ended yet, whether or not they hold."""
    protected: Sequence[NameProtection]
    verdicts: Sequence[RuleVerdict]
    is_stale: bool
    """Whether webhooks were asked about something else than there is now."""

    def require_right(self, actor: Actor) -> None:
        """Refuse an actor who may not move versions between these stages, whatever others approve.

        Raises:
            NameProtected: with the rule that protects the name.
        """
        for stage in (self.subject.stage, self.left):
            mine = protections.of_stage(self.protected, stage)
            named = f"stage {quoted(stage.name)}"
            protections.refuse(mine, actor, self.subject.access.role, named, has_approval=True)

    @property
    def refusing(self) -> list[RuleVerdict]:
        return refusing(self.verdicts)

    @property
    def has_approval(self) -> bool:
        return len(self.given) >= _needed(self.protected)


async def judge(snap: Snapshot, subject: Subject, prepared: Prepared | None, expected: int | None) -> Case:
    """Read step: the case of a subject, in a fixed number of statements.

    ``prepared`` is what gates were prepared with; None: those that ask others are not asked. ``expected`` is the number
    of the version that the stage is expected to stand for, 0 for none; None: for any.
    """
    version, stage, request = subject.version, subject.stage, subject.request
    facts = await checked.files_of(snap, version)
    holder = await _holder(snap, subject)
    now = await checked.of_version(snap, version, stage, files=facts, holder=holder.number)
    left = await definitions.of_version(snap, version)
    rules_of_names = await protections.of_project(snap, subject.access.id)
    protected = [rule for one in (stage, left) for rule in protections.of_stage(rules_of_names, one)]
    standing = await approvals.standing(snap, subject.access.id, request.id) if request else []
    authors = await approvals.authors(snap, version) if request else frozenset()
    given = approvals.valid(standing, now, request.requested_by, *authors) if request else []
    needed = _needed(protected)
    told = _told(request, given)
    gates = await check.verdicts(
        snap, subject.access, subject.model, version, stage, prepared or Prepared(), approvals=told
    )
    verdicts = [rules.holder(stage, holder, expected)]
    if stage.is_guarded:
        is_strict = bool(stage.seals or gates or needed)
        fit = [rules.state(version), rules.files(version, facts, is_strict=is_strict), rules.withdrawal(version)]
        verdicts = fit + verdicts
        if step := await bump_rule.judge(snap, version):
            verdicts.append(rules.step(step))
    if two_people := rules.approvals(stage, needed, len(given), has_request=request is not None):
        verdicts.append(two_people)
    return Case(
        subject=subject,
        left=left,
        now=now,
        holder=holder,
        authors=authors,
        given=given,
        standing=standing,
        protected=protected,
        verdicts=[*verdicts, *(RuleVerdict.of_gate(verdict) for verdict in gates)],
        is_stale=any(verdict.is_stale for verdict in gates),
    )


def _told(request: PromotionRequest | None, given: Sequence[Approval]) -> check.Approvals | None:
    """What gates are told of approvals; None: nothing was requested."""
    if request is None:
        return None
    told = [check.Approval(one.user_id, one.username, one.given_at, one.is_person) for one in given]
    return check.Approvals(requested_by=request.requested_by, given=told)


def _needed(protected: Sequence[NameProtection]) -> int:
    """How many others have to approve."""
    return max((rule.approvals for rule in protected), default=0)


async def _holder(snap: Snapshot, subject: Subject) -> Holder:
    version = await holders.of_stage(snap, subject.access.id, subject.model.id, subject.stage)
    if version is None:
        return Holder()
    last = await _READ_LAST.fetch_one(
        snap, project=subject.access.id, model=subject.model.id, stage=subject.stage.id, number=version.number
    )
    by, at = (last.promoted_by_name, last.promoted_at) if last else ("", "")
    return Holder(version.number, version.version, by, at)
