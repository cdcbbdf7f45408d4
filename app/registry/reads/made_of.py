"""Which versions were made of logged models, or of folders of candidates, for features above."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import tuple_

from app.db.database import Snapshot
from app.registry import repository
from app.registry.tables import Model, ModelVersion

MOST = 1_000
"""Versions that are answered at once."""


async def logged_models(
    snap: Snapshot, project_id: int, ids: Sequence[UUID]
) -> dict[UUID, list[tuple[Model, ModelVersion]]]:
    """Read step: the living versions of each logged model, with their models; nothing without ids."""
    versions: dict[UUID, list[tuple[Model, ModelVersion]]] = defaultdict(list)
    if ids:
        statement = repository.living_versions(project_id).add_columns(Model).order_by(ModelVersion.id).limit(MOST)
        for version, model in await snap.execute(statement.where(ModelVersion.logged_model_id.in_(ids))):
            assert version.logged_model_id is not None, "the condition says so"
            versions[version.logged_model_id].append((model, version))
    return versions


async def folders(
    snap: Snapshot, project_id: int, owners: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], list[tuple[Model, ModelVersion]]]:
    """Read step: the same of each candidate and folder of its files."""
    versions: dict[tuple[UUID, str], list[tuple[Model, ModelVersion]]] = defaultdict(list)
    if owners:
        statement = repository.living_versions(project_id).add_columns(Model).order_by(ModelVersion.id).limit(MOST)
        owner = tuple_(ModelVersion.candidate_id, ModelVersion.artifact_folder)
        mine = (ModelVersion.candidate_id.in_({id for id, _ in owners}), ModelVersion.logged_model_id.is_(None))
        for version, model in await snap.execute(statement.where(*mine, owner.in_(owners))):
            versions[version.candidate_id, version.artifact_folder].append((model, version))
    return versions
