"""The two transactions of an upload, shared by all files that arrive for a project at the same time.

What stands here is the common case, in one statement each: the owner lives and nobody changes it, the bytes are new
to the project, the path is free. Whatever is otherwise is left, untouched, to the steps of
:mod:`app.artifacts.uploads`, which wait, share, replace, heal, and say why not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog

from app.artifacts import inspections
from app.artifacts.artifacts import Root
from app.artifacts.tables import Artifact
from app.db.database import Database
from app.db.rounds import Rounds
from app.errors import Conflict, Invalid
from app.ids import object_key, uuid7
from app.queue import outbox
from app.queue.jobs import InspectArtifacts
from app.storage.blobs import Stored

W = TypeVar("W")
R = TypeVar("R")

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
    return expected if await _ask(_expecting, db, root.project_id, expected, _expect) else None


async def settle(db: Database, arrived: Arrived) -> Artifact | None:
    """Point a free path at new bytes; None when it is not that simple: nothing has been done then."""
    return await _ask(_settling, db, arrived.root.project_id, arrived, _settle)


_Lane = tuple[int, int]
_expecting: dict[_Lane, Rounds[Expected, bool]] = {}
_settling: dict[_Lane, Rounds[Arrived, Artifact | None]] = {}
"""By database and project: what one tenant waits for holds up no other. Only lanes with somebody in them are kept."""


async def _ask(
    lanes: dict[_Lane, Rounds[W, R]],
    db: Database,
    project_id: int,
    wish: W,
    serve: Callable[[Database, int, Sequence[W]], Awaitable[Sequence[R | Exception]]],
) -> R:
    lane = (id(db), project_id)
    rounds = lanes.get(lane)
    if rounds is None:
        rounds = lanes[lane] = Rounds(lambda wishes: serve(db, project_id, wishes))
    try:
        return await rounds.ask(wish)
    finally:
        if rounds.is_idle and lanes.get(lane) is rounds:
            del lanes[lane]


async def _expect(db: Database, project_id: int, wishes: Sequence[Expected]) -> list[bool | Exception]:
    ids = [wish.blob_id for wish in wishes]
    keys = [wish.key for wish in wishes]
    async with db.direct() as connection:
        rows = await connection.fetch(_EXPECT, project_id, ids, *_owners(wishes), keys, LEASE)
    begun = {row["id"] for row in rows}
    return [id in begun for id in ids]


async def _settle(db: Database, project_id: int, wishes: Sequence[Arrived]) -> list[Artifact | Exception | None]:
    # What two of them want at once goes to the first; the others find it done.
    first = {(wish.root.id, wish.path): wish for wish in reversed(wishes)}
    alone = list({wish.stored.sha256: wish for wish in first.values()}.values())
    try:
        async with db.direct() as connection:
            rows = await connection.fetch(_SETTLE, project_id, *_columns(alone), *_jobs(alone))
    except (Conflict, Invalid) as error:
        log.info("uploads.settled_one_by_one", project=project_id, uploads=len(wishes), reason=error.message)
        rows = []
    placed = {row["blob_id"]: row for row in rows}
    return [_artifact(wish, placed[wish.blob_id]) if wish.blob_id in placed else None for wish in wishes]


def _owners(wishes: Sequence[Expected] | Sequence[Arrived]) -> tuple[list[UUID | None], list[UUID | None]]:
    return [wish.root.candidate_id for wish in wishes], [wish.root.logged_model_id for wish in wishes]


def _columns(wishes: Sequence[Arrived]) -> tuple[list[Any], ...]:
    return (
        [wish.blob_id for wish in wishes],
        *_owners(wishes),
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
    curious = {
        wish.root.id: InspectArtifacts(wish.root.project_id, wish.root.id) for wish in wishes if not wish.is_plain
    }
    return outbox.later_values(curious.values(), inspections.SOON, project_id=wishes[0].root.project_id)


# An owner that somebody changes at this moment is passed by and not waited for: all others would wait along.
_OWNERS = """
living AS MATERIALIZED (
  SELECT id FROM candidates WHERE project_id = $1 AND id = ANY($3::uuid[])
  AND purge_at IS NULL AND deleted_at IS NULL FOR SHARE SKIP LOCKED
),
living_models AS MATERIALIZED (
  SELECT id FROM logged_models WHERE project_id = $1 AND id = ANY($4::uuid[])
  AND purge_at IS NULL AND deleted_at IS NULL FOR SHARE SKIP LOCKED
)
"""
_HELD = """
(given.candidate_id IN (SELECT id FROM living) OR given.logged_model_id IN (SELECT id FROM living_models))
"""
_EXPECT = f"""
WITH given AS (
  SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
  AS given(blob_id, candidate_id, logged_model_id, object_key)
), {_OWNERS}
INSERT INTO blobs (project_id, id, object_key, lease_until)
SELECT $1, blob_id, object_key, now() + $6::interval FROM given WHERE {_HELD}
RETURNING id
"""  # noqa: S608 - put together from constants
# The advisory locks are those of `uploads.register`. A hash or a path that somebody has taken since this statement
# began meets a unique index, which undoes all of it.
_SETTLE = f"""
WITH given AS (
  SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::int[], $7::bigint[], $8::uuid[],
    $9::text[], $10::text[], $11::bigint[], $12::bool[])
  AS given(blob_id, candidate_id, logged_model_id, sha256, half, size, artifact_id, path, media_type, created_by,
    is_plain)
), {_OWNERS}, simple AS MATERIALIZED (
  SELECT * FROM given WHERE {_HELD}
  AND NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = $1
    AND a.root_id = coalesce(given.candidate_id, given.logged_model_id) AND a.path = given.path)
  AND NOT EXISTS (SELECT FROM blobs b WHERE b.project_id = $1 AND b.sha256 = given.sha256 AND b.state = 'stored')
), kept AS (
  UPDATE blobs b SET state = 'stored', sha256 = simple.sha256, size = simple.size, lease_until = NULL FROM simple
  WHERE b.project_id = $1 AND b.id = simple.blob_id AND b.state = 'pending'
  AND pg_try_advisory_xact_lock(($1 % 2147483648)::int, simple.half)
  RETURNING b.id
), promised AS ({outbox.later_sql(13)})
INSERT INTO artifacts
  (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type, created_by, inspected_at)
SELECT $1, artifact_id, candidate_id, logged_model_id, path, blob_id, media_type, created_by,
  CASE WHEN is_plain THEN now() END
FROM simple JOIN kept ON kept.id = simple.blob_id
RETURNING id, blob_id, created_at, inspected_at
"""  # noqa: S608 - put together from constants
