"""Online experiments: versions that serve real requests side by side, with what is measured of each until a conclusion.

Points and shares are appended while an experiment goes on; after its conclusion nothing of it changes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, NotFound
from app.lifecycle.evaluations import events, input_rules, online_points
from app.lifecycle.evaluations.evaluations import KeyReused
from app.lifecycle.evaluations.online_points import PointChanged, PointInput
from app.lifecycle.evaluations.tables import OnlineArm, OnlineExperiment, OnlineShare
from app.registry.references.resolve import Target
from app.registry.versions import lookup
from app.text import quoted

__all__ = ["OnlineArm", "OnlineExperiment", "PointChanged", "PointInput"]

MAX_ARMS = 20
_SLACK = 1e-9


class Kind(StrEnum):
    """How traffic reaches the versions: divided between them, a little of it to a new one, or copied to it."""

    AB = "ab"
    CANARY = "canary"
    SHADOW = "shadow"


class ExperimentNotFound(NotFound):
    """There is no such online experiment, or it may not be seen."""


class ExperimentConcluded(Conflict):
    """The online experiment has a conclusion; nothing of it changes any more."""


@dataclass(frozen=True, slots=True)
class NewArm:
    """A version that takes part, by any reference, with its share of the traffic (0 to 1)."""

    name: str
    target: Target
    share: float


@dataclass(frozen=True, slots=True)
class CreateExperiment:
    """An experiment that begins."""

    name: str
    kind: Kind
    arms: Sequence[NewArm]
    description: str = ""
    started_at: datetime | None = None
    idempotency_key: str | None = None


class ShareInput(NamedTuple):
    """The share of traffic that an arm has from now on."""

    arm: str
    share: float


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment with its arms, in the order in which they were given."""

    row: OnlineExperiment
    arms: Sequence[OnlineArm]
    already_stored: bool = False


async def create(db: Database, actor: Actor, project: int | str, command: CreateExperiment) -> Experiment:
    """Begin an experiment with versions of the project. With an idempotency key, a repetition answers the first one.

    Raises:
        ModelNotFound, VersionNotFound: an arm names no version of this project.
        KeyReused: the key was sent before with another content.
        Invalid: arms or shares make no experiment of that kind.
    """
    command = _checked(command)
    async with db.write(grows=True) as tx:
        access = await _writable(tx, actor, project)
        arms = [await _arm(tx, actor, access, arm, position) for position, arm in enumerate(command.arms)]
        content = input_rules.digest(
            {
                "name": command.name,
                "kind": command.kind,
                "description": command.description,
                "started_at": command.started_at,
                "arms": [(arm["name"], arm["version_id"], arm["share"]) for arm in arms],
            }
        )
        row = await _insert(tx, actor, access, command, content)
        if row is None:
            return await _earlier(tx, access, command, content)
        values = [{**arm, "project_id": access.id, "experiment_id": row.id} for arm in arms]
        stored = list((await tx.scalars(insert(OnlineArm).values(values).returning(OnlineArm))).all())
        stored.sort(key=lambda arm: arm.position)
        await tx.execute(insert(OnlineShare).values([_share(arm, row.started_at) for arm in stored]))
        await events.experiment_created(tx, row, stored)
        return Experiment(row, stored)


async def log(
    db: Database,
    actor: Actor,
    project: int | str,
    experiment_id: int,
    points: Sequence[PointInput],
    shares: Sequence[ShareInput] = (),
) -> Experiment:
    """Add points and shares, all or nothing; sending the same points again changes nothing.

    Raises:
        ExperimentNotFound: there is none, or it may not be seen.
        ExperimentConcluded, PointChanged: see there.
        Invalid: a value is not acceptable, or there is no such arm.
    """
    points = online_points.checked(points)
    async with db.write(grows=True) as tx:
        access = await _writable(tx, actor, project)
        row, arms = await _lock(tx, actor, access, experiment_id)
        if row.concluded_at is not None:
            raise ExperimentConcluded(f"The experiment {quoted(row.name)} was concluded at {row.concluded_at}.")
        by_name = {arm.name: arm for arm in arms}
        _require_arms(by_name, [(point.arm, "points") for point in points] + [(one.arm, "shares") for one in shares])
        await online_points.store(tx, row, by_name, points)
        await _move_shares(tx, row, by_name, shares)
        return Experiment(row, arms)


async def conclude(
    db: Database, actor: Actor, project: int | str, experiment_id: int, conclusion: str, winner: str | None = None
) -> Experiment:
    """End an experiment with what follows from it, and the arm that won, if one did. The same again is fine.

    Raises:
        ExperimentNotFound: there is none, or it may not be seen.
        ExperimentConcluded: it has another conclusion already.
        Invalid: there is no such arm, or the conclusion is empty.
    """
    limit = input_rules.MAX_DESCRIPTION
    conclusion = input_rules.text(conclusion, "conclusion", limit, "conclusion", needed=True)
    async with db.write() as tx:
        access = await _writable(tx, actor, project)
        row, arms = await _lock(tx, actor, access, experiment_id)
        if winner is not None:
            _require_arms({arm.name: arm for arm in arms}, [(winner, "winner")])
        if row.concluded_at is not None:
            if (row.conclusion, row.winner) == (conclusion, winner):
                return Experiment(row, arms, already_stored=True)
            raise ExperimentConcluded(
                f"{row.concluded_by_name} has concluded the experiment {quoted(row.name)} at {row.concluded_at}: "
                f"{quoted(row.conclusion or '')}."
            )
        ended = {
            "concluded_at": func.now(),
            "conclusion": conclusion,
            "winner": winner,
            "concluded_by": actor.user_id,
            "concluded_by_name": actor.username,
        }
        mine = (OnlineExperiment.project_id == row.project_id, OnlineExperiment.id == row.id)
        statement = update(OnlineExperiment).where(*mine).values(**ended).returning(OnlineExperiment)
        concluded = (await tx.scalars(statement, execution_options={"populate_existing": True})).one()
        await events.experiment_concluded(tx, concluded, arms)
        return Experiment(concluded, arms)


def _checked(command: CreateExperiment) -> CreateExperiment:
    arms = [
        NewArm(input_rules.text(arm.name, "name of the arm", 100, f"arms[{index}].name", needed=True), arm.target,
               _checked_share(arm.share, f"arms[{index}].share"))
        for index, arm in enumerate(command.arms)
    ]  # fmt: skip
    least = 1 if command.kind is Kind.SHADOW else 2
    if not least <= len(arms) <= MAX_ARMS:
        raise Invalid(f"There are {len(arms)} arms; such an experiment has {least} to {MAX_ARMS}.", field="arms")
    name, count = Counter(arm.name for arm in arms).most_common(1)[0]
    if count > 1:
        raise Invalid(f"The name {quoted(name)} stands for {count} arms; each has its own.", field="arms")
    _check_sum(command.kind, [arm.share for arm in arms], "arms")
    return CreateExperiment(
        name=input_rules.text(command.name, "name", input_rules.MAX_NAME, "name", needed=True),
        kind=command.kind,
        arms=arms,
        description=input_rules.text(command.description, "description", input_rules.MAX_DESCRIPTION, "description"),
        started_at=input_rules.moment(command.started_at, "startedAt"),
        idempotency_key=input_rules.idempotency_key(command.idempotency_key),
    )


def _checked_share(share: float, field: str) -> float:
    if not (math.isfinite(share) and 0 <= share <= 1):
        raise Invalid(f"{share} is no share of the traffic: a number from 0 to 1, so 5 % is 0.05.", field=field)
    return share


def _check_sum(kind: str, shares: Sequence[float], field: str) -> None:
    """Arms divide the traffic, except shadows, which get copies of it."""
    total = math.fsum(shares)
    if kind != Kind.SHADOW and total > 1 + _SLACK:
        raise Invalid(
            f"The shares of the arms make {total:g} of the traffic together; at most 1 is there.", field=field
        )


def _require_arms(arms: dict[str, OnlineArm], named: Sequence[tuple[str, str]]) -> None:
    for name, field in named:
        if name not in arms:
            raise Invalid(f"There is no arm {quoted(name)}; arms are {', '.join(map(quoted, arms))}.", field=field)


async def _writable(tx: Tx, actor: Actor, project: int | str) -> ProjectAccess:
    access = await projects.visible(tx, actor, project)
    policy.require(actor, access, Permission.EVALUATION_WRITE, of_models=True)
    return access


async def _arm(tx: Tx, actor: Actor, access: ProjectAccess, arm: NewArm, position: int) -> dict[str, Any]:
    model, version = await lookup.find(tx, actor, access.id, arm.target)
    return {
        "name": arm.name,
        "position": position,
        "version_id": version.id,
        "model_name": model.name,
        "version": version.version,
        "number": version.number,
        "share": arm.share,
    }


async def _insert(
    tx: Tx, actor: Actor, access: ProjectAccess, command: CreateExperiment, content: bytes
) -> OnlineExperiment | None:
    started = func.now() if command.started_at is None else func.least(command.started_at, func.now())
    statement = upsert(OnlineExperiment).values(
        project_id=access.id,
        name=command.name,
        kind=command.kind.value,
        description=command.description,
        started_at=started,
        created_by=actor.user_id,
        username=actor.username,
        token_id=actor.token_id,
        ci_job=actor.ci_job,
        idempotency_key=command.idempotency_key,
        content=content,
    )
    made: OnlineExperiment | None = await tx.scalar(statement.on_conflict_do_nothing().returning(OnlineExperiment))
    return made


async def _earlier(tx: Tx, access: ProjectAccess, command: CreateExperiment, content: bytes) -> Experiment:
    mine = (OnlineExperiment.project_id == access.id, OnlineExperiment.idempotency_key == command.idempotency_key)
    stored = (await tx.scalars(select(OnlineExperiment).where(*mine))).one()
    if stored.content != content:
        raise KeyReused(
            f"The key {quoted(command.idempotency_key or '')} was sent before with another content, for the experiment "
            f"{quoted(stored.name)}; nothing was stored.",
            field="idempotencyKey",
        )
    return Experiment(stored, await _arms(tx, stored), already_stored=True)


async def _lock(
    tx: Tx, actor: Actor, access: ProjectAccess, experiment_id: int
) -> tuple[OnlineExperiment, list[OnlineArm]]:
    mine = (OnlineExperiment.project_id == access.id, OnlineExperiment.id == experiment_id)
    row = await tx.scalar(select(OnlineExperiment).where(*mine).with_for_update())
    arms = await _arms(tx, row) if row is not None else []
    if row is None or not all(policy.reaches(actor, arm.model_name) for arm in arms):
        raise ExperimentNotFound(f"There is no online experiment {experiment_id} in this project.", field="id")
    return row, arms


async def _arms(tx: Tx, row: OnlineExperiment) -> list[OnlineArm]:
    mine = (OnlineArm.project_id == row.project_id, OnlineArm.experiment_id == row.id)
    return list((await tx.scalars(select(OnlineArm).where(*mine).order_by(OnlineArm.position))).all())


async def _move_shares(tx: Tx, row: OnlineExperiment, arms: dict[str, OnlineArm], shares: Sequence[ShareInput]) -> None:
    if not shares:
        return
    moved = {one.arm: _checked_share(one.share, "shares") for one in shares}
    _check_sum(row.kind, [moved.get(name, arm.share) for name, arm in arms.items()], "shares")
    for name in sorted(moved):
        if arms[name].share != moved[name]:
            await online_points.change_arm(tx, arms[name], share=moved[name])
            await tx.execute(insert(OnlineShare).values(_share(arms[name], func.clock_timestamp())))


def _share(arm: OnlineArm, since: Any) -> dict[str, Any]:
    return {
        "project_id": arm.project_id,
        "experiment_id": arm.experiment_id,
        "arm": arm.name,
        "since": since,
        "share": arm.share,
    }
