"""Judges a version by the gates of a stage, in two steps.

:func:`prepare` asks what is outside of the database (webhooks, expressions) before any transaction; :func:`verdicts`
then judges within the caller's, with a fixed number of statements whatever the number of gates. Answers hold for the
state of things that was sent: if that has changed since, the verdict says so, and the caller prepares again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access.policy import Actor, ProjectAccess
from app.db.database import Database, Snapshot
from app.lifecycle.gates import answers, document, evidence, sets
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.gates.rules.rule import Judgement, Outcome
from app.lifecycle.gates.rules.subject import Answer, Approval, Approvals, Subject
from app.lifecycle.gates.sets import Gate, Standing
from app.lifecycle.gates.verdicts import GateVerdict, needs_new_answers, refusing
from app.registry.models import Model
from app.registry.stages import holders
from app.registry.stages.definitions import Stage
from app.registry.versions.lookup import ModelVersion

__all__ = [
    "Approval", "Approvals", "GateVerdict", "Outcome", "Prepared", "judged", "needs_new_answers", "prepare", "refusing",
    "verdicts",
]  # fmt: skip
_CHANGED = "The version, the holder or the gates changed while this gate was answered; try again."


@dataclass(frozen=True, slots=True)
class Prepared:
    """Answers from outside, by gate, and the digest of what was sent for them."""

    set_version: int = 0
    digest: bytes = b""
    answers: Mapping[UUID, Answer] = field(default_factory=dict)


async def prepare(
    db: Database,
    clients: GateClients,
    actor: Actor,
    access: ProjectAccess,
    model: Model,
    version: ModelVersion,
    stage: Stage,
    *,
    ask: bool = True,
) -> Prepared:
    """Ask what is outside of the database, within ten seconds or so; never within a transaction.

    ``ask``: whether webhooks are asked; without it their gates stay PENDING. Expressions are always evaluated.
    """
    async with db.read() as snap:
        standing = await sets.standing(snap, access.id, stage.id)
        outside = _outside(standing)
        if not outside:
            return Prepared(standing.version)
        told = document.of_subject(await _subject(snap, standing, model, version, stage))
    about = {"project": access.project.full_path, "requestedBy": actor.username}
    gathered = await answers.gather(clients, outside, told, about, ask=ask)
    return Prepared(standing.version, document.digest(told), gathered)


async def verdicts(
    snap: Snapshot,
    access: ProjectAccess,
    model: Model,
    version: ModelVersion,
    stage: Stage,
    prepared: Prepared,
    *,
    approvals: Approvals | None = None,
    now: datetime | None = None,
) -> list[GateVerdict]:
    """Read step: what each gate of the stage says of the version, in the order of the set.

    ``now`` is the database's clock when left out, since those of API processes differ.
    """
    standing = await sets.standing(snap, access.id, stage.id)
    if not standing.gates:
        return []
    subject = await _subject(snap, standing, model, version, stage)
    subject = replace(subject, approvals=approvals, now=now or subject.now)
    is_stale = False
    if _outside(standing):
        same = document.digest(document.of_subject(subject)) == prepared.digest
        is_stale = not same or prepared.set_version != standing.version
    return [judged(gate, subject, prepared.answers, is_stale=is_stale) for gate in standing.gates]


def judged(gate: Gate, subject: Subject, given: Mapping[UUID, Answer], *, is_stale: bool = False) -> GateVerdict:
    """What one gate says; ``is_stale``: the answers are about a former state of things."""
    rule = gate.rule
    asks = rule is not None and rule.asks_outside
    if rule is None:
        said = Judgement(Outcome.ERROR, "This release does not read the data of this gate: set the gates again.")
    elif asks and is_stale:
        said = Judgement(Outcome.ERROR, _CHANGED)
    else:
        said = rule.judge(replace(subject, answer=given.get(gate.id)))
    outcome = said.outcome if gate.is_required or said.outcome is Outcome.PASSED else Outcome.WARNING
    compared: dict[str, Any] = dict(said.compared)
    return GateVerdict(
        gate.id, gate.set_version, gate.kind, gate.name, gate.title, outcome, said.message, compared, said.sources,
        gate.is_required, is_stale=asks and is_stale,
    )  # fmt: skip


def _outside(standing: Standing) -> Sequence[Gate]:
    return [gate for gate in standing.gates if gate.rule is not None and gate.rule.asks_outside]


async def _subject(snap: Snapshot, standing: Standing, model: Model, version: ModelVersion, stage: Stage) -> Subject:
    """The holder is the version that ``stage:x`` means now."""
    holder = await holders.of_stage(snap, model.project_id, model.id, stage)
    told = await evidence.of_versions(snap, model, [version] if holder is None else [version, holder])
    return Subject(told[version.id], told[holder.id] if holder else None, stage.name, standing.now)
