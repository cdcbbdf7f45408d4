"""Reads an index in the requested direction, with equal values in the right order, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from app.db.compiled import CompiledQuery
from app.tracking.search.index_statements import AnySelect, RowFilter, SortedIndex, ValueGroup
from app.tracking.tables import UNDATED

SortedRow: TypeAlias = tuple[Any, ...]
"""The id of a candidate, then its sort values."""


class IndexEntry(NamedTuple):
    """An entry of an index; also the one after which a page begins."""

    value: Any
    newest: int
    id: UUID

    @property
    def start_time(self) -> int | None:
        """Milliseconds since 1970; None: the candidate has no start."""
        return None if self.newest == UNDATED else ~self.newest


def newest_first(start_time: int | None) -> int:
    """The form in which indexes store a start: the later, the smaller."""
    return UNDATED if start_time is None else ~start_time


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Where to search, and how many candidates to return at most."""

    connection: asyncpg.Connection
    project_id: int
    experiment_numbers: Sequence[int]
    row_limit: int
    entry_limit: int | None = None
    """How many entries of each experiment may be read; None: as many as it takes."""


class EntryLimitReached(Exception):
    """The allowed number of entries did not fill the page; ``count`` candidates passed the filter."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class IndexScan:
    """An index, the filter on its candidates, and how its entries become sort values.

    Statements are kept: compiling one takes longer than running it.
    """

    def __init__(
        self, index: SortedIndex, row_filter: RowFilter, sort_values: Callable[[IndexEntry], tuple[Any, ...]]
    ) -> None:
        self._index = index
        self._row_filter = row_filter
        self._sort_values = sort_values
        self._compiled: dict[tuple[object, ...], CompiledQuery] = {}

    async def in_order(
        self, request: ScanRequest, rows: list[SortedRow], *, descending: bool, after: IndexEntry | None
    ) -> None:
        """Append entries in the order of their values, until the page is full.

        Raises:
            EntryLimitReached: that took more entries than allowed.
        """
        if descending is self._index.descending:
            self._add(rows, await self._forward(request, request.row_limit - len(rows), after))
            return
        if after is not None:
            limit = request.row_limit - len(rows)
            self._add(rows, await self._group(request, limit, ValueGroup.EQUAL, after.value, after))
        if len(rows) < request.row_limit:
            self._add(rows, await self._backward(request, request.row_limit - len(rows), after))

    async def group(
        self, request: ScanRequest, rows: list[SortedRow], group: ValueGroup, *, after: IndexEntry | None
    ) -> None:
        """Append the entries that have no number, or no value at all."""
        if len(rows) < request.row_limit:
            self._add(rows, await self._group(request, request.row_limit - len(rows), group, None, after))

    async def of_value(
        self, request: ScanRequest, rows: list[SortedRow], value: Any, *, after: IndexEntry | None
    ) -> None:
        """Append the entries that have this value.

        Raises:
            EntryLimitReached: that took more entries than allowed.
        """
        limit = request.row_limit - len(rows)
        self._add(rows, await self._group(request, limit, ValueGroup.EQUAL, value, after))

    def _add(self, rows: list[SortedRow], entries: Sequence[IndexEntry]) -> None:
        sort_values = self._sort_values
        rows += [(entry.id, *sort_values(entry)) for entry in entries]

    async def _forward(self, request: ScanRequest, limit: int, after: IndexEntry | None) -> list[IndexEntry]:
        statement = self._statement(
            ("forward", after is None), lambda: self._index.forward(self._row_filter, after=after is not None)
        )
        return await _read(request, statement, limit, after.value if after else None, after)

    async def _group(
        self, request: ScanRequest, limit: int, group: ValueGroup, value: Any, after: IndexEntry | None
    ) -> list[IndexEntry]:
        statement = self._statement(
            (group, after is None), lambda: self._index.group(self._row_filter, group=group, after=after is not None)
        )
        return await _read(request, statement, limit, value, after)

    async def _backward(self, request: ScanRequest, limit: int, after: IndexEntry | None) -> list[IndexEntry]:
        """Backward, entries of one value come oldest first. Within a page that is sorted here; of the value at its end,
        of which there may be any number, the newest are fetched.

        Example: a page of 3 of the values 9, 7, 7, 7, 7. Backward come 9, 7, 7, 7: the last two sevens are not the
        newest two, so 9 is kept and the newest two sevens are read by a second statement.
        """
        statement = self._statement(
            ("backward", after is None), lambda: self._index.backward(self._row_filter, beyond=after is not None)
        )
        entries = await _read(request, statement, limit + 1, after.value if after else None, None)
        if len(entries) <= limit:
            return _newest_first_in_groups(entries)
        last = entries.pop().value
        if entries[-1].value != last:
            return _newest_first_in_groups(entries)
        whole = [entry for entry in entries if entry.value != last]
        tied = await self._group(request, limit - len(whole), ValueGroup.EQUAL, last, None)
        return _newest_first_in_groups(whole) + tied

    def _statement(self, name: tuple[object, ...], make: Callable[[], AnySelect]) -> CompiledQuery:
        if name not in self._compiled:
            self._compiled[name] = CompiledQuery(make())
        return self._compiled[name]


async def _read(
    request: ScanRequest, statement: CompiledQuery, limit: int, value: Any, after: IndexEntry | None
) -> list[IndexEntry]:
    values = {
        "of_project": request.project_id,
        "experiment_numbers": request.experiment_numbers,
        "row_limit": limit,
        "entry_limit": request.entry_limit,
        "value": value,
    }
    if after is not None:
        values |= {"after_newest": after.newest, "after_id": after.id}
    entries = [IndexEntry._make(row) for row in await statement.fetch(request.connection, **values)]
    if request.entry_limit is not None and len(entries) < limit:
        raise EntryLimitReached(len(entries))
    return entries


def _newest_first_in_groups(entries: Sequence[IndexEntry]) -> list[IndexEntry]:
    ordered: list[IndexEntry] = []
    for _, group in groupby(entries, lambda entry: entry.value):
        ordered += sorted(group, key=lambda entry: (entry.newest, entry.id))
    return ordered
