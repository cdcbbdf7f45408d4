"""Versions that wait for announced files: what makes a version OPEN, and what ends the wait without them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import structlog

from app.artifacts.uploads import outstanding
from app.artifacts.uploads.announced import MultipartUpload
from app.db.database import Database, Tx
from app.db.statements import Statement, columns
from app.registry.tables import ModelVersion
from app.registry.versions import lookup
from app.tracking import file_owners, version_candidates

MAX_WAIT = timedelta(days=1)
"""An OPEN version is given up when it is older, and no file came or was announced to it for so long."""
BATCH = 200
"""Versions that one run gives up."""
log = structlog.get_logger()


class VersionKey(NamedTuple):
    """The primary key of a version."""

    project_id: int
    id: int


HAS_ONLY_EMPTY_CANDIDATE = Statement(
    "registry.has_only_empty_candidate",
    "Whether a version has a candidate of its own, with no file and no other version.",
    f"""
    SELECT {version_candidates.is_own_sql("v.project_id", "v.candidate_id")}
        AND NOT {outstanding.has_files_sql("v.project_id", "v.candidate_id")}
        AND NOT EXISTS (SELECT FROM model_versions o
            WHERE o.project_id = v.project_id AND o.candidate_id = v.candidate_id AND o.id <> v.id)
    FROM model_versions v WHERE v.project_id = :project AND v.id = :version AND v.logged_model_id IS NULL
    """,  # noqa: S608 - of constants
)
OPEN_VERSION = Statement(
    "registry.open_version",
    "Opens an empty version until its announced files are READY, and one that was given up as it was.",
    """
    UPDATE model_versions v SET given_up_at = NULL, announced_state = 'open',
        open_until = CASE WHEN v.given_up_at IS NULL THEN 'files_ready' ELSE v.open_until END
    WHERE v.project_id = :project AND v.id = :version AND v.deleted_at IS NULL AND v.location = ''
      AND (v.given_up_at IS NOT NULL OR (v.open_until = '' AND :is_empty))
    RETURNING v.id
    """,
)
REFRESH_STATE = Statement(
    "registry.refresh_state",
    "Derives the state of one version anew.",
    """
    UPDATE model_versions v SET state = derived.state, state_reason = derived.reason
    FROM model_versions o, LATERAL version_state(o) AS derived
    WHERE o.project_id = :project AND o.id = :version AND v.project_id = o.project_id AND v.id = o.id
    """,
)
MARK_MISSED = Statement(
    "registry.mark_missed",
    "Lets versions that wait for announced files of these candidates be completed by a call only.",
    """
    UPDATE model_versions v SET open_until = 'completed' FROM (
        SELECT o.project_id, o.id FROM model_versions o
        JOIN unnest(:projects::bigint[], :candidates::uuid[]) AS missed (project_id, candidate_id)
          ON o.project_id = missed.project_id AND o.candidate_id = missed.candidate_id
        WHERE o.open_until = 'files_ready' ORDER BY o.project_id, o.id FOR UPDATE OF o
    ) AS held WHERE v.project_id = held.project_id AND v.id = held.id
    """,
)
GIVE_UP = Statement(
    "registry.give_up",
    "Gives up versions that are OPEN and to which nothing came for longer than a time.",
    f"""
    UPDATE model_versions v SET given_up_at = now() FROM (
        SELECT m.project_id, m.id FROM model_versions m
        WHERE m.open_until <> '' AND m.deleted_at IS NULL AND m.given_up_at IS NULL
          AND m.created_at < now() - :max_wait::interval
          AND {
        outstanding.is_quiet_sql("m.project_id", "m.candidate_id", "m.logged_model_id", "now() - :max_wait::interval")
    }
        ORDER BY m.project_id, m.id LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AS old WHERE v.project_id = old.project_id AND v.id = old.id RETURNING {columns(VersionKey, of="v")}
    """,  # noqa: S608 - of constants
    row=VersionKey,
)


class WaitForFiles:
    """Two steps of the transaction that announces files for a version.

    A version that has no file yet, and a candidate of its own, is OPEN until they are all READY; one that was given up
    is OPEN again.
    """

    def __init__(self, version: ModelVersion) -> None:
        self._key = VersionKey(version.project_id, version.id)
        self._lock = file_owners.lock(lookup.root_of(version)[0])
        self._is_empty = False

    async def lock_owner(self, tx: Tx) -> None:
        """Step: lock the owner of the files, and see whether it has any."""
        await self._lock(tx)
        project_id, id = self._key
        self._is_empty = bool(await HAS_ONLY_EMPTY_CANDIDATE.fetch_value(tx, project=project_id, version=id))

    async def finish(self, tx: Tx) -> None:
        """Step: open the version. After all files: a transaction locks bytes first and the version last."""
        project_id, id = self._key
        if await OPEN_VERSION.fetch_value(tx, project=project_id, version=id, is_empty=self._is_empty) is not None:
            await REFRESH_STATE.execute(tx, project=project_id, version=id)


async def mark_missed(tx: Tx, uploads: Sequence[MultipartUpload]) -> None:
    """Step: bytes of announced files have not come in time, so no version that waits for them is READY by itself."""
    await MARK_MISSED.execute(
        tx,
        projects=[upload.project_id for upload in uploads],
        candidates=[upload.candidate_id for upload in uploads],
    )


async def give_up(db: Database) -> int:
    """End the wait for files of versions that were not completed within a day; the number of them."""
    async with db.write() as tx:
        keys = await GIVE_UP.fetch(tx, max_wait=MAX_WAIT, limit=BATCH)
        for project_id, id in keys:
            await REFRESH_STATE.execute(tx, project=project_id, version=id)
            log.info("version.given_up", project=project_id, version=id)
    return len(keys)
