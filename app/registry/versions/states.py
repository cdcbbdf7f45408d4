"""The state of a version: whether its files are complete, and sound.

Triggers derive it from the version and from its files (migration 0011), in the transaction of whatever changes either.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from app.artifacts.artifacts import Root
from app.db.database import Tx
from app.db.statements import Statement
from app.errors import Conflict
from app.registry.tables import ModelVersion
from app.text import quoted

OPEN_REASON = "Its files are still being pushed; it is READY once it is completed (`modelVersionComplete`)."


class State(StrEnum):
    """What ``latest``, ranges and stages see is READY; exact references name the others, too."""

    OPEN = "open"
    READY = "ready"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class OpenUntil(StrEnum):
    """What ends the state OPEN."""

    OVER = ""
    COMPLETED = "completed"
    FILES_READY = "files_ready"


class VersionNotReady(Conflict):
    """The version is not READY: files of it are missing, failed or in quarantine."""

    code = "VERSION_NOT_READY"


def reason(state: str, stored: str | None) -> str | None:
    """Why a version is not READY, in words; None when it is."""
    return OPEN_REASON if state == State.OPEN else stored


def require_ready(version: ModelVersion, action: str, *, field: str | None = None) -> None:
    """Refuse an action that only a version with complete and sound files allows.

    Raises:
        VersionNotReady: with the state and its reason.
    """
    if version.state != State.READY:
        raise not_ready(version, action, field=field)


def not_ready(version: ModelVersion, action: str, *, field: str | None = None) -> VersionNotReady:
    """The error for an action that the version's state does not allow."""
    why = reason(version.state, version.state_reason)
    return VersionNotReady(
        f"The version {quoted(version.version)} is {version.state.upper()}, so it cannot {action}. {why}", field=field
    )


LOCK_FILES = Statement(
    "registry.lock_files",
    "Keeps the states of a root's files as they are until the commit.",
    "SELECT pg_advisory_xact_lock(version_files_lock(:root))",
)
LOCK_FILES_OF_VERSIONS = Statement(
    "registry.lock_files_of_versions",
    "Keeps the states of the files of several versions as they are until the commit, locked in one order.",
    """
    SELECT count(pg_advisory_xact_lock(key)) FROM (
        SELECT DISTINCT version_files_lock(coalesce(logged_model_id, candidate_id)) AS key FROM model_versions
        WHERE project_id = :project AND id = ANY (:versions) ORDER BY key
    ) AS each
    """,
)
REFRESH_STATES = Statement(
    "registry.refresh_states",
    "Derives the states of all versions of a candidate's or logged model's files anew.",
    "SELECT refresh_version_states(:project, :candidate, :logged_model)",
)


async def lock_files(tx: Tx, root: Root) -> None:
    """Step: keep the states of these files, and the creation of versions from them, as they are until the commit.

    The order of locks is candidate, model, files, version.
    """
    await LOCK_FILES.execute(tx, root=root.id)


async def lock_files_of(tx: Tx, project_id: int, version_ids: Sequence[int]) -> None:
    """Step: the same for the files of several versions, in one order."""
    await LOCK_FILES_OF_VERSIONS.execute(tx, project=project_id, versions=list(version_ids))


async def refresh(tx: Tx, root: Root) -> None:
    """Step: derive the states of all versions that have these files anew."""
    await REFRESH_STATES.execute(
        tx, project=root.project_id, candidate=root.candidate_id, logged_model=root.logged_model_id
    )
