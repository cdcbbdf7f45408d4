"""Which of the last versions of a model would pass: the gates of a stage, or those that are to be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.errors import Invalid
from app.ids import uuid7
from app.lifecycle.gates import answers, change, check, document, evidence, sets
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.gates.rules.outside import Expression
from app.lifecycle.gates.rules.rule import Outcome
from app.lifecycle.gates.rules.subject import Answer, Subject
from app.lifecycle.gates.sets import CheckedGate, Gate, GateRequest
from app.lifecycle.gates.verdicts import GateVerdict
from app.registry import models
from app.registry.stages import definitions, holders
from app.registry.stages.definitions import Stage
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion

MAX_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class DryRun:
    """What to try: ``gates`` are those that are to be set, None: those in force."""

    stage: str
    model: int | str
    count: int = 10
    gates: Sequence[GateRequest] | None = None


@dataclass(frozen=True, slots=True)
class TriedVersion:
    """A version, and what each gate says of it."""

    version: ModelVersion
    verdicts: Sequence[GateVerdict]

    @property
    def is_admitted(self) -> bool:
        """Whether no required gate refuses it for what it is: what can still be waited for does not count."""
        refused = {Outcome.FAILED, Outcome.ERROR}
        return not any(verdict.is_required and verdict.outcome in refused for verdict in self.verdicts)


async def run(
    db: Database, clients: GateClients, actor: Actor, project: int | str, command: DryRun
) -> tuple[Stage, list[TriedVersion]]:
    """Try gates on the last versions of a model, the newest first; nothing is changed, and no webhook is asked.

    They are compared with the version that the stage holds now. The number of statements is fixed.

    Raises:
        Forbidden: the actor may not read candidates, whose figures are shown; or may not try gates of its own.
        Invalid: a gate is not acceptable, or the number of versions is not 1 to 50.
        UnknownStage, ModelNotFound: there is none.
    """
    if not 1 <= command.count <= MAX_VERSIONS:
        raise Invalid(f"A dry run takes 1 to {MAX_VERSIONS} versions, not {command.count}.", field="count")
    checked = None
    if command.gates is not None:
        async with db.read() as snap:
            await change.manageable(snap, actor, project)
        checked = await change.check_outside(clients, sets.check(command.gates))
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        for permission in (Permission.REGISTRY_READ, Permission.CANDIDATE_READ):
            policy.require(actor, access, permission, of_models=True)
        model = await models.find(snap, actor, access.id, command.model)
        stage = await definitions.find(snap, access.id, command.stage)
        standing = await sets.standing(snap, access.id, stage.id)
        gates = standing.gates
        if checked is not None:
            gates = _as_gates(stage, standing.version, await change.with_stages(snap, access.id, checked))
        versions = await lookup.newest(snap, model, command.count)
        holder = await holders.of_stage(snap, access.id, model.id, stage)
        every = {each.id: each for each in [*versions, *([holder] if holder else [])]}
        told = await evidence.of_versions(snap, model, list(every.values()))
    subjects = [
        Subject(told[each.id], told[holder.id] if holder else None, stage.name, standing.now) for each in versions
    ]
    given = await _evaluated(clients, gates, subjects)
    tried = [
        TriedVersion(version, [check.judged(gate, subject, these) for gate in gates])
        for version, subject, these in zip(versions, subjects, given, strict=True)
    ]
    return stage, tried


async def _evaluated(
    clients: GateClients, gates: Sequence[Gate], subjects: Sequence[Subject]
) -> list[Mapping[UUID, Answer]]:
    """The answers of all expressions, of each version by gate."""
    expressions = [(gate, gate.rule) for gate in gates if isinstance(gate.rule, Expression)]
    if not expressions or not subjects:
        return [{} for _ in subjects]
    told = [document.of_subject(subject) for subject in subjects]
    rows = await answers.evaluated(clients, [rule for _, rule in expressions], told)
    return [
        {gate.id: row[index] for (gate, _), row in zip(expressions, rows, strict=True)}
        for index in range(len(subjects))
    ]


def _as_gates(stage: Stage, version: int, checked: Sequence[CheckedGate]) -> list[Gate]:
    """As if they were set already."""
    return [
        Gate(
            uuid7(), stage.project_id, stage.id, version + 1, each.name, each.rule.kind,
            each.rule.model_dump(by_alias=True, mode="json"), each.rule, each.is_required,
        )
        for each in checked
    ]  # fmt: skip
