"""Who changes something, and by which request: told to PostgreSQL with the beginning of each transaction that writes.

Triggers of the audit log read it there (``current_setting('modelyard.audit')``). It is set once, where a request or a
job begins, and travels with the task; ``SET LOCAL`` goes in the same message as ``BEGIN``, so it costs no round trip,
and ends with the transaction, so it holds behind a pooler that lends connections by the transaction.

A statement that several requests share has no ``BEGIN`` and no one author: it tells the context of each of its rows
(:func:`told`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from app.db.statements import Fragment

_MAX = 300
"""Characters of a value."""


@dataclass(slots=True)
class ChangeContext:
    """The author of changes; what is empty is not told."""

    actor: int | None = None
    """The id of a user or bot."""
    username: str = ""
    token: int | None = None
    session: int | None = None
    ci_job: str = ""
    address: str = ""
    client: str = ""
    request: str = ""
    """The id of the request, as the client sees it in ``x-request-id``."""
    job: str = ""
    """The id of the background job."""
    doing: str = ""
    """The kind of the job, or the name of the chore or command."""
    _text: str | None = None

    @property
    def text(self) -> str:
        """As JSON in one line, without ``$`` and without a tab: fit to stand between dollar quotes."""
        if self._text is None:
            values = {
                name: value if isinstance(value, int) else _printable(str(value))
                for name in _NAMES
                if (value := getattr(self, name)) not in {None, ""}
            }
            self._text = orjson.dumps(values).decode().replace("$", "\\u0024")
        return self._text


_NAMES = ("actor", "username", "token", "session", "ci_job", "address", "client", "request", "job", "doing")
_current: ContextVar[ChangeContext | None] = ContextVar("change_context", default=None)

TELL = Fragment("(SELECT set_config('modelyard.audit', :audit, true)) IS NOT NULL")
"""A condition of a statement that several requests share; ``audit`` is what :func:`told` answers."""


def begin(context: ChangeContext) -> None:
    """Let the context be that of all changes that this task makes from now on."""
    _current.set(context)


@contextmanager
def within(context: ChangeContext | None) -> Iterator[None]:
    """Let the context be that of all changes in the block."""
    before = _current.set(context)
    try:
        yield
    finally:
        _current.reset(before)


def current() -> ChangeContext | None:
    """The context of this task."""
    return _current.get()


def told(contexts: Mapping[Any, ChangeContext | None]) -> str:
    """What a statement says of the rows that it writes for several requests: the context of each, by the row's key."""
    texts = {key: context.text for key, context in contexts.items() if context is not None}
    if len(texts) == len(contexts) and len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "".join(f"\n{key}\t{text}" for key, text in texts.items())


class TellingConnection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no type hints
    """A connection whose transactions begin with the context."""

    __slots__ = ()

    async def execute(self, query: str, *values: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - the driver's
        """Run it; what begins a transaction also tells the context."""
        context = _current.get()
        if context is not None and not values and query.startswith("BEGIN"):
            query = f"{query} SET LOCAL modelyard.audit = $context${context.text}$context$"
        status: str = await super().execute(query, *values, timeout=timeout)
        return status


def _printable(text: str) -> str:
    text = text[:_MAX]
    return text if text.isprintable() else "".join(letter for letter in text if letter.isprintable())
