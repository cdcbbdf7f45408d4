"""What a version consists of, as one digest; and the texts of deleted versions, which stay reserved for it.

A manifest is the SHA-256 of the lines of all files, joined by line feeds and sorted by path in byte order: path below
the version's folder, size and SHA-256, separated by tabs (no path can hold one). Of a version whose files are kept
elsewhere it is that of the address.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, LargeBinary, Text, Uuid, bindparam, text

from app.artifacts.artifacts import Root
from app.db.database import Snapshot, Tx
from app.errors import Taken
from app.registry.tables import ModelVersion
from app.text import quoted


class VersionRetired(Taken):
    """A version of that text was deleted, and others may have its files."""

    code = "VERSION_RETIRED"

    def __init__(self, version: str, number: int) -> None:
        self.version, self.number = version, number
        super().__init__(
            f"The version {quoted(version)} was deleted (number {number}), and others may have its files: it comes "
            "back with the same files only. Name another version, or let a maintainer allow it in the settings of the "
            "project (`versionReuse`).",
            field="version",
        )


_FILES = """
    SELECT CASE WHEN :location <> '' THEN sha256(convert_to(E'location\t' || :location, 'UTF8')) ELSE (
        SELECT sha256(convert_to(string_agg(
            substr(a.path, CASE WHEN :folder = '' THEN 1 ELSE length(:folder) + 2 END)
            || E'\t' || b.size || E'\t' || encode(b.sha256, 'hex'), E'\n' ORDER BY a.path COLLATE "C"), 'UTF8'))
        FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
        WHERE a.project_id = :of_project AND a.root_id = :root
          AND (:folder = '' OR a.path = :folder OR starts_with(a.path, :folder || '/'))
    ) END
"""
_TYPES = (
    bindparam("of_project", type_=BigInteger),
    bindparam("root", type_=Uuid),
    bindparam("folder", type_=Text),
    bindparam("location", type_=Text),
)
_MANIFEST = text(_FILES).bindparams(*_TYPES)
_RETIRE = text("""
    INSERT INTO retired_versions (project_id, model_id, version, precedence, number, manifest)
    VALUES (:of_project, :of_model, :version, :precedence, :number, :manifest)
    ON CONFLICT (project_id, model_id, version) DO UPDATE
    SET number = excluded.number, manifest = excluded.manifest, retired_at = now()
""").bindparams(bindparam("precedence", type_=LargeBinary), bindparam("manifest", type_=LargeBinary))
_RETIRED = text("""
    SELECT r.version, r.number, r.manifest FROM retired_versions r JOIN projects p ON p.id = r.project_id
    WHERE r.project_id = :of_project AND r.model_id = :of_model AND r.version = ANY (:texts) AND NOT p.version_reuse
""")
_FORGET = text("DELETE FROM retired_versions WHERE project_id = :of_project AND model_id = :of_model")


async def of_files(snap: Snapshot, project_id: int, root: Root | None, folder: str, location: str) -> bytes | None:
    """Read step: the manifest of these files; None when there are none."""
    given = {"of_project": project_id, "root": root and root.id, "folder": folder, "location": location}
    manifest: bytes | None = await snap.scalar(_MANIFEST, given)
    return manifest


async def retire(tx: Tx, version: ModelVersion, root: Root) -> None:
    """Step: reserve the text of a version that is being deleted, if anybody can have got files by it."""
    if not version.was_ready:
        return
    manifest = await of_files(tx, version.project_id, root, version.artifact_folder, version.location)
    if manifest is None:
        return
    given = {"of_project": version.project_id, "of_model": version.model_id, "version": version.version}
    given |= {"precedence": version.precedence, "number": version.number, "manifest": manifest}
    await tx.execute(_RETIRE, given)


async def retired(
    snap: Snapshot, project_id: int, model_id: int, texts: Iterable[str]
) -> dict[str, tuple[VersionRetired, bytes]]:
    """Read step: those of the texts that are reserved, each with the error that says so and the manifest it is for."""
    given = {"of_project": project_id, "of_model": model_id, "texts": list(texts)}
    rows = await snap.execute(_RETIRED, given)
    return {row.version: (VersionRetired(row.version, row.number), row.manifest) for row in rows}


async def require_same(
    snap: Snapshot, project_id: int, model_id: int, version: str, root: Root | None, folder: str, location: str
) -> None:
    """Read step: refuse files other than those for which the text is reserved; ``root`` None: they have none here.

    Raises:
        VersionRetired: they differ.
    """
    for error, manifest in (await retired(snap, project_id, model_id, [version])).values():
        if await of_files(snap, project_id, root, folder, location) != manifest:
            raise error


async def forget(tx: Tx, project_id: int, model_id: int) -> None:
    """Step: a model is removed, and its texts mean nothing any more."""
    await tx.execute(_FORGET, {"of_project": project_id, "of_model": model_id})
