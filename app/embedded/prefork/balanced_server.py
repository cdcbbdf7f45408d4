"""API processes that share one listening socket, and the connections on it evenly.

The kernel wakes all processes that wait for a shared socket, and the one that was
idle a moment ago wins again and again: of 16 clients of two processes, 13 end at
one of them and wait there. Here a process with more connections than another one
lets that one accept first.
"""

from __future__ import annotations

import asyncio
import mmap
import socket
from collections.abc import Callable

import uvicorn

_YIELD = 0.002
"""Seconds for which a process with more connections leaves a new one to the others; then it takes it itself."""


class Tally:
    """Open connections of every process, in memory that they share by forking."""

    def __init__(self, processes: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")[:processes]

    def publish(self, index: int, count: int) -> None:
        """Say how many one has; a number that is a little old does no harm."""
        self._counts[index] = count

    def has_more(self, index: int) -> bool:
        """Whether another one has fewer."""
        return self._counts[index] > min(self._counts)


class BalancedServer(uvicorn.Server):
    """uvicorn, but for how it accepts connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        tally: Tally,
        index: int,
        on_stop: Callable[[], None],
    ) -> None:
        """``on_stop`` ends answers that would go on for ever."""
        super().__init__(config)
        self._on_stop = on_stop
        listener.setblocking(False)
        self._listener = listener
        self._tally = tally
        self._index = index
        self._opening: set[asyncio.Task[object]] = set()
        self._resuming: asyncio.TimerHandle | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept."""
        await super().startup(sockets=sockets or [])
        self._publish()
        self._listen()

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second; brings the tally up to date with what was closed."""
        self._publish()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; the socket stays open for the other processes."""
        asyncio.get_running_loop().remove_reader(self._listener)
        if self._resuming:
            self._resuming.cancel()
        self._on_stop()
        await super().shutdown(sockets=sockets)

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._listener, self._on_waiting)

    def _on_waiting(self) -> None:
        self._publish()
        if not self._tally.has_more(self._index):
            self._accept()
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        self._resuming = loop.call_later(_YIELD, self._resume)

    def _resume(self) -> None:
        self._accept()
        self._listen()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # another process was faster, the client has gone, or there are no descriptors to spare
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        opening = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        self._publish()

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg] # as in uvicorn itself
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _publish(self) -> None:
        self._tally.publish(self._index, len(self.server_state.connections) + len(self._opening))
