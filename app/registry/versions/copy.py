"""Copies of versions: another version that shares candidate and files with the first (MLflow: copy_model_version)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.access.policy import Actor
from app.db.database import Database
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.versions import create, lookup, states
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.request import CreateVersion
from app.registry.versions.states import State


@dataclass(frozen=True, slots=True)
class CopyVersion:
    """``model`` of the same project gets the copy; what is None comes from the version that is copied.

    Without ``version`` the copy has the same SemVer, or the next one where that is taken.
    """

    model: int | str
    version: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None


async def copy(db: Database, actor: Actor, project: int | str, target: Target, command: CopyVersion) -> ModelVersion:
    """Create a version of a model from one of another or the same model; no byte is copied.

    Raises:
        ModelNotFound, VersionNotFound: there is no such model or version in the project.
        VersionNotReady: files of the version are still being pushed.
        VersionTaken: the model has a version of the requested text.
        Invalid: a value is not acceptable.
    """
    async with db.read() as snap:
        access = await writable(snap, actor, project)
        model, original = await lookup.find(snap, actor, access.id, target)
    if original.state == State.OPEN:
        raise states.not_ready(original, "be copied")
    creation = CreateVersion(
        command.model,
        version=command.version or original.version,
        or_next=command.version is None,
        description=original.description if command.description is None else command.description,
        tags=original.tags if command.tags is None else command.tags,
        candidate_id=original.candidate_id,
        logged_model_id=original.logged_model_id,
        artifact_folder=original.artifact_folder,
        source=f"models:/{model.name}/{original.number}",
        location=original.location,
        foreign_run=original.foreign_run,
        run_link=original.run_link,
    )
    return await create.create(db, actor, access.id, creation)
