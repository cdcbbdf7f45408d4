"""The two transactions of an upload, shared by all files that arrive at the same time.

What stands here is the common case, in one statement each: the owner lives and no other transaction changes it, the
bytes are new to the project, the path is free and no other file excludes it. Whatever is otherwise is left untouched to
the steps of :mod:`app.artifacts.uploads.stream`, which wait, share, replace, heal, and say why not.

Sixteen clients PUT files of 10 kB. The first request reserves alone, at once; the fifteen that come while its statement
runs make up the next batch, so sixteen reservations take two or three commits instead of sixteen. Each then sends its
bytes to the store by itself, and the ones that end together finish together: a statement marks the blobs as stored and
inserts the artifacts. A file whose path exists already, say the third of a batch of eight, is left out of the
statement's result and goes the slow path alone; the seven others are committed. A statement that fails (two new files
``a`` and ``a/b``) is repeated for each file, so one bad file fails no other.

With two transactions of SQLAlchemy for each file, sixteen clients stored 63 files of 10 kB a second, at 17.1 ms of the
API and 3.7 ms of PostgreSQL each; with these statements 318, at 1.7 and 1.9 ms (docs/speed.md: a profile before and
after; docs/decisions/0017-shared-commits.md). A single client does not wait for company and loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from app.artifacts.artifacts import FileTarget
from app.artifacts.background_jobs import InspectArtifacts
from app.artifacts.owners import LIVING, LOCKED, OWNER_LIVES
from app.artifacts.tables import Artifact
from app.artifacts.upkeep import inspections
from app.artifacts.uploads.leases import LEASE
from app.db import change_context
from app.db.change_context import ChangeContext
from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.db.statements import Fragment, Statement
from app.errors import Conflict, Invalid, ModelyardError
from app.ids import object_key, uuid7
from app.inspection.equality import name_kind, rules
from app.queue import outbox
from app.storage.blobs import StoredObject

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file on its way: the blob and the key that its bytes get, and what was measured of them already."""

    target: FileTarget
    blob_id: UUID
    key: str
    stored: StoredObject | None = None
    is_plain: bool = False
    """Whether it is of no kind that is looked into."""
    context: ChangeContext | None = field(default_factory=change_context.current, repr=False)
    """Taken where the request is made: its statements run in tasks of their own."""

    @classmethod
    def of(cls, target: FileTarget, *, stored: StoredObject | None = None, is_plain: bool = False) -> IncomingFile:
        return cls(target, uuid7(), object_key(target.root.project_id), stored, is_plain)


@dataclass(frozen=True, slots=True)
class Reserved:
    """The bytes may be sent to the store: the row of their blob is committed."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The file is at its path, committed."""

    artifact: Artifact


@dataclass(frozen=True, slots=True)
class NeedsSlowPath:
    """It is not the common case; nothing was done."""


_RESERVED, _NEEDS_SLOW_PATH = Reserved(), NeedsSlowPath()


class _Row(NamedTuple):
    """What became of a file: its artifact, or only a pending blob (then all but the first are None)."""

    pending_id: UUID
    id: UUID | None
    blob_id: UUID | None
    created_at: datetime | None
    inspected_at: datetime | None


async def reserve(db: Database, file: IncomingFile) -> Reserved | Stored | NeedsSlowPath:
    """Write the row of the blob that the bytes are going to have; a free path for bytes that the project has already
    gets them here and now.

    NeedsSlowPath: the owner does not live, or another transaction changes it.
    """
    try:
        return await _reserve(db, file)
    except (Conflict, Invalid) as error:
        return _needs_slow_path(file, error)


async def finish(db: Database, file: IncomingFile) -> Stored | NeedsSlowPath:
    """Point a free path at bytes that are in the store and new to the project.

    NeedsSlowPath: the path or the bytes are not new, the owner does not live or is being changed, or another file
    excludes this one.
    """
    try:
        return await _finish(db, file)
    except (Conflict, Invalid) as error:
        return _needs_slow_path(file, error)


def _needs_slow_path(file: IncomingFile, error: ModelyardError) -> NeedsSlowPath:
    log.info("upload.not_simple", project=file.target.root.project_id, reason=error.message)
    return _NEEDS_SLOW_PATH


async def _reserve_all(db: Database, files: Sequence[IncomingFile]) -> list[Reserved | Stored | NeedsSlowPath]:
    db.room.require()
    async with db.direct() as connection:
        rows = await RESERVE.fetch(connection, **_reservations(files), lease=LEASE)
        outcomes: dict[UUID, Reserved | Stored | NeedsSlowPath] = {
            row.pending_id: _RESERVED for row in rows if row.is_reserved
        }
        stored_before = {row.pending_id for row in rows if not row.is_reserved}
        if stored_before:
            outcomes |= await _share(connection, [file for file in files if file.blob_id in stored_before])
    return [outcomes.get(file.blob_id, _NEEDS_SLOW_PATH) for file in files]


async def _share(
    connection: asyncpg.Connection, files: Sequence[IncomingFile]
) -> dict[UUID, Reserved | Stored | NeedsSlowPath]:
    """What the project seems to have already; whatever cannot be shared after all is reserved.

    The others of the batch are committed: nothing that is met here may fail them, and no file is reserved twice.
    """
    keys, names = [file.key for file in files], [name_kind(file.target.path) for file in files]
    values = {**_columns(files), **_jobs(files), "keys": keys, "name_kinds": names, "lease": LEASE, "rules": rules()}
    try:
        rows = await SHARE.fetch(connection, **values)
    except asyncpg.PostgresError as error:
        log.info("upload.not_shared", files=len(files), reason=type(error).__name__)
        return {}
    by_blob = {row.pending_id: row for row in rows}
    return {file.blob_id: _outcome(file, row) for file in files if (row := by_blob.get(file.blob_id))}


async def _finish_all(db: Database, files: Sequence[IncomingFile]) -> list[Stored | NeedsSlowPath]:
    # What two of them want at once goes to the first; the others take the slow path, which finds it done.
    first = {(file.target.root.id, file.target.path): file for file in reversed(files)}
    distinct = list({(file.target.root.project_id, _sha256(file)): file for file in first.values()}.values())
    async with db.committing(grows=False) as connection:
        if all(file.is_plain for file in distinct):
            rows = await FINISH_PLAIN.fetch(connection, **_columns(distinct))
        else:
            rows = await FINISH.fetch(connection, **_columns(distinct), **_jobs(distinct))
    by_blob = {row.pending_id: row for row in rows}
    outcomes = [(file, by_blob.get(file.blob_id)) for file in files]
    return [Stored(_artifact(file, row)) if row else _NEEDS_SLOW_PATH for file, row in outcomes]


_reserve: GroupCommit[IncomingFile, Reserved | Stored | NeedsSlowPath] = GroupCommit(_reserve_all, at_once=1)
_finish: GroupCommit[IncomingFile, Stored | NeedsSlowPath] = GroupCommit(_finish_all)


def _sha256(file: IncomingFile) -> bytes | None:
    return file.stored.sha256 if file.stored else None


def _reservations(files: Sequence[IncomingFile]) -> dict[str, list[Any]]:
    roots = [file.target.root for file in files]
    return {
        "projects": [root.project_id for root in roots],
        "candidates": [root.candidate_id for root in roots],
        "logged_models": [root.logged_model_id for root in roots],
        "blobs": [file.blob_id for file in files],
        "hashes": [_sha256(file) for file in files],
        "keys": [file.key for file in files],
    }


def _columns(files: Sequence[IncomingFile]) -> dict[str, Any]:
    targets = [file.target for file in files]
    hashes = [_sha256(file) for file in files]
    artifacts = [uuid7() for _ in files]
    return {
        "audit": change_context.told(dict(zip(artifacts, (file.context for file in files), strict=True))),
        "projects": [target.root.project_id for target in targets],
        "candidates": [target.root.candidate_id for target in targets],
        "logged_models": [target.root.logged_model_id for target in targets],
        "blobs": [file.blob_id for file in files],
        "hashes": hashes,
        "lock_keys": [int.from_bytes(sha256[:4], signed=True) if sha256 else None for sha256 in hashes],
        "sizes": [file.stored.size if file.stored else None for file in files],
        "artifacts": artifacts,
        "paths": [target.path for target in targets],
        "media_types": [target.media_type for target in targets],
        "users": [target.created_by for target in targets],
        "tokens": [target.token_id for target in targets],
        "plain": [file.is_plain for file in files],
    }


def _jobs(files: Sequence[IncomingFile]) -> dict[str, Any]:
    """A worker looks into what is in place and not plain; one look too many finds nothing to do."""
    roots = {file.target.root.id: file.target.root for file in files if file.stored and not file.is_plain}
    jobs = [(InspectArtifacts(root.project_id, root.id), root.project_id) for root in roots.values()]
    return outbox.enqueue_later_values(jobs, inspections.SOON)


def _outcome(file: IncomingFile, row: _Row) -> Reserved | Stored:
    return _RESERVED if row.id is None else Stored(_artifact(file, row))


def _artifact(file: IncomingFile, row: _Row) -> Artifact:
    target = file.target
    return Artifact(
        project_id=target.root.project_id,
        id=row.id,
        candidate_id=target.root.candidate_id,
        logged_model_id=target.root.logged_model_id,
        root_id=target.root.id,
        path=target.path,
        blob_id=row.blob_id,
        media_type=target.media_type,
        created_by=target.created_by,
        created_at=row.created_at,
        state="ready",
        inspected_at=row.inspected_at,
    )


def _given(more_values: str = "", more_names: str = "") -> Fragment:
    return Fragment(f"""
        SELECT * FROM unnest(:projects::bigint[], :candidates::uuid[], :logged_models::uuid[], :blobs::uuid[],
          :hashes::bytea[], :lock_keys::int[], :sizes::bigint[], :artifacts::uuid[], :paths::text[],
          :media_types::text[], :users::bigint[], :tokens::bigint[], :plain::bool[] {more_values})
        AS given(project_id, candidate_id, logged_model_id, pending_id, sha256, lock_key, size, artifact_id, path,
          media_type, created_by, token_id, is_plain {more_names})
    """)  # noqa: S608 - put together from constants


_PATH_IS_FREE = Fragment("""
    NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = given.project_id
      AND a.root_id = coalesce(given.candidate_id, given.logged_model_id) AND a.path = given.path)
""")
_PATH_ORDER = Fragment("ORDER BY coalesce(candidate_id, logged_model_id), path")
"""In one order: two statements that meet at two paths wait for each other, and not in a circle."""
_RETURNING = Fragment("RETURNING id, blob_id, created_at, inspected_at")


class _Reservation(NamedTuple):
    pending_id: UUID
    is_reserved: bool
    """False: the project has these bytes already, and the blob was not begun."""


# No owner is held yet: what ends one now is met when the bytes have come.
RESERVE = Statement(
    "artifacts.reserve_blobs",
    "Begin the blobs of files whose owners live and whose bytes the project does not have yet.",
    f"""
    WITH given AS (
      SELECT * FROM unnest(:projects::bigint[], :candidates::uuid[], :logged_models::uuid[], :blobs::uuid[],
        :hashes::bytea[], :keys::text[])
      AS given(project_id, candidate_id, logged_model_id, pending_id, sha256, object_key)
    ), {LIVING}, stored_before AS MATERIALIZED (
      SELECT pending_id FROM given WHERE EXISTS (SELECT FROM blobs b WHERE b.project_id = given.project_id
        AND b.sha256 = given.sha256 AND b.state = 'stored')
    ), reserved AS (
      INSERT INTO blobs (project_id, id, object_key, lease_until)
      SELECT project_id, pending_id, object_key, now() + :lease::interval FROM given
      WHERE {OWNER_LIVES} AND pending_id NOT IN (SELECT pending_id FROM stored_before)
      RETURNING id
    )
    SELECT id AS pending_id, true AS is_reserved FROM reserved
    UNION ALL SELECT pending_id, false AS is_reserved FROM stored_before
    """,  # noqa: S608 - put together from constants
    row=_Reservation,
)
# Bytes that are damaged are sent again, which heals them; what has been refused has a step of its own. That is a column
# of the row that is held: a verdict that comes about after this statement has begun is seen in it, and elsewhere not.
SHARE = Statement(
    "artifacts.share_blobs",
    "Point free paths at bytes that the project has, with the verdict on them; begin the blobs of all others.",
    f"""
    WITH given AS ({_given(", :keys::text[], :name_kinds::text[]", ", object_key, name_kind")}
    ), {LOCKED}, shared AS MATERIALIZED (
      SELECT given.*, same.id AS shared_id FROM given, LATERAL (
        SELECT b.id FROM blobs b
        WHERE b.project_id = given.project_id AND b.sha256 = given.sha256 AND b.size = given.size
          AND b.state = 'stored' AND b.damage IS NULL AND NOT b.has_trouble
        LIMIT 1 FOR SHARE OF b SKIP LOCKED
      ) same
      WHERE {OWNER_LIVES} AND {_PATH_IS_FREE}
    ), judged AS (
      SELECT s.*, v.format, v.facts, v.scan, v.inspected_at
      FROM shared s LEFT JOIN verdicts v ON v.project_id = s.project_id AND v.blob_id = s.shared_id
        AND v.name_kind = s.name_kind AND v.rules = :rules AND v.state = 'ready'
    ), placed AS (
      INSERT INTO artifacts
        (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type, created_by, inspected_at,
         format, facts, scan)
      SELECT project_id, artifact_id, candidate_id, logged_model_id, path, shared_id, media_type, created_by,
        CASE WHEN is_plain THEN now() ELSE inspected_at END, format, facts, scan
      FROM judged WHERE {change_context.TELL} {_PATH_ORDER} {_RETURNING}
    ), promised AS ({outbox.ENQUEUE_LATER}
    ), reserved AS (
      INSERT INTO blobs (project_id, id, object_key, lease_until)
      SELECT project_id, pending_id, object_key, now() + :lease::interval FROM given
      WHERE {OWNER_LIVES} AND pending_id NOT IN (SELECT pending_id FROM shared)
      RETURNING id
    )
    SELECT reserved.id AS pending_id, null::uuid AS id, null::uuid AS blob_id, null::timestamptz AS created_at,
      null::timestamptz AS inspected_at FROM reserved
    UNION ALL SELECT shared.pending_id, placed.id, placed.blob_id, placed.created_at, placed.inspected_at
    FROM placed JOIN shared ON shared.artifact_id = placed.id
    """,  # noqa: S608 - put together from constants
    row=_Row,
)
# `<> 'stored'` and not `= 'pending'`: in a small table the planner would as soon read the whole index of what is
# pending, and keep to that when it has grown. The advisory locks are those of `publish.register`. A hash or a path that
# another transaction has taken since this statement began meets a unique index, which undoes all of it; so does the
# trigger for a path that would be a file and a folder, since looking for that here would cost each small file as much
# again.
_FINISHED = Fragment(f"""
    WITH given AS ({_given()}), {LOCKED}, simple AS MATERIALIZED (
      SELECT * FROM given WHERE {OWNER_LIVES} AND {_PATH_IS_FREE}
      AND NOT EXISTS (SELECT FROM blobs b WHERE b.project_id = given.project_id
        AND b.sha256 = given.sha256 AND b.state = 'stored')
    ), kept AS (
      UPDATE blobs b SET state = 'stored', sha256 = simple.sha256, size = simple.size, token_id = simple.token_id,
        lease_until = NULL
      FROM simple
      WHERE b.project_id = simple.project_id AND b.id = simple.pending_id AND b.state <> 'stored'
      AND pg_try_advisory_xact_lock((simple.project_id % 2147483648)::int, simple.lock_key)
      RETURNING b.id
    ), placed AS (
      INSERT INTO artifacts
        (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type, created_by, inspected_at)
      SELECT project_id, artifact_id, candidate_id, logged_model_id, path, pending_id, media_type, created_by,
        CASE WHEN is_plain THEN now() END
      FROM simple JOIN kept ON kept.id = simple.pending_id WHERE {change_context.TELL} {_PATH_ORDER} {_RETURNING}
    )
""")  # noqa: S608 - put together from constants
_ROWS = Fragment("SELECT blob_id AS pending_id, id, blob_id, created_at, inspected_at FROM placed")
FINISH_PLAIN = Statement(
    "artifacts.finish_plain_files",
    "Make new bytes the files of free paths; none of the files is of a kind that is looked into.",
    f"{_FINISHED} {_ROWS}",
    row=_Row,
)
FINISH = Statement(
    "artifacts.finish_files",
    "Make new bytes the files of free paths, and promise a job that looks into those that are not plain.",
    f"{_FINISHED}, promised AS ({outbox.ENQUEUE_LATER}) {_ROWS}",
    row=_Row,
)
