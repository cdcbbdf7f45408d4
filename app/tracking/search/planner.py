"""Decides how a search for candidates is made: by few ids first, by a scan along an index, or by sorting all.

What depends on filter and order alone is worked out once and kept for the next page and the next request.

Example: ``params.model = 'cnn' AND metrics.loss < 0.5`` by ``metrics.loss``, pages of 100, in one experiment of
100,000 candidates. Both comparisons are counted by their indexes, up to 1,000 each (``selectivity``).

- 40 candidates are a cnn: at most 200 (``VERY_FEW``), so these 40 are filtered and sorted. 349 ms became 4.4 ms.
- 700 are: a first scan along the losses reads 601 entries. It fills the page (most match): done. It does not: the 700
  are filtered and sorted.
- Over 1,000 are: a first scan again; where it saw at most one match, the ids in common are counted, and sorted up to
  3,000 (``MANY``); else the scan goes on along the losses until the page is full (470 ms became 8.9 ms).

The figures are those of docs/decisions/0018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, func, select, true

from app.db.compiled import CompiledQuery
from app.search import grammars, keyset, sql
from app.search.ast import And, Comparison, Entity, Expression, Operator
from app.search.keyset import PageRequest
from app.search.order import parse_order
from app.search.parser import parse_filter
from app.tracking.search import conditions, ordered_scans, selectivity, sort_keys
from app.tracking.search.index_scan import EntryLimitReached, ScanRequest, SortedRow
from app.tracking.search.index_statements import EXPERIMENT_NUMBERS, PROJECT, ROW_LIMIT, AnySelect, RowFilter
from app.tracking.tables import Candidate

MAX_PROBES = 5
FIRST_SCAN_ENTRIES = 500
"""Entries that a first scan along the order may read beside the size of the page. Only within one experiment: of
several, one may have less of the page within its first entries than another."""


class View(StrEnum):
    """Living candidates, those in the trash, or both."""

    ACTIVE = "ACTIVE_ONLY"
    DELETED = "DELETED_ONLY"
    ALL = "ALL"


class SearchPlan:
    """A filter and an order, read and turned into statements."""

    def __init__(self, filter: str, order_by: tuple[str, ...], view: View, extended: bool) -> None:
        expression = parse_filter(filter, grammars.CANDIDATES, extended=extended)
        keys = parse_order(order_by, grammars.CANDIDATES)
        visible = (Candidate.purge_at.is_(None), _in_view(view))
        matches = () if expression is None else (sql.condition(expression, conditions.condition),)
        required = selectivity.required(expression)
        statement = select(Candidate.id).where(*visible, *matches)
        self._sorted, self.sort_keys = sort_keys.sorted_by(statement, keys)
        leading = ordered_scans.leading_comparison(keys, required)
        if leading is not None:
            row_filter = _row_filter(visible, expression, leading)
            self._scan: ordered_scans.OrderedScan | None = ordered_scans.ByPairValue(leading, row_filter)
        else:
            self._scan = ordered_scans.for_order(keys, _row_filter(visible, expression), required)
        # Where the filter is one value and nothing else, its scan ends with the page or with the value.
        self._probes = [] if expression is leading and leading is not None else _probes(required)
        self._count = CompiledQuery(selectivity.count(self._probes)) if self._probes else None
        self._common = selectivity.in_all(self._probes) if len(self._probes) > 1 else None
        self._count_common = (
            CompiledQuery(selectivity.count([self._common], selectivity.MANY)) if self._common is not None else None
        )
        self._compiled: dict[int, CompiledQuery] = {}
        self._may_scan_first = all(comparison.entity is not Entity.ATTRIBUTE for comparison in required)

    async def rows(self, request: ScanRequest, page: PageRequest) -> list[SortedRow]:
        """Candidates after the token: the id, then the sort values.

        Raises:
            Invalid: the token is not one of this search.
        """
        if not request.experiment_numbers:
            return []
        after = keyset.position_after(page)
        try:
            return await self._choose(request, page, after)
        except ordered_scans.SortNeeded:
            return await self._sort(request, page, None)

    def sorted_candidates(self, experiment_numbers: Sequence[int]) -> AnySelect:
        """All of them as rows, for a list of projects."""
        return self._sorted.with_only_columns(Candidate).where(Candidate.experiment_number.in_(experiment_numbers))

    async def _choose(self, request: ScanRequest, page: PageRequest, after: Sequence[Any] | None) -> list[SortedRow]:
        """Sort very few; else try a first scan along the order; else sort few, or, where next to nothing matched, the
        ids that all probes have in common; else scan along the order to the end of the page.
        """
        count, rarest = await self._rarest(request)
        if count <= selectivity.VERY_FEW or self._scan is None:
            return await self._sort(request, page, rarest if count <= selectivity.FEW else None)
        seen = request.row_limit
        is_selective = count <= selectivity.FEW or self._common is not None
        if is_selective and self._may_scan_first and len(request.experiment_numbers) == 1:
            try:
                limited = replace(request, entry_limit=FIRST_SCAN_ENTRIES + request.row_limit)
                return await self._scan.rows(limited, after)
            except EntryLimitReached as reached:
                seen = reached.count
        if count <= selectivity.FEW:
            return await self._sort(request, page, rarest)
        if self._count_common is not None and seen <= 1:
            ((common,),) = await self._count_common.fetch(request.connection, **_values(request))
            if common <= selectivity.MANY:
                return await self._sort(request, page, self._common)
        return await self._scan.rows(request, after)

    async def _rarest(self, request: ScanRequest) -> tuple[int, AnySelect | None]:
        """The part of the filter that the fewest match, and how many do, as far as that is few."""
        if self._count is None:
            return selectivity.FEW + 1, None
        (counts,) = await self._count.fetch(request.connection, **_values(request))
        rarest = min(range(len(counts)), key=lambda index: counts[index])
        return counts[rarest], self._probes[rarest]

    async def _sort(self, request: ScanRequest, page: PageRequest, ids: AnySelect | None) -> list[SortedRow]:
        statement = CompiledQuery(keyset.apply(self._among(ids), page)) if page.token else self._first_page(ids)
        rows = await statement.fetch(request.connection, row_limit=request.row_limit, **_values(request))
        return [tuple(row) for row in rows]

    def _first_page(self, ids: AnySelect | None) -> CompiledQuery:
        """The first page, kept for each of the parts that may match few."""
        if id(ids) not in self._compiled:
            ordered = keyset.ordered(self._among(ids), self.sort_keys).limit(ROW_LIMIT)
            self._compiled[id(ids)] = CompiledQuery(ordered)
        return self._compiled[id(ids)]

    def _among(self, ids: AnySelect | None) -> AnySelect:
        here = (Candidate.project_id == PROJECT, Candidate.experiment_number == func.any(EXPERIMENT_NUMBERS))
        return self._sorted.where(*here, true() if ids is None else selectivity.among(ids))


@lru_cache(maxsize=64)
def plan_for(filter: str, order_by: tuple[str, ...], view: View, extended: bool) -> SearchPlan:
    """The plan for a search.

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
    """
    return SearchPlan(filter, order_by, view, extended)


def _row_filter(
    visible: tuple[ColumnElement[bool], ...], expression: Expression | None, implied: Comparison | None = None
) -> RowFilter:
    """What the filter says of the row itself apart from the rest, as far as both have to hold; ``implied`` holds for
    every entry of the scan and is left out.
    """
    operands = expression.operands if isinstance(expression, And) else (expression,)
    row = list(visible)
    logged: list[ColumnElement[bool]] = []
    for operand in operands:
        if operand is not None and operand is not implied:
            of_row = isinstance(operand, Comparison) and operand.entity is Entity.ATTRIBUTE
            (row if of_row else logged).append(sql.condition(operand, conditions.condition))
    return RowFilter(tuple(row), tuple(logged))


def _probes(required: Sequence[Comparison]) -> list[AnySelect]:
    exact_first = sorted(required, key=lambda comparison: comparison.operator is not Operator.EQ)
    probes = [matching for comparison in exact_first if (matching := selectivity.matching(comparison)) is not None]
    return probes[:MAX_PROBES]


def _values(request: ScanRequest) -> dict[str, Any]:
    return {"of_project": request.project_id, "experiment_numbers": request.experiment_numbers}


def _in_view(view: View) -> ColumnElement[bool]:
    match view:
        case View.ACTIVE:
            return Candidate.deleted_at.is_(None)
        case View.DELETED:
            return Candidate.deleted_at.is_not(None)
        case View.ALL:
            return true()
