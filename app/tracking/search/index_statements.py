"""Statements that read the candidates of an experiment along an index that has them in an order.

A statement goes through the entries of an index in their order, checks for each whether its candidate passes the
filter, and ends as soon as a page is full: for every experiment on its own, and then the pages are merged. Each step
is fenced (a subquery with an order, one with a limit), since a planner that trusts its estimates more would sort all.

Example: ``metrics.loss < 0.5`` by ``metrics.loss DESC`` among 100,000 candidates, pages of 100. The index
``(project, experiment, key, value, newest_first, candidate)`` has the 100,000 losses in order; the statement reads it
backward from 0.5, and for each entry looks up one candidate by its primary key. Some 101 entries of the index are read,
not 100,000 rows sorted: 470 ms became 8.9 ms, and a million candidates cost the same (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import visitors

from app.search import sql
from app.search.ast import Comparison
from app.tracking.tables import PREFIX_LENGTH, UNDATED, Candidate, CandidateParam, CandidateTag, LatestMetric

Condition: TypeAlias = ColumnElement[bool]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
Column: TypeAlias = ColumnElement[Any]
Order: TypeAlias = Callable[[Sequence[Column]], list[Column]]
"""What to sort by, given value, newest and id."""

CANDIDATES: FromClause = Candidate.__table__

PROJECT = bindparam("of_project", None, type_=BigInteger)
EXPERIMENT_NUMBERS = bindparam("experiment_numbers", None, type_=ARRAY(BigInteger))
ROW_LIMIT = bindparam("row_limit", None, type_=BigInteger)
ENTRY_LIMIT = bindparam("entry_limit", None, type_=BigInteger)
"""How many entries of each experiment may be read; None: as many as it takes."""
AFTER_NEWEST = bindparam("after_newest", None, type_=BigInteger)
AFTER_ID = bindparam("after_id", None, type_=UuidType)


class ValueGroup(Enum):
    """Which value a group of entries has."""

    EQUAL = auto()
    NAN = auto()
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class RowFilter:
    """What a candidate has to be: what its row says (living or in the trash, and attributes that the filter compares),
    and what else the filter says of it.
    """

    row: tuple[Condition, ...]
    logged: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class SortedIndex:
    """Entries of an index: a value, then the newest first (unless the value is the start itself), then the id.

    ``descending``: the direction in which the index itself has the values.
    """

    table: FromClause
    value: ColumnElement[Any]
    newest: ColumnElement[int] | None
    id: ColumnElement[Any]
    conditions: tuple[Condition, ...] = ()
    descending: bool = False

    def forward(self, row_filter: RowFilter, *, after: bool) -> AnySelect:
        """All entries in the direction of the index, or those after a given entry."""
        return self._read(row_filter, [self._after()] if after else [], self._forward_order)

    def backward(self, row_filter: RowFilter, *, beyond: bool) -> AnySelect:
        """The other direction, or from a value (exclusive) on: entries of one value in any order, without missing
        values.
        """
        where: list[Condition] = [self.value.is_not(None)]
        if beyond:
            where.append(self.value > self._given_value if self.descending else self.value < self._given_value)
        return self._read(row_filter, where, self._backward_order)

    def group(self, row_filter: RowFilter, *, after: bool, group: ValueGroup = ValueGroup.EQUAL) -> AnySelect:
        """The entries of one value, or of them those after a given entry."""
        equal = {
            ValueGroup.EQUAL: self.value == self._given_value,
            ValueGroup.NAN: self.value == sql.NAN,
            ValueGroup.MISSING: self.value.is_(None),
        }
        return self._read(row_filter, [equal[group], *([self._ties_after()] if after else [])], self._ties)

    @property
    def _given_value(self) -> ColumnElement[Any]:
        return bindparam("value", None, type_=self.value.type)

    def _forward_order(self, entry: Sequence[Column]) -> list[Column]:
        return [entry[0].desc().nulls_last() if self.descending else entry[0].asc(), *self._ties(entry)]

    def _backward_order(self, entry: Sequence[Column]) -> list[Column]:
        return [entry[0].asc().nulls_first() if self.descending else entry[0].desc()]

    def _ties(self, entry: Sequence[Column]) -> list[Column]:
        return list(entry[2:] if self.newest is None else entry[1:])

    def _ties_after(self) -> Condition:
        if self.newest is None:
            return self.id > AFTER_ID
        return tuple_(self.newest, self.id) > tuple_(AFTER_NEWEST, AFTER_ID)

    def _after(self) -> Condition:
        if self.newest is not None:
            return tuple_(self.value, self.newest, self.id) > tuple_(self._given_value, AFTER_NEWEST, AFTER_ID)
        # The second half implies the first, but only the first lets PostgreSQL enter the index at this value.
        return and_(self.value <= self._given_value, or_(self.value < self._given_value, self.id > AFTER_ID))

    def _read(self, row_filter: RowFilter, where: Sequence[Condition], order: Order) -> AnySelect:
        numbers = func.unnest(EXPERIMENT_NUMBERS).table_valued(column("number", BigInteger), name="e")
        experiments = numbers.render_derived()
        newest = literal_column("0", BigInteger) if self.newest is None else self.newest
        entries = (
            select(self.value.label("value"), newest.label("newest"), self.id.label("id"))
            .where(self.table.c.project_id == PROJECT, self.table.c.experiment_number == experiments.c.number)
            .where(*self.conditions, *where)
            .order_by(*order((self.value, newest, self.id)))
            .limit(ENTRY_LIMIT)
            .correlate(experiments)
        )
        scan = self._filtered(entries, row_filter).limit(ROW_LIMIT).correlate(experiments).lateral("scan")
        merged = select(*scan.c).select_from(experiments.join(scan, true()))
        return merged.order_by(*order(tuple(scan.c))).limit(ROW_LIMIT)

    def _filtered(self, entries: AnySelect, row_filter: RowFilter) -> AnySelect:
        if self.table is CANDIDATES:
            entries = entries.where(*row_filter.row)
            if not row_filter.logged:
                return entries.limit(None)
        each = entries.lateral("entries")
        if self.table is CANDIDATES and (rewritten := _on_entry(row_filter.logged)) is not None:
            probe: AnySelect = select(literal_column("1")).where(*rewritten).limit(literal_column("1"))
            return select(*each.c).select_from(each.join(probe.lateral("candidate"), true()))
        same = and_(Candidate.project_id == PROJECT, Candidate.id == each.c.id)
        fenced = select(Candidate.id).where(same, *row_filter.row, *row_filter.logged).limit(literal_column("1"))
        return select(*each.c).select_from(each.join(fenced.correlate(each).lateral("candidate"), true()))


def _on_entry(conditions: Sequence[Condition]) -> list[Condition] | None:
    """Conditions on a candidate, rewritten as conditions on the entry that has its id; None where they need more of
    the candidate than project and id.
    """
    others: list[str] = []
    id: Column = literal_column("entries.id", UuidType)  # by its name: subqueries would take a column for one of theirs

    def replace_column(element: Any, **_options: Any) -> Any:
        if not isinstance(element, ColumnClause) or element.table is not CANDIDATES:
            return None
        if element.name not in {"project_id", "id"}:
            others.append(element.name)
        return PROJECT if element.name == "project_id" else id

    rewritten = [visitors.replacement_traverse(condition, {}, replace_column) for condition in conditions]
    return None if others else rewritten


def by_start() -> SortedIndex:
    """Candidates by their start, the newest first, then those without."""
    return SortedIndex(CANDIDATES, CANDIDATES.c.start_time, None, CANDIDATES.c.id, descending=True)


def by_name() -> SortedIndex:
    """Candidates by their name, in code points; the newest first among equal ones."""
    newest = func.coalesce(CANDIDATES.c.start_time.bitwise_not(), literal_column(f"'{UNDATED}'::bigint"))
    return SortedIndex(CANDIDATES, CANDIDATES.c.name, newest, CANDIDATES.c.id)


def by_metric(key: str, ranges: Sequence[Comparison]) -> SortedIndex:
    """Candidates by the latest value of a metric, as far as it is within the ranges."""
    c = LatestMetric.__table__.c
    within = [sql.compare_number(c.value, comparison) for comparison in ranges]
    return SortedIndex(LatestMetric.__table__, c.value, c.newest_first, c.candidate_id, (c.key == key, *within))


def by_pair(rows: type[CandidateParam | CandidateTag], key: str) -> SortedIndex:
    """Candidates by the first 255 characters of a param or tag."""
    c = rows.__table__.c
    value = func.left(c.value, literal_column(str(PREFIX_LENGTH)), type_=Text).collate("C")
    return SortedIndex(rows.__table__, value, c.newest_first, c.candidate_id, (c.key == key,))
