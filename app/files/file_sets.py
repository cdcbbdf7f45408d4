"""Writing several files at once: their bytes are stored first, then all of them become visible together, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from app.access import projects
from app.access.policy import Actor
from app.artifacts import paths, visibility
from app.artifacts.uploads import staged
from app.artifacts.uploads.staged import NewFile, StagedBytes
from app.files import targets
from app.files.backend import Backend
from app.files.store import Body
from app.files.targets import Client, Target

__all__ = ["NewFile", "StagedBytes", "put", "stage"]


async def stage(
    backend: Backend, actor: Actor, project: int | str, body: Body, *, client: Client = Client.REGISTRY
) -> StagedBytes:
    """Store bytes that will be files of the project within a day; they are invisible until :func:`put`.

    The id in the answer is all it takes to use them: an edge keeps it for the caller and shows it to no other.

    Raises:
        NotFound, SwitchedOff, Forbidden: the actor could write no file of the project.
        TooLarge: more bytes than the settings allow.
        SizeMismatch: other than the announced number of bytes arrived; nothing is kept.
        Unavailable: the store is away; nothing is kept.
    """
    access = await projects.get(backend.db, actor, project)
    visibility.of_actor(actor, access)
    return await staged.stage(
        backend.db,
        actor,
        backend.blobs,
        access.id,
        body.chunks,
        size=body.size,
        limit=backend.settings.max_artifact_bytes,
        permission=await targets.permission(backend.db, actor, access.id, client),
    )


async def put(
    backend: Backend, actor: Actor, target: Target, files: Sequence[NewFile], *, client: Client = Client.REGISTRY
) -> list[UUID]:
    """Write 1 to 1,000 files of one target in one transaction; the ids of the artifacts in order.

    Their bytes are staged (:func:`stage`), or those of a file of the project that the actor may see: such ones are
    named by their SHA-256 alone. Older files of these paths are replaced. A worker inspects new bytes soon.

    Raises:
        InvalidPath, Invalid, TooLarge: a path is not acceptable or stands twice, or there are too many files.
        BytesMissing: the bytes of a file are not here; nothing is written.
        NotFound, Forbidden, WrittenElsewhere, PathOccupied: as :func:`app.files.store.put`.
    """
    for index, file in enumerate(files):
        paths.require_text(file.path, f"files.{index}.path")
    owner = await targets.find(backend.db, actor, target, to_write=True)
    below = [replace(file, path=owner.below(file.path)) for file in files]
    return await staged.write(
        backend.db,
        actor,
        owner.root,
        below,
        lock_owner=owner.lock(actor, [file.path for file in below]),
        permission=await targets.permission(backend.db, actor, owner.root.project_id, client),
    )
