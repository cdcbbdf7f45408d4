"""Pages of a search in an order that an index has, at a cost that does not grow with the number of candidates.

An order falls into stretches, such as the numbers of a metric, its NaN, and the candidates without it. They are read
one after the other until the page is full, the first of them from where the last page ended.
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

    async def rows(self, request: ScanRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """Candidates after a position in the order (its sort values; None: the beginning).

        Raises:
            SortNeeded: sort instead.
            EntryLimitReached: the page is not full, and no more entries may be read.
        """
        ...


def leading_comparison(keys: Sequence[OrderKey], required: Sequence[Comparison]) -> Comparison | None:
    """The comparison of a filter whose value has the newest first in an index; None when there is none.

    ``required`` are comparisons that all have to hold. Of a longer value the index has the beginning only.
    """
    if (keys or [NEWEST_FIRST]) != [NEWEST_FIRST]:
        return None
    equal = (one for one in required if one.operator is Operator.EQ and one.entity in {Entity.PARAM, Entity.TAG})
    return next((one for one in equal if len(str(one.value)) < PREFIX_LENGTH), None)


def for_order(keys: Sequence[OrderKey], row_filter: RowFilter, required: Sequence[Comparison]) -> OrderedScan | None:
    """The scan for an order; None when no index has it. ``required`` are comparisons that all have to hold."""
    match keys or [NEWEST_FIRST]:
        case [OrderKey(Entity.ATTRIBUTE, "start_time") as key]:
            return ByStart(key, row_filter)
        case [OrderKey(Entity.ATTRIBUTE, "run_name") as key]:
            return ByName(key, row_filter)
        case [OrderKey(Entity.METRIC) as key]:
            ranges = [one for one in required if (one.entity, one.key) == (key.entity, key.key)]
            return ByMetric(key, row_filter, ranges)
        case [OrderKey(Entity.PARAM | Entity.TAG) as key]:
            return ByPair(key, row_filter)
        case _:
            return None


class ByStart:
    """By the start; those without one come last, whatever the direction. ``before``: sort values in front of it."""

    def __init__(self, key: OrderKey, row_filter: RowFilter, before: tuple[Any, ...] = ()) -> None:
        self._descending = key.descending
        index = index_statements.by_start()
        self._scan = IndexScan(index, row_filter, lambda entry: (*before, entry.value, entry.id))

    async def rows(self, request: ScanRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """See :class:`OrderedScan`."""
        rows: list[SortedRow] = []
        await self.add(request, rows, after)
        return rows

    async def add(self, request: ScanRequest, rows: list[SortedRow], after: Sequence[Any] | None) -> None:
        """Append to the rows of an earlier stretch of the order."""
        entry = None if after is None else IndexEntry(after[0], 0, after[1])
        if entry is None or entry.value is not None:
            await self._scan.in_order(request, rows, descending=self._descending, after=entry)
            if entry is None and self._descending:
                return  # those without a start are at the end of the index
            entry = None
        await self._scan.group(request, rows, ValueGroup.MISSING, after=entry)


class ByPairValue:
    """The newest first among those with one value of a param or tag: in the index of values they stand together."""

    def __init__(self, comparison: Comparison, row_filter: RowFilter) -> None:
        table = CandidateParam if comparison.entity is Entity.PARAM else CandidateTag
        index = index_statements.by_pair(table, comparison.key)
        self._value = str(comparison.value)
        self._scan = IndexScan(index, row_filter, lambda entry: (entry.start_time, entry.id))

    async def rows(self, request: ScanRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """See :class:`OrderedScan`."""
        rows: list[SortedRow] = []
        entry = None if after is None else IndexEntry(self._value, newest_first(after[0]), after[1])
        await self._scan.of_value(request, rows, self._value, after=entry)
        return rows


class ByName:
    """By the name in code points."""

    def __init__(self, key: OrderKey, row_filter: RowFilter) -> None:
        self._descending = key.descending
        index = index_statements.by_name()
        self._scan = IndexScan(index, row_filter, lambda entry: (entry.value, entry.start_time, entry.id))

    async def rows(self, request: ScanRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """See :class:`OrderedScan`."""
        rows: list[SortedRow] = []
        entry = None if after is None else IndexEntry(after[0], newest_first(after[1]), after[2])
        await self._scan.in_order(request, rows, descending=self._descending, after=entry)
        return rows


class ByMetric:
    """Numbers, then NaN, then the candidates without the metric. ``ranges``: what the filter says of the metric."""

    def __init__(self, key: OrderKey, row_filter: RowFilter, ranges: Sequence[Comparison]) -> None:
        self._descending = key.descending
        index = index_statements.by_metric(key.key, ranges)
        numbers = replace(index, conditions=(*index.conditions, index.value < sql.NAN))
        self._numbers = IndexScan(numbers, row_filter, lambda entry: (0, entry.value, entry.start_time, entry.id))
        self._nan = IndexScan(index, row_filter, lambda entry: (1, None, entry.start_time, entry.id))
        self._lacking = ByStart(NEWEST_FIRST, _lacking(row_filter, LatestMetric, key.key), (2, None))

    async def rows(self, request: ScanRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """See :class:`OrderedScan`."""
        rows: list[SortedRow] = []
        rank, entry = 0, None
        if after is not None:
            rank, entry = after[0], IndexEntry(after[1], newest_first(after[2]), after[3])
        if rank == 0:
            await self._numbers.in_order(request, rows, descending=self._descending, after=entry)
        if rank <= 1:
            await self._nan.group(request, rows, ValueGroup.NAN, after=entry if rank == 1 else None)
        if len(rows) < request.row_limit:
            await self._lacking.add(request, rows, after[2:] if after is not None and rank == 2 else None)
        return rows


class ByPair:
    """By a param or tag, then the candidates without it."""

    def __init__(self, key: OrderKey, row_filter: RowFilter) -> None:
        self._descending = key.descending
        table = CandidateParam if key.entity is Entity.PARAM else CandidateTag
        index = index_statements.by_pair(table, key.key)
        self._scan = IndexScan(index, row_filter, lambda entry: (_short(entry.value), entry.start_time, entry.id))
        self._lacking = ByStart(NEWEST_FIRST, _lacking(row_filter, table, key.key), (None,))

    async def rows(self, request: ScanRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """See :class:`OrderedScan`."""
        rows: list[SortedRow] = []
        if after is None or after[0] is not None:
            entry = None if after is None else IndexEntry(_short(after[0]), newest_first(after[1]), after[2])
            await self._scan.in_order(request, rows, descending=self._descending, after=entry)
            after = None
        if len(rows) < request.row_limit:
            await self._lacking.add(request, rows, None if after is None else after[1:])
        return rows


def _lacking(row_filter: RowFilter, table: Any, key: str) -> RowFilter:
    return replace(row_filter, logged=(*row_filter.logged, not_(conditions.has_key(table, key))))


def _short(value: str) -> str:
    if len(value) >= PREFIX_LENGTH:
        raise SortNeeded
    return value
