"""The two statements of version creation: one reads the state of a model, one inserts if nothing has changed since.

Both run on a connection of the driver, or within a transaction that other statements belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, get_type_hints
from uuid import UUID

import orjson

from app.db import change_context
from app.db.statements import Fragment, Runner, Statement, columns
from app.registry import models
from app.registry.references import semver
from app.registry.tables import Model, ModelVersion
from app.registry.versions.numbering import (
    MAX_RESERVED,
    Assignment,
    Duplicate,
    ExistingVersion,
    ModelState,
    NewVersion,
)
from app.registry.versions.request import VersionRequest, VersionTaken
from app.registry.versions.states import State
from app.tracking import version_candidates
from app.webhooks import events

Outcome: TypeAlias = tuple[Model, ModelVersion] | Exception


class StateRow(NamedTuple):
    """A model and all that decides about its next versions; see :class:`ModelState`. ``tags`` and maps are JSON."""

    project_id: int
    id: int
    name: str
    description: str
    tags: str
    experiment_number: int
    last_number: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    mark: int
    release: str | None
    highest: str | None
    reserved: list[str]
    taken: str | None
    retired: list[str]
    candidates: str | None
    subscribed_events: list[str]


class VersionRow(NamedTuple):
    """A row to insert into ``model_versions``: each field goes into the column of its name, whatever their order."""

    version: str
    precedence: bytes
    is_prerelease: bool
    candidate_id: UUID
    logged_model_id: UUID | None
    created_by: int | None
    state: str
    description: str
    tags: str
    artifact_folder: str
    source: str
    location: str
    foreign_run: str
    run_link: str
    open_until: str


class InsertedRow(NamedTuple):
    """What the database adds to a row: ids, times, and the state that its triggers derive from the files."""

    number: int
    id: int
    stage: str
    state: str
    state_reason: str | None
    was_ready: bool
    is_announced: bool
    announced_state: str
    created_at: datetime
    updated_at: datetime


def _highest(prerelease: str) -> Fragment:
    return Fragment(f"""
        SELECT v.version, v.precedence FROM model_versions v
        WHERE v.project_id = m.project_id AND v.model_id = m.id AND v.deleted_at IS NULL AND v.state = 'ready'
          AND v.yanked_at IS NULL AND v.is_prerelease = {prerelease}
        ORDER BY v.precedence DESC, v.number DESC LIMIT 1
    """)  # noqa: S608 - of constants


_RESERVED = Fragment(f"""
    (SELECT v.version FROM model_versions v
     WHERE v.project_id = m.project_id AND v.model_id = m.id AND v.deleted_at IS NULL
       AND (v.state <> 'ready' OR v.yanked_at IS NOT NULL)
       AND v.precedence > coalesce(release.precedence, '') ORDER BY v.precedence LIMIT {MAX_RESERVED})
    UNION ALL
    (SELECT r.version FROM retired_versions r
     WHERE r.project_id = m.project_id AND r.model_id = m.id
       AND r.precedence > coalesce(release.precedence, '') ORDER BY r.precedence LIMIT {MAX_RESERVED})
""")  # noqa: S608 - of constants
# The arrays stand in subselects: PostgreSQL would else make a new plan for their length with every run.
_TAKEN = Fragment("""
    SELECT jsonb_object_agg(v.version, jsonb_build_array(v.id, v.number, v.state))::text
    FROM unnest((SELECT :versions::text[])) AS requested JOIN model_versions v ON v.version = requested
    WHERE v.project_id = m.project_id AND v.model_id = m.id AND v.deleted_at IS NULL
""")
_RETIRED = Fragment("""
    SELECT r.version FROM unnest((SELECT :versions::text[])) AS requested
    JOIN retired_versions r ON r.version = requested
    WHERE r.project_id = m.project_id AND r.model_id = m.id
""")
_STATE_COLUMNS = columns(
    StateRow,
    of="m",
    tags="m.tags::text",
    mark="m.xmin",
    release="release.version",
    highest="""CASE WHEN release.precedence >= prerelease.precedence THEN release.version
        ELSE coalesce(prerelease.version, release.version) END""",
    reserved=f"ARRAY ({_RESERVED})",
    taken=f"({_TAKEN})",
    retired=f"ARRAY ({_RETIRED})",
    candidates=f"({version_candidates.states_sql('m.project_id', '(SELECT :candidates::uuid[])')})",
    subscribed_events=f"ARRAY ({events.subscribed_events('m.project_id')})",
)


def _read_state(key: str) -> Statement[StateRow]:
    return Statement(
        f"registry.read_state_by_{key}",
        "The state of a living model that decides about its next versions.",
        f"""
        SELECT {_STATE_COLUMNS}
        FROM models m
        LEFT JOIN LATERAL ({_highest("false")}) AS release ON true
        LEFT JOIN LATERAL ({_highest("true")}) AS prerelease ON true
        WHERE m.project_id = :project AND m.{key} = :model AND m.deleted_at IS NULL
        """,  # noqa: S608 - of constants
        row=StateRow,
    )


READ_STATE_BY_ID, READ_STATE_BY_NAME = _read_state("id"), _read_state("name")

_SQL_TYPES: Mapping[Any, str] = {
    str: "text",
    bytes: "bytea",
    bool: "boolean",
    UUID: "uuid",
    UUID | None: "uuid",
    int | None: "bigint",
}


def insert_statement(name: str, row: type[VersionRow]) -> Statement[InsertedRow]:
    """The statement that inserts rows of this type, each field into the column of its name.

    It locks candidates before the model, as all do. Nothing at all is written when the model has changed since its
    state was read, or a candidate is gone. Candidates are inserted before their versions, so that subscribers to the
    project hear of them in this order.
    """
    names, kinds = ", ".join(row._fields), get_type_hints(row)
    arrays = ", ".join(f":{field}::{_SQL_TYPES[kinds[field]]}[]" for field in row._fields)
    values = ", ".join("row.tags::jsonb" if field == "tags" else f"row.{field}" for field in row._fields)
    return Statement(
        name,
        "Inserts versions of a model, with candidates for those that name none, if its state is as it was read.",
        f"""
        WITH locked AS MATERIALIZED (
            {version_candidates.lock_sql(":project", "(SELECT :shared_candidates::uuid[])")}
        ), numbered AS (
            UPDATE models SET last_number = last_number + cardinality(:version::text[]), updated_at = now()
            WHERE project_id = :project AND id = :model AND xmin = :mark
              AND (SELECT count(*) FROM locked) = cardinality(:shared_candidates::uuid[])
            RETURNING project_id, id, experiment_number, name,
                last_number - cardinality(:version::text[]) AS last_number
        ), own AS (
            {
            version_candidates.insert_sql(
                "numbered", "unnest(:own_candidates::uuid[], :own_usernames::text[], :own_creators::bigint[]) AS own"
            )
        }
        )
        INSERT INTO model_versions (project_id, model_id, number, was_ready, is_announced, announced_state, {names})
        SELECT numbered.project_id, numbered.id, numbered.last_number + row.position,
            row.state = 'ready', row.state = 'ready', row.state, {values}
        FROM numbered, unnest({arrays}) WITH ORDINALITY AS row ({names}, position)
        WHERE (SELECT count(*) FROM own) = cardinality(:own_candidates::uuid[]) AND {change_context.TELL}
        ORDER BY row.position
        RETURNING {columns(InsertedRow)}
        """,  # noqa: S608 - of constants
        row=InsertedRow,
    )


INSERT_VERSIONS = insert_statement("registry.insert_versions", VersionRow)


async def read_state(run: Runner, requests: Sequence[VersionRequest]) -> ModelState:
    """The model of the requests, which all name the same, with what exists of the versions and candidates they name.

    Raises:
        ModelNotFound: there is none.
    """
    key = requests[0].model
    statement = READ_STATE_BY_ID if isinstance(key, int) else READ_STATE_BY_NAME
    row = await statement.fetch_one(
        run,
        project=requests[0].project_id,
        model=key,
        versions=[request.version.text for request in requests if request.version is not None],
        candidates=list({request.candidate_id for request in requests if request.candidate_id is not None}),
    )
    if row is None:
        raise models.not_found(key)
    return _state(row)


async def insert_versions(run: Runner, state: ModelState, assignments: Sequence[Assignment]) -> list[Outcome] | None:
    """Insert all new versions; the outcome of each assignment. None: the model has changed since its state was read.

    One statement, so that either all of them are inserted or none.
    """
    new = [one for one in assignments if isinstance(one, NewVersion)]
    if not new:
        return [one for one in assignments if isinstance(one, Exception)]
    own = [one for one in new if one.request.candidate_id is None]
    rows = await INSERT_VERSIONS.fetch(
        run,
        project=state.model.project_id,
        model=state.model.id,
        mark=state.mark,
        shared_candidates=list({one.candidate_id for one in new if one.request.candidate_id is not None}),
        own_candidates=[one.candidate_id for one in own],
        own_usernames=[one.request.actor.username for one in own],
        own_creators=[one.request.actor.user_id for one in own],
        audit=_told(new),
        **_arrays([_row(one) for one in new]),
    )
    inserted = {row.number: row for row in rows}
    return [_outcome(state.model, one, inserted) for one in assignments] if inserted else None


def _state(row: StateRow) -> ModelState:
    return ModelState(
        model=Model(
            project_id=row.project_id,
            id=row.id,
            name=row.name,
            description=row.description,
            tags=orjson.loads(row.tags),
            experiment_number=row.experiment_number,
            last_number=row.last_number,
            created_by=row.created_by,
            created_at=row.created_at,
            updated_at=row.updated_at,
        ),
        mark=row.mark,
        release=None if row.release is None else semver.parse(row.release),
        highest=None if row.highest is None else semver.parse(row.highest),
        reserved=row.reserved,
        taken={text: ExistingVersion(*one) for text, one in orjson.loads(row.taken or "{}").items()},
        retired=row.retired,
        candidates={UUID(text): in_trash for text, in_trash in orjson.loads(row.candidates or "{}").items()},
        subscribed_events=row.subscribed_events,
    )


def _row(new: NewVersion) -> VersionRow:
    request = new.request
    return VersionRow(
        version=new.version.text,
        precedence=new.precedence,
        is_prerelease=new.version.is_prerelease,
        candidate_id=new.candidate_id,
        logged_model_id=request.logged_model_id,
        created_by=request.actor.user_id,
        state=_initial_state(request),
        description=request.description,
        tags=orjson.dumps(request.tags).decode(),
        artifact_folder=request.artifact_folder,
        source=request.source,
        location=request.location,
        foreign_run=request.foreign_run,
        run_link=request.run_link,
        open_until=request.open_until.value,
    )


def _told(new: Sequence[NewVersion]) -> str:
    """The context of each version, and of the candidate that is made for it."""
    versions = {one.version.text: one.request.context for one in new}
    return change_context.told(versions | {one.candidate_id: one.request.context for one in new})


def _arrays(rows: Sequence[VersionRow]) -> dict[str, list[Any]]:
    """The values of each column, under its name."""
    return dict(zip(rows[0]._fields, map(list, zip(*rows, strict=True)), strict=True))


def _initial_state(request: VersionRequest) -> str:
    """The state of a version whose candidate is new and has no files; else the database derives it from these."""
    if request.candidate_id is not None or request.logged_model_id is not None:
        return "underived"
    return State.OPEN if request.is_open else State.READY


def _outcome(model: Model, assignment: Assignment, inserted: Mapping[int, InsertedRow]) -> Outcome:
    match assignment:
        case NewVersion():
            return model, _version(model, assignment, inserted[assignment.number])
        case Duplicate(of=other):
            row = inserted[other.number]
            return VersionTaken(other.version.text, row.id, row.number, row.state)
    return assignment


def _version(model: Model, new: NewVersion, inserted: InsertedRow) -> ModelVersion:
    request = new.request
    return ModelVersion(
        project_id=model.project_id,
        model_id=model.id,
        version=new.version.text,
        precedence=new.precedence,
        is_prerelease=new.version.is_prerelease,
        candidate_id=new.candidate_id,
        logged_model_id=request.logged_model_id,
        created_by=request.actor.user_id,
        description=request.description,
        tags=request.tags,
        artifact_folder=request.artifact_folder,
        source=request.source,
        location=request.location,
        foreign_run=request.foreign_run,
        run_link=request.run_link,
        open_until=request.open_until.value,
        **inserted._asdict(),
    )
