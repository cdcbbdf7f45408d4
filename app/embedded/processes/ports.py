"""Loopback ports that are free now and probably stay so, and how long the name of a unix socket may be."""

from __future__ import annotations

import random
import socket

from app.embedded.errors import EmbeddedError

HIGH_TWIN = 10_000
"""SeaweedFS listens for gRPC at the HTTP port plus this, wherever no other port can be given."""
LONGEST_SOCKET_PATH = 107
"""``sun_path`` of unix(7), less the final NUL."""
_LOWEST, _HIGHEST = 16_000, 31_000
"""Below the range from which Linux takes client ports (32768), and with room for the twin."""


def is_free(port: int) -> bool:
    """Whether a server could bind this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_block(size: int) -> int:
    """First of ``size`` adjacent ports that are all free, with the high twin of the last one."""
    chooser = random.SystemRandom()
    for _ in range(200):
        first = chooser.randrange(_LOWEST, _HIGHEST, 16)
        if is_block_free(first, size):
            return first
    raise EmbeddedError(f"No {size} adjacent free ports between {_LOWEST} and {_HIGHEST} on 127.0.0.1.")


def is_block_free(first: int, size: int) -> bool:
    """Whether a block chosen earlier can be used again."""
    return all(is_free(port) for port in [*range(first, first + size), first + size - 1 + HIGH_TWIN])
