"""Points of metrics on their way into the tables: one statement for all points of all candidates.

The statement holds each candidate against deletion, appends to the history, and moves the latest value of each
metric where a point is at least as late (MLflow: by step, then timestamp, then value).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from app.db.database import Database
from app.db.group_commit import GroupCommit

MOST_TOGETHER = 1_000
"""Points after which nobody else joins a transaction: by then its commit is the least of it."""


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
    """What a candidate was found to be: its points are stored only if it is there and not in the trash.

    One that somebody is changing at the moment is passed over, as if it were not there.
    """

    exists: bool
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
# A candidate may be given twice, by two callers: rows name it by the place of its first. Rows are locked in one order,
# candidates as well as their metrics, so that two such statements wait for each other and not in a circle.
STORE = f"""
    WITH living AS (
        SELECT c.project_id, c.id, given.place, c.deleted_at IS NOT NULL AS in_trash, c.experiment_number,
            coalesce(~c.start_time, 9223372036854775807) AS newest_first
        FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS given (project_id, id, place)
        JOIN candidates c ON c.project_id = given.project_id AND c.id = given.id AND c.purge_at IS NULL
        ORDER BY c.project_id, c.id
        FOR SHARE OF c SKIP LOCKED
    ), points AS MATERIALIZED (
        SELECT living.project_id, living.id, living.experiment_number, living.newest_first, point.*
        FROM unnest($3::int[], $4::text[], $5::float8[], $6::bigint[], $7::bigint[], $8::bool[],
                    $9::uuid[], $10::text[], $11::text[])
            AS point (place, key, value, timestamp, step, is_latest, logged_model_id, dataset_name, dataset_digest)
        JOIN living ON living.place = point.place AND NOT living.in_trash
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
    SELECT place, in_trash FROM living
"""  # noqa: S608 - put together from constants


# Most statements are about one candidate and points that were measured on nothing in particular. They come in the order
# of their keys: what stands beside a single candidate is read in the order in which it was given.
_POINTS = "unnest(${}::text[], ${}::float8[], ${}::bigint[], ${}::bigint[]) AS point (key, value, timestamp, step)"
_STORE_ONE = """
    WITH living AS (
        SELECT c.project_id, c.id, c.deleted_at IS NOT NULL AS in_trash, c.experiment_number,
            coalesce(~c.start_time, 9223372036854775807) AS newest_first
        FROM candidates c WHERE c.project_id = $1::bigint AND c.id = $2::uuid AND c.purge_at IS NULL
        FOR SHARE OF c SKIP LOCKED
    ), appended AS (
        INSERT INTO metric_points (project_id, candidate_id, key, value, timestamp, step)
        SELECT project_id, id, key, value, timestamp, step FROM living, {points} WHERE NOT in_trash
    ), moved AS (
        INSERT INTO latest_metrics AS old (project_id, candidate_id, key, value, timestamp, step,
                                           experiment_number, newest_first)
        SELECT project_id, id, key, value, timestamp, step, experiment_number, newest_first
        FROM living, {latest} WHERE NOT in_trash
        {keep_the_later}
    )
    SELECT in_trash FROM living
"""
_ALL = _POINTS.format(3, 4, 5, 6)
_STORE_KEYS = _STORE_ONE.format(points=_ALL, latest=_ALL, keep_the_later=_KEEP_THE_LATER)
_STORE_CURVES = _STORE_ONE.format(points=_ALL, latest=_POINTS.format(7, 8, 9, 10), keep_the_later=_KEEP_THE_LATER)


async def store(db: Database, points: Points) -> CandidateState:
    """Store the points of one candidate; calls at the same time share a transaction.

    Raises:
        Unavailable: the database is away or busy; nothing was written.
    """
    return await _store(db, points)


def arguments(wishes: Sequence[Points]) -> tuple[list[object], list[int]]:
    """The arguments of :data:`STORE`, and which place each wish has there."""
    places: dict[tuple[int, UUID], int] = {}
    mine = [places.setdefault((wish.project_id, wish.candidate_id), len(places) + 1) for wish in wishes]
    rows, owners = _unique(wishes, mine)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in MetricInput._fields]
    keys, values, timestamps, steps, models, names, digests = columns
    owned = [[project for project, _ in places], [candidate for _, candidate in places], owners]
    return [*owned, keys, values, timestamps, steps, _latest(rows, owners), models, names, digests], mine


async def _write(db: Database, wishes: Sequence[Points]) -> Sequence[CandidateState | Exception]:
    alone = _of_one(wishes)
    if alone is not None:
        statement, values = alone
        async with db.committing() as connection:
            rows = await connection.fetch(statement, *values)
        return [CandidateState(bool(rows), bool(rows) and rows[0]["in_trash"])] * len(wishes)
    given, mine = arguments(wishes)
    async with db.committing() as connection:
        found = {row["place"]: row["in_trash"] for row in await connection.fetch(STORE, *given)}
    return [CandidateState(place in found, found.get(place, False)) for place in mine]


def _of_one(wishes: Sequence[Points]) -> tuple[str, list[object]] | None:
    """Statement and arguments if all is about one candidate, and nothing was measured on a model or a data set."""
    first = wishes[0]
    whose = (first.project_id, first.candidate_id)
    if any((wish.project_id, wish.candidate_id) != whose for wish in wishes):
        return None
    rows, owners = _unique(wishes, [1] * len(wishes))
    if any(row[_SOURCES] != _NO_SOURCES for row in rows):
        return None
    values: list[object] = [*whose, *_columns_of(sorted(rows, key=_KEY))]
    if len({row.key for row in rows}) == len(rows):
        return _STORE_KEYS, values
    newest = sorted((row for row, is_latest in zip(rows, _latest(rows, owners), strict=True) if is_latest), key=_KEY)
    return _STORE_CURVES, [*values, *_columns_of(newest)]


_KEY = itemgetter(0)
_MEASURES = slice(0, 4)
_SOURCES = slice(4, None)
_NO_SOURCES = (None, None, None)


def _columns_of(rows: Sequence[MetricInput]) -> list[list[object]]:
    """Keys, values, timestamps, steps."""
    return [list(column) for column in zip(*(row[_MEASURES] for row in rows), strict=True)] or [[], [], [], []]


_store: GroupCommit[Points, CandidateState] = GroupCommit(
    _write, most=MOST_TOGETHER, weigh=lambda points: len(points.rows)
)


def _unique(wishes: Sequence[Points], mine: Sequence[int]) -> tuple[Sequence[MetricInput], list[int]]:
    """All points with the place of their candidate; of equal points of one wish the last."""
    rows: list[MetricInput] = []
    owners: list[int] = []
    for wish, place in zip(wishes, mine, strict=True):
        own: Sequence[MetricInput] = wish.rows
        if len({row.key for row in own}) < len(own):
            own = list({(row.key, row.timestamp, row.step, repr(row.value)): row for row in own}.values())
        rows.extend(own)
        owners.extend([place] * len(own))
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
    """Whether a point that comes after the other one takes its place as the latest; of equal ones the last one does."""
    mine, its = _rank(point), _rank(other)
    return mine > its or (mine == its and math.isnan(point.value) == math.isnan(other.value))


def _rank(point: MetricInput) -> tuple[int, int, float]:
    return point.step, point.timestamp, 0.0 if math.isnan(point.value) else point.value
