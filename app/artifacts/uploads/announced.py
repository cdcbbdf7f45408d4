"""Uploads that are announced, many files at once: sizes and hashes first, then bytes by link, then a worker verifies.

Row first, then object, then pointer::

    tx 1   permission, living owner, upload rows `open`; files whose bytes the project has, and has looked at under
           such a name, are in place at once; if only their bytes are known, they are `verifying`, with a job promised
    store  uploads in parts begun; the client sends parts by link, in any order, again after a break
    tx 2   all parts there: rows `verifying`, and a job promised
    worker joins, reads back, compares, inspects; then the artifact points at the verified bytes

Whatever dies in between leaves an open row whose time runs out, or a job that is taken up again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, func, insert, select, update

from app.access import projects
from app.access.policy import Actor, ProjectAccess, Role
from app.artifacts import path_conflicts, paths, stored_bytes, visibility
from app.artifacts.artifacts import FileTarget, LockOwner, Root
from app.artifacts.background_jobs import IngestUploads
from app.artifacts.tables import PENDING, Blob, MultipartUpload
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import deduplicate, part_plan, parts, store_uploads
from app.artifacts.uploads.multipart import LIFE, RETRY, UPLOAD_BLOB_LEASE, UploadCompleted, UploadNotFound, free
from app.artifacts.uploads.stream import guess_media_type
from app.db.database import Database, Snapshot, Tx
from app.errors import Forbidden, Invalid
from app.ids import object_key, uuid7
from app.pagination import Keyset, Page, Window
from app.queue import outbox
from app.storage.blobs import BlobStore, UploadMissing
from app.storage.source import too_large

__all__ = ["AnnouncedFile", "MultipartUpload", "abort", "complete", "count", "create", "page"]

MAX_FILES = 1_000


class Permit(Protocol):
    """A step that refuses to change the files of a root at these paths."""

    async def __call__(self, tx: Tx, /, *, root: Root, paths: Sequence[str]) -> None: ...


VERIFYING = timedelta(days=7)
"""For so long a worker tries to verify; and for so long what failed is shown."""


@dataclass(frozen=True, slots=True)
class AnnouncedFile:
    """A file that will come: its size in bytes, and its SHA-256 (32 raw bytes) if the sender knows it."""

    path: str
    size: int
    sha256: bytes | None = None
    media_type: str | None = None


async def create(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    root: Root,
    files: Sequence[AnnouncedFile],
    *,
    lock_owner: LockOwner,
    limit: int,
    finish: LockOwner | None = None,
) -> list[MultipartUpload]:
    """Begin uploads, in the order of the files; all or none. Nothing is visible before it has been verified.

    ``finish`` is the last step of the transaction.

    Files whose SHA-256 the project has already need no bytes: they are in place at once with the verdict on them, or
    a worker inspects them first if none has, under such a name.

    Raises:
        InvalidPath: see :func:`app.artifacts.paths.check`.
        TooLarge: a file of more than ``limit`` bytes, or more than 1,000 files.
        Invalid: no file, the same path twice, a negative size.
        PathOccupied: one would be a file and a folder, with a file that is there or that is announced with it.
    """
    targets = _checked(root, files, limit, actor)
    room = await stored_bytes.room_in(db, actor, root.project_id)
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, root.project_id)
        visibility.require_writer(actor, access)
        await visibility.require_changeable(tx, actor, access, root, [target.path for target in targets])
        await lock_owner(tx)
        await _require_free(tx, targets)
        shared = await deduplicate.find(
            tx, root, files, [target.path for target in targets], visibility.of_actor(actor, access)
        )
        if room is not None:
            new = {file.sha256 or index: file.size for index, file in enumerate(files) if index not in shared}
            stored_bytes.require(room, sum(new.values()))
        placed = await deduplicate.link(tx, [(targets[i], blob_id) for i, blob_id in shared.items()])
        # The database's clock, since workers compare with it.
        now: datetime = (await tx.scalars(select(func.now()))).one()
        rows = [
            _row(target, file, shared.get(i), placed.get(target.path), now)
            for i, (target, file) in enumerate(zip(targets, files, strict=True))
        ]
        await _promise(tx, actor, root, [row for row in rows if row["state"] == "verifying"])
        begun = [row for row in rows if store_uploads.begins_at_store(blobs, row["parts"], row["size"])]
        waiting = [row for row in begun if not row["is_shared"]]
        await _add_blobs(tx, waiting, now)
        statement = insert(MultipartUpload).returning(MultipartUpload, sort_by_parameter_order=True)
        uploads = list(await tx.scalars(statement, rows))
        if finish is not None:
            await finish(tx)
    return await store_uploads.begin(db, blobs, uploads)


async def complete(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    project_id: int,
    ids: Sequence[UUID],
    *,
    permit: Permit | None = None,
) -> tuple[list[MultipartUpload], UUID | None]:
    """Say that all bytes were sent: a worker verifies, and puts the files in their places. All or nothing.

    A second time is fine and answers how far it is. Answers the background job's id, if there is one. ``permit`` is
    a step that refuses files that may not be changed any more.

    Raises:
        UploadNotFound, UploadMissing: one of them does not exist, or has ended.
        PartsMissing: nothing is done, and the uploads can go on.
        Forbidden: another user has made one of them.
    """
    async with db.read() as snap:
        uploads = await _own(snap, actor, project_id, ids)
    empty = [one for one in uploads if one.state == "open" and not one.parts and one.stored_sha256 is None]
    await store_uploads.gathered([_store_empty(db, blobs, upload) for upload in empty])
    await store_uploads.require_parts(blobs, [upload for upload in uploads if upload.state == "open"])
    batch_id = uuid7()
    async with db.write() as tx:
        rows = await _lock(tx, project_id, ids)
        if len(rows) != len(set(ids)) or any(row.state == "aborted" for row in rows):
            raise UploadMissing(field="ids")
        opened = [row for row in rows if row.state == "open"]
        job_id = None
        if permit is not None:
            await _permit(tx, opened, permit)
        if opened:
            job = IngestUploads(project_id, batch_id)
            lane = str(opened[0].candidate_id or opened[0].logged_model_id)
            job_id = await outbox.enqueue(tx, job, project_id=project_id, requested_by=actor.user_id, lane=lane)
            values = {"state": "verifying", "batch_id": batch_id, "job_id": job_id}
            await _change(tx, project_id, opened, expires_at=func.now() + VERIFYING, **values)
            await _keep_blobs(tx, project_id, opened)
            rows = await _lock(tx, project_id, ids)
    return rows, job_id or next((row.job_id for row in rows if row.job_id), None)


async def abort(
    db: Database, actor: Actor, blobs: BlobStore, project_id: int, ids: Sequence[UUID]
) -> list[MultipartUpload]:
    """Give uploads up; a second time is fine. One that has failed is no part any more of what its owner waits for.

    Raises:
        UploadNotFound: one of them does not exist.
        UploadCompleted: one's file is in place.
        Forbidden: another user has made one of them, and the actor is no maintainer.
    """
    async with db.write() as tx:
        await _own(tx, actor, project_id, ids, or_maintainer=True, ended_too=True)
        rows = await _lock(tx, project_id, ids)
        if any(row.state == "completed" for row in rows):
            raise UploadCompleted
        given_up = [row for row in rows if row.state in {"open", "verifying"}]
        left_out = [row for row in rows if row.state == "failed"]
        await _change(tx, project_id, [*given_up, *left_out], state="aborted", expires_at=func.now() + RETRY)
        await garbage.give_up(tx, given_up, "upload aborted")
        rows = await _lock(tx, project_id, ids)
    await free(blobs, given_up)
    return rows


async def page(db: Database, actor: Actor, root: Root, window: Window) -> Page[MultipartUpload]:
    """The announced uploads to a root, newest first; those who are no members see their own."""
    async with db.read() as snap:
        access = await projects.visible(snap, actor, root.project_id)
        statement = select(MultipartUpload).where(*_of_root(root), *_shown(actor, access))
        if access.role is None:
            statement = statement.where(is_own(actor))
        return _ORDER.page((await snap.scalars(_ORDER.apply(statement, window))).all(), window)


async def count(db: Database, actor: Actor, root: Root) -> int:
    """How many uploads :func:`page` would page through."""
    async with db.read() as snap:
        access = await projects.visible(snap, actor, root.project_id)
        shown = _shown(actor, access)
        statement = select(func.count()).select_from(MultipartUpload).where(*_of_root(root), *shown)
        if access.role is None:
            statement = statement.where(is_own(actor))
        return await snap.scalar(statement) or 0


async def _permit(tx: Tx, uploads: Sequence[MultipartUpload], permit: Permit) -> None:
    paths: dict[Root, list[str]] = {}
    for upload in uploads:
        root = Root(upload.project_id, candidate_id=upload.candidate_id, logged_model_id=upload.logged_model_id)
        paths.setdefault(root, []).append(upload.path)
    for root, of_root in paths.items():
        await permit(tx, root=root, paths=of_root)


def is_own(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor has made an upload; who is not signed in has made none."""
    # No user has the number 0.
    return MultipartUpload.created_by == (actor.user_id or 0)


_ORDER: Keyset[MultipartUpload] = Keyset(
    "artifact uploads", (MultipartUpload.id,), lambda upload: (upload.id,), descending=True
)


def _of_root(root: Root) -> tuple[ColumnElement[bool], ...]:
    if root.logged_model_id is not None:
        owner = MultipartUpload.logged_model_id == root.logged_model_id
    else:
        owner = MultipartUpload.candidate_id == root.candidate_id
    return MultipartUpload.project_id == root.project_id, owner, MultipartUpload.size.is_not(None)


def _shown(actor: Actor, access: ProjectAccess) -> Sequence[TextClause]:
    return visibility.conditions(MultipartUpload, visibility.of_actor(actor, access))


def _checked(root: Root, files: Sequence[AnnouncedFile], limit: int, actor: Actor) -> list[FileTarget]:
    if not 1 <= len(files) <= MAX_FILES:
        raise Invalid(f"There are {len(files)} files; 1 to {MAX_FILES} can be announced at once.", field="files")
    targets = []
    for index, file in enumerate(files):
        path = paths.check(file.path, f"files.{index}.path")
        if file.size < 0:
            raise Invalid(f"`{path}` cannot have {file.size} bytes.", field=f"files.{index}.size")
        if file.size > limit:
            raise too_large(limit, f"(`{path}` has {file.size})")
        media_type, token_id = file.media_type or guess_media_type(path), stored_bytes.counted_token(actor)
        targets.append(FileTarget(root, path, media_type, actor.user_id, token_id))
    path, times = Counter(target.path for target in targets).most_common(1)[0]
    if times > 1:
        raise Invalid(f"The path `{path}` is announced {times} times; each file has its own.", field="files")
    return targets


async def _require_free(tx: Tx, targets: Sequence[FileTarget]) -> None:
    paths = [target.path for target in targets]
    pair = path_conflicts.conflict_within(paths) or next(
        iter((await path_conflicts.conflicts(tx, targets[0].root, paths)).items()), None
    )
    if pair:
        raise path_conflicts.refusal(*pair, f"files.{paths.index(pair[0])}.path")


def _row(
    target: FileTarget, file: AnnouncedFile, shared: UUID | None, artifact_id: UUID | None, now: datetime
) -> dict[str, Any]:
    return {
        "project_id": target.root.project_id,
        "id": uuid7(),
        "candidate_id": target.root.candidate_id,
        "logged_model_id": target.root.logged_model_id,
        "path": target.path,
        "media_type": target.media_type,
        "parts": part_plan.part_count(file.size),
        "size": file.size,
        "sha256": file.sha256,
        "part_size": part_plan.part_bytes(file.size),
        "state": "open" if shared is None else "verifying" if artifact_id is None else "completed",
        "is_shared": shared is not None,
        "artifact_id": artifact_id,
        "blob_id": shared or uuid7(),
        "object_key": object_key(target.root.project_id),
        "created_by": target.created_by,
        "token_id": target.token_id,
        "created_at": now,
        "expires_at": now + (VERIFYING if shared else LIFE),
        "batch_id": None,
        "job_id": None,
    }


async def _promise(tx: Tx, actor: Actor, root: Root, rows: Sequence[dict[str, Any]]) -> None:
    """Have a worker look at bytes that the project has; no part of them is to be sent."""
    if not rows:
        return
    job = IngestUploads(root.project_id, uuid7())
    job_id = await outbox.enqueue(tx, job, project_id=root.project_id, requested_by=actor.user_id, lane=str(root.id))
    for row in rows:
        row.update(batch_id=job.batch_id, job_id=job_id)


async def _store_empty(db: Database, blobs: BlobStore, upload: MultipartUpload) -> None:
    with suppress(UploadMissing):  # another request has just ended it; its state is read under the lock
        await parts.receive(db, blobs, upload, parts.nothing(), 0)


async def _add_blobs(tx: Tx, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """The rows of the objects that are going to be; files that come in one piece get theirs with each attempt."""
    pending = [
        {name: row[key] for name, key in _BLOB_COLUMNS.items()} | {"lease_until": now + UPLOAD_BLOB_LEASE}
        for row in rows
    ]
    if pending:
        await tx.execute(insert(Blob), pending)


_BLOB_COLUMNS = {"project_id": "project_id", "id": "blob_id", "object_key": "object_key"}


async def _own(
    snap: Snapshot,
    actor: Actor,
    project_id: int,
    ids: Sequence[UUID],
    *,
    or_maintainer: bool = False,
    ended_too: bool = False,
) -> list[MultipartUpload]:
    """The uploads of these ids, if the actor has made them, in the order of the ids."""
    if not 1 <= len(ids) <= MAX_FILES:
        raise Invalid(f"There are {len(ids)} uploads; name 1 to {MAX_FILES} at once.", field="ids")
    access = await projects.visible(snap, actor, project_id)
    visibility.require_writer(actor, access)
    rows = await _rows(snap, project_id, ids, _shown(actor, access))
    if visibility.is_limited(actor, access):
        for row in rows:
            await visibility.require_changeable(snap, actor, access, row, [row.path])
    if len(rows) != len(set(ids)):
        raise _missing(set(ids) - {row.id for row in rows})
    is_maintainer = or_maintainer and access.role is not None and access.role >= Role.MAINTAINER
    if not is_maintainer and any(row.created_by != actor.user_id for row in rows):
        raise Forbidden("Another user has made this upload; only they can go on with it.", field="ids")
    if not ended_too and any(row.state == "aborted" for row in rows):
        raise UploadMissing(field="ids")
    return rows


async def _rows(
    snap: Snapshot, project_id: int, ids: Sequence[UUID], shown: Sequence[TextClause]
) -> list[MultipartUpload]:
    statement = select(MultipartUpload).where(*_these(project_id, ids), MultipartUpload.size.is_not(None), *shown)
    by_id = {row.id: row for row in await snap.scalars(statement)}
    return [by_id[id] for id in dict.fromkeys(ids) if id in by_id]


async def _lock(tx: Tx, project_id: int, ids: Sequence[UUID]) -> list[MultipartUpload]:
    """The rows as they are now, held; in one order, so that two callers wait and never block each other."""
    statement = select(MultipartUpload).where(*_these(project_id, ids)).order_by(MultipartUpload.id).with_for_update()
    by_id = {row.id: row for row in await tx.scalars(statement, execution_options={"populate_existing": True})}
    return [by_id[id] for id in dict.fromkeys(ids) if id in by_id]


async def _change(tx: Tx, project_id: int, rows: Sequence[MultipartUpload], **values: Any) -> None:
    await tx.execute(
        update(MultipartUpload)
        .where(*_these(project_id, [row.id for row in rows]))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def _keep_blobs(tx: Tx, project_id: int, rows: Sequence[MultipartUpload]) -> None:
    mine = (Blob.project_id == project_id, Blob.id == func.any([row.blob_id for row in rows]), Blob.state == PENDING)
    await tx.execute(update(Blob).where(*mine).values(lease_until=func.now() + VERIFYING))


def _these(project_id: int, ids: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    return MultipartUpload.project_id == project_id, MultipartUpload.id == func.any(list(ids))


def _missing(ids: Collection[UUID]) -> UploadNotFound:
    return UploadNotFound(f"There is no upload `{next(iter(ids)).hex}`, or you may not see it.", field="ids")
