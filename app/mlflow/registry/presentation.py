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
        ModelNotFound: it has been deleted since.
    """
    rows = await details.models_by_ids(call.db, call.actor, row.project_id, [row.id])
    if not rows:
        raise ModelNotFound(row.name)
    return model(rows[0])


async def changed_version(call: Call, row: ModelVersion) -> Json:
    """A version that has just been written.

    Raises:
        VersionNotFound: it has been deleted since.
    """
    rows = await details.versions_by_ids(call.db, call.actor, row.project_id, [row.id])
    if not rows:
        raise VersionNotFound(f"The version {row.version} has just been deleted.", field="version")
    return version(rows[0])


def model(details_of_model: ModelDetails) -> Json:
    """MLflow's ``RegisteredModel``, with its aliases and the latest version of each stage."""
    aliases = [{"alias": name, "version": str(number)} for name, number in details_of_model.aliases]
    return shapes.registered_model(details_of_model.row) | {
        "aliases": aliases,
        "latest_versions": versions(details_of_model.latest),
    }


def version(details_of_version: VersionDetails) -> Json:
    """MLflow's ``ModelVersion``, with its aliases."""
    return shapes.model_version(details_of_version.model, details_of_version.row, details_of_version.aliases)


def versions(rows: Sequence[VersionDetails]) -> list[Json]:
    """Each as MLflow's ``ModelVersion``, in the order given."""
    return [shapes.model_version(one.model, one.row, one.aliases) for one in rows]
