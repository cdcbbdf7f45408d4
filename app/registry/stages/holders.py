"""Which version a stage stands for: the highest in it, now; and what it stood for, kept when versions move."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import literal_column, select

from app.db.database import Snapshot, Tx
from app.db.statements import Statement
from app.registry.stages.definitions import Stage
from app.registry.tables import ModelVersion, is_offered

_KEEP = Statement(
    "stages.keep_holders",
    "Ends and begins the intervals of what stages of a model stand for, where that has changed.",
    """
    WITH touched AS (
        SELECT s.id FROM project_stages s WHERE s.project_id = :project AND s.id = ANY (:stages) AND NOT s.is_initial
    ), highest AS (
        SELECT t.id AS stage_id, i.id AS interval_id, i.version_id FROM touched t LEFT JOIN LATERAL (
            SELECT n.id, n.version_id FROM stage_intervals n
            WHERE n.project_id = :project AND n.model_id = :model AND n.stage_id = t.id AND n.valid_until IS NULL
                AND NOT EXISTS (SELECT FROM model_versions v WHERE v.project_id = n.project_id
                    AND v.id = n.version_id AND v.yanked_at IS NOT NULL)
            ORDER BY n.is_prerelease, n.precedence DESC, n.number DESC LIMIT 1
        ) i ON true
    ), ended AS (
        UPDATE stage_holders h SET valid_until = greatest(h.valid_from, :moment::timestamptz) FROM highest n
        WHERE h.project_id = :project AND h.model_id = :model AND h.stage_id = n.stage_id AND h.valid_until IS NULL
            AND h.interval_id IS DISTINCT FROM n.interval_id
        RETURNING h.stage_id
    )
    INSERT INTO stage_holders (project_id, model_id, stage_id, interval_id, version_id, valid_from)
    SELECT :project, :model, n.stage_id, n.interval_id, n.version_id, :moment::timestamptz FROM highest n
    WHERE n.interval_id IS NOT NULL AND (n.stage_id IN (SELECT e.stage_id FROM ended e) OR NOT EXISTS (
        SELECT FROM stage_holders h WHERE h.project_id = :project AND h.model_id = :model
            AND h.stage_id = n.stage_id AND h.valid_until IS NULL))
    """,
)


async def of_stage(snap: Snapshot, project_id: int, model_id: int, stage: Stage) -> ModelVersion | None:
    """Read step: the version that a stage of a model stands for now. One statement."""
    statement = (
        select(ModelVersion)
        .where(
            ModelVersion.project_id == project_id,
            ModelVersion.model_id == model_id,
            ModelVersion.stage == stage.key,
            ModelVersion.deleted_at.is_(None),
            is_offered(ModelVersion),
        )
        .order_by(ModelVersion.is_prerelease, ModelVersion.precedence.desc(), ModelVersion.number.desc())
        .limit(literal_column("1"))
    )
    holder: ModelVersion | None = await snap.scalar(statement)
    return holder


async def keep(tx: Tx, project_id: int, model_id: int, stage_ids: Collection[int], moment: datetime) -> None:
    """Step: after intervals of these stages began or ended at a moment, under the model's lock, keep what each means.

    A stage that holds several versions stands for the highest, prereleases only where it holds no release; never for
    a yanked one.
    """
    await _KEEP.execute(tx, project=project_id, model=model_id, stages=sorted(set(stage_ids)), moment=moment)
