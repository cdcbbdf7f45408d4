"""Finds one deleted model or version that can still be restored."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import ColumnElement, select

from app.access import policy
from app.access.policy import Actor
from app.db.database import Snapshot
from app.errors import Conflict, Invalid
from app.registry import repository
from app.registry.references.parse import ByNumber, Exact, Reference, format_reference
from app.registry.references.resolve import Target
from app.registry.tables import Model, ModelVersion
from app.registry.trash import retention
from app.registry.trash.retention import NotRestorable
from app.text import quoted

R = TypeVar("R", Model, ModelVersion)
_SHOWN = 10


class SeveralDeleted(Conflict):
    """Several things of that name were deleted; name the one that is meant by its id."""


async def find_model(snap: Snapshot, actor: Actor, project_id: int, reference: int | str) -> Model:
    """Read step: the deleted model with that id or name, if it can be restored and the actor's token reaches it.

    Raises:
        NotRestorable: there is none.
        SeveralDeleted: several had the name.
    """
    key = repository.model_key(reference)
    named = Model.id == key if isinstance(key, int) else Model.name == key
    mine = (Model.project_id == project_id, retention.is_restorable(Model), *repository.within(actor))
    deleted = [] if key is None else await _newest(snap, Model, *mine, named)
    if not deleted:
        raise missing_model(reference)
    if len(deleted) > 1:
        raise SeveralDeleted(_several("models", str(reference), [row.id for row in deleted]), field="model")
    return deleted[0]


async def find_version(snap: Snapshot, actor: Actor, project_id: int, target: Target) -> tuple[Model, ModelVersion]:
    """Read step: a deleted version that can be restored, with its living model.

    It is named by its id, or by its living model and its number or text.

    Raises:
        NotRestorable: there is none; also where its model is deleted.
        SeveralDeleted: several had the text.
        Invalid: the reference is none that can mean a deleted version.
    """
    if isinstance(target, int):
        return await _version_by_id(snap, actor, project_id, target)
    model = await repository.find_model(snap, actor, project_id, target.model)
    shown, named = format_reference(target.reference), _named(target.reference)
    if model is None:
        raise missing_version(shown)
    mine = (ModelVersion.project_id == project_id, ModelVersion.model_id == model.id)
    deleted = await _newest(snap, ModelVersion, *mine, retention.is_restorable(ModelVersion), named)
    if not deleted:
        raise missing_version(shown)
    if len(deleted) > 1:
        numbers = [row.number for row in deleted]
        raise SeveralDeleted(_several("versions", shown, numbers, by="number"), field="modelVersion")
    return model, deleted[0]


def missing_model(reference: int | str) -> NotRestorable:
    """The error for a model that is not in the trash."""
    shown = f"with id {reference}" if isinstance(reference, int) else quoted(reference)
    return NotRestorable(
        f"There is no deleted model {shown} that can be restored: it was not deleted, its time is over, or you may not "
        "see it.",
        field="model",
    )


def missing_version(named: str) -> NotRestorable:
    """The error for a version that is not in the trash."""
    return NotRestorable(
        f"There is no deleted version {quoted(named)} that can be restored: it was not deleted, its time is over, or "
        "you may not see it.",
        field="modelVersion",
    )


def _named(reference: Reference) -> ColumnElement[bool]:
    match reference:
        case ByNumber(number):
            return ModelVersion.number == number
        case Exact(text):
            return ModelVersion.version == text
    raise Invalid(
        f"{quoted(format_reference(reference))} means no deleted version; name it by its id, its number (`#7`) or its "
        "text (`1.2.3`).",
        field="modelVersion",
    )


async def _version_by_id(snap: Snapshot, actor: Actor, project_id: int, version_id: int) -> tuple[Model, ModelVersion]:
    if not 0 < version_id < 2**63:
        raise missing_version(f"with id {version_id}")
    mine = (ModelVersion.project_id == project_id, ModelVersion.id == version_id)
    version = await snap.scalar(select(ModelVersion).where(*mine, retention.is_restorable(ModelVersion)))
    if version is None:
        raise missing_version(f"with id {version_id}")
    model = await repository.any_model(snap, project_id, version.model_id)
    if model is not None and policy.reaches(actor, model.name):
        return model, version
    in_trash = (Model.project_id == project_id, Model.id == version.model_id, retention.is_restorable(Model))
    gone = await snap.scalar(select(Model).where(*in_trash, *repository.within(actor)))
    if gone is None:
        raise missing_version(f"with id {version_id}")
    raise NotRestorable(
        f"The version {quoted(version.version)} is of the model {quoted(gone.name)} (id {gone.id}), which is deleted "
        "itself; restore the model first.",
        field="modelVersion",
    )


async def _newest(snap: Snapshot, table: type[R], *conditions: ColumnElement[bool]) -> list[R]:
    statement = select(table).where(*conditions).order_by(table.deleted_at.desc(), table.id.desc()).limit(_SHOWN)
    return list(await snap.scalars(statement))


def _several(what: str, name: str, keys: list[int], *, by: str = "id") -> str:
    shown = ", ".join(str(key) for key in keys)
    return f"Several deleted {what} had the name {quoted(name)}; name one by its {by} (newest first: {shown})."
