"""Sets the gates of a stage, all at once: what is sent is the whole set, and makes a new version of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Statement
from app.errors import Conflict, Invalid, ModelyardError, TooLarge
from app.ids import uuid7
from app.lifecycle.gates import sets
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.gates.rules.outside import Expression, WebhookAnswer
from app.lifecycle.gates.rules.times import TimeInStage
from app.lifecycle.gates.sets import CheckedGate, Gate, GateRequest
from app.lifecycle.gates.tables import GateSet
from app.registry.stages import definitions
from app.registry.stages.definitions import Stage
from app.text import quoted
from app.webhooks import events
from app.webhooks.events import Event

__all__ = ["GateSet"]


@dataclass(frozen=True, slots=True)
class SetGates:
    """The whole set of a stage. ``expected_version``: of the set that it replaces, 0 where the stage never had one."""

    stage: str
    gates: Sequence[GateRequest]
    expected_version: int
    note: str = ""


class GatesChanged(Conflict):
    """The gates of the stage have been set by another since they were read."""

    def __init__(self, stage: str, expected: int, current: int) -> None:
        self.current = current
        super().__init__(
            f"The gates of the stage {quoted(stage)} are at number {current}, not {expected}: another has set them "
            "meanwhile. Read them again, and send the whole set with the number that you have read.",
            field="expectedNumber",
        )


_ADD_SET = Statement(
    "gates.add_set",
    "Adds the next version of the gates of a stage, if the highest is the expected one and none is added meanwhile.",
    """
    INSERT INTO gate_sets (project_id, stage_id, version, note, created_by, token_id, ci_job)
    SELECT :project, :stage, :expected::int + 1, :note, :user, :token, :ci_job
    WHERE coalesce((SELECT max(s.version) FROM gate_sets s WHERE s.project_id = :project AND s.stage_id = :stage), 0)
        = :expected::int
    ON CONFLICT DO NOTHING RETURNING version
    """,
)
_ADD_GATES = Statement(
    "gates.add_gates",
    "Adds the gates of a new set in their order.",
    """
    INSERT INTO gates (project_id, id, stage_id, set_version, position, name, kind, config, is_required, secret_id,
        sealed_secret)
    SELECT :project, g.id, :stage, :version, g.position, g.name, g.kind, g.config::jsonb, g.is_required, g.secret_id,
        g.sealed_secret
    FROM unnest(:ids::uuid[], :names::text[], :kinds::text[], :configs::text[], :required::bool[],
        :secret_ids::uuid[], :secrets::bytea[]) WITH ORDINALITY
        AS g (id, name, kind, config, is_required, secret_id, sealed_secret, position)
    """,
)


async def set_gates(
    db: Database, clients: GateClients, actor: Actor, project: int | str, command: SetGates
) -> tuple[int, int, int]:
    """Set all gates of a stage; the project, the stage and the version of the new set.

    Raises:
        Forbidden: the actor may not manage the project's lifecycle.
        GatesChanged: another has set them meanwhile.
        Invalid: the data of a gate is not acceptable, or the stage has none.
    """
    async with db.read() as snap:
        await manageable(snap, actor, project)
    if len(command.note) > sets.MAX_NOTE:
        raise TooLarge(f"The note has {len(command.note)} characters; at most {sets.MAX_NOTE} fit.", field="note")
    checked = await check_outside(clients, sets.check(command.gates))
    async with db.write() as tx:
        access = await manageable(tx, actor, project)
        stage = await definitions.find(tx, access.id, command.stage)
        refuse_unguarded(stage)
        gates = await with_stages(tx, access.id, checked)
        former = await sets.standing(tx, access.id, stage.id)
        version = await _add_set(tx, access, stage, actor, command)
        await _add_gates(tx, clients, stage, version, gates, {each.name: each for each in former.gates})
        await events.record(tx, access.id, [Event("gate_set.changed", _told(stage, version, gates, actor, command))])
    return access.id, stage.id, version


async def manageable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    """Read step: the project, if the actor may manage its lifecycle."""
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.LIFECYCLE_MANAGE)
    return access


def refuse_unguarded(stage: Stage) -> None:
    """Refuse gates for a stage that any version may enter.

    Raises:
        Invalid: it is such a stage.
    """
    if not stage.is_guarded:
        raise Invalid(
            f"The stage {quoted(stage.name)} has no gates: any version may enter it, whatever its state.",
            field="stage",
        )


async def check_outside(clients: GateClients, gates: Sequence[CheckedGate]) -> Sequence[CheckedGate]:
    """What can only be said with the rules of this installation: addresses, and whether expressions can be read.

    Raises:
        Invalid: with the path of the gate.
    """
    for index, gate in enumerate(gates):
        if isinstance(gate.rule, WebhookAnswer):
            _check_address(clients, gate.rule.url, f"gates.{index}.config.url")
    expressions = [(index, each.rule) for index, each in enumerate(gates) if isinstance(each.rule, Expression)]
    if expressions:
        results = await clients.evaluator.compile([rule.expression for _, rule in expressions])
        for (index, _), result in zip(expressions, results, strict=True):
            if result.error:
                raise Invalid(
                    f"The expression is not acceptable: {result.error}", field=f"gates.{index}.config.expression"
                )
    return gates


async def with_stages(snap: Snapshot, project_id: int, gates: Sequence[CheckedGate]) -> list[CheckedGate]:
    """Read step: the same gates, those about another stage with its key, which stays when the stage is renamed.

    Raises:
        UnknownStage: the project has no stage of that name.
    """
    if not any(isinstance(gate.rule, TimeInStage) for gate in gates):
        return list(gates)
    stages = await definitions.of_project(snap, project_id)
    return [_with_stage(gate, stages, f"gates.{index}.config.stage") for index, gate in enumerate(gates)]


def _with_stage(gate: CheckedGate, stages: Sequence[Stage], field: str) -> CheckedGate:
    if not isinstance(gate.rule, TimeInStage):
        return gate
    stage = definitions.named(stages, gate.rule.stage)
    if stage is None:
        names = ", ".join(each.name for each in stages)
        raise Invalid(f"There is no stage {quoted(gate.rule.stage)}; there are {names}.", field=field)
    return CheckedGate(gate.name, gate.rule.model_copy(update={"stage": stage.key}), gate.is_required)


def _check_address(clients: GateClients, url: str, field: str) -> None:
    try:
        clients.rules.check(url)
    except ModelyardError as refusal:
        raise Invalid(refusal.message, field=field) from None


async def _add_set(tx: Tx, access: ProjectAccess, stage: Stage, actor: Actor, command: SetGates) -> int:
    version: int | None = await _ADD_SET.fetch_value(
        tx, project=access.id, stage=stage.id, expected=command.expected_version, note=command.note,
        user=actor.user_id, token=actor.token_id, ci_job=actor.ci_job,
    )  # fmt: skip
    if version is None:
        current = await sets.current_version(tx, access.id, stage.id)
        raise GatesChanged(stage.name, command.expected_version, current)
    return version


async def _add_gates(
    tx: Tx,
    clients: GateClients,
    stage: Stage,
    version: int,
    gates: Sequence[CheckedGate],
    former: Mapping[str, Gate],
) -> None:
    secrets = [_secret(clients, stage.project_id, gate, former.get(gate.name)) for gate in gates]
    await _ADD_GATES.execute(
        tx, project=stage.project_id, stage=stage.id, version=version, ids=[uuid7() for _ in gates],
        names=[gate.name for gate in gates], kinds=[gate.rule.kind for gate in gates],
        configs=[gate.rule.model_dump_json(by_alias=True) for gate in gates],
        required=[gate.is_required for gate in gates],
        secret_ids=[id for id, _ in secrets], secrets=[sealed for _, sealed in secrets],
    )  # fmt: skip


def _secret(
    clients: GateClients, project_id: int, gate: CheckedGate, former: Gate | None
) -> tuple[UUID | None, bytes | None]:
    """A new secret, that of the former gate of the same name, or none."""
    if gate.secret:
        id = uuid4()
        return id, clients.seal(project_id, id, gate.secret)
    if gate.secret is None and isinstance(gate.rule, WebhookAnswer) and former is not None:
        return former.secret_id, former.sealed_secret
    return None, None


def _told(
    stage: Stage, version: int, gates: Sequence[CheckedGate], actor: Actor, command: SetGates
) -> Mapping[str, Any]:
    return {
        "stage": stage.name, "number": version, "note": command.note or None, "actor": actor.username or None,
        "gates": [{"name": each.name, "kind": each.rule.kind, "required": each.is_required} for each in gates],
    }  # fmt: skip


def as_config(gate: Gate, *, with_address: bool) -> Mapping[str, Any]:
    """The data of a gate as it may be shown: of the address of a webhook, others than managers see the host only."""
    if with_address or not isinstance(gate.rule, WebhookAnswer):
        return gate.config
    return {**gate.config, "url": gate.rule.origin}
