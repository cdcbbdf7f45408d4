"""Why bytes are kept: from an object, a hash or a path to the files, versions and aliases that need it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.artifacts.upkeep import references
from app.artifacts.upkeep.references import DoomedObject, StoredBlob
from app.db.database import Database, Snapshot
from app.db.statements import AnyRow
from app.registry.versions import lookup
from app.tracking import file_owners

_FIND_FILES = references.find_files("upkeep.find_files", file_owners.described_sql("a"), lookup.described_sql("a"))


@dataclass(frozen=True, slots=True)
class ReferringFile:
    """An artifact that needs the bytes, and what it belongs to."""

    path: str
    owner: str
    versions: list[str]
    """Model versions that use it, each with its aliases."""
    note: str


@dataclass(frozen=True, slots=True)
class ExplainedBlob:
    """Bytes in the store and the reasons why they are there, a hundred files at most."""

    blob: StoredBlob
    files: list[ReferringFile] = field(default_factory=list)


async def explain(db: Database, name: str) -> tuple[list[ExplainedBlob], list[DoomedObject]]:
    """Which files need the bytes behind an object key, a SHA-256 or an artifact's path; a hundred blobs at most."""
    async with db.read() as snap:
        blobs = await references.find_blobs(snap, name)
        kept = [ExplainedBlob(blob, await _files(snap, blob)) for blob in blobs]
        return kept, await references.find_doomed(snap, name)


async def _files(snap: Snapshot, blob: StoredBlob) -> list[ReferringFile]:
    rows = await _FIND_FILES.fetch(snap, project=blob.project_id, blob=blob.id)
    uploads = await references.find_uploads(snap, blob)
    return [_file(row) for row in rows] + [_upload(row) for row in uploads]


def _file(row: AnyRow) -> ReferringFile:
    if row["candidate"]:
        owner = f"candidate {row['candidate'].hex} ({row['name']}) of experiment {row['experiment']}"
    else:
        owner = f"logged model m-{row['logged_model'].hex}"
    note = "condemned, its purge has not come to it" if row["condemned"] else "in the trash" if row["in_trash"] else ""
    return ReferringFile(row["path"], owner, list(row["versions"]), note)


def _upload(row: AnyRow) -> ReferringFile:
    candidate, logged_model = row["candidate_id"], row["logged_model_id"]
    owner = f"candidate {candidate.hex}" if candidate else f"logged model m-{logged_model.hex}"
    return ReferringFile(row["path"], owner, [], "an upload of bytes that are inspected under this name first")
