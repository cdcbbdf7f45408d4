"""Whether a client takes what it is sent."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios

import structlog

LOOKS = 4
"""How often a connection is looked at in the time after which it is cut."""
_LEAST_BYTES = 4096
log = structlog.get_logger()


class Unsent:
    """How much of an answer is still here, from one look to the next."""

    def __init__(self) -> None:
        self._bytes: int | None = None
        self._still = 0

    def forget(self) -> None:
        """Everything has been taken, or the transport has asked for more."""
        self._bytes = None

    def stands_still(self, transport: asyncio.Transport) -> bool:
        """Look once more; whether as good as nothing has been taken since the look before the last few."""
        left = transport.get_write_buffer_size() + _in_kernel(transport)
        if self._bytes is None or left + _LEAST_BYTES <= self._bytes:
            self._bytes, self._still = left, 0
            return False
        self._still += 1
        return self._still >= LOOKS


def _in_kernel(transport: asyncio.Transport) -> int:
    """Bytes that the other side has not acknowledged.

    The transport alone would not do: the kernel takes more from it only when a third of its own buffer is free, and
    that may be megabytes.
    """
    try:
        number = transport.get_extra_info("socket").fileno()
        return int(struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, b"\0" * 4))[0])
    except (OSError, AttributeError, ValueError):
        return 0  # not a TCP socket, or it has gone


def cut_noted(waiting_for: str, client: tuple[str, int] | None) -> None:
    """Say in the log that a connection was cut, and what it was waited for."""
    log.info("connection.cut", waiting_for=waiting_for, client=client[0] if client else None)
