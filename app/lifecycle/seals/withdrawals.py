"""Yanked and deprecated versions: what became wrong with one, and which to use instead.

A yanked version is meant by its text, its number and aliases only, with a warning; ``latest``, ranges and stages mean
others. A deprecated one is meant as before, with a warning. The warning also stands in a tag of the version, which
MLflow's clients see (:data:`app.registry.names.RESERVED_TAGS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update

from app.access import policy
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot, Tx
from app.errors import Conflict, Invalid, TooLarge
from app.lifecycle.seals.tables import VersionWithdrawal
from app.registry import guards, models, webhook_events
from app.registry.models import Model
from app.registry.names import check_tag_value
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named, Target
from app.registry.stages import moves
from app.registry.tags import system_tags
from app.registry.versions import change, lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted

__all__ = ["VersionWithdrawal"]

MAX_REASON = 1_000
"""Characters."""


class Kind(StrEnum):
    """How a version is withdrawn."""

    YANK = "yank"
    DEPRECATION = "deprecation"


class AlreadyWithdrawn(Conflict):
    """The version is yanked, or deprecated, already."""

    code = "ALREADY_WITHDRAWN"


class NotWithdrawn(Conflict):
    """The version is not yanked, or not deprecated."""

    code = "NOT_WITHDRAWN"


class _Words(NamedTuple):
    """How a kind is told of: as a column, in the name of an event and in a sentence."""

    column: str
    event: str
    done: str


_WORDS = {
    Kind.YANK: _Words("yanked_at", "yanked", "yanked"),
    Kind.DEPRECATION: _Words("deprecated_at", "deprecated", "deprecated"),
}


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Why a version is withdrawn (1 to 1,000 characters), and a reference to the version to use instead."""

    reason: str
    replacement: str | None = None


async def withdraw(
    db: Database, actor: Actor, project: int | str, target: Target, kind: Kind, command: Withdraw
) -> ModelVersion:
    """Yank or deprecate a version; one that is sealed or in a protected stage is for maintainers.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version, or none to replace it.
        VersionProtected: it takes the role maintainer.
        AlreadyWithdrawn: it has been already.
        Invalid: there is no reason, or the replacement is the version itself or is yanked.
    """
    reason = check_reason(command.reason)
    async with db.write() as tx:
        access, model, version = await lookup.find_to_change(tx, actor, project, target)
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        await guards.require_version(tx, actor, access, version, f"it cannot be {_WORDS[kind].done}")
        replacement = await _replacement(tx, actor, model, version, command.replacement)
        _require_standing(version, kind, stands=False)
        row = {"project_id": version.project_id, "version_id": version.id, "kind": kind.value}
        by = {"made_by": actor.user_id, "made_by_name": actor.username}
        await tx.execute(insert(VersionWithdrawal).values(**row, reason=reason, replacement=replacement, **by))
        tags = {_tag(kind): advice(reason, replacement)}
        changed = await _write(tx, version, kind, func.now(), tags)
        if kind is Kind.YANK:
            await moves.keep_holder(tx, changed)
        more = {"reason": reason, "replacement": replacement}
        await webhook_events.version_changed(tx, model, changed, _WORDS[kind].event, actor.username, **more)
    return changed


async def undo(
    db: Database, actor: Actor, project: int | str, target: Target, kind: Kind, reason: str = ""
) -> ModelVersion:
    """Take a yank or a deprecation back; a yank, as maintainers alone may, since ``latest`` may mean another then.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Forbidden: the actor is no maintainer; VersionProtected: nor may it change this version.
        NotWithdrawn: it is not yanked, or not deprecated.
        TooLarge: the reason is too long.
    """
    reason = check_reason(reason, is_required=False)
    async with db.write() as tx:
        access, model, version = await lookup.find_to_change(tx, actor, project, target)
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        if kind is Kind.YANK:
            policy.require(actor, access, Permission.PROTECTED_WRITE, of_models=True)
        await guards.require_version(tx, actor, access, version, "that cannot be taken back")
        _require_standing(version, kind, stands=True)
        undone = {"undone_by": actor.user_id, "undone_by_name": actor.username, "undone_reason": reason or None}
        standing = _standing(version.project_id, [version.id], kind)
        await tx.execute(update(VersionWithdrawal).where(*standing).values(undone_at=func.now(), **undone))
        changed = await _write(tx, version, kind, None, {_tag(kind): None})
        if kind is Kind.YANK:
            await moves.keep_holder(tx, changed)
        event = f"un{_WORDS[kind].event}"
        await webhook_events.version_changed(tx, model, changed, event, actor.username, reason=reason)
    return changed


async def standing(
    snap: Snapshot, project_id: int, version_ids: Sequence[int]
) -> dict[int, dict[Kind, VersionWithdrawal]]:
    """Read step: why these versions are yanked or deprecated now; those that are neither are left out."""
    rows = await snap.scalars(select(VersionWithdrawal).where(*_standing(project_id, version_ids)))
    standing_rows: dict[int, dict[Kind, VersionWithdrawal]] = {}
    for row in rows:
        standing_rows.setdefault(row.version_id, {})[Kind(row.kind)] = row
    return standing_rows


async def of_version(snap: Snapshot, version: ModelVersion) -> Mapping[Kind, VersionWithdrawal]:
    """Read step: why a version is yanked or deprecated now. No statement for one that is neither."""
    if version.yanked_at is None and version.deprecated_at is None:
        return {}
    return (await standing(snap, version.project_id, [version.id])).get(version.id, {})


def warning(version: str, row: VersionWithdrawal) -> str:
    """What users of a withdrawn version are told, as a sentence."""
    return f"The version {quoted(version)} is {_WORDS[Kind(row.kind)].done}: {advice(row.reason, row.replacement)}"


def advice(reason: str, replacement: str | None) -> str:
    """The reason as a sentence, and the version to use instead."""
    ended = reason if reason[-1] in ".!?" else f"{reason}."
    return f"{ended} Use {replacement} instead." if replacement else ended


def check_reason(reason: str, *, field: str = "reason", is_required: bool = True) -> str:
    """A reason without blanks around it.

    Raises:
        Invalid: there is none, or it holds what is no text.
        TooLarge: it has more than 1,000 characters.
    """
    reason = check_tag_value(reason, field=field).strip()
    if is_required and not reason:
        raise Invalid("Say why: a reason has 1 to 1,000 characters.", field=field)
    if len(reason) > MAX_REASON:
        raise TooLarge(f"The reason has {len(reason)} characters; at most {MAX_REASON} fit.", field=field)
    return reason


async def _replacement(tx: Tx, actor: Actor, model: Model, version: ModelVersion, reference: str | None) -> str | None:
    if not reference:
        return None
    named = Named(model.id, parse_reference(reference))
    _, replacement = await lookup.find(tx, actor, model.project_id, named)
    if replacement.id == version.id:
        raise Invalid("A version cannot be replaced by itself.", field="replacement")
    if replacement.yanked_at is not None:
        raise Invalid(f"The version {quoted(replacement.version)} is yanked itself; name another.", field="replacement")
    return replacement.version


def _require_standing(version: ModelVersion, kind: Kind, *, stands: bool) -> None:
    since = getattr(version, _WORDS[kind].column)
    if (since is not None) == stands:
        return
    done = _WORDS[kind].done
    if stands:
        raise NotWithdrawn(f"The version {quoted(version.version)} is not {done}.")
    raise AlreadyWithdrawn(f"The version {quoted(version.version)} is {done} since {since:%Y-%m-%d %H:%M} UTC.")


async def _write(
    tx: Tx, version: ModelVersion, kind: Kind, moment: Any, tags: Mapping[str, str | None]
) -> ModelVersion:
    values = {_WORDS[kind].column: moment, "tags": system_tags(tags), "updated_at": func.now()}
    return await change.apply(tx, version, **values)


def _tag(kind: Kind) -> str:
    return f"modelyard.{_WORDS[kind].done}"


def _standing(project_id: int, version_ids: Sequence[int], kind: Kind | None = None) -> list[Any]:
    mine = [VersionWithdrawal.project_id == project_id, VersionWithdrawal.version_id == func.any(list(version_ids))]
    of_kind = [] if kind is None else [VersionWithdrawal.kind == kind.value]
    return [*mine, VersionWithdrawal.undone_at.is_(None), *of_kind]
