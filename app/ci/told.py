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

    project_id: int
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
        SELECT l.project_id, l.version_id, NULL::uuid AS candidate_id,
            j.provider, j.external_id, j.ci_project, j.commit_sha, j.ref,
            coalesce(j.last_checked_at, l.linked_at) AS at
        FROM version_ci_jobs l JOIN ci_jobs j ON j.project_id = l.project_id AND j.id = l.ci_job_id
        JOIN unnest(:version_projects::bigint[], :versions::bigint[]) AS w (project_id, id)
            ON l.project_id = w.project_id AND l.version_id = w.id
        UNION ALL
        SELECT l.project_id, NULL, l.candidate_id, j.provider, j.external_id, j.ci_project, j.commit_sha, j.ref,
            coalesce(j.last_checked_at, l.linked_at)
        FROM candidate_ci_jobs l JOIN ci_jobs j ON j.project_id = l.project_id AND j.id = l.ci_job_id
        JOIN unnest(:candidate_projects::bigint[], :candidates::uuid[]) AS w (project_id, id)
            ON l.project_id = w.project_id AND l.candidate_id = w.id
    ) AS told ORDER BY at DESC, external_id
    """,
    row=ToldByJob,
)


async def of_versions(
    snap: Snapshot, versions: Sequence[tuple[int, int]], candidates: Sequence[tuple[int, UUID]]
) -> list[ToldByJob]:
    """Read step: the CI jobs of versions and candidates (project and id of each), in one statement."""
    return await _TOLD.fetch(
        snap,
        version_projects=[project for project, _ in versions],
        versions=[id for _, id in versions],
        candidate_projects=[project for project, _ in candidates],
        candidates=[id for _, id in candidates],
    )
