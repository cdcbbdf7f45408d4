"""Reading an index in the direction that is asked for, with equal values in the right order, too."""

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
    """An entry of an index; also a place after which reading goes on."""

    value: Any
    newest: int
    id: UUID

    @property
    def start_time(self) -> int | None:
        return None if self.newest == UNDATED else ~self.newest


def newest_first(start_time: int | None) -> int:
    """How an index has a start."""
    return UNDATED if start_time is None else ~start_time


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Where to look, and how many candidates are wanted."""

    connection: asyncpg.Connection
    project_id: int
    numbers: Sequence[int]
    most: int
    entries: int | None = None
    """So many entries are looked at; None: as many as it takes."""


class EntryLimitReached(Exception):
    """Looking at no more entries than allowed has not filled the page; so many candidates were found."""

    def __init__(self, found: int) -> None:
        super().__init__(found)
        self.found = found


class IndexScan:
    """A trail, who passes on it, and how its entries become sort values. Statements are kept: to put one together takes
    longer than to run it.
    """

    def __init__(self, trail: SortedIndex, passing: RowFilter, shape: Callable[[IndexEntry], tuple[Any, ...]]) -> None:
        self._trail = trail
        self._passing = passing
        self._shape = shape
        self._kept: dict[tuple[object, ...], CompiledQuery] = {}

    async def in_order(
        self, asked: ScanRequest, found: list[SortedRow], *, descending: bool, after: IndexEntry | None
    ) -> None:
        """Append entries in the order of their values, until as many are found as are wanted.

        Raises:
            Unfilled: that took more entries than allowed.
        """
        if descending is self._trail.descending:
            self._add(found, await self._along(asked, asked.most - len(found), after))
            return
        if after is not None:
            self._add(found, await self._same(asked, asked.most - len(found), ValueGroup.GIVEN, after.value, after))
        if len(found) < asked.most:
            self._add(found, await self._against(asked, asked.most - len(found), after))

    async def group(
        self, asked: ScanRequest, found: list[SortedRow], which: ValueGroup, *, after: IndexEntry | None
    ) -> None:
        """Append the entries that have no number, or no value at all."""
        if len(found) < asked.most:
            self._add(found, await self._same(asked, asked.most - len(found), which, None, after))

    async def of_value(
        self, asked: ScanRequest, found: list[SortedRow], value: Any, *, after: IndexEntry | None
    ) -> None:
        """Append the entries that have this value.

        Raises:
            Unfilled: that took more entries than allowed.
        """
        self._add(found, await self._same(asked, asked.most - len(found), ValueGroup.GIVEN, value, after))

    def _add(self, found: list[SortedRow], entries: Sequence[IndexEntry]) -> None:
        shape = self._shape
        found += [(entry.id, *shape(entry)) for entry in entries]

    async def _along(self, asked: ScanRequest, most: int, after: IndexEntry | None) -> list[IndexEntry]:
        statement = self._statement(
            ("along", after is None), lambda: self._trail.along(self._passing, after=after is not None)
        )
        return await _read(asked, statement, most, after.value if after else None, after)

    async def _same(
        self, asked: ScanRequest, most: int, which: ValueGroup, value: Any, after: IndexEntry | None
    ) -> list[IndexEntry]:
        statement = self._statement(
            (which, after is None), lambda: self._trail.same(self._passing, value=which, after=after is not None)
        )
        return await _read(asked, statement, most, value, after)

    async def _against(self, asked: ScanRequest, most: int, after: IndexEntry | None) -> list[IndexEntry]:
        """Against the index entries of one value come in the wrong order. Within a page that is mended here; of the
        value at its end, of which there may be any number, the right ones are fetched.
        """
        statement = self._statement(
            ("against", after is None), lambda: self._trail.against(self._passing, beyond=after is not None)
        )
        entries = await _read(asked, statement, most + 1, after.value if after else None, None)
        if len(entries) <= most:
            return _mended(entries)
        last = entries.pop().value
        if entries[-1].value != last:
            return _mended(entries)
        whole = [entry for entry in entries if entry.value != last]
        return _mended(whole) + await self._same(asked, most - len(whole), ValueGroup.GIVEN, last, None)

    def _statement(self, name: tuple[object, ...], make: Callable[[], AnySelect]) -> CompiledQuery:
        if name not in self._kept:
            self._kept[name] = CompiledQuery(make())
        return self._kept[name]


async def _read(
    asked: ScanRequest, statement: CompiledQuery, most: int, value: Any, after: IndexEntry | None
) -> list[IndexEntry]:
    given = {"of_project": asked.project_id, "numbers": asked.numbers, "most": most, "at_value": value}
    if after is not None:
        given |= {"at_newest": after.newest, "at_id": after.id}
    found = [IndexEntry._make(row) for row in await statement.fetch(asked.connection, entries=asked.entries, **given)]
    if asked.entries is not None and len(found) < most:
        raise EntryLimitReached(len(found))
    return found


def _mended(entries: Sequence[IndexEntry]) -> list[IndexEntry]:
    found: list[IndexEntry] = []
    for _, same in groupby(entries, lambda entry: entry.value):
        found += sorted(same, key=lambda entry: (entry.newest, entry.id))
    return found
