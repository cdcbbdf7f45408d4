"""Whether metrics have changed: one digest over the latest values of a candidate, or of a logged model."""

from __future__ import annotations

from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Statement

READ_METRICS_DIGEST = Statement(
    "tracking.read_metrics_digest",
    "One digest over the latest metrics of a candidate and of a logged model; NULL where there are none.",
    r"""
    SELECT sha256(convert_to(string_agg(one.line, E'\n' ORDER BY one.line COLLATE "C"), 'UTF8')) FROM (
        SELECT 'candidate' || E'\t' || m.key || E'\t' || m.value || E'\t' || m.step || E'\t' || m.timestamp
            || E'\t' || coalesce(m.dataset_name, '') || E'\t' || coalesce(m.dataset_digest, '') AS line
        FROM latest_metrics m WHERE m.project_id = :project AND m.candidate_id = :candidate
        UNION ALL
        SELECT 'logged' || E'\t' || l.key || E'\t' || l.value || E'\t' || l.step || E'\t' || l.timestamp
            || E'\t' || l.dataset_name || E'\t' || l.dataset_digest
        FROM logged_model_metrics l WHERE l.project_id = :project AND l.logged_model_id = :logged_model::uuid
    ) AS one
    """,
)


async def of_owner(snap: Snapshot, project_id: int, candidate_id: UUID, logged_model_id: UUID | None) -> bytes | None:
    """Read step: the digest of the latest metrics; None when there are none. One statement."""
    digest: bytes | None = await READ_METRICS_DIGEST.fetch_value(
        snap, project=project_id, candidate=candidate_id, logged_model=logged_model_id
    )
    return digest
