"""Aliases: movable names of versions, with the intervals in which they pointed to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update

from app.access.policy import Actor, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Statement
from app.errors import Conflict
from app.registry import models, repository, webhook_events
from app.registry.names import alias_key, check_alias
from app.registry.references.parse import Reference
from app.registry.references.resolve import Named
from app.registry.repository import writable
from app.registry.stages import protections
from app.registry.stages.intervals import Cause, check_reason
from app.registry.stages.protections import Kind
from app.registry.tables import Alias, Model, ModelVersion
from app.registry.versions import lookup, states
from app.text import quoted

__all__ = ["Alias"]

NOWHERE = 0
"""As ``expected_current``: the alias does not exist yet."""
_NOW = func.greatest(Alias.valid_from, func.clock_timestamp())
_MOMENT = Statement(
    "registry.alias_moment",
    "Now (the transaction may have begun before the last change), later than what is kept of the alias.",
    """
    SELECT greatest(clock_timestamp(), (
        SELECT greatest(a.valid_from, a.valid_until) + interval '1 microsecond' FROM aliases a
        WHERE a.project_id = :project AND a.model_id = :model AND a.name = :name
        ORDER BY a.valid_from DESC LIMIT 1
    ))
    """,
)


class AliasMoved(Conflict):
    """The alias does not point to the version that was expected."""


@dataclass(frozen=True, slots=True)
class AliasDetails:
    """An alias and the version that it points to, by id, number and text; or pointed to, until a moment."""

    project_id: int
    id: int
    name: str
    model_id: int
    version_id: int
    number: int
    version: str
    set_by: int | None
    valid_from: datetime
    valid_until: datetime | None


async def set(  # noqa: A001 - the verb of the module: `aliases.set`
    db: Database,
    actor: Actor,
    project: int | str,
    model: int | str,
    name: str,
    reference: Reference,
    *,
    expected_current: int | None = None,
    reason: str = "",
) -> AliasDetails:
    """Let an alias point to a version, whatever it pointed to before; if it does already, nothing changes.

    ``expected_current`` is the number of the version that the alias is to be moved from, or :data:`NOWHERE`.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        VersionNotReady: files of the version are missing, failed or in quarantine.
        AliasMoved: it points to another version than expected; nothing was changed.
        NameProtected, ApprovalNeeded: a rule protects the name.
        Invalid: the name or the reason is not acceptable.
    """
    name = check_alias(name, field="name")
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        owner = await _lock_model(tx, actor, access.id, model)
        _, version = await lookup.find(tx, actor, access.id, Named(owner.id, reference))
        return await move(tx, actor, access, owner, version, name, expected_current=expected_current, reason=reason)


async def move(
    tx: Tx,
    actor: Actor,
    access: ProjectAccess,
    model: Model,
    version: ModelVersion,
    name: str,
    *,
    expected_current: int | None = None,
    reason: str = "",
) -> AliasDetails:
    """Step: the same under the model's lock, with a name that is checked.

    Raises:
        VersionNotReady: files of the version are missing, failed or in quarantine.
        AliasMoved: it points to another version than expected.
        NameProtected, ApprovalNeeded: a rule protects the name.
    """
    check_reason(reason)
    current = await _current(tx, model, name)
    _compare(name, current, expected_current)
    if current is not None and current.version_id == version.id:
        return current
    await protections.require(tx, actor, access, Kind.ALIAS, name)
    states.require_ready(version, f"get the alias {quoted(name)}", field="reference")
    cause = Cause.of(actor, reason)
    moment = await _MOMENT.fetch_value(tx, project=model.project_id, model=model.id, name=name)
    await _end(tx, model, name, cause, moment)
    await _begin(tx, version, name, cause, moment)
    moved = await _current(tx, model, name)
    await webhook_events.alias_set(tx, model, name, version.number)
    assert moved is not None, "it was written under the model's lock"
    return moved


async def remove(
    db: Database,
    actor: Actor,
    project: int | str,
    model: int | str,
    name: str,
    *,
    expected_current: int | None = None,
    reason: str = "",
) -> Alias | None:
    """Take an alias away. Answers the interval that ended; None if there was none (MLflow REST: that is fine).

    Raises:
        ModelNotFound: there is no such model.
        AliasMoved: it points to another version than expected; nothing was changed.
        NameProtected, ApprovalNeeded: a rule protects the name.
    """
    name, reason = alias_key(name), check_reason(reason)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        owner = await _lock_model(tx, actor, access.id, model)
        current = await _current(tx, owner, name)
        _compare(name, current, expected_current)
        if current is None:
            return None
        await protections.require(tx, actor, access, Kind.ALIAS, name)
        moment = await _MOMENT.fetch_value(tx, project=owner.project_id, model=owner.id, name=name)
        ended = await _end(tx, owner, name, Cause.of(actor, reason), moment)
        await webhook_events.alias_removed(tx, owner, name)
    return ended


async def end_of_version(tx: Tx, actor: Actor, version: ModelVersion, *, reason: str) -> None:
    """Step: take away all aliases of a version that is deleted, under the model's lock."""
    await tx.execute(
        update(Alias)
        .where(Alias.project_id == version.project_id, Alias.version_id == version.id, Alias.valid_until.is_(None))
        .values(valid_until=_NOW, **Cause.of(actor, reason).ending)
    )


async def _rows(snap: Snapshot, *conditions: ColumnElement[bool]) -> list[AliasDetails]:
    statement = select(Alias).where(*conditions).order_by(Alias.name)
    return [
        AliasDetails(
            project_id=alias.project_id,
            id=alias.id,
            name=alias.name,
            model_id=alias.model_id,
            version_id=alias.version_id,
            number=alias.number,
            version=alias.version,
            set_by=alias.set_by,
            valid_from=alias.valid_from,
            valid_until=alias.valid_until,
        )
        for alias in await snap.scalars(statement, execution_options={"populate_existing": True})
    ]


async def _lock_model(tx: Tx, actor: Actor, project_id: int, model: int | str) -> Model:
    """The model under its row lock: its aliases move, and its versions are deleted, one after the other."""
    condition = repository.model_is(project_id, model)
    locked = None
    if condition is not None:
        locked = await tx.scalar(
            select(Model).where(condition, *repository.within(actor)).with_for_update(key_share=True)
        )
    if locked is None:
        raise models.not_found(model)
    return locked


async def _current(tx: Tx, model: Model, name: str) -> AliasDetails | None:
    mine = (Alias.project_id == model.project_id, Alias.model_id == model.id, Alias.name == name)
    rows = await _rows(tx, *mine, Alias.valid_until.is_(None))
    return rows[0] if rows else None


def _compare(name: str, current: AliasDetails | None, expected: int | None) -> None:
    number = current.number if current is not None else NOWHERE
    if expected is None or expected == number:
        return
    where = f"stands on number {number} ({current.version})" if current is not None else "does not exist"
    wanted = f"number {expected}" if expected != NOWHERE else "that it does not exist"
    raise AliasMoved(
        f"The alias {quoted(name)} {where}, but {wanted} was expected; nothing was changed.", field="expectedCurrent"
    )


async def _end(tx: Tx, model: Model, name: str, cause: Cause, moment: datetime) -> Alias | None:
    statement = (
        update(Alias)
        .where(
            Alias.project_id == model.project_id,
            Alias.model_id == model.id,
            Alias.name == name,
            Alias.valid_until.is_(None),
        )
        .values(valid_until=func.greatest(Alias.valid_from, moment), **cause.ending)
        .returning(Alias)
    )
    ended: Alias | None = await tx.scalar(statement)
    return ended


async def _begin(tx: Tx, version: ModelVersion, name: str, cause: Cause, moment: datetime) -> None:
    await tx.execute(
        insert(Alias).values(
            project_id=version.project_id,
            model_id=version.model_id,
            version_id=version.id,
            name=name,
            number=version.number,
            version=version.version,
            valid_from=moment,
            **cause.beginning,
        )
    )
