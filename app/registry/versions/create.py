"""The creation of a version: who may make one, of what; the rows are written in batches."""

from __future__ import annotations

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.registry import models
from app.registry.tables import Model, ModelVersion
from app.registry.versions import create_batch, origins
from app.registry.versions.request import CreateVersion, prepare


async def create(db: Database, actor: Actor, project: int | str, command: CreateVersion) -> ModelVersion:
    """Make a version. Its number follows the last one without a gap; a refused creation uses none up.

    Raises:
        ModelNotFound: there is no such model.
        VersionTaken: the model has a living version of the same text.
        CandidateNotFound, CandidateInTrash, LoggedModelNotFound: what it is to be made from is not there.
        Invalid: the version is not SemVer 2.0, or another value is not acceptable.
    """
    return (await create_with_model(db, actor, project, command))[1]


async def create_with_model(
    db: Database, actor: Actor, project: int | str, command: CreateVersion
) -> tuple[Model, ModelVersion]:
    """Like :func:`create`, with the model beside the version at no further cost."""
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
    request = prepare(command, actor, access.id)
    if actor.model_patterns is not None:
        async with db.read() as snap:
            await models.find(snap, actor, access.id, request.model)
    await origins.require_seen(db, access, request)
    return await create_batch.submit(db, request)
