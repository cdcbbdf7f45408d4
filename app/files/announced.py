"""Files that are announced with their sizes, sent in parts by link and verified by a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple
from uuid import UUID

from app.access.policy import Actor
from app.artifacts import links, visibility
from app.artifacts.uploads import announced, part_plan, store_uploads
from app.artifacts.uploads.announced import AnnouncedFile, MultipartUpload
from app.db.database import Database
from app.files import targets
from app.files.backend import Backend
from app.files.targets import Target
from app.pagination import Page, Window
from app.registry import guards
from app.registry.versions import complete as version_completion
from app.registry.versions import wait_for_files


async def announce(
    backend: Backend, actor: Actor, target: Target, files: Sequence[AnnouncedFile]
) -> list[MultipartUpload]:
    """Begin uploads in the order of the files, 1 to 1,000; all or none. A fixed number of statements.

    Files whose SHA-256 the project has already need no bytes. A version without files, with a candidate of its own, is
    OPEN from here on until all of them are READY.

    Raises:
        InvalidPath, Invalid: a path or size is not acceptable, or a path is named twice.
        TooLarge: a file is larger than the settings allow, or there are more than 1,000.
        NotFound, Forbidden, WrittenElsewhere, PathOccupied, Unavailable: as :func:`app.files.store.put`.
    """
    owner = await targets.find(backend.db, actor, target, to_write=True)
    opening = wait_for_files.WaitForFiles(owner.version) if owner.version else None
    below = [replace(file, path=owner.below(file.path)) for file in files]
    uploads = await announced.create(
        backend.db,
        actor,
        backend.blobs,
        owner.root,
        below,
        lock_owner=owner.lock(actor, [file.path for file in below], opening.lock_owner if opening else None),
        limit=backend.settings.max_artifact_bytes,
        finish=opening.finish if opening else None,
    )
    if owner.version and all(upload.state == "completed" for upload in uploads):
        await version_completion.complete_announced(backend.db, owner.root.project_id)
    return uploads


class PartAddress(NamedTuple):
    """A part of an upload: bytes ``offset`` to ``offset + size`` of the file, and where to PUT them without a token."""

    number: int
    offset: int
    size: int
    url: str
    has_arrived: bool


async def parts(
    backend: Backend, actor: Actor, upload: MultipartUpload, base: str, *, most: int, after: int, missing_only: bool
) -> list[PartAddress]:
    """At most ``most`` parts of an open upload with higher numbers than ``after``; ``base`` is the service's address.

    The addresses live as long as the upload and the actor's token.

    Raises:
        UploadMissing: the store has given the upload up.
        Unavailable: the store is away.
    """
    there = frozenset(await store_uploads.arrived(backend.blobs, upload))
    every = range(max(after, 0) + 1, upload.parts + 1)
    numbers = [number for number in every if not (missing_only and number in there)][:most]

    def signed() -> list[PartAddress]:
        spans = [part_plan.span(upload, number) for number in numbers]
        signer = links.signer_of(actor)
        return [
            PartAddress(
                span.number,
                span.offset,
                span.size,
                links.part_url(backend.settings, upload, span.number, signer, base),
                span.number in there,
            )
            for span in spans
        ]

    return await asyncio.to_thread(signed)


def may_complete(actor: Actor, upload: MultipartUpload) -> bool:
    """Whether the upload is open and the actor has made it and may still write."""
    is_own = not actor.is_anonymous and upload.created_by == actor.user_id
    return upload.state == "open" and is_own and visibility.has_write_scope(actor)


async def complete(
    backend: Backend, actor: Actor, project_id: int, ids: Sequence[UUID]
) -> tuple[list[MultipartUpload], UUID | None]:
    """Say that all bytes of these uploads were sent: a worker verifies them and makes them files. All or nothing.

    A second time is fine and answers how far it is. Answers the background job's id, too, if there is one.

    Raises:
        UploadNotFound, UploadMissing: one of them does not exist, or has ended.
        PartsMissing: nothing is done, and the uploads can go on.
        Forbidden: another user has made one of them.
        VersionSealed, VersionProtected: since they were announced, a version has them that the actor may not change.
    """
    permit = partial(guards.require_files, actor=actor)
    return await announced.complete(backend.db, actor, backend.blobs, project_id, ids, permit=permit)


async def abort(backend: Backend, actor: Actor, project_id: int, ids: Sequence[UUID]) -> list[MultipartUpload]:
    """Give uploads up; a second time is fine.

    Raises:
        UploadNotFound: one of them does not exist.
        UploadCompleted: one's file is there.
        Forbidden: another user has made one of them, and the actor is no maintainer.
    """
    return await announced.abort(backend.db, actor, backend.blobs, project_id, ids)


async def page(db: Database, actor: Actor, target: Target, window: Window) -> Page[MultipartUpload]:
    """The announced uploads to a target, newest first; those who are no members see their own.

    Raises:
        NotFound, SwitchedOff: see :func:`app.files.targets.find`.
    """
    owner = await targets.find(db, actor, target, also_elsewhere=True)
    return await announced.page(db, actor, owner.root, window)


async def count(db: Database, actor: Actor, target: Target) -> int:
    """How many uploads :func:`page` would page through."""
    owner = await targets.find(db, actor, target, also_elsewhere=True)
    return await announced.count(db, actor, owner.root)
