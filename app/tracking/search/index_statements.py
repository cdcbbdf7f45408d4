"""Indexes that hold the candidates of an experiment in an order, and statements that read along them.

A statement goes through the entries of an index in their order, looks for each whether its candidate passes, and ends
as soon as a page is full: for every experiment on its own, and then the pages are merged. Each step is fenced (a
subquery with an order, one with a limit), since a planner that trusts its estimates more would sort everything.
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
NUMBERS = bindparam("numbers", None, type_=ARRAY(BigInteger))
MOST = bindparam("most", None, type_=BigInteger)
ENTRIES = bindparam("entries", None, type_=BigInteger)
"""How many entries are looked at; None: as many as it takes."""
AT_NEWEST = bindparam("at_newest", None, type_=BigInteger)
AT_ID = bindparam("at_id", None, type_=UuidType)


class ValueGroup(Enum):
    """Which value a group of entries has."""

    GIVEN = auto()
    NAN = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class RowFilter:
    """What a candidate has to be: what its row says (living or in the trash, and attributes that the filter asks for),
    and what else the filter says of it.
    """

    row: tuple[Condition, ...]
    logged: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class SortedIndex:
    """Entries of an index: a value, then the newest first (unless the value is the start itself), then the id.

    ``descending``: the way in which the index itself has the values.
    """

    table: FromClause
    value: ColumnElement[Any]
    newest: ColumnElement[int] | None
    id: ColumnElement[Any]
    which: tuple[Condition, ...] = ()
    descending: bool = False

    def along(self, passing: RowFilter, *, after: bool) -> AnySelect:
        """All entries the way the index has them, or those after a place."""
        return self._read(passing, [self._after()] if after else [], self._along)

    def against(self, passing: RowFilter, *, beyond: bool) -> AnySelect:
        """The other way, or from a value (exclusive) on: entries of one value in any order, those without left out."""
        where: list[Condition] = [self.value.is_not(None)]
        if beyond:
            where.append(self.value > self._at_value if self.descending else self.value < self._at_value)
        return self._read(passing, where, self._against)

    def same(self, passing: RowFilter, *, after: bool, value: ValueGroup = ValueGroup.GIVEN) -> AnySelect:
        """The entries of one value, or of them those after a place."""
        equal = {
            ValueGroup.GIVEN: self.value == self._at_value,
            ValueGroup.NAN: self.value == sql.NAN,
            ValueGroup.NONE: self.value.is_(None),
        }
        return self._read(passing, [equal[value], *([self._ties_after()] if after else [])], self._ties)

    @property
    def _at_value(self) -> ColumnElement[Any]:
        return bindparam("at_value", None, type_=self.value.type)

    def _along(self, entry: Sequence[Column]) -> list[Column]:
        return [entry[0].desc().nulls_last() if self.descending else entry[0].asc(), *self._ties(entry)]

    def _against(self, entry: Sequence[Column]) -> list[Column]:
        return [entry[0].asc().nulls_first() if self.descending else entry[0].desc()]

    def _ties(self, entry: Sequence[Column]) -> list[Column]:
        return list(entry[2:] if self.newest is None else entry[1:])

    def _ties_after(self) -> Condition:
        if self.newest is None:
            return self.id > AT_ID
        return tuple_(self.newest, self.id) > tuple_(AT_NEWEST, AT_ID)

    def _after(self) -> Condition:
        if self.newest is not None:
            return tuple_(self.value, self.newest, self.id) > tuple_(self._at_value, AT_NEWEST, AT_ID)
        # The first half is implied by the second, but only it lets the index be entered at the place.
        return and_(self.value <= self._at_value, or_(self.value < self._at_value, self.id > AT_ID))

    def _read(self, passing: RowFilter, where: Sequence[Condition], order: Order) -> AnySelect:
        experiments = func.unnest(NUMBERS).table_valued(column("number", BigInteger), name="e").render_derived()
        newest = literal_column("0", BigInteger) if self.newest is None else self.newest
        entries = (
            select(self.value.label("value"), newest.label("newest"), self.id.label("id"))
            .where(self.table.c.project_id == PROJECT, self.table.c.experiment_number == experiments.c.number)
            .where(*self.which, *where)
            .order_by(*order((self.value, newest, self.id)))
            .limit(ENTRIES)
            .correlate(experiments)
        )
        walk = self._passed(entries, passing).limit(MOST).correlate(experiments).lateral("walk")
        merged = select(*walk.c).select_from(experiments.join(walk, true()))
        return merged.order_by(*order(tuple(walk.c))).limit(MOST)

    def _passed(self, entries: AnySelect, passing: RowFilter) -> AnySelect:
        if self.table is CANDIDATES:
            entries = entries.where(*passing.row)
            if not passing.logged:
                return entries.limit(None)
        each = entries.lateral("entries")
        if self.table is CANDIDATES and (moved := _moved(passing.logged)) is not None:
            asked: AnySelect = select(literal_column("1")).where(*moved).limit(literal_column("1"))
            return select(*each.c).select_from(each.join(asked.lateral("candidate"), true()))
        same = and_(Candidate.project_id == PROJECT, Candidate.id == each.c.id)
        fenced = select(Candidate.id).where(same, *passing.row, *passing.logged).limit(literal_column("1"))
        return select(*each.c).select_from(each.join(fenced.correlate(each).lateral("candidate"), true()))


def _moved(conditions: Sequence[Condition]) -> list[Condition] | None:
    """What is asked of the candidate, asked of an entry that has its id; None where more than the id is needed."""
    others: list[str] = []
    id: Column = literal_column("entries.id", UuidType)  # by its name: subqueries would take a column for one of theirs

    def instead(element: Any, **_options: Any) -> Any:
        if not isinstance(element, ColumnClause) or element.table is not CANDIDATES:
            return None
        if element.name not in {"project_id", "id"}:
            others.append(element.name)
        return PROJECT if element.name == "project_id" else id

    found = [visitors.replacement_traverse(condition, {}, instead) for condition in conditions]
    return None if others else found


def by_start() -> SortedIndex:
    """Candidates by their start, the newest first, then those without."""
    return SortedIndex(CANDIDATES, CANDIDATES.c.start_time, None, CANDIDATES.c.id, descending=True)


def by_name() -> SortedIndex:
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
