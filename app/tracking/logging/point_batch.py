"""Points of metrics on their way into the tables: one statement for all points of all candidates.

The statement locks each candidate against deletion, appends to the history, and moves the latest value of each metric
where a point is at least as late (MLflow: by step, then timestamp, then value).

Example: sixteen clients log a loss each to one candidate. The first two go at once. While their commits wait for the
disk the other fourteen arrive, and one statement stores the fourteen points with one lock and one commit; of these,
``_latest`` names the one that may become the latest value, since a statement may touch a row only once. That took
log-metric from 236 to 2,863 calls a second, and log-batch of 1,000 points from 37 to 113 (docs/decisions/0017).

About one candidate the statement is shorter: points come in the order of their keys, and PostgreSQL needs neither a
join nor a sort. Where every key is there once, as in a step of training, the points themselves are the latest values.
A batch of 1,000 keys then costs about what PostgreSQL takes to store them: 124,639 metrics a second through the API
where the bare upserts reach 182,000 (docs/speed.md, docs/decisions/0017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.db.statements import AnyRow, Statement
from app.tracking.tables import UNDATED

MOST_TOGETHER = 1_000
"""Points after which no other caller joins a transaction: by then its commit is the least of it."""


class MetricInput(NamedTuple):
    """One point of a metric; NaN and infinities are values, too. ``timestamp`` is milliseconds since 1970."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    logged_model_id: UUID | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """What to log to one candidate."""

    project_id: int
    candidate_id: UUID
    rows: Sequence[MetricInput]


class CandidateState(NamedTuple):
    """What a statement saw of a candidate: points are stored only if it exists and is not in the trash.

    A candidate that another transaction is changing is skipped, as if it did not exist.
    """

    exists: bool
    in_trash: bool


class LockedCandidate(NamedTuple):
    """A candidate that a statement locked, by its position among those that were given."""

    position: int
    in_trash: bool


# NaN counts as 0 beside another value of the same step and time, and gives way or stays like a 0 (MLflow: its latest
# metrics).
_KEEP_THE_LATER = """
        ON CONFLICT (project_id, candidate_id, key) DO UPDATE
        SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,
            logged_model_id = excluded.logged_model_id, dataset_name = excluded.dataset_name,
            dataset_digest = excluded.dataset_digest
        WHERE (excluded.step, excluded.timestamp, CASE WHEN excluded.value = 'NaN' THEN 0 ELSE excluded.value END)
                > (old.step, old.timestamp, CASE WHEN old.value = 'NaN' THEN 0 ELSE old.value END)
            OR (excluded.step, excluded.timestamp, excluded.value) = (old.step, old.timestamp, old.value)
"""
STORE_POINTS = Statement(
    "tracking.store_points",
    "Stores points of several candidates, and answers which of these could be locked.",
    # A candidate may be given twice, by two callers: points name it by the position of its first. Rows are locked in
    # one order, candidates as well as their metrics, so that two such statements cannot wait in a circle.
    f"""
    WITH living AS (
        SELECT c.project_id, c.id, given.position, c.deleted_at IS NOT NULL AS in_trash, c.experiment_number,
            coalesce(~c.start_time, {UNDATED}) AS newest_first
        FROM unnest(:projects::bigint[], :candidates::uuid[]) WITH ORDINALITY AS given (project_id, id, position)
        JOIN candidates c ON c.project_id = given.project_id AND c.id = given.id AND c.purge_at IS NULL
        ORDER BY c.project_id, c.id
        FOR SHARE OF c SKIP LOCKED
    ), points AS MATERIALIZED (
        SELECT living.project_id, living.id, living.experiment_number, living.newest_first, point.*
        FROM unnest(:owners::int[], :keys::text[], :values::float8[], :timestamps::bigint[], :steps::bigint[],
                    :is_latest::bool[], :logged_models::uuid[], :dataset_names::text[], :dataset_digests::text[])
            AS point (owner, key, value, timestamp, step, is_latest, logged_model_id, dataset_name, dataset_digest)
        JOIN living ON living.position = point.owner AND NOT living.in_trash
    ), appended AS (
        INSERT INTO metric_points (project_id, candidate_id, key, value, timestamp, step)
        SELECT project_id, id, key, value, timestamp, step FROM points
    ), moved AS (
        INSERT INTO latest_metrics AS old (project_id, candidate_id, key, value, timestamp, step,
                                           logged_model_id, dataset_name, dataset_digest,
                                           experiment_number, newest_first)
        SELECT project_id, id, key, value, timestamp, step, logged_model_id, dataset_name, dataset_digest,
            experiment_number, newest_first
        FROM points WHERE is_latest ORDER BY project_id, id, key COLLATE "C"
        {_KEEP_THE_LATER}
    )
    SELECT position, in_trash FROM living
    """,  # noqa: S608 - of constants
    row=LockedCandidate,
)


def _of_one_candidate(name: str, purpose: str, points: str, latest: str) -> Statement[AnyRow]:
    # Points come in the order of their keys: a join with a single row keeps the order of an array.
    return Statement(
        name,
        purpose,
        f"""
    WITH living AS (
        SELECT c.project_id, c.id, c.deleted_at IS NOT NULL AS in_trash, c.experiment_number,
            coalesce(~c.start_time, {UNDATED}) AS newest_first
        FROM candidates c WHERE c.project_id = :project::bigint AND c.id = :candidate::uuid AND c.purge_at IS NULL
        FOR SHARE OF c SKIP LOCKED
    ), appended AS (
        INSERT INTO metric_points (project_id, candidate_id, key, value, timestamp, step)
        SELECT project_id, id, key, value, timestamp, step FROM living, {points} WHERE NOT in_trash
    ), moved AS (
        INSERT INTO latest_metrics AS old (project_id, candidate_id, key, value, timestamp, step,
                                           experiment_number, newest_first)
        SELECT project_id, id, key, value, timestamp, step, experiment_number, newest_first
        FROM living, {latest} WHERE NOT in_trash
        {_KEEP_THE_LATER}
    )
    SELECT in_trash FROM living
    """,  # noqa: S608 - of constants
    )


_POINTS = """unnest(:keys::text[], :values::float8[], :timestamps::bigint[], :steps::bigint[])
            AS point (key, value, timestamp, step)"""
_LATEST = """unnest(:latest_keys::text[], :latest_values::float8[], :latest_timestamps::bigint[],
                   :latest_steps::bigint[]) AS point (key, value, timestamp, step)"""
STORE_STEP = _of_one_candidate(
    "tracking.store_step",
    "Stores points of one candidate that are of different metrics; no row where it could not be locked.",
    points=_POINTS,
    latest=_POINTS,
)
STORE_CURVES = _of_one_candidate(
    "tracking.store_curves",
    "Stores points of one candidate, several of a metric; no row where it could not be locked.",
    points=_POINTS,
    latest=_LATEST,
)


async def store(db: Database, points: Points) -> CandidateState:
    """Store the points of one candidate and commit; calls at the same time share a transaction.

    Raises:
        Unavailable: the database is away or busy; nothing was written.
    """
    return await _store(db, points)


async def _write(db: Database, requests: Sequence[Points]) -> Sequence[CandidateState | Exception]:
    short = _short_statement(requests)
    if short is not None:
        statement, values = short
        async with db.committing() as connection:
            rows = await statement.fetch(connection, **values)
        return [CandidateState(bool(rows), bool(rows) and rows[0]["in_trash"])] * len(requests)
    values, positions = values_of(requests)
    async with db.committing() as connection:
        in_trash = {row.position: row.in_trash for row in await STORE_POINTS.fetch(connection, **values)}
    return [CandidateState(position in in_trash, in_trash.get(position, False)) for position in positions]


def values_of(requests: Sequence[Points]) -> tuple[dict[str, Any], list[int]]:
    """The values of :data:`STORE_POINTS`, and the position of each request's candidate among those of the statement."""
    candidates: dict[tuple[int, UUID], int] = {}
    positions = [candidates.setdefault((one.project_id, one.candidate_id), len(candidates) + 1) for one in requests]
    rows, owners = _unique(requests, positions)
    columns = _columns(rows)
    values = {
        "projects": [project for project, _ in candidates],
        "candidates": [candidate for _, candidate in candidates],
        "owners": owners,
        "keys": columns["key"],
        "values": columns["value"],
        "timestamps": columns["timestamp"],
        "steps": columns["step"],
        "is_latest": _latest(rows, owners),
        "logged_models": columns["logged_model_id"],
        "dataset_names": columns["dataset_name"],
        "dataset_digests": columns["dataset_digest"],
    }
    return values, positions


def _short_statement(requests: Sequence[Points]) -> tuple[Statement[AnyRow], dict[str, Any]] | None:
    """Statement and values if all is about one candidate, and nothing was measured on a model or a data set."""
    first = requests[0]
    candidate = (first.project_id, first.candidate_id)
    if any((one.project_id, one.candidate_id) != candidate for one in requests):
        return None
    rows, owners = _unique(requests, [1] * len(requests))
    columns = _columns(sorted(rows, key=_KEY))
    if any(columns[name].count(None) < len(rows) for name in _SOURCES):
        return None
    values = {
        "project": first.project_id,
        "candidate": first.candidate_id,
        "keys": columns["key"],
        "values": columns["value"],
        "timestamps": columns["timestamp"],
        "steps": columns["step"],
    }
    if len(set(columns["key"])) == len(rows):
        return STORE_STEP, values
    newest = [row for row, is_latest in zip(rows, _latest(rows, owners), strict=True) if is_latest]
    latest = _columns(sorted(newest, key=_KEY))
    values |= {
        "latest_keys": latest["key"],
        "latest_values": latest["value"],
        "latest_timestamps": latest["timestamp"],
        "latest_steps": latest["step"],
    }
    return STORE_CURVES, values


_KEY = itemgetter(MetricInput._fields.index("key"))
_SOURCES = ("logged_model_id", "dataset_name", "dataset_digest")
"""What a point was measured on."""


def _columns(rows: Sequence[MetricInput]) -> dict[str, list[Any]]:
    """The fields of the points, each as an array."""
    arrays = zip(*rows, strict=True) if rows else ((),) * len(MetricInput._fields)
    return {name: list(array) for name, array in zip(MetricInput._fields, arrays, strict=True)}


_store: GroupCommit[Points, CandidateState] = GroupCommit(
    _write, most=MOST_TOGETHER, weigh=lambda points: len(points.rows)
)


def _unique(requests: Sequence[Points], positions: Sequence[int]) -> tuple[Sequence[MetricInput], list[int]]:
    """All points with the position of their candidate; of equal points of one request the last."""
    rows: list[MetricInput] = []
    owners: list[int] = []
    for request, position in zip(requests, positions, strict=True):
        own: Sequence[MetricInput] = request.rows
        if len({row.key for row in own}) < len(own):
            own = list({(row.key, row.timestamp, row.step, repr(row.value)): row for row in own}.values())
        rows.extend(own)
        owners.extend([position] * len(own))
    return rows, owners


def _latest(rows: Sequence[MetricInput], owners: Sequence[int]) -> list[bool]:
    """Which points are the latest of their metric: one each, since a statement may touch a row only once."""
    best: dict[tuple[int, str], int] = {}
    for index, (owner, row) in enumerate(zip(owners, rows, strict=True)):
        other = best.setdefault((owner, row.key), index)
        if other != index and is_later(row, rows[other]):
            best[owner, row.key] = index
    chosen = [False] * len(rows)
    for index in best.values():
        chosen[index] = True
    return chosen


def is_later(point: MetricInput, other: MetricInput) -> bool:
    """Whether a point that comes after the other one becomes the latest instead; of equal ones the last one does."""
    mine, its = _rank(point), _rank(other)
    return mine > its or (mine == its and math.isnan(point.value) == math.isnan(other.value))


def _rank(point: MetricInput) -> tuple[int, int, float]:
    return point.step, point.timestamp, 0.0 if math.isnan(point.value) else point.value
