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
    """``model`` of the same project gets the copy; what is None is taken over from the version that is copied.

    Without ``version`` the copy has the same SemVer, or the next one where that is taken.
    """

    model: int | str
    version: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None


async def copy(db: Database, actor: Actor, project: int | str, target: Target, wish: CopyVersion) -> ModelVersion:
    """Make a version of a model from one of another or the same model; no byte is copied.

    Raises:
        ModelNotFound, VersionNotFound: there is no such model or version in the project.
        VersionNotReady: files of the version are still being pushed.
        VersionTaken: the model has a version of the text that was asked for.
        Invalid: a value is not acceptable.
    """
    async with db.read() as snap:
        access = await writable(snap, actor, project)
        model, found = await lookup.find(snap, access.id, target)
    if found.state == State.OPEN:
        raise states.not_ready(found, "be copied")
    command = CreateVersion(
        wish.model,
        version=wish.version or found.version,
        or_next=wish.version is None,
        description=found.description if wish.description is None else wish.description,
        tags=found.tags if wish.tags is None else wish.tags,
        candidate_id=found.candidate_id,
        logged_model_id=found.logged_model_id,
        artifact_folder=found.artifact_folder,
        source=f"models:/{model.name}/{found.number}",
        location=found.location,
        foreign_run=found.foreign_run,
        run_link=found.run_link,
    )
    return await create.create(db, actor, access.id, command)
