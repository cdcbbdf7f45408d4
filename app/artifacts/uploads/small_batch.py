"""The two transactions of an upload, shared by all files that arrive at the same time.

What stands here is the common case, in one statement each: the owner lives and nobody changes it, the bytes are new
to the project, the path is free and no other file excludes it. Whatever is otherwise is left, untouched, to the steps
of :mod:`app.artifacts.uploads.stream`, which wait, share, replace, heal, and say why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from app.artifacts.artifacts import FileTarget
from app.artifacts.background_jobs import InspectArtifacts
from app.artifacts.tables import Artifact
from app.artifacts.upkeep import inspections
from app.artifacts.uploads.leases import LEASE
from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.errors import Conflict, Invalid, ModelyardError
from app.ids import object_key, uuid7
from app.inspection.equality import name_kind, rules
from app.queue import outbox
from app.storage.blobs import Stored

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file on its way: the blob and the key that its bytes get, and what is known of them already."""

    place: FileTarget
    blob_id: UUID
    key: str
    stored: Stored | None = None
    is_plain: bool = False
    """Whether it is of no kind that anybody would look into."""

    @classmethod
    def of(cls, place: FileTarget, *, known: Stored | None = None, is_plain: bool = False) -> IncomingFile:
        return cls(place, uuid7(), object_key(place.root.project_id), known, is_plain)


async def reserve(db: Database, file: IncomingFile) -> Artifact | bool:
    """Write down where bytes are going to be; True: they may come. False: the owner cannot be held at this moment.

    A free path for bytes that the project has already gets them here and now: the artifact.
    """
    try:
        return await _expect(db, file)
    except (Conflict, Invalid) as error:
        return _not_simple(file, error)


async def finish(db: Database, file: IncomingFile) -> Artifact | bool:
    """Point a free path at new bytes; False when it is not that simple: nothing has been done then."""
    try:
        return await _settle(db, file)
    except (Conflict, Invalid) as error:
        return _not_simple(file, error)


def _not_simple(file: IncomingFile, error: ModelyardError) -> bool:
    log.info("upload.not_simple", project=file.place.root.project_id, reason=error.message)
    return False


async def _write_expected(db: Database, files: Sequence[IncomingFile]) -> list[Artifact | bool]:
    db.room.require()
    async with db.direct() as connection:
        rows = await connection.fetch(_BEGIN, *_expected(files), LEASE)
        outcomes: dict[UUID, Artifact | bool] = {row["pending_id"]: row["is_begun"] for row in rows}
        known = [file for file in files if outcomes.get(file.blob_id) is False]
        if known:
            outcomes |= await _share(connection, known)
    return [outcomes.get(file.blob_id, False) for file in files]


async def _share(connection: Any, files: Sequence[IncomingFile]) -> dict[UUID, Artifact | bool]:
    """What the project seems to have already; whatever cannot be shared after all is begun.

    Others have been begun for good: nothing that is met here may fail them, and nobody is begun twice.
    """
    keys = [file.key for file in files]
    names = [name_kind(file.place.path) for file in files]
    try:
        rows = await connection.fetch(_SHARE, *_columns(files), *_jobs(files), keys, names, LEASE, rules())
    except asyncpg.PostgresError as error:
        log.info("upload.not_shared", files=len(files), reason=type(error).__name__)
        return {}
    found = {row["pending_id"]: row for row in rows}
    return {file.blob_id: _outcome(file, found.get(file.blob_id)) for file in files}


async def _write_arrived(db: Database, files: Sequence[IncomingFile]) -> list[Artifact | bool]:
    # What two of them want at once goes to the first; the others find it done.
    first = {(file.place.root.id, file.place.path): file for file in reversed(files)}
    alone = list({(file.place.root.project_id, _sha256(file)): file for file in first.values()}.values())
    async with db.committing(grows=False) as connection:
        if all(file.is_plain for file in alone):
            rows = await connection.fetch(_SETTLE_PLAIN, *_columns(alone))
        else:
            rows = await connection.fetch(_SETTLE, *_columns(alone), *_jobs(alone))
    found = {row["pending_id"]: row for row in rows}
    return [_outcome(file, found.get(file.blob_id)) for file in files]


_expect: GroupCommit[IncomingFile, Artifact | bool] = GroupCommit(_write_expected, at_once=1)
_settle: GroupCommit[IncomingFile, Artifact | bool] = GroupCommit(_write_arrived)


def _sha256(file: IncomingFile) -> bytes | None:
    return file.stored.sha256 if file.stored else None


def _expected(files: Sequence[IncomingFile]) -> tuple[list[Any], ...]:
    roots = [file.place.root for file in files]
    return (
        [root.project_id for root in roots],
        [root.candidate_id for root in roots],
        [root.logged_model_id for root in roots],
        [file.blob_id for file in files],
        [_sha256(file) for file in files],
        [file.key for file in files],
    )


def _columns(files: Sequence[IncomingFile]) -> tuple[list[Any], ...]:
    places = [file.place for file in files]
    hashes = [_sha256(file) for file in files]
    return (
        [place.root.project_id for place in places],
        [place.root.candidate_id for place in places],
        [place.root.logged_model_id for place in places],
        [file.blob_id for file in files],
        hashes,
        [int.from_bytes(sha256[:4], signed=True) if sha256 else None for sha256 in hashes],
        [file.stored.size if file.stored else None for file in files],
        [uuid7() for _ in files],
        [place.path for place in places],
        [place.media_type for place in places],
        [place.created_by for place in places],
        [file.is_plain for file in files],
    )


def _jobs(files: Sequence[IncomingFile]) -> tuple[Any, ...]:
    """Somebody looks into what is in place and not plain; one look too many finds nothing to do."""
    roots = {file.place.root.id: file.place.root for file in files if file.stored and not file.is_plain}
    jobs = [(InspectArtifacts(root.project_id, root.id), root.project_id) for root in roots.values()]
    return outbox.later_values(jobs, inspections.SOON)


def _outcome(file: IncomingFile, row: Mapping[str, Any] | None) -> Artifact | bool:
    if row is None or row["id"] is None:
        return row is not None
    place = file.place
    return Artifact(
        project_id=place.root.project_id,
        id=row["id"],
        candidate_id=place.root.candidate_id,
        logged_model_id=place.root.logged_model_id,
        root_id=place.root.id,
        path=place.path,
        blob_id=row["blob_id"],
        media_type=place.media_type,
        created_by=place.created_by,
        created_at=row["created_at"],
        state="ready",
        inspected_at=row["inspected_at"],
    )


# An owner that somebody changes at this moment is passed by and not waited for: all others would wait along.
_OWNERS = """
living AS MATERIALIZED (
  SELECT c.project_id, c.id FROM candidates c
  WHERE (c.project_id, c.id) IN (SELECT project_id, candidate_id FROM given)
  AND c.purge_at IS NULL AND c.deleted_at IS NULL {candidates}
), living_models AS MATERIALIZED (
  SELECT m.project_id, m.id FROM logged_models m
  WHERE (m.project_id, m.id) IN (SELECT project_id, logged_model_id FROM given)
  AND m.purge_at IS NULL AND m.deleted_at IS NULL {models}
)
"""
_HOLDING = _OWNERS.format(candidates="FOR SHARE OF c SKIP LOCKED", models="FOR SHARE OF m SKIP LOCKED")
_GIVEN = f"""
given AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::int[], $7::bigint[],
    $8::uuid[], $9::text[], $10::text[], $11::bigint[], $12::bool[] {{more}})
  AS given(project_id, candidate_id, logged_model_id, pending_id, sha256, half, size,
    artifact_id, path, media_type, created_by, is_plain {{names}})
), {_HOLDING}
"""  # noqa: S608 - put together from constants
_HELD = """
((given.project_id, given.candidate_id) IN (SELECT project_id, id FROM living)
  OR (given.project_id, given.logged_model_id) IN (SELECT project_id, id FROM living_models))
"""
_FREE = """
NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = given.project_id
  AND a.root_id = coalesce(given.candidate_id, given.logged_model_id) AND a.path = given.path)
"""
# In one order: two statements that meet at two paths wait for each other, and not in a circle.
_PLACED = """
INSERT INTO artifacts
  (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type, created_by, inspected_at {more})
SELECT project_id, artifact_id, candidate_id, logged_model_id, path, {blob_id}, media_type, created_by,
  CASE WHEN is_plain THEN now() {known} END {values}
FROM {files}
ORDER BY coalesce(candidate_id, logged_model_id), path
RETURNING id, blob_id, created_at, inspected_at
"""
_PLACED_NEW = _PLACED.format(
    blob_id="pending_id", files="simple JOIN kept ON kept.id = simple.pending_id", known="", more="", values=""
)
_PLACED_SHARED = _PLACED.format(
    blob_id="shared_id",
    files="judged",
    known="ELSE inspected_at",
    more=", format, facts, scan",
    values=", format, facts, scan",
)
# Nobody holds the owner yet: whoever ends it now is met when the bytes have come.
_BEGIN = f"""
WITH given AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::text[])
  AS given(project_id, candidate_id, logged_model_id, pending_id, sha256, object_key)
), {_OWNERS.format(candidates="", models="")}, known AS MATERIALIZED (
  SELECT pending_id FROM given WHERE EXISTS (SELECT FROM blobs b WHERE b.project_id = given.project_id
    AND b.sha256 = given.sha256 AND b.state = 'stored')
), begun AS (
  INSERT INTO blobs (project_id, id, object_key, lease_until)
  SELECT project_id, pending_id, object_key, now() + $7::interval FROM given
  WHERE {_HELD} AND pending_id NOT IN (SELECT pending_id FROM known)
  RETURNING id
)
SELECT id AS pending_id, true AS is_begun FROM begun UNION ALL SELECT pending_id, false FROM known
"""  # noqa: S608 - put together from constants
# Bytes that are damaged are sent again, which heals them; what has been refused has a step of its own. That is a column
# of the row that is held: a verdict that comes about after this statement has begun is seen in it, and elsewhere not.
_VERDICTS = "verdicts v ON v.project_id = s.project_id AND v.blob_id = s.shared_id AND v.name_kind = s.name_kind"
_SHARE = f"""
WITH {_GIVEN.format(more=", $21::text[], $22::text[]", names=", object_key, name_kind")}, shared AS MATERIALIZED (
  SELECT given.*, same.id AS shared_id FROM given, LATERAL (
    SELECT b.id FROM blobs b
    WHERE b.project_id = given.project_id AND b.sha256 = given.sha256 AND b.size = given.size
      AND b.state = 'stored' AND b.damage IS NULL AND NOT b.has_trouble
    LIMIT 1 FOR SHARE OF b SKIP LOCKED
  ) same
  WHERE {_HELD} AND {_FREE}
), judged AS (
  SELECT s.*, v.format, v.facts, v.scan, v.inspected_at
  FROM shared s LEFT JOIN {_VERDICTS} AND v.rules = $24 AND v.state = 'ready'
), placed AS ({_PLACED_SHARED}
), promised AS ({outbox.later_sql(13)}
), begun AS (
  INSERT INTO blobs (project_id, id, object_key, lease_until)
  SELECT project_id, pending_id, object_key, now() + $23::interval FROM given
  WHERE {_HELD} AND pending_id NOT IN (SELECT pending_id FROM shared)
  RETURNING id
)
SELECT begun.id AS pending_id, null::uuid AS id, null::uuid AS blob_id, null::timestamptz AS created_at,
  null::timestamptz AS inspected_at FROM begun
UNION ALL
SELECT shared.pending_id, placed.* FROM placed JOIN shared ON shared.artifact_id = placed.id
"""  # noqa: S608 - put together from constants
# `<> 'stored'` and not `= 'pending'`: in a small table the planner would as soon read the whole index of what is
# pending, and keep to that when it has grown. The advisory locks are those of `uploads.register`. A hash or a path that
# somebody has taken since this statement began meets a unique index, which undoes all of it; so does the trigger for a
# path that would be a file and a folder, since looking for that here would cost each small file as much again.
_ARRIVED = f"""
WITH {_GIVEN.format(more="", names="")}, simple AS MATERIALIZED (
  SELECT * FROM given WHERE {_HELD} AND {_FREE}
  AND NOT EXISTS (SELECT FROM blobs b WHERE b.project_id = given.project_id
    AND b.sha256 = given.sha256 AND b.state = 'stored')
), kept AS (
  UPDATE blobs b SET state = 'stored', sha256 = simple.sha256, size = simple.size, lease_until = NULL FROM simple
  WHERE b.project_id = simple.project_id AND b.id = simple.pending_id AND b.state <> 'stored'
  AND pg_try_advisory_xact_lock((simple.project_id % 2147483648)::int, simple.half)
  RETURNING b.id
), placed AS ({_PLACED_NEW})
"""  # noqa: S608 - put together from constants
_ANSWER = "SELECT blob_id AS pending_id, placed.* FROM placed"
_SETTLE_PLAIN = f"{_ARRIVED} {_ANSWER}"
_SETTLE = f"{_ARRIVED}, promised AS ({outbox.later_sql(13)}) {_ANSWER}"
