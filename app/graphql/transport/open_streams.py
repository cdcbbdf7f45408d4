"""How many subscriptions and sockets one caller has open in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from app.access.policy import Actor
from app.errors import ModelyardError
from app.http import proxies


class TooMany(ModelyardError):
    """There are too many of them already."""

    code = "TOO_MANY"


class OpenStreams:
    """Counts what callers have open; users by their number, strangers by their address."""

    def __init__(self, limit: int, what: str) -> None:
        self._open: Counter[int | str] = Counter()
        self._limit = limit
        self._what = what

    @contextmanager
    def taken(self, connection: HTTPConnection, actor: Actor) -> Iterator[None]:
        """Count one more as open until the block ends.

        Raises:
            TooMany: the caller has as many as are allowed.
        """
        caller = proxies.counted(connection) if actor.user_id is None else actor.user_id
        if self._open[caller] >= self._limit:
            raise TooMany(f"You have {self._limit} {self._what} open, which is the limit; close some.")
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]


def subscriptions_of(app: Starlette) -> OpenStreams:
    """The count of this process, made at the first request."""
    open_streams: OpenStreams | None = getattr(app.state, "open_subscriptions", None)
    if open_streams is None:
        limit = app.state.runtime.settings.graphql_max_subscriptions
        open_streams = app.state.open_subscriptions = OpenStreams(limit, "subscriptions")
    return open_streams


def sockets_of(app: Starlette) -> OpenStreams:
    """The same for WebSockets."""
    open_streams: OpenStreams | None = getattr(app.state, "open_sockets", None)
    if open_streams is None:
        limit = app.state.runtime.settings.graphql_max_subscriptions
        open_streams = app.state.open_sockets = OpenStreams(limit, "WebSockets")
    return open_streams
