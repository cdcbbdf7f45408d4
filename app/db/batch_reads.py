"""Pages and counts of many parents in one statement, for nested lists.

A list below a list would else cost a statement for every row of the outer one. The page of each parent is a LATERAL
subquery, so each of them is read from the index that serves it, up to its limit and no further. Loaders call this: the
models of 20 projects, 50 each, are one statement that reads 1,000 rows of an index, whatever the projects hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, FromClause, Integer, Select, Subquery, and_, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, aliased

from app.db.database import Snapshot
from app.pagination import Keyset, Page, Window
from app.search import keyset
from app.search.keyset import PageRequest

T = TypeVar("T")

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
Key: TypeAlias = tuple[Any, ...]
"""The values of the parent columns that make one parent."""


async def pages(
    snap: Snapshot,
    statement: AnySelect,
    order: Keyset[T],
    window: Window,
    *,
    parent: Sequence[InstrumentedAttribute[Any]],
    keys: Sequence[Key],
    row: type[DeclarativeBase] | None = None,
    convert: Callable[[Any], T] = lambda row: row[0],
) -> list[Page[T]]:
    """Read step: the same window of each parent, in the order of the keys.

    ``statement`` selects ``row`` and perhaps labelled columns beside it, or columns only. ``convert`` gets what it
    selects, followed by the position of the parent among the keys.
    """
    parents = _parents(parent, keys)
    inner = order.apply(statement.where(_belongs(parent, parents)), window)
    page = inner.add_columns(_rank(inner).label("rank")).lateral("page")
    selected = _selected(statement, page, row)
    outer = select(*selected, parents.c.position).select_from(parents.join(page, true()))
    rows: dict[int, list[T]] = defaultdict(list)
    for result in await snap.execute(outer.order_by(parents.c.position, page.c.rank)):
        rows[result.position].append(convert(result))
    return [order.page(rows[position], window) for position in range(len(keys))]


async def searches(
    snap: Snapshot,
    statement: AnySelect,
    page: PageRequest,
    *,
    parent: Sequence[InstrumentedAttribute[Any]],
    keys: Sequence[Key],
    row: type[DeclarativeBase],
) -> list[tuple[list[Any], str | None]]:
    """Read step: the same page of a search in each parent, in the order of the keys, with the token of the next."""
    parents = _parents(parent, keys)
    inner = keyset.apply(statement.where(_belongs(parent, parents)), page)
    each = inner.add_columns(_rank(inner).label("rank")).lateral("page")
    sorts = [each.c[f"sort_{index}"] for index in range(len(page.sort_keys))]
    outer = select(aliased(row, each), parents.c.position, *sorts).select_from(parents.join(each, true()))
    rows: dict[int, list[Any]] = defaultdict(list)
    for result in await snap.execute(outer.order_by(parents.c.position, each.c.rank)):
        rows[result.position].append(result)
    return [
        ([result[0] for result in rows[position][: page.limit]], keyset.next_token(rows[position], page))
        for position in range(len(keys))
    ]


async def groups(
    snap: Snapshot,
    statement: AnySelect,
    *,
    parent: Sequence[InstrumentedAttribute[Any]],
    keys: Sequence[Key],
    convert: Callable[[Any], T] = lambda row: row[0],
) -> list[list[T]]:
    """Read step: all rows of each parent in the statement's order; parents in the order of the keys."""
    parents = _parents(parent, keys)
    joined = statement.join(parents, _belongs(parent, parents)).add_columns(parents.c.position)
    rows: dict[int, list[T]] = defaultdict(list)
    for result in await snap.execute(joined):
        rows[result.position].append(convert(result))
    return [rows[position] for position in range(len(keys))]


async def firsts(
    snap: Snapshot,
    statement: AnySelect,
    *,
    limit: int,
    parent: Sequence[InstrumentedAttribute[Any]],
    keys: Sequence[Key],
) -> list[list[Any]]:
    """Read step: the first rows of each parent in the statement's order; parents in the order of the keys."""
    parents = _parents(parent, keys)
    inner = statement.where(_belongs(parent, parents)).limit(limit)
    page = inner.add_columns(_rank(inner).label("rank")).lateral("page")
    columns = [column for name, column in page.c.items() if name != "rank"]
    outer = select(*columns, parents.c.position).select_from(parents.join(page, true()))
    rows: dict[int, list[Any]] = defaultdict(list)
    for result in await snap.execute(outer.order_by(parents.c.position, page.c.rank)):
        rows[result.position].append(result)
    return [rows[position] for position in range(len(keys))]


async def singles(
    snap: Snapshot,
    statement: AnySelect,
    *,
    parent: Sequence[InstrumentedAttribute[Any]],
    keys: Sequence[Key],
    convert: Callable[[Any], T] = lambda row: row[0],
) -> list[T | None]:
    """Read step: the first row of each parent, None where it has none; parents in the order of the keys."""
    grouped = await groups(snap, statement, parent=parent, keys=keys, convert=convert)
    return [rows[0] if rows else None for rows in grouped]


async def counts(
    snap: Snapshot, statement: AnySelect, *, parent: Sequence[InstrumentedAttribute[Any]], keys: Sequence[Key]
) -> list[int]:
    """Read step: how many rows of the statement each parent has, in the order of the keys."""
    parents = _parents(parent, keys)
    inner = statement.where(_belongs(parent, parents)).subquery().lateral("rows")
    counted = select(parents.c.position, func.count().label("rows")).select_from(parents.join(inner, true()))
    counts = {row.position: row.rows for row in await snap.execute(counted.group_by(parents.c.position))}
    return [counts.get(position, 0) for position in range(len(keys))]


def _parents(columns: Sequence[InstrumentedAttribute[Any]], keys: Sequence[Key]) -> Subquery:
    """The keys as a table: their position, and one column for each parent column."""
    position = func.unnest(literal(list(range(len(keys))), ARRAY(Integer))).label("position")
    values = [
        func.unnest(literal([key[index] for key in keys], ARRAY(column.type))).label(f"key{index}")
        for index, column in enumerate(columns)
    ]
    return select(position, *values).subquery("parents")


def _belongs(columns: Sequence[InstrumentedAttribute[Any]], parents: Subquery) -> ColumnElement[bool]:
    return and_(*(column == parents.c[f"key{index}"] for index, column in enumerate(columns)))


def _rank(ordered: AnySelect) -> ColumnElement[int]:
    return func.row_number().over(order_by=list(ordered._order_by_clauses))  # noqa: SLF001 - the order just applied


def _selected(statement: AnySelect, page: FromClause, row: type[DeclarativeBase] | None) -> list[Any]:
    """What the statement selects, now from the lateral page."""
    if row is None:
        return [column for name, column in page.c.items() if name != "rank"]
    labels = {described["name"] for described in statement.column_descriptions if described["expr"] is not row}
    return [aliased(row, page), *(column for name, column in page.c.items() if name in labels)]
