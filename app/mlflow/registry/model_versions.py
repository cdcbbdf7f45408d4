"""Calls about model versions (MLflow REST: model-versions/…).

``version`` is the integer number in every answer; requests may name the SemVer instead, which stands in the tag
``gitlab.version``.
"""

from __future__ import annotations

from app.errors import Invalid
from app.lifecycle.promotions import promote
from app.lifecycle.promotions.promote import Promote
from app.lifecycle.pulls.counter import Door
from app.mlflow.protocol import artifact_uris, shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.registry import presentation, sources
from app.mlflow.registry.version_errors import of_a_version
from app.registry.names import VERSION_TAG
from app.registry.reads import details
from app.registry.reads import search as reads_search
from app.registry.reads.search import SearchVersions
from app.registry.references.parse import InvalidReference, parse_mlflow_version
from app.registry.references.resolve import Named
from app.registry.versions import change, lookup, states
from app.registry.versions import create as versions_create
from app.registry.versions import delete as versions_delete
from app.registry.versions.change import EditVersion
from app.registry.versions.request import CreateVersion
from app.text import quoted

MAX_PAGE = 200_000
_ACTIVE_STAGES = {"staging", "production"}


async def create(call: Call) -> Answer:
    """The tag ``gitlab.version`` chooses the SemVer; without it the next patch is taken.

    A copy has the tag of its original; that SemVer is only taken if it is free.
    """
    message = call.message
    name, tags = message.required("name"), message.pairs("tags")
    origin = await sources.origin(call)
    version = tags.pop(VERSION_TAG, None) or None
    command = CreateVersion(
        name,
        version=version,
        or_next=bool(version) and version == origin.version,
        description=message.text("description"),
        tags=tags,
        candidate_id=origin.candidate_id,
        logged_model_id=origin.logged_model_id,
        artifact_folder=origin.folder,
        source=origin.source,
        location=origin.location,
        foreign_run=origin.foreign_run,
        run_link=message.text("run_link"),
    )
    model, made = await versions_create.create_with_model(call.db, call.actor, call.project, command)
    return {"model_version": shapes.model_version(model, made, aliases=[])}


@of_a_version
async def get(call: Call) -> Answer:
    """A version by number or SemVer."""
    target = named(call)
    version = await details.version(call.db, call.actor, call.project, target.model, target.reference)
    return {"model_version": presentation.version(version)}


@of_a_version
async def update(call: Call) -> Answer:
    """Change the description of a version."""
    description = call.message.optional_text("description")
    edited = await change.edit(call.db, call.actor, call.project, named(call), EditVersion(description))
    return {"model_version": await presentation.changed_version(call, edited)}


@of_a_version
async def transition_stage(call: Call) -> Answer:
    """Move a version to a stage through its gates, on request with all others of that stage to the archive."""
    message = call.message
    stage, archive = message.required("stage"), message.flag("archive_existing_versions")
    if archive and stage.lower() not in _ACTIVE_STAGES:
        raise Invalid(
            "Model version transition cannot archive existing model versions because "
            f"{quoted(stage)} is not an Active stage. Valid stages are ['Staging', 'Production']",
            field="archive_existing_versions",
        )
    command = Promote(stage, keep_others=not archive, is_exclusive=False)
    clients = call.runtime.gate_clients
    entry = await promote.promote(call.db, clients, call.actor, call.project, named(call), command)
    return {"model_version": await presentation.changed_version(call, entry.version)}


@of_a_version
async def delete(call: Call) -> Answer:
    """Delete a version; its number is not given again. It can be restored for a while by GraphQL."""
    keep = call.runtime.settings.restore_period
    await versions_delete.delete(call.db, call.actor, call.project, named(call), keep=keep)
    return {}


async def search(call: Call) -> Answer:
    """A page of versions that match a filter, without prompts; 10,000 unless the client wants fewer or more."""
    message = call.message
    command = SearchVersions(
        filter=message.text("filter"),
        order_by=message.texts("order_by"),
        limit=message.page_size(default=10_000, limit=MAX_PAGE, rule="Invalid value for max_results."),
        page_token=message.text("page_token") or None,
        hide_prompts=True,
    )
    rows, token = await reads_search.versions(call.db, call.actor, call.project, command)
    return shapes.page("model_versions", presentation.versions(rows), token)


@of_a_version
async def download_uri(call: Call) -> Answer:
    """Refused for a version whose push goes on or was given up: clients would load what is there of it."""
    target = named(call)
    model, version = await lookup.by_reference_with_model(
        call.db, call.actor, call.project, target.model, target.reference
    )
    if version.open_until:
        raise states.not_ready(version, "be downloaded", field="version")
    call.runtime.pulls.resolved(call.actor, version, Door.MLFLOW)
    return {"artifact_uri": artifact_uris.download_uri(model, version)}


@of_a_version
async def set_tag(call: Call) -> Answer:
    """Set one tag of a version; a tag of that key is replaced."""
    key = call.message.required("key")
    command = EditVersion(tags={key: call.message.text("value")}, is_update=False)
    await change.edit(call.db, call.actor, call.project, named(call), command)
    return {}


@of_a_version
async def delete_tag(call: Call) -> Answer:
    """Remove one tag of a version; one that is not there is no error."""
    key = call.message.required("key")
    command = EditVersion(tags={key: None}, is_update=False)
    await change.edit(call.db, call.actor, call.project, named(call), command)
    return {}


def named(call: Call) -> Named:
    """The version that a call is about.

    Raises:
        Invalid: it is neither a number nor a reference.
    """
    name, version = call.message.required("name"), call.message.required("version")
    try:
        return Named(name, parse_mlflow_version(version))
    except InvalidReference as error:
        raise Invalid(
            f"Parameter 'version' must be an integer, got '{version[:100]}'. "
            f"A reference will do as well: {error.message}",
            field="version",
        ) from error
