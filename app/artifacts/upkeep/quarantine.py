"""Files that would run code of their own when they are loaded: kept, shown, and not handed out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import row_locks, visibility
from app.artifacts.artifacts import ArtifactDetails, ArtifactNotFound, details
from app.artifacts.tables import Artifact
from app.artifacts.upkeep import verdicts
from app.db.database import Database, Snapshot, Tx
from app.errors import Conflict, Forbidden

SLICE = 1_000
"""Files that one transaction releases."""
log = structlog.get_logger()


class Quarantined(Forbidden):
    """The file is in quarantine."""


class NotQuarantined(Conflict):
    """The file is not in quarantine."""


def require_free(file: ArtifactDetails) -> None:
    """Refuse to hand out a file that is in quarantine.

    Raises:
        Quarantined: with the reason.
    """
    if file.state == "quarantined":
        raise Quarantined(
            f"`{file.path}` is in quarantine: {file.state_reason} A maintainer can release it (`artifactRelease`)."
        )


async def release(db: Database, actor: Actor, project_id: int, artifact_id: UUID) -> ArtifactDetails:
    """Let a file out of quarantine, and every other file of the project with the same bytes; who did so is kept.

    Raises:
        ArtifactNotFound: there is no such file, or it may not be seen.
        Forbidden: the actor is not at least maintainer.
        NotQuarantined: it is not in quarantine.
    """
    mine = (Artifact.project_id == project_id, Artifact.id == artifact_id)
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project_id)
        shown = visibility.conditions(Artifact, visibility.of_actor(actor, access))
        row = await tx.scalar(select(Artifact).where(*mine, *shown))
        if row is None:
            raise ArtifactNotFound(f"There is no artifact `{artifact_id}`.")
        policy.require(actor, access, Permission.ARTIFACT_RELEASE)
    if row.state != "quarantined" and row.released_at is None:
        raise NotQuarantined(f"`{row.path}` is not in quarantine.")
    # A slice at a time: the versions of each owner take a lock. Should this process end, the same call goes on.
    total = 0
    while released := await _release_some(db, actor, row):
        total += released
        if released < SLICE:
            break
    if not total:
        raise NotQuarantined(f"`{row.path}` is not in quarantine.")
    log.info("artifact.released", project=project_id, artifact=str(artifact_id), by=actor.user_id, files=total)
    async with db.read() as snap:
        return ArtifactDetails(*(await snap.execute(details().where(*mine))).one())


async def _release_some(db: Database, actor: Actor, artifact: Artifact) -> int:
    """Release files with the bytes of one that is in quarantine, that one first; how many."""
    same = (Artifact.project_id == artifact.project_id, Artifact.blob_id == artifact.blob_id)
    some = (
        select(Artifact.id)
        .where(*same, Artifact.state == "quarantined")
        .order_by(Artifact.id != artifact.id, Artifact.root_id, Artifact.id)
        .limit(SLICE)
        .with_for_update()
    )
    async with db.write() as tx:
        # In the order of those who note what they have found.
        await verdicts.lock_refused(tx, artifact.project_id, [artifact.blob_id])
        await verdicts.release(tx, artifact.project_id, artifact.blob_id, actor.user_id)
        ids = (await tx.scalars(some)).all()
        await row_locks.lock_states(tx, artifact.project_id, ids)
        these = (Artifact.project_id == artifact.project_id, Artifact.id == func.any(list(ids)))
        released = (
            update(Artifact).where(*these).values(state="ready", released_by=actor.user_id, released_at=func.now())
        )
        await tx.execute(released.execution_options(synchronize_session=False))
        return len(ids)


async def inherited(tx: Tx, project_id: int, blob_ids: Collection[UUID]) -> dict[UUID, str]:
    """Step: why files with these bytes are in quarantine.

    Under a name of another kind the same bytes are so, too, until they have been looked at under that name.
    """
    statement = select(Artifact.blob_id, func.min(Artifact.state_reason)).where(
        Artifact.project_id == project_id,
        Artifact.blob_id == func.any(list(blob_ids)),
        Artifact.state == "quarantined",
    )
    return {row[0]: row[1] or "" for row in await tx.execute(statement.group_by(Artifact.blob_id))}


async def released(snap: Snapshot, project_id: int, blob_id: UUID) -> Mapping[str, Any]:
    """Read step: who released these bytes, as columns; empty when they were not released."""
    statement = select(Artifact.released_by, Artifact.released_at).where(
        Artifact.project_id == project_id, Artifact.blob_id == blob_id, Artifact.released_at.is_not(None)
    )
    row = (await snap.execute(statement.limit(1))).one_or_none()
    return {} if row is None else {"state": "ready", "released_by": row.released_by, "released_at": row.released_at}


def values(reason: str | None) -> dict[str, Any]:
    """Columns of a file that is new at its path, and has not been inspected there."""
    return {
        "state": "ready" if reason is None else "quarantined",
        "state_reason": reason,
        "format": None,
        "facts": None,
        "scan": None,
        "inspected_at": None,
        "released_by": None,
        "released_at": None,
    }
