"""Versions of the model ``m`` of a project, their files, and the states of these."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.artifacts.artifacts import Root
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.registry.references.parse import parse_reference
from app.registry.versions import complete, create, lookup
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.request import CreateVersion
from app.runtime import Runtime
from app.tracking import file_owners

LIMIT = 1_000_000


async def create_version(runtime: Runtime, project: Any, version: str | None = None, **values: Any) -> ModelVersion:
    command = CreateVersion("m", version=version, **values)
    return await create.create(runtime.db, project.owner, project.id, command)


async def by_reference(runtime: Runtime, project: Any, reference: str) -> ModelVersion:
    return await lookup.by_reference(runtime.db, project.owner, project.id, "m", parse_reference(reference))


async def complete_version(
    runtime: Runtime, project: Any, version: ModelVersion, aliases: list[str] | None = None
) -> ModelVersion:
    return await complete.complete(runtime.db, project.owner, project.id, version.id, aliases or [])


async def store_file(runtime: Runtime, project: Any, root: Root, path: str, content: bytes = b"x") -> None:
    async def chunks():
        yield content

    await stream.store(
        runtime.db,
        project.owner,
        runtime.blobs,
        StoreArtifact(root, path, chunks(), size=len(content)),
        lock_owner=file_owners.lock(root),
        limit=LIMIT,
    )


async def set_file_state(runtime: Runtime, root: Root, path: str, state: str, reason: str | None = None) -> None:
    """As inspections do it."""
    async with runtime.db.write() as tx:
        statement = text(
            "UPDATE artifacts SET state = :state, state_reason = :reason, inspected_at = now()"
            " WHERE project_id = :project AND root_id = :root AND path = :path"
        )
        values = {"state": state, "reason": reason, "project": root.project_id, "root": root.id, "path": path}
        await tx.execute(statement, values)
