"""Webhook events of the registry. Models that carry MLflow's tag for prompts have the events of prompts.

Names and data of the events are a contract with receivers (MLflow REST: webhooks). Each function is a step of the
transaction that makes the change, so an event is sent if and only if the change is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.db.database import Tx
from app.db.statements import Statement
from app.ids import GlobalId
from app.registry.names import PROMPT_TAG, is_prompt
from app.registry.tables import Model, ModelVersion
from app.registry.versions.states import State
from app.webhooks import events
from app.webhooks.events import Event

_PROMPT_TEXT = "mlflow.prompt.text"
_INTERNAL = frozenset({PROMPT_TAG, "_mlflow_prompt_type", _PROMPT_TEXT})
"""Tags by which clients mark prompts and carry their text; receivers get the text apart."""
_STATE_EVENTS: dict[str, list[str]] = {
    State.OPEN: [],
    State.READY: ["model_version.files_ready"],
    State.FAILED: ["model_version.failed"],
    State.QUARANTINED: ["model_version.quarantined"],
}
_NAMES = Statement(
    "registry.names_of_version",
    "The aliases of a version, by name, and the name of its stage.",
    """
    SELECT ARRAY(SELECT a.name FROM aliases a WHERE a.project_id = :project AND a.version_id = :version
        AND a.valid_until IS NULL ORDER BY a.name) AS aliases, stage_name(:project, :stage) AS stage
    """,
)
_FIRST_STAGE = Statement(
    "registry.first_stage",
    "The name of the stage where versions of a project begin.",
    "SELECT s.name FROM project_stages s WHERE s.project_id = :project AND s.key = 'none'",
)


async def model_created(tx: Tx, model: Model) -> None:
    """Step: ``registered_model.created`` or ``prompt.created``."""
    prompt = is_prompt(model.tags)
    data = {"name": model.name, "tags": _shown(model.tags, prompt=prompt), "description": model.description or None}
    await events.record(tx, model.project_id, [Event("prompt.created" if prompt else "registered_model.created", data)])


async def model_deleted(tx: Tx, model: Model, actor: str) -> None:
    """Step: ``registered_model.deleted``; prompts have no such event. Of its versions no events are told."""
    await _model_event(tx, model, "deleted", actor)


async def model_restored(tx: Tx, model: Model, actor: str) -> None:
    """Step: ``registered_model.restored``; the same."""
    await _model_event(tx, model, "restored", actor)


async def _model_event(tx: Tx, model: Model, action: str, actor: str) -> None:
    if is_prompt(model.tags):
        return
    data = {
        "name": model.name,
        "tags": dict(model.tags),
        "description": model.description or None,
        "id": str(GlobalId.of("Model", model.project_id, model.id)),
        "purge_at": model.purge_at.isoformat() if model.purge_at else None,
        "actor": actor,
    }
    await events.record(tx, model.project_id, [Event(f"registered_model.{action}", data)])


async def model_tags_changed(tx: Tx, model: Model, tags: Mapping[str, str | None]) -> None:
    """Step: ``prompt_tag.set`` and ``prompt_tag.deleted`` (value None); tags of other models have no event."""
    if is_prompt(model.tags):
        await events.record(tx, model.project_id, _tag_events("prompt_tag", {"name": model.name}, tags))


def has_listener(model: Model, events: Collection[str]) -> bool:
    """Whether new versions of the model are among these events, to which webhooks listen."""
    return _version_event(model) in events


async def versions_created(tx: Tx, model: Model, versions: Iterable[tuple[ModelVersion, str]]) -> None:
    """Step: ``model_version.created`` or ``prompt_version.created`` for each new version, given with its maker."""
    stage = await _FIRST_STAGE.fetch_value(tx, project=model.project_id)
    happened = [Event(_version_event(model), _data(model, version, actor, [], stage)) for version, actor in versions]
    await events.record(tx, model.project_id, happened)


async def version_changed(tx: Tx, model: Model, version: ModelVersion, action: str, actor: str, **more: Any) -> None:
    """Step: ``model_version.<action>`` (``updated``, ``deleted``, ``stage_changed``); prompts have no such events.

    A version that was not READY yet has no events.
    """
    if version.is_announced and not is_prompt(model.tags):
        data = _data(model, version, actor, *await _names(tx, version)) | more
        await events.record(tx, model.project_id, [Event(f"model_version.{action}", data)])


async def state_changed(tx: Tx, model: Model, version: ModelVersion, actor: str) -> None:
    """Step: what the state of a version has become since webhooks last knew it.

    ``created`` once, when it first is READY; ``files_ready``, ``failed`` and ``quarantined`` with every change.
    """
    actions = []
    if version.was_ready and not version.is_announced:
        actions.append(_version_event(model))
    if version.state != version.announced_state and not is_prompt(model.tags):
        actions += _STATE_EVENTS[version.state]
    data = _data(model, version, actor, *await _names(tx, version))
    if version.state_reason:
        data["state_reason"] = version.state_reason
    await events.record(tx, model.project_id, [Event(name, data) for name in actions])


async def _names(tx: Tx, version: ModelVersion) -> tuple[list[str], str]:
    """The aliases that stand on a version, and what its project calls its stage."""
    row = (await _NAMES.fetch(tx, project=version.project_id, version=version.id, stage=version.stage))[0]
    return list(row["aliases"]), row["stage"]


def _data(model: Model, version: ModelVersion, actor: str, aliases: list[str], stage: str) -> dict[str, Any]:
    prompt = is_prompt(model.tags)
    data: dict[str, Any] = {"name": model.name, "version": str(version.number)}
    if prompt:
        data["template"] = version.tags.get(_PROMPT_TEXT)
    else:
        data |= {"source": version.source, "run_id": version.foreign_run or version.candidate_id.hex}
        data |= {
            "number": version.number,
            "semver": version.version,
            "id": str(GlobalId.of("ModelVersion", version.project_id, version.id)),
            "stage": stage,
            "aliases": aliases,
            "state": version.state.upper(),
            "actor": actor,
        }
    return data | {"tags": _shown(version.tags, prompt=prompt), "description": version.description or None}


async def version_tags_changed(tx: Tx, model: Model, version: ModelVersion, tags: Mapping[str, str | None]) -> None:
    """Step: ``model_version_tag.set`` and ``.deleted`` (value None), or the same of a prompt."""
    entity = "prompt_version_tag" if is_prompt(model.tags) else "model_version_tag"
    data = {"name": model.name, "version": str(version.number)}
    await events.record(tx, model.project_id, _tag_events(entity, data, tags))


async def alias_set(tx: Tx, model: Model, alias: str, number: int) -> None:
    """Step: ``model_version_alias.created`` or ``prompt_alias.created``; a move counts as creation."""
    data = {"name": model.name, "alias": alias, "version": str(number)}
    await events.record(tx, model.project_id, [Event(f"{_alias_entity(model)}.created", data)])


async def alias_removed(tx: Tx, model: Model, alias: str) -> None:
    """Step: ``model_version_alias.deleted`` or ``prompt_alias.deleted``."""
    data = {"name": model.name, "alias": alias}
    await events.record(tx, model.project_id, [Event(f"{_alias_entity(model)}.deleted", data)])


def _version_event(model: Model) -> str:
    return "prompt_version.created" if is_prompt(model.tags) else "model_version.created"


def _alias_entity(model: Model) -> str:
    return "prompt_alias" if is_prompt(model.tags) else "model_version_alias"


def _shown(tags: Mapping[str, str], *, prompt: bool) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not (prompt and key in _INTERNAL)}


def _tag_events(entity: str, data: Mapping[str, str], tags: Mapping[str, str | None]) -> list[Event]:
    return [
        Event(f"{entity}.deleted", {**data, "key": key})
        if value is None
        else Event(f"{entity}.set", {**data, "key": key, "value": value})
        for key, value in tags.items()
    ]
