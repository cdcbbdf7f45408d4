"""What is said of a version's facts by a person or a job, and what is kept of all sources when it is sealed.

Statements are appended. The last one of an entry counts; on a sealed version it counts only where nothing was said
before the sealing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.errors import Invalid, TooLarge
from app.lifecycle.evaluations import events, facts, input_rules, six_facts
from app.lifecycle.evaluations.evaluations import KeyReused
from app.lifecycle.evaluations.six_facts import LIBRARY, FactKind, FactSource, SourceStatement
from app.lifecycle.evaluations.tables import FactStatement
from app.registry.references.resolve import Target
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted

MAX_DATASETS, MAX_PARAMS, MAX_LIBRARIES = 100, 1_000, 1_000
MAX_VALUE = 6_000
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
_IMAGE = re.compile(r"(?:\S+@)?sha256:[0-9a-fA-F]{64}")
_LIBRARY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_MOST = {
    FactKind.TRAINING_DATA: MAX_DATASETS,
    FactKind.HYPER_PARAMETERS: MAX_PARAMS,
    FactKind.ENVIRONMENT: MAX_LIBRARIES,
}
_STATED_BY_HAND = frozenset(FactKind) - {FactKind.METRICS, FactKind.STAGE}
_KEPT_SOURCES = frozenset(FactSource) - {
    FactSource.STATED, FactSource.STAGE, FactSource.EVALUATION, FactSource.ONLINE,
}  # fmt: skip
"""What may change after the sealing, and is therefore copied; evaluations never change."""


@dataclass(frozen=True, slots=True)
class StateFacts:
    """Entries of one or several facts; None takes an entry back. ``note`` says why, for those who read it later."""

    entries: Mapping[FactKind, Mapping[str, str | None]] = field(default_factory=dict)
    note: str = ""
    idempotency_key: str | None = None


_INSERT_KEPT = Statement(
    "evaluations.keep_facts",
    "Keeps what the sources of a version's facts say at its sealing, unless that was done before.",
    """
    INSERT INTO fact_statements (project_id, version_id, fact, entries, source, detail, is_kept, learned_at, ci_job)
    SELECT :project::bigint, :version::bigint, one.fact, one.entries, one.source, one.detail, true,
        coalesce(one.learned_at, now()), one.ci_job
    FROM jsonb_to_recordset(:statements::jsonb)
        AS one (fact text, entries jsonb, source text, detail text, learned_at timestamptz, ci_job text)
    WHERE NOT EXISTS (
        SELECT FROM fact_statements s WHERE s.project_id = :project AND s.version_id = :version AND s.is_kept
    )
    """,
)


async def state(db: Database, actor: Actor, project: int | str, target: Target, command: StateFacts) -> ModelVersion:
    """Say what holds of a version's facts; what was said before stays readable. With an idempotency key, a repetition
    changes nothing.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        KeyReused: the key was sent before with another content; nothing was stored.
        Invalid: an entry is not acceptable, or nothing is said.
    """
    entries = checked(command.entries)
    note = input_rules.text(command.note, "note", input_rules.MAX_NOTE, "note")
    key = input_rules.idempotency_key(command.idempotency_key)
    content = input_rules.digest({"note": note, **{kind.value: dict(said) for kind, said in entries.items()}})
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.FACT_WRITE, of_models=True)
        model, version = await lookup.find(tx, actor, access.id, target)
        await lookup.lock_against_deletion(tx, version)
        stored = 0
        for index, (kind, said) in enumerate(sorted(entries.items())):
            # One call may state several facts, so the position among them makes the key of each its own.
            own_key = None if key is None else f"{key}#{index}"
            stored += await _insert(tx, actor, version, kind, said, note, own_key, content)
        if stored:
            await events.facts_stated(tx, model, version, entries, actor.username, note)
    return version


async def keep(tx: Tx, version: ModelVersion) -> None:
    """Step of the sealing: copy what tags, params, data sets, files and CI jobs say of the version's facts, so that it
    stays readable and goes on to count whatever becomes of those. Twice is fine.
    """
    said = (await facts.statements_of(tx, [version]))[version.id]
    kept = [
        {
            "fact": one.fact.value,
            "entries": dict(one.entries),
            "source": one.source.value,
            "detail": one.detail,
            "learned_at": one.learned_at.isoformat() if one.learned_at else None,
            "ci_job": one.ci_job,
        }
        for one in said
        if one.source in _KEPT_SOURCES and not one.is_kept
    ]
    if kept:
        statements = orjson.dumps(kept).decode()
        await _INSERT_KEPT.execute(tx, project=version.project_id, version=version.id, statements=statements)


def checked(entries: Mapping[FactKind, Mapping[str, str | None]]) -> dict[FactKind, dict[str, str | None]]:
    """The entries as they are stored.

    Raises:
        Invalid: with the fact, the entry and the rule.
    """
    stored = {kind: _checked(kind, said) for kind, said in entries.items() if said}
    if not stored:
        raise Invalid("Nothing is said of any fact; give at least one of them.", field="sourceCommit")
    if strange := set(stored) - _STATED_BY_HAND:
        raise Invalid(f"{min(strange)} is not stated: metrics come from evaluations, the stage from moving it.")
    return stored


def _checked(kind: FactKind, said: Mapping[str, str | None]) -> dict[str, str | None]:
    field = "".join(part if index == 0 else part.title() for index, part in enumerate(kind.split("_")))
    most = _MOST.get(kind, 10)
    if len(said) > most:
        raise TooLarge(f"There are {len(said)} entries; at most {most} can be stated of it at once.", field=field)
    return {_entry_name(kind, entry, field): _entry_value(kind, entry, value, field) for entry, value in said.items()}


def _entry_name(kind: FactKind, entry: str, field: str) -> str:
    if entry.startswith(LIBRARY):
        name = entry.removeprefix(LIBRARY)
        if not _LIBRARY_NAME.fullmatch(name):
            raise Invalid(
                f"{quoted(name)} is no name of a library: letters, digits and `. _ -`, at most 200.", field=field
            )
        return LIBRARY + name.lower().replace("_", "-")
    limit = input_rules.MAX_DATASET if kind is FactKind.TRAINING_DATA else input_rules.MAX_NAME
    return input_rules.text(entry, "name", limit, field, needed=True)


def _entry_value(kind: FactKind, entry: str, value: str | None, field: str) -> str | None:
    if value is None:
        return None
    limit = input_rules.MAX_DIGEST if kind is FactKind.TRAINING_DATA else MAX_VALUE
    stored = input_rules.text(value, f"value of {entry}", limit, field)
    if entry == "sha" and not _SHA.fullmatch(stored):
        raise Invalid(
            f"{quoted(stored)} is no SHA of a commit: 7 to 64 hexadecimal digits, best all of them.", field="sha"
        )
    if entry == "image_digest" and not _IMAGE.fullmatch(stored):
        raise Invalid(
            f"{quoted(stored)} is no digest of an image: `sha256:` and 64 hexadecimal digits, perhaps with the name of "
            "the image and `@` before it. A tag may mean another image tomorrow.",
            field="imageDigest",
        )
    return six_facts.without_secrets(stored) if entry == "repository" else stored


async def _insert(
    tx: Tx,
    actor: Actor,
    version: ModelVersion,
    kind: FactKind,
    said: Mapping[str, str | None],
    note: str,
    key: str | None,
    content: bytes,
) -> bool:
    values = {
        "project_id": version.project_id,
        "version_id": version.id,
        "fact": kind.value,
        "entries": dict(said),
        "source": FactSource.STATED.value,
        "detail": f"CI job {actor.ci_job}" if actor.ci_job else actor.username,
        "reason": note,
        "stated_by": actor.user_id,
        "username": actor.username,
        "token_id": actor.token_id,
        "ci_job": actor.ci_job,
        "idempotency_key": key,
        "content": content,
    }
    statement = upsert(FactStatement).values(**values).on_conflict_do_nothing().returning(FactStatement.id)
    if await tx.scalar(statement) is not None:
        return True
    mine = (FactStatement.project_id == version.project_id, FactStatement.version_id == version.id)
    stored = await tx.scalar(select(FactStatement.content).where(*mine, FactStatement.idempotency_key == key))
    if stored != content:
        shown = quoted((key or "").rpartition("#")[0])
        raise KeyReused(
            f"The key {shown} was sent before with another content; nothing was stored.", field="idempotencyKey"
        )
    return False


def visible(statements: Sequence[SourceStatement], *, sees_candidates: bool, is_member: bool) -> list[SourceStatement]:
    """The statements that a caller may see who may read the version: what a CI job says of its code is for members."""
    return [
        one
        for one in statements
        if (sees_candidates or not one.of_candidate) and (is_member or one.source is not FactSource.CI_JOB)
    ]
