"""The state of a version: whether its files are complete, and sound.

Triggers derive it from the version and from its files (migration 0011), in the transaction of whatever changes either.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, Uuid, bindparam, text

from app.artifacts.artifacts import Root
from app.db.database import Tx
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


_LOCK = text("SELECT pg_advisory_xact_lock(version_files_lock(:root))").bindparams(bindparam("root", type_=Uuid))
_LOCK_ALL = text("""
    SELECT count(pg_advisory_xact_lock(key)) FROM (
        SELECT DISTINCT version_files_lock(coalesce(logged_model_id, candidate_id)) AS key FROM model_versions
        WHERE project_id = :of_project AND id = ANY (:ids) ORDER BY key
    ) AS each
""").bindparams(bindparam("of_project", type_=BigInteger), bindparam("ids", type_=ARRAY(BigInteger)))
_REFRESH = text("SELECT refresh_version_states(:of_project, :candidate, :logged_model)").bindparams(
    bindparam("of_project", type_=BigInteger), bindparam("candidate", type_=Uuid), bindparam("logged_model", type_=Uuid)
)


async def lock_files(tx: Tx, root: Root) -> None:
    """Step: keep the states of these files, and the making of versions from them, as they are until the commit.

    The order of locks is candidate, model, files, version.
    """
    await tx.execute(_LOCK, {"root": root.id})


async def lock_files_of(tx: Tx, project_id: int, version_ids: Sequence[int]) -> None:
    """Step: the same for the files of several versions, in one order."""
    await tx.execute(_LOCK_ALL, {"of_project": project_id, "ids": list(version_ids)})


async def refresh(tx: Tx, root: Root) -> None:
    """Step: derive the states of all versions that have these files anew."""
    given = {"of_project": root.project_id, "candidate": root.candidate_id, "logged_model": root.logged_model_id}
    await tx.execute(_REFRESH, given)
