"""Pages of a search in an order that an index has, at a cost that does not grow with the number of candidates.

An order falls into stretches, such as the numbers of a metric, its NaN, and the candidates without it. They are read
one after the other until the page is full, the first of them from the place on where the last page ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import not_

from app.search import sql
from app.search.ast import Comparison, Entity, Operator, OrderKey
from app.tracking.search import conditions, index_statements
from app.tracking.search.index_scan import IndexEntry, IndexScan, ScanRequest, SortedRow, newest_first
from app.tracking.search.index_statements import RowFilter, ValueGroup
from app.tracking.tables import PREFIX_LENGTH, CandidateParam, CandidateTag, LatestMetric

NEWEST_FIRST = OrderKey(Entity.ATTRIBUTE, "start_time", descending=True)


class SortNeeded(Exception):
    """A value is longer than what the index has of it, so that only sorting gives the exact order."""


class OrderedScan(Protocol):
    """One order with one filter."""

    async def rows(self, asked: ScanRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        """Candidates after a place in the order (its sort values; None: the beginning).

        Raises:
            Unwalkable: sort instead.
        """
        ...


def leading(keys: Sequence[OrderKey], filter: Sequence[Comparison]) -> Comparison | None:
    """The comparison of a filter along whose value the newest can be read first; None when there is none.

    ``filter`` are comparisons that all have to hold. Of a longer value the index has the beginning only.
    """
    if (keys or [NEWEST_FIRST]) != [NEWEST_FIRST]:
        return None
    equal = (one for one in filter if one.operator is Operator.EQ and one.entity in {Entity.PARAM, Entity.TAG})
    return next((one for one in equal if len(str(one.value)) < PREFIX_LENGTH), None)


def of(keys: Sequence[OrderKey], passing: RowFilter, filter: Sequence[Comparison]) -> OrderedScan | None:
    """The walk for an order; None when no index has it. ``filter`` are comparisons that all have to hold."""
    match keys or [NEWEST_FIRST]:
        case [OrderKey(Entity.ATTRIBUTE, "start_time") as key]:
            return ByStart(key, passing)
        case [OrderKey(Entity.ATTRIBUTE, "run_name") as key]:
            return ByName(key, passing)
        case [OrderKey(Entity.METRIC) as key]:
            return ByMetric(key, passing, [one for one in filter if (one.entity, one.key) == (key.entity, key.key)])
        case [OrderKey(Entity.PARAM | Entity.TAG) as key]:
            return ByPair(key, passing)
        case _:
            return None


class ByStart:
    """By the start; those without one come last, whatever the direction. ``before``: sort values in front of it."""

    def __init__(self, key: OrderKey, passing: RowFilter, before: tuple[Any, ...] = ()) -> None:
        self._descending = key.descending
        self._path = IndexScan(index_statements.by_start(), passing, lambda entry: (*before, entry.value, entry.id))

    async def rows(self, asked: ScanRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        found: list[SortedRow] = []
        await self.add(asked, found, place)
        return found

    async def add(self, asked: ScanRequest, found: list[SortedRow], place: Sequence[Any] | None) -> None:
        after = None if place is None else IndexEntry(place[0], 0, place[1])
        if after is None or after.value is not None:
            await self._path.in_order(asked, found, descending=self._descending, after=after)
            if after is None and self._descending:
                return  # they are at the end of the index
            after = None
        await self._path.group(asked, found, ValueGroup.NONE, after=after)


class ByPairValue:
    """The newest first among those with one value of a param or tag: in the index of values they stand together."""

    def __init__(self, comparison: Comparison, passing: RowFilter) -> None:
        rows = CandidateParam if comparison.entity is Entity.PARAM else CandidateTag
        self._value = str(comparison.value)
        self._path = IndexScan(
            index_statements.by_pair(rows, comparison.key), passing, lambda entry: (entry.start_time, entry.id)
        )

    async def rows(self, asked: ScanRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        found: list[SortedRow] = []
        after = None if place is None else IndexEntry(self._value, newest_first(place[0]), place[1])
        await self._path.of_value(asked, found, self._value, after=after)
        return found


class ByName:
    def __init__(self, key: OrderKey, passing: RowFilter) -> None:
        self._descending = key.descending
        self._path = IndexScan(
            index_statements.by_name(), passing, lambda entry: (entry.value, entry.start_time, entry.id)
        )

    async def rows(self, asked: ScanRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        found: list[SortedRow] = []
        after = None if place is None else IndexEntry(place[0], newest_first(place[1]), place[2])
        await self._path.in_order(asked, found, descending=self._descending, after=after)
        return found


class ByMetric:
    """Numbers, then NaN, then the candidates without the metric. ``ranges``: what the filter says of the metric."""

    def __init__(self, key: OrderKey, passing: RowFilter, ranges: Sequence[Comparison]) -> None:
        self._descending = key.descending
        trail = index_statements.by_metric(key.key, ranges)
        numbers = replace(trail, which=(*trail.which, trail.value < sql.NAN))
        self._numbers = IndexScan(numbers, passing, lambda entry: (0, entry.value, entry.start_time, entry.id))
        self._nan = IndexScan(trail, passing, lambda entry: (1, None, entry.start_time, entry.id))
        self._lacking = ByStart(NEWEST_FIRST, _lacking(passing, LatestMetric, key.key), (2, None))

    async def rows(self, asked: ScanRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        found: list[SortedRow] = []
        rank, after = 0, None
        if place is not None:
            rank, after = place[0], IndexEntry(place[1], newest_first(place[2]), place[3])
        if rank == 0:
            await self._numbers.in_order(asked, found, descending=self._descending, after=after)
        if rank <= 1:
            await self._nan.group(asked, found, ValueGroup.NAN, after=after if rank == 1 else None)
        if len(found) < asked.most:
            await self._lacking.add(asked, found, place[2:] if place is not None and rank == 2 else None)
        return found


class ByPair:
    """By a param or tag, then the candidates without it."""

    def __init__(self, key: OrderKey, passing: RowFilter) -> None:
        self._descending = key.descending
        rows = CandidateParam if key.entity is Entity.PARAM else CandidateTag
        trail = index_statements.by_pair(rows, key.key)
        self._path = IndexScan(trail, passing, lambda entry: (_short(entry.value), entry.start_time, entry.id))
        self._lacking = ByStart(NEWEST_FIRST, _lacking(passing, rows, key.key), (None,))

    async def rows(self, asked: ScanRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        found: list[SortedRow] = []
        if place is None or place[0] is not None:
            after = None if place is None else IndexEntry(_short(place[0]), newest_first(place[1]), place[2])
            await self._path.in_order(asked, found, descending=self._descending, after=after)
            place = None
        if len(found) < asked.most:
            await self._lacking.add(asked, found, None if place is None else place[1:])
        return found


def _lacking(passing: RowFilter, rows: Any, key: str) -> RowFilter:
    return replace(passing, logged=(*passing.logged, not_(conditions.has_key(rows, key))))


def _short(value: str) -> str:
    if len(value) >= PREFIX_LENGTH:
        raise SortNeeded
    return value
