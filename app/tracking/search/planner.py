"""How a search for candidates is made: by beginning with few, by walking along an index, or by sorting all.

What depends on filter and order alone is worked out once and kept for the next page and the next request.
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
from app.tracking.search.index_statements import MOST, NUMBERS, PROJECT, AnySelect, RowFilter
from app.tracking.tables import Candidate

MAX_PROBES = 5
FIRST_SCAN_ENTRIES = 500
"""Beside as many as are wanted, so many entries may a first look along the order take. It is not for several
experiments: the one may have less of the page within its first entries than the other."""


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
        seen = (Candidate.purge_at.is_(None), _in_view(view))
        matches = () if expression is None else (sql.condition(expression, conditions.condition),)
        required = selectivity.required(expression)
        statement = select(Candidate.id).where(*seen, *matches)
        self._sorted, self.terms = sort_keys.sorted_by(statement, keys)
        leading = ordered_scans.leading(keys, required)
        if leading is not None:
            self._walk: ordered_scans.OrderedScan | None = ordered_scans.ByPairValue(
                leading, _passing(seen, expression, leading)
            )
        else:
            self._walk = ordered_scans.of(keys, _passing(seen, expression), required)
        # Where one value is all that is asked for, its walk ends with the page or with the value.
        self._probes = [] if expression is leading and leading is not None else _probes(required)
        self._count = CompiledQuery(selectivity.count(self._probes)) if self._probes else None
        self._common = selectivity.in_all(self._probes) if len(self._probes) > 1 else None
        self._count_common = (
            CompiledQuery(selectivity.count([self._common], selectivity.MANY)) if self._common is not None else None
        )
        self._kept: dict[int, CompiledQuery] = {}
        self._may_look_first = all(comparison.entity is not Entity.ATTRIBUTE for comparison in required)

    async def rows(self, asked: ScanRequest, cut: PageRequest) -> list[SortedRow]:
        """Candidates after the token: the id, then the sort values.

        Raises:
            Invalid: the token is not one of this search.
        """
        if not asked.numbers:
            return []
        place = keyset.position_after(cut.terms, cut.mark, cut.token)
        try:
            return await self._begin(asked, cut, place)
        except ordered_scans.SortNeeded:
            return await self._sort(asked, cut, None)

    def sorted_candidates(self, numbers: Sequence[int]) -> AnySelect:
        """All of them as rows, for a list of projects."""
        return self._sorted.with_only_columns(Candidate).where(Candidate.experiment_number.in_(numbers))

    async def _begin(self, asked: ScanRequest, cut: PageRequest, place: Sequence[Any] | None) -> list[SortedRow]:
        """With very few; else with a first look along the order; else with few, or, where next to nothing was seen,
        with what all parts have in common; else along the order to the end of the page.
        """
        count, least = await self._least(asked)
        if count <= selectivity.VERY_FEW or self._walk is None:
            return await self._sort(asked, cut, least if count <= selectivity.FEW else None)
        seen = asked.most
        if (count <= selectivity.FEW or self._common is not None) and self._may_look_first and len(asked.numbers) == 1:
            try:
                return await self._walk.rows(replace(asked, entries=FIRST_SCAN_ENTRIES + asked.most), place)
            except EntryLimitReached as look:
                seen = look.found
        if count <= selectivity.FEW:
            return await self._sort(asked, cut, least)
        if self._count_common is not None and seen <= 1:
            ((common,),) = await self._count_common.fetch(asked.connection, **_given(asked))
            if common <= selectivity.MANY:
                return await self._sort(asked, cut, self._common)
        return await self._walk.rows(asked, place)

    async def _least(self, asked: ScanRequest) -> tuple[int, AnySelect | None]:
        """The part of the filter that the fewest match, and how many do, as far as that is few."""
        if self._count is None:
            return selectivity.FEW + 1, None
        (counts,) = await self._count.fetch(asked.connection, **_given(asked))
        least = min(range(len(counts)), key=lambda index: counts[index])
        return counts[least], self._probes[least]

    async def _sort(self, asked: ScanRequest, cut: PageRequest, few: AnySelect | None) -> list[SortedRow]:
        if cut.token:
            here = self._among(few)
            statement = CompiledQuery(keyset.apply(here, cut.terms, cut.mark, cut.token, cut.limit))
        else:
            statement = self._beginning(few)
        rows = await statement.fetch(asked.connection, most=asked.most, **_given(asked))
        return [tuple(row) for row in rows]

    def _beginning(self, few: AnySelect | None) -> CompiledQuery:
        """The first page, kept for each of the parts that may match few."""
        if id(few) not in self._kept:
            self._kept[id(few)] = CompiledQuery(keyset.ordered(self._among(few), self.terms).limit(MOST))
        return self._kept[id(few)]

    def _among(self, few: AnySelect | None) -> AnySelect:
        here = (Candidate.project_id == PROJECT, Candidate.experiment_number == func.any(NUMBERS))
        return self._sorted.where(*here, true() if few is None else selectivity.among(few))


@lru_cache(maxsize=64)
def plan_for(filter: str, order_by: tuple[str, ...], view: View, extended: bool) -> SearchPlan:
    """The plan for a search.

    Raises:
        InvalidFilter, InvalidOrder: with the place in the text.
    """
    return SearchPlan(filter, order_by, view, extended)


def _passing(
    seen: tuple[ColumnElement[bool], ...], expression: Expression | None, known: Comparison | None = None
) -> RowFilter:
    """What the filter says of the row itself apart from the rest, as far as both have to hold; ``known`` need not be
    asked.
    """
    operands = expression.operands if isinstance(expression, And) else (expression,)
    row = list(seen)
    logged: list[ColumnElement[bool]] = []
    for operand in operands:
        if operand is not None and operand is not known:
            of_row = isinstance(operand, Comparison) and operand.entity is Entity.ATTRIBUTE
            (row if of_row else logged).append(sql.condition(operand, conditions.condition))
    return RowFilter(tuple(row), tuple(logged))


def _probes(required: Sequence[Any]) -> list[AnySelect]:
    exact_first = sorted(required, key=lambda comparison: comparison.operator is not Operator.EQ)
    found = [matching for comparison in exact_first if (matching := selectivity.matching(comparison)) is not None]
    return found[:MAX_PROBES]


def _given(asked: ScanRequest) -> dict[str, Any]:
    return {"of_project": asked.project_id, "numbers": asked.numbers}


def _in_view(view: View) -> ColumnElement[bool]:
    match view:
        case View.ACTIVE:
            return Candidate.deleted_at.is_(None)
        case View.DELETED:
            return Candidate.deleted_at.is_not(None)
        case View.ALL:
            return true()
