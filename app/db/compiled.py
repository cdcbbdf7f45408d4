"""Queries that SQLAlchemy builds once, and that then run as constants.

To build a statement from objects, to look it up and to map its rows back costs more than PostgreSQL needs to run it.
What depends on the shape of a request only (its filter and order) is compiled once; values come as parameters. A page
of 100 candidates by a metric took 10 ms of the API's processor as objects, and takes 3 so
(docs/decisions/0018-walks-along-indexes.md). What depends on nothing is a constant: see :mod:`app.db.statements`.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect

_DIALECT = dialect()  # type: ignore[no-untyped-call] # the dialect has no type hints


class CompiledQuery:
    """The text of a statement and the order of its parameters. Rows come as the driver reads them.

    Parameters keep the values that the statement was built with, unless they are given under their names.
    """

    def __init__(self, statement: Executable) -> None:
        # Lists of IN are written out with their values, since these belong to the statement; where there are any, the
        # compiler wants a value for every parameter, even if it is None.
        compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined] # every executable that is one
        self._text = str(compiled)
        self._names: list[str] = list(compiled.positiontup or ())
        self._values: dict[str, Any] = dict(compiled.params)

    async def fetch(self, connection: asyncpg.Connection, **values: Any) -> list[Any]:
        """All rows; each is read by the index or the names of its columns."""
        bound = self._values | values
        rows: list[Any] = await connection.fetch(self._text, *(bound[name] for name in self._names))
        return rows
