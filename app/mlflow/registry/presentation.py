"""Models and versions with what belongs into their answer: aliases, latest versions, the model's name."""

from __future__ import annotations

from collections.abc import Sequence

from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Call
from app.mlflow.protocol.shapes import Json
from app.registry.models import Model, ModelNotFound
from app.registry.reads import details
from app.registry.reads.details import ModelDetails, VersionDetails
from app.registry.versions.lookup import ModelVersion, VersionNotFound


async def changed_model(call: Call, row: Model) -> Json:
    """A model that has just been written.

    Raises:
        ModelNotFound: somebody has deleted it since.
    """
    found = await details.models_by_ids(call.db, call.actor, row.project_id, [row.id])
    if not found:
        raise ModelNotFound(row.name)
    return model(found[0])


async def changed_version(call: Call, row: ModelVersion) -> Json:
    """A version that has just been written.

    Raises:
        VersionNotFound: somebody has deleted it since.
    """
    found = await details.versions_by_ids(call.db, call.actor, row.project_id, [row.id])
    if not found:
        raise VersionNotFound(f"The version {row.version} has just been deleted.", field="version")
    return version(found[0])


def model(found: ModelDetails) -> Json:
    aliases = [{"alias": name, "version": str(number)} for name, number in found.aliases]
    return shapes.registered_model(found.row) | {"aliases": aliases, "latest_versions": versions(found.latest)}


def version(found: VersionDetails) -> Json:
    return shapes.model_version(found.model, found.row, found.aliases)


def versions(found: Sequence[VersionDetails]) -> list[Json]:
    return [shapes.model_version(one.model, one.row, one.aliases) for one in found]
