"""The latest version, READY and not yanked, of many models at once: overall, and in each stage.

Each is one index scan of one row, whatever the number of versions. The scan is a subquery with a limit, since the
planner does not see how many models are meant and might else choose to join all versions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, select, true
from sqlalchemy.orm import aliased

from app.registry.stages.tables import ProjectStage
from app.registry.tables import Model, ModelVersion, is_offered


def of_models() -> tuple[Select[Any], type[ModelVersion]]:
    """Living models, each joined with its highest release, or its highest prerelease when there is no release.

    The caller adds the condition that chooses the models; the second value is the version within the statement.
    """
    version = _highest()
    return _living().join(version, true()), version


def per_stage() -> tuple[Select[Any], type[ModelVersion]]:
    """The same for each stage that holds any version, in the order of the stages."""
    version = _highest(ModelVersion.stage == ProjectStage.key, ProjectStage)
    here = and_(ProjectStage.project_id == Model.project_id, ProjectStage.retired_at.is_(None))
    order = (Model.id, ProjectStage.position, ProjectStage.id)
    return _living().join(ProjectStage, here).join(version, true()).order_by(*order), version


def _living() -> Select[Any]:
    return select(Model).select_from(Model).where(Model.deleted_at.is_(None))


def _highest(within: ColumnElement[bool] | None = None, *others: Any) -> type[ModelVersion]:
    mine = (
        ModelVersion.project_id == Model.project_id,
        ModelVersion.model_id == Model.id,
        ModelVersion.deleted_at.is_(None),
        is_offered(ModelVersion),
    )
    statement = select(ModelVersion).where(*mine, *([] if within is None else [within]))
    order = (ModelVersion.is_prerelease, ModelVersion.precedence.desc(), ModelVersion.number.desc())
    highest = statement.order_by(*order).limit(literal_column("1")).correlate(Model, *others).lateral("highest")
    return aliased(ModelVersion, highest)
