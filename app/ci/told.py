"""What CI jobs say of the code that they ran, for features above; it leaves permissions to the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Statement


class ToldByJob(NamedTuple):
    """A CI job of a version or of a candidate, as far as it was read of the CI system."""

    version_id: int | None
    candidate_id: UUID | None
    provider: str
    external_id: str
    ci_project: str
    commit_sha: str | None
    ref: str | None
    at: datetime


_TOLD = Statement(
    "ci.told_of_versions",
    "The CI jobs of versions and of candidates, the one linked last first.",
    """
    SELECT * FROM (
        SELECT l.version_id, NULL::uuid AS candidate_id, j.provider, j.external_id, j.ci_project, j.commit_sha, j.ref,
            coalesce(j.last_checked_at, l.linked_at) AS at
        FROM version_ci_jobs l JOIN ci_jobs j ON j.project_id = l.project_id AND j.id = l.ci_job_id
        WHERE l.project_id = :project AND l.version_id = ANY (:versions::bigint[])
        UNION ALL
        SELECT NULL, l.candidate_id, j.provider, j.external_id, j.ci_project, j.commit_sha, j.ref,
            coalesce(j.last_checked_at, l.linked_at)
        FROM candidate_ci_jobs l JOIN ci_jobs j ON j.project_id = l.project_id AND j.id = l.ci_job_id
        WHERE l.project_id = :project AND l.candidate_id = ANY (:candidates::uuid[])
    ) AS told ORDER BY at DESC, external_id
    """,
    row=ToldByJob,
)


async def of_versions(
    snap: Snapshot, project_id: int, versions: Sequence[int], candidates: Sequence[UUID]
) -> list[ToldByJob]:
    """Read step: the CI jobs of versions and candidates of a project, in one statement."""
    return await _TOLD.fetch(snap, project=project_id, versions=list(versions), candidates=list(candidates))
