"""The two transactions of an upload, shared by all files that arrive at the same time.

What stands here is the common case, in one statement each: the owner lives and nobody changes it, the bytes are new
to the project, the path is free. Whatever is otherwise is left, untouched, to the steps of
:mod:`app.artifacts.uploads`, which wait, share, replace, heal, and say why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from app.artifacts import inspections
from app.artifacts.artifacts import Root
from app.artifacts.tables import Artifact
from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.errors import Conflict, Invalid
from app.ids import object_key, uuid7
from app.queue import outbox
from app.queue.jobs import InspectArtifacts
from app.storage.blobs import Stored

LEASE = timedelta(minutes=15)
"""So long a pending blob is left alone, unless it is prolonged."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Expected:
    """A file that is going to come for a root: the pending blob, and the key of its bytes."""

    root: Root
    blob_id: UUID
    key: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """Bytes that are in the store, and where they belong."""

    root: Root
    path: str
    media_type: str
    created_by: int | None
    blob_id: UUID
    stored: Stored
    is_plain: bool
    """Whether it is of no kind that anybody would look into."""


async def expect(db: Database, root: Root) -> Expected | None:
    """Write down where bytes are going to be; None when the owner cannot be held at this moment."""
    expected = Expected(root, uuid7(), object_key(root.project_id))
    return expected if await _expect(db, expected) else None


async def settle(db: Database, arrived: Arrived) -> Artifact | None:
    """Point a free path at new bytes; None when it is not that simple: nothing has been done then."""
    try:
        return await _settle(db, arrived)
    except (Conflict, Invalid) as error:
        log.info("upload.not_simple", project=arrived.root.project_id, reason=error.message)
        return None


async def _write_expected(db: Database, wishes: Sequence[Expected]) -> list[bool]:
    ids = [wish.blob_id for wish in wishes]
    keys = [wish.key for wish in wishes]
    async with db.direct() as connection:
        rows = await connection.fetch(_EXPECT, *_owners(wishes), ids, keys, LEASE)
    begun = {row["id"] for row in rows}
    return [id in begun for id in ids]


async def _write_arrived(db: Database, wishes: Sequence[Arrived]) -> list[Artifact | None]:
    # What two of them want at once goes to the first; the others find it done.
    first = {(wish.root.project_id, wish.root.id, wish.path): wish for wish in reversed(wishes)}
    alone = list({(wish.root.project_id, wish.stored.sha256): wish for wish in first.values()}.values())
    async with db.direct() as connection:
        rows = await connection.fetch(_SETTLE, *_columns(alone), *_jobs(alone))
    placed = {row["blob_id"]: row for row in rows}
    return [_artifact(wish, placed[wish.blob_id]) if wish.blob_id in placed else None for wish in wishes]


_expect: GroupCommit[Expected, bool] = GroupCommit(_write_expected)
_settle: GroupCommit[Arrived, Artifact | None] = GroupCommit(_write_arrived)


def _owners(wishes: Sequence[Expected] | Sequence[Arrived]) -> tuple[list[Any], ...]:
    roots = [wish.root for wish in wishes]
    return (
        [root.project_id for root in roots],
        [root.candidate_id for root in roots],
        [root.logged_model_id for root in roots],
    )


def _columns(wishes: Sequence[Arrived]) -> tuple[list[Any], ...]:
    return (
        *_owners(wishes),
        [wish.blob_id for wish in wishes],
        [wish.stored.sha256 for wish in wishes],
        [int.from_bytes(wish.stored.sha256[:4], signed=True) for wish in wishes],
        [wish.stored.size for wish in wishes],
        [uuid7() for _ in wishes],
        [wish.path for wish in wishes],
        [wish.media_type for wish in wishes],
        [wish.created_by for wish in wishes],
        [wish.is_plain for wish in wishes],
    )


def _artifact(wish: Arrived, row: Mapping[str, Any]) -> Artifact:
    return Artifact(
        project_id=wish.root.project_id,
        id=row["id"],
        candidate_id=wish.root.candidate_id,
        logged_model_id=wish.root.logged_model_id,
        root_id=wish.root.id,
        path=wish.path,
        blob_id=wish.blob_id,
        media_type=wish.media_type,
        created_by=wish.created_by,
        created_at=row["created_at"],
        state="ready",
        inspected_at=row["inspected_at"],
    )


def _jobs(wishes: Sequence[Arrived]) -> tuple[Any, ...]:
    """Somebody looks into what is not plain."""
    roots = {wish.root.id: wish.root.project_id for wish in wishes if not wish.is_plain}
    jobs = [(InspectArtifacts(project_id, root_id), project_id) for root_id, project_id in roots.items()]
    return outbox.later_values(jobs, inspections.SOON)


# An owner that somebody changes at this moment is passed by and not waited for: all others would wait along.
_OWNERS = """
living AS MATERIALIZED (
  SELECT c.project_id, c.id FROM candidates c
  WHERE (c.project_id, c.id) IN (SELECT project_id, candidate_id FROM given)
  AND c.purge_at IS NULL AND c.deleted_at IS NULL FOR SHARE OF c SKIP LOCKED
),
living_models AS MATERIALIZED (
  SELECT m.project_id, m.id FROM logged_models m
  WHERE (m.project_id, m.id) IN (SELECT project_id, logged_model_id FROM given)
  AND m.purge_at IS NULL AND m.deleted_at IS NULL FOR SHARE OF m SKIP LOCKED
)
"""
_HELD = """
((given.project_id, given.candidate_id) IN (SELECT project_id, id FROM living)
  OR (given.project_id, given.logged_model_id) IN (SELECT project_id, id FROM living_models))
"""
_EXPECT = f"""
WITH given AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
  AS given(project_id, candidate_id, logged_model_id, blob_id, object_key)
), {_OWNERS}
INSERT INTO blobs (project_id, id, object_key, lease_until)
SELECT project_id, blob_id, object_key, now() + $6::interval FROM given WHERE {_HELD}
RETURNING id
"""  # noqa: S608 - put together from constants
# The advisory locks are those of `uploads.register`. A hash or a path that somebody has taken since this statement
# began meets a unique index, which undoes all of it.
_SETTLE = f"""
WITH given AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::int[], $7::bigint[],
    $8::uuid[], $9::text[], $10::text[], $11::bigint[], $12::bool[])
  AS given(project_id, candidate_id, logged_model_id, blob_id, sha256, half, size,
    artifact_id, path, media_type, created_by, is_plain)
), {_OWNERS}, simple AS MATERIALIZED (
  SELECT * FROM given WHERE {_HELD}
  AND NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = given.project_id
    AND a.root_id = coalesce(given.candidate_id, given.logged_model_id) AND a.path = given.path)
  AND NOT EXISTS (SELECT FROM blobs b WHERE b.project_id = given.project_id
    AND b.sha256 = given.sha256 AND b.state = 'stored')
), kept AS (
  UPDATE blobs b SET state = 'stored', sha256 = simple.sha256, size = simple.size, lease_until = NULL FROM simple
  WHERE b.project_id = simple.project_id AND b.id = simple.blob_id AND b.state = 'pending'
  AND pg_try_advisory_xact_lock((simple.project_id % 2147483648)::int, simple.half)
  RETURNING b.id
), promised AS ({outbox.later_sql(13)})
INSERT INTO artifacts
  (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type, created_by, inspected_at)
SELECT project_id, artifact_id, candidate_id, logged_model_id, path, blob_id, media_type, created_by,
  CASE WHEN is_plain THEN now() END
FROM simple JOIN kept ON kept.id = simple.blob_id
RETURNING id, blob_id, created_at, inspected_at
"""  # noqa: S608 - put together from constants
