"""Which version a stage stands for: the highest in it, now; and what it stood for, kept when versions move."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from app.db.database import Snapshot, Tx
from app.db.statements import Statement

_CURRENT = Statement(
    "stages.holder",
    "The number of the version that `stage:x` means now.",
    """
    SELECT v.number FROM model_versions v
    WHERE v.project_id = :project AND v.model_id = :model AND v.stage = :stage
        AND v.deleted_at IS NULL AND v.state = 'ready' AND v.yanked_at IS NULL
    ORDER BY v.is_prerelease, v.precedence DESC, v.number DESC LIMIT 1
    """,
)
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


async def current(snap: Snapshot, project_id: int, model_id: int, stage_key: str) -> int | None:
    """Read step: the number of the version that ``stage:x`` means now; None: of none."""
    number: int | None = await _CURRENT.fetch_value(snap, project=project_id, model=model_id, stage=stage_key)
    return number


async def keep(tx: Tx, project_id: int, model_id: int, stage_ids: Collection[int], moment: datetime) -> None:
    """Step: after intervals of these stages began or ended at a moment, under the model's lock, keep what each means.

    A stage that holds several versions stands for the highest, prereleases only where it holds no release; never for
    a yanked one.
    """
    await _KEEP.execute(tx, project=project_id, model=model_id, stages=sorted(set(stage_ids)), moment=moment)
