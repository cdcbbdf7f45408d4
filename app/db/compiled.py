"""Statements that are put together of objects once, and then run as constants.

A statement of objects costs more to put together, to look up and to map back than PostgreSQL needs to run it. What
depends on the shape of a request alone can be worked out once; values come as parameters.
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

    async def fetch(self, connection: asyncpg.Connection, **given: Any) -> list[Any]:
        """All rows; each is read by its place or by the names of its columns."""
        values = self._values | given
        found: list[Any] = await connection.fetch(self._text, *(values[name] for name in self._names))
        return found
