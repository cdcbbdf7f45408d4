"""Models and versions with what belongs into their answer: aliases, latest versions, the model's name.

The number of statements does not grow with the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.mlflow import shapes
from app.mlflow.protocol import Call
from app.mlflow.shapes import Json
from app.registry import aliases, latest
from app.registry import models as registry_models
from app.registry.models import Model
from app.registry.versions import ModelVersion


async def model(call: Call, row: Model) -> Json:
    return (await models(call, [row]))[0]


async def models(call: Call, rows: Sequence[Model]) -> list[Json]:
    """Models of one project, in their order."""
    if not rows:
        return []
    project_id, ids = rows[0].project_id, [row.id for row in rows]
    named = await aliases.of_models(call.db, call.actor, project_id, ids)
    newest = await latest.per_stage_of_models(call.db, call.actor, project_id, ids)
    standing = [alias for group in named for alias in group]
    return [
        shapes.registered_model(row)
        | {"aliases": [{"alias": alias.name, "version": str(alias.number)} for alias in group]}
        | {
            "latest_versions": [
                shapes.model_version(row, version, [one.name for one in standing if one.version_id == version.id])
                for version in found
            ]
        }
        for row, group, found in zip(rows, named, newest, strict=True)
    ]


async def version(call: Call, row: ModelVersion) -> Json:
    return (await versions(call, [row]))[0]


async def versions(call: Call, rows: Sequence[ModelVersion]) -> list[Json]:
    """Versions of one project, in their order; one whose model has just been deleted is left out."""
    if not rows:
        return []
    project_id = rows[0].project_id
    ids = list({row.model_id for row in rows})
    owners = dict(zip(ids, await registry_models.by_ids(call.db, call.actor, project_id, ids), strict=True))
    named = await aliases.of_versions(call.db, call.actor, project_id, [row.id for row in rows])
    return [
        shapes.model_version(owner, row, [alias.name for alias in group])
        for row, group in zip(rows, named, strict=True)
        if (owner := owners[row.model_id]) is not None
    ]
