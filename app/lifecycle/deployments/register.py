"""A serving stack says what it runs.

Saying it again changes nothing but the heartbeat; another version under the same names ends the former deployment and
begins a new one, in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Select, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Tx
from app.errors import Busy, Conflict, Invalid
from app.lifecycle.deployments import announcements, names
from app.lifecycle.deployments.names import Key
from app.lifecycle.deployments.tables import Deployment
from app.registry.references.resolve import Target
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion

__all__ = ["Deployment"]

MAX_RUNNING = 10_000
"""Deployments of one project that run at the same time."""
_ATTEMPTS = 5
_MOMENT = DateTime(timezone=True)


class TooManyDeployments(Conflict):
    """The project has as many running deployments as it may have."""


@dataclass(frozen=True, slots=True)
class Register:
    """What runs, and where.

    ``follows`` is the reference that the process resolves; None: the one by which the version is named here, unless it
    is exact. ``started_at``: since when it runs; clocks differ, so it is taken as between the creation of the version
    and now. ``digest``: the SHA-256 of the manifest of what the process has loaded.
    """

    key: Key
    version: Target
    follows: str | None = None
    started_at: datetime | None = None
    digest: str | None = None


async def register(db: Database, actor: Actor, project: int | str, command: Register) -> Deployment:
    """Note that a version runs. The same under the same names is the deployment that is there, with a heartbeat.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version, or it may not be seen.
        Forbidden: the actor is not at least reporter.
        TooManyDeployments: 10,000 run in the project already.
        Invalid: a name, the reference, the digest or the moment is not acceptable.
    """
    key, follows = command.key.checked(), names.followed(command.version, command.follows)
    digest = names.check_digest(command.digest) if command.digest else None
    started_at = _moment(command.started_at)
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.DEPLOYMENT_WRITE, of_models=True)
        model, version = await lookup.find(tx, actor, access.id, command.version)
        said = {"follows": follows, "digest": digest}
        for _ in range(_ATTEMPTS):
            running = await _still_running(tx, key, version, said)
            if running is not None:
                return running
            previous = await _end_previous(tx, actor, access.id, key)
            if previous is None:
                await _require_room(tx, access.id)
            values = _values(actor, key, version) | said | {"model": model.name}
            # The transaction may have begun before the one that it waited for.
            moment = func.clock_timestamp() if previous is None else literal(previous.ended_at, _MOMENT)
            values["started_at"] = _started_at(started_at, version, moment)
            values["created_at"] = values["heartbeat_at"] = moment
            made = await _insert(tx, values)
            if made is not None:
                await announcements.started(tx, made, previous, actor.username)
                return made
    raise Busy(f"Other processes register {key.environment}, {key.endpoint} at this moment; try again.")


def _moment(given: datetime | None) -> datetime | None:
    if given is None or given.tzinfo is not None:
        return given
    raise Invalid("`startedAt` has no offset from UTC; write it like 2026-05-03T09:00:00Z.", field="startedAt")


def _started_at(given: datetime | None, version: ModelVersion, now: Any) -> Any:
    """Between the creation of the version and now, by the database's clock: that of the process may be wrong."""
    if given is None:
        return now
    return func.least(func.greatest(literal(given, _MOMENT), literal(version.created_at, _MOMENT)), now)


async def _still_running(tx: Tx, key: Key, version: ModelVersion, said: dict[str, Any]) -> Deployment | None:
    kept = {name: value for name, value in said.items() if value is not None}
    statement = (
        update(Deployment)
        .where(*_running(version.project_id, key), Deployment.version_id == version.id)
        .values(**kept, heartbeat_at=func.now(), silent_at=None)
        .returning(Deployment)
    )
    return await _one(tx, statement)


async def _end_previous(tx: Tx, actor: Actor, project_id: int, key: Key) -> Deployment | None:
    statement = (
        update(Deployment)
        .where(*_running(project_id, key))
        .values(ended_at=func.clock_timestamp(), end_kind="replaced", ended_by=actor.user_id)
        .returning(Deployment)
    )
    return await _one(tx, statement)


async def _insert(tx: Tx, values: dict[str, Any]) -> Deployment | None:
    """The new row; None where another process was faster: then what runs is to be read again."""
    return await _one(tx, upsert(Deployment).values(**values).on_conflict_do_nothing().returning(Deployment))


async def _one(tx: Tx, statement: Any) -> Deployment | None:
    result = await tx.scalars(statement, execution_options={"populate_existing": True})
    row: Deployment | None = result.one_or_none()
    return row


async def _require_room(tx: Tx, project_id: int) -> None:
    running: Select[int] = select(Deployment.id).where(
        Deployment.project_id == project_id, Deployment.ended_at.is_(None)
    )
    count = select(func.count()).select_from(running.limit(MAX_RUNNING).subquery())
    if (await tx.scalar(count) or 0) >= MAX_RUNNING:
        raise TooManyDeployments(
            f"{MAX_RUNNING:,} deployments run in this project; end those that do not, before others are registered."
        )


def _running(project_id: int, key: Key) -> tuple[Any, ...]:
    return (
        Deployment.project_id == project_id,
        Deployment.environment == key.environment,
        Deployment.endpoint == key.endpoint,
        Deployment.instance == key.instance,
        Deployment.ended_at.is_(None),
    )


def _values(actor: Actor, key: Key, version: ModelVersion) -> dict[str, Any]:
    return {
        "project_id": version.project_id,
        "environment": key.environment,
        "endpoint": key.endpoint,
        "instance": key.instance,
        "model_id": version.model_id,
        "version_id": version.id,
        "version": version.version,
        "number": version.number,
        "created_by": actor.user_id,
        "token_id": actor.token_id,
        "ci_job": actor.ci_job,
    }
