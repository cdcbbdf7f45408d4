"""The CI settings of a project: made, changed and removed by its maintainers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import bots, policy, projects
from app.access.policy import Actor, Permission, ProjectAccess, Role
from app.ci.background_jobs import PickUpCiJobs
from app.ci.client import HOOK_SECRET, PROVIDERS, TOKEN, CiClient, provider_of
from app.ci.identities import trust
from app.ci.identities.trust import UNCHANGED, EditIdentity
from app.ci.tables import CiSettings
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid, NotFound, TooLarge
from app.queue import outbox

__all__ = ["CiSettings"]

MAX_SECRET = 1_000


class CiSettingsNotFound(NotFound):
    """The project has no CI settings."""


@dataclass(frozen=True, slots=True)
class EditSettings:
    """Only what is not None changes; an empty secret takes it away. The first time provider and project are needed."""

    provider: str | None = None
    base_url: str | None = None
    ci_project: str | None = None
    token: str | None = None
    hook_secret: str | None = None
    identity: EditIdentity = UNCHANGED


async def get(db: Database, actor: Actor, project: int | str) -> CiSettings | None:
    """The settings; None when there are none.

    Raises:
        Forbidden: the actor is not at least maintainer.
    """
    async with db.read() as snap:
        access = await _manageable(snap, actor, project)
        return await _find(snap, access.id)


async def save(db: Database, actor: Actor, client: CiClient, project: int | str, command: EditSettings) -> CiSettings:
    """Make or change the settings; CI jobs that waited for them are picked up by a background job.

    Raises:
        Forbidden: the actor is not at least maintainer, or gives a role above its own.
        Invalid: a value is not acceptable, or the base URL changes while the stored token would go along.
    """
    async with db.write() as tx:
        access = await _manageable(tx, actor, project)
        present = await tx.scalar(select(CiSettings).where(CiSettings.project_id == access.id).with_for_update())
        values = _values(client, access, present, command)
        if values["identity_enabled"]:
            values["bot_id"] = await _bot(tx, access.id, present, Role(values["identity_role"]))
        elif present is not None and present.bot_id is not None:
            await bots.retire(tx, access.id, present.bot_id)
        saved = await _store(tx, access.id, {**values, "updated_by": actor.user_id})
        await outbox.enqueue(tx, PickUpCiJobs(access.id), project_id=access.id, requested_by=actor.user_id)
    return saved


async def delete(db: Database, actor: Actor, project: int | str) -> int:
    """Remove the settings with their secrets; tokens of CI identities end at once, links stay as they are.

    Answers the id of the project.

    Raises:
        CiSettingsNotFound: there are none.
        Forbidden: the actor is not at least maintainer.
    """
    async with db.write() as tx:
        access = await _manageable(tx, actor, project)
        statement = delete_from(CiSettings).where(CiSettings.project_id == access.id).returning(CiSettings.bot_id)
        removed = (await tx.execute(statement)).one_or_none()
        if removed is None:
            raise CiSettingsNotFound(field="project")
        if removed.bot_id is not None:
            await bots.retire(tx, access.id, removed.bot_id)
    return access.id


def issuer_of(provider: str, base_url: str) -> str:
    """Whose identity tokens jobs carry, unless the settings name another issuer."""
    return PROVIDERS[provider].default_issuer or base_url


async def _manageable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.CI_MANAGE)
    return access


async def _find(snap: Snapshot, project_id: int) -> CiSettings | None:
    return await snap.scalar(select(CiSettings).where(CiSettings.project_id == project_id))


def _values(
    client: CiClient, access: ProjectAccess, present: CiSettings | None, command: EditSettings
) -> dict[str, Any]:
    values = _location(client, present, command)
    values |= _secrets(client, access.id, command)
    if present is not None and present.sealed_token is not None and command.token is None:
        _refuse_to_carry_token(present, values)
    own = access.role or Role.GUEST
    issuer = _issuer(client, present, command.identity, values)
    return values | {"identity_issuer": issuer} | trust.values(present, command.identity, values, own)


def _location(client: CiClient, present: CiSettings | None, command: EditSettings) -> dict[str, Any]:
    name = command.provider if command.provider is not None else present.provider if present else None
    if name is None:
        raise Invalid("The project has no CI settings yet; name a provider: gitlab or github.", field="provider")
    provider = provider_of(name)
    kept = present if present is not None and present.provider == name else None
    ci_project = command.ci_project if command.ci_project is not None else kept.ci_project if kept else None
    if ci_project is None:
        raise Invalid("Say which project of the CI system it is.", field="ci_project")
    base_url = command.base_url or (kept.base_url if kept else provider.default_url)
    return {
        "provider": name,
        "base_url": _check_base(client, base_url, "base_url"),
        "ci_project": provider.check_project(ci_project),
    }


def _check_base(client: CiClient, text: str, field: str) -> str:
    try:
        url = client.rules.check(text)
    except Invalid as error:
        error.field = field
        raise
    if url.raw_query_string or url.raw_fragment or "?" in text or "#" in text:
        raise Invalid("The URL has a query or a fragment; give scheme, host and path only.", field=field)
    return str(url).rstrip("/")


def _refuse_to_carry_token(present: CiSettings, values: Mapping[str, Any]) -> None:
    """A stored token goes only to the CI system that it was stored for; else a maintainer could send it elsewhere."""
    if values["base_url"] != present.base_url or values["provider"] != present.provider:
        raise Invalid(
            "The base URL or provider changes, and the stored API token was not meant for the new one; send the token "
            "again, or an empty one.",
            field="api_token",
        )


def _secrets(client: CiClient, project_id: int, command: EditSettings) -> dict[str, bytes | None]:
    sealed: dict[str, bytes | None] = {}
    for field, purpose, secret in (("token", TOKEN, command.token), ("hook_secret", HOOK_SECRET, command.hook_secret)):
        if secret is None:
            continue
        if len(secret) > MAX_SECRET:
            raise TooLarge(f"The secret has {len(secret)} characters; at most {MAX_SECRET} fit.", field=field)
        if not (secret.isascii() and (secret == "" or secret.isprintable())):
            raise Invalid("The secret holds characters that no header can carry.", field=field)
        sealed[f"sealed_{field}"] = client.encrypt(project_id, purpose, secret) if secret else None
    return sealed


def _issuer(client: CiClient, present: CiSettings | None, command: EditIdentity, location: Mapping[str, Any]) -> str:
    moved = present is None or any(getattr(present, name) != location[name] for name in ("provider", "base_url"))
    usual = (
        issuer_of(location["provider"], location["base_url"]) if present is None or moved else present.identity_issuer
    )
    return _check_base(client, command.issuer or usual, "issuer")


async def _bot(tx: Tx, project_id: int, present: CiSettings | None, role: Role) -> int:
    if present is None or present.bot_id is None:
        return await bots.add(tx, project_id, "CI jobs", role)
    await bots.set_role(tx, project_id, present.bot_id, role)
    return present.bot_id


async def _store(tx: Tx, project_id: int, values: dict[str, Any]) -> CiSettings:
    statement = upsert(CiSettings).values(project_id=project_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["project_id"], set_={**values, "updated_at": func.now()}
    )
    rows = await tx.scalars(statement.returning(CiSettings), execution_options={"populate_existing": True})
    return rows.one()
