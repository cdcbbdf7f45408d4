"""Constant SQL with a name, one line of purpose and named parameters.

A statement is declared once, beside the code that runs it, and compiled once at import: each ``:name`` becomes a
position of the driver (``$1``, ``$2`` …), a name that is used twice one position. So the order in which a caller gives
values, or a dictionary holds them, decides nothing. Rows are read by name into one dataclass or named tuple, which
also gives the list of columns::

    class StoredAlias(NamedTuple):
        name: str
        version: str
        valid_from: datetime

    READ_ALIASES = Statement(
        "registry.read_aliases",
        "The living aliases of a model, by name.",
        f\"\"\"
        SELECT {columns(StoredAlias, of="a", version="v.version")}
        FROM aliases a JOIN model_versions v ON v.project_id = a.project_id AND v.id = a.version_id
        WHERE a.project_id = :project AND a.model_id = :model AND a.valid_until IS NULL
        ORDER BY a.name
        \"\"\",
        row=StoredAlias,
    )

    async with db.direct() as connection:
        aliases = await READ_ALIASES.fetch(connection, project=7, model=12)

A statement runs on a connection of the driver (``db.direct()``, ``db.committing()``) as well as in a ``Snapshot`` or
``Tx``. The two read JSON differently, so a statement that runs on both takes and answers JSON as text.

Binding five values takes 0.2 microseconds, so missing and unknown values are refused on every call. A row of ten
columns takes 0.15 microseconds as a named tuple, 0.1 as a dataclass with slots and 0.7 as a frozen one (CPython 3.11).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, NewType, TypeAlias, TypeVar, cast, overload

import asyncpg
from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

R = TypeVar("R")
Runner: TypeAlias = "asyncpg.Connection | AsyncSession"
"""What runs a statement: a connection of the driver, or the session of a snapshot or transaction."""
AnyRow: TypeAlias = Mapping[str, Any]
Fragment = NewType("Fragment", str)
"""A part of statements: a condition or subquery that one feature owns and others put into theirs, with the same names.

Such a part keeps what it says about tables in the feature to which they belong; see tests/architecture.
"""

_TOKENS = re.compile(
    r"""
      \b[eE]'(?:[^'\\]|\\.|'')*'          # a string with escapes
    | '(?:[^']|'')*'                    # a string
    | "(?:[^"]|"")*"                    # a quoted identifier
    | --[^\n]*                          # a comment to the end of the line
    | /\*.*?\*/                         # a comment in the middle
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$   # a dollar-quoted string
    | ::                                # a cast
    | \[[^\[\],:'"]*[\w)]\s*:(?!:)      # the first bound of an array slice
    | (?P<position>\$\d+)
    | (?<!\w):(?P<name>[a-zA-Z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)


def compiled(sql: str) -> tuple[str, tuple[str, ...]]:
    """The text with positions, and the names in the order of their positions.

    Casts, strings, quoted identifiers, comments, ``:=`` and array slices are left as they are.

    Raises:
        ValueError: the text has positions already.
    """
    positions: dict[str, int] = {}

    def replaced(token: re.Match[str]) -> str:
        if token["position"]:
            raise ValueError(f"A statement has named parameters; this one has {token['position']}.")
        name = token["name"]
        return token[0] if name is None else f"${positions.setdefault(name, len(positions) + 1)}"

    return _TOKENS.sub(replaced, sql), tuple(positions)


def columns(row: type[Any], of: str = "", **expressions: str) -> str:
    """The columns that a row type wants, for a SELECT or RETURNING; ``of`` is the alias of their table.

    A field whose value is no column of that table has its SQL expression under its name.

    Raises:
        ValueError: an expression is of no field.
    """
    names = _fields(row)
    if strange := set(expressions) - set(names):
        raise ValueError(f"{row.__name__} has no field {', '.join(sorted(strange))}.")
    prefix = f"{of}." if of else ""
    return ", ".join(f"{expressions[name]} AS {name}" if name in expressions else prefix + name for name in names)


class Statement(Generic[R]):
    """A constant statement; see the top of this module.

    ``name`` is that of the feature and what it does (``registry.read_state``). It stands as a comment before the text,
    so plans, logs and ``pg_stat_activity`` show it. Without a ``row`` type, rows are mappings.
    """

    __slots__ = ("_arrange", "_bind", "_row", "name", "names", "purpose", "sql")

    @overload
    def __init__(self: Statement[AnyRow], name: str, purpose: str, sql: str) -> None: ...
    @overload
    def __init__(self, name: str, purpose: str, sql: str, *, row: type[R]) -> None: ...
    def __init__(self, name: str, purpose: str, sql: str, *, row: type[Any] | None = None) -> None:
        text, self.names = compiled(sql)
        self.name, self.purpose, self.sql = name, purpose, f"/* {name} */ {text.strip()}"
        self._bind = _binder(self.names)
        self._row = row
        self._arrange: Callable[[Any], R] | None = None

    async def fetch(self, on: Runner, /, **values: Any) -> list[R]:
        """All rows.

        Raises:
            TypeError: a value is missing, or one is given that the statement does not have.
        """
        rows: list[Any]
        if isinstance(on, AsyncSession):
            result = await self._in_session(on, values)
            rows = list(result.mappings() if self._row is None else result)
        else:
            rows = await on.fetch(self.sql, *self._bound(values))
        if self._row is None or not rows:
            return rows
        arrange = self._arrange or self._arranged(rows[0])
        return [arrange(row) for row in rows]

    async def fetch_one(self, on: Runner, /, **values: Any) -> R | None:
        """The first row, or None where there is none; see :meth:`fetch`."""
        row: Any
        if isinstance(on, AsyncSession):
            result = await self._in_session(on, values)
            row = (result.mappings() if self._row is None else result).first()
        else:
            row = await on.fetchrow(self.sql, *self._bound(values))
        if self._row is None or row is None:
            return cast("R | None", row)
        return (self._arrange or self._arranged(row))(row)

    async def fetch_value(self, on: Runner, /, **values: Any) -> Any:
        """The first column of the first row, or None where there is none; see :meth:`fetch`."""
        if isinstance(on, AsyncSession):
            return (await self._in_session(on, values)).scalar()
        return await on.fetchval(self.sql, *self._bound(values))

    async def execute(self, on: Runner, /, **values: Any) -> int:
        """Run it for what it writes; answers the number of rows written. See :meth:`fetch`."""
        if isinstance(on, AsyncSession):
            return (await self._in_session(on, values)).rowcount
        status: str = await on.execute(self.sql, *self._bound(values))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    def _bound(self, values: dict[str, Any]) -> Sequence[Any]:
        if len(values) == len(self.names):
            try:
                return self._bind(values)
            except KeyError:
                pass
        missing = [f"no {name}" for name in self.names if name not in values]
        extra = [f"an unknown {name}" for name in values if name not in self.names]
        raise TypeError(f"The statement {self.name} is given {', '.join(missing + extra)}.")

    async def _in_session(self, session: AsyncSession, values: dict[str, Any]) -> CursorResult[Any]:
        given = tuple(self._bound(values))
        connection = await session.connection()
        return await connection.exec_driver_sql(self.sql, given)

    def _arranged(self, row: Any) -> Callable[[Any], R]:
        """How a row is read into its type; worked out from the first one, since all of a statement have its columns."""
        assert self._row is not None, "only rows with a type are read into it"
        wanted, got = _fields(self._row), tuple(getattr(row, "_mapping", row).keys())
        if set(wanted) != set(got):
            raise TypeError(
                f"The statement {self.name} answers {', '.join(got)}; {self._row.__name__} has {', '.join(wanted)}."
            )
        make: Callable[[Any], R] = getattr(self._row, "_make", None) or _from_values(self._row)
        self._arrange = arrange = make if wanted == got else _reordered(make, [got.index(name) for name in wanted])
        return arrange


def _binder(names: tuple[str, ...]) -> Callable[[dict[str, Any]], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def _from_values(row: type[R]) -> Callable[[Any], R]:
    return lambda values: row(*values)


def _reordered(make: Callable[[Any], R], order: Sequence[int]) -> Callable[[Any], R]:
    return lambda row: make([row[position] for position in order])


def _fields(row: type[Any]) -> tuple[str, ...]:
    """The fields of a named tuple or dataclass, in the order in which it is made of them."""
    names: tuple[str, ...] | None = getattr(row, "_fields", None)
    return names if names is not None else tuple(field.name for field in dataclasses.fields(row) if field.init)
