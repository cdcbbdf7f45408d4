"""Manifests of versions, and the texts of deleted versions, which stay reserved for the same files.

The manifest of a version is that of its files (:mod:`app.artifacts.reads.manifest`); where these are kept elsewhere it
is the SHA-256 of ``location``, a tab and the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from app.access import projects
from app.artifacts.artifacts import Root
from app.artifacts.reads import manifest as files_manifest
from app.db.database import Snapshot, Tx
from app.db.statements import Statement, columns
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
            "project (`allowsVersionReuse`).",
            field="version",
        )


class RetiredRow(NamedTuple):
    """The text of a deleted version, with its number and the manifest that it is reserved for."""

    version: str
    number: int
    manifest: bytes


RETIRE_VERSION = Statement(
    "registry.retire_version",
    "Reserves the text of a version that is being deleted for its files.",
    """
    INSERT INTO retired_versions (project_id, model_id, version, precedence, number, manifest)
    VALUES (:project, :model, :version, :precedence, :number, :manifest)
    ON CONFLICT (project_id, model_id, version) DO UPDATE
    SET number = excluded.number, manifest = excluded.manifest, retired_at = now()
    """,
)
READ_RETIRED = Statement(
    "registry.read_retired",
    "Those of some texts of a model that are reserved, unless its project lets texts come back with other files.",
    f"""
    SELECT {columns(RetiredRow, of="r")} FROM retired_versions r
    WHERE r.project_id = :project AND r.model_id = :model AND r.version = ANY (:versions)
      AND NOT {projects.reuses_versions_sql("r.project_id")}
    """,  # noqa: S608 - of constants
    row=RetiredRow,
)
RELEASE_RETIRED = Statement(
    "registry.release_retired",
    "Reserves the text of a version that is restored no more.",
    """
    DELETE FROM retired_versions
    WHERE project_id = :project AND model_id = :model AND version = :version AND number = :number
    """,
)
FORGET_RETIRED = Statement(
    "registry.forget_retired",
    "Removes the reserved texts of a model.",
    "DELETE FROM retired_versions WHERE project_id = :project AND model_id = :model",
)


async def of_files(snap: Snapshot, root: Root | None, folder: str, location: str) -> bytes | None:
    """Read step: the manifest of these files; None when there are none. No statement for files kept elsewhere."""
    if location:
        return hashlib.sha256(f"location\t{location}".encode()).digest()
    return None if root is None else await files_manifest.of_folder(snap, root, folder)


async def retire(tx: Tx, version: ModelVersion, root: Root) -> None:
    """Step: reserve the text of a version that is being deleted, if its files can have been downloaded."""
    if not version.was_ready:
        return
    manifest = await of_files(tx, root, version.artifact_folder, version.location)
    if manifest is None:
        return
    await RETIRE_VERSION.execute(
        tx,
        project=version.project_id,
        model=version.model_id,
        version=version.version,
        precedence=version.precedence,
        number=version.number,
        manifest=manifest,
    )


async def retired(
    snap: Snapshot, project_id: int, model_id: int, texts: Iterable[str]
) -> dict[str, tuple[VersionRetired, bytes]]:
    """Read step: those of the texts that are reserved, each with the error that says so and its manifest."""
    rows = await READ_RETIRED.fetch(snap, project=project_id, model=model_id, versions=list(texts))
    return {row.version: (VersionRetired(row.version, row.number), row.manifest) for row in rows}


async def require_same(
    snap: Snapshot,
    project_id: int,
    model_id: int,
    version: str,
    root: Root | None,
    folder: str,
    location: str,
    *,
    number: int | None = None,
) -> None:
    """Read step: refuse files other than those for which the text is reserved; ``root`` None: there are none yet.

    The version of this ``number`` may have its own text again, whatever its files are by now.

    Raises:
        VersionRetired: they differ.
    """
    for error, manifest in (await retired(snap, project_id, model_id, [version])).values():
        if error.number != number and await of_files(snap, root, folder, location) != manifest:
            raise error


async def release(tx: Tx, version: ModelVersion) -> None:
    """Step: a version is restored, so its text is reserved no more; what another one has reserved stays."""
    await RELEASE_RETIRED.execute(
        tx, project=version.project_id, model=version.model_id, version=version.version, number=version.number
    )


async def forget(tx: Tx, project_id: int, model_id: int) -> None:
    """Step: a model is removed, and with it the texts that were reserved."""
    await FORGET_RETIRED.execute(tx, project=project_id, model=model_id)
