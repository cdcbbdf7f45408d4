"""Changes of one version: description and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, update

from app.access.policy import Actor
from app.ci import job_links
from app.ci.job_links import Owner
from app.db.database import Database, Tx
from app.errors import Invalid
from app.registry import fact_tags, guards, webhook_events
from app.registry.names import RESERVED_TAGS, VERSION_TAG, check_description
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.tables import ModelVersion
from app.registry.tags import check_tags, patched
from app.registry.versions import lookup
from app.text import quoted


@dataclass(frozen=True, slots=True)
class EditVersion:
    """Only what is not None changes; a tag with the value None is removed.

    ``is_update``: the change counts as the version's last update. MLflow's calls for single tags do not.
    """

    description: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    is_update: bool = True


async def edit(db: Database, actor: Actor, project: int | str, target: Target, command: EditVersion) -> ModelVersion:
    """Change description and tags of a version, all or nothing.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        VersionSealed: description or facts of a sealed version would change.
        VersionProtected: those of a version in a protected stage would, and the actor may not change such.
        Invalid: a value is not acceptable, or there would be too many tags.
    """
    refuse_version_tag(command.tags)
    values: dict[str, Any] = {"updated_at": func.now() if command.is_update else ModelVersion.updated_at}
    if command.description is not None:
        values["description"] = check_description(command.description)
    if command.tags:
        values["tags"] = patched(ModelVersion.tags, command.tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, actor, access.id, target)
        if version.sealed_at is None and (command.description is not None or fact_tags.any_fact(command.tags)):
            await guards.require_version(tx, actor, access, version, "its description and facts cannot be changed")
        changed = await apply(tx, version, **values)
        if command.tags:
            check_tags(changed.tags)
            set_keys = [key for key, value in command.tags.items() if value is not None]
            await follow_ci_tags(tx, actor, changed, set_keys)
            await webhook_events.version_tags_changed(tx, model, changed, command.tags)
        if command.description is not None:
            await webhook_events.version_changed(tx, model, changed, "updated", actor.username)
    return changed


async def apply(tx: Tx, version: ModelVersion, **values: Any) -> ModelVersion:
    """Step: write values of a living version.

    Raises:
        VersionNotFound: it has just been deleted.
    """
    statement = (
        update(ModelVersion)
        .where(
            ModelVersion.project_id == version.project_id,
            ModelVersion.id == version.id,
            ModelVersion.deleted_at.is_(None),
        )
        .values(**values)
        .returning(ModelVersion)
    )
    changed = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if changed is None:
        raise lookup.VersionNotFound(f"The version {quoted(version.version)} has just been deleted.", field="version")
    return changed


def refuse_version_tag(keys: Iterable[str]) -> None:
    """Refuse changes of the tag that stands for the version itself, and of those that only the service sets.

    Raises:
        Invalid: one is among the keys.
    """
    keys = set(keys)
    if reserved := sorted(RESERVED_TAGS & keys):
        raise Invalid(
            f"The tag `{reserved[0]}` says what was done to the version: yank or deprecate it, or take that back.",
            field="tags",
        )
    if VERSION_TAG in keys:
        raise Invalid(
            f"The tag '{VERSION_TAG}' is the version itself, which does not change; make a new version.", field="tags"
        )


async def follow_ci_tags(tx: Tx, actor: Actor, version: ModelVersion, patch: Iterable[str]) -> None:
    """Step: link the version to the CI job that its tags name, when the tags that were set say something of one."""
    if job_links.names_ci_job(patch):
        owner = Owner(version.project_id, version_id=version.id)
        await job_links.follow_tags(tx, owner, version.tags, by=actor.user_id)
