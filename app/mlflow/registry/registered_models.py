"""Calls about registered models (MLflow REST: registered-models/…)."""

from __future__ import annotations

from app.errors import Invalid
from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.registry import presentation
from app.mlflow.registry.version_errors import of_a_version
from app.registry import aliases, models
from app.registry.models import CreateModel, EditModel
from app.registry.reads import details
from app.registry.reads import search as reads_search
from app.registry.reads.details import VersionDetails
from app.registry.reads.search import SearchModels
from app.registry.references.parse import InStage, parse_mlflow_stage, parse_mlflow_version, parse_reference
from app.registry.stages import definitions
from app.registry.versions.lookup import AliasNotFound, VersionNotFound

MAX_PAGE = 1000


async def create(call: Call) -> Answer:
    """Make a model without versions."""
    message = call.message
    command = CreateModel(message.required("name"), message.text("description"), message.pairs("tags"))
    made = await models.create(call.db, call.actor, call.project, command)
    return {"registered_model": shapes.registered_model(made)}


async def get(call: Call) -> Answer:
    """A model by its name."""
    details_of_model = await details.model(call.db, call.actor, call.project, call.message.required("name"))
    return {"registered_model": presentation.model(details_of_model)}


async def rename(call: Call) -> Answer:
    """Rename a model."""
    name, new_name = call.message.required("name"), call.message.required("new_name")
    renamed = await models.edit(call.db, call.actor, call.project, name, EditModel(name=new_name))
    return {"registered_model": await presentation.changed_model(call, renamed)}


async def update(call: Call) -> Answer:
    """Change the description of a model."""
    name, description = call.message.required("name"), call.message.optional_text("description")
    edited = await models.edit(call.db, call.actor, call.project, name, EditModel(description=description))
    return {"registered_model": await presentation.changed_model(call, edited)}


async def delete(call: Call) -> Answer:
    """Delete a model with all its versions; it can be restored for a while by GraphQL."""
    keep = call.runtime.settings.restore_period
    await models.delete(call.db, call.actor, call.project, call.message.required("name"), keep=keep)
    return {}


async def search(call: Call) -> Answer:
    """A page of models that match a filter, without prompts; 100 unless the client wants fewer or more."""
    message = call.message
    command = SearchModels(
        filter=message.text("filter"),
        order_by=message.texts("order_by"),
        limit=message.page_size(default=100, limit=MAX_PAGE, rule="Invalid value for request parameter max_results."),
        page_token=message.text("page_token") or None,
        hide_prompts=True,
    )
    rows, token = await reads_search.models(call.db, call.actor, call.project, command)
    return shapes.page("registered_models", [presentation.model(one) for one in rows], token)


async def set_tag(call: Call) -> Answer:
    """Set one tag of a model; a tag of that key is replaced."""
    name, key = call.message.required("name"), call.message.required("key")
    command = EditModel(tags={key: call.message.text("value")}, is_update=False)
    await models.edit(call.db, call.actor, call.project, name, command)
    return {}


async def delete_tag(call: Call) -> Answer:
    """Remove one tag of a model; one that is not there is no error."""
    name, key = call.message.required("name"), call.message.required("key")
    await models.edit(call.db, call.actor, call.project, name, EditModel(tags={key: None}, is_update=False))
    return {}


@of_a_version
async def set_alias(call: Call) -> Answer:
    """Let an alias point to a version, whichever it pointed to before."""
    message = call.message
    name, alias = message.required("name"), message.required("alias")
    reference = parse_mlflow_version(message.required("version"))
    await aliases.set(call.db, call.actor, call.project, name, alias, reference)
    return {}


async def delete_alias(call: Call) -> Answer:
    """Remove an alias; one that is not there is no error."""
    name, alias = call.message.required("name"), call.message.required("alias")
    await aliases.remove(call.db, call.actor, call.project, name, alias)
    return {}


async def get_by_alias(call: Call) -> Answer:
    """What stands after ``@`` may also be a version or ``latest``, since no alias can be called so."""
    name, alias = call.message.required("name"), call.message.required("alias")
    try:
        version = await details.version(call.db, call.actor, call.project, name, parse_reference(f"@{alias}"))
    except AliasNotFound:
        raise Invalid(f"Registered model alias {alias[:255]} not found.", field="alias") from None
    return {"model_version": presentation.version(version)}


async def latest_versions(call: Call) -> Answer:
    """One version per stage. As a stage may also stand what names a version: ``models:/m/^1.2`` is sent like that."""
    name, stages = call.message.required("name"), call.message.texts("stages")
    rows = await (_in_stages(call, name, stages) if stages else _per_stage(call, name))
    return {"model_versions": presentation.versions(rows)}


async def _in_stages(call: Call, name: str, stages: list[str]) -> list[VersionDetails]:
    by_id: dict[int, VersionDetails] = {}
    for stage in stages:
        reference = parse_mlflow_stage(stage)
        if isinstance(reference, InStage):
            await definitions.check(call.db, call.actor, call.project, stage.removeprefix("stage:"))
        try:
            version = await details.version(call.db, call.actor, call.project, name, reference)
        except VersionNotFound:
            continue
        by_id[version.row.id] = version
    return list(by_id.values())


async def _per_stage(call: Call, name: str) -> list[VersionDetails]:
    """Clients take the one with the greatest number for ``models:/m/latest``.

    A later number with a lower precedence, such as a fix for an old release, is therefore left out.
    """
    rows = await details.latest_versions(call.db, call.actor, call.project, name)
    # The latest of the model is the latest of its stage, too.
    latest = max(rows, key=lambda one: (not one.row.is_prerelease, one.row.precedence, one.row.number), default=None)
    return [one for one in rows if latest is not None and one.row.number <= latest.row.number]
