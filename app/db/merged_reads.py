"""One page of the rows of many parents together, for lists over all projects of a person.

The page of each parent is a LATERAL subquery, read from the index that leads with the parent, up to the page's size;
what is merged of them is no more than parents times that. A scan over all rows by time would read those of everybody.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import Row, Select, SQLColumnExpression, select, true

from app.db.database import Snapshot
from app.pagination import Keyset, Page, Window

AnySelect: TypeAlias = Select[*tuple[Any, ...]]


async def merged(
    snap: Snapshot,
    statement: AnySelect,
    order: Keyset[Row[*tuple[Any, ...]]],
    window: Window,
    *,
    parent: SQLColumnExpression[Any],
    parents: Select[int],
) -> Page[Row[*tuple[Any, ...]]]:
    """Read step: a window of the rows of all parents, in one statement.

    ``statement`` selects the columns of the order last, and ``parents`` the values of ``parent``.
    """
    these = parents.subquery("parents")
    each = order.apply(statement.where(parent == these.c[0]), window).lateral("each")
    downwards = order.descending is not window.backwards
    columns = list(each.c)[-len(order.columns) :]
    rows = await snap.execute(
        select(each)
        .select_from(these.join(each, true()))
        .order_by(*(column.desc() if downwards else column.asc() for column in columns))
        .limit(window.size + 1)
    )
    return order.page(rows.all(), window)
