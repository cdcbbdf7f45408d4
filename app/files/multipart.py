"""A file in parts, as MLflow's clients send it: parts go to links, and completing it waits for the verified file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from app.access.policy import Actor
from app.artifacts import links, paths
from app.artifacts.uploads import multipart
from app.artifacts.uploads.multipart import CompleteUpload, CreateUpload, MultipartUpload
from app.files import targets
from app.files.backend import Backend
from app.files.targets import Client, Target
from app.storage.blobs import Part


async def begin(
    backend: Backend, actor: Actor, target: Target, path: str, parts: int, *, client: Client = Client.REGISTRY
) -> MultipartUpload:
    """Begin an upload of 1 to 10,000 parts, all but the last at least 5 MiB; nothing is visible until it is complete.

    Raises:
        Invalid: another number of parts.
        InvalidPath, NotFound, Forbidden, WrittenElsewhere, PathOccupied, Unavailable: as :func:`app.files.store.put`.
    """
    paths.require_text(path)
    owner = await targets.find(backend.db, actor, target, to_write=True)
    below = owner.path(path)
    return await multipart.create(
        backend.db,
        actor,
        backend.blobs,
        CreateUpload(owner.root, below, parts),
        lock_owner=owner.lock(actor, [below]),
        permission=await targets.permission(backend.db, actor, owner.root.project_id, client),
    )


async def part_urls(backend: Backend, actor: Actor, upload: MultipartUpload, base: str) -> list[str]:
    """Where to PUT every part, in order; the links live as long as the upload and the actor's token."""
    return await asyncio.to_thread(links.part_urls, backend.settings, upload, links.signer_of(actor), base)


async def complete(
    backend: Backend,
    actor: Actor,
    target: Target,
    path: str,
    upload_id: UUID,
    parts: Sequence[Part],
    *,
    client: Client = Client.REGISTRY,
) -> UUID:
    """Join the parts, read the whole once to know its SHA-256, and make it the file; the artifact's id.

    Raises:
        UploadNotFound, UploadMissing: there is no such upload of this path, or it has ended.
        PartsMismatch, PartsRefused: nothing is written, and the upload can go on.
        TooLarge: more bytes than the settings allow.
        NotFound, Forbidden, WrittenElsewhere, PathOccupied, Unavailable: as :func:`app.files.store.put`.
    """
    owner = await targets.find(backend.db, actor, target, to_write=True)
    below = owner.path(path)
    return await multipart.complete(
        backend.db,
        actor,
        backend.blobs,
        CompleteUpload(owner.root, below, upload_id, parts),
        lock_owner=owner.lock(actor, [below]),
        limit=backend.settings.max_artifact_bytes,
        permission=await targets.permission(backend.db, actor, owner.root.project_id, client),
    )


async def abort(
    backend: Backend, actor: Actor, target: Target, path: str, upload_id: UUID, *, client: Client = Client.REGISTRY
) -> None:
    """Give an upload up; a second time is fine, and the owner of the files may be gone.

    Raises:
        UploadNotFound: there is no such upload of this path.
        UploadCompleted: its file is there.
        NotFound, Forbidden: as :func:`app.files.store.put`.
    """
    owner = await targets.find(backend.db, actor, target, to_write=True)
    permission = await targets.permission(backend.db, actor, owner.root.project_id, client)
    await multipart.abort(
        backend.db, actor, backend.blobs, owner.root, owner.path(path), upload_id, permission=permission
    )
