"""Why bytes are kept: from an object, a hash or a path to the files, versions and aliases that need it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from app.db.database import Database, Snapshot

_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOBS = """
SELECT b.project_id, b.id, p.full_path AS project, b.object_key AS key, b.state,
       encode(b.sha256, 'hex') AS sha256, b.size, b.created_at, b.lease_until, b.damage
FROM blobs b JOIN projects p ON p.id = b.project_id WHERE {condition} ORDER BY b.object_key LIMIT 100"""
_CONDITIONS = {
    "key": "b.object_key = :wanted",
    "sha256": "b.sha256 = decode(:wanted, 'hex')",
    "path": "(b.project_id, b.id) IN (SELECT a.project_id, a.blob_id FROM artifacts a WHERE a.path = :wanted)",
}
_FILES = """
SELECT a.path, a.created_at, c.id AS candidate, c.name, e.name AS experiment, l.id AS logged_model,
       coalesce(c.purge_at, l.purge_at) IS NOT NULL AS condemned, c.deleted_at IS NOT NULL AS in_trash,
       ARRAY(SELECT m.name || ' ' || v.version || CASE WHEN v.deleted_at IS NULL THEN '' ELSE ' (deleted)' END
               || coalesce((SELECT ' @' || string_agg(s.name, ' @' ORDER BY s.name) FROM aliases s
                            WHERE s.project_id = v.project_id AND s.version_id = v.id AND s.valid_until IS NULL), '')
             FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
             WHERE v.project_id = a.project_id
               AND (v.candidate_id = a.candidate_id OR v.logged_model_id = a.logged_model_id)
             ORDER BY m.name, v.number) AS versions
FROM artifacts a
LEFT JOIN candidates c ON c.project_id = a.project_id AND c.id = a.candidate_id
LEFT JOIN experiments e ON e.project_id = c.project_id AND e.number = c.experiment_number
LEFT JOIN logged_models l ON l.project_id = a.project_id AND l.id = a.logged_model_id
WHERE a.project_id = :project AND a.blob_id = :blob ORDER BY a.path, a.id LIMIT 100"""
_AWAITED = """
SELECT path, candidate_id, logged_model_id FROM multipart_uploads
WHERE project_id = :project AND blob_id = :blob AND state = 'verifying' AND is_shared ORDER BY path LIMIT 100"""
_GONE = """
SELECT 'condemned' AS state, reason, condemned_at AS since, not_before AS due FROM condemned_objects
WHERE object_key = :wanted
UNION ALL SELECT 'suspect', 'no row knew it', suspected_at, suspected_at + interval '7 days' FROM suspect_objects
WHERE object_key = :wanted"""


@dataclass(frozen=True, slots=True)
class File:
    """An artifact that needs the bytes, and what it belongs to."""

    path: str
    owner: str
    versions: list[str]
    """Model versions that use it, each with its aliases."""
    note: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Bytes in the store and the reasons why they are there, a hundred files at most."""

    project: str
    key: str
    state: str
    sha256: str | None
    size: int | None
    created_at: datetime
    lease_until: datetime | None
    damage: str | None
    files: list[File] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object without a row, and why it goes."""

    state: str
    reason: str
    since: datetime
    due: datetime


async def explain(db: Database, wanted: str) -> tuple[list[Explained], list[Doomed]]:
    """Who needs the bytes behind an object key, a SHA-256 or an artifact's path; a hundred blobs at most."""
    way = "key" if wanted.startswith("v1/") else "sha256" if _SHA256.fullmatch(wanted) else "path"
    statement = text(_BLOBS.format(condition=_CONDITIONS[way]))
    async with db.read() as snap:
        blobs = (await snap.execute(statement, {"wanted": wanted})).mappings().all()
        kept = [
            Explained(
                **{name: value for name, value in blob.items() if name not in {"project_id", "id"}},
                files=await _files(snap, blob["project_id"], blob["id"]),
            )
            for blob in blobs
        ]
        rows = await snap.execute(text(_GONE), {"wanted": wanted})
        return kept, [Doomed(**row) for row in rows.mappings()]


async def _files(snap: Snapshot, project_id: int, blob_id: object) -> list[File]:
    mine = {"project": project_id, "blob": blob_id}
    rows = await snap.execute(text(_FILES), mine)
    awaited = await snap.execute(text(_AWAITED), mine)
    return [
        File(
            row.path,
            f"candidate {row.candidate.hex} ({row.name}) of experiment {row.experiment}"
            if row.candidate
            else f"logged model m-{row.logged_model.hex}",
            list(row.versions),
            "condemned, its purge has not come to it" if row.condemned else "in the trash" if row.in_trash else "",
        )
        for row in rows
    ] + [
        File(
            row.path,
            f"candidate {row.candidate_id.hex}" if row.candidate_id else f"logged model m-{row.logged_model_id.hex}",
            [],
            "an upload of bytes that are inspected under this name first",
        )
        for row in awaited
    ]
