"""The statements that make versions: one looks at a model, one writes if nothing has changed since.

Both run on a connection of the driver, or within a transaction that other statements belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from app.db.direct_pool import StatementRunner
from app.registry import models
from app.registry.references import semver
from app.registry.tables import Model, ModelVersion
from app.registry.versions.numbering import MOST_RESERVED, Assignment, Duplicate, ModelState, NewVersion
from app.registry.versions.request import VersionRequest, VersionTaken
from app.registry.versions.states import State
from app.tracking import version_candidates
from app.webhooks import events

Outcome: TypeAlias = tuple[Model, ModelVersion] | Exception

_MODEL = (
    "project_id", "id", "name", "description", "experiment_number", "last_number",
    "created_by", "created_at", "updated_at",
)  # fmt: skip
_HIGHEST = """
    SELECT v.version, v.precedence FROM model_versions v
    WHERE v.project_id = m.project_id AND v.model_id = m.id AND v.deleted_at IS NULL AND v.state = 'ready'
      AND v.is_prerelease = {prerelease}
    ORDER BY v.precedence DESC, v.number DESC LIMIT 1
"""
_RESERVED = f"""
    (SELECT v.version FROM model_versions v
     WHERE v.project_id = m.project_id AND v.model_id = m.id AND v.deleted_at IS NULL AND v.state <> 'ready'
       AND v.precedence > coalesce(release.precedence, '') ORDER BY v.precedence LIMIT {MOST_RESERVED})
    UNION ALL
    (SELECT r.version FROM retired_versions r
     WHERE r.project_id = m.project_id AND r.model_id = m.id
       AND r.precedence > coalesce(release.precedence, '') ORDER BY r.precedence LIMIT {MOST_RESERVED})
"""  # noqa: S608 - of constants
# The arrays stand in subselects: PostgreSQL would else make a new plan for their length with every look.
_LOOK = f"""
    SELECT {", ".join(f"m.{name}" for name in _MODEL)}, m.tags::text AS tags, m.xmin AS mark,
        release.version AS release,
        CASE WHEN release.precedence >= prerelease.precedence THEN release.version
             ELSE coalesce(prerelease.version, release.version) END AS highest,
        ARRAY ({_RESERVED}) AS reserved,
        (SELECT jsonb_object_agg(v.version, jsonb_build_array(v.id, v.number, v.state))::text
         FROM unnest((SELECT $3::text[])) AS wanted JOIN model_versions v ON v.version = wanted
         WHERE v.project_id = m.project_id AND v.model_id = m.id AND v.deleted_at IS NULL) AS taken,
        ARRAY (SELECT r.version FROM unnest((SELECT $3::text[])) AS wanted JOIN retired_versions r
            ON r.version = wanted WHERE r.project_id = m.project_id AND r.model_id = m.id) AS retired,
        ({version_candidates.states_sql("m.project_id", "(SELECT $4::uuid[])")}) AS candidates,
        ARRAY ({events.subscribed_events("m.project_id")}) AS awaited
    FROM models m
    LEFT JOIN LATERAL ({_HIGHEST.format(prerelease="false")}) AS release ON true
    LEFT JOIN LATERAL ({_HIGHEST.format(prerelease="true")}) AS prerelease ON true
    WHERE m.project_id = $1 AND m.{{key}} = $2 AND m.deleted_at IS NULL
"""  # noqa: S608 - of constants
_LOOK_BY_ID, _LOOK_BY_NAME = _LOOK.format(key="id"), _LOOK.format(key="name")

_COLUMNS = {
    "version": "text", "precedence": "bytea", "is_prerelease": "boolean", "candidate_id": "uuid",
    "logged_model_id": "uuid", "created_by": "bigint", "state": "text", "description": "text", "tags": "text",
    "artifact_folder": "text", "source": "text", "location": "text", "foreign_run": "text", "run_link": "text",
    "open_until": "text",
}  # fmt: skip
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), 8))
# Locks candidates before the model, as all do. Nothing at all is written when the model is no longer as it was seen,
# or a candidate has gone. Candidates are made before their versions, so that watchers hear of them in this order.
_ADD = f"""
    WITH held AS MATERIALIZED ({version_candidates.lock_sql("$1", "(SELECT $4::uuid[])")}
    ), taken AS (
        UPDATE models SET last_number = last_number + cardinality($8::text[]), updated_at = now()
        WHERE project_id = $1 AND id = $2 AND xmin = $3 AND (SELECT count(*) FROM held) = cardinality($4::uuid[])
        RETURNING project_id, id, experiment_number, name, last_number - cardinality($8::text[]) AS last_number
    ), begun AS (
        {version_candidates.insert_sql("taken", "unnest($5::uuid[], $6::text[], $7::bigint[]) AS own")}
    )
    INSERT INTO model_versions
        (project_id, model_id, number, was_ready, is_announced, announced_state, {", ".join(_COLUMNS)})
    SELECT taken.project_id, taken.id, taken.last_number + row.place,
        row.state = 'ready', row.state = 'ready', row.state,
        {", ".join("row.tags::jsonb" if name == "tags" else f"row.{name}" for name in _COLUMNS)}
    FROM taken, unnest({_ARRAYS}) WITH ORDINALITY AS row ({", ".join(_COLUMNS)}, place)
    WHERE (SELECT count(*) FROM begun) = cardinality($5::uuid[])
    ORDER BY row.place
    RETURNING number, id, stage, state, state_reason, was_ready, is_announced, announced_state, created_at, updated_at
"""  # noqa: S608 - of constants


async def read_state(run: StatementRunner, wishes: Sequence[VersionRequest]) -> ModelState:
    """The model of the wishes, which all name the same.

    Raises:
        ModelNotFound: there is none.
    """
    project_id, key = wishes[0].project_id, wishes[0].model
    versions = [wish.version.text for wish in wishes if wish.version is not None]
    shared = {wish.candidate_id for wish in wishes if wish.candidate_id is not None}
    statement = _LOOK_BY_ID if isinstance(key, int) else _LOOK_BY_NAME
    rows = await run.fetch(statement, project_id, key, versions, list(shared))
    if not rows:
        raise models.not_found(key)
    row = rows[0]
    return ModelState(
        Model(tags=orjson.loads(row["tags"]), **{name: row[name] for name in _MODEL}),
        row["mark"],
        None if row["release"] is None else semver.parse(row["release"]),
        None if row["highest"] is None else semver.parse(row["highest"]),
        row["reserved"],
        {text: (id, number, state) for text, (id, number, state) in orjson.loads(row["taken"] or "{}").items()},
        row["retired"],
        {UUID(text): in_trash for text, in_trash in orjson.loads(row["candidates"] or "{}").items()},
        row["awaited"],
    )


async def insert_versions(
    run: StatementRunner, standing: ModelState, places: Sequence[Assignment]
) -> list[Outcome] | None:
    """Write all newcomers, and tell what became of each place; None: the model is no longer as it was seen.

    One statement, so that either all of them are made or none.
    """
    newcomers = [place for place in places if isinstance(place, NewVersion)]
    if not newcomers:
        return [place for place in places if isinstance(place, Exception)]
    found = await run.fetch(_ADD, standing.model.project_id, standing.model.id, standing.mark, *_given(newcomers))
    made = {row["number"]: row for row in found}
    return [_outcome(standing.model, place, made) for place in places] if made else None


def _given(newcomers: Sequence[NewVersion]) -> list[list[Any]]:
    """The parameters after the model: shared candidates, own ones by column, versions by column."""
    shared = {one.candidate_id for one in newcomers if one.wish.candidate_id is not None}
    own = [one for one in newcomers if one.wish.candidate_id is None]
    rows = [
        (
            one.version.text,
            one.precedence,
            one.version.is_prerelease,
            one.candidate_id,
            one.wish.logged_model_id,
            one.wish.actor.user_id,
            _state(one),
            *(_text(value) for value in one.wish.values.values()),
        )
        for one in newcomers
    ]
    return [
        list(shared),
        [one.candidate_id for one in own],
        [one.wish.actor.username for one in own],
        [one.wish.actor.user_id for one in own],
        *(list(column) for column in zip(*rows, strict=True)),
    ]


def _state(one: NewVersion) -> str:
    """The state of a version whose candidate is new and has no files; else the database derives it from these."""
    if one.wish.candidate_id is not None or one.wish.logged_model_id is not None:
        return "underived"
    return State.OPEN if one.wish.is_open else State.READY


def _text(value: str | Mapping[str, str]) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _outcome(model: Model, place: Assignment, made: Mapping[int, Mapping[str, Any]]) -> Outcome:
    if isinstance(place, NewVersion):
        return model, _version(model, place, made[place.number])
    if isinstance(place, Duplicate):
        other = made[place.by.number]
        return VersionTaken(place.by.version.text, other["id"], place.by.number, other["state"])
    return place


def _version(model: Model, newcomer: NewVersion, row: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        project_id=model.project_id,
        model_id=model.id,
        version=newcomer.version.text,
        precedence=newcomer.precedence,
        is_prerelease=newcomer.version.is_prerelease,
        candidate_id=newcomer.candidate_id,
        logged_model_id=newcomer.wish.logged_model_id,
        created_by=newcomer.wish.actor.user_id,
        **newcomer.wish.values,
        **row,
    )
