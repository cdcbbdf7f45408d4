"""Whether a client makes progress: regular looks at its connection, and what it has taken of an answer."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable

import structlog

LOOKS = 4
"""How often a connection is looked at in the time after which it is cut."""
MIN_BYTES = 4096
"""What has to be sent or taken in that time."""
_BYTES_ACKED = 120
"""Where Linux tells in ``TCP_INFO`` how many bytes the other side has acknowledged."""
log = structlog.get_logger()


class RegularLooks:
    """Looks at a connection, :data:`LOOKS` times in the time after which it is cut, until it is stopped."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stall_seconds: float, look: Callable[[], None]) -> None:
        self._loop, self._interval, self._look = loop, stall_seconds / LOOKS, look
        self._timer = loop.call_later(self._interval, self._run)

    def stop(self) -> None:
        """Look no more; doing so twice is fine."""
        self._timer.cancel()

    def _run(self) -> None:
        self._timer = self._loop.call_later(self._interval, self._run)
        self._look()


class UnsentAnswer:
    """How much a client has taken of an answer, from one look to the next."""

    def __init__(self) -> None:
        self._taken: int | None = None
        self._still = 0

    def reset(self) -> None:
        """Begin anew: everything has been taken, or the transport has room for more."""
        self._taken = None

    def stands_still(self, transport: asyncio.Transport) -> bool:
        """Look once more; whether less than :data:`MIN_BYTES` have been taken in the last :data:`LOOKS` looks."""
        taken = _taken(transport)
        if self._taken is None or taken - self._taken >= MIN_BYTES:
            self._taken, self._still = taken, 0
            return False
        self._still += 1
        return self._still >= LOOKS


def _taken(transport: asyncio.Transport) -> int:
    """A number that grows with what the client has taken.

    The transport's buffer alone would not do: the kernel takes more from it only when a third of its own is free, and
    that may be megabytes; and what was taken may have been written anew.
    """
    try:
        with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as connection:
            told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
        return int(struct.unpack_from("=Q", told, _BYTES_ACKED)[0])
    except (OSError, AttributeError, ValueError, struct.error):
        return -transport.get_write_buffer_size()  # not TCP, not Linux, or it has gone


def log_cut(waiting_for: str, client: tuple[str, int] | None) -> None:
    """Log that a connection was cut, and what the server waited for."""
    log.info("connection.cut", waiting_for=waiting_for, client=client[0] if client else None)
